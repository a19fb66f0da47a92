//! What waits for the journal: acknowledgements, answers to commands, and raises, each behind its ticket (contract 4).
//!
//! Lives here: the order of "commit, then …". Does not live here: the journal, or what is released (the device loop does it).

use std::collections::{HashSet, VecDeque};

use portal_contract::NotificationId;

use crate::journal::{CommitTicket, JournalEntry};

/// Things that are released in order, each once its entries are durable.
#[derive(Debug)]
pub struct Outbox<T> {
    entries: Vec<JournalEntry>,
    ids: GatheredIds,
    unticketed: Vec<T>,
    ticketed: VecDeque<(CommitTicket, T)>,
    last: CommitTicket,
    durable: CommitTicket,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            ids: GatheredIds::default(),
            unticketed: Vec::new(),
            ticketed: VecDeque::new(),
            last: CommitTicket(0),
            durable: CommitTicket(0),
        }
    }
}

impl<T> Outbox<T> {
    /// Adds an entry to the batch that is being gathered.
    pub fn write(&mut self, entry: JournalEntry) {
        self.ids.note(&entry);
        self.entries.push(entry);
    }

    /// Whether the gathered entries use the id, of which the journal has not heard yet; none: the journal knows.
    pub fn is_used(&self, id: &NotificationId) -> Option<bool> {
        self.ids.is_used(id)
    }

    /// Adds something that is released once everything written so far is durable.
    pub fn after_commit(&mut self, thing: T) {
        self.unticketed.push(thing);
    }

    /// Takes the gathered entries, to be appended.
    pub fn take_entries(&mut self) -> Vec<JournalEntry> {
        self.ids = GatheredIds::default();
        std::mem::take(&mut self.entries)
    }

    /// The journal could not take them: they stay at the head of the batch.
    pub fn give_back(&mut self, mut entries: Vec<JournalEntry>) {
        entries.append(&mut self.entries);
        self.ids = GatheredIds::default();
        entries.iter().for_each(|entry| self.ids.note(entry));
        self.entries = entries;
    }

    /// The gathered entries were appended under this ticket.
    pub fn appended(&mut self, ticket: CommitTicket) {
        self.last = ticket;
        self.ticket_the_rest();
    }

    /// Whether nothing is gathered, so that nothing needs to be appended.
    pub fn has_no_entries(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts what waits for entries that were appended before behind their ticket.
    pub fn ticket_the_rest(&mut self) {
        let last = self.last;
        self.ticketed.extend(self.unticketed.drain(..).map(|thing| (last, thing)));
    }

    /// Everything up to this ticket is durable.
    pub fn durable(&mut self, ticket: CommitTicket) {
        self.durable = self.durable.max(ticket);
    }

    /// The next thing whose entries are durable.
    pub fn release(&mut self) -> Option<T> {
        if self.ticketed.front().is_some_and(|(ticket, _)| *ticket <= self.durable) {
            return self.ticketed.pop_front().map(|(_, thing)| thing);
        }
        None
    }

    /// Whether everything that was written is durable.
    pub fn is_settled(&self) -> bool {
        self.entries.is_empty() && self.last <= self.durable
    }

    /// Whether anything still waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.unticketed.is_empty() && self.ticketed.is_empty()
    }
}

/// What the gathered entries say of ids.
#[derive(Debug, Default)]
struct GatheredIds {
    used: HashSet<NotificationId>,
    /// All that were used before were forgotten.
    forgotten: bool,
}

impl GatheredIds {
    fn note(&mut self, entry: &JournalEntry) {
        if *entry == JournalEntry::IdsForgotten {
            *self = Self { used: HashSet::new(), forgotten: true };
        }
        self.used.extend(entry.used_id().cloned());
    }

    fn is_used(&self, id: &NotificationId) -> Option<bool> {
        if self.used.contains(id) { Some(true) } else { self.forgotten.then_some(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str) -> JournalEntry {
        let at = portal_contract::Timestamp::from_millis(0);
        JournalEntry::Held { key: 1, id: id.parse().unwrap(), at, push: String::new() }
    }

    #[test]
    fn an_id_is_used_from_the_moment_it_is_gathered_until_the_journal_has_it() {
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut outbox: Outbox<()> = Outbox::default();
        assert_eq!(outbox.is_used(&a), None);
        outbox.write(held("a"));
        assert_eq!((outbox.is_used(&a), outbox.is_used(&b)), (Some(true), None));
        let taken = outbox.take_entries();
        assert_eq!(outbox.is_used(&a), None, "the journal knows");
        outbox.write(held("b"));
        outbox.give_back(taken);
        assert_eq!((outbox.is_used(&a), outbox.is_used(&b)), (Some(true), Some(true)));
        outbox.write(JournalEntry::IdsForgotten);
        assert_eq!((outbox.is_used(&a), outbox.is_used(&b)), (Some(false), Some(false)));
    }

    #[test]
    fn things_are_released_in_order_and_only_behind_their_commit() {
        let mut outbox = Outbox::default();
        outbox.write(JournalEntry::Redelivered { count: 1 });
        outbox.after_commit("first");
        assert_eq!(outbox.take_entries().len(), 1);
        outbox.appended(CommitTicket(1));
        outbox.after_commit("second");
        outbox.ticket_the_rest();
        assert_eq!(outbox.release(), None);
        assert!(!outbox.is_settled());
        outbox.durable(CommitTicket(1));
        assert_eq!((outbox.release(), outbox.release(), outbox.release()), (Some("first"), Some("second"), None));
        assert!(outbox.is_settled() && outbox.is_empty());
    }

    #[test]
    fn what_the_journal_gave_back_stays_first() {
        let mut outbox: Outbox<()> = Outbox::default();
        outbox.write(JournalEntry::Redelivered { count: 1 });
        let entries = outbox.take_entries();
        outbox.write(JournalEntry::Redelivered { count: 2 });
        outbox.give_back(entries);
        let order = [JournalEntry::Redelivered { count: 1 }, JournalEntry::Redelivered { count: 2 }];
        assert_eq!(outbox.take_entries(), order);
    }
}
