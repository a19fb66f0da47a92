//! What `status` answers: the device state and, beside it, everything around the device (contract 5).
//!
//! Lives here: its form. Members may be added, none renamed. Does not live here: how it is gathered (the daemon).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device_state::DeviceState;
use crate::ids::{GroupId, Tenant};
use crate::service::ConnectionState;
use crate::timestamp::Timestamp;

/// The whole picture of one running device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The device state's members.
    #[serde(flatten)]
    pub device: DeviceState,
    /// Its tenant.
    pub tenant: Tenant,
    /// `online` or `offline`.
    pub connection: ConnectionState,
    /// Company Portal on the device.
    pub app: App,
    /// The device's own condition.
    pub condition: Condition,
    /// The permission prompt that is showing, or null.
    pub prompt: Option<Prompt>,
    /// The documentation profile that its rules follow: the year.
    pub documentation: String,
    /// The groups of the device's user.
    pub groups: BTreeSet<GroupId>,
    /// The platform's own notification switches, by the platform's names.
    pub settings: std::collections::BTreeMap<String, String>,
    /// How many pushes are held on the device.
    pub held: u64,
    /// How many redeliveries of used ids were acknowledged without a receipt.
    pub redelivered: u64,
    /// The sequence of the newest durable receipt; 0 before the first.
    pub last_sequence: u64,
    /// The broker.
    pub broker: Broker,
    /// The control API.
    pub control: Control,
    /// The desktop that this runs on.
    pub desktop: Desktop,
    /// The daemon.
    pub daemon: Daemon,
}

/// Company Portal on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// Whether it is installed.
    pub installed: bool,
    /// Its version, while it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it is open on the screen.
    pub foreground: bool,
    /// Whether it was force-stopped and not opened since (Android).
    pub force_stopped: bool,
}

/// The device's own condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Whether it is locked.
    pub locked: bool,
    /// Whether it was taken offline by command.
    pub offline: bool,
    /// Focus, or Do Not Disturb.
    pub focus: bool,
    /// Doze (Android).
    pub doze: bool,
    /// Whether the work profile is paused (Android).
    pub work_profile_paused: bool,
    /// Whether Company Portal is exempt from battery optimisation (Android).
    pub battery_optimisation_exempt: bool,
    /// Whether Google Play Services is installed (Android; absent elsewhere).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_services: Option<bool>,
    /// How far the device's clock runs ahead of the computer's, in milliseconds.
    pub clock_ahead_millis: i64,
}

/// The labels of the permission prompt's two actions, in order (contract 5).
pub const PROMPT_ACTIONS: [&str; 2] = ["Allow", "Don't Allow"];

/// The permission prompt that is showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// Since when, in device time.
    pub shown_at: Timestamp,
    /// Its two actions, as labelled.
    pub actions: Vec<String>,
}

/// The broker, as this daemon sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Broker {
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
    pub embedded: Option<EmbeddedBroker>,
}

/// The embedded broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmbeddedBroker {
    /// Where it listens.
    pub url: String,
}

/// The control API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Where it listens.
    pub url: String,
}

/// The desktop that this runs on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Desktop {
    /// How notifications are raised: `native` or `console`.
    pub notifier: String,
    /// The notification server, or null where there is none.
    pub notification_server: Option<NotificationServer>,
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
pub struct Daemon {
    /// Its process id.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// When it started, by the computer's clock.
    pub started_at: Timestamp,
}
