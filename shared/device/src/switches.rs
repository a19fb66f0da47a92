//! The platform's own notification switches for Company Portal, by the platform's names (facts 4.1, 4.2).
//!
//! Lives here: their names, values and defaults. Does not live here: what they do to a push (`surface`, `grounds`).

use std::collections::BTreeMap;

use portal_contract::OperatingSystem;
use serde::{Deserialize, Serialize};

use super::{Device, DeviceEffect, Refusal, Rule};

/// The switches of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotificationSwitches {
    /// iOS' and iPadOS' (facts 4.1).
    Apple(AppleSwitches),
    /// Android's (facts 4.2).
    Android(AndroidSwitches),
}

/// Settings > Notifications > Company Portal (`Rule::AppleSurfaces`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppleSwitches {
    pub notification_center: bool,
    pub lock_screen: bool,
    /// Banners.
    pub alert: bool,
    pub sound: bool,
    /// Badges.
    pub badge: bool,
    pub show_previews: ShowPreviews,
    /// Delivered in the scheduled summary.
    pub scheduled_delivery: bool,
}

/// The settings of UNNotificationSettings that Company Portal does not ask for, so that iOS offers no switch (facts 4.1;
/// undocumented: what it asks for).
const NOT_SUPPORTED: [&str; 4] = ["announcement", "carPlay", "criticalAlert", "timeSensitive"];
const NOT_SUPPORTED_WORD: &str = "notSupported";

impl Default for AppleSwitches {
    /// As a new installation has them.
    fn default() -> Self {
        Self {
            notification_center: true,
            lock_screen: true,
            alert: true,
            sound: true,
            badge: true,
            show_previews: ShowPreviews::Always,
            scheduled_delivery: false,
        }
    }
}

/// UNShowPreviewsSetting (`Rule::ApplePreviews`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShowPreviews {
    Always,
    /// When unlocked.
    WhenAuthenticated,
    Never,
}

/// The app's channel, its group, and the lock screen (facts 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AndroidSwitches {
    /// The channel group's switch.
    pub channel_group: bool,
    /// The channel's importance.
    pub importance: ChannelImportance,
    /// What the lock screen shows.
    pub lock_screen: LockScreenVisibility,
}

impl Default for AndroidSwitches {
    /// As a new installation has them. undocumented: Company Portal's own choices on Android (facts 7); here the channel
    /// is HIGH, so that a custom notification heads up, and the lock screen shows all of it.
    fn default() -> Self {
        Self { channel_group: true, importance: ChannelImportance::High, lock_screen: LockScreenVisibility::Public }
    }
}

/// A channel's importance (`Rule::AndroidImportance`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChannelImportance {
    /// Off.
    None,
    /// Shade only.
    Min,
    /// No sound.
    Low,
    /// Sound.
    Default,
    /// Sound and heads-up.
    High,
}

/// What the lock screen shows of a notification (`Rule::AndroidLockScreen`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LockScreenVisibility {
    /// All of it.
    Public,
    /// That there is one; its content is hidden.
    Private,
    /// Nothing.
    Secret,
}

/// facts 4.2: "Channels (Android 8+)".
const CHANNELS_SINCE: u32 = 8;

const ON_OFF: [(&str, bool); 2] = [("on", true), ("off", false)];
const PREVIEWS: [(&str, ShowPreviews); 3] = [
    ("always", ShowPreviews::Always),
    ("whenAuthenticated", ShowPreviews::WhenAuthenticated),
    ("never", ShowPreviews::Never),
];
const IMPORTANCES: [(&str, ChannelImportance); 5] = [
    ("NONE", ChannelImportance::None),
    ("MIN", ChannelImportance::Min),
    ("LOW", ChannelImportance::Low),
    ("DEFAULT", ChannelImportance::Default),
    ("HIGH", ChannelImportance::High),
];
const VISIBILITIES: [(&str, LockScreenVisibility); 3] = [
    ("PUBLIC", LockScreenVisibility::Public),
    ("PRIVATE", LockScreenVisibility::Private),
    ("SECRET", LockScreenVisibility::Secret),
];

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> String {
    words.iter().find(|(_, candidate)| *candidate == value).map(|(word, _)| (*word).to_owned()).unwrap_or_default()
}

/// Apple's own words for a switch of an app (UNNotificationSetting), read beside `on` and `off`.
const ENABLED_DISABLED: [(&str, bool); 2] = [("enabled", true), ("disabled", false)];

fn read_switch(name: &str, text: &str) -> Result<bool, Refusal> {
    let as_apple_says = ENABLED_DISABLED.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    as_apple_says.map_or_else(|| read(&ON_OFF, name, text), |(_, value)| Ok(*value))
}

fn read<T: Copy>(words: &[(&'static str, T)], name: &str, text: &str) -> Result<T, Refusal> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value).ok_or_else(|| {
        let values: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = format!("settings set {name}=… with one of {}", values.join(", "));
        Refusal::new("invalidValue", format!("{text:?} is no value of {name}"), hint)
    })
}

fn not_supported(name: &str) -> Refusal {
    let message =
        format!("{name} is notSupported: Company Portal does not ask for it, so iOS offers no switch (facts 4.1)");
    Refusal::new("notSupported", message, "settings show lists the switches that there are")
}

impl NotificationSwitches {
    /// As a new installation has them.
    pub fn out_of_the_box(operating_system: OperatingSystem) -> Self {
        if operating_system.is_apple() {
            Self::Apple(AppleSwitches::default())
        } else {
            Self::Android(AndroidSwitches::default())
        }
    }

    /// Each switch by name with its value.
    pub fn list(&self) -> BTreeMap<String, String> {
        let list = match self {
            Self::Apple(apple) => vec![
                ("notificationCenter", word(&ON_OFF, apple.notification_center)),
                ("lockScreen", word(&ON_OFF, apple.lock_screen)),
                ("alert", word(&ON_OFF, apple.alert)),
                ("sound", word(&ON_OFF, apple.sound)),
                ("badge", word(&ON_OFF, apple.badge)),
                ("showPreviews", word(&PREVIEWS, apple.show_previews)),
                ("scheduledDelivery", word(&ON_OFF, apple.scheduled_delivery)),
            ]
            .into_iter()
            .chain(NOT_SUPPORTED.map(|name| (name, NOT_SUPPORTED_WORD.to_owned())))
            .collect(),
            Self::Android(android) => vec![
                ("channelGroup", word(&ON_OFF, android.channel_group)),
                ("channelImportance", word(&IMPORTANCES, android.importance)),
                ("lockScreen", word(&VISIBILITIES, android.lock_screen)),
            ],
        };
        list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        match self {
            Self::Apple(apple) => match name {
                "notificationCenter" => apple.notification_center = read_switch(name, value)?,
                "lockScreen" => apple.lock_screen = read_switch(name, value)?,
                "alert" => apple.alert = read_switch(name, value)?,
                "sound" => apple.sound = read_switch(name, value)?,
                "badge" => apple.badge = read_switch(name, value)?,
                "showPreviews" => apple.show_previews = read(&PREVIEWS, name, value)?,
                "scheduledDelivery" => apple.scheduled_delivery = read_switch(name, value)?,
                // What `settings show` prints may be set again: it changes nothing.
                _ if NOT_SUPPORTED.contains(&name) && value == NOT_SUPPORTED_WORD => {}
                _ if NOT_SUPPORTED.contains(&name) => return Err(not_supported(name)),
                _ => return Err(self.unknown(name)),
            },
            Self::Android(android) => match name {
                "channelGroup" => android.channel_group = read_switch(name, value)?,
                "channelImportance" => android.importance = read(&IMPORTANCES, name, value)?,
                "lockScreen" => android.lock_screen = read(&VISIBILITIES, name, value)?,
                _ => return Err(self.unknown(name)),
            },
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Refusal {
        // Without those that cannot be set: a hint must not lead to the next refusal.
        let names: Vec<String> =
            self.list().into_keys().filter(|name| !NOT_SUPPORTED.contains(&name.as_str())).collect();
        let message = format!("{name:?} is no notification switch of this platform");
        Refusal::new("unknownSetting", message, format!("settings show lists them: {}", names.join(", ")))
    }
}

impl Device {
    pub(super) fn settings_set(
        &mut self,
        name: &str,
        value: &str,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        if let NotificationSwitches::Android(_) = self.state.switches
            && name.starts_with("channel")
            && self.state.identity.os_version.major() < CHANNELS_SINCE
        {
            let message = format!(
                "Android {} has no channels; they came with 8 ({})",
                self.state.identity.os_version,
                Rule::AndroidImportance.cited()
            );
            return Err(Refusal::new("notOnThisVersion", message, "os update 8, or permission deny for the whole app"));
        }
        let before = self.state.switches.clone();
        self.state.switches.set(name, value)?;
        effects.push(if self.state.switches == before {
            let value = before.list().remove(name).unwrap_or_default();
            DeviceEffect::Unchanged(format!("already {name}={value}"))
        } else {
            DeviceEffect::StateChanged
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_reads_back_the_value_that_it_lists() {
        for platform in [OperatingSystem::Ios, OperatingSystem::Android] {
            let mut switches = NotificationSwitches::out_of_the_box(platform);
            for (name, value) in switches.list() {
                switches.set(&name, &value).unwrap();
            }
            assert_eq!(switches, NotificationSwitches::out_of_the_box(platform));
            assert_eq!(switches.set("nonsense", "on").unwrap_err().code, "unknownSetting");
        }
        let mut switches = NotificationSwitches::out_of_the_box(OperatingSystem::Ios);
        for (word, value) in [("disabled", "off"), ("enabled", "on"), ("Disabled", "off"), ("ON", "on")] {
            switches.set("alert", word).unwrap();
            assert_eq!(switches.list()["alert"], value);
        }
        assert!(switches.set("showPreviews", "maybe").unwrap_err().hint.contains("whenAuthenticated"));
    }
}
