//! What can go wrong with the journal, in sentences that name the file and the hint.
//!
//! Lives here: errors and how SQLite's codes read. Does not live here: retrying (`writer`).

use std::path::PathBuf;

use rusqlite::ErrorCode;

use portal_delivery::JournalEntry;

/// Why the journal cannot be opened, read or closed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It could not be opened or created.
    #[error("cannot open the journal {path}: {reason}; check that the state directory is writable and not full")]
    Open {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        reason: String,
    },
    /// A newer agent wrote it.
    #[error(
        "the journal {path} has version {found}, and this portal-agent knows versions up to {known}: \
         use the newer portal-agent, or another state directory (--state-dir)"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// An older agent wrote it, and nothing may be written to bring it up to date.
    #[error(
        "the journal {path} has version {found}, which is older than this portal-agent's; start the daemon once, which \
         brings it up to date (portal-agent run)"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
    },
    /// It is a SQLite database of another program.
    #[error(
        "{path} is a database of another program, not a journal of portal-agent; it was left as it is: \
         use another state directory (--state-dir)"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged.
    #[error(
        "the journal {path} is damaged ({reason}); it was left as it is: restore a copy, or set it aside and begin a new \
         one (portal-agent run --set-damaged-journal-aside)"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A read failed.
    #[error("cannot read the journal: {0}")]
    Read(String),
    /// It was closed while entries waited that could not be written.
    #[error("the journal was closed with {entries} entries unwritten: {reason}; none of them was acknowledged")]
    Unwritten {
        /// How many.
        entries: usize,
        /// The writer's trouble.
        reason: String,
    },
    /// The system gave no thread for it.
    #[error("this computer gave no thread for the journal ({0}); end other programs, and start the daemon again")]
    Thread(String),
    /// The writer thread could not be started, or ended by itself.
    #[error("the journal's writer is not running: {0}; start the daemon again")]
    Writer(String),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(sqlite_reason(&error))
    }
}

/// Why entries were not taken; they are given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendRefused {
    /// Too much waits for the disk already.
    #[error("the journal's queue is full")]
    Full(Vec<JournalEntry>),
    /// The journal is closed.
    #[error("the journal is closed")]
    Closed(Vec<JournalEntry>),
}

impl AppendRefused {
    /// The entries, to append again.
    pub fn into_entries(self) -> Vec<JournalEntry> {
        match self {
            Self::Full(entries) | Self::Closed(entries) => entries,
        }
    }
}

/// The sentence for a commit that failed: what, why, what to do about it, and that nothing is lost meanwhile.
pub(super) fn trouble(error: &rusqlite::Error, waiting: usize) -> String {
    let (what, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ("the disk is full", "free some space"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            ("the state directory is not writable", "make it writable again")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("another program holds its lock", "close the program that has the journal open")
        }
        Some(ErrorCode::SystemIoFailure) => ("the disk answers with an error", "check the disk"),
        // Only a start looks the whole file over, and only a start may set it aside.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            ("the file is damaged", "stop the daemon and start it again: it checks the file, and says how to go on")
        }
        _ => ("the database refused", "stop the daemon, and look at the disk and the file"),
    };
    // The number instead of SQLite's text: it can be looked up, and holds nothing of what was written.
    let code = error.sqlite_error().map(|error| format!(" (SQLite code {})", error.extended_code)).unwrap_or_default();
    format!(
        "the journal cannot be written: {what}{code}; {hint}. \
         {waiting} entries wait in memory, nothing is acknowledged meanwhile, and it is tried again"
    )
}

/// What SQLite's code means; its text, and that of the crate around it, are printed nowhere.
pub(super) fn sqlite_reason(error: &rusqlite::Error) -> String {
    let Some(failure) = error.sqlite_error() else { return "what is kept in it is not what is expected".to_owned() };
    let reason = match failure.code {
        ErrorCode::DiskFull => "the disk is full",
        ErrorCode::ReadOnly => "it may only be read",
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => "this user is not allowed to",
        ErrorCode::CannotOpen | ErrorCode::NotFound => "it cannot be opened",
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            "another program holds its lock"
        }
        ErrorCode::SystemIoFailure => "the disk answers with an error",
        ErrorCode::DatabaseCorrupt => "it is damaged",
        ErrorCode::NotADatabase => "it is no database",
        ErrorCode::OutOfMemory => "there is not enough memory",
        ErrorCode::TooBig | ErrorCode::NoLargeFileSupport => "it is too large",
        ErrorCode::OperationAborted | ErrorCode::OperationInterrupted => "it was interrupted",
        ErrorCode::SchemaChanged
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::ApiMisuse
        | ErrorCode::ParameterOutOfRange
        | ErrorCode::InternalMalfunction
        | ErrorCode::Unknown => "the database refused",
        _ => "the database refused",
    };
    format!("{reason} (SQLite code {})", failure.extended_code)
}

/// Whether the file itself is broken, as against out of reach.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_its_hint() {
        let full = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
        let sentence = trouble(&full, 3);
        assert!(sentence.contains("the disk is full") && sentence.contains("free some space"), "{sentence}");
        assert!(sentence.contains("3 entries wait in memory"), "{sentence}");
    }
}
