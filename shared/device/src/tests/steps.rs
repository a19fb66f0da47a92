//! Anything that can happen to a device, drawn at random.
//!
//! Lives here: the steps and their strategies. Does not live here: what must hold (`checks`, `properties`).

use portal_contract::status::PromptChoice;
use portal_contract::{ActionKind, CardInteraction, GroupList, RemoteAction, Timestamp};
use proptest::prelude::*;

use super::random_commands::{USERS, choice, command};
use super::rig::{DesktopBehaviour, DeviceRig, PLATFORMS, PROFILES, PlatformCase};
use super::sent::{PushBuilder, group, nonsense, sent, user};
use crate::{
    ApplePermissionRequest, ChannelCreation, ConditionCommand, DeviceCommand, DeviceInput, EmulationSettings,
    FcmMessageKind, FcmPriority, PromptNumber, PushServiceEmulation, ReceiverApp,
};

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum RandomStep {
    Command(DeviceCommand),
    Push(RandomPush),
    Groups {
        user: Option<usize>,
        groups: Vec<u8>,
    },
    Action {
        id: u8,
        name: &'static str,
        sent_millis_ago: Option<i64>,
    },
    Press {
        older: u32,
        choice: PromptChoice,
    },
    ClosePrompt {
        older: u32,
    },
    Connect {
        session_present: bool,
    },
    Disconnect,
    Fence,
    Desktop(DesktopBehaviour),
    Advance(i64),
    ClockSetBack(i64),
    Interact {
        nth: usize,
        interaction: CardInteraction,
    },
    CardsLost,
    ServerAppeared,
    Restart,
    /// Back to the event at this place of the history, counted round.
    Return(usize),
}

/// A push as it may come.
#[derive(Debug, Clone)]
pub(super) struct RandomPush {
    id: u8,
    group: Option<u8>,
    user: Option<usize>,
    sent_millis_ago: Option<i64>,
    expires_in_millis: Option<i64>,
    broker_expiry: Option<u32>,
    retained: bool,
    nonsense: bool,
}

impl RandomPush {
    fn push(&self, now: Timestamp) -> PushBuilder {
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

impl DeviceRig {
    /// Takes one step; a refused command is one that changed nothing.
    pub(super) fn take(&mut self, step: &RandomStep) {
        match step {
            RandomStep::Command(command) => drop(self.apply(DeviceInput::Command(command.clone()))),
            RandomStep::Push(sending) => drop(self.push(sending.push(self.now))),
            RandomStep::Groups { user: name, groups } => {
                let user_principal_name = name.map(|n| user(USERS[n]));
                let groups = groups.iter().copied().map(group).collect();
                self.happens(DeviceInput::GroupsHeard(GroupList { user_principal_name, groups }));
            }
            RandomStep::Action { id, name, sent_millis_ago } => {
                let sent_at = sent_millis_ago.map(|ago| self.now.plus_millis(-ago));
                let action = RemoteAction { id: id.to_string(), action: (*name).to_owned(), sent_at };
                self.action_arrives(action);
            }
            RandomStep::Press { older, choice } => {
                let number = PromptNumber(self.latest_prompt(*older));
                self.happens(DeviceInput::PromptAnswered { number, choice: *choice });
            }
            RandomStep::ClosePrompt { older } => {
                let number = PromptNumber(self.latest_prompt(*older));
                self.happens(DeviceInput::PromptClosed { number });
            }
            RandomStep::Connect { session_present } => self.connect(*session_present),
            RandomStep::Disconnect => self.disconnect(),
            RandomStep::Fence => drop(self.fence()),
            RandomStep::Desktop(desktop) => self.desktop(*desktop),
            RandomStep::Advance(millis) => self.advance(*millis),
            RandomStep::ClockSetBack(millis) => self.step_back(*millis),
            RandomStep::Interact { nth, interaction } => self.interact(*nth, *interaction),
            RandomStep::CardsLost => drop(self.happens(DeviceInput::CardsLost)),
            RandomStep::ServerAppeared => drop(self.happens(DeviceInput::NotificationServerAppeared)),
            RandomStep::Restart if self.device.is_showing_push() => {}
            RandomStep::Restart => self.restart(),
            RandomStep::Return(place) => {
                let (event, past) = self.history[place % self.history.len()].clone();
                self.return_to(event, past);
            }
        }
    }

    fn latest_prompt(&self, older: u32) -> u32 {
        self.prompts.last().map_or(0, |number| number.saturating_sub(older))
    }

    fn interact(&mut self, nth: usize, interaction: CardInteraction) {
        if let Some(card) = self.open.iter().nth(nth).copied() {
            self.happens(DeviceInput::CardInteraction { card, interaction });
        }
    }

    /// Takes away whatever a push can wait for, and lets time pass until nothing does.
    pub(super) fn release(&mut self) {
        self.desktop(DesktopBehaviour::Shows);
        for condition in [
            ConditionCommand::Offline(false),
            ConditionCommand::Doze(false),
            ConditionCommand::WorkProfilePaused(false),
            ConditionCommand::BatteryOptimisationExempt(true),
        ] {
            drop(self.apply(DeviceInput::Command(DeviceCommand::Condition(condition))));
        }
        self.disconnect();
        self.connect(true);
        self.fence();
        // Further than any step can have set the clock back: a grace ends by it.
        self.advance(500_000_000);
    }
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
    ) -> RandomPush {
        RandomPush { id, group, user, sent_millis_ago, expires_in_millis, broker_expiry, retained, nonsense }
    }
}

fn desktop(may_think: bool) -> impl Strategy<Value = DesktopBehaviour> {
    let thinks = if may_think { DesktopBehaviour::Thinks } else { DesktopBehaviour::Shows };
    let all = [
        DesktopBehaviour::Shows,
        DesktopBehaviour::ServerAway,
        DesktopBehaviour::DoesNotAnswer,
        DesktopBehaviour::Refuses,
        thinks,
    ];
    proptest::sample::select(all.to_vec())
}

fn step(may_think: bool) -> impl Strategy<Value = RandomStep> {
    let name = proptest::sample::select(vec!["retire", "syncDevice", "wipe", "rebootNow"]);
    let ago = || proptest::option::of(-1_000..100_000_i64);
    let interaction = prop_oneof![Just(CardInteraction::Clicked), Just(CardInteraction::Dismissed)];
    prop_oneof![
        12 => command().prop_map(RandomStep::Command),
        16 => sending().prop_map(RandomStep::Push),
        1 => (proptest::option::of(0..2_usize), proptest::collection::vec(0..3_u8, 0..3))
            .prop_map(|(user, groups)| RandomStep::Groups { user, groups }),
        1 => (0..9_u8, name, ago()).prop_map(|(id, name, sent_millis_ago)| RandomStep::Action { id, name, sent_millis_ago }),
        2 => (0..2_u32, choice()).prop_map(|(older, choice)| RandomStep::Press { older, choice }),
        1 => (0..2_u32).prop_map(|older| RandomStep::ClosePrompt { older }),
        2 => any::<bool>().prop_map(|session_present| RandomStep::Connect { session_present }),
        2 => Just(RandomStep::Disconnect),
        3 => Just(RandomStep::Fence),
        3 => desktop(may_think).prop_map(RandomStep::Desktop),
        3 => (0..30_000_i64).prop_map(RandomStep::Advance),
        1 => (0..8_000_000_i64).prop_map(RandomStep::Advance),
        1 => (0..5_000_000_i64).prop_map(RandomStep::ClockSetBack),
        1 => (0..3_usize, interaction).prop_map(|(nth, interaction)| RandomStep::Interact { nth, interaction }),
        1 => Just(RandomStep::CardsLost),
        1 => Just(RandomStep::ServerAppeared),
        1 => Just(RandomStep::Restart),
        1 => (0..100_usize).prop_map(RandomStep::Return),
    ]
}

/// Any steps, in any order.
pub(super) fn steps() -> impl Strategy<Value = Vec<RandomStep>> {
    proptest::collection::vec(step(true), 0..80)
}

/// Steps in which the desktop always answers at once, so that nothing is being shown between them.
pub(super) fn steps_with_a_quick_desktop() -> impl Strategy<Value = Vec<RandomStep>> {
    proptest::collection::vec(step(false), 0..50)
}

/// Any event that comes from outside.
pub(super) fn events() -> impl Strategy<Value = DeviceInput> {
    let push = sending().prop_map(|sending| DeviceInput::PushArrived(sending.push(Timestamp::from_millis(0)).arrival));
    prop_oneof![
        4 => push,
        2 => command().prop_map(DeviceInput::Command),
        1 => any::<u64>().prop_map(|millis| DeviceInput::Command(DeviceCommand::ClockAdvance { millis })),
        1 => any::<bool>().prop_map(|session_present| DeviceInput::Connected { session_present }),
        1 => Just(DeviceInput::FenceReturned),
        1 => Just(DeviceInput::Disconnected),
        1 => Just(DeviceInput::DeadlineReached),
        1 => (any::<u32>(), choice())
            .prop_map(|(number, choice)| DeviceInput::PromptAnswered { number: PromptNumber(number), choice }),
    ]
}

prop_compose! {
    fn push_service()(
        emulate in any::<bool>(),
        high in any::<bool>(),
        collapses in any::<bool>(),
        time_to_live_millis in proptest::option::weighted(0.5, prop_oneof![Just(0), Just(20_000)]),
        lower_priority_after in 0..4_u32,
    ) -> PushServiceEmulation {
        let android_priority = if high { FcmPriority::High } else { FcmPriority::Normal };
        let android_message = if collapses { FcmMessageKind::Notification } else { FcmMessageKind::Data };
        PushServiceEmulation {
            emulate,
            android_priority,
            android_message,
            time_to_live_millis,
            lower_priority_after,
            ..PushServiceEmulation::default()
        }
    }
}

prop_compose! {
    /// Any settings, small enough that their limits are met.
    pub(super) fn settings()(
        documentation in proptest::sample::select(&PROFILES[..]),
        push_service in push_service(),
        grace_millis in prop_oneof![Just(0), Just(60_000)],
        late_joiner in any::<bool>(),
        provisional in any::<(bool, bool)>(),
        android_target_sdk in 32..34_u32,
        channel_at_start in any::<bool>(),
        intune in any::<bool>(),
        pace_per_second in prop_oneof![1..4_u32, Just(100)],
        open_cards in 1..4_usize,
        server_timeout_millis in prop_oneof![Just(0), Just(5_000), Just(20_000)],
        ids_age_millis in prop_oneof![Just(3_600_000), Just(90 * 24 * 3_600_000)],
        retire_is_allowed in any::<bool>(),
    ) -> EmulationSettings {
        let allowed_actions = if retire_is_allowed { ActionKind::ALL.to_vec() } else { vec![ActionKind::SyncDevice] };
        EmulationSettings {
            documentation, push_service, grace_millis, late_joiner,
            apple_request: if provisional.0 { ApplePermissionRequest::Provisional } else { ApplePermissionRequest::Explicit },
            provisional_may_prompt: provisional.1,
            apple_summary_button: provisional.0 == provisional.1,
            android_receiver: if intune { ReceiverApp::Intune } else { ReceiverApp::CompanyPortal },
            android_channel: if channel_at_start { ChannelCreation::AtStart } else { ChannelCreation::FirstMessage },
            android_target_sdk, pace_per_second, open_cards, server_timeout_millis, ids_age_millis, allowed_actions,
            ..EmulationSettings::default()
        }
    }
}

/// A device out of its box, or one that is ready.
pub(super) fn rigs() -> impl Strategy<Value = (PlatformCase, bool)> {
    (proptest::sample::select(&PLATFORMS[..]), any::<bool>())
}
