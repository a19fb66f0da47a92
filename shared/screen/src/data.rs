//! The parts of a phone's screen.
//!
//! Lives here: their form, as `screen --json` prints it. Does not live here: which of them a device shows (`compose`).

use portal_contract::{CardInteraction, DeviceId, NotificationId, OperatingSystem, Presentation, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A notification that was shown as one of the system's, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownCard {
    /// The sequence of its receipt.
    pub sequence: u64,
    /// The push.
    pub notification_id: NotificationId,
    /// Its title, as sent.
    pub title: String,
    /// Its body, as sent.
    pub body: String,
    /// Where it showed, with what sound, and how much of it.
    #[serde(flatten)]
    pub presentation: Presentation,
    /// When that was decided, in device time.
    pub at: Timestamp,
    /// Whether nobody has clicked or dismissed it, and it was not withdrawn.
    pub open: bool,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<CardInteraction>,
}

/// What can be pressed, with the command that does the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScreenButton {
    /// What stands on it, in the platform's words.
    pub label: String,
    /// The command, without the program's name.
    pub command: String,
}

/// A notification as the phone shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CardOnScreen {
    /// The sequence of its receipt.
    pub sequence: u64,
    /// The app that it is from.
    pub app: String,
    /// Its title, or the app's name where the text is hidden.
    pub title: String,
    /// Its body, or `Notification` where the text is hidden.
    pub body: String,
    /// When it came, in device time.
    pub at: Timestamp,
    /// Whether it came without a sound.
    pub silent: bool,
    /// Keep and Turn Off, on a notification that came quietly (iOS, iPadOS).
    pub buttons: Vec<ScreenButton>,
}

/// A sign in the status bar, or of the whole phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StatusIcon {
    /// No network.
    NoNetwork,
    /// Focus; on Android Do Not Disturb.
    Focus,
    /// On a charger.
    Charging,
    /// The work profile is paused.
    WorkProfilePaused,
}

/// What fills the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ScreenView {
    /// Nothing but the time: the phone dozes.
    Dark {},
    /// The lock screen with its notifications, the newest first.
    LockScreen {
        /// The notifications.
        cards: Vec<CardOnScreen>,
    },
    /// The home screen.
    Home {},
    /// Company Portal is open at its Notifications.
    App {
        /// The app.
        title: String,
        /// What it lists, the newest first.
        messages: Vec<InAppMessageOnScreen>,
        /// What stands where it lists nothing.
        empty: String,
        /// Pull to refresh, where the section needs it.
        refresh: Option<ScreenButton>,
    },
}

/// A message that Company Portal itself lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InAppMessageOnScreen {
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// When it was received, in device time.
    pub at: Timestamp,
}

/// Company Portal on the home screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppIcon {
    /// Its name.
    pub label: String,
    /// The number on it (iOS, iPadOS).
    pub badge: Option<usize>,
    /// Whether it has the work profile's sign (Android).
    pub work_badge: bool,
    /// Whether it is grey: the work profile is paused.
    pub dimmed: bool,
}

/// The permission prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromptOnScreen {
    /// Its question.
    pub question: String,
    /// What stands below it (iOS, iPadOS).
    pub text: Option<String>,
    /// Its buttons, in the platform's order.
    pub buttons: Vec<ScreenButton>,
    /// What an answer costs; not on the phone, but beside it.
    pub cost: String,
}

/// What Android says of work apps that are paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkPausedNotice {
    /// Its title.
    pub title: String,
    /// What stands below it.
    pub text: String,
    /// What ends the pause.
    pub button: ScreenButton,
}

/// Notification Center, or Android's shade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationList {
    /// The platform's name for it.
    pub title: String,
    /// Its notifications, the newest first.
    pub cards: Vec<CardOnScreen>,
    /// What stands where there is none.
    pub empty: String,
}

/// A row of the platform's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsRow {
    /// The heading that it stands under; empty for none.
    pub section: String,
    /// Its name, in the platform's words.
    pub label: String,
    /// Whether the switch is on; absent for a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// What is chosen, in the platform's words.
    pub value: String,
    /// What else can be chosen.
    pub choices: Vec<ScreenButton>,
}

/// The platform's settings of Company Portal's notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsPage {
    /// The way to it.
    pub title: String,
    /// Its rows.
    pub rows: Vec<SettingsRow>,
    /// What stands below them, or why there are none.
    pub note: String,
}

/// What is on the phone's screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneScreen {
    /// The device.
    pub device_id: DeviceId,
    /// Its name.
    pub device_name: String,
    /// Its platform.
    pub operating_system: OperatingSystem,
    /// The platform's version.
    pub os_version: String,
    /// The moment that is shown, in device time.
    pub at: Timestamp,
    /// The signs in the status bar.
    pub status_icons: Vec<StatusIcon>,
    /// What fills the screen.
    pub view: ScreenView,
    /// Company Portal's icon, where it is installed.
    pub app_icon: Option<AppIcon>,
    /// The banner over the screen; on Android heads-up.
    pub banner: Option<CardOnScreen>,
    /// The permission prompt over the screen.
    pub prompt: Option<PromptOnScreen>,
    /// That work apps are paused (Android).
    pub work_paused: Option<WorkPausedNotice>,
    /// Notification Center or the shade, one gesture away.
    pub list: NotificationList,
    /// The platform's settings, one app away.
    pub settings: SettingsPage,
    /// What a picture cannot show, each in a few words; not on the phone, but beside it.
    pub facts: Vec<String>,
}
