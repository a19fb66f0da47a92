//! The documented behaviours that a device can show, by the section of the fact sheet that they stand in.
//!
//! Lives here: the list that scenarios name, and that `config/scenarios/README.md` holds them against. A behaviour is
//! numbered within its section: 4.1.4 is the fourth of section 4.1. Does not live here: the rules that rest on them.

/// One documented behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its number: the section, and the behaviour within it.
    pub id: &'static str,
    /// What is documented.
    pub says: &'static str,
}

const fn fact(id: &'static str, says: &'static str) -> Fact {
    Fact { id, says }
}

/// The sections, with what each is about.
pub const SECTIONS: &[(&str, &str)] = &[
    ("1.1", "Device prerequisites"),
    ("1.2", "Platforms"),
    ("1.3", "Limits"),
    ("1.4", "Targeting"),
    ("1.6", "Delivery"),
    ("1.8", "Permission switched off"),
    ("2.2", "Remote actions"),
    ("4.1", "Permission on iOS and iPadOS"),
    ("4.2", "Permission, channels and power on Android"),
    ("5", "Push transports"),
];

/// Every behaviour, in the order of the sheet.
pub const FACTS: &[Fact] = &[
    fact("1.1.1", "Company Portal must be on the device"),
    fact("1.1.2", "2019: Company Portal prompts for the permission when it is installed"),
    fact("1.1.3", "2019: … and when it is updated, where the platform still lets it ask"),
    fact("1.1.4", "The user must have granted the permission to notify"),
    fact("1.1.5", "2019 to 2023: Google Play Services is required on Android"),
    fact("1.1.6", "2025: Google Play Services is not mentioned any more"),
    fact("1.1.7", "The device must be enrolled with Intune"),
    fact("1.1.8", "2023: on Android an app before 5.0.5291.0 shows a call to update instead of the message"),
    fact("1.1.9", "2023: after that update the message is in the app's Notifications section"),
    fact("1.1.10", "2025: Android's battery optimisation can keep a message from being delivered"),
    fact("1.2.1", "iOS and iPadOS are supported, in every year"),
    fact("1.2.2", "2025: on Android a personally-owned work profile is supported"),
    fact("1.2.3", "2025: other kinds of Android enrollment are not supported"),
    fact("1.2.4", "2019 and 2023: Android is supported, whatever its enrollment"),
    fact("1.3.1", "A title has at most 50 characters"),
    fact("1.3.2", "A body has at most 500 characters"),
    fact("1.4.1", "A message to a group reaches the devices of the group's users"),
    fact("1.4.2", "A message to a device reaches that device"),
    fact("1.4.3", "2023 and 2025: the device must have been enrolled by the targeted user"),
    fact("1.6.1", "With the app closed or in the background: a system notification"),
    fact("1.6.2", "iOS, app open, device locked: a system notification"),
    fact("1.6.3", "iOS, app open, device unlocked: in the app, no system notification"),
    fact("1.6.4", "The Notifications section lists it once it is pulled to refresh"),
    fact("1.6.5", "2019 and 2023: Android notifies with the app open, too"),
    fact("1.6.6", "2025: Android with the app open: in the app"),
    fact("1.6.7", "A message may show after several hours of delay"),
    fact("1.6.8", "… if at all"),
    fact("1.6.9", "Whether the lock screen shows it depends on the device's settings"),
    fact("1.6.10", "A user removed from the group might still receive a message that is sent to it later"),
    fact("1.6.11", "A user added to a group may receive a message that was sent to it before"),
    fact("1.6.12", "The notification remains until the user dismisses it"),
    fact("1.6.13", "A pending retire, wipe or delete takes precedence over what waits for the device"),
    fact("1.8.1", "With the permission off the sender gets no error; the message is not seen"),
    fact("2.2.1", "Retire ends the enrollment"),
    fact("2.2.2", "A synced device reports how it stands"),
    fact("4.1.1", "Asked for the first time: Allow leads to authorized"),
    fact("4.1.2", "Asked for the first time: Don't Allow leads to denied"),
    fact("4.1.3", "Asked provisionally: provisional, without a prompt"),
    fact("4.1.4", "Asked again, authorized or denied: unchanged, and never a prompt"),
    fact("4.1.5", "Provisional, then Keep: authorized, still quiet"),
    fact("4.1.6", "Provisional, then Turn Off: denied"),
    fact("4.1.7", "The switch in Settings turns authorized to denied and back"),
    fact("4.1.8", "Reinstalled after a day without the app: never asked, so the next request prompts"),
    fact("4.1.9", "Reinstalled sooner: as it was"),
    fact("4.1.10", "An update of the app changes nothing"),
    fact("4.1.11", "Provisional delivers quietly, to Notification Center alone"),
    fact("4.1.12", "Lock Screen off: not there, but shown once unlocked"),
    fact("4.1.13", "Authorized with every surface off shows nothing"),
    fact("4.1.14", "Show Previews decides whether the content is shown"),
    fact("4.1.15", "Sound has a switch of its own"),
    fact("4.1.16", "A supervised device's notification profile decides, whatever the user chose"),
    fact("4.2.1", "To 12L: enabled at install, and never a prompt"),
    fact("4.2.2", "From 13: off until it is granted"),
    fact("4.2.3", "Upgraded to 13 with the app on it: granted beforehand"),
    fact("4.2.4", "Upgraded to 13 with notifications turned off: stays off"),
    fact("4.2.5", "An app that targets 12L or earlier: the system prompts, and one Don't Allow is final"),
    fact("4.2.6", "From 13: Allow grants it"),
    fact("4.2.7", "From 13: after the first Don't Allow the app may ask again"),
    fact("4.2.8", "From 13: the second Don't Allow is permanent until the app is installed anew"),
    fact("4.2.9", "The dialog swiped away is no denial"),
    fact("4.2.10", "Turned off in Settings: blocked"),
    fact("4.2.11", "A channel, or its group, turned off: blocked"),
    fact("4.2.12", "A device policy grants or denies it"),
    fact("4.2.13", "A channel's importance decides on heads-up and sound"),
    fact("4.2.14", "The lock-screen setting decides on what a locked device shows"),
    fact("4.2.15", "Doze: a message of normal priority waits"),
    fact("4.2.16", "Doze: a message of high priority passes"),
    fact("4.2.17", "Before 13: standby buckets cap messages of high priority"),
    fact("4.2.18", "High priority is lowered where messages showed nothing to the user"),
    fact("4.2.19", "Force-stopped: no message until the app is opened"),
    fact("4.2.20", "A paused work profile's messages arrive when it is resumed"),
    fact("5.1", "APNs keeps one message of an app for a device that is offline, the latest"),
    fact("5.2", "FCM keeps up to 100 for a device that is offline"),
    fact("5.3", "FCM discards all of them when there are more"),
    fact("5.4", "What is past its time to live is discarded"),
    fact("5.5", "A payload has at most 4096 bytes"),
    fact("5.6", "An Android device that was away for 270 days is registered no more"),
    fact("5.7", "With the permission off APNs discards the message, and Android drops what FCM delivered"),
];

/// Every id that a scenario may name: the sections and the behaviours.
pub fn ids() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(id, _)| *id).chain(FACTS.iter().map(|fact| fact.id))
}

/// What is documented under an id; none of a whole section.
pub fn says(id: &str) -> Option<&'static str> {
    FACTS.iter().find(|fact| fact.id == id).map(|fact| fact.says)
}

/// Whether a scenario may name it.
pub fn is_known(id: &str) -> bool {
    ids().any(|known| known == id)
}

/// The section of a behaviour.
pub fn section(id: &str) -> &str {
    SECTIONS
        .iter()
        .map(|(section, _)| *section)
        .find(|section| id.strip_prefix(section).is_some_and(|rest| rest.starts_with('.')))
        .unwrap_or(id)
}
