//! Requests that the broker has not answered: what is waited for, and since when.
//!
//! Pure: instants are passed in. Does not live here: what is asked (`subscriptions`, `outbox`), ending the connection
//! (`connection`).

use std::time::{Duration, Instant};

/// How long an answer may take before it is said that one is waited for. Brokers on one network take milliseconds.
const SAID_AFTER: Duration = Duration::from_secs(2);

/// A request of MQTT that wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Subscribe,
    Unsubscribe,
    Publish,
}

impl RequestKind {
    /// The packet's name in MQTT.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Subscribe => "SUBSCRIBE",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Publish => "PUBLISH",
        }
    }
}

/// Since when a broker has answered no request of one kind. Each answer starts the time over, so that a slow broker with
/// much to answer is given the time for each.
#[derive(Debug, Default)]
pub(super) struct UnansweredTimer(Option<Instant>);

impl UnansweredTimer {
    pub(super) fn asked(&mut self, now: Instant) {
        self.0.get_or_insert(now);
    }

    /// One answer came; whether there is `more` to answer.
    pub(super) fn answered(&mut self, more: bool, now: Instant) {
        self.0 = more.then_some(now);
    }

    pub(super) fn since(&self) -> Option<Instant> {
        self.0
    }
}

/// What is to be done about requests without an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WaitStep {
    /// Nothing until then.
    Until(Instant),
    /// Say that it is waited for.
    Say(RequestKind, Instant),
    /// The limit is reached.
    GiveUp(RequestKind),
}

/// The next step about `unanswered`, of which `said` is said already; `None` where nothing is unanswered.
pub(super) fn wait_step(
    unanswered: impl Iterator<Item = (RequestKind, Instant)>,
    said: bool,
    limit: Duration,
    now: Instant,
) -> Option<WaitStep> {
    let (kind, since) = unanswered.min_by_key(|(_, since)| *since)?;
    let waited = now.saturating_duration_since(since);
    Some(if waited >= limit {
        WaitStep::GiveUp(kind)
    } else if said {
        WaitStep::Until(since + limit)
    } else if waited >= SAID_AFTER {
        WaitStep::Say(kind, since)
    } else {
        WaitStep::Until(since + SAID_AFTER.min(limit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_and_then_given_up() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let limit = Duration::from_secs(20);
        let step = |said, now| {
            let unanswered = [(RequestKind::Publish, at(1)), (RequestKind::Subscribe, at(0))];
            wait_step(unanswered.into_iter(), said, limit, at(now))
        };
        assert_eq!(wait_step(std::iter::empty(), false, limit, at(99)), None);
        assert_eq!(step(false, 1), Some(WaitStep::Until(at(2))));
        assert_eq!(step(false, 2), Some(WaitStep::Say(RequestKind::Subscribe, at(0))));
        assert_eq!(step(true, 3), Some(WaitStep::Until(at(20))));
        assert_eq!(step(true, 20), Some(WaitStep::GiveUp(RequestKind::Subscribe)));
        let short = Duration::from_secs(1);
        assert_eq!(
            wait_step([(RequestKind::Subscribe, at(0))].into_iter(), false, short, at(0)),
            Some(WaitStep::Until(at(1)))
        );
    }
}
