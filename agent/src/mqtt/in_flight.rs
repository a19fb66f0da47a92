//! Packet ids in use, each side's: what this side waits for, and what it has not acknowledged.
//!
//! Pure. Does not live here: the limits on them (`flow`).

use std::collections::{HashMap, HashSet};

use super::packet::ShortPacket;

/// The answer that a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AwaitedAnswer {
    Published,
    Subscribed,
    Unsubscribed,
}

/// The requests of this side that are unanswered.
#[derive(Debug, Default)]
pub(super) struct AwaitedAnswers {
    last_id: u16,
    awaited: HashMap<u16, AwaitedAnswer>,
}

impl AwaitedAnswers {
    /// The next id that nothing waits for; `None` where every id is in use.
    pub(super) fn free_id(&mut self) -> Option<u16> {
        for _ in 0..=u16::MAX {
            // On from the last one and not the lowest that is free, so that an id rests as long as possible before it
            // means something else. 0 is none (MQTT 5, 2.2.1).
            self.last_id = self.last_id.wrapping_add(1).max(1);
            if !self.awaited.contains_key(&self.last_id) {
                return Some(self.last_id);
            }
        }
        None
    }

    pub(super) fn insert(&mut self, pkid: u16, answer: AwaitedAnswer) {
        self.awaited.insert(pkid, answer);
    }

    /// Whether the answer is awaited. One that is not is passed over: it may answer what an earlier connection sent.
    pub(super) fn answered(&mut self, pkid: u16, answer: AwaitedAnswer) -> bool {
        let awaited = self.awaited.get(&pkid) == Some(&answer);
        if awaited {
            self.awaited.remove(&pkid);
        } else {
            tracing::debug!(pkid, ?answer, "an answer that is not awaited");
        }
        awaited
    }
}

/// What a message's packet id says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    New,
    /// A message of that id is not acknowledged yet.
    IdInUse,
}

/// The broker's messages that are not acknowledged.
#[derive(Debug, Default)]
pub(super) struct UnacknowledgedMessages {
    /// Each with its payload's size.
    sizes: HashMap<u16, usize>,
    bytes: usize,
    /// Those that came at QoS 2, from another life of the session, until they are released: their acknowledgement has two
    /// steps.
    exactly_once: HashSet<u16>,
}

impl UnacknowledgedMessages {
    pub(super) fn arrived(&mut self, pkid: u16, size: usize, exactly_once: bool) -> Arrival {
        if self.sizes.contains_key(&pkid) {
            return Arrival::IdInUse;
        }
        self.sizes.insert(pkid, size);
        self.bytes += size;
        if exactly_once {
            self.exactly_once.insert(pkid);
        }
        Arrival::New
    }

    pub(super) fn number(&self) -> usize {
        self.sizes.len()
    }

    /// Of their payloads.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The acknowledgement to be sent; `None` where nothing of that id waits for one.
    pub(super) fn acknowledge(&mut self, pkid: u16) -> Option<ShortPacket> {
        self.bytes -= self.sizes.remove(&pkid)?;
        let exactly_once = self.exactly_once.contains(&pkid);
        Some(if exactly_once { ShortPacket::PubRec(pkid) } else { ShortPacket::PubAck(pkid) })
    }

    /// PUBREL came; its answer.
    pub(super) fn released(&mut self, pkid: u16) -> ShortPacket {
        self.exactly_once.remove(&pkid);
        ShortPacket::PubComp(pkid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_not_answered_is_passed_over() {
        let mut awaited = AwaitedAnswers::default();
        let slow = awaited.free_id().unwrap();
        awaited.insert(slow, AwaitedAnswer::Published);
        for _ in 0..70_000 {
            let quick = awaited.free_id().unwrap();
            assert!(quick != slow && quick != 0);
            awaited.insert(quick, AwaitedAnswer::Subscribed);
            assert!(!awaited.answered(quick, AwaitedAnswer::Published), "another packet's answer");
            assert!(awaited.answered(quick, AwaitedAnswer::Subscribed));
        }
        assert!(awaited.answered(slow, AwaitedAnswer::Published));
    }

    #[test]
    fn no_id_is_left_where_every_one_is_in_use() {
        let mut awaited = AwaitedAnswers::default();
        for _ in 1..=u16::MAX {
            let pkid = awaited.free_id().unwrap();
            awaited.insert(pkid, AwaitedAnswer::Published);
        }
        assert_eq!(awaited.free_id(), None);
    }
}
