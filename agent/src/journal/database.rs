//! The journal's owner: one database, one writer thread, and a handle for each device.
//!
//! Lives here: opening, closing, what a handle does. Does not live here: the thread's loop (`writer`), SQL (`store`).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use portal_contract::{DeviceId, NotificationId, Timestamp};
use rusqlite::{Connection, params};
use tokio::sync::watch;

use super::Journal;
use super::clock_jump::{ClockJump, ClockSource, ComputerClocks};
use super::entry::{CommitTicket, JournalEntry, RecoveredDevice};
use super::error::{AppendRefused, JournalError};
use super::inbox::EntryQueue;
use super::reader::JournalReader;
use super::retention::Retention;
use super::schema::DatabaseLocation;
use super::store::JournalStore;
use super::used_ids::{IdHash, PendingState, hash};
use super::writer::JournalWriter;
use crate::library_error::os_reason;

/// How a journal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// How long what is kept.
    pub retention: Retention,
    /// The version of the device's rules; written beside each event.
    pub rules: u32,
}

/// A device that the journal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its id.
    pub id: DeviceId,
    /// Its newest snapshot as JSON; none for a device of which nothing was written yet.
    pub snapshot: Option<String>,
}

/// An open journal. Opening, registering devices, reading and closing block: call them where blocking is fine.
#[derive(Debug)]
pub struct JournalDatabase {
    shared: Arc<SharedJournal>,
    writer: Option<JoinHandle<Result<(), JournalError>>>,
}

struct SharedJournal {
    place: DatabaseLocation,
    store: Arc<Mutex<JournalStore>>,
    inbox: Arc<EntryQueue>,
    ids: Mutex<Connection>,
    durable: watch::Receiver<CommitTicket>,
    health: watch::Receiver<Option<String>>,
}

impl std::fmt::Debug for SharedJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("place", &self.place).finish_non_exhaustive()
    }
}

impl JournalDatabase {
    /// Makes a new journal in this file, which is there and empty, and leaves it closed and whole.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn make(path: &Path) -> Result<(), JournalError> {
        DatabaseLocation::make(path)
    }

    /// Opens the journal in this file, or makes it. A file that cannot be used is left as it is.
    ///
    /// # Errors
    /// The file cannot be opened, is of a newer version, of another program, or damaged.
    pub fn open(path: &Path, options: JournalOptions) -> Result<Self, JournalError> {
        Self::open_by(path, options, Box::new(ComputerClocks))
    }

    /// The same, with the clocks that jumps are judged by.
    pub(super) fn open_by(
        path: &Path,
        options: JournalOptions,
        clocks: Box<dyn ClockSource>,
    ) -> Result<Self, JournalError> {
        Self::start(DatabaseLocation::file(path), options, clocks)
    }

    /// A journal in memory, through the same code: for tests and scenarios. It is gone when it is closed.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn in_memory(options: JournalOptions) -> Result<Self, JournalError> {
        Self::start(DatabaseLocation::memory(), options, Box::new(ComputerClocks))
    }

    fn start(
        place: DatabaseLocation,
        options: JournalOptions,
        clocks: Box<dyn ClockSource>,
    ) -> Result<Self, JournalError> {
        let connection = place.open_writer()?;
        let store = Arc::new(Mutex::new(JournalStore::new(connection, options.retention, options.rules, clocks)));
        let inbox = Arc::new(EntryQueue::default());
        let (durable_sender, durable) = watch::channel(CommitTicket::default());
        let (health_sender, health) = watch::channel(None);
        let ids = Mutex::new(place.open_reader()?);
        let writer = JournalWriter {
            store: Arc::clone(&store),
            inbox: Arc::clone(&inbox),
            durable: durable_sender,
            health: health_sender,
        };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| JournalError::Writer(os_reason(&error)))?;
        Ok(Self { shared: Arc::new(SharedJournal { place, store, inbox, ids, durable, health }), writer: Some(thread) })
    }

    /// The handle of one device, and what the journal holds of it. `now` is its device time.
    ///
    /// # Errors
    /// The database could not be written.
    pub fn device(&self, id: DeviceId, now: Timestamp) -> Result<(DeviceJournal, RecoveredDevice), JournalError> {
        let mut devices = self.devices(&[id], now)?;
        devices.pop().ok_or_else(|| JournalError::Read("the device was not found".to_owned()))
    }

    /// The handles of many devices in their order, with one commit, and what the journal holds of each.
    ///
    /// # Errors
    /// The database could not be written.
    pub fn devices(
        &self,
        ids: &[DeviceId],
        now: Timestamp,
    ) -> Result<Vec<(DeviceJournal, RecoveredDevice)>, JournalError> {
        let registered = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner).register(ids, now)?;
        self.shared.inbox.set_jumps(registered.iter().map(|(device, recovered)| (*device, recovered.clock_jump)));
        let handle = |id, device| DeviceJournal { shared: Arc::clone(&self.shared), id, device };
        Ok(ids.iter().zip(registered).map(|(id, (device, recovered))| (handle(*id, device), recovered)).collect())
    }

    /// The devices that the journal holds, in the order in which they were made.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn known(&self) -> Result<Vec<KnownDevice>, JournalError> {
        let connection = self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT id, (SELECT json FROM snapshots WHERE snapshots.device = devices.device \
                   ORDER BY snapshots.event DESC LIMIT 1) FROM devices ORDER BY device";
        let mut statement = connection.prepare(sql)?;
        let known = statement
            .query_map([], |row| Ok(KnownDevice { id: DeviceId::from_bytes(row.get(0)?), snapshot: row.get(1)? }))?;
        Ok(known.collect::<rusqlite::Result<_>>()?)
    }

    /// Commits what waits, lazy entries too, and ends the writer. Handles refuse entries from now on.
    ///
    /// # Errors
    /// What waited could not be written (it was never reported durable), or the writer had ended by itself.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), JournalError> {
        self.shared.inbox.close();
        match self.writer.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(JournalError::Writer("it panicked".to_owned())),
        }
    }
}

impl Drop for JournalDatabase {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "journal not closed cleanly");
        }
    }
}

/// One device's end of the journal; clones share it.
#[derive(Debug, Clone)]
pub struct DeviceJournal {
    shared: Arc<SharedJournal>,
    pub(super) id: DeviceId,
    pub(super) device: i64,
}

impl DeviceJournal {
    /// A connection that only reads, for this device. See also [`JournalReader::of`].
    ///
    /// # Errors
    /// The database could not be opened.
    pub fn reader(&self) -> Result<JournalReader, JournalError> {
        Ok(JournalReader::new(self.shared.place.open_reader()?, self))
    }
}

impl Journal for DeviceJournal {
    fn append(&self, entries: Vec<JournalEntry>) -> Result<CommitTicket, AppendRefused> {
        self.shared.inbox.append(self.device, entries)
    }

    fn durable(&self) -> watch::Receiver<CommitTicket> {
        self.shared.durable.clone()
    }

    fn health(&self) -> watch::Receiver<Option<String>> {
        self.shared.health.clone()
    }

    fn are_used(&self, ids: &[NotificationId]) -> Result<Vec<bool>, JournalError> {
        let hashes: Vec<IdHash> = ids.iter().map(hash).collect();
        // An id leaves the pending ones after its commit, so that one of the two always knows it.
        let pending = self.shared.inbox.look_up(self.device, &hashes);
        let connection = self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.unchecked_transaction()?;
        let mut statement = transaction.prepare_cached("SELECT 1 FROM used_ids WHERE device = ?1 AND hash = ?2")?;
        let known = hashes.iter().zip(pending).map(|(hash, pending)| match pending {
            PendingState::Used => Ok(true),
            PendingState::Forgotten => Ok(false),
            PendingState::Unknown => statement.exists(params![self.device, hash]),
        });
        Ok(known.collect::<rusqlite::Result<_>>()?)
    }

    fn clock_jump(&self) -> Option<ClockJump> {
        self.shared.inbox.clock_jump(self.device)
    }
}
