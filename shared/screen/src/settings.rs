//! The platform's settings of Company Portal's notifications: each switch that `settings set` turns, where a person finds it.
//!
//! Lives here: the rows and their words. Sources: UNNotificationSettings and third-party guides for iOS (facts 4.1; the grouping
//! is unconfirmed), AOSP Settings of Android 14 for Android. The names of Company Portal's own channel rows are ours.

use std::collections::BTreeMap;

use portal_contract::NotificationPermission;
use portal_device::DeviceSnapshot;

use crate::compose::button;
use crate::data::{SettingsPage, SettingsRow};

/// Values of one switch: what `settings set` takes, and what the platform calls it.
type SwitchValues = &'static [(&'static str, &'static str)];

const PREVIEWS: SwitchValues = &[("always", "Always"), ("whenAuthenticated", "When Unlocked"), ("never", "Never")];
const DELIVERY: SwitchValues = &[("off", "Immediate Delivery"), ("on", "Scheduled Summary")];
const IMPORTANCE: SwitchValues = &[
    ("HIGH", "High: sound, and pops up"),
    ("DEFAULT", "Default: sound"),
    ("LOW", "Silent"),
    ("MIN", "Silent, minimized"),
    ("NONE", "Off"),
];
const LOCK_SCREEN: SwitchValues = &[
    ("PUBLIC", "Show all notification content"),
    ("PRIVATE", "Show sensitive content only when unlocked"),
    ("SECRET", "Don\u{2019}t show notifications at all"),
];

/// Android's channels came with 8 (facts 4.2).
const CHANNELS_SINCE: u32 = 8;

pub(crate) fn settings(snapshot: &DeviceSnapshot) -> SettingsPage {
    let app = snapshot.app.kind.name();
    let is_apple = snapshot.identity.operating_system.is_apple();
    let title = if is_apple {
        format!("Settings \u{203a} Notifications \u{203a} {app}")
    } else {
        format!("App notifications \u{203a} {app}")
    };
    let permission = snapshot.acting_permission();
    let none = |note: String| SettingsPage { title: title.clone(), rows: Vec::new(), note };
    if !snapshot.app.is_installed() {
        return none(format!("{app} is not installed: Settings has no page for it"));
    }
    // iOS lists an app below Notifications once it has asked, and not before.
    if is_apple && permission == NotificationPermission::NotDetermined {
        return none(format!("{app} has not asked yet: iOS has no switch for it"));
    }
    let allowed = matches!(permission, NotificationPermission::Authorized | NotificationPermission::Provisional);
    let label = if is_apple { "Allow Notifications".to_owned() } else { format!("All {app} notifications") };
    let mut rows = vec![switch("", &label, allowed, "permission allow", "permission deny")];
    // Below a main switch that is off, both platforms take the others away.
    if allowed {
        let set = SwitchRows { values: snapshot.switches.list() };
        rows.extend(if is_apple { set.apple() } else { set.android(snapshot.identity.os_version.major()) });
    }
    // A policy's word comes first: it is why a switch that is pressed does not move.
    let note = match (snapshot.policy.is_empty(), allowed || is_apple) {
        (false, _) => "Some of these are managed by your organization".to_owned(),
        (true, true) => String::new(),
        (true, false) => "You haven\u{2019}t allowed notifications from this app".to_owned(),
    };
    SettingsPage { title, rows, note }
}

fn switch(section: &str, label: &str, on: bool, to_on: &str, to_off: &str) -> SettingsRow {
    let (value, other, command) = if on { ("On", "Off", to_off) } else { ("Off", "On", to_on) };
    SettingsRow {
        section: section.to_owned(),
        label: label.to_owned(),
        on: Some(on),
        value: value.to_owned(),
        choices: vec![button(other, command)],
    }
}

struct SwitchRows {
    values: BTreeMap<String, String>,
}

impl SwitchRows {
    fn switch(&self, section: &str, label: &str, name: &str) -> SettingsRow {
        let on = self.values.get(name).is_some_and(|value| value == "on");
        switch(section, label, on, &format!("settings set {name}=on"), &format!("settings set {name}=off"))
    }

    fn choice(&self, section: &str, label: &str, name: &str, values: SwitchValues) -> SettingsRow {
        let set = self.values.get(name).map(String::as_str).unwrap_or_default();
        let chosen = values.iter().find(|(value, _)| *value == set).map_or(set, |(_, words)| words);
        let others = values.iter().filter(|(value, _)| *value != set);
        SettingsRow {
            section: section.to_owned(),
            label: label.to_owned(),
            on: None,
            value: chosen.to_owned(),
            choices: others.map(|(value, words)| button(words, format!("settings set {name}={value}"))).collect(),
        }
    }

    fn apple(&self) -> Vec<SettingsRow> {
        const ALERTS: &str = "Alerts";
        vec![
            self.choice("Notification Delivery", "Delivery", "scheduledDelivery", DELIVERY),
            self.switch(ALERTS, "Lock Screen", "lockScreen"),
            self.switch(ALERTS, "Notification Center", "notificationCenter"),
            self.switch(ALERTS, "Banners", "alert"),
            self.switch(ALERTS, "Sounds", "sound"),
            self.switch(ALERTS, "Badges", "badge"),
            self.choice("Lock Screen Appearance", "Show Previews", "showPreviews", PREVIEWS),
        ]
    }

    fn android(&self, major: u32) -> Vec<SettingsRow> {
        let mut rows = Vec::new();
        if major >= CHANNELS_SINCE {
            rows.push(self.switch("Categories", "Messages from your company", "channelGroup"));
            rows.push(self.choice("Categories", "Custom notifications", "channelImportance", IMPORTANCE));
        }
        rows.push(self.choice("Privacy", "Notifications on lock screen", "lockScreen", LOCK_SCREEN));
        rows
    }
}
