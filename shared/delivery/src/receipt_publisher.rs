//! Receipts on their way to the broker: in order, at least once, from the first that has no PUBACK (contract 3, 4).
//!
//! Lives here: which receipt goes next and how far the PUBACKs have come. Does not live here: the sending.

use std::collections::{BTreeSet, VecDeque};

use portal_contract::Receipt;

/// How many receipts may wait for their PUBACK, whatever the broker would take.
const WINDOW: usize = 256;
/// How many receipts wait in memory; what is beyond is read from the journal again when its turn comes.
const IN_MEMORY: usize = 2048;
/// How far beyond the first receipt without a PUBACK publishing goes on; further, it pauses until that one has its
/// PUBACK or the next connect. A receipt that the broker refuses holds the mark back, and this bounds what is remembered.
const REACH: u64 = 4096;

/// How many receipts are read from the journal at once.
pub(crate) const PAGE: usize = 512;

/// What the publisher wants done.
#[derive(Debug, PartialEq)]
pub(crate) enum PublishStep {
    Publish(Receipt),
    /// Read a page of receipts after this sequence from the journal.
    ReadAfter(u64),
    /// Nothing for now.
    Wait,
}

/// The state of publishing one device's receipts.
#[derive(Debug)]
pub(crate) struct ReceiptPublisher {
    /// Every receipt up to here has its PUBACK.
    through: u64,
    /// The sequence that is published next.
    next: u64,
    /// Those with a PUBACK beyond `through`.
    acknowledged: BTreeSet<u64>,
    in_flight: usize,
    /// Receipts from memory or from a page, by sequence without a gap.
    ready: VecDeque<Receipt>,
    /// After which sequence a page is being read.
    reading: Option<u64>,
    durable: u64,
}

impl ReceiptPublisher {
    /// A publisher that goes on where the journal says the PUBACKs had come to.
    pub(crate) fn new(published_through: u64, last_sequence: u64) -> Self {
        Self {
            through: published_through,
            next: published_through.saturating_add(1),
            acknowledged: BTreeSet::new(),
            in_flight: 0,
            ready: VecDeque::new(),
            reading: None,
            durable: last_sequence,
        }
    }

    /// A connection stands: everything without a PUBACK is published again, in order.
    pub(crate) fn online(&mut self) {
        self.next = self.through.saturating_add(1);
        // Also those beyond the first gap are sent again. The order counts for more than a few receipts twice, which
        // readers drop by their sequence; the client library, which kept them by packet id, sent 20 to 29 before 15
        // to 19 (decisions/0002).
        self.acknowledged.clear();
        self.in_flight = 0;
        while self.ready.front().is_some_and(|receipt| receipt.sequence < self.next) {
            self.ready.pop_front();
        }
        if self.ready.front().is_some_and(|receipt| receipt.sequence != self.next) {
            self.ready.clear();
        }
    }

    /// A receipt was written to the journal; it may be published once it is durable.
    pub(crate) fn written(&mut self, receipt: &Receipt) {
        let follows = match self.ready.back() {
            Some(last) => last.sequence.saturating_add(1) == receipt.sequence,
            None => self.next == receipt.sequence,
        };
        // What does not follow is not kept: a gap in memory would be a gap in what is published, and the journal has
        // it all.
        if follows && self.reading.is_none() && self.ready.len() < IN_MEMORY {
            self.ready.push_back(receipt.clone());
        }
    }

    /// Every receipt up to here is durable.
    pub(crate) fn durable(&mut self, sequence: u64) {
        self.durable = self.durable.max(sequence);
    }

    /// A page that [`PublishStep::ReadAfter`] asked for.
    pub(crate) fn page(&mut self, receipts: Vec<Receipt>) {
        // One that an earlier connection asked for may begin beyond what is next now: it is read again.
        let asked = self.reading.take().is_some_and(|after| after.saturating_add(1) == self.next);
        if !asked {
            return;
        }
        let Some(first) = receipts.first().map(|receipt| receipt.sequence) else {
            // The journal holds none: it is asked again once there is a newer one, not at once and for ever.
            self.durable = self.next.saturating_sub(1);
            return;
        };
        // The journal may have pruned below: publishing goes on from what it still holds.
        if self.next == self.through.saturating_add(1) {
            self.through = first.saturating_sub(1);
        }
        self.next = first;
        self.ready.extend(receipts);
    }

    /// What to do next on a connection that stands; ask again until it says to wait.
    pub(crate) fn step(&mut self) -> PublishStep {
        let paused = self.next > self.through.saturating_add(REACH);
        if paused || self.in_flight >= WINDOW || self.next > self.durable || self.reading.is_some() {
            return PublishStep::Wait;
        }
        match self.ready.pop_front() {
            Some(receipt) => {
                self.next = receipt.sequence.saturating_add(1);
                self.in_flight += 1;
                PublishStep::Publish(receipt)
            }
            None => {
                let after = self.next.saturating_sub(1);
                self.reading = Some(after);
                PublishStep::ReadAfter(after)
            }
        }
    }

    /// How many wait for their PUBACK.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether every receipt that may be published has its answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.reading.is_none() && self.next > self.durable
    }

    /// A PUBACK came; gives the new mark where every receipt up to it has one now.
    pub(crate) fn acknowledged(&mut self, sequence: u64) -> Option<u64> {
        if sequence <= self.through || !self.acknowledged.insert(sequence) {
            return None;
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        let before = self.through;
        while self.acknowledged.remove(&self.through.saturating_add(1)) {
            self.through += 1;
        }
        (self.through > before).then_some(self.through)
    }

    /// The broker refused it, perhaps not for ever: the mark stays before it, and it is published again at the next
    /// connect. Those behind it go on, [`REACH`] at most.
    pub(crate) fn refused(&mut self, sequence: u64) {
        if sequence > self.through && !self.acknowledged.contains(&sequence) {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_contract::{Outcome, PushTarget, Timestamp};

    fn receipt(sequence: u64) -> Receipt {
        Receipt {
            sequence,
            notification_id: None,
            device_id: "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap(),
            target: PushTarget::Device,
            outcome: Outcome::Duplicate,
            delay: None,
            priority_lowered: false,
            desktop: None,
            received_at: Timestamp::from_millis(0),
            decided_at: Timestamp::from_millis(0),
            interaction: None,
        }
    }

    fn write(publisher: &mut ReceiptPublisher, sequences: std::ops::RangeInclusive<u64>) {
        for sequence in sequences {
            publisher.written(&receipt(sequence));
            publisher.durable(sequence);
        }
    }

    /// Publishes everything that it may, answering each read from a journal that holds `1..=written`.
    fn drain(publisher: &mut ReceiptPublisher, written: u64) -> Vec<u64> {
        let mut published = Vec::new();
        loop {
            match publisher.step() {
                PublishStep::Publish(receipt) => published.push(receipt.sequence),
                PublishStep::ReadAfter(after) => {
                    let last = written.min(after + PAGE as u64);
                    publisher.page((after + 1..=last).map(receipt).collect());
                }
                PublishStep::Wait => return published,
            }
        }
    }

    #[test]
    fn nothing_is_published_before_it_is_durable() {
        let mut publisher = ReceiptPublisher::new(0, 0);
        publisher.written(&receipt(1));
        publisher.online();
        assert_eq!(publisher.step(), PublishStep::Wait);
        publisher.durable(1);
        assert_eq!(drain(&mut publisher, 1), [1]);
    }

    #[test]
    fn after_a_reconnect_it_starts_again_at_the_first_without_a_puback() {
        let mut publisher = ReceiptPublisher::new(0, 0);
        publisher.online();
        write(&mut publisher, 1..=10);
        assert_eq!(drain(&mut publisher, 10), (1..=10).collect::<Vec<_>>());
        assert_eq!(publisher.acknowledged(2), None);
        assert_eq!(publisher.acknowledged(1), Some(2));
        write(&mut publisher, 11..=12);
        publisher.online();
        assert_eq!(drain(&mut publisher, 12), (3..=12).collect::<Vec<_>>());
    }

    #[test]
    fn what_memory_did_not_keep_is_read_from_the_journal_in_order() {
        let mut publisher = ReceiptPublisher::new(0, 0);
        write(&mut publisher, 1..=10_000);
        publisher.online();
        let mut published = Vec::new();
        while published.len() < 10_000 {
            let next = drain(&mut publisher, 10_000);
            assert!(!next.is_empty());
            for sequence in &next {
                publisher.acknowledged(*sequence);
            }
            published.extend(next);
        }
        assert_eq!(published, (1..=10_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_refused_receipt_holds_the_mark_back_and_goes_out_again_at_the_next_connect() {
        let mut publisher = ReceiptPublisher::new(0, 0);
        publisher.online();
        write(&mut publisher, 1..=4);
        drain(&mut publisher, 4);
        assert_eq!(publisher.acknowledged(1), Some(1));
        publisher.refused(2);
        assert_eq!(publisher.acknowledged(3), None);
        assert_eq!(publisher.acknowledged(4), None);
        write(&mut publisher, 5..=5);
        assert_eq!(drain(&mut publisher, 5), [5], "those behind it go on");
        publisher.online();
        assert_eq!(drain(&mut publisher, 5), [2, 3, 4, 5]);
        assert_eq!((2..=5).filter_map(|sequence| publisher.acknowledged(sequence)).last(), Some(5));
    }

    #[test]
    fn behind_a_refused_receipt_publishing_pauses_at_the_reach() {
        let mut publisher = ReceiptPublisher::new(0, 0);
        write(&mut publisher, 1..=REACH + 1000);
        publisher.online();
        let mut published = Vec::new();
        loop {
            let next = drain(&mut publisher, REACH + 1000);
            if next.is_empty() {
                break;
            }
            for sequence in &next {
                if *sequence == 1 {
                    publisher.refused(1);
                } else {
                    assert_eq!(publisher.acknowledged(*sequence), None);
                }
            }
            published.extend(next);
        }
        assert_eq!(published, (1..=REACH).collect::<Vec<_>>());
        publisher.online();
        assert_eq!(drain(&mut publisher, REACH + 1000).first(), Some(&1));
        assert_eq!(publisher.acknowledged(1), Some(1));
    }

    #[test]
    fn refusals_make_room_in_the_window() {
        let mut publisher = ReceiptPublisher::new(0, 0);
        publisher.online();
        write(&mut publisher, 1..=2 * WINDOW as u64);
        let first = drain(&mut publisher, 2 * WINDOW as u64);
        assert_eq!(first.len(), WINDOW);
        for sequence in first {
            publisher.refused(sequence);
        }
        assert_eq!(drain(&mut publisher, 2 * WINDOW as u64).len(), WINDOW);
    }

    #[test]
    fn a_page_moves_no_mark_past_what_is_still_unanswered() {
        let mut publisher = ReceiptPublisher::new(0, 20);
        publisher.online();
        assert_eq!(publisher.step(), PublishStep::ReadAfter(0));
        publisher.page((1..=10).map(receipt).collect());
        let PublishStep::ReadAfter(10) = (0..11).map(|_| publisher.step()).last().unwrap() else {
            panic!("no reading")
        };
        publisher.page((11..=20).map(receipt).collect());
        drain(&mut publisher, 20);
        assert_eq!(publisher.acknowledged(11), None, "1 has no answer");
        assert_eq!(publisher.acknowledged(1), Some(1));
    }

    #[test]
    fn a_page_that_an_earlier_connection_asked_for_is_read_again() {
        let mut publisher = ReceiptPublisher::new(0, 20);
        publisher.online();
        assert_eq!(publisher.step(), PublishStep::ReadAfter(0));
        publisher.page((1..=10).map(receipt).collect());
        let PublishStep::ReadAfter(10) = (0..11).map(|_| publisher.step()).last().unwrap() else {
            panic!("no reading")
        };
        publisher.online();
        publisher.page((11..=20).map(receipt).collect());
        assert_eq!(drain(&mut publisher, 20), (1..=20).collect::<Vec<_>>());
    }

    #[test]
    fn where_the_journal_pruned_below_it_goes_on_from_what_is_there() {
        let mut publisher = ReceiptPublisher::new(0, 20);
        publisher.online();
        assert_eq!(publisher.step(), PublishStep::ReadAfter(0));
        publisher.page((15..=20).map(receipt).collect());
        assert_eq!(drain(&mut publisher, 20), (15..=20).collect::<Vec<_>>());
        assert_eq!(publisher.acknowledged(15), Some(15));
    }

    #[test]
    fn an_empty_page_is_not_asked_for_again_until_there_is_a_newer_receipt() {
        let mut publisher = ReceiptPublisher::new(0, 3);
        publisher.online();
        assert_eq!(publisher.step(), PublishStep::ReadAfter(0));
        publisher.page(Vec::new());
        assert_eq!(publisher.step(), PublishStep::Wait);
        publisher.durable(4);
        assert_eq!(publisher.step(), PublishStep::ReadAfter(0));
    }
}
