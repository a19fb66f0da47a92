//! Whether the journal's file is still where the next start looks for it: an unlinked file is written to without an error,
//! and is gone with the process.
//!
//! Lives here: noticing it, saving what the file held, the sentences. Does not live here: when it is looked at (`writer`).
//! On Windows a file that is open cannot be removed.

use std::io;
use std::path::{Path, PathBuf};

use super::schema::{DatabaseLocation, companion};
use super::store::JournalStore;
use crate::library_error::os_reason;

/// What became of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JournalLoss {
    /// The journal, or the write-ahead log that belongs to it, has no name any more.
    Removed,
    /// The whole directory is gone.
    DirectoryRemoved,
    /// Another file has the journal's name.
    Replaced,
}

/// Which file is open, whatever its name is now: the disk and the number on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileNumber {
    disk: u64,
    number: u64,
}

/// The open journal's files, to be compared with what lies at their path.
#[derive(Debug)]
pub(super) struct JournalPresence {
    path: PathBuf,
    /// None in memory, and where a system has no such numbers.
    journal: Option<FileNumber>,
    /// Known once there is one.
    log: Option<FileNumber>,
}

/// Why what was acknowledged could not be saved.
#[derive(Debug)]
pub(super) enum SaveFailure {
    /// The new file could not be made.
    File(io::Error),
    /// The database could not be copied.
    Database(rusqlite::Error),
}

impl JournalPresence {
    /// Of the journal in this place, which was just opened.
    pub(super) fn of(place: &DatabaseLocation) -> Self {
        let path = place.path().to_owned();
        let journal = if place.is_in_memory() { None } else { number(&path) };
        let log = journal.and_then(|_| number(&companion(&path, "-wal")));
        Self { path, journal, log }
    }

    /// Whether something is wrong with the files by now.
    pub(super) fn look(&mut self) -> Option<JournalLoss> {
        let opened = self.journal?;
        match number(&self.path) {
            Some(there) if there == opened => {}
            Some(_) => return Some(JournalLoss::Replaced),
            None if self.path.parent().is_some_and(Path::is_dir) => return Some(JournalLoss::Removed),
            None => return Some(JournalLoss::DirectoryRemoved),
        }
        // The log counts as much as the file: what was committed since the last checkpoint is in it alone.
        let log = number(&companion(&self.path, "-wal"));
        match self.log {
            Some(_) => (log != self.log).then_some(JournalLoss::Removed),
            None => {
                self.log = log;
                None
            }
        }
    }

    /// Writes everything that was committed to a new file of the journal's name, whole or not at all.
    pub(super) fn save(&self, store: &JournalStore) -> Result<(), SaveFailure> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        // Made for this user alone.
        let file = tempfile::Builder::new().prefix("journal.db.").tempfile_in(directory).map_err(SaveFailure::File)?;
        store.copy_to(file.path()).map_err(SaveFailure::Database)?;
        file.as_file().sync_all().map_err(SaveFailure::File)?;
        // A log belongs to one file alone; read with another it would destroy it.
        for ending in ["-wal", "-shm"] {
            match std::fs::remove_file(companion(&self.path, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(SaveFailure::File(error)),
                _ => {}
            }
        }
        file.persist(&self.path).map_err(|error| SaveFailure::File(error.error))?;
        Ok(())
    }

    /// What happened, what became of what was acknowledged, and what to do.
    pub(super) fn sentence(&self, loss: JournalLoss, not_saved: Option<&SaveFailure>) -> String {
        let path = self.path.display();
        let restart = "end the daemon and start it again; nothing is acknowledged meanwhile";
        match (loss, not_saved) {
            (JournalLoss::Removed, None) => format!(
                "the journal {path} was removed while the daemon ran; everything that was acknowledged is in a new file of \
                 that name: {restart}"
            ),
            (JournalLoss::Removed, Some(failure)) => format!(
                "the journal {path} was removed while the daemon ran, and what it held could not be saved ({failure}); what \
                 was acknowledged before is lost when the daemon ends, and nothing is acknowledged any more"
            ),
            (JournalLoss::DirectoryRemoved, _) => format!(
                "the state directory of the journal {path} was removed while the daemon ran; what it held is lost when the \
                 daemon ends: {restart}"
            ),
            (JournalLoss::Replaced, _) => {
                format!("another file was put in the place of the journal {path} while the daemon ran: {restart}")
            }
        }
    }
}

impl std::fmt::Display for SaveFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(error) => f.write_str(&os_reason(error)),
            Self::Database(error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => f.write_str("the disk is full"),
                _ => f.write_str("the database could not be copied"),
            },
        }
    }
}

#[cfg(unix)]
fn number(path: &Path) -> Option<FileNumber> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some(FileNumber { disk: metadata.dev(), number: metadata.ino() })
}

#[cfg(not(unix))]
fn number(_path: &Path) -> Option<FileNumber> {
    None
}
