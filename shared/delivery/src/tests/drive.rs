//! What a test does with the rig: pushes, commands, the broker's and the desktop's part, time.
//!
//! Lives here: each of them in one call, and working until nothing is left to be done. Does not live here: what is looked at
//! meanwhile (`rig`).

use std::collections::BTreeSet;

use portal_contract::{DesktopInteraction, IncomingTopic, OperatingSystem, PushTarget};
use portal_device::{
    AppCommand, ConditionCommand, DeviceCommand, DeviceSnapshot, EmulationSettings, EnrollCommand, PermissionCommand,
};

use super::broker::Sent;
use super::desktop::Answer;
use super::rig::{Awaited, Rig, group};
use crate::{Input, RequestNumber, SessionInput};

impl Rig {
    /// An online, enrolled device that may notify; all that was done for it is durable and published.
    pub(super) fn ready_with(operating_system: OperatingSystem, rules: EmulationSettings) -> Self {
        let mut rig = Self::new(operating_system, rules);
        rig.connect_fully();
        let mut enroll = EnrollCommand::by("adele@contoso.example".parse().unwrap());
        enroll.groups = Some(BTreeSet::from([group(1)]));
        rig.apply(DeviceCommand::Enroll(enroll));
        rig.apply(DeviceCommand::App(AppCommand::Install { version: None, target_sdk: None }));
        rig.apply(DeviceCommand::Permission(PermissionCommand::Allow));
        rig.take_all_publishes();
        rig.commit();
        rig.done.clear();
        rig
    }

    /// The same device in a process that was told which ids are certainly new.
    pub(super) fn restarted_with_new_ids_told(mut self) -> Self {
        self.journal.tells_new_ids = true;
        self.crash(usize::MAX);
        self.connect_fully();
        self.commit();
        self.done.clear();
        self
    }

    /// An iPhone that is ready.
    pub(super) fn ready() -> Self {
        Self::ready_with(OperatingSystem::Ios, EmulationSettings::default())
    }

    pub(super) fn session(&mut self, inputs: impl IntoIterator<Item = SessionInput>) {
        let inputs: Vec<SessionInput> = inputs.into_iter().collect();
        if !inputs.is_empty() {
            self.handle(Input::Session(inputs));
        }
    }

    pub(super) fn ask(&mut self, command: DeviceCommand) {
        let request = self.request();
        self.handle(Input::Command { request, command });
    }

    /// Back to how it was after an earlier event.
    pub(super) fn return_to(&mut self, event: u64, past: Box<DeviceSnapshot>) {
        let request = self.request();
        self.handle(Input::Return { request, event, past });
    }

    pub(super) fn interact(&mut self, interaction: DesktopInteraction) {
        let request = self.request();
        self.handle(Input::Interact { request, interaction });
    }

    fn request(&mut self) -> RequestNumber {
        self.last_request += 1;
        self.unanswered.insert(self.last_request);
        RequestNumber(self.last_request)
    }

    pub(super) fn await_idle(&mut self) {
        self.last_request += 1;
        self.idle = None;
        let awaited = Awaited { messages: self.broker.sent.len(), requests: self.last_request };
        self.awaiting_idle.insert(self.last_request, awaited);
        self.handle(Input::AwaitIdle(RequestNumber(self.last_request)));
    }

    /// A push to the device.
    pub(super) fn push(&mut self, id: &str) -> u64 {
        self.push_to(PushTarget::Device, id, "")
    }

    /// A push; `more` are further members of its JSON.
    pub(super) fn push_to(&mut self, target: PushTarget, id: &str, more: &str) -> u64 {
        let serial = self.broker.sent.len() as u64 + 1;
        let payload = format!(r#"{{"id":"{id}","notificationTitle":"{serial}","notificationBody":"b"{more}}}"#);
        let push = Some((serial, id.parse().unwrap()));
        self.broker.send(Sent::new(IncomingTopic::Notification(target), payload, push));
        serial
    }

    /// A push that arrives at once.
    pub(super) fn push_now(&mut self, id: &str) -> u64 {
        let serial = self.push(id);
        self.deliver();
        serial
    }

    pub(super) fn deliver(&mut self) {
        let inputs = self.broker.deliver(usize::MAX);
        self.session(inputs);
    }

    /// Everything that was appended becomes durable, and is told.
    pub(super) fn commit(&mut self) {
        self.journal.commit(usize::MAX);
        self.handle(Input::Durable(self.journal.newest_durable));
    }

    pub(super) fn answer_ids(&mut self) {
        if let Some(answers) = self.journal.answer(false) {
            self.handle(Input::IdsLookedUp(answers));
        }
    }

    pub(super) fn desktop_answers(&mut self, answer: Answer) {
        if let Some(input) = self.desktop.answer(answer) {
            self.handle(Input::Desktop(input));
        }
    }

    /// A push goes through: shown, committed, acknowledged, its receipt published and not answered.
    pub(super) fn push_through(&mut self, id: &str) -> u64 {
        let serial = self.push_now(id);
        self.answer_ids();
        self.desktop_answers(Answer::Shows);
        self.commit();
        serial
    }

    /// Carries out a command, its commit included.
    pub(super) fn apply(&mut self, command: DeviceCommand) {
        self.ask(command);
        self.commit();
        assert!(self.unanswered.is_empty(), "the command has its answer");
    }

    pub(super) fn connect_fully(&mut self) {
        let connected = self.broker.connect();
        self.session(connected);
        let online = self.broker.go_online();
        self.session(online);
        self.deliver();
    }

    pub(super) fn disconnect(&mut self) {
        let gone = self.broker.disconnect();
        self.session(gone);
    }

    pub(super) fn take_all_publishes(&mut self) {
        while let Some(taken) = self.broker.take(0) {
            self.session([taken]);
        }
    }

    /// Time passes; what is due then is done.
    pub(super) fn advance(&mut self, millis: i64) {
        self.wall = self.wall.plus_millis(millis);
        if self.delivery.next_deadline().is_some_and(|next| next <= self.wall) {
            self.handle(Input::DeadlineReached);
        }
    }

    /// Everything around the device works, until nothing is left to be done; whether the device says that it is idle.
    pub(super) fn settle(&mut self) -> bool {
        self.crash_after = None;
        if self.desktop.is_away {
            let back = self.desktop.come_back();
            self.handle(Input::Desktop(back));
        }
        self.disconnect();
        self.await_idle();
        for _ in 0..2000 {
            self.journal.commit(usize::MAX);
            self.commit();
            self.answer_ids();
            if let Some(page) = self.journal.page() {
                self.handle(Input::ReceiptsRead(page));
            }
            self.desktop_answers(Answer::Shows);
            if self.broker.is_unwanted {
                self.disconnect();
            }
            self.connect_fully();
            self.take_all_publishes();
            self.advance(0);
            if self.idle.is_none() {
                continue;
            }
            if self.delivery.device().snapshot().condition.offline {
                self.ask(DeviceCommand::Condition(ConditionCommand::Offline(false)));
                self.await_idle();
                continue;
            }
            let Some(next) = self.delivery.next_deadline() else { return true };
            self.wall = self.wall.max(next);
            self.await_idle();
        }
        false
    }
}
