//! Android's notification permission: an opt-out switch to 12L, POST_NOTIFICATIONS from 13 (facts 4.2).
//!
//! Lives here: the permission's flags as the open source has them, and what each event does to them. Does not live here:
//! channels and their groups (`switches`), what a policy says (`policy`).

use portal_contract::NotificationPermission;
use serde::{Deserialize, Serialize};

use super::super::Rule;
use super::RequestOutcome;

/// The API level of Android 13, from which an app asks by itself.
pub(crate) const ASKS_ITSELF_FROM: u32 = 33;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "KeptAndroidPermission")]
pub(super) struct AndroidPermission {
    /// Whether the platform asks at run time (13 and later).
    asks: bool,
    /// Whether the app may show notifications.
    granted: bool,
    /// FLAG_PERMISSION_USER_SET: the user has decided, by the dialog or by the switch in Settings.
    user_set: bool,
    /// FLAG_PERMISSION_USER_FIXED: the user's refusal is permanent, and no dialog comes any more.
    user_fixed: bool,
    /// FLAG_PERMISSION_POLICY_FIXED: a policy answered the app's request in the user's place.
    policy_fixed: bool,
    /// Whether the app targets 12L or older, so that the system asks for it.
    older_target: bool,
}

/// A permission as snapshots of every version hold it. Until snapshot 2 denials were counted, and the switch in Settings was
/// kept apart from them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptAndroidPermission {
    asks: bool,
    granted: bool,
    user_set: Option<bool>,
    user_fixed: Option<bool>,
    #[serde(default)]
    policy_fixed: bool,
    #[serde(default)]
    older_target: bool,
    #[serde(default)]
    denials: u8,
    #[serde(default)]
    turned_off: bool,
}

impl From<KeptAndroidPermission> for AndroidPermission {
    fn from(kept: KeptAndroidPermission) -> Self {
        let KeptAndroidPermission { asks, granted, policy_fixed, older_target, denials, turned_off, .. } = kept;
        // What is granted from 13 on was granted by an answer, the switch, or an upgrade.
        let decided = denials > 0 || turned_off || (asks && granted);
        let denied_for_good = denials >= 2 && !granted && !turned_off;
        Self {
            asks,
            granted,
            user_set: kept.user_set.unwrap_or(decided),
            user_fixed: kept.user_fixed.unwrap_or(denied_for_good),
            policy_fixed,
            older_target,
        }
    }
}

impl AndroidPermission {
    /// To 12L enabled at install, no prompt ever (`Rule::AndroidOptOut`); from 13 off until granted
    /// (`Rule::AndroidOffUntilGranted`).
    pub(super) fn installed(asks: bool, target_sdk: Option<u32>) -> Self {
        Self {
            asks,
            granted: !asks,
            user_set: false,
            user_fixed: false,
            policy_fixed: false,
            older_target: target_sdk.is_some_and(is_older),
        }
    }

    pub(super) fn status(&self) -> NotificationPermission {
        match (self.granted, self.user_set || self.user_fixed || self.policy_fixed) {
            (true, _) => NotificationPermission::Authorized,
            (false, false) => NotificationPermission::NotDetermined,
            (false, true) => NotificationPermission::Denied,
        }
    }

    /// Whether no dialog comes any more until the app is installed again or the switch in Settings is used.
    pub(super) fn is_permanently_denied(&self) -> bool {
        self.asks && !self.granted && (self.user_fixed || self.ended_by_the_system())
    }

    /// The system asks for an app with an older target once: whoever has decided is not asked again.
    fn ended_by_the_system(&self) -> bool {
        self.older_target && self.user_set
    }

    /// What comes of a request, or of the app's start where the system asks for it, which it does once there is a channel
    /// (`Rule::AndroidOlderTarget`).
    pub(super) fn asking(&self, has_channel: bool) -> RequestOutcome {
        match self {
            Self { asks: false, .. } => RequestOutcome::Silent(Rule::AndroidAsks),
            Self { granted: true, .. } => RequestOutcome::Silent(Rule::AndroidGranted),
            Self { user_fixed: true, .. } => RequestOutcome::Silent(Rule::AndroidTwoDenials),
            _ if self.ended_by_the_system() || (self.older_target && !has_channel) => {
                RequestOutcome::Silent(Rule::AndroidOlderTarget)
            }
            _ => RequestOutcome::Prompts,
        }
    }

    /// The user's answer to the dialog: Don't allow where the user had decided before is permanent
    /// (`Rule::AndroidTwoDenials`).
    pub(super) fn answer(&mut self, allow: bool) {
        self.granted = allow;
        self.user_fixed = !allow && self.user_set;
        self.user_set = true;
    }

    /// The app's switch in Settings; it exists from the install on (`Rule::AndroidSwitch`). It counts as an answer, and ends a
    /// permanent denial (`Rule::AndroidSwitchAnswers`).
    pub(super) fn switch(&mut self, allow: bool) {
        self.granted = allow;
        self.user_set = true;
        self.user_fixed = false;
    }

    /// A policy answers in the user's place (`Rule::IntuneAppPermissions`).
    pub(super) fn answer_by_policy(&mut self, allow: bool) {
        self.granted = allow;
        self.policy_fixed = true;
    }

    /// What a policy decided for the user, where it answered a request.
    pub(super) fn fixed_by_policy(&self) -> Option<NotificationPermission> {
        self.policy_fixed.then(|| self.status())
    }

    /// The policy goes: the user may decide again, and what it had granted or denied stays so (`Rule::AndroidGrantStays`).
    pub(super) fn without_policy(&mut self, enforced: Option<bool>) {
        self.granted = enforced.unwrap_or(self.granted);
        self.policy_fixed = false;
    }

    /// What an app learns of shouldShowRequestPermissionRationale (`Rule::AndroidRationale`).
    pub(super) fn shows_rationale(&self) -> Option<bool> {
        self.asks.then_some(!self.granted && self.user_set && !self.user_fixed && !self.policy_fixed)
    }

    /// Whether the system asks for the app.
    pub(super) fn is_asked_for_by_the_system(&self) -> bool {
        self.asks && self.older_target
    }

    /// An update to a target of 13 lets the app ask by itself (`Rule::AndroidOlderTarget`).
    pub(super) fn updated(&mut self, target_sdk: Option<u32>) {
        self.older_target = target_sdk.is_some_and(is_older);
    }

    /// `Rule::AndroidPreGrant`: an upgrade from 12L or earlier grants what has a channel and was not turned off, and counts as
    /// the user's decision then. What was turned off stays so. An app without a channel starts as never asked.
    pub(super) fn upgrade_to_run_time_permission(&mut self, has_channel: bool) {
        self.asks = true;
        // Turned off and on again, without a channel, is as never asked: nothing was to be carried over.
        self.user_set = has_channel || (self.user_set && !self.granted);
        self.granted = self.granted && has_channel;
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
        Allow,
        Deny,
        Swipe,
        TurnOff,
        TurnOn,
        UpgradeTo13,
        UpgradeWithoutChannel,
        UpdateTo33,
        Reinstall,
    }
    use AndroidHappening::{
        Allow, Deny, Reinstall, Swipe, TurnOff, TurnOn, UpdateTo33, UpgradeTo13, UpgradeWithoutChannel,
    };

    fn after(asks: bool, target_sdk: u32, happens: &[AndroidHappening]) -> (NotificationPermission, bool) {
        let mut android = AndroidPermission::installed(asks, Some(target_sdk));
        for one in happens {
            match one {
                Deny => {
                    assert_eq!(android.asking(true), RequestOutcome::Prompts, "{happens:?}");
                    android.answer(false);
                }
                // The state is unchanged: nothing is called.
                Swipe => assert_eq!(android.asking(true), RequestOutcome::Prompts),
                TurnOff => android.switch(false),
                TurnOn => android.switch(true),
                Allow => android.answer(true),
                UpgradeTo13 => android.upgrade_to_run_time_permission(true),
                UpgradeWithoutChannel => android.upgrade_to_run_time_permission(false),
                UpdateTo33 => android.updated(Some(33)),
                Reinstall => android = AndroidPermission::installed(android.asks, Some(target_sdk)),
            }
        }
        (android.status(), android.asking(true) == RequestOutcome::Prompts)
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
            ("… and the switch ends the permanent denial", true, 33, &[Deny, Deny, TurnOn, TurnOff], Denied, true),
            ("… off alone, too", true, 33, &[Deny, Deny, TurnOff], Denied, true),
            ("off counts as the first denial", true, 33, &[TurnOff, Deny], Denied, false),
            ("allowed by the dialog, then turned off: the same", true, 33, &[Allow, TurnOff, Deny], Denied, false),
            ("turned off before the upgrade: one dialog left", false, 33, &[TurnOff, UpgradeTo13, Deny], Denied, false),
            ("≤ 12L target, turned off before the upgrade: none", false, 32, &[TurnOff, UpgradeTo13], Denied, false),
            (
                "≤ 12L target, granted by the upgrade, turned off: none",
                false,
                32,
                &[UpgradeTo13, TurnOff],
                Denied,
                false,
            ),
            ("no channel before the upgrade: as never asked", false, 33, &[UpgradeWithoutChannel], NotDetermined, true),
            ("… turned off, the denial persists", false, 33, &[TurnOff, UpgradeWithoutChannel], Denied, true),
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

    #[test]
    fn the_rationale_is_asked_for_between_the_first_denial_and_a_permanent_one() {
        let mut android = AndroidPermission::installed(true, Some(33));
        assert_eq!(android.shows_rationale(), Some(false), "never asked");
        android.answer(false);
        assert_eq!(android.shows_rationale(), Some(true), "denied once");
        android.answer(false);
        assert_eq!(android.shows_rationale(), Some(false), "permanent");
        android.switch(false);
        assert_eq!(android.shows_rationale(), Some(true), "the switch in Settings ends it");
        android.switch(true);
        assert_eq!(android.shows_rationale(), Some(false), "granted");
        assert_eq!(AndroidPermission::installed(false, Some(33)).shows_rationale(), None, "12 has no such permission");
    }

    #[test]
    fn the_system_asks_for_an_older_target_once_there_is_a_channel() {
        let android = AndroidPermission::installed(true, Some(32));
        assert_eq!(android.asking(false), RequestOutcome::Silent(Rule::AndroidOlderTarget));
        assert_eq!(android.asking(true), RequestOutcome::Prompts);
        let newer = AndroidPermission::installed(true, Some(33));
        assert_eq!(newer.asking(false), RequestOutcome::Prompts, "an app asks by itself, channel or not");
    }

    /// What snapshots of before the flags meant: denials counted, and the switch kept apart.
    #[test]
    fn a_permission_of_before_the_flags_is_read() {
        let kept = |granted: bool, denials: u8, turned_off: bool| -> AndroidPermission {
            let json = serde_json::json!({
                "asks": true, "granted": granted, "denials": denials, "turnedOff": turned_off,
                "olderTarget": false, "systemWasDenied": false,
            });
            serde_json::from_value(json).unwrap()
        };
        for (granted, denials, turned_off, status, may_prompt, is_final) in [
            (false, 0, false, NotDetermined, true, false),
            (false, 1, false, Denied, true, false),
            (false, 2, false, Denied, false, true),
            (false, 0, true, Denied, true, false),
            (false, 2, true, Denied, true, false),
            (true, 2, false, Authorized, false, false),
        ] {
            let android = kept(granted, denials, turned_off);
            let prompts = android.asking(true) == RequestOutcome::Prompts;
            let read = (android.status(), prompts, android.is_permanently_denied());
            assert_eq!(read, (status, may_prompt, is_final), "{granted} {denials} {turned_off}");
        }
        let mut android = kept(true, 0, false);
        android.switch(false);
        android.answer(false);
        assert!(android.is_permanently_denied(), "what was granted was granted by a decision");
    }
}
