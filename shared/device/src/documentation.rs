//! The settings that the rules take as given.
//!
//! Lives here: what can be set. Does not live here: which rule holds in which year (`rule`), where settings come from.

use portal_contract::{ActionKind, DocumentationYear};
use serde::{Deserialize, Serialize};

use super::ReceiverApp;

/// How urgent Intune's messages are to FCM (facts 4.2, 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FcmPriority {
    /// Waits in Doze.
    #[default]
    Normal,
    /// Passes Doze.
    High,
}

/// Which kind of message Intune sends through FCM (facts 5, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FcmMessageKind {
    /// Handled by the app; a hundred are kept.
    #[default]
    Data,
    /// Shown by the system; collapsible, by the app's own key where it has none.
    Notification,
}

/// How Company Portal asks on iOS and iPadOS (facts 4.1, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ApplePermissionRequest {
    /// By the prompt.
    #[default]
    Explicit,
    /// Quietly, without one.
    Provisional,
}

/// When Company Portal for Android creates its notification channel (facts 4.2, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChannelCreation {
    /// When it starts for the first time.
    #[default]
    AtStart,
    /// With the first message that it shows, or would show.
    FirstMessage,
}

/// The emulated push service between sender and device (contract 4; facts 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushServiceEmulation {
    /// Whether it is emulated; without it everything is delivered.
    pub emulate: bool,
    /// How urgent messages are to FCM.
    pub android_priority: FcmPriority,
    /// Which kind of message FCM carries.
    pub android_message: FcmMessageKind,
    /// How long what waits is kept, in milliseconds; none: the platform's default.
    pub time_to_live_millis: Option<i64>,
    /// After how many messages of high priority in seven days, none of them seen, the next is lowered; 0: never.
    pub lower_priority_after: u32,
    /// How many messages that do not collapse FCM keeps for a device that is away; one more and all are discarded.
    pub pending_limit: usize,
    /// After how long without a connection FCM drops what is sent to an Android device, in milliseconds.
    pub inactive_after_millis: i64,
    /// How long after the beginning of Doze, and then after each other, its maintenance windows come, in milliseconds; 0: there
    /// are none.
    pub doze_window_millis: i64,
    /// After how long without use Android puts the app into the restricted bucket, in milliseconds; 0: never.
    pub restricted_after_millis: i64,
}

const DAY_MILLIS: i64 = 24 * 3_600_000;

impl PushServiceEmulation {
    /// Everything is delivered: for those who test only their own sender.
    pub fn off() -> Self {
        Self { emulate: false, ..Self::default() }
    }
}

impl Default for PushServiceEmulation {
    fn default() -> Self {
        Self {
            emulate: true,
            android_priority: FcmPriority::default(),
            android_message: FcmMessageKind::default(),
            time_to_live_millis: None,
            // FCM's documents say that it lowers priority (document Pri) and give no figure.
            lower_priority_after: 10,
            // Documents conflict on the hundred and on the time of inactivity: each is a setting, since a tester may
            // need the other.
            pending_limit: 100,
            inactive_after_millis: 270 * DAY_MILLIS,
            // No document says how far apart the windows are.
            doze_window_millis: DAY_MILLIS / 4,
            restricted_after_millis: 8 * DAY_MILLIS,
        }
    }
}

/// Settings that the rules take as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulationSettings {
    /// The documentation profile.
    pub documentation: DocumentationYear,
    /// The push service between sender and device.
    pub push_service: PushServiceEmulation,
    /// For how long after unenrolling, or leaving a group, what is sent to the group still arrives, in milliseconds; 0: not
    /// at all (facts 1.6).
    pub grace_millis: i64,
    /// Whether a message that the broker retained for a group counts (facts 1.6: late joiners).
    pub late_joiner: bool,
    /// How the app asks on iOS and iPadOS.
    pub apple_request: ApplePermissionRequest,
    /// Whether an explicit request while provisional prompts.
    pub provisional_may_prompt: bool,
    /// Whether the prompt of iOS and iPadOS has a third button, which leaves notifications to the scheduled summary.
    pub apple_summary_button: bool,
    /// When scheduled summaries come, in minutes after midnight UTC of the device's clock; none: at once.
    pub apple_summary_times: Vec<u32>,
    /// The Android version, as an API level, that an app installed without one targets.
    pub android_target_sdk: u32,
    /// When the app on Android creates its channel.
    pub android_channel: ChannelCreation,
    /// Which app receives custom notifications on Android, where the documentation has both.
    pub android_receiver: ReceiverApp,
    /// The most notifications shown in a second.
    pub pace_per_second: u32,
    /// The most cards open on the desktop.
    pub open_cards: usize,
    /// How long a push waits for a notification server, in milliseconds from its receipt.
    pub server_timeout_millis: i64,
    /// A push whose `sentAt` is older than this, in milliseconds, is expired: its id may be forgotten (contract 4).
    pub ids_age_millis: i64,
    /// The remote actions that are carried out.
    pub allowed_actions: Vec<ActionKind>,
}

impl Default for EmulationSettings {
    fn default() -> Self {
        Self {
            documentation: DocumentationYear::default(),
            push_service: PushServiceEmulation::default(),
            // The documentation says no more than "might still receive" (facts 1.6): by default nothing does.
            grace_millis: 0,
            late_joiner: false,
            apple_request: ApplePermissionRequest::default(),
            provisional_may_prompt: false,
            apple_summary_button: false,
            apple_summary_times: vec![8 * 60, 18 * 60],
            android_target_sdk: 33,
            android_channel: ChannelCreation::default(),
            android_receiver: ReceiverApp::default(),
            pace_per_second: 100,
            open_cards: 20,
            server_timeout_millis: 20_000,
            ids_age_millis: 90 * 24 * 3_600_000,
            allowed_actions: ActionKind::ALLOWED_BY_DEFAULT.to_vec(),
        }
    }
}
