//! What device management enforces over the user's choice: Apple's notifications payload, Android's permission grant, Intune's
//! own settings for a personally-owned work profile.
//!
//! Lives here: its names, its values, to whom it applies (facts 4.1, 4.2). Does not live here: the user's own switches
//! (`switches`), what all of it means for a push (`grounds`, `surface`).

use std::collections::BTreeMap;

use portal_contract::{DeviceEnrollmentType, NotificationPermission};
use serde::{Deserialize, Serialize};

use super::identity::DeviceIdentity;
use super::switches::{AndroidSwitches, AppleSwitches, LockScreenVisibility, NotificationSwitches, ShowPreviews};
use super::{Device, DeviceEffect, DeviceSnapshot, Refusal, Rule};

/// The policy in force, by the payload's own names; empty: none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DevicePolicy(BTreeMap<String, String>);

const TRUE_FALSE: &[&str] = &["true", "false"];

/// com.apple.notificationsettings (facts 4.1): the keys that a custom notification can show. CriticalAlertEnabled and
/// GroupingType are left out, since Company Portal sends no critical alert and one card stands by itself.
const APPLE: &[(&str, &[&str])] = &[
    ("NotificationsEnabled", TRUE_FALSE),
    ("ShowInNotificationCenter", TRUE_FALSE),
    ("ShowInLockScreen", TRUE_FALSE),
    ("AlertType", &["0", "1", "2"]),
    ("BadgesEnabled", TRUE_FALSE),
    ("SoundsEnabled", TRUE_FALSE),
    ("PreviewType", &["0", "1", "2"]),
];

/// setPermissionGrantState of POST_NOTIFICATIONS (facts 4.2).
const GRANT_STATE: &str = "PermissionGrantState";
/// Intune's *Default app permissions* of a personally-owned work profile, by Graph's name (facts 4.2).
const APP_PERMISSIONS: &str = "workProfileDefaultAppPermissionPolicy";
/// Intune's *Work profile notifications while device locked*, by Graph's name (facts 4.2).
const BLOCKED_WHILE_LOCKED: &str = "workProfileBlockNotificationsWhileDeviceLocked";

const ANDROID: &[(&str, &[&str])] = &[
    (GRANT_STATE, &["granted", "denied"]),
    (APP_PERMISSIONS, &["deviceDefault", "prompt", "autoGrant", "autoDeny"]),
    (BLOCKED_WHILE_LOCKED, TRUE_FALSE),
];

impl DevicePolicy {
    /// Each key that is set, with its value.
    pub fn list(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Whether any is in force.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether it is an Apple notifications payload.
    fn is_payload(&self) -> bool {
        APPLE.iter().any(|(name, _)| self.0.contains_key(*name))
    }

    /// A key of the payload. Left out, it has Apple's default, which is enforced with the rest: true (facts 4.1).
    fn switch(&self, name: &str) -> bool {
        self.get(name) != Some("false")
    }

    /// Whether the grant state enforces the permission, and which.
    fn grant_state(&self) -> Option<bool> {
        self.get(GRANT_STATE).map(|state| state == "granted")
    }

    /// The permission that it enforces whatever the user did, if any.
    fn permission(&self) -> Option<NotificationPermission> {
        let payload = self.is_payload().then(|| self.switch("NotificationsEnabled"));
        payload
            .or_else(|| self.grant_state())
            .map(|allowed| if allowed { NotificationPermission::Authorized } else { NotificationPermission::Denied })
    }

    /// What it answers in the user's place where an app asks; nothing where the user is asked (`Rule::IntuneAppPermissions`).
    pub(super) fn answers_requests(&self) -> Option<bool> {
        match self.get(APP_PERMISSIONS) {
            Some("autoGrant") => Some(true),
            Some("autoDeny") => Some(false),
            _ => None,
        }
    }

    /// The user's switches with what the payload enforces put over them (`Rule::ApplePolicyDefaults`).
    fn over(&self, user: &AppleSwitches) -> AppleSwitches {
        if !self.is_payload() {
            return user.clone();
        }
        AppleSwitches {
            notification_center: self.switch("ShowInNotificationCenter"),
            lock_screen: self.switch("ShowInLockScreen"),
            // AlertType is 1, a temporary banner, where it is left out
            alert: self.get("AlertType") != Some("0"),
            sound: self.switch("SoundsEnabled"),
            badge: self.switch("BadgesEnabled"),
            // PreviewType alone has no default: left out, it leaves the user's
            show_previews: match self.get("PreviewType") {
                Some("0") => ShowPreviews::Always,
                Some("1") => ShowPreviews::WhenAuthenticated,
                Some(_) => ShowPreviews::Never,
                None => user.show_previews,
            },
            scheduled_delivery: user.scheduled_delivery,
        }
    }

    /// The user's switches with the work profile's lock screen put over them (`Rule::IntuneLockedProfile`).
    fn over_android(&self, user: &AndroidSwitches) -> AndroidSwitches {
        match self.get(BLOCKED_WHILE_LOCKED) {
            Some("true") => AndroidSwitches { lock_screen: LockScreenVisibility::Secret, ..user.clone() },
            _ => user.clone(),
        }
    }
}

impl DeviceSnapshot {
    /// The switches as they act: the user's, and the policy's over them (`Rule::ApplePolicy`).
    pub fn acting_switches(&self) -> NotificationSwitches {
        match &self.switches {
            NotificationSwitches::Apple(user) => NotificationSwitches::Apple(self.policy.over(user)),
            NotificationSwitches::Android(user) => NotificationSwitches::Android(self.policy.over_android(user)),
        }
    }

    /// The permission that a policy decided on, whatever the user did or will do.
    pub(super) fn enforced_permission(&self) -> Option<NotificationPermission> {
        self.policy.permission().or_else(|| self.permission.fixed_by_policy())
    }

    /// The permission as it acts: the policy's, else the platform's (`Rule::ApplePolicy`, `Rule::AndroidPolicy`).
    pub fn acting_permission(&self) -> NotificationPermission {
        self.enforced_permission().unwrap_or_else(|| self.permission.status())
    }
}

fn known(identity: &DeviceIdentity) -> &'static [(&'static str, &'static [&'static str])] {
    if identity.operating_system.is_apple() { APPLE } else { ANDROID }
}

fn check(name: &str, value: &str, identity: &DeviceIdentity) -> Result<(), Refusal> {
    let known = known(identity);
    let Some((_, values)) = known.iter().find(|(key, _)| *key == name) else {
        let names: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
        let message = format!("{name:?} is no policy of {}", identity.operating_system);
        return Err(Refusal::new("unknownPolicy", message, format!("policy set one of {}", names.join(", "))));
    };
    if values.contains(&value) {
        return Ok(());
    }
    let hint = format!("policy set {name}=… with one of {}", values.join(", "));
    Err(Refusal::new("invalidValue", format!("{value:?} is no value of {name}"), hint))
}

impl Device {
    pub(super) fn policy_set(
        &mut self,
        name: &str,
        value: &str,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        check(name, value, &self.state.identity)?;
        self.check_policy_applies(name)?;
        if self.state.policy.get(name) == Some(value) {
            effects.push(DeviceEffect::Unchanged(format!("already {name}={value}")));
            return Ok(());
        }
        self.state.policy.0.insert(name.to_owned(), value.to_owned());
        if self.state.policy.answers_requests().is_none() {
            // What it answered before stays, and is the user's to change again.
            self.state.permission.without_policy(None);
        }
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn check_policy_applies(&self, name: &str) -> Result<(), Refusal> {
        let identity = &self.state.identity;
        let Some(enrolled) = &self.state.enrollment.enrolled else {
            let message = "a policy comes with an enrollment, and the device is not enrolled";
            return Err(Refusal::new("notEnrolled", message, self.state.enrolling("UPN")));
        };
        if !identity.operating_system.is_apple() {
            if name != GRANT_STATE && enrolled.enrollment_type != DeviceEnrollmentType::UserEnrollment {
                let message = format!(
                    "{name} is a setting of personally-owned work profiles; the device is enrolled as {} ({})",
                    enrolled.enrollment_type,
                    Rule::IntuneAppPermissions.cited()
                );
                let hint = format!("{}, then {}", self.state.way_out_of_management(), self.state.enrolling("UPN"));
                return Err(Refusal::new("notForThisEnrollment", message, hint));
            }
            if name != BLOCKED_WHILE_LOCKED && !identity.asks_at_run_time() {
                let message = format!(
                    "Android {} has no notification permission that a policy could grant; it came with 13 ({})",
                    identity.os_version,
                    Rule::AndroidPolicy.cited()
                );
                return Err(Refusal::new("notOnThisVersion", message, "os update 13"));
            }
            return Ok(());
        }
        if !enrolled.supervised || enrolled.enrollment_type.is_apple_user_enrollment() {
            let message = format!(
                "the notifications payload reaches supervised devices only, and none in User Enrollment ({})",
                Rule::ApplePolicy.cited()
            );
            let hint = "retire, then enroll --user UPN --supervised --type appleBulkWithUser";
            return Err(Refusal::new("notSupervised", message, hint));
        }
        Ok(())
    }

    pub(super) fn policy_clear(&mut self, effects: &mut Vec<DeviceEffect>) {
        if self.state.policy.is_empty() {
            effects.push(DeviceEffect::Unchanged("already without a policy".to_owned()));
        } else {
            self.lift_policy();
            effects.push(DeviceEffect::StateChanged);
        }
    }

    pub(super) fn lift_policy(&mut self) {
        let policy = std::mem::take(&mut self.state.policy);
        // On Android what a policy had granted or denied stays (`Rule::AndroidGrantStays`); on iOS the user's own
        // answer and switches, which were never touched, come back.
        let enforced = policy.grant_state().filter(|_| self.state.app.is_installed());
        self.state.permission.without_policy(enforced);
    }
}
