//! The journal: what became of every push, durable before it is acknowledged (contract 4).
//!
//! Lives here: the SQLite edge behind [`DeviceJournal`], one writer thread with group commits, one reader thread, retention.
//! Does not live here: what an event or a snapshot means; both are JSON text of the device's making.

mod at_rest;
mod clock_jump;
mod codes;
mod database;
mod device_journal;
mod device_series;
mod entry;
mod error;
mod inbox;
mod past;
mod presence;
mod prune;
mod reader;
mod reads;
mod retention;
mod row;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use at_rest::{DeviceAtRest, JournalAtRest};
pub use clock_jump::ClockJump;
pub use database::{JournalDatabase, JournalOptions, KnownDevice};
pub use device_journal::DeviceJournal;
pub use entry::{CommitTicket, RecoveredDevice};
pub use error::{AppendRefused, JournalError};
pub use past::PastStep;
pub use portal_contract::LogQuery;
pub use reader::{JournalReader, JournalRecord, PastEvent};
pub use reads::{JournalReads, ReadAnswer};
pub use retention::Retention;
