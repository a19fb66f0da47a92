//! The journal: what became of every push, durable before it is acknowledged (contract 4).
//!
//! Lives here: the SQLite edge behind [`Journal`], one writer thread with group commits, readers, retention.
//! Does not live here: what an event or a snapshot means; both are JSON text of the device's making.

mod clock_jump;
mod codes;
mod database;
mod entry;
mod error;
mod inbox;
mod prune;
mod reader;
mod retention;
mod row;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod used_ids;
mod writer;

pub use clock_jump::ClockJump;
pub use database::{DeviceJournal, JournalDatabase, JournalOptions, KnownDevice};
pub use entry::{CommitTicket, JournalEntry, RecoveredDevice};
pub use error::{AppendRefused, JournalError};
pub use reader::{JournalReader, JournalRecord, PastEvent, ReceiptFilter};
pub use retention::Retention;

use portal_contract::NotificationId;
use tokio::sync::watch;

/// Where one device's entries go, and when they are safe.
///
/// Every method but [`Journal::are_used`] answers at once: nothing waits for the disk, so that a daemon's loop may call it.
pub trait Journal: Send + Sync {
    /// Enqueues the entries: they become durable together, after everything appended before. The ticket says when.
    ///
    /// Entries that are all lazy ([`JournalEntry::is_lazy`]) need no commit of their own: the ticket of what was appended
    /// before them is given back.
    ///
    /// # Errors
    /// [`AppendRefused`] gives the entries back: the queue is full (wait for the next change of [`Journal::durable`] and
    /// append again), or the journal is closed.
    fn append(&self, entries: Vec<JournalEntry>) -> Result<CommitTicket, AppendRefused>;

    /// The highest ticket that is durable. The sender goes away with the writer, at close.
    fn durable(&self) -> watch::Receiver<CommitTicket>;

    /// The writer's present trouble, a sentence with its hint, or none. While it stands, entries wait in memory, the
    /// commit is tried again with back-off, and nothing is reported durable.
    fn health(&self) -> watch::Receiver<Option<String>>;

    /// Whether each id is used on this device: by an entry that was appended before the call, durable or not yet.
    /// Reads the database, and blocks as long as the disk does.
    ///
    /// # Errors
    /// The database could not be read.
    fn are_used(&self, ids: &[NotificationId]) -> Result<Vec<bool>, JournalError>;

    /// The clock jump for which nothing is pruned by age at present, or none (contract 4).
    fn clock_jump(&self) -> Option<ClockJump>;
}
