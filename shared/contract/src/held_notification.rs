//! Pushes that have arrived and wait: what for, since when, and what lets them go (contract 7).
//!
//! Lives here: the reasons and the form in which a held push is listed. Does not live here: what holds a push
//! (`portal_device`); a held push has no receipt, which is written for an outcome alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::ids::{DeviceId, NotificationId};
use crate::receipt::{DeliveryDelay, PushTarget};
use crate::timestamp::Timestamp;

/// What a held push waits for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum HoldReason {
    /// The fence: the device was away, and the push service's rules see all that was held together.
    DeviceOffline,
    /// A maintenance window of Doze, or its end.
    Doze,
    /// The work profile.
    WorkProfilePaused,
    /// Battery optimisation (facts 1.1, document C25).
    BatteryOptimisation,
    /// The next scheduled summary (iOS and iPadOS).
    ScheduledSummary,
    /// The app's next look for messages, where no push service tells it of one (facts 1.1, document Gms).
    NextLook,
    /// The pace of shown notifications.
    Pace,
    /// A notification server.
    NotificationServerAway,
}

impl HoldReason {
    /// Every reason.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The word as JSON spells it.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Whether the push service holds it, and neither the device nor this computer's desktop: time to live counts then (facts 5).
    pub fn is_of_the_push_service(self) -> bool {
        !matches!(self, Self::ScheduledSummary | Self::NextLook | Self::Pace | Self::NotificationServerAway)
    }

    /// The word for the delay, FCM's where it has one (facts 5).
    pub fn delay(self) -> DeliveryDelay {
        match self {
            Self::DeviceOffline => DeliveryDelay::DelayedDeviceOffline,
            Self::Doze => DeliveryDelay::DelayedDeviceDoze,
            Self::WorkProfilePaused => DeliveryDelay::DelayedUserStopped,
            Self::BatteryOptimisation => DeliveryDelay::DelayedBatteryOptimisation,
            Self::ScheduledSummary => DeliveryDelay::DelayedScheduledSummary,
            Self::NextLook => DeliveryDelay::DelayedNextLook,
            Self::Pace => DeliveryDelay::DelayedDesktopPace,
            Self::NotificationServerAway => DeliveryDelay::DelayedNotificationServerAway,
        }
    }
}

/// The one word of a held push's `outcome`, which is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HeldWord {
    /// It waits.
    #[default]
    Held,
}

/// A push that has arrived and waits, as `log`, `status` and `push --wait` list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldNotification {
    /// The push.
    pub notification_id: NotificationId,
    /// Its title.
    #[serde(default)]
    pub notification_title: String,
    /// The device that it waits on.
    pub device_id: DeviceId,
    /// What it was addressed to.
    pub target: PushTarget,
    /// `held`.
    pub outcome: HeldWord,
    /// What it waits for.
    pub reason: HoldReason,
    /// When it was received, in device time.
    pub since: Timestamp,
    /// When it ends by itself if nothing lets it go: its expiry, the push service's time to live, or the desktop's timeout;
    /// absent where it waits for as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What lets it go, in a sentence without its full stop.
    pub released_by: String,
    /// The command that does; null where nobody's command does.
    pub command: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_spelled_as_it_says() {
        for reason in HoldReason::ALL.iter().copied() {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
    }
}
