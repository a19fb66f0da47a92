//! Publishes on their way: which packet id answers which publish, and how many may be unanswered.
//!
//! Pure: instants are passed in. Does not live here: the payloads (the connection holds them), repeating them (the daemon does, from the journal).

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::PublishId;
use crate::mqtt::publish_window;

/// What a publish was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PublishPurpose {
    /// The daemon's.
    Daemon(PublishId),
    /// This connection's fence.
    Fence,
    /// A probe of this connection.
    Probe,
    /// `online` to the connection topic.
    Online,
    /// `offline`, before a clean end.
    Offline,
}

/// A publish, as far as its answer needs it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SentPublish {
    pub(super) purpose: PublishPurpose,
    pub(super) topic: String,
}

/// The publishes of one connection.
#[derive(Debug)]
pub(super) struct InFlightPublishes {
    window: usize,
    /// Handed to the connection, packet id not known yet; in order.
    handed: VecDeque<SentPublish>,
    inflight: HashMap<u16, SentPublish>,
    /// When each of them was sent, oldest first. Brokers answer in order, so the search for one ends at the front.
    sent_at: VecDeque<(u16, Instant)>,
    /// How many of both are the host's: the session's own few are beyond its window.
    of_the_host: usize,
}

impl InFlightPublishes {
    /// For a broker that takes `receive_maximum` at a time.
    pub(super) fn new(receive_maximum: Option<u16>) -> Self {
        Self {
            window: publish_window(receive_maximum),
            handed: VecDeque::new(),
            inflight: HashMap::new(),
            sent_at: VecDeque::new(),
            of_the_host: 0,
        }
    }

    /// How many of the host's publishes may be unanswered.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// Whether the host has as many unanswered as it was told that it may.
    pub(super) fn is_full(&self) -> bool {
        // One more would be lost without a word: the host counts, too, and publishes nothing a second time on the same
        // connection.
        self.of_the_host >= self.window
    }

    pub(super) fn handed(&mut self, purpose: PublishPurpose, topic: String) {
        self.of_the_host += usize::from(matches!(purpose, PublishPurpose::Daemon(_)));
        self.handed.push_back(SentPublish { purpose, topic });
    }

    pub(super) fn sent(&mut self, pkid: u16, now: Instant) {
        if let Some(sent) = self.handed.pop_front() {
            self.inflight.insert(pkid, sent);
            self.sent_at.push_back((pkid, now));
        }
    }

    /// When the oldest that is unanswered was sent.
    pub(super) fn unanswered_since(&self) -> Option<Instant> {
        self.sent_at.front().map(|(_, at)| *at)
    }

    pub(super) fn unanswered_topic(&self) -> Option<&str> {
        let (pkid, _) = self.sent_at.front()?;
        self.inflight.get(pkid).map(|sent| sent.topic.as_str())
    }

    pub(super) fn answered(&mut self, pkid: u16) -> Option<SentPublish> {
        let answered = self.inflight.remove(&pkid)?;
        if let Some(index) = self.sent_at.iter().position(|(sent, _)| *sent == pkid) {
            self.sent_at.remove(index);
        }
        self.of_the_host -= usize::from(matches!(answered.purpose, PublishPurpose::Daemon(_)));
        Some(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_find_their_publish_and_the_window_leaves_room() {
        let mut outbox = InFlightPublishes::new(Some(6));
        outbox.handed(PublishPurpose::Daemon(PublishId::Receipt(7)), "r".to_owned());
        assert!(!outbox.is_full());
        outbox.handed(PublishPurpose::Fence, "f".to_owned());
        assert!(!outbox.is_full(), "the session's own are beyond the window");
        outbox.handed(PublishPurpose::Daemon(PublishId::State), "s".to_owned());
        assert!(outbox.is_full());
        outbox.sent(3, Instant::now());
        outbox.sent(4, Instant::now());
        assert_eq!(outbox.answered(4), Some(SentPublish { purpose: PublishPurpose::Fence, topic: "f".to_owned() }));
        let purpose = PublishPurpose::Daemon(PublishId::Receipt(7));
        assert_eq!(outbox.answered(3), Some(SentPublish { purpose, topic: "r".to_owned() }));
        assert_eq!(outbox.answered(3), None);
        assert!(!outbox.is_full());
    }

    #[test]
    fn a_broker_that_takes_one_at_a_time_still_gets_one() {
        let mut outbox = InFlightPublishes::new(Some(1));
        assert!(!outbox.is_full());
        outbox.handed(PublishPurpose::Online, "c".to_owned());
        assert!(!outbox.is_full());
        outbox.handed(PublishPurpose::Daemon(PublishId::State), "s".to_owned());
        assert!(outbox.is_full());
    }
}
