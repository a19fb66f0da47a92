//! Anything that can happen to a device, drawn at random.
//!
//! Lives here: the steps and their strategies. Does not live here: what must hold (`checks`, `properties`).

use portal_contract::{
    Action, ActionKind, DeviceEnrollmentType, DeviceRegistrationState, GroupId, GroupList, Interaction,
    ManagedDeviceOwnerType, ManagementState, StandbyBucket, Timestamp,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

use super::bench::{Bench, Desktop, PLATFORMS, PROFILES, Platform};
use super::sent::{Sent, group, nonsense, sent, user};
use crate::{
    AppCommand, AppleRequest, Command, ConditionCommand, EnrollCommand, Event, FcmMessage, PermissionCommand, Priority,
    PushService, Removal, RemovalStage, Rules,
};

const USERS: [&str; 2] = ["adele", "bob"];

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Command(Command),
    Push(Sending),
    Groups { user: Option<usize>, groups: Vec<u8> },
    Action { id: u8, name: &'static str, sent_millis_ago: Option<i64> },
    Press { older: u32, allow: bool },
    ClosePrompt { older: u32 },
    Connect { session_present: bool },
    Disconnect,
    Fence,
    Desktop(Desktop),
    Advance(i64),
    ClockSetBack(i64),
    Interact { nth: usize, interaction: Interaction },
    CardsLost,
    ServerAppeared,
    Restart,
}

/// A push as it may come.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    id: u8,
    group: Option<u8>,
    user: Option<usize>,
    sent_millis_ago: Option<i64>,
    expires_in_millis: Option<i64>,
    broker_expiry: Option<u32>,
    retained: bool,
    nonsense: bool,
}

impl Sending {
    fn push(&self, now: Timestamp) -> Sent {
        if self.nonsense {
            return nonsense();
        }
        let mut push = sent(&format!("n{}", self.id));
        if let Some(n) = self.group {
            push = push.for_group(n);
        }
        if let Some(n) = self.user {
            push = push.for_user(USERS[n]);
        }
        if let Some(ago) = self.sent_millis_ago {
            push = push.sent_at(now.plus_millis(-ago));
        }
        if let Some(millis) = self.expires_in_millis {
            push = push.expires_at(now.plus_millis(millis));
        }
        if let Some(seconds) = self.broker_expiry {
            push = push.broker_expiry(seconds);
        }
        if self.retained { push.retained() } else { push }
    }
}

impl Bench {
    /// Takes one step; a refused command is one that changed nothing.
    pub(super) fn take(&mut self, step: &Step) {
        match step {
            Step::Command(command) => drop(self.apply(Event::Command(command.clone()))),
            Step::Push(sending) => drop(self.push(sending.push(self.now))),
            Step::Groups { user: name, groups } => {
                let user_principal_name = name.map(|n| user(USERS[n]));
                let groups = groups.iter().copied().map(group).collect();
                self.happens(Event::GroupsHeard(GroupList { user_principal_name, groups }));
            }
            Step::Action { id, name, sent_millis_ago } => {
                let sent_at = sent_millis_ago.map(|ago| self.now.plus_millis(-ago));
                let action = Action { id: id.to_string(), action: (*name).to_owned(), sent_at };
                self.happens(Event::ActionArrived(action));
            }
            Step::Press { older, allow } => {
                let number = self.latest_prompt(*older);
                self.happens(Event::PromptAnswered { number, allow: *allow });
            }
            Step::ClosePrompt { older } => {
                let number = self.latest_prompt(*older);
                self.happens(Event::PromptClosed { number });
            }
            Step::Connect { session_present } => self.connect(*session_present),
            Step::Disconnect => self.disconnect(),
            Step::Fence => drop(self.fence()),
            Step::Desktop(desktop) => self.desktop(*desktop),
            Step::Advance(millis) => self.advance(*millis),
            Step::ClockSetBack(millis) => self.step_back(*millis),
            Step::Interact { nth, interaction } => self.interact(*nth, *interaction),
            Step::CardsLost => drop(self.happens(Event::CardsLost)),
            Step::ServerAppeared => drop(self.happens(Event::NotificationServerAppeared)),
            Step::Restart if self.device.has_push_in_hand() => {}
            Step::Restart => self.restart(),
        }
    }

    fn latest_prompt(&self, older: u32) -> u32 {
        self.prompts.last().map_or(0, |number| number.saturating_sub(older))
    }

    fn interact(&mut self, nth: usize, interaction: Interaction) {
        if let Some(card) = self.open.iter().nth(nth).copied() {
            self.happens(Event::CardInteraction { card, interaction });
        }
    }

    /// Takes away whatever a push can wait for, and lets time pass until nothing does.
    pub(super) fn release(&mut self) {
        self.desktop(Desktop::Shows);
        for condition in [
            ConditionCommand::Offline(false),
            ConditionCommand::Doze(false),
            ConditionCommand::WorkProfilePaused(false),
            ConditionCommand::BatteryOptimisationExempt(true),
        ] {
            drop(self.apply(Event::Command(Command::Condition(condition))));
        }
        self.disconnect();
        self.connect(true);
        self.fence();
        // Further than any step can have set the clock back: a grace ends by it.
        self.advance(500_000_000);
    }
}

fn app_command() -> impl Strategy<Value = AppCommand> {
    let version = proptest::option::of(prop_oneof!["[0-9]{1,2}(\\.[0-9]{1,4}){0,2}", "[0-9.x]{0,4}"]);
    prop_oneof![
        4 => Just(AppCommand::Install { version: None, target_sdk: None }),
        1 => (version.clone(), target_sdk()).prop_map(|(version, target_sdk)| AppCommand::Install { version, target_sdk }),
        2 => (version, target_sdk()).prop_map(|(version, target_sdk)| AppCommand::Update { version, target_sdk }),
        1 => Just(AppCommand::Uninstall),
        1 => Just(AppCommand::Open),
        1 => Just(AppCommand::Close),
        1 => Just(AppCommand::ForceStop),
        1 => Just(AppCommand::Refresh),
        1 => any::<bool>().prop_map(|signed_in| if signed_in { AppCommand::SignIn } else { AppCommand::SignOut }),
    ]
}

fn target_sdk() -> impl Strategy<Value = Option<u32>> {
    proptest::option::weighted(0.4, 31..35_u32)
}

fn permission_command() -> impl Strategy<Value = PermissionCommand> {
    prop_oneof![
        3 => Just(PermissionCommand::Prompt),
        4 => Just(PermissionCommand::Allow),
        3 => Just(PermissionCommand::Deny),
        1 => Just(PermissionCommand::Reset),
        1 => Just(PermissionCommand::PromptProvisional),
        1 => Just(PermissionCommand::Dismiss),
        1 => any::<bool>().prop_map(|in_summary| PermissionCommand::Keep { in_summary }),
        1 => Just(PermissionCommand::TurnOff),
    ]
}

fn condition_command() -> impl Strategy<Value = ConditionCommand> {
    prop_oneof![
        any::<bool>().prop_map(ConditionCommand::Locked),
        any::<bool>().prop_map(ConditionCommand::Offline),
        any::<bool>().prop_map(ConditionCommand::Focus),
        any::<bool>().prop_map(ConditionCommand::Doze),
        any::<bool>().prop_map(ConditionCommand::WorkProfilePaused),
        any::<bool>().prop_map(ConditionCommand::BatteryOptimisationExempt),
    ]
}

fn setting() -> impl Strategy<Value = Command> {
    const NAMES: [&str; 10] = [
        "scheduledDelivery",
        "timeSensitive",
        "alert",
        "lockScreen",
        "notificationCenter",
        "sound",
        "showPreviews",
        "channelGroup",
        "channelImportance",
        "x",
    ];
    const VALUES: [&str; 10] = ["on", "off", "never", "NONE", "LOW", "HIGH", "PRIVATE", "SECRET", "PUBLIC", "x"];
    (proptest::sample::select(&NAMES[..]), proptest::sample::select(&VALUES[..]))
        .prop_map(|(name, value)| Command::SettingsSet { name: name.to_owned(), value: value.to_owned() })
}

fn enroll(groups: impl Strategy<Value = Option<BTreeSet<GroupId>>>) -> impl Strategy<Value = EnrollCommand> {
    let kind = proptest::option::weighted(0.3, proptest::sample::select(DeviceEnrollmentType::ALL));
    let owner = proptest::option::weighted(0.2, proptest::sample::select(ManagedDeviceOwnerType::ALL));
    (0..2_usize, groups, kind, owner, any::<bool>()).prop_map(|(n, groups, enrollment_type, owner_type, supervised)| {
        EnrollCommand { user: user(USERS[n]), groups, enrollment_type, owner_type, supervised }
    })
}

fn removal() -> impl Strategy<Value = Command> {
    const REMOVALS: [Removal; 3] = [Removal::Retire, Removal::Wipe, Removal::Delete];
    const STAGES: [RemovalStage; 3] = [RemovalStage::Pending, RemovalStage::Issued, RemovalStage::Done];
    (proptest::sample::select(&REMOVALS[..]), proptest::sample::select(&STAGES[..]))
        .prop_map(|(removal, stage)| Command::Removal { removal, stage })
}

fn enrollment_state() -> impl Strategy<Value = Command> {
    let management = ManagementState::ALL.iter().map(|state| ("managementState", state.word()));
    let registration = DeviceRegistrationState::ALL.iter().map(|state| ("deviceRegistrationState", state.word()));
    let states: Vec<_> = management.chain(registration).chain([("managementState", "x"), ("x", "x")]).collect();
    proptest::sample::select(states)
        .prop_map(|(name, value)| Command::EnrollmentSet { name: name.to_owned(), value: value.to_owned() })
}

fn policy() -> impl Strategy<Value = Command> {
    const NAMES: [&str; 6] =
        ["NotificationsEnabled", "ShowInLockScreen", "AlertType", "PreviewType", "PermissionGrantState", "x"];
    const VALUES: [&str; 6] = ["true", "false", "0", "2", "granted", "denied"];
    prop_oneof![
        4 => (proptest::sample::select(&NAMES[..]), proptest::sample::select(&VALUES[..]))
            .prop_map(|(name, value)| Command::PolicySet { name: name.to_owned(), value: value.to_owned() }),
        1 => Just(Command::PolicyClear),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let groups = proptest::option::of(proptest::collection::btree_set((0..3_u8).prop_map(group), 0..3));
    prop_oneof![
        6 => app_command().prop_map(Command::App),
        6 => permission_command().prop_map(Command::Permission),
        6 => condition_command().prop_map(Command::Condition),
        4 => enroll(groups).prop_map(Command::Enroll),
        3 => removal(),
        1 => enrollment_state(),
        3 => policy(),
        1 => proptest::sample::select(&StandbyBucket::ALL[..]).prop_map(|bucket| Command::Standby { bucket }),
        1 => Just(Command::Restore),
        2 => any::<bool>().prop_map(|installed| Command::PlayServices { installed }),
        1 => (12..20_u32).prop_map(|major| Command::OsUpdate { version: major.to_string().parse().unwrap() }),
        3 => setting(),
        1 => (0..200_000_u64).prop_map(|millis| Command::ClockAdvance { millis }),
        1 => "[ab]".prop_map(|name| Command::Rename { name }),
        1 => Just(Command::Reset),
    ]
}

prop_compose! {
    fn sending()(
        id in 0..40_u8,
        group in proptest::option::weighted(0.3, 0..3_u8),
        user in proptest::option::weighted(0.3, 0..2_usize),
        sent_millis_ago in proptest::option::weighted(0.2, -10_000..4_000_000_i64),
        expires_in_millis in proptest::option::weighted(0.2, -1_000..60_000_i64),
        broker_expiry in proptest::option::weighted(0.2, 0..60_u32),
        retained in proptest::bool::weighted(0.05),
        nonsense in proptest::bool::weighted(0.05),
    ) -> Sending {
        Sending { id, group, user, sent_millis_ago, expires_in_millis, broker_expiry, retained, nonsense }
    }
}

fn desktop(may_think: bool) -> impl Strategy<Value = Desktop> {
    let thinks = if may_think { Desktop::Thinks } else { Desktop::Shows };
    let all = [Desktop::Shows, Desktop::ServerAway, Desktop::DoesNotAnswer, Desktop::Refuses, thinks];
    proptest::sample::select(all.to_vec())
}

fn step(may_think: bool) -> impl Strategy<Value = Step> {
    let name = proptest::sample::select(vec!["retire", "syncDevice", "wipe", "rebootNow"]);
    let ago = || proptest::option::of(-1_000..100_000_i64);
    let interaction = prop_oneof![Just(Interaction::Clicked), Just(Interaction::Dismissed)];
    prop_oneof![
        12 => command().prop_map(Step::Command),
        16 => sending().prop_map(Step::Push),
        1 => (proptest::option::of(0..2_usize), proptest::collection::vec(0..3_u8, 0..3))
            .prop_map(|(user, groups)| Step::Groups { user, groups }),
        1 => (0..9_u8, name, ago()).prop_map(|(id, name, sent_millis_ago)| Step::Action { id, name, sent_millis_ago }),
        2 => (0..2_u32, any::<bool>()).prop_map(|(older, allow)| Step::Press { older, allow }),
        1 => (0..2_u32).prop_map(|older| Step::ClosePrompt { older }),
        2 => any::<bool>().prop_map(|session_present| Step::Connect { session_present }),
        2 => Just(Step::Disconnect),
        3 => Just(Step::Fence),
        3 => desktop(may_think).prop_map(Step::Desktop),
        3 => (0..30_000_i64).prop_map(Step::Advance),
        1 => (0..8_000_000_i64).prop_map(Step::Advance),
        1 => (0..5_000_000_i64).prop_map(Step::ClockSetBack),
        1 => (0..3_usize, interaction).prop_map(|(nth, interaction)| Step::Interact { nth, interaction }),
        1 => Just(Step::CardsLost),
        1 => Just(Step::ServerAppeared),
        1 => Just(Step::Restart),
    ]
}

/// Any steps, in any order.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(true), 0..80)
}

/// Steps in which the desktop always answers at once, so that nothing is in hand between them.
pub(super) fn steps_with_a_quick_desktop() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(false), 0..50)
}

/// Any event that comes from outside.
pub(super) fn events() -> impl Strategy<Value = Event> {
    let push = sending().prop_map(|sending| Event::PushArrived(sending.push(Timestamp::from_millis(0)).arrival));
    prop_oneof![
        4 => push,
        2 => command().prop_map(Event::Command),
        1 => any::<u64>().prop_map(|millis| Event::Command(Command::ClockAdvance { millis })),
        1 => any::<bool>().prop_map(|session_present| Event::Connected { session_present }),
        1 => Just(Event::FenceReturned),
        1 => Just(Event::Disconnected),
        1 => Just(Event::DeadlineReached),
        1 => (any::<u32>(), any::<bool>()).prop_map(|(number, allow)| Event::PromptAnswered { number, allow }),
    ]
}

prop_compose! {
    fn push_service()(
        emulate in any::<bool>(),
        high in any::<bool>(),
        collapses in any::<bool>(),
        time_to_live_millis in proptest::option::weighted(0.5, prop_oneof![Just(0), Just(20_000)]),
        lower_priority_after in 0..4_u32,
    ) -> PushService {
        let android_priority = if high { Priority::High } else { Priority::Normal };
        let android_message = if collapses { FcmMessage::Notification } else { FcmMessage::Data };
        PushService { emulate, android_priority, android_message, time_to_live_millis, lower_priority_after }
    }
}

prop_compose! {
    /// Any settings, small enough that their limits are met.
    pub(super) fn rules()(
        documentation in proptest::sample::select(&PROFILES[..]),
        push_service in push_service(),
        grace_millis in prop_oneof![Just(0), Just(60_000)],
        late_joiner in any::<bool>(),
        provisional in any::<(bool, bool)>(),
        android_target_sdk in 32..34_u32,
        pace_per_second in prop_oneof![1..4_u32, Just(100)],
        open_cards in 1..4_usize,
        patience_millis in prop_oneof![Just(0), Just(5_000), Just(20_000)],
        ids_age_millis in prop_oneof![Just(3_600_000), Just(90 * 24 * 3_600_000)],
        retire_is_allowed in any::<bool>(),
    ) -> Rules {
        let allowed_actions = if retire_is_allowed { ActionKind::ALL.to_vec() } else { vec![ActionKind::SyncDevice] };
        Rules {
            documentation, push_service, grace_millis, late_joiner,
            apple_request: if provisional.0 { AppleRequest::Provisional } else { AppleRequest::Explicit },
            provisional_may_prompt: provisional.1,
            android_target_sdk, pace_per_second, open_cards, patience_millis, ids_age_millis, allowed_actions,
        }
    }
}

/// A device out of its box, or one that is ready.
pub(super) fn benches() -> impl Strategy<Value = (Platform, bool)> {
    (proptest::sample::select(&PLATFORMS[..]), any::<bool>())
}
