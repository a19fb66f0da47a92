//! What the journal gives for what is appended, and what is found there at the next start.
//!
//! Lives here: tickets and what is recovered. Does not live here: the entries (`portal_delivery`), how they are stored (`store`,
//! `row`).

use portal_contract::Timestamp;

use super::clock_jump::ClockJump;

/// The place of appended entries in the journal's one order; entries are durable once a ticket as high is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitTicket(pub u64);

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
    /// What came of the latest remote action as JSON, where that was written after the snapshot.
    pub last_action: Option<String>,
    /// The clock jump for which nothing is pruned by age at present.
    pub clock_jump: Option<ClockJump>,
}
