//! What device management enforces over the user's choice: Apple's notifications payload, Android's permission grant.
//!
//! Lives here: its names, its values, to whom it applies (facts 4.1, 4.2). Does not live here: the user's own switches
//! (`switches`), what all of it means for a push (`grounds`, `surface`).

use std::collections::BTreeMap;

use portal_contract::NotificationPermission;
use serde::{Deserialize, Serialize};

use super::identity::DeviceIdentity;
use super::switches::{AppleSwitches, NotificationSwitches, ShowPreviews};
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
const ANDROID: &[(&str, &[&str])] = &[("PermissionGrantState", &["granted", "denied"])];

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

    fn switch(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value == "true")
    }

    /// Whether it keeps banners off, whatever the user chose.
    pub(super) fn turns_off_banners(&self) -> bool {
        self.get("AlertType") == Some("0")
    }

    /// The permission that it enforces, if any.
    pub(super) fn permission(&self) -> Option<NotificationPermission> {
        let enforced =
            |allowed| if allowed { NotificationPermission::Authorized } else { NotificationPermission::Denied };
        let apple = (!self.is_empty() && self.get("PermissionGrantState").is_none())
            // facts 4.1: NotificationsEnabled is true unless the payload says otherwise
            .then(|| enforced(self.switch("NotificationsEnabled").unwrap_or(true)));
        apple.or_else(|| self.get("PermissionGrantState").map(|state| enforced(state == "granted")))
    }

    /// The user's switches with what the policy enforces put over them (facts 4.1: always enforced).
    fn over(&self, user: &AppleSwitches) -> AppleSwitches {
        AppleSwitches {
            notification_center: self.switch("ShowInNotificationCenter").unwrap_or(user.notification_center),
            lock_screen: self.switch("ShowInLockScreen").unwrap_or(user.lock_screen),
            alert: self.get("AlertType").map_or(user.alert, |style| style != "0"),
            sound: self.switch("SoundsEnabled").unwrap_or(user.sound),
            badge: self.switch("BadgesEnabled").unwrap_or(user.badge),
            show_previews: match self.get("PreviewType") {
                Some("0") => ShowPreviews::Always,
                Some("1") => ShowPreviews::WhenAuthenticated,
                Some(_) => ShowPreviews::Never,
                None => user.show_previews,
            },
            scheduled_delivery: user.scheduled_delivery,
        }
    }
}

impl DeviceSnapshot {
    /// The switches as they act: the user's, and the policy's over them (`Rule::ApplePolicy`).
    pub(super) fn acting_switches(&self) -> NotificationSwitches {
        match &self.switches {
            NotificationSwitches::Apple(user) => NotificationSwitches::Apple(self.policy.over(user)),
            android @ NotificationSwitches::Android(_) => android.clone(),
        }
    }

    /// The permission as it acts: the policy's, else the platform's (`Rule::ApplePolicy`, `Rule::AndroidPolicy`).
    pub fn acting_permission(&self) -> NotificationPermission {
        self.policy.permission().unwrap_or_else(|| self.permission.status())
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
        self.check_policy_applies()?;
        if self.state.policy.get(name) == Some(value) {
            effects.push(DeviceEffect::Unchanged(format!("already {name}={value}")));
            return Ok(());
        }
        self.state.policy.0.insert(name.to_owned(), value.to_owned());
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn check_policy_applies(&self) -> Result<(), Refusal> {
        let identity = &self.state.identity;
        let Some(enrolled) = &self.state.enrollment.enrolled else {
            let message = "a policy comes with an enrollment, and the device is not enrolled";
            return Err(Refusal::new("notEnrolled", message, "enroll --user UPN"));
        };
        if !identity.operating_system.is_apple() {
            return if identity.asks_at_run_time() {
                Ok(())
            } else {
                let message = format!(
                    "Android {} has no notification permission that a policy could grant; it came with 13 ({})",
                    identity.os_version,
                    Rule::AndroidPolicy.source()
                );
                Err(Refusal::new("notOnThisVersion", message, "os update 13"))
            };
        }
        if !enrolled.supervised || enrolled.enrollment_type.is_apple_user_enrollment() {
            let message = format!(
                "the notifications payload reaches supervised devices only, and none in User Enrollment ({})",
                Rule::ApplePolicy.source()
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
            self.state.policy = DevicePolicy::default();
            effects.push(DeviceEffect::StateChanged);
        }
    }
}
