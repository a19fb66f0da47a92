//! The rules of one emulated phone or tablet, pure: [`Device::apply`] takes one thing that happened and the time, and returns
//! what is to be done about it, in order. App, enrollment, permission, condition and pushes have no other way in.
//!
//! ```
//! use portal_contract::{CustomNotification, OperatingSystem, Outcome, Prerequisite, PushTarget, Tenant, Timestamp};
//! use portal_device::{
//!     ArrivedPush, Device, DeviceEffect, DeviceIdentity, DeviceInput, EmulationSettings, SettledPush,
//! };
//!
//! let identity = DeviceIdentity {
//!     id: "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap(),
//!     name: "iPhone".to_owned(),
//!     tenant: Tenant::default(),
//!     operating_system: OperatingSystem::Ios,
//!     os_version: "26".parse().unwrap(),
//!     first_os_version: "26".parse().unwrap(),
//! };
//! let now = Timestamp::from_millis(0);
//! let mut device = Device::out_of_the_box(identity, EmulationSettings::default(), now);
//!
//! let payload = CustomNotification::parse(br#"{"id":"1","notificationTitle":"Hello","notificationBody":"World"}"#);
//! let push = ArrivedPush {
//!     payload,
//!     target: PushTarget::Device,
//!     retained: false,
//!     id_used: false,
//!     expiry_seconds: None,
//!     ack: None,
//! };
//! let effects = device.apply(DeviceInput::PushArrived(push), now).unwrap();
//!
//! let DeviceEffect::Settle(SettledPush { receipt, .. }) = &effects[0] else { panic!() };
//! let Outcome::Withheld { unmet } = receipt.outcome else { panic!() };
//! assert!(unmet.contains(Prerequisite::CompanyPortalInstalled) && unmet.contains(Prerequisite::DeviceEnrolled));
//! ```
//!
//! A subject has a file: `app`, `enrollment`, `permission`, `condition`, `switches`, `policy`, `push_service`. `reasons` says why
//! a prerequisite is unmet, `verdict` what becomes of a push, `surface` where it shows; `rule` is the table of all
//! rules with their sources, which `portal-agent facts` prints.
//!
//! Lives here: every rule of the device, each with the fact that it rests on.
//! Does not live here, as a test promises: a clock, I/O, randomness, tokio. Time comes in with each event.

mod actions;
mod app;
mod app_state;
pub mod behaviour;
mod burst;
mod condition;
mod documentation;
mod effect;
mod enrollment;
mod evaluation;
mod event;
mod explain;
mod going_back;
mod grace;
mod grid;
mod held;
mod identity;
mod lesser;
mod numbers;
mod permission;
mod policy;
mod power;
mod priority;
mod push;
mod push_service;
mod push_store;
mod reasons;
mod refusal;
mod removal;
mod reset;
mod rule;
mod set_up;
mod summary;
mod surface;
mod switches;
mod verdict;
mod view;
mod waiting;
mod ways;

pub use actions::LastActionNote;
pub use app_state::{AppState, ReceiverApp};
pub use behaviour::DocumentedBehaviour;
pub use condition::DeviceCondition;
pub use documentation::{
    ApplePermissionRequest, ChannelCreation, EmulationSettings, FcmMessageKind, FcmPriority, PushServiceEmulation,
};
pub use effect::{CardContent, DeviceEffect, NewlyHeldPush, SettledPush};
pub use enrollment::Enrollment;
pub use event::{AckToken, ArrivedPush, CardFailure, DeviceInput};
pub use explain::{explain, explain_held, explain_verdict};
pub use grid::{GridAxis, GridResult, GridSection, outcome_grid};
pub use identity::DeviceIdentity;
pub use numbers::{CardNumber, HeldKey, PromptNumber};
pub use permission::{PermissionPrompt, PermissionState};
pub use policy::DevicePolicy;
pub use portal_contract::HoldReason;
pub use priority::RecentMessage;
pub use push::{HeldPush, ReceivedPush};
pub use refusal::Refusal;
pub use rule::{Rule, RuleInfo};
pub use switches::NotificationSwitches;
pub use verdict::PushVerdict;
pub use ways::ways_to_show;

pub use portal_contract::command::{
    AppCommand, ConditionCommand, DeviceCommand, EnrollCommand, PermissionCommand, Removal, RemovalStage,
};
pub use portal_contract::{DocumentationYear, OsVersion};

use actions::RemoteActions;
use portal_contract::Timestamp;
use push::PushState;
use serde::{Deserialize, Serialize};

/// What the device is and how it stands, all of which survives a restart: the snapshot that the journal keeps.
///
/// Snapshots of every version load for ever: a member that is added needs a default, and `src/tests/data` the old files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSnapshot {
    /// Which device it is.
    pub identity: DeviceIdentity,
    /// The documentation that its rules follow.
    pub documentation: DocumentationYear,
    /// Company Portal on it.
    pub app: AppState,
    /// Its enrollment and its user's groups.
    pub enrollment: Enrollment,
    /// The platform's permission for Company Portal's notifications.
    pub permission: PermissionState,
    /// The platform's own notification switches.
    pub switches: NotificationSwitches,
    /// What device management enforces.
    #[serde(default)]
    pub policy: DevicePolicy,
    /// Its own condition.
    pub condition: DeviceCondition,
    /// What came of the latest remote action.
    pub(crate) actions: RemoteActions,
    /// When anything above last changed, in device time.
    pub updated_at: Timestamp,
}

/// One emulated device: its snapshot, and the pushes that are on their way through it.
#[derive(Debug, Clone)]
pub struct Device {
    state: DeviceSnapshot,
    pushes: PushState,
    settings: EmulationSettings,
}

/// Where the journal left off, beside the snapshot.
#[derive(Debug, Clone, Default)]
pub struct ResumePoint {
    /// The pushes that are held, by key.
    pub held: Vec<HeldPush>,
    /// The sequence of the newest receipt.
    pub last_sequence: u64,
    /// When the newest outcome was decided.
    pub last_decided_at: Option<Timestamp>,
    /// The key that the next held push gets.
    pub next_held_key: HeldKey,
    /// The messages of the last days, where they matter ([`Device::remembers_messages`]).
    pub recent: Vec<RecentMessage>,
    /// What came of the latest remote action, where that was written after the snapshot.
    pub last_action: Option<LastActionNote>,
}

impl Device {
    /// A device out of its box (contract 5): unlocked, app not installed, not enrolled, permission never asked.
    pub fn out_of_the_box(identity: DeviceIdentity, settings: EmulationSettings, now: Timestamp) -> Self {
        let state = DeviceSnapshot {
            permission: PermissionState::out_of_the_box(&identity),
            switches: NotificationSwitches::out_of_the_box(identity.operating_system),
            policy: DevicePolicy::default(),
            condition: DeviceCondition::default(),
            documentation: settings.documentation,
            app: AppState::default(),
            enrollment: Enrollment::default(),
            actions: RemoteActions::default(),
            updated_at: now,
            identity,
        };
        let pushes = PushState::new(settings.pace_per_second);
        Self { state, pushes, settings }
    }

    /// The device as the journal kept it. The daemon was not running: what its session holds was sent meanwhile.
    pub fn resume(mut state: DeviceSnapshot, from: ResumePoint, settings: EmulationSettings) -> Self {
        state.documentation = settings.documentation;
        if let Some(note) = &from.last_action {
            state.actions.last = Some(note.last_action.clone());
            state.updated_at = state.updated_at.max(note.at);
        }
        let apple = state.identity.operating_system.is_apple();
        let mut from = from;
        if from.last_sequence == state.condition.clock_taken_back_after {
            // Nothing was decided yet since the clock was taken back.
            from.last_decided_at = from.last_decided_at.map(|decided_at| decided_at.min(state.updated_at));
        }
        let mut pushes = PushState::resume(from, settings.pace_per_second, |held| settings.wait_ends(held, apple));
        pushes.away_since = state.condition.offline_since;
        Self { state, pushes, settings }
    }

    /// The only way in: one event at one moment of device time, and what is to be done about it, in order.
    ///
    /// # Errors
    /// A command that the platform cannot carry out; nothing has changed then.
    pub fn apply(&mut self, event: DeviceInput, now: Timestamp) -> Result<Vec<DeviceEffect>, Refusal> {
        let mut effects = Vec::new();
        let ahead_before = self.state.condition.clock_ahead_millis;
        // A refused command may change nothing, so what time alone ends comes behind one.
        let is_command = matches!(event, DeviceInput::Command(_) | DeviceInput::Returned { .. });
        // The receipt of a push that is being shown speaks of the device as it was judged: what time ends comes behind it.
        let comes_behind = is_command || self.is_showing_push();
        if !comes_behind {
            self.pass_time(now, &mut effects);
        }
        match event {
            DeviceInput::Command(command) => self.command(command, now, &mut effects)?,
            DeviceInput::Returned { event, past } => self.return_to(event, *past, now, &mut effects),
            DeviceInput::PushArrived(arrival) => self.push_arrived(arrival, now, &mut effects),
            DeviceInput::GroupsHeard(list) => self.groups_heard(list, now, &mut effects),
            DeviceInput::ActionArrived { action, id_used } => self.action_arrived(action, id_used, now, &mut effects),
            DeviceInput::PromptAnswered { number, choice } => self.prompt_answered(number, choice, &mut effects),
            DeviceInput::PromptClosed { number } => self.prompt_closed(number, &mut effects),
            DeviceInput::Connected { session_present } => self.connected(session_present, now, &mut effects),
            DeviceInput::Disconnected => self.pushes.disconnected(),
            DeviceInput::FenceReturned => self.fence_returned(now, &mut effects),
            DeviceInput::CardShown { card, desktop } => self.card_shown(card, desktop, &mut effects),
            DeviceInput::CardFailed { card, failure } => self.card_failed(card, failure, now, &mut effects),
            DeviceInput::CardInteraction { card, interaction } => {
                self.card_interaction(card, interaction, now, &mut effects);
            }
            DeviceInput::CardGone { card } => self.pushes.card_gone(card),
            DeviceInput::CardsLost => self.pushes.cards_lost(),
            DeviceInput::NotificationServerAppeared => self.pushes.server_appeared(),
            DeviceInput::DeadlineReached => {}
        }
        if comes_behind && !self.is_showing_push() {
            self.pass_time(now, &mut effects);
        }
        self.pushes.clock_reads(now);
        self.let_go(now, &mut effects);
        // With the clock taken back, the time of the last change would lie in the future; the reset has said it
        // itself.
        let clock_is_taken_back = self.state.condition.clock_ahead_millis < ahead_before;
        say_once(&mut effects);
        if effects.iter().any(changes_state) && !clock_is_taken_back {
            self.state.updated_at = self.state.updated_at.max(now);
        }
        Ok(effects)
    }

    fn command(
        &mut self,
        command: DeviceCommand,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        match command {
            DeviceCommand::App(command) => self.app_command(command, now, effects),
            DeviceCommand::Enroll(command) => self.enroll(command, now, effects),
            DeviceCommand::EnrollmentSet { name, value } => self.enrollment_set(&name, &value, effects),
            DeviceCommand::Removal { removal, stage } => self.removal_command(removal, stage, now, effects),
            DeviceCommand::PolicySet { name, value } => self.policy_set(&name, &value, effects),
            DeviceCommand::PolicyClear => {
                self.policy_clear(effects);
                Ok(())
            }
            DeviceCommand::Permission(command) => self.permission_command(command, now, effects),
            DeviceCommand::PlayServices { installed } => self.play_services(installed, effects),
            DeviceCommand::Condition(command) => self.condition_command(command, now, effects),
            DeviceCommand::Standby { bucket } => self.standby(bucket, effects),
            DeviceCommand::Restore => self.restore(effects),
            DeviceCommand::OsUpdate { version } => self.os_update(version, effects),
            DeviceCommand::SettingsSet { name, value } => self.settings_set(&name, &value, effects),
            DeviceCommand::ClockAdvance { millis } => self.clock_advance(millis, effects),
            DeviceCommand::Rename { name } => self.rename(name, effects),
            DeviceCommand::Reset => self.reset(false, now, effects),
            DeviceCommand::ResetWithClock => self.reset(true, now, effects),
            DeviceCommand::SetUp(request) => self.set_up(&request, now, effects),
            // Whoever keeps the history turns it into `DeviceInput::Returned`; without one there is nothing to go back to.
            DeviceCommand::Return { event } => Err(Refusal::new(
                "noHistory",
                format!("nothing is kept of event {event}: the device is only described"),
                "describe it as it was",
            )),
        }
    }

    fn rename(&mut self, name: String, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if self.state.identity.name == name {
            effects.push(DeviceEffect::Unchanged(format!("already named {name}")));
        } else {
            self.state.identity.name = name;
            effects.push(DeviceEffect::StateChanged);
        }
        Ok(())
    }

    /// What the journal keeps of the device.
    pub fn snapshot(&self) -> &DeviceSnapshot {
        &self.state
    }

    /// The moment, in device time, at which [`DeviceInput::DeadlineReached`] is due; `None` while nothing waits on time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        // Behind a push being shown: what time ends is looked at with the desktop's answer.
        let change = self.next_change().filter(|_| !self.is_showing_push());
        [self.next_move(), change].into_iter().flatten().min()
    }

    /// The settings that its rules take as given.
    pub fn settings(&self) -> &EmulationSettings {
        &self.settings
    }

    /// Whether a push is being shown: its notification is being shown, and what comes behind it waits (contract 3).
    pub fn is_showing_push(&self) -> bool {
        self.pushes.is_showing_push()
    }

    /// How many pushes are held.
    pub fn held(&self) -> usize {
        self.pushes.held()
    }

    /// How many of them wait only for their turn in the pace.
    pub fn paced(&self) -> usize {
        self.pushes.paced()
    }

    /// The sequence of the newest receipt; 0 before the first.
    pub fn last_sequence(&self) -> u64 {
        self.pushes.last_sequence()
    }
}

fn changes_state(effect: &DeviceEffect) -> bool {
    matches!(effect, DeviceEffect::StateChanged | DeviceEffect::ActionSeen { note: Some(_), .. })
}

/// Keeps the first of each effect that says only that something changed: what is behind it speaks of the state after it.
fn say_once(effects: &mut Vec<DeviceEffect>) {
    let (mut state, mut groups) = (false, false);
    effects.retain(|effect| match effect {
        DeviceEffect::StateChanged => !std::mem::replace(&mut state, true),
        DeviceEffect::GroupsChanged => !std::mem::replace(&mut groups, true),
        _ => true,
    });
}

#[cfg(test)]
mod tests;
