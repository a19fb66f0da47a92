//! Receipts: what became of one push on one device (contract 3).
//!
//! Lives here: outcomes and their members, problem codes. Does not live here: how an outcome is reached (`portal_device`).
//!
//! ```
//! use portal_contract::{Outcome, OutcomeKind, Prerequisite, Receipt};
//! let text = r#"{"sequence":41,"notificationId":"1","deviceId":"6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10",
//!     "target":{"kind":"device"},"outcome":"withheld","unmet":["notificationsPermitted"],
//!     "receivedAt":"2026-11-23T09:00:00.000Z","decidedAt":"2026-11-23T10:00:00.000+01:00"}"#;
//! let receipt: Receipt = serde_json::from_str(text)?;
//! assert_eq!(receipt.outcome.kind(), OutcomeKind::Withheld);
//! let Outcome::Withheld { unmet } = receipt.outcome else { panic!() };
//! assert!(unmet.contains(Prerequisite::NotificationsPermitted));
//! assert_eq!(receipt.received_at, receipt.decided_at, "any offset is read");
//! # Ok::<(), serde_json::Error>(())
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::desktop_verdict::DesktopVerdict;
use crate::ids::{DeviceId, GroupId, NotificationId};
use crate::prerequisite::Prerequisites;
use crate::presentation::Presentation;
use crate::push_problem::PushProblem;
use crate::timestamp::Timestamp;

/// What a push was addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum PushTarget {
    /// This one device.
    Device,
    /// The users of a group, on each device they enrolled (facts 1.4).
    Group {
        /// The group.
        id: GroupId,
    },
}

/// What delayed a push: the emulated push service or the device in FCM's words (facts 5), this computer's desktop in words of
/// its own, since FCM's would blame the push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, VariantArray)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryDelay {
    /// The device was offline.
    DelayedDeviceOffline,
    /// The device was in Doze.
    DelayedDeviceDoze,
    /// The work profile was paused.
    DelayedUserStopped,
    /// The desktop's: the pace of shown notifications was reached. Until 0.1.0 it had FCM's word for throttling.
    #[serde(alias = "delayedMessageThrottled")]
    DelayedDesktopPace,
    /// The desktop's notification server was away.
    #[serde(alias = "delayedNotificationServer")]
    DelayedNotificationServerAway,
    /// Battery optimisation kept it from the app.
    DelayedBatteryOptimisation,
    /// It was left to the scheduled summary.
    DelayedScheduledSummary,
    /// Without a push service the app had to look for it.
    DelayedNextLook,
}

impl DeliveryDelay {
    /// Every delay.
    pub const ALL: &'static [Self] = Self::VARIANTS;
}

/// What the user did with a presented notification; kept in the journal, not published again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CardInteraction {
    /// The user clicked it.
    Clicked,
    /// The user dismissed it, or the server closed it.
    Dismissed,
    /// The agent withdrew it to keep the number of open cards bounded.
    Withdrawn,
}

/// What became of one push on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// Not a custom notification.
    Rejected {
        /// The code.
        problem: PushProblem,
        /// A sentence that says what is wrong.
        detail: String,
    },
    /// This id already has an outcome on this device.
    Duplicate,
    /// Past its expiry when it arrived, or while it waited on the device.
    Expired,
    /// A prerequisite is unmet; nothing was shown.
    Withheld {
        /// Every unmet prerequisite, in order.
        unmet: Prerequisites,
    },
    /// The emulated push service dropped it.
    Dropped {
        /// The code.
        problem: PushProblem,
    },
    /// The desktop could not show it.
    Failed {
        /// The code.
        problem: PushProblem,
        /// A sentence that says what went wrong.
        detail: String,
    },
    /// Shown to the user, and how.
    Presented(Presentation),
}

/// An outcome without its members, to filter by and to store.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase", parse_err_ty = String, parse_err_fn = Self::unknown)]
pub enum OutcomeKind {
    /// See [`Outcome::Rejected`].
    Rejected,
    /// See [`Outcome::Duplicate`].
    Duplicate,
    /// See [`Outcome::Expired`].
    Expired,
    /// See [`Outcome::Withheld`].
    Withheld,
    /// See [`Outcome::Dropped`].
    Dropped,
    /// See [`Outcome::Failed`].
    Failed,
    /// See [`Outcome::Presented`].
    Presented,
}

impl OutcomeKind {
    /// Every kind, in the order in which they are decided.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The word as payloads spell it.
    pub fn word(self) -> &'static str {
        self.into()
    }

    fn unknown(text: &str) -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|known| known.word()).collect();
        format!("{text:?} is no outcome; the outcomes are {}", words.join(", "))
    }
}

impl Outcome {
    /// The outcome without its members.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Rejected { .. } => OutcomeKind::Rejected,
            Self::Duplicate => OutcomeKind::Duplicate,
            Self::Expired => OutcomeKind::Expired,
            Self::Withheld { .. } => OutcomeKind::Withheld,
            Self::Dropped { .. } => OutcomeKind::Dropped,
            Self::Failed { .. } => OutcomeKind::Failed,
            Self::Presented(_) => OutcomeKind::Presented,
        }
    }

    /// Whether the push's id is used up by it (contract 3: every outcome but these two).
    pub fn uses_id(&self) -> bool {
        // What is rejected may have no id that can be read; a duplicate's was used up before.
        !matches!(self, Self::Rejected { .. } | Self::Duplicate)
    }
}

/// The record of an outcome: published, kept in the journal, shown by `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Rises by one per device; the journal's order.
    pub sequence: u64,
    /// The push's id; absent if none could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_id: Option<NotificationId>,
    /// The device.
    pub device_id: DeviceId,
    /// What the push was addressed to.
    pub target: PushTarget,
    /// The outcome with its members.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What delayed it, beside any outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DeliveryDelay>,
    /// Whether the push service lowered its priority to normal (FCM's `priorityLowered`; facts 4.2, 5).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub priority_lowered: bool,
    /// What was known of this computer's desktop when the card was shown, or why it was not; absent where nothing was
    /// shown on a desktop. It says nothing of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<DesktopVerdict>,
    /// When the device received it, in device time.
    pub received_at: Timestamp,
    /// When its outcome was decided, in device time; never goes back.
    pub decided_at: Timestamp,
    /// What the user did with it; in the journal only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<CardInteraction>,
}

/// A receipt as `log` lists it: with what the push said, which a published one does not repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedReceipt {
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The push's title; absent if none could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_title: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prerequisite::Prerequisite;

    #[test]
    fn a_receipt_is_spelled_as_the_contract_spells_it() {
        let receipt = Receipt {
            sequence: 41,
            notification_id: Some("6f0c".parse().unwrap()),
            device_id: "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap(),
            target: PushTarget::Device,
            outcome: Outcome::Withheld { unmet: [Prerequisite::NotificationsPermitted].into_iter().collect() },
            delay: None,
            priority_lowered: false,
            desktop: None,
            received_at: Timestamp::from_millis(0),
            decided_at: Timestamp::from_millis(1),
            interaction: None,
        };
        let text = serde_json::to_string(&receipt).unwrap();
        assert_eq!(
            text,
            r#"{"sequence":41,"notificationId":"6f0c","deviceId":"6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10","target":{"kind":"device"},"outcome":"withheld","unmet":["notificationsPermitted"],"receivedAt":"1970-01-01T00:00:00.000Z","decidedAt":"1970-01-01T00:00:00.001Z"}"#
        );
        assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), receipt);
    }

    #[test]
    fn the_desktops_delays_are_read_under_their_old_words_too() {
        let rows = [
            ("delayedMessageThrottled", DeliveryDelay::DelayedDesktopPace, "delayedDesktopPace"),
            (
                "delayedNotificationServer",
                DeliveryDelay::DelayedNotificationServerAway,
                "delayedNotificationServerAway",
            ),
        ];
        for (old, delay, word) in rows {
            assert_eq!(serde_json::from_value::<DeliveryDelay>(old.into()).unwrap(), delay);
            assert_eq!(serde_json::to_value(delay).unwrap(), word);
        }
    }

    #[test]
    fn every_kind_reads_back_from_its_word() {
        for kind in OutcomeKind::ALL.iter().copied() {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
