//! A journal that no daemon has open, read without writing a byte beside it.
//!
//! Lives here: how such a file is opened, and what it holds of each device. Does not live here: the queries (`reader`), what a
//! snapshot means.

use std::path::Path;

use portal_contract::DeviceId;
use rusqlite::Connection;
use tempfile::TempDir;

use super::database::KnownDevice;
use super::entry::RecoveredDevice;
use super::error::JournalError;
use super::reader::JournalReader;
use super::schema::{DatabaseLocation, RestMode, companion};
use super::store::recovered;

/// An open journal at rest.
#[derive(Debug)]
pub struct JournalAtRest {
    connection: Connection,
    /// Where it was copied to, where it could not be read in its place; gone with this.
    copied: Option<TempDir>,
}

/// One device's past in a journal at rest.
#[derive(Debug)]
pub struct DeviceAtRest {
    /// What the journal holds of it.
    pub recovered: RecoveredDevice,
    /// Its receipts.
    pub reader: JournalReader,
    _copied: Option<TempDir>,
}

impl JournalAtRest {
    /// Opens the journal in this file; none where there is no file. Nothing is made, changed or brought up to date.
    ///
    /// SQLite reads a database with a write-ahead log by an index of the log beside it, which it would make or change. Where
    /// there is no log nothing can be missed (`immutable`); else the index is kept in memory (`readonly_shm`); where even
    /// that needs a file, since a copy of the state directory was made without it, database and log are read from a copy.
    ///
    /// # Errors
    /// The file cannot be opened, is of another version or of another program, or damaged.
    pub fn open(path: &Path) -> Result<Option<Self>, JournalError> {
        if !path.exists() {
            return Ok(None);
        }
        let place = DatabaseLocation::file(path);
        let log = companion(path, "-wal");
        let has_log = log.metadata().is_ok_and(|log| log.len() > 0);
        if !has_log {
            return Ok(Some(Self { connection: place.open_at_rest(RestMode::WithoutLog)?, copied: None }));
        }
        if companion(path, "-shm").exists() {
            return Ok(Some(Self { connection: place.open_at_rest(RestMode::WithLog)?, copied: None }));
        }
        let (connection, folder) = Self::of_copy(path, &log)?;
        Ok(Some(Self { connection, copied: Some(folder) }))
    }

    fn of_copy(path: &Path, log: &Path) -> Result<(Connection, TempDir), JournalError> {
        let unreadable = |error: std::io::Error| {
            let reason = crate::library_error::os_reason(&error);
            JournalError::Read(format!("{} cannot be copied to be read: {reason}", path.display()))
        };
        let folder = tempfile::tempdir().map_err(unreadable)?;
        let copy = folder.path().join("journal.db");
        std::fs::copy(path, &copy).map_err(unreadable)?;
        std::fs::copy(log, companion(&copy, "-wal")).map_err(unreadable)?;
        Ok((DatabaseLocation::file(&copy).open_at_rest(RestMode::Copy)?, folder))
    }

    /// The devices that the journal holds, in the order in which they were made.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn known(&self) -> Result<Vec<KnownDevice>, JournalError> {
        super::database::known(&self.connection)
    }

    /// What it holds of one of them.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn device(self, id: DeviceId) -> Result<DeviceAtRest, JournalError> {
        let (device, recovered) = recovered(&self.connection, &id)?;
        let reader = JournalReader::new(self.connection, id, device);
        Ok(DeviceAtRest { recovered, reader, _copied: self.copied })
    }
}
