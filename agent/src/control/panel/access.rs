//! Who the page lets in: one-time codes that `panel` prints, and the sessions that come of them.
//!
//! Cookies know no port: one of 127.0.0.1 is sent to every server on it, another user's too. So the page has a host name of its
//! own below `.localhost`, drawn at each start, to which browsers send its cookie alone.
//!
//! Lives here: codes, sessions, names; time is passed in. Does not live here: which request needs what (`guard`).

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use tokio::sync::watch;

use crate::control::ControlToken;

/// How long a code may be used.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// How many codes and how many sessions there are at most; the oldest make room.
const MOST: usize = 16;

/// A code or a session's secret.
struct Drawn {
    secret: ControlToken,
    at: Instant,
}

#[derive(Default)]
struct AccessState {
    codes: VecDeque<Drawn>,
    sessions: VecDeque<Drawn>,
}

/// The page's access.
pub(in crate::control) struct PanelAccess {
    /// `pa-RANDOM.localhost:PORT`.
    authority: String,
    cookie: String,
    state: Mutex<AccessState>,
    /// Counts up when every page's access is ended.
    closed: watch::Sender<u64>,
}

impl fmt::Debug for PanelAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The codes and sessions are secrets, which no log may have.
        f.debug_struct("PanelAccess").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl PanelAccess {
    /// Draws the page's host name.
    ///
    /// # Errors
    /// The operating system gave no random bits.
    pub(in crate::control) fn draw(port: u16) -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes)?;
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            authority: format!("pa-{name}.localhost:{port}"),
            cookie: format!("portal-agent-{port}"),
            state: Mutex::default(),
            closed: watch::Sender::new(0),
        })
    }

    /// Whether an authority is the page's own.
    pub(in crate::control) fn is_authority(&self, authority: &str) -> bool {
        authority.eq_ignore_ascii_case(&self.authority)
    }

    /// Whether an origin is the page's own.
    pub(in crate::control) fn is_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|authority| self.is_authority(authority))
    }

    /// A link with a new code. The code stands in the fragment, which no server, log or preview of links gets.
    pub(in crate::control) fn link(&self, now: Instant) -> Result<String, getrandom::Error> {
        let secret = ControlToken::draw()?;
        let link = format!("http://{}/panel/#{}", self.authority, secret.text());
        add(&mut self.lock().codes, secret, now);
        Ok(link)
    }

    /// Takes a code: the value of the cookie by which its page is let in from now on; none where the code is used, late or
    /// never was.
    pub(super) fn take(&self, code: &str, now: Instant) -> Option<Result<String, getrandom::Error>> {
        let mut state = self.lock();
        let place = state.codes.iter().position(|drawn| drawn.secret.is(code))?;
        // Taken away before its age is looked at: a code is good for one try, also one that comes too late.
        let drawn = state.codes.remove(place)?;
        if now.saturating_duration_since(drawn.at) > CODE_LIFE {
            return None;
        }
        let secret = match ControlToken::draw() {
            Ok(secret) => secret,
            Err(error) => return Some(Err(error)),
        };
        // Strict: no other site's link or form sends it. No Max-Age: it ends with the browser's session. No Secure: over loopback
        // there is no TLS, and not every browser takes it for secure there.
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, secret.text());
        add(&mut state.sessions, secret, now);
        Some(Ok(cookie))
    }

    /// Whether a request has the cookie of a session.
    pub(in crate::control) fn has_session(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        // The first of the name, as browsers send the most specific one first; a second could be another host's that was set for all.
        let Some((_, value)) = pairs.find(|(name, _)| *name == self.cookie) else { return false };
        self.lock().sessions.iter().any(|session| session.secret.is(value))
    }

    /// Ends every session and every code; says how many sessions there were.
    pub(in crate::control) fn close(&self) -> usize {
        let mut state = self.lock();
        let count = state.sessions.len();
        *state = AccessState::default();
        self.closed.send_modify(|times| *times += 1);
        count
    }

    pub(super) fn closed(&self) -> watch::Receiver<u64> {
        self.closed.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, AccessState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(list: &mut VecDeque<Drawn>, secret: ControlToken, at: Instant) {
    // Whoever may ask for links has the token anyway; this keeps a script that asks for one a second from growing the list.
    if list.len() >= MOST {
        list.pop_front();
    }
    list.push_back(Drawn { secret, at });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, value.parse().unwrap())])
    }

    #[test]
    fn a_code_is_taken_once_and_within_a_minute() {
        let access = PanelAccess::draw(7).unwrap();
        let now = Instant::now();
        let code = |link: String| link.split_once('#').unwrap().1.to_owned();
        let first = code(access.link(now).unwrap());
        assert!(access.take("", now).is_none() && access.take(&first[1..], now).is_none());
        assert!(access.take(&first, now).is_some());
        assert!(access.take(&first, now).is_none(), "it is used");
        let late = code(access.link(now).unwrap());
        assert!(access.take(&late, now + CODE_LIFE + Duration::from_secs(1)).is_none());
        assert!(access.take(&late, now).is_none(), "trying it late used it");
    }

    #[test]
    fn the_cookie_lets_in_until_access_is_closed() {
        let access = PanelAccess::draw(7).unwrap();
        let now = Instant::now();
        let link = access.link(now).unwrap();
        let cookie = access.take(link.split_once('#').unwrap().1, now).unwrap().unwrap();
        let pair = cookie.split(';').next().unwrap();
        assert!(cookie.ends_with("HttpOnly; SameSite=Strict") && pair.starts_with("portal-agent-7="));
        assert!(access.has_session(&cookies(&format!("a=b; {pair}"))));
        for wrong in ["", "portal-agent-7=", &pair[..pair.len() - 1], &pair.replace("-7=", "-8=")] {
            assert!(!access.has_session(&cookies(wrong)), "{wrong}");
        }
        let unused = access.link(now).unwrap();
        assert_eq!(access.close(), 1);
        assert!(!access.has_session(&cookies(pair)));
        assert!(access.take(unused.split_once('#').unwrap().1, now).is_none());
    }

    #[test]
    fn only_the_drawn_name_with_the_port_is_the_pages_own() {
        let (access, other) = (PanelAccess::draw(7).unwrap(), PanelAccess::draw(7).unwrap());
        assert!(access.is_authority(&access.authority) && access.is_origin(&format!("http://{}", access.authority)));
        for wrong in [other.authority.as_str(), "localhost:7", "127.0.0.1:7", &access.authority.replace(":7", ":8")] {
            assert!(!access.is_authority(wrong), "{wrong}");
        }
        assert!(!access.is_origin(&format!("https://{}", access.authority)) && !access.is_origin("null"));
    }
}
