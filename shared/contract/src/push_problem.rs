//! Why a push was rejected, dropped or failed, in one word.
//!
//! Lives here: the words. Does not live here: the sentences, which stand where the problem is found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Why a push was rejected, dropped or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, VariantArray)]
#[serde(rename_all = "camelCase")]
pub enum PushProblem {
    /// Rejected: over 4096 bytes (facts 5); left unread.
    PayloadTooLarge,
    /// Rejected: not UTF-8.
    NotUtf8,
    /// Rejected: not JSON.
    NotJson,
    /// Rejected: JSON, but no object.
    NotAnObject,
    /// Rejected: a required member is absent.
    MissingMember,
    /// Rejected: a member has another type than the contract's.
    WrongType,
    /// Rejected: the id is empty, too long or has control characters.
    InvalidId,
    /// Rejected: the title is empty or over 50 UTF-16 code units (facts 1.3).
    TitleLength,
    /// Rejected: the body is empty or over 500 UTF-16 code units (facts 1.3).
    BodyLength,
    /// Rejected: a time is not RFC 3339.
    InvalidTime,
    /// Rejected: the targeted user is no user principal name.
    InvalidUserPrincipalName,
    /// Rejected: a retained push, over MQTT 3.1.1, which cannot decline them.
    Retained,
    /// Dropped: a newer one took its place while the device was offline (facts 5).
    Collapsed,
    /// Dropped: over a hundred were held, so all were discarded (facts 5).
    DroppedTooManyPendingMessages,
    /// Dropped: the push service's time to live passed (facts 5).
    DroppedTtlExpired,
    /// Dropped: the app was force-stopped (facts 4.2).
    DroppedAppForceStopped,
    /// Dropped: the device had not been connected for 270 days (facts 5).
    DroppedDeviceInactive,
    /// Dropped: sent to an installation of the app that is gone (facts 5).
    Unregistered,
    /// Dropped: a device action beside a retire, wipe or delete that was pending (facts 1.6).
    RemovalPending,
    /// Failed: no notification server, or no desktop session, within the configured timeout.
    NoNotificationServer,
    /// Failed: the notification server took the call and did not answer; it may still appear.
    NotificationServerDidNotAnswer,
    /// Failed: the notification server answered with an error.
    NotificationServerRefused,
}

impl PushProblem {
    /// Every problem.
    pub const ALL: &'static [Self] = Self::VARIANTS;
}
