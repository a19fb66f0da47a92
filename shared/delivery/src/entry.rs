//! What is written to the journal.
//!
//! Lives here: the entries and what they carry. Does not live here: how they are stored (the journal).

use portal_contract::{CardInteraction, NotificationId, Receipt, Timestamp};
use portal_device::HeldKey;

/// The number of a batch of entries that become durable together; rises by one for each device, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BatchNumber(pub u64);

/// An id that is used once on a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsedId {
    /// A push's.
    Notification(NotificationId),
    /// A remote action's.
    Action(String),
}

/// One thing to remember of one device. Times are device time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalEntry {
    /// A change of the device's state: the event and the snapshot after it, which is in force for later receipts.
    Changed {
        /// When.
        at: Timestamp,
        /// The event as JSON.
        event: String,
        /// The device after it, as JSON.
        snapshot: String,
    },
    /// A push that is acknowledged as held. Its id is used from now on.
    Held {
        /// The device's own number for it, never used twice.
        key: HeldKey,
        /// Its id.
        id: NotificationId,
        /// When it was held.
        at: Timestamp,
        /// The held push as JSON: payload, reason, until.
        push: String,
    },
    /// A held push's reason or deadline changed.
    HeldChanged {
        /// Its number.
        key: HeldKey,
        /// The held push as JSON.
        push: String,
    },
    /// A push reached its outcome, which uses its id up where [`portal_contract::Outcome::uses_id`] says so.
    Settled {
        /// The receipt; its `sequence` is one above the device's last.
        receipt: Receipt,
        /// The push as JSON; absent where it could not be read.
        push: Option<String>,
        /// The held push that ends with it.
        held: Option<HeldKey>,
    },
    /// What the user did with a presented notification; the journal's receipt says it from now on.
    Interaction {
        /// The receipt.
        sequence: u64,
        /// What.
        interaction: CardInteraction,
    },
    /// Every receipt up to this sequence has its PUBACK. Lazy.
    Published {
        /// The sequence.
        through: u64,
    },
    /// How many redeliveries were acknowledged without a receipt, in all. Lazy.
    Redelivered {
        /// The counter.
        count: u64,
    },
    /// A remote action of this id came, and is not to be carried out again.
    ActionSeen {
        /// Its id.
        id: String,
        /// When.
        at: Timestamp,
        /// What came of it as JSON, where it changed nothing of the device: in force until the next change.
        note: Option<String>,
    },
    /// An enrollment began. Ids of actions that are older than used ids are kept may be forgotten, as at no other time.
    EnrollmentBegan {
        /// When.
        at: Timestamp,
    },
    /// Every id of a notification that was used so far may be used again (`device reset`).
    IdsForgotten,
}

impl JournalEntry {
    /// The id that it uses up, if it uses one.
    pub fn used_id(&self) -> Option<UsedId> {
        match self {
            Self::Held { id, .. } => Some(UsedId::Notification(id.clone())),
            Self::Settled { receipt, .. } if receipt.outcome.uses_id() => {
                receipt.notification_id.clone().map(UsedId::Notification)
            }
            Self::ActionSeen { id, .. } => Some(UsedId::Action(id.clone())),
            _ => None,
        }
    }

    /// Whether it needs no commit of its own: it rides with the next, or with one that is made a second later, or at
    /// close. Losing it costs a publishing twice, or a count.
    pub fn is_lazy(&self) -> bool {
        matches!(self, Self::Published { .. } | Self::Redelivered { .. })
    }
}
