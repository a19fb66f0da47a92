//! What waits for the journal: acknowledgements, answers to commands, and raises, each behind its ticket (contract 4).
//!
//! Lives here: the order of "commit, then …". Does not live here: the journal, or what is released (the device loop does it).

use std::collections::VecDeque;

use portal_shared::NotificationId;

use crate::journal::{Entry, Ticket};

/// Things that are released in order, each once its entries are durable.
#[derive(Debug)]
pub struct Outbox<T> {
    entries: Vec<Entry>,
    unticketed: Vec<T>,
    ticketed: VecDeque<(Ticket, T)>,
    last: Ticket,
    durable: Ticket,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            unticketed: Vec::new(),
            ticketed: VecDeque::new(),
            last: Ticket(0),
            durable: Ticket(0),
        }
    }
}

impl<T> Outbox<T> {
    /// Adds an entry to the batch that is being gathered.
    pub fn write(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Adds something that is released once everything written so far is durable.
    pub fn after_commit(&mut self, thing: T) {
        self.unticketed.push(thing);
    }

    /// Takes the gathered entries, to be appended.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Whether an id is used, where the gathered entries can tell: the journal does not know of them yet.
    pub fn is_used(&self, id: &NotificationId) -> Option<bool> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::IdsForgotten => Some(false),
            entry => (entry.used_id() == Some(id)).then_some(true),
        })
    }

    /// The journal could not take them: they stay at the head of the batch.
    pub fn give_back(&mut self, mut entries: Vec<Entry>) {
        entries.append(&mut self.entries);
        self.entries = entries;
    }

    /// The gathered entries were appended under this ticket.
    pub fn appended(&mut self, ticket: Ticket) {
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
    pub fn durable(&mut self, ticket: Ticket) {
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

#[cfg(test)]
mod tests {
    use portal_shared::Timestamp;

    use super::*;

    #[test]
    fn things_are_released_in_order_and_only_behind_their_commit() {
        let mut outbox = Outbox::default();
        outbox.write(Entry::Redelivered { count: 1 });
        outbox.after_commit("first");
        assert_eq!(outbox.take_entries().len(), 1);
        outbox.appended(Ticket(1));
        outbox.after_commit("second");
        outbox.ticket_the_rest();
        assert_eq!(outbox.release(), None);
        assert!(!outbox.is_settled());
        outbox.durable(Ticket(1));
        assert_eq!((outbox.release(), outbox.release(), outbox.release()), (Some("first"), Some("second"), None));
        assert!(outbox.is_settled() && outbox.is_empty());
    }

    #[test]
    fn a_gathered_entry_uses_its_id_until_all_are_forgotten() {
        let mut outbox: Outbox<()> = Outbox::default();
        let id: NotificationId = "a".parse().unwrap();
        assert_eq!(outbox.is_used(&id), None);
        outbox.write(Entry::Held { key: 1, id: id.clone(), at: Timestamp::from_millis(0), push: String::new() });
        outbox.write(Entry::Redelivered { count: 1 });
        assert_eq!((outbox.is_used(&id), outbox.is_used(&"b".parse().unwrap())), (Some(true), None));
        outbox.write(Entry::IdsForgotten);
        assert_eq!(outbox.is_used(&id), Some(false));
        outbox.take_entries();
        assert_eq!(outbox.is_used(&id), None);
    }

    #[test]
    fn what_the_journal_gave_back_stays_first() {
        let mut outbox: Outbox<()> = Outbox::default();
        outbox.write(Entry::Redelivered { count: 1 });
        let entries = outbox.take_entries();
        outbox.write(Entry::Redelivered { count: 2 });
        outbox.give_back(entries);
        let order = [Entry::Redelivered { count: 1 }, Entry::Redelivered { count: 2 }];
        assert_eq!(outbox.take_entries(), order);
    }
}
