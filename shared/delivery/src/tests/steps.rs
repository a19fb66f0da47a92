//! Anything that broker, desktop, disk, clock, service and person may do, drawn at random.
//!
//! Lives here: the steps and their strategies. Does not live here: what must hold (the models, `rig`, `properties`).

use portal_contract::{CardInteraction, DesktopInteraction, IncomingTopic, OperatingSystem, PushTarget};
use portal_device::{
    AppCommand, ConditionCommand, DeviceCommand, DocumentationYear, EmulationSettings, EnrollCommand,
    PermissionCommand, PushServiceEmulation, Removal, RemovalStage,
};
use proptest::prelude::*;

use super::broker::Sent;
use super::desktop::Answer;
use super::rig::{Rig, group};
use crate::Input;

/// One thing that happens; nothing, where it cannot.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Push(Sending),
    Rejected,
    Action { id: u8, name: &'static str },
    Groups(Vec<u8>),
    Deliver(usize),
    DeliverAgain { is_marked: bool },
    Connect,
    Online,
    Disconnect,
    TakePublish(usize),
    RefusePublish { place: usize, for_good: bool },
    Commit(usize),
    TellDurable,
    AnswerIds { as_asked: bool },
    ReadReceipts,
    Card(Answer),
    CloseCard(CardInteraction),
    ServerGoes,
    ServerComes,
    Interact(DesktopInteraction),
    Command(DeviceCommand),
    Advance(i64),
    ClockSetBack(i64),
    AwaitIdle,
    Follow,
    Crash { after: usize, reaches_disk: usize },
}

/// A push as it may be sent.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    id: u8,
    group: Option<u8>,
    at_least_once: bool,
    expiry_seconds: Option<u32>,
}

impl Rig {
    pub(super) fn take(&mut self, step: &Step) {
        match step {
            Step::Push(sending) => self.send(sending),
            Step::Rejected => {
                self.broker.send(Sent::new(IncomingTopic::Notification(PushTarget::Device), "{}".to_owned(), None));
            }
            Step::Action { id, name } => {
                let action = serde_json::json!({ "id": id.to_string(), "action": name });
                self.broker.send(Sent::new(IncomingTopic::Action, action.to_string(), None));
            }
            Step::Groups(groups) => {
                let groups: Vec<_> = groups.iter().map(|number| group(*number)).collect();
                let list = serde_json::json!({ "groups": groups });
                self.broker.send(Sent::new(IncomingTopic::Groups, list.to_string(), None));
            }
            Step::Deliver(count) => {
                let inputs = self.broker.deliver(*count);
                self.session(inputs);
            }
            Step::DeliverAgain { is_marked } => {
                let input = self.broker.deliver_again(*is_marked);
                self.session(input);
            }
            Step::Connect => {
                let input = self.broker.connect();
                self.session(input);
            }
            Step::Online => {
                let input = self.broker.go_online();
                self.session(input);
            }
            Step::Disconnect => self.disconnect(),
            Step::TakePublish(place) => {
                let input = self.broker.take(*place);
                self.session(input);
            }
            Step::RefusePublish { place, for_good } => {
                let input = self.broker.refuse(*place, *for_good);
                self.session(input);
            }
            Step::Commit(count) => {
                self.journal.commit(*count);
            }
            Step::TellDurable => self.handle(Input::Durable(self.journal.newest_durable)),
            Step::AnswerIds { as_asked } => {
                if let Some(answers) = self.journal.answer(*as_asked) {
                    self.handle(Input::IdsLookedUp(answers));
                }
            }
            Step::ReadReceipts => {
                if let Some(page) = self.journal.page() {
                    self.handle(Input::ReceiptsRead(page));
                }
            }
            Step::Card(answer) => self.desktop_answers(*answer),
            Step::CloseCard(interaction) => {
                if let Some(input) = self.desktop.close_newest(*interaction) {
                    self.handle(Input::Desktop(input));
                }
            }
            Step::ServerGoes => {
                for input in self.desktop.go_away() {
                    self.handle(Input::Desktop(input));
                }
            }
            Step::ServerComes => {
                let input = self.desktop.come_back();
                self.handle(Input::Desktop(input));
            }
            Step::Interact(interaction) => self.interact(*interaction),
            Step::Command(command) => self.ask(command.clone()),
            Step::Advance(millis) => self.advance(*millis),
            Step::ClockSetBack(millis) => self.wall = self.wall.plus_millis(-millis),
            Step::AwaitIdle => self.await_idle(),
            Step::Follow => {
                let first = self.delivery.begin_following(self.wall);
                assert_eq!(first.number, self.told.last().map_or(0, |last| last.number));
            }
            Step::Crash { after, reaches_disk } => self.crash_after = Some((*after, *reaches_disk)),
        }
        // A connection that the device does not want ends, sooner or later.
        if self.broker.is_unwanted && matches!(step, Step::Advance(_) | Step::Deliver(_)) {
            self.disconnect();
        }
    }

    fn send(&mut self, sending: &Sending) {
        let target = sending.group.map_or(PushTarget::Device, |number| PushTarget::Group { id: group(number) });
        self.push_to(target, &format!("n{}", sending.id), "");
        let sent = self.broker.sent.last_mut().unwrap();
        sent.at_least_once = sending.at_least_once;
        sent.expiry_seconds = sending.expiry_seconds;
    }
}

fn sending() -> impl Strategy<Value = Sending> {
    let ids = prop_oneof![1 => 0..3_u8, 1 => any::<u8>()];
    let groups = prop_oneof![3 => Just(None), 1 => (1..3_u8).prop_map(Some)];
    let expiry = prop_oneof![9 => Just(None), 1 => (0..4_u32).prop_map(Some)];
    (ids, groups, prop::bool::weighted(0.9), expiry).prop_map(|(id, group, at_least_once, expiry_seconds)| Sending {
        id,
        group,
        at_least_once,
        expiry_seconds,
    })
}

fn command() -> impl Strategy<Value = DeviceCommand> {
    let conditions = [
        ConditionCommand::Locked(true),
        ConditionCommand::Locked(false),
        ConditionCommand::Offline(true),
        ConditionCommand::Offline(false),
        ConditionCommand::Offline(false),
        ConditionCommand::Focus(true),
        ConditionCommand::Doze(true),
        ConditionCommand::Doze(false),
        ConditionCommand::Doze(false),
        ConditionCommand::WorkProfilePaused(true),
        ConditionCommand::WorkProfilePaused(false),
        ConditionCommand::WorkProfilePaused(false),
    ];
    let permissions = [
        PermissionCommand::Allow,
        PermissionCommand::Allow,
        PermissionCommand::Allow,
        PermissionCommand::Deny,
        PermissionCommand::Prompt,
        PermissionCommand::Reset,
    ];
    let install = || AppCommand::Install { version: None, target_sdk: None };
    let apps = [install(), install(), AppCommand::Uninstall, AppCommand::Open, AppCommand::Close, AppCommand::Close];
    let enroll = || DeviceCommand::Enroll(EnrollCommand::by("adele@contoso.example".parse().unwrap()));
    let retire = DeviceCommand::Removal { removal: Removal::Retire, stage: RemovalStage::Done };
    let others = [enroll(), enroll(), enroll(), retire, DeviceCommand::ClockAdvance { millis: 700 }];
    prop_oneof![
        4 => prop::sample::select(conditions.to_vec()).prop_map(DeviceCommand::Condition),
        3 => prop::sample::select(permissions.to_vec()).prop_map(DeviceCommand::Permission),
        2 => prop::sample::select(apps.to_vec()).prop_map(DeviceCommand::App),
        2 => prop::sample::select(others.to_vec()),
    ]
}

/// Without a reset: then each id has one outcome that uses it for the whole of a walk.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let answers =
        prop::sample::select(vec![Answer::Shows, Answer::Shows, Answer::Shows, Answer::Refuses, Answer::Hangs]);
    let interactions = prop::sample::select(vec![
        DesktopInteraction::AllowPrompt,
        DesktopInteraction::DenyPrompt,
        DesktopInteraction::ClosePrompt,
        DesktopInteraction::ClickCard,
        DesktopInteraction::DismissCard,
    ]);
    let actions = prop::sample::select(vec!["syncDevice", "rebootNow", "syncDevice", "rebootNow", "retire"]);
    let closings = prop::sample::select(vec![CardInteraction::Clicked, CardInteraction::Dismissed]);
    let advances = prop_oneof![8 => 0..1500_i64, 2 => 0..30_000_i64, 1 => 0..4_000_000_000_i64];
    prop_oneof![
        16 => sending().prop_map(Step::Push),
        1 => Just(Step::Rejected),
        3 => (0..4_u8, actions).prop_map(|(id, name)| Step::Action { id, name }),
        1 => prop::collection::vec(1..3_u8, 0..2).prop_map(Step::Groups),
        16 => (1..5_usize).prop_map(Step::Deliver),
        2 => any::<bool>().prop_map(|is_marked| Step::DeliverAgain { is_marked }),
        5 => Just(Step::Connect),
        5 => Just(Step::Online),
        2 => Just(Step::Disconnect),
        9 => (0..3_usize).prop_map(Step::TakePublish),
        1 => (0..3_usize, any::<bool>()).prop_map(|(place, for_good)| Step::RefusePublish { place, for_good }),
        14 => (1..4_usize).prop_map(Step::Commit),
        14 => Just(Step::TellDurable),
        10 => any::<bool>().prop_map(|as_asked| Step::AnswerIds { as_asked }),
        3 => Just(Step::ReadReceipts),
        14 => answers.prop_map(Step::Card),
        2 => closings.prop_map(Step::CloseCard),
        1 => Just(Step::ServerGoes),
        2 => Just(Step::ServerComes),
        2 => interactions.prop_map(Step::Interact),
        5 => command().prop_map(Step::Command),
        6 => advances.prop_map(Step::Advance),
        1 => (0..10_000_i64).prop_map(Step::ClockSetBack),
        2 => Just(Step::AwaitIdle),
        1 => Just(Step::Follow),
        3 => (0..8_usize, 0..3_usize).prop_map(|(after, reaches_disk)| Step::Crash { after, reaches_disk }),
    ]
}

/// The same, and resets.
pub(super) fn step_or_reset() -> impl Strategy<Value = Step> {
    prop_oneof![12 => step(), 1 => Just(Step::Command(DeviceCommand::Reset))]
}

pub(super) fn rules() -> impl Strategy<Value = EmulationSettings> {
    let years = prop::sample::select(DocumentationYear::ALL.to_vec());
    let graces = prop::sample::select(vec![0, 700, 5_000_i64]);
    (1..4_u32, 1..4_usize, graces, any::<bool>(), years).prop_map(
        |(pace_per_second, open_cards, grace_millis, emulate, documentation)| {
            let push_service = PushServiceEmulation { emulate, ..PushServiceEmulation::default() };
            EmulationSettings {
                documentation,
                push_service,
                grace_millis,
                pace_per_second,
                open_cards,
                ..EmulationSettings::default()
            }
        },
    )
}

pub(super) fn platform() -> impl Strategy<Value = OperatingSystem> {
    prop::sample::select(vec![OperatingSystem::Ios, OperatingSystem::Android])
}
