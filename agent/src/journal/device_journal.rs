//! One device's end of the journal.
//!
//! Lives here: appending, whether an id is used, what is told of the writer. Does not live here: opening and closing
//! (`database`), the past (`reader`).

use std::sync::{Arc, Mutex, PoisonError};

use portal_contract::DeviceId;
use portal_delivery::{IdHash, JournalEntry, UsedId, UsedIdFilter, id_hash};
use rusqlite::{Connection, params};
use tokio::sync::watch;

use super::clock_jump::ClockJump;
use super::entry::CommitTicket;
use super::error::{AppendRefused, JournalError};
use super::inbox::EntryQueue;
use super::reader::JournalReader;
use super::schema::DatabaseLocation;
use super::store::JournalStore;

/// What the database and the handles of its devices share.
pub(super) struct SharedJournal {
    pub(super) place: DatabaseLocation,
    pub(super) store: Arc<Mutex<JournalStore>>,
    pub(super) inbox: Arc<EntryQueue>,
    pub(super) ids: Mutex<Connection>,
    pub(super) durable: watch::Receiver<CommitTicket>,
    pub(super) health: watch::Receiver<Option<String>>,
}

impl std::fmt::Debug for SharedJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedJournal").field("place", &self.place).finish_non_exhaustive()
    }
}

/// One device's end of the journal; clones share it.
#[derive(Debug, Clone)]
pub struct DeviceJournal {
    pub(super) shared: Arc<SharedJournal>,
    pub(super) id: DeviceId,
    pub(super) device: i64,
}

impl DeviceJournal {
    /// A connection that only reads, for this device.
    ///
    /// # Errors
    /// The database could not be opened.
    pub fn reader(&self) -> Result<JournalReader, JournalError> {
        Ok(JournalReader::new(self.shared.place.open_reader()?, self.id, self.device))
    }

    /// Enqueues the entries: they become durable together, after everything appended before. The ticket says when. Answers at
    /// once: nothing waits for the disk.
    ///
    /// Entries that are all lazy ([`JournalEntry::is_lazy`]) need no commit of their own: the ticket of what was appended
    /// before them is given back.
    ///
    /// # Errors
    /// [`AppendRefused`] gives the entries back: the queue is full (wait for the next change of [`super::JournalDatabase::durable`] and
    /// append again), or the journal is closed.
    pub fn append(&self, entries: Vec<JournalEntry>) -> Result<CommitTicket, AppendRefused> {
        self.shared.inbox.append(self.device, entries)
    }

    /// As [`super::JournalDatabase::durable`].
    pub fn durable(&self) -> watch::Receiver<CommitTicket> {
        self.shared.durable.clone()
    }

    /// As [`super::JournalDatabase::health`].
    pub fn health(&self) -> watch::Receiver<Option<String>> {
        self.shared.health.clone()
    }

    /// Whether each id is used on this device, by what is durable. Blocks as long as the disk does.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn are_used(&self, ids: &[UsedId]) -> Result<Vec<bool>, JournalError> {
        let connection = self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
        // One view of the database for all of them: a commit in between would answer for some ids and not for others.
        let transaction = connection.unchecked_transaction()?;
        let mut pushes = transaction.prepare_cached("SELECT 1 FROM used_ids WHERE device = ?1 AND hash = ?2")?;
        let mut actions = transaction.prepare_cached("SELECT 1 FROM action_ids WHERE device = ?1 AND id = ?2")?;
        let used = ids.iter().map(|id| match id {
            UsedId::Notification(id) => pushes.exists(params![self.device, id_hash(id)]),
            UsedId::Action(id) => actions.exists(params![self.device, id]),
        });
        Ok(used.collect::<rusqlite::Result<_>>()?)
    }

    /// Which ids of pushes may be used on this device, by what is durable. Reads each of them: up to a million.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn used_id_filter(&self) -> Result<UsedIdFilter, JournalError> {
        let connection = self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.unchecked_transaction()?;
        // By the first and the last number, which cost nothing to find: counting would read all of them once more.
        let count = "SELECT coalesce((SELECT max(number) FROM used_ids WHERE device = ?1) \
                     - (SELECT min(number) FROM used_ids WHERE device = ?1) + 1, 0)";
        let count = transaction.prepare_cached(count)?.query_row(params![self.device], |row| row.get(0))?;
        let mut hashes = transaction.prepare_cached("SELECT hash FROM used_ids WHERE device = ?1")?;
        let hashes = hashes.query_map(params![self.device], |row| row.get::<_, IdHash>(0))?;
        let mut filter = UsedIdFilter::of(count, []);
        for hash in hashes {
            filter.note(&hash?);
        }
        Ok(filter)
    }

    /// The clock jump for which nothing is pruned by age at present, or none (contract 4).
    pub fn clock_jump(&self) -> Option<ClockJump> {
        self.shared.inbox.clock_jump(self.device)
    }
}
