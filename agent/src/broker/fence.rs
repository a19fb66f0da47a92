//! The fence: a message to oneself behind which nothing is left that had been held for the session (decisions/0001).
//!
//! Pure: instants are passed in. Does not live here: sending it, and what its return means for the device.

use std::time::{Duration, Instant};

use bytes::Bytes;

/// This connection's fence.
#[derive(Debug)]
pub(super) struct Fence {
    payload: Bytes,
    timeout: Duration,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    NotSent,
    /// On its way; since the last push, or since it was sent.
    Waiting(Instant),
    /// It only counts as back.
    GivenUp,
    Back,
}

/// What a fence that arrived is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// This connection's, as hoped.
    InTime,
    /// This connection's, after it counted as back.
    Late,
    /// This connection's probe of that number.
    Probe(u64),
    /// Another's, or this one once more.
    Other,
}

impl Fence {
    /// A fence that names the connection by its epoch and a number that only this process knows.
    pub(super) fn new(epoch: u64, nonce: &str, timeout: Duration) -> Self {
        let payload = format!(r#"{{"epoch":{epoch},"nonce":"{nonce}"}}"#).into();
        Self { payload, timeout, stage: Stage::NotSent }
    }

    pub(super) fn payload(&self) -> Bytes {
        self.payload.clone()
    }

    /// A probe travels as the fence does, and names its connection as well.
    pub(super) fn probe(&self, number: u64) -> Bytes {
        let mut payload = self.probe_prefix();
        payload.extend_from_slice(format!("{number}}}").as_bytes());
        payload.into()
    }

    fn probe_prefix(&self) -> Vec<u8> {
        let inside = self.payload.strip_suffix(b"}").unwrap_or(&self.payload);
        [inside, br#","probe":"#].concat()
    }

    pub(super) fn sent(&mut self, now: Instant) {
        if self.stage == Stage::NotSent {
            self.stage = Stage::Waiting(now);
        }
    }

    /// A push came while it is on its way: the wait starts over.
    pub(super) fn pushed(&mut self, now: impl FnOnce() -> Instant) {
        if let Stage::Waiting(since) = &mut self.stage {
            *since = now();
        }
    }

    /// A fence arrived.
    pub(super) fn arrived(&mut self, payload: &[u8]) -> Arrival {
        if self.payload != payload {
            return self.probe_number(payload).map_or(Arrival::Other, Arrival::Probe);
        }
        match std::mem::replace(&mut self.stage, Stage::Back) {
            Stage::NotSent | Stage::Waiting(_) => Arrival::InTime,
            Stage::GivenUp => Arrival::Late,
            Stage::Back => Arrival::Other,
        }
    }

    fn probe_number(&self, payload: &[u8]) -> Option<u64> {
        let number = payload.strip_prefix(self.probe_prefix().as_slice())?.strip_suffix(b"}")?;
        std::str::from_utf8(number).ok()?.parse().ok()
    }

    /// It counts as back from here on; whether it did not before.
    pub(super) fn give_up(&mut self) -> bool {
        let news = !matches!(self.stage, Stage::GivenUp | Stage::Back);
        if news {
            self.stage = Stage::GivenUp;
        }
        news
    }

    /// When it counts as back by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if let Stage::Waiting(since) = self.stage { since.checked_add(self.timeout) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_payload_brings_it_back_and_only_once() {
        let now = Instant::now();
        let mut fence = Fence::new(2, "ab", Duration::from_secs(10));
        fence.sent(now);
        assert_eq!(fence.arrived(br#"{"epoch":1,"nonce":"ab"}"#), Arrival::Other);
        assert_eq!(fence.arrived(b""), Arrival::Other);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), Arrival::InTime);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), Arrival::Other);
        assert_eq!(fence.deadline(), None);
    }

    #[test]
    fn a_probe_is_known_by_its_connection_and_number_and_brings_no_fence_back() {
        let mut fence = Fence::new(2, "ab", Duration::from_secs(10));
        let probe = fence.probe(7);
        assert_eq!(probe, br#"{"epoch":2,"nonce":"ab","probe":7}"#.as_slice());
        assert_eq!(fence.arrived(&probe), Arrival::Probe(7));
        assert_eq!(Fence::new(3, "ab", Duration::ZERO).arrived(&probe), Arrival::Other);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab","probe":x}"#), Arrival::Other);
        assert_eq!(fence.arrived(&fence.payload()), Arrival::InTime);
    }

    #[test]
    fn one_that_was_given_up_may_come_late_once() {
        let mut fence = Fence::new(2, "ab", Duration::from_secs(10));
        fence.sent(Instant::now());
        assert!(fence.give_up());
        assert!(!fence.give_up());
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), Arrival::Late);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), Arrival::Other);
        assert!(!fence.give_up());
    }

    #[test]
    fn each_push_starts_the_wait_over() {
        let now = Instant::now();
        let mut fence = Fence::new(1, "ab", Duration::from_secs(10));
        assert_eq!(fence.deadline(), None);
        fence.sent(now);
        let later = now + Duration::from_secs(5);
        fence.pushed(|| later);
        assert_eq!(fence.deadline(), Some(later + Duration::from_secs(10)));
        assert!(fence.give_up());
    }
}
