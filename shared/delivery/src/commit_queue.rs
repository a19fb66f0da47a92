//! What waits for a commit: acknowledgements, answers, and cards, each behind the batch that must be durable first.
//!
//! Lives here: the order of "commit, then …". Does not live here: the journal, and what is done with what is released.

use std::collections::VecDeque;

use crate::entry::{BatchNumber, JournalEntry};

/// Gathers entries into batches, and releases what waits for them in order.
#[derive(Debug)]
pub(crate) struct CommitQueue<T> {
    gathered: Vec<JournalEntry>,
    /// Whether a gathered entry needs a commit: then the batch gets a number of its own.
    needs_commit: bool,
    waiting: VecDeque<(BatchNumber, T)>,
    last: BatchNumber,
    durable: BatchNumber,
}

impl<T> Default for CommitQueue<T> {
    fn default() -> Self {
        let (last, durable) = (BatchNumber(0), BatchNumber(0));
        Self { gathered: Vec::new(), needs_commit: false, waiting: VecDeque::new(), last, durable }
    }
}

impl<T> CommitQueue<T> {
    /// Adds an entry to the batch that is being gathered.
    pub(crate) fn write(&mut self, entry: JournalEntry) {
        self.needs_commit |= !entry.is_lazy();
        self.gathered.push(entry);
    }

    /// The batch behind which everything is durable that was written so far.
    pub(crate) fn current(&self) -> BatchNumber {
        if self.needs_commit { BatchNumber(self.last.0.saturating_add(1)) } else { self.last }
    }

    /// Adds something that is released once everything written so far is durable, behind what was added before.
    pub(crate) fn after_commit(&mut self, thing: T) {
        self.waiting.push_back((self.current(), thing));
    }

    /// Takes the gathered batch, if there is one.
    pub(crate) fn take_batch(&mut self) -> Option<(Option<BatchNumber>, Vec<JournalEntry>)> {
        if self.gathered.is_empty() {
            return None;
        }
        self.last = self.current();
        // A batch of lazy entries alone takes no number: the journal may put its commit off for a second, and a
        // number would hold everything behind it back for as long.
        let batch = std::mem::take(&mut self.needs_commit).then_some(self.last);
        Some((batch, std::mem::take(&mut self.gathered)))
    }

    /// Every batch up to this one is durable.
    pub(crate) fn durable(&mut self, batch: BatchNumber) {
        self.durable = self.durable.max(batch);
    }

    /// The next thing whose batch is durable.
    pub(crate) fn release(&mut self) -> Option<T> {
        let (batch, _) = self.waiting.front()?;
        if *batch > self.durable {
            return None;
        }
        self.waiting.pop_front().map(|(_, thing)| thing)
    }

    /// Whether everything that was written is durable.
    pub(crate) fn is_settled(&self) -> bool {
        self.current() <= self.durable
    }

    /// Whether anything still waits for a commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_settled() && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forgotten() -> JournalEntry {
        JournalEntry::IdsForgotten
    }

    #[test]
    fn things_are_released_in_order_and_only_behind_their_commit() {
        let mut queue = CommitQueue::default();
        queue.write(forgotten());
        queue.after_commit("first");
        assert_eq!(queue.take_batch().map(|(batch, entries)| (batch, entries.len())), Some((Some(BatchNumber(1)), 1)));
        queue.after_commit("second");
        assert_eq!(queue.release(), None);
        assert!(!queue.is_settled());
        queue.durable(BatchNumber(1));
        assert_eq!((queue.release(), queue.release(), queue.release()), (Some("first"), Some("second"), None));
        assert!(queue.is_settled() && queue.is_empty());
    }

    #[test]
    fn lazy_entries_hold_nothing_up() {
        let mut queue = CommitQueue::default();
        queue.write(JournalEntry::Redelivered { count: 1 });
        queue.after_commit("acknowledge the redelivery");
        assert_eq!(queue.take_batch().map(|(batch, _)| batch), Some(None));
        assert_eq!(queue.release(), Some("acknowledge the redelivery"));
    }

    #[test]
    fn what_is_added_before_the_next_entry_does_not_wait_for_it() {
        let mut queue = CommitQueue::default();
        queue.after_commit("now");
        queue.write(forgotten());
        queue.after_commit("behind the commit");
        assert_eq!((queue.release(), queue.release()), (Some("now"), None));
    }
}
