//! The device: PURE. App, enrollment, permission, condition and pushes behind one door, [`Device::apply`].
//!
//! Lives here: every rule of the emulated phone or tablet, each with the fact that it rests on.
//! Does not live here, as a test promises: a clock, I/O, randomness, tokio. Time comes in with each event.

mod actions;
mod app;
mod condition;
mod documentation;
mod effect;
mod enrollment;
mod event;
mod explain;
mod grace;
mod grounds;
mod held;
mod identity;
mod judgement;
mod permission;
mod policy;
mod priority;
mod push;
mod push_service;
mod refusal;
mod removal;
mod rule;
mod surface;
mod switches;
mod view;

pub use app::App;
pub use condition::Condition;
pub use documentation::{AppleRequest, Documentation, FcmMessage, Priority, PushService, Rules};
pub use effect::{Effect, Shown};
pub use enrollment::Enrollment;
pub use event::{AckToken, Arrival, Event, RaiseFailure};
pub use explain::explain;
pub use identity::Identity;
pub use permission::{Permission, PermissionPrompt};
pub use policy::Policy;
pub use priority::RecentMessage;
pub use push::{HeldPush, HoldReason, Push};
pub use refusal::Refusal;
pub use rule::{About, Platforms, Rule};
pub use switches::Switches;

pub use portal_contract::OsVersion;
pub use portal_contract::command::{
    AppCommand, Command, ConditionCommand, EnrollCommand, PermissionCommand, Removal, RemovalStage,
};

use actions::Actions;
use portal_contract::Timestamp;
use push::Pushes;
use serde::{Deserialize, Serialize};

/// What the device is and how it stands, all of which survives a restart: the snapshot that the journal keeps.
///
/// Snapshots of every version load for ever: a member that is added needs a default, and `tests/data` the old files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Which device it is.
    pub identity: Identity,
    /// The documentation that its rules follow.
    pub documentation: Documentation,
    /// Company Portal on it.
    pub app: App,
    /// Its enrollment and its user's groups.
    pub enrollment: Enrollment,
    /// The platform's permission for Company Portal's notifications.
    pub permission: Permission,
    /// The platform's own notification switches.
    pub switches: Switches,
    /// What device management enforces.
    #[serde(default)]
    pub policy: Policy,
    /// Its own condition.
    pub condition: Condition,
    /// The remote actions it has seen.
    pub(crate) actions: Actions,
    /// When anything above last changed, in device time.
    pub updated_at: Timestamp,
}

/// One emulated device: its snapshot, and the pushes that are on their way through it.
#[derive(Debug, Clone)]
pub struct Device {
    state: Snapshot,
    pushes: Pushes,
    rules: Rules,
}

/// Where the journal left off, beside the snapshot.
#[derive(Debug, Clone, Default)]
pub struct Resumption {
    /// The pushes that are held, by key.
    pub held: Vec<HeldPush>,
    /// The sequence of the newest receipt.
    pub last_sequence: u64,
    /// When the newest outcome was decided.
    pub last_decided_at: Option<Timestamp>,
    /// The key that the next held push gets.
    pub next_held_key: u64,
    /// The messages of the last days, where they matter ([`Device::remembers_messages`]).
    pub recent: Vec<RecentMessage>,
}

impl Device {
    /// A device out of its box (contract 5): unlocked, app not installed, not enrolled, permission never asked.
    pub fn out_of_the_box(identity: Identity, rules: Rules, now: Timestamp) -> Self {
        let state = Snapshot {
            permission: Permission::out_of_the_box(&identity),
            switches: Switches::out_of_the_box(identity.operating_system),
            policy: Policy::default(),
            condition: Condition::default(),
            documentation: rules.documentation,
            app: App::default(),
            enrollment: Enrollment::default(),
            actions: Actions::default(),
            updated_at: now,
            identity,
        };
        let pushes = Pushes::new(rules.pace_per_second);
        Self { state, pushes, rules }
    }

    /// The device as the journal kept it. The daemon was not running: what its session holds was sent meanwhile.
    pub fn resume(mut state: Snapshot, from: Resumption, rules: Rules) -> Self {
        state.documentation = rules.documentation;
        let apple = state.identity.operating_system.is_apple();
        let mut pushes = Pushes::resume(from, rules.pace_per_second, |held| rules.wait_ends(held, apple));
        pushes.away_since = state.condition.offline_since;
        Self { state, pushes, rules }
    }

    /// The only way in: one event at one moment of device time, and what is to be done about it, in order.
    ///
    /// # Errors
    /// A command that the platform cannot carry out; nothing has changed then.
    pub fn apply(&mut self, event: Event, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
        let mut effects = Vec::new();
        // A refused command may change nothing, so what time alone ends comes behind one.
        let is_command = matches!(event, Event::Command(_));
        if !is_command {
            self.end_graces(now, &mut effects);
        }
        match event {
            Event::Command(command) => self.command(command, now, &mut effects)?,
            Event::PushArrived(arrival) => self.push_arrived(arrival, now, &mut effects),
            Event::GroupsHeard(list) => self.groups_heard(list, now, &mut effects),
            Event::ActionArrived(action) => self.action_arrived(action, now, &mut effects),
            Event::PromptAnswered { number, allow } => self.prompt_answered(number, allow, &mut effects),
            Event::PromptClosed { number } => self.prompt_closed(number, &mut effects),
            Event::Connected { session_present } => self.connected(session_present, now, &mut effects),
            Event::Disconnected => self.pushes.disconnected(),
            Event::FenceReturned => self.fence_returned(now, &mut effects),
            Event::Raised { card, desktop } => self.raised(card, desktop, &mut effects),
            Event::RaiseFailed { card, failure } => self.raise_failed(card, failure, now, &mut effects),
            Event::CardInteraction { card, interaction } => self.pushes.interaction(card, interaction, &mut effects),
            Event::CardsLost => self.pushes.cards_lost(),
            Event::NotificationServerAppeared => self.pushes.server_appeared(),
            Event::DeadlineReached => {}
        }
        if is_command {
            self.end_graces(now, &mut effects);
        }
        self.let_go(now, &mut effects);
        say_once(&mut effects);
        if effects.contains(&Effect::StateChanged) {
            self.state.updated_at = self.state.updated_at.max(now);
        }
        Ok(effects)
    }

    fn command(&mut self, command: Command, now: Timestamp, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        match command {
            Command::App(command) => self.app_command(command, now, effects),
            Command::Enroll(command) => self.enroll(command, now, effects),
            Command::EnrollmentSet { name, value } => self.enrollment_set(&name, &value, effects),
            Command::Removal { removal, stage } => self.removal_command(removal, stage, now, effects),
            Command::PolicySet { name, value } => self.policy_set(&name, &value, effects),
            Command::PolicyClear => {
                self.policy_clear(effects);
                Ok(())
            }
            Command::Permission(command) => self.permission_command(command, now, effects),
            Command::PlayServices { installed } => self.play_services(installed, effects),
            Command::Condition(command) => self.condition_command(command, now, effects),
            Command::Standby { bucket } => self.standby(bucket, effects),
            Command::Restore => self.restore(effects),
            Command::OsUpdate { version } => self.os_update(version, effects),
            Command::SettingsSet { name, value } => self.settings_set(&name, &value, effects),
            Command::ClockAdvance { millis } => self.clock_advance(millis, effects),
            Command::Rename { name } => self.rename(name, effects),
            Command::Reset => self.reset(now, effects),
        }
    }

    fn rename(&mut self, name: String, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        if self.state.identity.name == name {
            effects.push(Effect::Unchanged(format!("already named {name}")));
        } else {
            self.state.identity.name = name;
            effects.push(Effect::StateChanged);
        }
        Ok(())
    }

    fn reset(&mut self, now: Timestamp, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        let fresh = self.out_of_the_box_again(now);
        if fresh == self.state {
            effects.push(Effect::Unchanged("already out of its box".to_owned()));
            return Ok(());
        }
        self.start_over(now, effects);
        effects.extend([Effect::IdsForgotten, Effect::GroupsChanged, Effect::StateChanged]);
        Ok(())
    }

    /// Takes everything away that a device out of its box does not have.
    fn start_over(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let fresh = self.out_of_the_box_again(now);
        self.withdraw_prompt(effects);
        self.pushes.withdraw_all(effects);
        if self.state.condition.offline {
            effects.push(Effect::GoOnline);
        }
        self.state = fresh;
    }

    /// What a reset leaves: the device out of its box, and what others count on.
    fn out_of_the_box_again(&self, now: Timestamp) -> Snapshot {
        let before = &self.state;
        let mut fresh = Self::out_of_the_box(before.identity.clone(), self.rules.clone(), now).state;
        // The clock stays: what was decided may not come to lie in the future.
        fresh.condition.clock_ahead_millis = before.condition.clock_ahead_millis;
        fresh.updated_at = before.updated_at;
        fresh.app.in_app_from = self.pushes.last_sequence();
        fresh.permission.number_on_from(&before.permission);
        // The broker's word stands: it would be heard again only at the next connect (contract 2).
        fresh.enrollment.heard = before.enrollment.heard.clone();
        // contract 2: ids are remembered, so that an action that comes again is not carried out again
        fresh.actions.remember_ids_of(&before.actions);
        fresh
    }

    /// What the journal keeps of the device.
    pub fn snapshot(&self) -> &Snapshot {
        &self.state
    }

    /// The moment, in device time, at which [`Event::DeadlineReached`] is due; `None` while nothing waits on time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        // Behind a push in hand: what time ends is looked at with the desktop's answer.
        let grace_end = self.state.enrollment.next_grace_end().filter(|_| !self.has_push_in_hand());
        [self.next_move(), grace_end].into_iter().flatten().min()
    }

    /// The settings that its rules take as given.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether a push is in hand: its notification is being raised, and what comes behind it waits (contract 3).
    pub fn has_push_in_hand(&self) -> bool {
        self.pushes.has_push_in_hand()
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

/// Keeps the first of each effect that says only that something changed: what is behind it speaks of the state after it.
fn say_once(effects: &mut Vec<Effect>) {
    let (mut state, mut groups) = (false, false);
    effects.retain(|effect| match effect {
        Effect::StateChanged => !std::mem::replace(&mut state, true),
        Effect::GroupsChanged => !std::mem::replace(&mut groups, true),
        _ => true,
    });
}

#[cfg(test)]
mod tests;
