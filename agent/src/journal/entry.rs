//! What is written to the journal and what is found there at the next start.
//!
//! Lives here: the entries and what they carry. Does not live here: how they are stored (`store`, `row`).

use portal_contract::{CardInteraction, NotificationId, Receipt, Timestamp};

use super::clock_jump::ClockJump;

/// The place of appended entries in the journal's one order; entries are durable once a ticket as high is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitTicket(pub u64);

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
        key: u64,
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
        key: u64,
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
        held: Option<u64>,
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

/// What the journal holds of a device when it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecoveredDevice {
    /// The snapshot in force, or none for a device that is new here.
    pub snapshot: Option<String>,
    /// The held pushes, by key.
    pub held: Vec<(u64, String)>,
    /// The newest receipt's sequence; 0 before the first.
    pub last_sequence: u64,
    /// The newest receipt's `decidedAt`.
    pub last_decided_at: Option<Timestamp>,
    /// Every receipt up to this sequence is published.
    pub published_through: u64,
    /// The count of redeliveries.
    pub redelivered: u64,
    /// The first key for a held push that was never used.
    pub next_held_key: u64,
    /// The newest event's number; 0 before the first.
    pub last_event: u64,
    /// The clock jump for which nothing is pruned by age at present.
    pub clock_jump: Option<ClockJump>,
}
