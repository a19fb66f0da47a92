//! A delivery and the models around it: actions are carried out in their order, and a crash may come after any of them.
//!
//! It checks that nothing is acknowledged, answered or published before it is durable; that a card is shown only once what was
//! shown before is durable, so that a crash repeats one at most; that every command has its answer; and that the device says
//! it is idle only when nothing is pending.
//!
//! Lives here: time, the process that starts and dies. Does not live here: what each model checks for itself.

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{DeviceEvent, DeviceId, GroupId, IdleReport, OperatingSystem, Tenant, Timestamp};
use portal_device::{AckToken, Device, DeviceIdentity, EmulationSettings, Refusal};

use super::broker::{ModelBroker, serial_of};
use super::desktop::ModelDesktop;
use super::journal::ModelJournal;
use crate::{Action, Delivery, Input, JournalEntry, Publish, PublishId, Recovery, RequestNumber};

/// Everything that one device touches.
pub(super) struct Rig {
    pub(super) delivery: Delivery,
    pub(super) journal: ModelJournal,
    pub(super) broker: ModelBroker,
    pub(super) desktop: ModelDesktop,
    pub(super) wall: Timestamp,
    pub(super) identity: DeviceIdentity,
    pub(super) rules: EmulationSettings,
    /// What was done since it was looked at last.
    pub(super) done: Vec<Action>,
    /// The process dies after so many actions of the next input, and so many batches reach the disk all the same.
    pub(super) crash_after: Option<(usize, usize)>,
    pub(super) crashes: usize,
    /// What followers heard in this process.
    pub(super) told: Vec<DeviceEvent>,
    pub(super) groups: BTreeSet<GroupId>,
    /// The requests without an answer.
    pub(super) unanswered: BTreeSet<u64>,
    pub(super) awaiting_idle: BTreeMap<u64, Awaited>,
    pub(super) idle: Option<IdleReport>,
    pub(super) last_request: u64,
    /// How often each push may have appeared beyond its outcomes: it was in flight at a crash.
    forgiven: BTreeMap<u64, usize>,
    pub(super) refusals: Vec<Refusal>,
}

/// What was there when somebody began to wait for the device to be idle.
pub(super) struct Awaited {
    pub(super) messages: usize,
    pub(super) requests: u64,
}

pub(super) fn identity(operating_system: OperatingSystem) -> DeviceIdentity {
    let version: portal_device::OsVersion = if operating_system.is_apple() { "26" } else { "16" }.parse().unwrap();
    DeviceIdentity {
        id: DeviceId::from_bytes([7; 16]),
        name: "Adele's phone".to_owned(),
        tenant: Tenant::default(),
        operating_system,
        os_version: version.clone(),
        first_os_version: version,
    }
}

pub(super) fn group(number: u8) -> GroupId {
    GroupId::from_bytes([number; 16])
}

impl Rig {
    /// A device out of its box, whose process has just started; nothing is durable.
    pub(super) fn new(operating_system: OperatingSystem, rules: EmulationSettings) -> Self {
        let identity = identity(operating_system);
        let wall: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let device = Device::out_of_the_box(identity.clone(), rules.clone(), wall);
        let mut rig = Self {
            delivery: Delivery::new(device, Recovery::default()),
            journal: ModelJournal::default(),
            broker: ModelBroker::new(),
            desktop: ModelDesktop::default(),
            wall,
            identity,
            rules,
            done: Vec::new(),
            crash_after: None,
            crashes: 0,
            told: Vec::new(),
            groups: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            awaiting_idle: BTreeMap::new(),
            idle: None,
            last_request: 0,
            forgiven: BTreeMap::new(),
            refusals: Vec::new(),
        };
        rig.handle(Input::Started(Vec::new()));
        rig
    }

    /// One input and what is done about it.
    pub(super) fn handle(&mut self, input: Input) {
        let time_has_come = input == Input::DeadlineReached;
        let actions = self.delivery.handle(input, self.wall).unwrap();
        let crash = self.crash_after.take();
        let count = crash.map_or(actions.len(), |(after, _)| after.min(actions.len()));
        for action in actions.into_iter().take(count) {
            self.done.push(action.clone());
            self.carry_out(action);
        }
        if let Some((_, reaches_disk)) = crash {
            return self.crash(reaches_disk);
        }
        if time_has_come {
            let next = self.delivery.next_deadline();
            assert!(next.is_none_or(|next| next > self.wall), "a deadline that has passed is not over: {next:?}");
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Append { batch, entries } => self.append(batch, entries),
            Action::LookUpIds(ids) => self.journal.ask(ids),
            Action::ReadReceipts { after, limit } => self.journal.read(after, limit),
            Action::Acknowledge(ack) => self.acknowledge(ack),
            Action::Publish(publish) => self.publish(publish),
            Action::SetGroups(groups) => self.groups = groups,
            Action::GoOffline => self.broker.is_unwanted = true,
            Action::GoOnline => self.broker.is_unwanted = false,
            Action::Probe(number) => self.broker.probe(number),
            Action::ShowCard { card, shown } => {
                assert_eq!(self.in_flight(), [0; 0], "a card is shown before what was shown before is durable");
                self.desktop.show(card, shown);
            }
            Action::WithdrawCard(card) => self.desktop.withdraw(card),
            Action::ShowPrompt(prompt) => self.desktop.prompt = Some(prompt),
            Action::WithdrawPrompt(_) => self.desktop.prompt = None,
            Action::Answer { request, result } => {
                assert!(self.unanswered.remove(&request.0), "answered once");
                match result {
                    Ok(result) => {
                        let mut states = self.journal.durable.states();
                        assert!(
                            states.any(|state| state == result.state),
                            "a command is answered before its change is durable"
                        );
                    }
                    Err(refusal) => self.refusals.push(refusal),
                }
            }
            Action::AnswerIdle { requests, idle } => {
                requests.into_iter().for_each(|request| self.check_idle(request, &idle));
                self.idle = Some(idle);
            }
            Action::Tell(event) => {
                let last = self.told.last().map_or(0, |last| last.number);
                assert_eq!(event.number, last + 1, "events are numbered without a gap");
                assert!(self.journal.durable.has(&event.what), "told before it is durable: {event:?}");
                self.told.push(*event);
            }
            Action::ReceiptsDurable(sequence) => {
                let durable = self.journal.durable.receipts.last().map_or(0, |last| last.sequence);
                assert!(sequence <= durable, "receipt {sequence} is not durable");
            }
            Action::StatusChanged | Action::Log(_) => {}
        }
    }

    fn append(&mut self, batch: Option<crate::BatchNumber>, entries: Vec<JournalEntry>) {
        for entry in &entries {
            if let JournalEntry::Published { through } = entry {
                let taken = |sequence| self.broker.taken.contains(&sequence);
                assert!((1..=*through).all(taken), "the mark stands beyond a receipt that the broker has not taken");
            }
        }
        self.journal.append(batch, entries);
    }

    fn acknowledge(&mut self, ack: AckToken) {
        let Some((message, was_marked)) = self.broker.acknowledge(ack) else { return };
        let Some((serial, id)) = &self.broker.sent[message].push else { return };
        let durable = &self.journal.durable;
        let has_own = durable.outcomes.contains_key(serial) || durable.ever_held.contains(serial);
        let is_accounted = has_own || (was_marked && durable.ever_used.contains(id));
        assert!(is_accounted, "push {serial} ({id}) is acknowledged before it is durable");
    }

    fn publish(&mut self, publish: Publish) {
        match publish.id {
            PublishId::Receipt(sequence) => {
                let mut published: serde_json::Value = serde_json::from_slice(&publish.payload).unwrap();
                let receipts = &self.journal.durable.receipts;
                let durable = receipts.iter().find(|receipt| receipt.sequence == sequence);
                let mut durable = serde_json::to_value(durable.expect("published before it is durable")).unwrap();
                assert_eq!(published.get("interaction"), None, "what was done with it stands in the journal only");
                for json in [&mut published, &mut durable] {
                    json.as_object_mut().unwrap().remove("interaction");
                }
                assert_eq!(published, durable);
            }
            PublishId::State => {
                let state = serde_json::from_slice(&publish.payload).unwrap();
                assert!(self.journal.durable.states().any(|durable| durable == state), "the state is not durable");
            }
        }
        let mark = self.mark();
        self.broker.publish(publish, mark);
    }

    /// Every receipt up to here was taken by the broker, and the delivery knows.
    fn mark(&self) -> u64 {
        self.journal.appended.published_through
    }

    /// The pushes that appeared, or are about to, without a durable outcome that says so.
    pub(super) fn in_flight(&self) -> Vec<u64> {
        let in_flight = |(serial, appeared): (&u64, &usize)| {
            let outcomes = self.journal.durable.appearances.get(serial).copied().unwrap_or(0);
            let accounted = outcomes + self.forgiven.get(serial).copied().unwrap_or(0);
            assert!(accounted <= *appeared, "push {serial} is said to have appeared, and did not");
            (*appeared > accounted).then_some(*serial)
        };
        self.desktop.appeared.iter().filter_map(in_flight).collect()
    }

    /// The process dies; `reaches_disk` batches become durable that were appended. Another starts.
    pub(super) fn crash(&mut self, reaches_disk: usize) {
        self.crashes += 1;
        self.journal.commit(reaches_disk);
        let in_flight = self.in_flight();
        assert!(in_flight.len() <= 1, "more than one push may appear again: {in_flight:?}");
        for serial in in_flight {
            *self.forgiven.entry(serial).or_default() += 1;
        }
        self.journal.crash();
        self.broker.crash();
        self.desktop.crash();
        self.unanswered.clear();
        self.awaiting_idle.clear();
        self.told.clear();
        let (snapshot, resumption, recovery) = self.journal.recover();
        let device = match snapshot {
            Some(snapshot) => Device::resume(snapshot, resumption, self.rules.clone()),
            None => Device::out_of_the_box(self.identity.clone(), self.rules.clone(), self.wall),
        };
        self.delivery = Delivery::new(device, recovery);
        self.handle(Input::Started(Vec::new()));
    }

    fn check_idle(&mut self, request: RequestNumber, idle: &IdleReport) {
        let awaited = self.awaiting_idle.remove(&request.0).expect("asked, and answered once");
        assert!(self.journal.is_settled(), "idle, and something decided is not durable");
        assert_eq!(self.desktop.asked, None, "idle, and a card is being shown");
        assert!(self.unanswered.range(..awaited.requests).next().is_none(), "idle, and a command has no answer");
        assert!(self.delivery.next_deadline().is_none_or(|next| next > self.wall), "idle, and something is due");
        assert_eq!(idle.next_deadline, self.delivery.device().next_deadline());
        assert_eq!(idle.events, self.told.last().map_or(0, |last| last.number));
        if self.delivery.device().snapshot().condition.offline {
            assert!(!self.broker.is_connected(), "offline and idle, and the connection still stands");
            return;
        }
        let pending = (0..awaited.messages).filter(|message| self.broker.keeps(*message));
        assert_eq!(pending.count(), 0, "idle, and a message that the broker had taken is not acknowledged");
        assert_eq!(self.broker.publishes(), [], "idle, and a publish has no answer");
    }

    /// Once nothing is left to be done: nothing is lost, and nothing is told twice.
    pub(super) fn check_the_end(&self) {
        let durable = &self.journal.durable;
        assert_eq!(self.broker.backlog(), 0, "messages are not acknowledged");
        assert_eq!(self.in_flight(), [0; 0], "a card was shown, and no outcome says so");
        let last = durable.receipts.last().map_or(0, |last| last.sequence);
        assert!((1..=last).all(|sequence| self.broker.taken.contains(&sequence)), "receipts are not published");
        assert_eq!(
            self.broker.state,
            Some(self.delivery.device().snapshot().device_state()),
            "the newest state is published"
        );
        assert_eq!(self.groups, self.delivery.device().snapshot().enrollment.subscribed_groups());
        let (snapshot, resumption, _) = self.journal.recover();
        let resumed = Device::resume(snapshot.unwrap(), resumption, self.delivery.device().settings().clone());
        assert_eq!(self.delivery.device().snapshot(), resumed.snapshot());
        for sent in self.broker.sent.iter().filter(|sent| sent.at_least_once) {
            let Some((serial, id)) = &sent.push else { continue };
            let is_held = durable.held.values().any(|held| serial_of(&held.push) == *serial);
            let has_outcome = durable.outcomes.contains_key(serial);
            let is_repeated = durable.ever_used.contains(id);
            assert!(is_held || has_outcome || is_repeated, "push {serial} ({id}) is lost");
        }
    }
}
