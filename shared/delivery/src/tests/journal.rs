//! A journal in memory: what is appended becomes durable when the test says so, and a crash leaves only that.
//!
//! It checks with each entry: sequences without a gap, `decidedAt` never goes back, an id is used once, a duplicate is one, a
//! held push ends once, the mark of published receipts has no hole, and a receipt agrees with the snapshot in force.
//!
//! Lives here: what a real journal keeps, and what its entries must be. Does not live here: when a commit happens (the test).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use portal_contract::{
    DeviceEventKind, DeviceState, NotificationId, Outcome, OutcomeKind, PushProblem, Receipt, Surface, Timestamp,
};
use portal_device::{DeviceSnapshot, HeldKey, HeldPush, LastActionNote, ReceivedPush, ResumePoint};

use super::broker::serial_of;
use crate::{BatchNumber, JournalEntry, Recovery, UsedId, UsedIdFilter, id_hash};

/// What a journal holds, after any number of entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    pub(super) entries: Vec<JournalEntry>,
    pub(super) snapshot: Option<String>,
    pub(super) held: BTreeMap<HeldKey, HeldPush>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) used: BTreeSet<UsedId>,
    /// Every id that was ever used, forgotten since or not.
    pub(super) ever_used: BTreeSet<NotificationId>,
    /// What became of each push, by the serial number that the test gave it.
    pub(super) outcomes: BTreeMap<u64, Vec<OutcomeKind>>,
    /// The pushes that were ever held, by serial number.
    pub(super) ever_held: BTreeSet<u64>,
    /// How often each push had an outcome that stands for one appearance on the desktop.
    pub(super) appearances: BTreeMap<u64, usize>,
    pub(super) published_through: u64,
    pub(super) redelivered: u64,
    next_held_key: HeldKey,
    last_action: Option<LastActionNote>,
}

impl Contents {
    fn write(&mut self, entry: &JournalEntry) {
        match entry {
            JournalEntry::Changed { snapshot, .. } => {
                self.snapshot = Some(snapshot.clone());
                self.last_action = None;
            }
            JournalEntry::Held { key, id, push, .. } => {
                let held: HeldPush = serde_json::from_str(push).unwrap();
                assert!(*key >= self.next_held_key, "held key {key:?} is used twice");
                assert!(self.used.insert(UsedId::Notification(id.clone())), "{id} is held, and was used before");
                self.ever_used.insert(id.clone());
                self.ever_held.insert(serial_of(&held.push));
                self.next_held_key = key.next();
                self.held.insert(*key, held);
            }
            JournalEntry::HeldChanged { key, push } => {
                let changed = self.held.insert(*key, serde_json::from_str(push).unwrap());
                assert!(changed.is_some(), "{key:?} is not held");
            }
            JournalEntry::Settled { receipt, push, held } => self.settle(receipt, push.as_deref(), *held),
            JournalEntry::Interaction { sequence, interaction } => {
                let receipt = self.receipts.iter_mut().find(|receipt| receipt.sequence == *sequence);
                receipt.expect("its receipt was written").interaction = Some(*interaction);
            }
            JournalEntry::Published { through } => {
                assert!(*through > self.published_through, "the mark of published receipts goes back");
                self.published_through = *through;
            }
            JournalEntry::Redelivered { count } => {
                assert_eq!(*count, self.redelivered + 1);
                self.redelivered = *count;
            }
            JournalEntry::ActionSeen { id, note, .. } => {
                assert!(self.used.insert(UsedId::Action(id.clone())), "action {id} is seen twice");
                if let Some(note) = note {
                    self.last_action = Some(serde_json::from_str(note).unwrap());
                }
            }
            JournalEntry::EnrollmentBegan { .. } => {}
            JournalEntry::IdsForgotten => self.used.retain(|id| matches!(id, UsedId::Action(_))),
        }
        self.entries.push(entry.clone());
    }

    fn settle(&mut self, receipt: &Receipt, push: Option<&str>, held: Option<HeldKey>) {
        let last = self.receipts.last();
        assert_eq!(receipt.sequence, last.map_or(0, |last| last.sequence) + 1, "sequences have a gap");
        assert!(last.is_none_or(|last| last.decided_at <= receipt.decided_at), "decidedAt goes back");
        if let Some(key) = held {
            assert!(self.held.remove(&key).is_some(), "held push {key:?} ends, and is not held");
        }
        let id = receipt.notification_id.clone();
        if receipt.outcome.uses_id() {
            let id = id.expect("what uses an id has one");
            assert!(
                self.used.insert(UsedId::Notification(id.clone())) || held.is_some(),
                "{id} has a second outcome that uses it"
            );
            self.ever_used.insert(id);
        } else if receipt.outcome == Outcome::Duplicate {
            let id = id.expect("a duplicate has an id");
            assert!(self.used.contains(&UsedId::Notification(id.clone())), "{id} is no duplicate: it was not used");
        }
        if let Some(push) = push.map(|push| serde_json::from_str::<ReceivedPush>(push).unwrap()) {
            let serial = serial_of(&push);
            self.check_against_the_snapshot(receipt, &push);
            self.outcomes.entry(serial).or_default().push(receipt.outcome.kind());
            *self.appearances.entry(serial).or_default() += usize::from(appeared(&receipt.outcome));
        }
        self.receipts.push(receipt.clone());
    }

    /// `explain` reads the snapshot that is in force for the receipt: the two must say the same.
    fn check_against_the_snapshot(&self, receipt: &Receipt, push: &ReceivedPush) {
        let snapshot = self.snapshot();
        let unmet = || snapshot.as_ref().expect("a snapshot is written at the start").unmet(Some(push));
        match &receipt.outcome {
            Outcome::Withheld { unmet: told } => assert_eq!(unmet(), *told, "{receipt:?}"),
            Outcome::Presented(_) | Outcome::Failed { .. } => assert!(unmet().is_empty(), "{receipt:?} {:?}", unmet()),
            _ => {}
        }
    }

    pub(super) fn snapshot(&self) -> Option<DeviceSnapshot> {
        self.snapshot.as_deref().map(|json| serde_json::from_str(json).unwrap())
    }

    /// Whether it holds what is told.
    pub(super) fn has(&self, what: &DeviceEventKind) -> bool {
        match what {
            DeviceEventKind::Settled { receipt } => {
                self.receipts.iter().any(|written| written.sequence == receipt.sequence)
            }
            DeviceEventKind::Held { notification_id } => self.ever_used.iter().any(|id| id.as_str() == notification_id),
            DeviceEventKind::CardGone { sequence, .. } => {
                let is_gone = |receipt: &Receipt| receipt.sequence == *sequence && receipt.interaction.is_some();
                self.receipts.iter().any(is_gone)
            }
            DeviceEventKind::Changed { event: told } => self.entries.iter().any(|entry| match entry {
                JournalEntry::Changed { event, .. } => event == &told.to_string(),
                JournalEntry::ActionSeen { id, .. } => told["actionArrived"]["id"].as_str() == Some(id),
                _ => false,
            }),
            _ => true,
        }
    }

    /// Every device state that it was ever given.
    pub(super) fn states(&self) -> impl Iterator<Item = DeviceState> {
        let places = (0..self.entries.len()).rev();
        places.filter_map(|place| match &self.entries[place] {
            JournalEntry::Changed { snapshot, .. } => Some(state_of(snapshot)),
            JournalEntry::ActionSeen { note: Some(_), .. } => {
                let is_change = |entry: &JournalEntry| matches!(entry, JournalEntry::Changed { .. });
                let from = self.entries[..place].iter().rposition(is_change)?;
                let JournalEntry::Changed { snapshot, .. } = &self.entries[from] else { return None };
                let mut state = state_of(snapshot);
                // The newest time of all of them: a clock that was set back moves no state back.
                for entry in &self.entries[from..=place] {
                    if let JournalEntry::ActionSeen { note: Some(note), .. } = entry {
                        let note: LastActionNote = serde_json::from_str(note).unwrap();
                        state.updated_at = state.updated_at.max(note.at);
                        state.last_action = Some(note.last_action);
                    }
                }
                Some(state)
            }
            _ => None,
        })
    }

    /// The outcomes so far, in order.
    pub(super) fn outcome_kinds(&self) -> Vec<OutcomeKind> {
        self.receipts.iter().map(|receipt| receipt.outcome.kind()).collect()
    }

    fn receipts_after(&self, after: u64, limit: usize) -> Vec<Receipt> {
        self.receipts.iter().filter(|receipt| receipt.sequence > after).take(limit).cloned().collect()
    }
}

fn state_of(snapshot: &str) -> DeviceState {
    serde_json::from_str::<DeviceSnapshot>(snapshot).unwrap().device_state()
}

/// Whether it stands for a card that was shown, or may have been.
fn appeared(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Presented(presentation) => presentation.surface != Surface::InApp,
        Outcome::Failed { problem, .. } => *problem == PushProblem::NotificationServerDidNotAnswer,
        _ => false,
    }
}

#[derive(Debug)]
struct Batch {
    number: Option<BatchNumber>,
    entries: Vec<JournalEntry>,
}

#[derive(Debug, Default)]
pub(super) struct ModelJournal {
    /// What survives a crash.
    pub(super) durable: Contents,
    /// That, and what is appended.
    pub(super) appended: Contents,
    waiting: VecDeque<Batch>,
    last: BatchNumber,
    /// The newest durable batch, told or not.
    pub(super) newest_durable: BatchNumber,
    /// The ids that it was asked for, with what it would have said at once.
    asked: Option<Vec<(UsedId, bool)>>,
    reads: VecDeque<(u64, usize)>,
    /// How often it was asked for used ids.
    pub(super) times_asked: usize,
    /// Whether a start is told which ids are certainly new; else it asks for each.
    pub(super) tells_new_ids: bool,
}

impl ModelJournal {
    pub(super) fn append(&mut self, number: Option<BatchNumber>, entries: Vec<JournalEntry>) {
        assert!(!entries.is_empty(), "an empty batch");
        let needs_commit = entries.iter().any(|entry| !entry.is_lazy());
        assert_eq!(number.is_some(), needs_commit, "a batch has a number if something waits for it");
        if let Some(number) = number {
            assert_eq!(number, BatchNumber(self.last.0 + 1), "batches are numbered without a gap");
            self.last = number;
        }
        entries.iter().for_each(|entry| self.appended.write(entry));
        self.waiting.push_back(Batch { number, entries });
    }

    /// Makes the first `count` batches that wait durable; whether there were any.
    pub(super) fn commit(&mut self, count: usize) -> bool {
        let count = count.min(self.waiting.len());
        for Batch { number, entries } in self.waiting.drain(..count) {
            entries.iter().for_each(|entry| self.durable.write(entry));
            self.newest_durable = number.unwrap_or(self.newest_durable);
        }
        count > 0
    }

    /// Whether everything that needs a commit is durable.
    pub(super) fn is_settled(&self) -> bool {
        self.newest_durable == self.last
    }

    pub(super) fn ask(&mut self, ids: Vec<UsedId>) {
        assert!(self.asked.is_none(), "one question at a time");
        assert!(!ids.is_empty(), "an empty question");
        self.times_asked += 1;
        let used = &self.durable.used;
        self.asked = Some(ids.into_iter().map(|id| (id.clone(), used.contains(&id))).collect());
    }

    /// The answer to the question, if there is one: as it was when it was asked, or as it is now.
    pub(super) fn answer(&mut self, as_asked: bool) -> Option<Vec<(UsedId, bool)>> {
        let mut answers = self.asked.take()?;
        if !as_asked {
            answers.iter_mut().for_each(|(id, used)| *used = self.durable.used.contains(id));
        }
        Some(answers)
    }

    pub(super) fn read(&mut self, after: u64, limit: usize) {
        self.reads.push_back((after, limit));
    }

    /// A page of receipts, if one was asked for.
    pub(super) fn page(&mut self) -> Option<Vec<Receipt>> {
        self.reads.pop_front().map(|(after, limit)| self.durable.receipts_after(after, limit))
    }

    /// The process is gone, and with it what is not durable.
    pub(super) fn crash(&mut self) {
        let durable = std::mem::take(&mut self.durable);
        let Self { times_asked, tells_new_ids, .. } = *self;
        *self = Self { appended: durable.clone(), durable, times_asked, tells_new_ids, ..Self::default() };
    }

    /// What a start finds.
    pub(super) fn recover(&self) -> (Option<DeviceSnapshot>, ResumePoint, Recovery) {
        let Contents { held, receipts, published_through, redelivered, next_held_key, last_action, .. } = &self.durable;
        let last = receipts.last();
        let resumption = ResumePoint {
            held: held.values().cloned().collect(),
            last_sequence: last.map_or(0, |last| last.sequence),
            last_decided_at: last.map(|last: &Receipt| -> Timestamp { last.decided_at }),
            next_held_key: (*next_held_key).max(HeldKey::FIRST),
            recent: Vec::new(),
            last_action: last_action.clone(),
        };
        let used_ids = if self.tells_new_ids { self.used_id_filter() } else { UsedIdFilter::default() };
        let recovery = Recovery { published_through: *published_through, redelivered: *redelivered, used_ids };
        (self.durable.snapshot(), resumption, recovery)
    }

    fn used_id_filter(&self) -> UsedIdFilter {
        let of_push = |id: &UsedId| match id {
            UsedId::Notification(id) => Some(id_hash(id)),
            UsedId::Action(_) => None,
        };
        UsedIdFilter::of(0, self.durable.used.iter().filter_map(of_push))
    }
}
