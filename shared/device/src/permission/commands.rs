//! What the app and a person do about the permission: ask, answer, turn switches, forget.
//!
//! Lives here: the prompt as state of the device (contract 5) and the commands. Does not live here: what a status becomes
//! (`apple`, `android`).

use portal_contract::status::PromptChoice;
use portal_contract::{NotificationPermission, Timestamp};

use super::super::numbers::PromptNumber;
use super::super::switches::NotificationSwitches;
use super::super::{ApplePermissionRequest, Device, DeviceEffect, Refusal, Rule};
use super::{PermissionPrompt, PlatformPermission, RequestOutcome};
use portal_contract::command::PermissionCommand;

impl Device {
    /// The app asks for the permission, as at its first launch.
    pub(crate) fn ask_for_permission(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        self.ask_by(self.settings.apple_request, now, effects);
    }

    fn ask_by(&mut self, request: ApplePermissionRequest, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        // What device management decides nobody is asked (`Rule::ApplePolicy`, `Rule::AndroidPolicy`).
        if self.state.permission.prompt.is_some() || self.state.enforced_permission().is_some() {
            return;
        }
        let in_the_users_place = self.state.policy.answers_requests();
        let has_channel = self.state.app.has_channel;
        let permission = &mut self.state.permission;
        match (permission.asking(&self.settings, request, has_channel), in_the_users_place) {
            (RequestOutcome::Silent(_), _) => {}
            // Rule::IntuneAppPermissions
            (RequestOutcome::Prompts, Some(allow)) => {
                permission.answer_by_policy(allow);
                effects.push(DeviceEffect::StateChanged);
            }
            (RequestOutcome::GrantsQuietly, _) => {
                permission.grant_quietly();
                effects.push(DeviceEffect::StateChanged);
            }
            (RequestOutcome::Prompts, None) => {
                permission.prompts_shown = permission.prompts_shown.saturating_add(1);
                // Counted over resets, so that no late answer to an earlier prompt is taken for one to this.
                let shown = permission.shown_before_reset.saturating_add(permission.prompts_shown);
                let number = PromptNumber(shown);
                permission.prompt = Some(PermissionPrompt { number, shown_at: now });
                effects.extend([DeviceEffect::ShowPrompt { number }, DeviceEffect::StateChanged]);
            }
        }
    }

    pub(crate) fn withdraw_prompt(&mut self, effects: &mut Vec<DeviceEffect>) {
        if let Some(prompt) = self.state.permission.prompt.take() {
            effects.extend([DeviceEffect::WithdrawPrompt { number: prompt.number }, DeviceEffect::StateChanged]);
        }
    }

    pub(crate) fn prompt_answered(
        &mut self,
        number: PromptNumber,
        choice: PromptChoice,
        effects: &mut Vec<DeviceEffect>,
    ) {
        if self.shows_prompt(number) {
            self.answer_prompt(choice);
            effects.push(DeviceEffect::StateChanged);
        }
    }

    fn answer_prompt(&mut self, choice: PromptChoice) {
        self.state.permission.answer(choice.allows());
        // Rule::AppleSummaryButton
        if let (PromptChoice::AllowInSummary, NotificationSwitches::Apple(apple)) = (choice, &mut self.state.switches) {
            apple.scheduled_delivery = true;
        }
    }

    pub(crate) fn prompt_closed(&mut self, number: PromptNumber, effects: &mut Vec<DeviceEffect>) {
        // An iOS alert stays until it is answered; Android's dialog goes (`Rule::AndroidSwipeIsNoDenial`).
        if self.shows_prompt(number) && !self.state.identity.operating_system.is_apple() {
            self.state.permission.prompt = None;
            effects.push(DeviceEffect::StateChanged);
        }
    }

    fn shows_prompt(&self, number: PromptNumber) -> bool {
        self.state.permission.prompt.is_some_and(|prompt| prompt.number == number)
    }

    pub(crate) fn permission_command(
        &mut self,
        command: PermissionCommand,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        if !self.state.app.is_installed() && command != PermissionCommand::Reset {
            return Err(Refusal::app_missing("the notification permission"));
        }
        match command {
            PermissionCommand::Prompt => self.prompt_by_command(self.settings.apple_request, now, effects),
            PermissionCommand::PromptProvisional => return self.prompt_provisional(now, effects),
            PermissionCommand::Allow => return self.allow_or_deny(true, effects),
            PermissionCommand::AllowInSummary => return self.allow_in_summary(effects),
            PermissionCommand::Deny => return self.allow_or_deny(false, effects),
            PermissionCommand::Dismiss => return self.dismiss(effects),
            PermissionCommand::Keep { in_summary } => return self.keep(in_summary, effects),
            PermissionCommand::TurnOff => return self.turn_off(effects),
            PermissionCommand::Reset => self.reset_permission(effects),
        }
        Ok(())
    }

    fn prompt_by_command(&mut self, request: ApplePermissionRequest, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        if self.state.permission.prompt.is_some() {
            effects.push(DeviceEffect::Unchanged("already showing the prompt".to_owned()));
            return;
        }
        if let Some(status) = self.state.enforced_permission() {
            effects.push(DeviceEffect::Unchanged(format!("already {status}: a policy decides, so nobody is asked")));
            return;
        }
        let has_channel = self.state.app.has_channel;
        if let RequestOutcome::Silent(rule) = self.state.permission.asking(&self.settings, request, has_channel) {
            let (status, says, source) = (self.state.permission.status(), rule.says(), rule.cited());
            effects.push(DeviceEffect::Unchanged(format!("already {status}: {says} ({source})")));
            return;
        }
        self.ask_by(request, now, effects);
    }

    fn prompt_provisional(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        self.check_apples("provisional authorization", "permission prompt")?;
        self.prompt_by_command(ApplePermissionRequest::Provisional, now, effects);
        Ok(())
    }

    fn check_apples(&self, what: &str, hint: &str) -> Result<(), Refusal> {
        let operating_system = self.state.identity.operating_system;
        if operating_system.is_apple() {
            return Ok(());
        }
        let message =
            format!("{what} is Apple's; this device runs {operating_system} ({})", Rule::AppleProvisional.cited());
        Err(Refusal::new("notOnThisPlatform", message, hint))
    }

    /// How the user's answer can be given now.
    fn answer_hint(&self) -> &'static str {
        let permission = &self.state.permission;
        let is_apple = self.state.identity.operating_system.is_apple();
        match permission.status() {
            _ if permission.prompt.is_some() => "permission allow, or permission deny",
            _ if self.state.enforced_permission().is_some() => "policy clear",
            NotificationPermission::NotDetermined if is_apple => "permission prompt",
            _ => "permission allow, or permission deny",
        }
    }

    fn check_no_policy(&self) -> Result<(), Refusal> {
        match self.state.enforced_permission() {
            None => Ok(()),
            Some(status) => {
                let rule = if self.state.identity.operating_system.is_apple() {
                    Rule::ApplePolicy
                } else {
                    Rule::AndroidPolicy
                };
                let message = format!("a policy enforces {status}, whatever the user does ({})", rule.cited());
                Err(Refusal::new("enforcedByPolicy", message, "policy clear"))
            }
        }
    }

    fn allow_or_deny(&mut self, allow: bool, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if let Some(prompt) = self.state.permission.prompt {
            self.answer_prompt(allow.into());
            effects.extend([DeviceEffect::WithdrawPrompt { number: prompt.number }, DeviceEffect::StateChanged]);
            return Ok(());
        }
        self.check_no_policy()?;
        let permission = &mut self.state.permission;
        let before = permission.clone();
        permission.switch(allow)?;
        // By status, where nobody uses a switch that stands already as it should.
        effects.push(if permission.status() == before.status() {
            *permission = before;
            DeviceEffect::Unchanged(format!("already {}", if allow { "allowed" } else { "denied" }))
        } else {
            DeviceEffect::StateChanged
        });
        Ok(())
    }

    fn allow_in_summary(&mut self, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        self.check_apples("the scheduled summary", self.answer_hint())?;
        if !self.prompt_buttons().iter().any(|button| button.choice == PromptChoice::AllowInSummary) {
            let message = format!(
                "the prompt has no third button here: {} ({})",
                Rule::AppleSummaryButton.about().evidence.undocumented,
                Rule::AppleSummaryButton.cited()
            );
            return Err(Refusal::new("noSuchButton", message, "permission allow, or set app.ios_summary_button"));
        }
        let Some(prompt) = self.state.permission.prompt else {
            let message = "no prompt is showing whose third button could be pressed";
            return Err(Refusal::new("noPrompt", message, "permission prompt, or settings set scheduledDelivery=on"));
        };
        self.answer_prompt(PromptChoice::AllowInSummary);
        effects.extend([DeviceEffect::WithdrawPrompt { number: prompt.number }, DeviceEffect::StateChanged]);
        Ok(())
    }

    fn dismiss(&mut self, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if self.state.identity.operating_system.is_apple() {
            let message = "the prompt of iOS and iPadOS stays until it is answered";
            return Err(Refusal::new("notOnThisPlatform", message, self.answer_hint()));
        }
        if self.state.permission.prompt.is_none() {
            effects.push(DeviceEffect::Unchanged("already without a prompt".to_owned()));
        }
        self.withdraw_prompt(effects);
        Ok(())
    }

    fn keep(&mut self, in_summary: bool, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        self.answer_quiet_notification(true)?;
        if let NotificationSwitches::Apple(apple) = &mut self.state.switches {
            // facts 4.1: authorized, "but no alerts, sounds, badges until changed in Settings"
            (apple.alert, apple.sound, apple.badge, apple.lock_screen) = (false, false, false, false);
            apple.notification_center = true;
            apple.scheduled_delivery = in_summary;
        }
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn turn_off(&mut self, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        self.answer_quiet_notification(false)?;
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn answer_quiet_notification(&mut self, keep: bool) -> Result<(), Refusal> {
        self.check_apples("a quiet notification's Keep and Turn Off", self.answer_hint())?;
        self.check_no_policy()?;
        if self.state.permission.prompt.is_some() {
            let message = "the permission prompt is showing, and it comes first";
            return Err(Refusal::new("promptShowing", message, "permission allow, or permission deny"));
        }
        match &mut self.state.permission.machine {
            PlatformPermission::Apple(apple) => apple.answer_quietly(keep),
            PlatformPermission::Android(_) => Ok(()),
        }
    }

    fn reset_permission(&mut self, effects: &mut Vec<DeviceEffect>) {
        let before = self.state.permission.clone();
        self.withdraw_prompt(effects);
        self.state.permission.reset(&self.state.identity, self.state.app.target_sdk);
        effects.push(if self.state.permission == before {
            DeviceEffect::Unchanged("already as before the first prompt".to_owned())
        } else {
            DeviceEffect::StateChanged
        });
    }

    /// The device is set up anew from a backup: the app is there, its permission is forgotten (`Rule::AppleForgets`).
    pub(crate) fn restore(&mut self, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        self.check_apples("forgetting the permission when a device is restored", "permission reset")?;
        self.reset_permission(effects);
        Ok(())
    }
}
