//! What `status` answers: the device state and, beside it, everything around the device (contract 5).
//!
//! Lives here: its form. Members may be added, none renamed. Does not live here: how it is gathered (the daemon).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::desktop_verdict::DesktopVerdict;
use crate::device_state::{DeviceState, OperatingSystem};
use crate::held_notification::HeldNotification;
use crate::ids::{GroupId, Tenant};
use crate::prerequisite::Prerequisite;
use crate::service::ConnectionState;
use crate::timestamp::Timestamp;

/// The whole picture of one running device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The device state's members.
    #[serde(flatten)]
    pub device: DeviceState,
    /// Its tenant.
    pub tenant: Tenant,
    /// The documentation profile that it follows: the year.
    pub documentation: String,
    /// Whether the push service between sender and device is emulated.
    pub push_service_emulated: bool,
    /// What each prerequisite that is unmet for a push to the device takes: a line of commands, as in `explain`.
    #[serde(default)]
    pub hints: BTreeMap<Prerequisite, String>,
    /// `online` or `offline`.
    pub connection: ConnectionState,
    /// Company Portal on the device.
    pub app: AppStatus,
    /// The device's own condition.
    pub condition: ConditionStatus,
    /// The permission prompt that is showing, or null.
    pub prompt: Option<PromptStatus>,
    /// What Android's shouldShowRequestPermissionRationale tells the app (facts 4.2); absent before 13, on Apple's platforms, and
    /// where the app is not installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_show_request_permission_rationale: Option<bool>,
    /// The groups of the device's user.
    pub groups: BTreeSet<GroupId>,
    /// What of an enrollment, or of groups, lingers (facts 1.6); null where nothing does.
    pub grace: Option<GraceStatus>,
    /// What device management enforces, by the payload's names.
    pub policy: std::collections::BTreeMap<String, String>,
    /// The platform's own notification switches, by the platform's names.
    pub settings: std::collections::BTreeMap<String, String>,
    /// How many pushes are held on the device.
    pub held: u64,
    /// How many of those wait only for their turn: no more are shown in a second than the pace allows.
    pub paced: u64,
    /// The first hundred of them, in the order of arrival: what each waits for, and what lets it go.
    #[serde(default)]
    pub held_pushes: Vec<HeldNotification>,
    /// How many redeliveries of used ids were acknowledged without a receipt.
    pub redelivered: u64,
    /// The sequence of the newest durable receipt; 0 before the first.
    pub last_sequence: u64,
    /// The broker.
    pub broker: BrokerStatus,
    /// The control API.
    pub control: ControlStatus,
    /// The desktop that this runs on.
    pub desktop: DesktopStatus,
    /// The daemon; null where none runs and this was read from its journal.
    pub daemon: Option<DaemonStatus>,
}

/// The app on the device that receives custom notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppStatus {
    /// Which app receives custom notifications: Company Portal, or the Microsoft Intune app (Android).
    #[serde(default)]
    pub name: String,
    /// Whether it is installed.
    pub installed: bool,
    /// Its version, while it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it is open on the screen.
    pub foreground: bool,
    /// Whether it was force-stopped and not opened since (Android).
    pub force_stopped: bool,
    /// Whether its user is signed in; a push does not need it.
    pub signed_in: bool,
    /// The API level that it targets (Android; absent elsewhere).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_sdk: Option<u32>,
}

/// What lingers of an enrollment or of groups, so that a message to a group may still arrive (facts 1.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraceStatus {
    /// The groups whose messages may still arrive.
    pub groups: BTreeSet<GroupId>,
    /// When the first of them ends, in device time.
    pub ends_at: Timestamp,
}

/// The device's own condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionStatus {
    /// Whether it is locked.
    pub locked: bool,
    /// Whether it was taken offline by command.
    pub offline: bool,
    /// Focus, or Do Not Disturb.
    pub focus: bool,
    /// Doze (Android).
    pub doze: bool,
    /// On a charger (Android).
    #[serde(default)]
    pub charging: bool,
    /// Whether the work profile is paused (Android).
    pub work_profile_paused: bool,
    /// Whether Company Portal is exempt from battery optimisation (Android).
    pub battery_optimisation_exempt: bool,
    /// The app's standby bucket (Android; absent elsewhere).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby_bucket: Option<StandbyBucket>,
    /// Whether Google Play Services is installed (Android; absent elsewhere).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_services: Option<bool>,
    /// How far the device's clock runs ahead of the computer's, in milliseconds.
    pub clock_ahead_millis: i64,
}

/// Android's app standby bucket (facts 4.2).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase", parse_err_ty = String, parse_err_fn = Self::unknown)]
pub enum StandbyBucket {
    /// In use.
    #[default]
    Active,
    /// Used often.
    WorkingSet,
    /// Used now and then.
    Frequent,
    /// Hardly used.
    Rare,
    /// Used never, or too much of it.
    Restricted,
}

impl StandbyBucket {
    /// Every bucket.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its word.
    pub fn word(self) -> &'static str {
        self.into()
    }

    fn unknown(text: &str) -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|known| known.word()).collect();
        format!("{text:?} is no standby bucket; choose {}", words.join(", "))
    }
}

/// What a person answers the permission prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PromptChoice {
    /// Notifications are allowed.
    Allow,
    /// They are allowed, and left to the scheduled summary (iOS, iPadOS).
    AllowInSummary,
    /// They are not.
    Deny,
}

impl PromptChoice {
    /// Whether notifications are allowed.
    pub fn allows(self) -> bool {
        self != Self::Deny
    }
}

impl From<bool> for PromptChoice {
    fn from(allow: bool) -> Self {
        if allow { Self::Allow } else { Self::Deny }
    }
}

/// A button of the permission prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptButton {
    /// What stands on it, as the platform spells it.
    pub label: &'static str,
    /// What pressing it answers.
    pub choice: PromptChoice,
}

const fn button(label: &'static str, choice: PromptChoice) -> PromptButton {
    PromptButton { label, choice }
}

/// The permission prompt's buttons on `operating_system`, in the platform's order and words (contract 5). `in_summary`: with the
/// third one of iOS and iPadOS, which third parties alone report.
pub fn prompt_buttons(operating_system: OperatingSystem, in_summary: bool) -> &'static [PromptButton] {
    const ANDROID: &[PromptButton] = &[button("Allow", PromptChoice::Allow), button("Don't allow", PromptChoice::Deny)];
    const APPLE: &[PromptButton] = &[button("Don't Allow", PromptChoice::Deny), button("Allow", PromptChoice::Allow)];
    const APPLE_WITH_SUMMARY: &[PromptButton] = &[
        button("Allow", PromptChoice::Allow),
        button("Allow in Scheduled Summary", PromptChoice::AllowInSummary),
        button("Don't Allow", PromptChoice::Deny),
    ];
    match (operating_system.is_apple(), in_summary) {
        (false, _) => ANDROID,
        (true, false) => APPLE,
        (true, true) => APPLE_WITH_SUMMARY,
    }
}

/// The permission prompt that is showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromptStatus {
    /// Since when, in device time.
    pub shown_at: Timestamp,
    /// Its buttons, as labelled, in the platform's order.
    pub actions: Vec<String>,
}

/// The broker, as this daemon sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokerStatus {
    /// The one in use or being tried; never with a password.
    pub url: String,
    /// Whether every known subscription is answered.
    pub connected: bool,
    /// The topics whose subscription was refused.
    pub refused_subscriptions: Vec<String>,
    /// What is wrong, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The embedded broker, where one runs in this daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedBrokerStatus>,
}

/// The embedded broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmbeddedBrokerStatus {
    /// Where it listens.
    pub url: String,
}

/// The control API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlStatus {
    /// Where it listens; empty where no daemon runs.
    pub url: String,
}

/// The desktop that this runs on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DesktopStatus {
    /// How notifications are shown: `native` or `console`.
    pub notifier: String,
    /// The notification server, or null where there is none.
    pub notification_server: Option<NotificationServer>,
    /// Whether it shows what it accepts; absent where no desktop is asked (`console`). Not the device's own permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<DesktopVerdict>,
    /// What is wrong, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A notification server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationServer {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it can do.
    pub capabilities: Vec<String>,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonStatus {
    /// Its process id.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// When it started, by the computer's clock.
    pub started_at: Timestamp,
}
