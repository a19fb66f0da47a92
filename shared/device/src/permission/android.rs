//! Android's notification permission: an opt-out switch to 12L, POST_NOTIFICATIONS from 13 (facts 4.2).
//!
//! Lives here: the transitions of the table in facts 4.2. Does not live here: channels and their groups (`switches`).

use portal_contract::NotificationPermission;
use serde::{Deserialize, Serialize};

use super::super::Rule;
use super::RequestOutcome;

/// How many denials are final (facts 4.2: "Deny more than once during the app's lifetime of installation").
const FINAL_DENIALS: u8 = 2;
/// The API level of Android 13, from which an app asks by itself.
pub(crate) const ASKS_ITSELF_FROM: u32 = 33;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AndroidPermission {
    /// Whether the platform asks at run time (13 and later).
    asks: bool,
    /// Whether the app may show notifications.
    granted: bool,
    /// How often Don't Allow was pressed in the life of this installation.
    denials: u8,
    /// Whether the user turned notifications off in Settings.
    turned_off: bool,
    /// Whether the app targets 12L or older, so that the system asks for it.
    #[serde(default)]
    older_target: bool,
    /// Whether the system has asked for an app with an older target, and was told Don't Allow.
    #[serde(default)]
    system_was_denied: bool,
}

impl AndroidPermission {
    /// To 12L enabled at install, no prompt ever (`Rule::AndroidOptOut`); from 13 off until granted
    /// (`Rule::AndroidOffUntilGranted`).
    pub(super) fn installed(asks: bool, target_sdk: Option<u32>) -> Self {
        let older_target = target_sdk.is_some_and(is_older);
        Self { asks, granted: !asks, denials: 0, turned_off: false, older_target, system_was_denied: false }
    }

    pub(super) fn status(&self) -> NotificationPermission {
        match (self.granted, self.denials, self.turned_off) {
            (true, _, _) => NotificationPermission::Authorized,
            (false, 0, false) => NotificationPermission::NotDetermined,
            (false, _, _) => NotificationPermission::Denied,
        }
    }

    /// Whether no dialog comes any more in the life of this installation.
    pub(super) fn is_permanently_denied(&self) -> bool {
        self.asks && !self.granted && (self.denials >= FINAL_DENIALS || self.ended_by_the_system())
    }

    fn ended_by_the_system(&self) -> bool {
        self.older_target && self.system_was_denied
    }

    pub(super) fn asking(&self) -> RequestOutcome {
        match self {
            Self { asks: false, .. } => RequestOutcome::Silent(Rule::AndroidAsks),
            Self { granted: true, .. } => RequestOutcome::Silent(Rule::AndroidGranted),
            _ if self.denials >= FINAL_DENIALS => RequestOutcome::Silent(Rule::AndroidTwoDenials),
            _ if self.ended_by_the_system() => RequestOutcome::Silent(Rule::AndroidOlderTarget),
            _ => RequestOutcome::Prompts,
        }
    }

    pub(super) fn answer(&mut self, allow: bool) {
        self.granted = allow;
        self.turned_off = false;
        if !allow {
            self.denials = self.denials.saturating_add(1);
            self.system_was_denied |= self.older_target;
        }
    }

    /// The app's switch in Settings; it exists from the install on (`Rule::AndroidSwitch`). Turning it off is no denial, so
    /// the app may still ask as often as its denials leave.
    pub(super) fn switch(&mut self, allow: bool) {
        self.granted = allow;
        self.turned_off = !allow;
    }

    /// An update to a target of 13 lets the app ask by itself (`Rule::AndroidOlderTarget`).
    pub(super) fn updated(&mut self, target_sdk: Option<u32>) {
        self.older_target = target_sdk.is_some_and(is_older);
    }

    /// `Rule::AndroidPreGrant`: on an upgrade from 12L or earlier, granted where the app had not been turned off.
    pub(super) fn upgrade_to_run_time_permission(&mut self, app_installed: bool) {
        self.asks = true;
        self.granted = self.granted && app_installed;
    }
}

fn is_older(target_sdk: u32) -> bool {
    target_sdk < ASKS_ITSELF_FROM
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationPermission::{Authorized, Denied, NotDetermined};

    /// What happens to an app, in order.
    #[derive(Debug, Clone, Copy)]
    enum AndroidHappening {
        Deny,
        Swipe,
        TurnOff,
        TurnOn,
        UpgradeTo13,
        UpdateTo33,
        Reinstall,
    }
    use AndroidHappening::{Deny, Reinstall, Swipe, TurnOff, TurnOn, UpdateTo33, UpgradeTo13};

    fn after(asks: bool, target_sdk: u32, happens: &[AndroidHappening]) -> (NotificationPermission, bool) {
        let mut android = AndroidPermission::installed(asks, Some(target_sdk));
        for one in happens {
            match one {
                Deny => {
                    assert_eq!(android.asking(), RequestOutcome::Prompts, "{happens:?}");
                    android.answer(false);
                }
                // The state is unchanged: nothing is called.
                Swipe => assert_eq!(android.asking(), RequestOutcome::Prompts),
                TurnOff => android.switch(false),
                TurnOn => android.switch(true),
                UpgradeTo13 => android.upgrade_to_run_time_permission(true),
                UpdateTo33 => android.updated(Some(33)),
                Reinstall => android = AndroidPermission::installed(android.asks, Some(target_sdk)),
            }
        }
        (android.status(), android.asking() == RequestOutcome::Prompts)
    }

    /// The row's own text, whether it is 13 or later, the target, what happens, the status, whether it may prompt.
    type Row<'a> = (&'a str, bool, u32, &'a [AndroidHappening], NotificationPermission, bool);

    #[test]
    fn the_table_of_facts_4_2() {
        let rows: &[Row<'_>] = &[
            ("≤ 12L | install | enabled (opt-out); no prompt ever", false, 33, &[], Authorized, false),
            ("≤ 12L | any | user turns off in settings", false, 33, &[TurnOff], Denied, false),
            ("13+ | fresh install | off until granted", true, 33, &[], NotDetermined, true),
            ("13+ upgrade | had a channel, not disabled | pre-granted", false, 33, &[UpgradeTo13], Authorized, false),
            ("13+ upgrade | user had disabled | stays off", false, 33, &[TurnOff, UpgradeTo13], Denied, true),
            ("app targets ≤ 12L | the system prompts", true, 32, &[], NotDetermined, true),
            ("app targets ≤ 12L | one \"Don't allow\" ends prompts", true, 32, &[Deny], Denied, false),
            ("… until reinstall", true, 32, &[Deny, Reinstall], NotDetermined, true),
            ("… or update to target 13", true, 32, &[Deny, UpdateTo33], Denied, true),
            ("… where the second is permanent too", true, 32, &[Deny, UpdateTo33, Deny], Denied, false),
            ("app targets 13+ | first Deny → denied, may ask again", true, 33, &[Deny], Denied, true),
            ("second Deny → permanent", true, 33, &[Deny, Deny], Denied, false),
            ("no dialog until reinstall", true, 33, &[Deny, Deny, Reinstall], NotDetermined, true),
            (
                "user swipes dialog away | state unchanged, not a deny",
                true,
                33,
                &[Swipe, Swipe, Swipe],
                NotDetermined,
                true,
            ),
            ("any | user turns off in settings (app) | blocked", true, 33, &[TurnOn, TurnOff], Denied, true),
            ("permanently denied, then allowed in settings", true, 33, &[Deny, Deny, TurnOn], Authorized, false),
        ];
        for (text, asks, target, happens, status, may_prompt) in rows {
            assert_eq!(after(*asks, *target, happens), (*status, *may_prompt), "{text}");
        }
    }

    #[test]
    fn an_upgrade_grants_nothing_to_an_app_that_is_not_there() {
        let mut android = AndroidPermission::installed(false, None);
        android.upgrade_to_run_time_permission(false);
        assert_eq!(android.status(), NotDetermined);
    }
}
