//! What is written to the journal.
//!
//! Lives here: the entries and what they carry. Does not live here: how they are stored (the journal).

use portal_contract::{CardInteraction, NotificationId, Receipt, Timestamp};
use portal_device::HeldKey;

/// The number of a batch of entries that become durable together; rises by one for each device, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BatchNumber(pub u64);

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
    /// Every id that was used so far may be used again (`device reset`).
    IdsForgotten,
}

impl JournalEntry {
    /// The id that it uses up, if it uses one.
    pub fn used_id(&self) -> Option<&NotificationId> {
        match self {
            Self::Held { id, .. } => Some(id),
            Self::Settled { receipt, .. } if receipt.outcome.uses_id() => receipt.notification_id.as_ref(),
            _ => None,
        }
    }

    /// Whether it needs no commit of its own: it rides with the next, or with one that is made a second later, or at
    /// close. Losing it costs a publishing twice, or a count.
    pub fn is_lazy(&self) -> bool {
        matches!(self, Self::Published { .. } | Self::Redelivered { .. })
    }
}
