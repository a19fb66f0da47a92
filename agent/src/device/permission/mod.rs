//! The platform's permission for Company Portal's notifications, and the prompt that asks for it.
//!
//! Lives here: what both platforms share, the prompt among it. Each platform's own machine: `apple`, `android`.
//! Does not live here: the switches that narrow a permission (`switches`), what it all means for a push (`grounds`).

mod android;
mod apple;

use portal_shared::{NotificationPermission, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::PermissionCommand;
use super::identity::Identity;
use super::{Device, Effect, Refusal};
use android::Android;
use apple::Apple;

/// The permission, the prompt that is showing, and how often one was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    machine: Machine,
    /// The prompt that is showing: state of the device, whatever the desktop does (contract 5).
    pub prompt: Option<PermissionPrompt>,
    /// How often the prompt was shown.
    #[serde(default)]
    pub prompts_shown: u32,
    /// How many prompts were shown before the device was reset: no number is used twice.
    #[serde(default)]
    shown_before_reset: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Machine {
    Apple(Apple),
    Android(Android),
}

/// A permission prompt that is showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionPrompt {
    /// Its number, which no other prompt of this device has or had.
    pub number: u32,
    /// When it was first shown, in device time.
    pub shown_at: Timestamp,
}

/// What comes of the app's asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// The platform shows its prompt.
    Prompts,
    /// The platform answers without one; the sentence says why.
    Silent(&'static str),
}

impl Permission {
    /// Never asked.
    pub fn out_of_the_box(identity: &Identity) -> Self {
        let machine = if identity.operating_system.is_apple() {
            Machine::Apple(Apple::default())
        } else {
            Machine::Android(Android::out_of_the_box(identity.asks_at_run_time()))
        };
        Self { machine, prompt: None, prompts_shown: 0, shown_before_reset: 0 }
    }

    /// Numbers its prompts on from those of `before`, so that a late answer to one of them answers none.
    pub(super) fn number_on_from(&mut self, before: &Self) {
        self.shown_before_reset = before.shown_before_reset.saturating_add(before.prompts_shown);
    }

    /// The status in the contract's words; what is remembered, even without the app.
    pub fn status(&self) -> NotificationPermission {
        match &self.machine {
            Machine::Apple(apple) => apple.status,
            Machine::Android(android) => android.status(),
        }
    }

    /// Whether the platform will never prompt again in the life of this installation (facts 4.1, 4.2).
    pub fn is_final(&self) -> bool {
        match &self.machine {
            Machine::Apple(apple) => apple.status == NotificationPermission::Denied,
            Machine::Android(android) => android.is_permanently_denied(),
        }
    }

    pub(super) fn app_installed(&mut self, identity: &Identity, removed_at: Option<Timestamp>, now: Timestamp) {
        match &mut self.machine {
            Machine::Apple(apple) => apple.app_installed(removed_at, now),
            Machine::Android(android) => *android = Android::out_of_the_box(identity.asks_at_run_time()),
        }
    }

    pub(super) fn upgrade_to_run_time_permission(&mut self, app_installed: bool) {
        if let Machine::Android(android) = &mut self.machine {
            android.upgrade_to_run_time_permission(app_installed);
        }
    }

    fn asking(&self) -> Asking {
        match &self.machine {
            Machine::Apple(apple) => apple.asking(),
            Machine::Android(android) => android.asking(),
        }
    }

    fn answer(&mut self, allow: bool) {
        self.prompt = None;
        match &mut self.machine {
            Machine::Apple(apple) => apple.answer(allow),
            Machine::Android(android) => android.answer(allow),
        }
    }

    /// Turns the platform's own switch for the app's notifications.
    fn switch(&mut self, allow: bool) -> Result<(), Refusal> {
        match &mut self.machine {
            Machine::Apple(apple) => apple.switch(allow),
            Machine::Android(android) => {
                android.switch(allow);
                Ok(())
            }
        }
    }

    fn reset(&mut self, identity: &Identity) {
        self.machine = Self::out_of_the_box(identity).machine;
    }
}

impl Device {
    /// The app asks for the permission, as at its first launch.
    pub(super) fn ask_for_permission(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let permission = &mut self.state.permission;
        if permission.prompt.is_some() || permission.asking() != Asking::Prompts {
            return;
        }
        permission.prompts_shown = permission.prompts_shown.saturating_add(1);
        let number = permission.shown_before_reset.saturating_add(permission.prompts_shown);
        permission.prompt = Some(PermissionPrompt { number, shown_at: now });
        effects.extend([Effect::ShowPrompt { number }, Effect::StateChanged]);
    }

    pub(super) fn withdraw_prompt(&mut self, effects: &mut Vec<Effect>) {
        if let Some(prompt) = self.state.permission.prompt.take() {
            effects.extend([Effect::WithdrawPrompt { number: prompt.number }, Effect::StateChanged]);
        }
    }

    pub(super) fn prompt_answered(&mut self, number: u32, allow: bool, effects: &mut Vec<Effect>) {
        if self.shows_prompt(number) {
            self.state.permission.answer(allow);
            effects.push(Effect::StateChanged);
        }
    }

    pub(super) fn prompt_closed(&mut self, number: u32, effects: &mut Vec<Effect>) {
        // An iOS alert stays until it is answered; Android's dialog can be swiped away, which is no denial (facts 4.2).
        if self.shows_prompt(number) && !self.state.identity.operating_system.is_apple() {
            self.state.permission.prompt = None;
            effects.push(Effect::StateChanged);
        }
    }

    fn shows_prompt(&self, number: u32) -> bool {
        self.state.permission.prompt.is_some_and(|prompt| prompt.number == number)
    }

    pub(super) fn permission_command(
        &mut self,
        command: PermissionCommand,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if !self.state.app.is_installed() && command != PermissionCommand::Reset {
            return Err(Refusal::app_missing("the notification permission"));
        }
        match command {
            PermissionCommand::Prompt => self.prompt_by_command(now, effects),
            PermissionCommand::Allow => return self.allow_or_deny(true, effects),
            PermissionCommand::Deny => return self.allow_or_deny(false, effects),
            PermissionCommand::Reset => self.reset_permission(effects),
        }
        Ok(())
    }

    fn prompt_by_command(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.state.permission.prompt.is_some() {
            effects.push(Effect::Unchanged("already showing the prompt".to_owned()));
            return;
        }
        match self.state.permission.asking() {
            Asking::Prompts => self.ask_for_permission(now, effects),
            Asking::Silent(why) => {
                let status = self.state.permission.status();
                effects.push(Effect::Unchanged(format!("already {status}: {why}")));
            }
        }
    }

    fn allow_or_deny(&mut self, allow: bool, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        let permission = &mut self.state.permission;
        if let Some(prompt) = permission.prompt {
            permission.answer(allow);
            effects.extend([Effect::WithdrawPrompt { number: prompt.number }, Effect::StateChanged]);
            return Ok(());
        }
        let before = permission.clone();
        permission.switch(allow)?;
        // By status: a switch that is turned off once more has nothing to remember.
        effects.push(if permission.status() == before.status() {
            *permission = before;
            Effect::Unchanged(format!("already {}", if allow { "allowed" } else { "denied" }))
        } else {
            Effect::StateChanged
        });
        Ok(())
    }

    fn reset_permission(&mut self, effects: &mut Vec<Effect>) {
        let before = self.state.permission.clone();
        self.withdraw_prompt(effects);
        self.state.permission.reset(&self.state.identity);
        effects.push(if self.state.permission == before {
            Effect::Unchanged("already as before the first prompt".to_owned())
        } else {
            Effect::StateChanged
        });
    }
}
