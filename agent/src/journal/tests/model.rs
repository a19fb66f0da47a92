//! Random entries against a model in memory: whatever was written and reopened reads back the same.

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{
    CardInteraction, DeliveryDelay, DesktopVerdict, GroupId, OutcomeKind, Prerequisites, PushProblem,
};
use portal_delivery::id_hash;
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum JournalStep {
    Change,
    Hold(u8),
    HoldLonger(u8),
    Settle { id: Option<u8>, outcome: Outcome, beside: Beside, group: Option<u128>, held: bool },
    Interact(u8, CardInteraction),
    Publish(u8),
    Redeliver(u8),
    Act { id: u8, is_noted: bool },
    Forget,
    Reopen,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        ".{0,9}".prop_map(|detail| Outcome::Rejected { problem: PushProblem::NotJson, detail }),
        Just(Outcome::Duplicate),
        Just(Outcome::Expired),
        any::<u8>().prop_map(|bits| Outcome::Withheld { unmet: Prerequisites::from_bits(bits) }),
        Just(Outcome::Dropped { problem: PushProblem::Collapsed }),
        ".{0,9}".prop_map(|detail| Outcome::Failed { problem: PushProblem::NoNotificationServer, detail }),
        presentation().prop_map(Outcome::Presented),
    ]
}

prop_compose! {
    fn presentation()(
        sound in any::<Option<bool>>(),
        badge in any::<Option<bool>>(),
        heads_up in any::<Option<bool>>(),
        content_hidden in any::<bool>(),
        substituted in any::<bool>(),
        sound_lowered in any::<bool>(),
        grouped in any::<bool>(),
    ) -> Presentation {
        Presentation { surface: Surface::LockScreen, sound, badge, heads_up, content_hidden, substituted, sound_lowered, grouped }
    }
}

fn desktop() -> impl Strategy<Value = DesktopVerdict> {
    prop_oneof![Just(DesktopVerdict::Accepted), Just(DesktopVerdict::Unknown), Just(DesktopVerdict::Refused)]
}

fn step() -> impl Strategy<Value = JournalStep> {
    let settle = (
        proptest::option::of(any::<u8>()),
        outcome(),
        (proptest::option::of(Just(DeliveryDelay::DelayedDeviceDoze)), proptest::option::of(desktop())),
        proptest::option::of(any::<u128>()),
        any::<bool>(),
    );
    prop_oneof![
        3 => Just(JournalStep::Change),
        3 => any::<u8>().prop_map(JournalStep::Hold),
        1 => any::<u8>().prop_map(JournalStep::HoldLonger),
        6 => settle.prop_map(|(id, outcome, beside, group, held)| JournalStep::Settle { id, outcome, beside, group, held }),
        1 => any::<u8>().prop_map(|which| JournalStep::Interact(which, CardInteraction::Clicked)),
        1 => any::<u8>().prop_map(JournalStep::Publish),
        1 => any::<u8>().prop_map(JournalStep::Redeliver),
        2 => any::<(u8, bool)>().prop_map(|(id, is_noted)| JournalStep::Act { id, is_noted }),
        1 => Just(JournalStep::Forget),
        1 => Just(JournalStep::Reopen),
    ]
}

/// What stands beside an outcome.
type Beside = (Option<DeliveryDelay>, Option<DesktopVerdict>);

#[derive(Debug, Default)]
struct JournalModel {
    snapshots: Vec<String>,
    held: BTreeMap<u64, String>,
    next_held_key: u64,
    receipts: Vec<(Receipt, Option<String>, usize)>,
    used: BTreeSet<String>,
    published: u64,
    redelivered: u64,
    actions: BTreeSet<String>,
    last_action: Option<String>,
}

impl JournalModel {
    /// The entry for a step, after the model took it in; none where the step has nothing to act on.
    fn take(&mut self, step: JournalStep) -> Option<JournalEntry> {
        match step {
            JournalStep::Change => {
                let second = self.snapshots.len() as i64;
                self.snapshots.push(format!("\"after {second}\""));
                self.last_action = None;
                Some(changed(second))
            }
            JournalStep::Hold(number) => Some(self.hold(&format!("n{number}"))),
            JournalStep::HoldLonger(which) => {
                let key = *self.held.keys().nth(usize::from(which) % self.held.len().max(1))?;
                self.held.insert(key, "\"longer\"".to_owned());
                Some(JournalEntry::HeldChanged { key: HeldKey(key), push: "\"longer\"".to_owned() })
            }
            JournalStep::Settle { id, outcome, beside, group, held } => {
                Some(self.settle(id, outcome, beside, group, held))
            }
            JournalStep::Interact(which, interaction) => {
                let index = usize::from(which) % self.receipts.len().max(1);
                let (receipt, ..) = self.receipts.get_mut(index)?;
                receipt.interaction = Some(interaction);
                Some(JournalEntry::Interaction { sequence: receipt.sequence, interaction })
            }
            JournalStep::Publish(through) => {
                let through = u64::from(through).min(self.receipts.len() as u64);
                self.published = self.published.max(through);
                Some(JournalEntry::Published { through })
            }
            JournalStep::Redeliver(more) => {
                self.redelivered += u64::from(more);
                Some(JournalEntry::Redelivered { count: self.redelivered })
            }
            JournalStep::Act { id, is_noted } => {
                let (id, note) = (format!("a{id}"), is_noted.then(|| format!("\"note {id}\"")));
                self.actions.insert(id.clone());
                self.last_action = note.clone().or_else(|| self.last_action.take());
                Some(JournalEntry::ActionSeen { id, at: at(0), note })
            }
            JournalStep::Forget => {
                self.used.clear();
                Some(JournalEntry::IdsForgotten)
            }
            JournalStep::Reopen => None,
        }
    }

    fn hold(&mut self, id: &str) -> JournalEntry {
        self.next_held_key += 1;
        let (key, push) = (self.next_held_key, format!("\"held {id}\""));
        self.held.insert(key, push.clone());
        self.used.insert(id.to_owned());
        JournalEntry::Held { key: HeldKey(key), id: id.parse().unwrap(), at: at(0), push }
    }

    fn settle(
        &mut self,
        id: Option<u8>,
        outcome: Outcome,
        beside: Beside,
        group: Option<u128>,
        held: bool,
    ) -> JournalEntry {
        let sequence = self.receipts.len() as u64 + 1;
        let mut receipt = receipt(sequence, "x", outcome);
        receipt.notification_id = id.map(|number| format!("n{number}").parse().unwrap());
        (receipt.delay, receipt.desktop) = beside;
        receipt.target = group.map_or(PushTarget::Device, |bits| PushTarget::Group { id: GroupId::from_random(bits) });
        if receipt.outcome.uses_id() {
            self.used.extend(receipt.notification_id.iter().map(ToString::to_string));
        }
        let held = held.then(|| self.held.pop_first()).flatten().map(|(key, _)| HeldKey(key));
        let push = receipt.notification_id.as_ref().map(|id| format!("\"push {id}\""));
        self.receipts.push((receipt.clone(), push.clone(), self.snapshots.len()));
        JournalEntry::Settled { receipt, push, held }
    }

    fn recovered(&self) -> RecoveredDevice {
        RecoveredDevice {
            snapshot: self.snapshots.last().cloned(),
            held: self.held.clone().into_iter().collect(),
            last_sequence: self.receipts.len() as u64,
            last_decided_at: self.receipts.last().map(|(receipt, ..)| receipt.decided_at),
            published_through: self.published,
            redelivered: self.redelivered,
            next_held_key: self.next_held_key + 1,
            last_event: self.snapshots.len() as u64,
            last_action: self.last_action.clone(),
            clock_jump: None,
        }
    }

    fn check(&self, journal: &DeviceJournal) {
        let reader = journal.reader().unwrap();
        let receipts: Vec<Receipt> = self.receipts.iter().map(|(receipt, ..)| receipt.clone()).collect();
        assert_eq!(reader.receipts_after(0, 1000).unwrap(), receipts);
        let names: Vec<String> = (0..=u8::MAX).map(|number| format!("n{number}")).collect();
        let ids: Vec<UsedId> = names.iter().map(|name| UsedId::Notification(id(name))).collect();
        let used: Vec<bool> = names.iter().map(|name| self.used.contains(name)).collect();
        assert_eq!(journal.are_used(&ids).unwrap(), used);
        let filter = journal.used_id_filter().unwrap();
        assert!(names.iter().zip(&used).all(|(name, used)| !used || filter.may_be_used(&id_hash(&id(name)))));
        let actions: Vec<String> = (0..=u8::MAX).map(|number| format!("a{number}")).collect();
        let ids: Vec<UsedId> = actions.iter().cloned().map(UsedId::Action).collect();
        let seen: Vec<bool> = actions.iter().map(|id| self.actions.contains(id)).collect();
        assert_eq!(journal.are_used(&ids).unwrap(), seen);
        let events = reader.events_after(0, 1000).unwrap();
        assert!(events.iter().map(|event| event.snapshot.as_ref()).eq(self.snapshots.iter().map(Some)));
        self.check_log(&reader, &receipts);
        self.check_record(&reader);
    }

    fn check_log(&self, reader: &JournalReader, receipts: &[Receipt]) {
        let query = LogQuery { outcome: None, id: None, since: None, limit: 3 };
        assert!(
            reader
                .log(&query)
                .unwrap()
                .iter()
                .map(|listed| &listed.receipt)
                .eq(&receipts[receipts.len().saturating_sub(3)..])
        );
        for kind in OutcomeKind::ALL.iter().copied() {
            let since = at(receipts.len() as i64 / 2);
            let query = LogQuery { outcome: Some(kind), id: None, since: Some(since), limit: 1000 };
            let expected = receipts.iter().filter(|r| r.outcome.kind() == kind && r.decided_at >= since);
            assert!(reader.log(&query).unwrap().iter().map(|listed| &listed.receipt).eq(expected));
        }
    }

    fn check_record(&self, reader: &JournalReader) {
        let Some((newest, push, snapshot)) = self.receipts.last() else {
            return assert_eq!(reader.record(None).unwrap(), None);
        };
        let Some(snapshot) = snapshot.checked_sub(1) else { return assert!(reader.record(None).is_err()) };
        let record = reader.record(None).unwrap().unwrap();
        assert_eq!((&record.receipt, &record.push, &record.snapshot), (newest, push, &self.snapshots[snapshot]));
        let Some(id) = &newest.notification_id else { return };
        let same = || self.receipts.iter().rev().filter(|(r, ..)| r.notification_id.as_ref() == Some(id));
        let expected = same().find(|(r, ..)| r.outcome != Outcome::Duplicate).or_else(|| same().next()).unwrap();
        if expected.2 > 0 {
            assert_eq!(reader.record(Some(id)).unwrap().unwrap().receipt, expected.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_reads_back_after_reopening(steps in proptest::collection::vec(step(), 0..60)) {
        let directory = tempfile::tempdir().unwrap();
        let mut model = JournalModel::default();
        let mut opened = open(directory.path(), UNLIMITED, at(0));
        for step in steps.into_iter().chain([JournalStep::Reopen]) {
            if matches!(step, JournalStep::Reopen) {
                let (database, ..) = opened;
                database.close().unwrap();
                opened = open(directory.path(), UNLIMITED, at(1000));
                prop_assert_eq!(&opened.2, &model.recovered());
                model.check(&opened.1);
            } else if let Some(entry) = model.take(step) {
                opened.1.append(vec![entry]).unwrap();
            }
        }
    }
}
