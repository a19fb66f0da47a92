//! The settings as types: one struct a section, every value checked.
//!
//! Lives here: names, types and their meaning. Does not live here: defaults (`config/default.toml`), limits (`keys`), what a
//! connection to a broker is made of (`connection`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use portal_contract::{ActionKind, DeviceId, DeviceName, OperatingSystem, Tenant};
use portal_device::{ApplePermissionRequest, ChannelCreation, FcmMessageKind, FcmPriority, ReceiverApp};
use serde::Deserialize;

use super::{GatewaySettings, period, time_of_day};
use crate::mqtt::MqttVersion;
use crate::secret::Secret;

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The emulated device.
    pub device: DeviceSettings,
    /// The connection to the broker.
    pub broker: BrokerSettings,
    /// The broker that runs within the daemon.
    pub embedded_broker: EmbeddedBrokerSettings,
    /// The connection that `push` uses.
    #[serde(default)]
    pub sender: SenderSettings,
    /// How notifications are shown.
    pub notifier: NotifierSettings,
    /// The emulated push service.
    pub push_service: PushServiceSettings,
    /// Enrollment.
    pub enrollment: EnrollmentSettings,
    /// Company Portal.
    pub app: AppSettings,
    /// Remote actions.
    pub actions: ActionsSettings,
    /// How long the journal is kept.
    pub journal: JournalSettings,
    /// The control API.
    pub control: ControlSettings,
    /// The gateway.
    pub gateway: GatewaySettings,
    /// The log.
    pub log: LogSettings,
}

/// `[device]`: what the first start makes; later starts refuse a contradiction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSettings {
    /// The platform.
    pub platform: Option<OperatingSystem>,
    /// Its version.
    pub os_version: Option<String>,
    /// The device's id.
    pub id: Option<DeviceId>,
    /// The device's name.
    pub name: Option<DeviceName>,
    /// The tenant.
    pub tenant: Option<Tenant>,
    /// The documentation profile: `2019`, `2023`, `2025` or `2026`.
    pub documentation: String,
}

/// `[broker]`: one connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerSettings {
    /// `mqtt://HOST[:PORT]` or `mqtts://HOST[:PORT]`, tried in turn; none with an embedded broker.
    pub urls: Vec<String>,
    /// The version of MQTT.
    pub protocol: MqttVersion,
    /// The user name.
    pub username: Option<String>,
    /// The password. See [`BrokerSettings::password`].
    pub password: Option<Secret>,
    /// The file that holds the password.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust, PEM; else the system's.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate, PEM.
    pub client_certificate_file: Option<PathBuf>,
    /// The client's key, PEM.
    pub client_key_file: Option<PathBuf>,
    /// Whether a password may go over `mqtt://` to another machine.
    pub allow_password_in_clear: bool,
    /// The keep-alive, whole seconds.
    #[serde(deserialize_with = "period::deserialize")]
    pub keep_alive: Duration,
    /// How long the broker keeps the session.
    #[serde(deserialize_with = "period::deserialize")]
    pub session_expiry: Duration,
    /// How long a connection may take to be made.
    #[serde(deserialize_with = "period::deserialize")]
    pub connect_timeout: Duration,
    /// How long SUBSCRIBE, UNSUBSCRIBE or PUBLISH may be unanswered.
    #[serde(deserialize_with = "period::deserialize")]
    pub answer_timeout: Duration,
    /// The most topic filters in one SUBSCRIBE.
    pub filters_per_subscribe: u16,
    /// The most pushes that wait for their acknowledgement.
    pub receive_maximum: u16,
    /// The largest packet, in bytes.
    pub maximum_packet_size: u32,
    /// How long after the last push a fence counts as back.
    #[serde(deserialize_with = "period::deserialize")]
    pub fence_patience: Duration,
}

/// `[embedded_broker]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedBrokerSettings {
    /// Where it listens; none: there is none.
    pub listen: Option<SocketAddr>,
    /// The user name that it demands; none: a password is drawn.
    pub username: Option<String>,
    /// The password that it demands. See [`EmbeddedBrokerSettings::password`].
    pub password: Option<Secret>,
    /// The file that holds the password.
    pub password_file: Option<PathBuf>,
    /// Whether whoever comes is let in.
    pub anonymous: bool,
    /// Its certificate chain, for TLS.
    pub certificate_file: Option<PathBuf>,
    /// The certificate's key.
    pub key_file: Option<PathBuf>,
    /// The most clients at a time.
    pub clients: usize,
    /// The most sessions of clients that are away.
    pub sessions: usize,
    /// The most subscriptions of one client.
    pub subscriptions: usize,
    /// The most messages that wait for one client.
    pub queued_messages: usize,
    /// The most retained messages.
    pub retained_messages: usize,
    /// The most bytes of retained messages.
    pub retained_bytes: usize,
    /// The most bytes of everything that it keeps.
    pub memory: usize,
    /// The largest packet, in bytes.
    pub packet_size: usize,
    /// How long a connection may take until its CONNECT is there.
    #[serde(deserialize_with = "period::deserialize")]
    pub connect_timeout: Duration,
    /// How long a client may take nothing of what waits for it.
    #[serde(deserialize_with = "period::deserialize")]
    pub write_timeout: Duration,
}

/// `[sender]`: what differs from `[broker]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderSettings {
    /// As in `[broker]`. Where they are given, nothing that names or proves a user is taken from `[broker]`.
    pub urls: Option<Vec<String>>,
    /// As in `[broker]`.
    pub protocol: Option<MqttVersion>,
    /// As in `[broker]`.
    pub username: Option<String>,
    /// As in `[broker]`.
    pub password: Option<Secret>,
    /// As in `[broker]`.
    pub password_file: Option<PathBuf>,
    /// As in `[broker]`.
    pub ca_file: Option<PathBuf>,
    /// As in `[broker]`.
    pub client_certificate_file: Option<PathBuf>,
    /// As in `[broker]`.
    pub client_key_file: Option<PathBuf>,
    /// As in `[broker]`.
    pub allow_password_in_clear: Option<bool>,
    /// As in `[broker]`.
    #[serde(default, deserialize_with = "period::deserialize_optional")]
    pub connect_timeout: Option<Duration>,
}

/// How notifications are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotifierKind {
    /// On the desktop.
    Native,
    /// In the terminal.
    Console,
}

/// `[notifier]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifierSettings {
    /// Where notifications show.
    pub kind: NotifierKind,
    /// The most shown in a second.
    pub pace_per_second: u32,
    /// The most cards open at once.
    pub open_cards: u32,
    /// How long a push waits for a notification server that is away.
    #[serde(deserialize_with = "period::deserialize")]
    pub patience: Duration,
}

/// `[push_service]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushServiceSettings {
    /// Whether what APNs and FCM do with pushes to an absent device is emulated.
    pub emulate: bool,
    /// How urgent messages are to FCM.
    pub android_priority: FcmPriority,
    /// Which kind of message FCM carries.
    pub android_message: FcmMessageKind,
    /// How long what waits is kept; none: the platform's default.
    #[serde(default, deserialize_with = "period::deserialize_optional")]
    pub time_to_live: Option<Duration>,
    /// After how many unseen messages of high priority the next is lowered.
    pub lower_priority_after: u32,
    /// How many messages FCM keeps for a device that is away.
    pub pending_limit: u32,
    /// After how long without a connection FCM drops what is sent to an Android device.
    #[serde(deserialize_with = "period::deserialize")]
    pub inactive_after: Duration,
    /// How far apart Doze's maintenance windows are; zero: there are none.
    #[serde(deserialize_with = "period::deserialize")]
    pub doze_window: Duration,
    /// After how long without use the app is in the restricted bucket; zero: never.
    #[serde(deserialize_with = "period::deserialize")]
    pub restricted_after: Duration,
}

/// `[enrollment]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrollmentSettings {
    /// For how long a message to a group reaches a device that left it.
    #[serde(deserialize_with = "period::deserialize")]
    pub grace: Duration,
    /// Whether a message that the broker retained for a group counts.
    pub late_joiner: bool,
}

/// `[app]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSettings {
    /// How the app asks on iOS and iPadOS.
    pub ios_request: ApplePermissionRequest,
    /// Whether an explicit request while provisional prompts.
    pub ios_provisional_may_prompt: bool,
    /// Whether the prompt of iOS and iPadOS has a third button.
    pub ios_summary_button: bool,
    /// When scheduled summaries come, in minutes after midnight UTC.
    #[serde(deserialize_with = "time_of_day::deserialize_list")]
    pub ios_summary_times: Vec<u32>,
    /// The API level that the app targets on Android.
    pub android_target_sdk: u32,
    /// When the app on Android creates its channel.
    pub android_channel: ChannelCreation,
    /// Which app receives custom notifications on Android.
    pub android_receiver: ReceiverApp,
}

/// `[actions]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionsSettings {
    /// The remote actions that are carried out.
    pub allow: Vec<ActionKind>,
}

/// `[journal]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalSettings {
    /// The age at which receipts and events go.
    #[serde(deserialize_with = "period::deserialize")]
    pub keep_age: Duration,
    /// How many receipts are kept.
    pub keep_receipts: u64,
    /// The age at which used ids are forgotten.
    #[serde(deserialize_with = "period::deserialize")]
    pub ids_age: Duration,
    /// How many used ids are remembered.
    pub ids_count: u64,
}

/// `[control]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlSettings {
    /// Where the control API listens: a loopback address.
    pub listen: SocketAddr,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::Display)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[expect(missing_docs, reason = "the levels of tracing")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// How much.
    pub level: LogLevel,
    /// How.
    pub format: LogFormat,
}
