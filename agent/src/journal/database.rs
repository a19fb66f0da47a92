//! The journal's owner: one database, one writer thread, and what its devices share.
//!
//! Lives here: opening and closing. Does not live here: a device's end of it (`device_journal`), the thread's loop (`writer`), SQL (`store`).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use portal_contract::{DeviceId, Timestamp};
use rusqlite::Connection;
use tokio::sync::{mpsc, watch};

use super::clock_jump::{ClockSource, ComputerClocks};
use super::device_journal::{DeviceJournal, SharedJournal};
use super::entry::{CommitTicket, RecoveredDevice};
use super::error::JournalError;
use super::inbox::EntryQueue;
use super::presence::JournalPresence;
use super::reads::{JournalReads, ReadAnswer};
use super::retention::Retention;
use super::schema::DatabaseLocation;
use super::store::JournalStore;
use super::writer::JournalWriter;
use portal_delivery::DeviceKey;

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
    writer: Mutex<Option<JoinHandle<Result<(), JournalError>>>>,
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
        // Of both only the newest word counts, so whoever reads slowly holds nobody up.
        let (durable_sender, durable) = watch::channel(CommitTicket::default());
        let (health_sender, health) = watch::channel(None);
        // Opened before the thread is started: a failure here ends the start, and leaves no writer behind.
        let ids = Mutex::new(place.open_reader()?);
        let writer = JournalWriter {
            store: Arc::clone(&store),
            inbox: Arc::clone(&inbox),
            presence: JournalPresence::of(&place),
            durable: durable_sender,
            health: health_sender,
        };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| JournalError::Thread(crate::library_error::os_reason(&error)))?;
        Ok(Self {
            shared: Arc::new(SharedJournal { place, store, inbox, ids, durable, health }),
            writer: Mutex::new(Some(thread)),
        })
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
        // All of them with one commit: a start that hosts a thousand devices would wait for a thousand syncs
        // otherwise.
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
        known(&self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The highest ticket that is durable. The sender goes away with the writer, at close.
    pub fn durable(&self) -> watch::Receiver<CommitTicket> {
        self.shared.durable.clone()
    }

    /// The writer's present trouble, a sentence with a hint, or none. While it stands, entries wait in memory, the commit is
    /// tried again with back-off, and nothing is reported durable.
    pub fn health(&self) -> watch::Receiver<Option<String>> {
        self.shared.health.clone()
    }

    /// Starts the thread that reads for the host's task.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn reads(&self, answers: mpsc::Sender<(DeviceKey, ReadAnswer)>) -> Result<JournalReads, JournalError> {
        JournalReads::start(answers)
    }

    /// Removes everything that the journal holds of a device. Nothing may be appended for it any more.
    ///
    /// # Errors
    /// The database could not be written.
    pub fn remove(&self, journal: &DeviceJournal) -> Result<(), JournalError> {
        let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(store.remove(journal.device)?)
    }

    /// Commits what waits, lazy entries too, and ends the writer. Handles refuse entries from now on.
    ///
    /// # Errors
    /// What waited could not be written (it was never reported durable), or the writer had ended by itself.
    pub fn close(&self) -> Result<(), JournalError> {
        self.end()
    }

    fn end(&self) -> Result<(), JournalError> {
        // The thread ends once it finds the queue closed and has written what was in it.
        self.shared.inbox.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match writer.map(JoinHandle::join) {
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

/// The devices that the database holds, in the order in which they were made.
pub(super) fn known(connection: &Connection) -> Result<Vec<KnownDevice>, JournalError> {
    let sql = "SELECT id, (SELECT json FROM snapshots WHERE snapshots.device = devices.device \
               ORDER BY snapshots.event DESC LIMIT 1) FROM devices ORDER BY device";
    let mut statement = connection.prepare(sql)?;
    let known = statement
        .query_map([], |row| Ok(KnownDevice { id: DeviceId::from_bytes(row.get(0)?), snapshot: row.get(1)? }))?;
    Ok(known.collect::<rusqlite::Result<_>>()?)
}
