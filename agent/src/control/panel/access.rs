//! Who the page lets in: one-time codes that `panel` prints, the sessions that come of them, and open pages that come back to a
//! daemon that was started anew.
//!
//! Cookies know no port: one of 127.0.0.1 is sent to every server on it, another user's too. So the page has a host name of its
//! own below `.localhost`, to which browsers send its cookie alone; it is drawn at each start after which no open page could come
//! back. A cookie ends with the daemon: while that is away another program may get its port, and with it the cookie.
//!
//! Lives here: codes, sessions, challenges, names; time is passed in. Does not live here: which request needs what (`guard`), what
//! outlives the daemon (`kept`).

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use portal_contract::Timestamp;
use tokio::sync::watch;

use super::kept::{KeptPanel, PageKey, PanelFile};
use crate::control::ControlToken;
use crate::control::token::hex;

/// How long a code may be used.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// How many codes, sessions and challenges there are at most; the oldest make room.
const MOST: usize = 16;

/// A code, a session's secret, or a challenge.
struct Drawn {
    secret: ControlToken,
    at: Instant,
}

struct AccessState {
    codes: VecDeque<Drawn>,
    sessions: VecDeque<Drawn>,
    challenges: VecDeque<Drawn>,
    kept: KeptPanel,
}

/// The page's access.
pub(in crate::control) struct PanelAccess {
    /// `pa-RANDOM.localhost:PORT`.
    authority: String,
    cookie: String,
    state: Mutex<AccessState>,
    file: Arc<dyn PanelFile>,
    /// Held while the file is written, so that what is newer is written later.
    writing: tokio::sync::Mutex<()>,
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
    /// Draws the page's host name, or takes the kept one where open pages may come back to it: the port must be theirs.
    ///
    /// # Errors
    /// The operating system gave no random bits.
    pub(in crate::control) fn open(
        port: u16,
        kept: Option<KeptPanel>,
        file: Arc<dyn PanelFile>,
    ) -> Result<Self, getrandom::Error> {
        let kept = match kept.filter(|kept| kept.port == port) {
            Some(kept) => kept,
            None => {
                let mut bytes = [0_u8; 8];
                getrandom::fill(&mut bytes)?;
                KeptPanel { name: format!("pa-{}", hex(&bytes)), port, pages: Vec::new() }
            }
        };
        let (codes, sessions, challenges) = Default::default();
        Ok(Self {
            authority: format!("{}.localhost:{port}", kept.name),
            cookie: format!("portal-agent-{port}"),
            state: Mutex::new(AccessState { codes, sessions, challenges, kept }),
            file,
            writing: tokio::sync::Mutex::default(),
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
        (now.saturating_duration_since(drawn.at) <= CODE_LIFE).then(|| self.begin(&mut state, now))
    }

    /// A new session: its cookie.
    fn begin(&self, state: &mut AccessState, now: Instant) -> Result<String, getrandom::Error> {
        let secret = ControlToken::draw()?;
        // Strict: no other site's link or form sends it. No Max-Age: it ends with the browser's session. No Secure: over loopback
        // there is no TLS, and not every browser takes it for secure there.
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, secret.text());
        add(&mut state.sessions, secret, now);
        Ok(cookie)
    }

    /// Knows a page that was let in by its key, after the next start too.
    pub(super) async fn know(&self, key: PageKey, now: Timestamp) {
        self.lock().kept.add(key, now);
        self.keep().await;
    }

    /// Something for a page that comes back to sign.
    pub(super) fn challenge(&self, now: Instant) -> Result<String, getrandom::Error> {
        let challenge = ControlToken::draw()?;
        let text = challenge.text().to_owned();
        add(&mut self.lock().challenges, challenge, now);
        Ok(text)
    }

    /// Lets a page in again that is known and signed a challenge: its new cookie; none where it is not known, or the challenge is
    /// used, late or never was.
    pub(super) async fn resume(
        &self,
        (key, challenge, signature): (PageKey, &str, &str),
        now: Instant,
        today: Timestamp,
    ) -> Option<Result<String, getrandom::Error>> {
        let cookie = {
            let mut state = self.lock();
            let place = state.challenges.iter().position(|drawn| drawn.secret.is(challenge))?;
            let drawn = state.challenges.remove(place)?;
            let is_in_time = now.saturating_duration_since(drawn.at) <= CODE_LIFE;
            if !is_in_time || !state.kept.knows(&key, today) || !key.has_signed(&self.authority, challenge, signature) {
                return None;
            }
            state.kept.add(key, today);
            self.begin(&mut state, now)
        };
        self.keep().await;
        Some(cookie)
    }

    async fn keep(&self) {
        let _writing = self.writing.lock().await;
        let (file, bytes) = {
            let state = self.lock();
            (Arc::clone(&self.file), (!state.kept.pages.is_empty()).then(|| state.kept.to_json()))
        };
        // A disk may take its time, and others' requests go on meanwhile. The file's own trouble is the file's to tell.
        let written =
            tokio::task::spawn_blocking(move || bytes.map_or_else(|| file.remove(), |bytes| file.write(&bytes)));
        let _ = written.await;
    }

    /// Whether a request has the cookie of a session.
    pub(in crate::control) fn has_session(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        // The first of the name, as browsers send the most specific one first; a second could be another host's that was set for all.
        let Some((_, value)) = pairs.find(|(name, _)| *name == self.cookie) else { return false };
        self.lock().sessions.iter().any(|session| session.secret.is(value))
    }

    /// Ends every session and every code, and knows no page any more; says how many sessions there were.
    pub(in crate::control) async fn close(&self) -> usize {
        let count = {
            let mut state = self.lock();
            state.codes.clear();
            state.challenges.clear();
            state.kept.pages.clear();
            std::mem::take(&mut state.sessions).len()
        };
        self.closed.send_modify(|times| *times += 1);
        self.keep().await;
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
    use super::super::kept::NothingKept;
    use super::super::kept::tests::TestPage;
    use super::*;

    fn today() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn drawn() -> PanelAccess {
        PanelAccess::open(7, None, Arc::new(NothingKept)).unwrap()
    }

    fn cookies(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, value.parse().unwrap())])
    }

    #[test]
    fn a_code_is_taken_once_and_within_a_minute() {
        let access = drawn();
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

    #[tokio::test]
    async fn the_cookie_lets_in_until_access_is_closed() {
        let access = drawn();
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
        assert_eq!(access.close().await, 1);
        assert!(!access.has_session(&cookies(pair)));
        assert!(access.take(unused.split_once('#').unwrap().1, now).is_none());
    }

    #[tokio::test]
    async fn an_open_page_comes_back_to_the_next_daemon_on_its_port_and_to_no_other() {
        let (page, now) = (TestPage::new(), Instant::now());
        let first = drawn();
        first.know(page.key(), today()).await;
        let kept = first.lock().kept.clone();
        let next = PanelAccess::open(7, Some(kept.clone()), Arc::new(NothingKept)).unwrap();
        assert_eq!(next.authority, first.authority);
        let challenge = next.challenge(now).unwrap();
        let signature = page.sign(&next.authority, &challenge);
        let stranger = TestPage::new();
        let signed = stranger.sign(&next.authority, &challenge);
        assert!(next.resume((stranger.key(), &challenge, &signed), now, today()).await.is_none(), "nobody knows it");
        assert!(
            next.resume((page.key(), &challenge, &signature), now, today()).await.is_none(),
            "the challenge is used"
        );
        let challenge = next.challenge(now).unwrap();
        let signature = page.sign(&next.authority, &challenge);
        let cookie = next.resume((page.key(), &challenge, &signature), now, today()).await.unwrap().unwrap();
        assert!(next.has_session(&cookies(cookie.split(';').next().unwrap())));
        let late = next.challenge(now).unwrap();
        let signature = page.sign(&next.authority, &late);
        let too_late = now + CODE_LIFE + Duration::from_secs(1);
        assert!(next.resume((page.key(), &late, &signature), too_late, today()).await.is_none());
        next.close().await;
        let challenge = next.challenge(now).unwrap();
        let signature = page.sign(&next.authority, &challenge);
        assert!(next.resume((page.key(), &challenge, &signature), now, today()).await.is_none(), "access is closed");
        let elsewhere = PanelAccess::open(8, Some(kept), Arc::new(NothingKept)).unwrap();
        assert!(!elsewhere.lock().kept.knows(&page.key(), today()), "another port is another origin");
    }

    #[test]
    fn only_the_drawn_name_with_the_port_is_the_pages_own() {
        let (access, other) = (drawn(), drawn());
        assert!(access.is_authority(&access.authority) && access.is_origin(&format!("http://{}", access.authority)));
        for wrong in [other.authority.as_str(), "localhost:7", "127.0.0.1:7", &access.authority.replace(":7", ":8")] {
            assert!(!access.is_authority(wrong), "{wrong}");
        }
        assert!(!access.is_origin(&format!("https://{}", access.authority)) && !access.is_origin("null"));
    }
}
