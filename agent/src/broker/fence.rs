//! The fence: a message to oneself behind which nothing is left that had been held for the session (decisions/0001).
//!
//! Pure: instants are passed in. Does not live here: sending it, and what its return means for the device.

use std::time::{Duration, Instant};

use bytes::Bytes;

/// This connection's fence.
#[derive(Debug)]
pub(super) struct ConnectionFence {
    payload: Bytes,
    timeout: Duration,
    stage: FenceStage,
}

#[derive(Debug, PartialEq, Eq)]
enum FenceStage {
    NotSent,
    /// On its way; since the last push, or since it was sent.
    Waiting(Instant),
    /// It only counts as back.
    GivenUp,
    Back,
}

/// What a fence that arrived is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FenceArrival {
    /// This connection's, as hoped.
    InTime,
    /// This connection's, after it counted as back.
    Late,
    /// This connection's probe of that number.
    Probe(u64),
    /// Another's, or this one once more.
    Other,
}

impl ConnectionFence {
    /// A fence that names the connection by its epoch and a number that only this process knows.
    pub(super) fn new(epoch: u64, nonce: &str, timeout: Duration) -> Self {
        let payload = format!(r#"{{"epoch":{epoch},"nonce":"{nonce}"}}"#).into();
        Self { payload, timeout, stage: FenceStage::NotSent }
    }

    pub(super) fn payload(&self) -> Bytes {
        self.payload.clone()
    }

    /// A probe travels as the fence does, and names its connection as well.
    pub(super) fn probe(&self, number: u64) -> Bytes {
        // Within the fence's own payload, so that a probe of an earlier connection, which the session may have kept,
        // is recognised as such.
        let mut payload = self.probe_prefix();
        payload.extend_from_slice(format!("{number}}}").as_bytes());
        payload.into()
    }

    fn probe_prefix(&self) -> Vec<u8> {
        let inside = self.payload.strip_suffix(b"}").unwrap_or(&self.payload);
        [inside, br#","probe":"#].concat()
    }

    pub(super) fn sent(&mut self, now: Instant) {
        if self.stage == FenceStage::NotSent {
            self.stage = FenceStage::Waiting(now);
        }
    }

    /// A push came while it is on its way: the wait starts over.
    pub(super) fn pushed(&mut self, now: impl FnOnce() -> Instant) {
        // The clock is read only while the fence is on its way, since each push comes by here.
        if let FenceStage::Waiting(since) = &mut self.stage {
            *since = now();
        }
    }

    pub(super) fn arrived(&mut self, payload: &[u8]) -> FenceArrival {
        if self.payload != payload {
            return self.probe_number(payload).map_or(FenceArrival::Other, FenceArrival::Probe);
        }
        match std::mem::replace(&mut self.stage, FenceStage::Back) {
            FenceStage::NotSent | FenceStage::Waiting(_) => FenceArrival::InTime,
            FenceStage::GivenUp => FenceArrival::Late,
            FenceStage::Back => FenceArrival::Other,
        }
    }

    fn probe_number(&self, payload: &[u8]) -> Option<u64> {
        let number = payload.strip_prefix(self.probe_prefix().as_slice())?.strip_suffix(b"}")?;
        std::str::from_utf8(number).ok()?.parse().ok()
    }

    /// It counts as back from here on; whether it did not before.
    pub(super) fn give_up(&mut self) -> bool {
        let news = !matches!(self.stage, FenceStage::GivenUp | FenceStage::Back);
        if news {
            self.stage = FenceStage::GivenUp;
        }
        news
    }

    /// When it counts as back by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if let FenceStage::Waiting(since) = self.stage { since.checked_add(self.timeout) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_payload_brings_it_back_and_only_once() {
        let now = Instant::now();
        let mut fence = ConnectionFence::new(2, "ab", Duration::from_secs(10));
        fence.sent(now);
        assert_eq!(fence.arrived(br#"{"epoch":1,"nonce":"ab"}"#), FenceArrival::Other);
        assert_eq!(fence.arrived(b""), FenceArrival::Other);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), FenceArrival::InTime);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), FenceArrival::Other);
        assert_eq!(fence.deadline(), None);
    }

    #[test]
    fn a_probe_is_known_by_its_connection_and_number_and_brings_no_fence_back() {
        let mut fence = ConnectionFence::new(2, "ab", Duration::from_secs(10));
        let probe = fence.probe(7);
        assert_eq!(probe, br#"{"epoch":2,"nonce":"ab","probe":7}"#.as_slice());
        assert_eq!(fence.arrived(&probe), FenceArrival::Probe(7));
        assert_eq!(ConnectionFence::new(3, "ab", Duration::ZERO).arrived(&probe), FenceArrival::Other);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab","probe":x}"#), FenceArrival::Other);
        assert_eq!(fence.arrived(&fence.payload()), FenceArrival::InTime);
    }

    #[test]
    fn one_that_was_given_up_may_come_late_once() {
        let mut fence = ConnectionFence::new(2, "ab", Duration::from_secs(10));
        fence.sent(Instant::now());
        assert!(fence.give_up());
        assert!(!fence.give_up());
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), FenceArrival::Late);
        assert_eq!(fence.arrived(br#"{"epoch":2,"nonce":"ab"}"#), FenceArrival::Other);
        assert!(!fence.give_up());
    }

    #[test]
    fn each_push_starts_the_wait_over() {
        let now = Instant::now();
        let mut fence = ConnectionFence::new(1, "ab", Duration::from_secs(10));
        assert_eq!(fence.deadline(), None);
        fence.sent(now);
        let later = now + Duration::from_secs(5);
        fence.pushed(|| later);
        assert_eq!(fence.deadline(), Some(later + Duration::from_secs(10)));
        assert!(fence.give_up());
    }
}
