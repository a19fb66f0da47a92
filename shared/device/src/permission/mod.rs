//! The platform's permission for Company Portal's notifications, and the prompt that asks for it.
//!
//! Lives here: what both platforms share. Each platform's own machine: `apple`, `android`; what a person does: `commands`.
//! Does not live here: the switches that narrow a permission (`switches`), what is enforced over it (`policy`), what it all
//! means for a push (`grounds`).

mod android;
mod apple;
mod commands;

use portal_contract::{NotificationPermission, Timestamp};
use serde::{Deserialize, Serialize};

use super::identity::DeviceIdentity;
use super::numbers::PromptNumber;
use super::{ApplePermissionRequest, EmulationSettings, Refusal, Rule};
pub(crate) use android::ASKS_ITSELF_FROM;
use android::AndroidPermission;
use apple::ApplePermission;

/// The permission, the prompt that is showing, and how often one was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionState {
    machine: PlatformPermission,
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
enum PlatformPermission {
    Apple(ApplePermission),
    Android(AndroidPermission),
}

/// A permission prompt that is showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionPrompt {
    /// Its number, which no other prompt of this device has or had.
    pub number: PromptNumber,
    /// When it was first shown, in device time.
    pub shown_at: Timestamp,
}

/// What comes of the app's asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestOutcome {
    /// The platform shows its prompt.
    Prompts,
    /// The platform grants it quietly, without one.
    GrantsQuietly,
    /// The platform answers without one, by this rule.
    Silent(Rule),
}

impl PermissionState {
    /// Never asked.
    pub fn out_of_the_box(identity: &DeviceIdentity) -> Self {
        let machine = if identity.operating_system.is_apple() {
            PlatformPermission::Apple(ApplePermission::default())
        } else {
            PlatformPermission::Android(AndroidPermission::installed(identity.asks_at_run_time(), None))
        };
        Self { machine, prompt: None, prompts_shown: 0, shown_before_reset: 0 }
    }

    /// Numbers its prompts on from those of `before`, so that a late answer to one of them answers none.
    pub(super) fn number_on_from(&mut self, before: &Self) {
        self.shown_before_reset = before.shown_before_reset.saturating_add(before.prompts_shown);
    }

    /// Of an earlier moment: numbers its prompts on from those of `present`, and the one that shows, since it shows anew.
    pub(super) fn number_anew(&mut self, present: &Self) {
        let used = present.shown_before_reset.saturating_add(present.prompts_shown);
        let next = used.saturating_add(u32::from(self.prompt.is_some()));
        self.shown_before_reset = next.saturating_sub(self.prompts_shown);
        if let Some(prompt) = &mut self.prompt {
            prompt.number = PromptNumber(next);
        }
    }

    /// The status in the contract's words; what is remembered, even without the app.
    pub fn status(&self) -> NotificationPermission {
        match &self.machine {
            PlatformPermission::Apple(apple) => apple.status,
            PlatformPermission::Android(android) => android.status(),
        }
    }

    /// Whether the platform will never prompt again in the life of this installation (facts 4.1, 4.2).
    pub fn is_final(&self) -> bool {
        match &self.machine {
            PlatformPermission::Apple(apple) => apple.status == NotificationPermission::Denied,
            PlatformPermission::Android(android) => android.is_permanently_denied(),
        }
    }

    /// A new installation. Tells whether it starts over: on Android always (`Rule::AndroidReinstall`).
    pub(super) fn app_installed(
        &mut self,
        identity: &DeviceIdentity,
        removed_at: Option<Timestamp>,
        target_sdk: Option<u32>,
        now: Timestamp,
    ) -> bool {
        match &mut self.machine {
            PlatformPermission::Apple(apple) => apple.app_installed(removed_at, now),
            PlatformPermission::Android(android) => {
                *android = AndroidPermission::installed(identity.asks_at_run_time(), target_sdk);
                true
            }
        }
    }

    pub(super) fn app_updated(&mut self, target_sdk: Option<u32>) {
        if let PlatformPermission::Android(android) = &mut self.machine {
            android.updated(target_sdk);
        }
    }

    pub(super) fn upgrade_to_run_time_permission(&mut self, has_channel: bool) {
        if let PlatformPermission::Android(android) = &mut self.machine {
            android.upgrade_to_run_time_permission(has_channel);
        }
    }

    pub(super) fn silent_rule(&self, settings: &EmulationSettings, has_channel: bool) -> Option<Rule> {
        match self.asking(settings, ApplePermissionRequest::Explicit, has_channel) {
            RequestOutcome::Silent(rule) => Some(rule),
            RequestOutcome::Prompts | RequestOutcome::GrantsQuietly => None,
        }
    }

    fn asking(
        &self,
        settings: &EmulationSettings,
        request: ApplePermissionRequest,
        has_channel: bool,
    ) -> RequestOutcome {
        match &self.machine {
            PlatformPermission::Apple(apple) => apple.asking(request, settings.provisional_may_prompt),
            PlatformPermission::Android(android) => android.asking(has_channel),
        }
    }

    /// Whether the system asks for the app when it starts, since the app's target is too old to ask by itself.
    pub(super) fn is_asked_for_by_the_system(&self) -> bool {
        matches!(&self.machine, PlatformPermission::Android(android) if android.is_asked_for_by_the_system())
    }

    /// What shouldShowRequestPermissionRationale tells the app; nothing where the platform has no such permission.
    pub(super) fn shows_rationale(&self) -> Option<bool> {
        match &self.machine {
            PlatformPermission::Apple(_) => None,
            PlatformPermission::Android(android) => android.shows_rationale(),
        }
    }

    /// What a policy decided when the app asked.
    pub(super) fn fixed_by_policy(&self) -> Option<NotificationPermission> {
        match &self.machine {
            PlatformPermission::Apple(_) => None,
            PlatformPermission::Android(android) => android.fixed_by_policy(),
        }
    }

    /// A policy answers the app's request.
    fn answer_by_policy(&mut self, allow: bool) {
        if let PlatformPermission::Android(android) = &mut self.machine {
            android.answer_by_policy(allow);
        }
    }

    /// The policy goes; `enforced` is what it had granted or denied for as long as it stood.
    pub(super) fn without_policy(&mut self, enforced: Option<bool>) {
        if let PlatformPermission::Android(android) = &mut self.machine {
            android.without_policy(enforced);
        }
    }

    fn grant_quietly(&mut self) {
        if let PlatformPermission::Apple(apple) = &mut self.machine {
            apple.grant_quietly();
        }
    }

    fn answer(&mut self, allow: bool) {
        self.prompt = None;
        match &mut self.machine {
            PlatformPermission::Apple(apple) => apple.answer(allow),
            PlatformPermission::Android(android) => android.answer(allow),
        }
    }

    /// Turns the platform's own switch for the app's notifications.
    fn switch(&mut self, allow: bool) -> Result<(), Refusal> {
        match &mut self.machine {
            PlatformPermission::Apple(apple) => apple.switch(allow),
            PlatformPermission::Android(android) => {
                android.switch(allow);
                Ok(())
            }
        }
    }

    /// Never asked, of this installation.
    fn reset(&mut self, identity: &DeviceIdentity, target_sdk: Option<u32>) {
        self.machine = match self.machine {
            PlatformPermission::Apple(_) => PlatformPermission::Apple(ApplePermission::default()),
            PlatformPermission::Android(_) => {
                PlatformPermission::Android(AndroidPermission::installed(identity.asks_at_run_time(), target_sdk))
            }
        };
    }
}
