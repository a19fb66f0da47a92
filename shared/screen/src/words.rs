//! The platforms' own words, with typographic apostrophes as the platforms set them.
//!
//! Lives here: every text inside the phone that is not a push's. Where each is from stands beside it; `ours` means that no
//! document was found that has the words.

use portal_contract::OperatingSystem;

/// Below Apple's question. UI tests in public repositories agree on it; Apple's own page shows a picture.
pub(crate) const APPLE_PROMPT_TEXT: &str =
    "Notifications may include alerts, sounds, and icon badges. These can be configured in Settings.";
/// Beside the prompt: an answer on Apple's platforms (`Rule` of the one prompt; facts 4.1).
pub(crate) const APPLE_COST: &str = "One answer, for good: iOS never asks again";
/// Beside Android's first prompt (facts 4.2: the first denial is none for good).
pub(crate) const ANDROID_FIRST_COST: &str = "After one Don\u{2019}t allow the app may ask once more";
/// Beside Android's second prompt.
pub(crate) const ANDROID_LAST_COST: &str = "The second Don\u{2019}t allow is final";

/// On a notification that came quietly (Apple, Asking permission to use notifications).
pub(crate) const KEEP: &str = "Keep";
/// The other button there.
pub(crate) const TURN_OFF: &str = "Turn Off";
/// In place of a text that is hidden, as the agent's own card has it.
pub(crate) const HIDDEN_TEXT: &str = "Notification";

/// AOSP Launcher3, from Android 12 on.
pub(crate) const WORK_PAUSED: &str = "Work apps are paused";
/// AOSP Launcher3.
pub(crate) const WORK_PAUSED_TEXT: &str = "You won\u{2019}t receive notifications from your work apps";

/// What ends the pause: AOSP Launcher3, Android 14, and 13.
pub(crate) fn unpause(major: u32) -> &'static str {
    if major >= 14 { "Unpause" } else { "Turn on work apps" }
}

/// The list of notifications.
pub(crate) fn list(system: OperatingSystem) -> (&'static str, &'static str) {
    // What stands where there is none: ours for Android.
    if system.is_apple() { ("Notification Center", "No Older Notifications") } else { ("Shade", "No notifications") }
}

/// Where Company Portal lists nothing: ours.
pub(crate) const NO_MESSAGES: &str = "No notifications";
/// The gesture that pulls the section: ours, after facts 1.6.
pub(crate) const PULL: &str = "Pull to refresh";

/// A label as the platform sets it: the contract's words have straight apostrophes.
pub(crate) fn typographic(label: &str) -> String {
    label.replace('\'', "\u{2019}")
}
