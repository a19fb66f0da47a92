//! The state directory: where it is, who may read it, and the lock that keeps a second daemon out (contract 6).
//!
//! Lives here: paths, permissions, the lock, private files. Does not live here: what the files say, whose they are and
//! who may read them (`ownership`). Permissions are the one thing besides the desktop that differs by system (architecture).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::ProjectDirs;
use portal_contract::Timestamp;
use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::library_error::os_reason;

mod computer;
mod ownership;
#[cfg_attr(unix, path = "state_dir/unix.rs")]
#[cfg_attr(windows, path = "state_dir/windows.rs")]
mod permissions;

/// Held by the daemon for as long as it lives.
pub const LOCK: &str = "lock";
/// Where the control API says how to reach it (contract 6).
pub const CONTROL: &str = "control.json";
/// Where the notifier keeps which cards are open.
pub const OPEN_CARDS: &str = "desktop-cards.json";
/// Which open pages may come back to a daemon that is started anew.
pub const PANEL: &str = "panel.json";
/// The log of a service on systems that keep none.
pub const LOG: &str = "portal-agent.log";
/// The journal's file.
pub const JOURNAL: &str = "journal.db";

/// How often, and with what pause, a lock is tried that nobody has put a name to.
const LOCK_TRIES: usize = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The most that is read of a private file; none that is written has a hundredth of it.
const LARGEST_PRIVATE: u64 = 64 * 1024;

/// What is wrong with the state directory.
#[derive(Debug, thiserror::Error)]
pub enum StateDirError {
    /// The system names no directory for a user's data.
    #[error("this system names no data directory for this user (is HOME set?); name one with --state-dir")]
    NoDefault,
    /// It cannot be made, or nothing can be written in it.
    #[error(
        "the state directory {} is not writable: {}; make it writable, or name another with --state-dir",
        path.display(), os_reason(reason)
    )]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Others may change what lies in it.
    #[error(
        "others may write in {path}, which holds other things than this program's; take that away (chmod go-w '{path}'), \
         or name another state directory with --state-dir"
    )]
    OpenToOthers {
        /// The directory.
        path: PathBuf,
    },
    /// It, or a file in it, belongs to another user, who could read and change what is written there.
    #[error(
        "{path} belongs to another user ({owner}); run as that user, or name another state directory with --state-dir"
    )]
    OtherOwner {
        /// The directory or the file.
        path: PathBuf,
        /// The user's number.
        owner: String,
    },
    /// Something else than a file has a file's name.
    #[error("{path} is not a file; remove it, or name another state directory with --state-dir")]
    NotAFile {
        /// What has the name.
        path: PathBuf,
    },
    /// Another daemon runs on it.
    #[error("a daemon{} already runs on the state directory {path}; stop it (portal-agent stop), or name another with --state-dir", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The daemon's process id, where it could be read.
        pid: Option<u32>,
    },
    /// A private file may be read by others.
    #[error("{path} may be read by others, so it is not used; remove it and start the daemon again")]
    NotPrivate {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be made private.
    #[error(
        "{path} cannot be kept from other users: {reason}; name a state directory on a disk with permissions (--state-dir)"
    )]
    CannotBePrivate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {}; check the disk and the directory's permissions", path.display(), os_reason(reason))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

/// An existing, writable state directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

/// Keeps a second daemon out while it lives.
#[derive(Debug)]
pub struct StateDirLock {
    file: File,
}

impl Drop for StateDirLock {
    fn drop(&mut self) {
        // Nobody is to be sent to a process that has gone; a failure changes nothing, since the lock goes with the file.
        let _ = self.file.set_len(0);
    }
}

impl StateDir {
    /// Where the state lies unless a setting says otherwise: XDG's data directory, or the platform's own.
    ///
    /// # Errors
    /// The system names none.
    pub fn default_path() -> Result<PathBuf, StateDirError> {
        let directories = ProjectDirs::from("", "", "portal-agent").ok_or(StateDirError::NoDefault)?;
        Ok(directories.data_local_dir().to_owned())
    }

    /// Opens the directory; makes it, for this user alone, where there is none. What others may do with it and with the
    /// files in it that they should not is taken from them, with one line in the log.
    ///
    /// # Errors
    /// It cannot be made, nothing can be written in it, it or a file in it belongs to another user, or it holds things of
    /// others and others may write in it.
    pub fn open(path: &Path) -> Result<Self, StateDirError> {
        let not_writable = |reason| StateDirError::NotWritable { path: path.to_owned(), reason };
        permissions::make_directory(path).map_err(not_writable)?;
        let path = path.canonicalize().map_err(not_writable)?;
        ownership::take_from_others(&path)?;
        // Tried and not asked of the mode: a disk that may only be read, and another user's folder, show in nothing
        // else.
        tempfile::tempfile_in(&path).map_err(not_writable)?;
        Ok(Self { path })
    }

    /// The directory itself, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other daemons out until the lock is dropped, or this process ends in whatever way.
    ///
    /// # Errors
    /// [`StateDirError::Locked`] names the process that holds it.
    pub fn lock(&self) -> Result<StateDirLock, StateDirError> {
        let path = self.path.join(LOCK);
        let wrong = |reason| StateDirError::File { path: path.clone(), reason };
        // The file is never removed, or a second daemon could lock a new one of the same name while the first still
        // holds the old one.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = permissions::make_narrow(&mut options).open(&path).map_err(wrong)?;
        let mut tries = LOCK_TRIES;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let pid = self.holder(&mut file);
                    tries -= 1;
                    // A daemon names itself; whoever only looks whether one runs is gone in a moment.
                    if pid.is_some() || tries == 0 {
                        return Err(StateDirError::Locked { path: self.path.clone(), pid });
                    }
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::Error(reason)) => return Err(wrong(reason)),
            }
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(wrong)?;
        Ok(StateDirLock { file })
    }

    /// Whether a daemon runs on this directory, which may not be there; nothing is made or written. Asked by a lock that readers
    /// share and that is let go at once: a daemon that starts meanwhile tries again ([`StateDir::lock`]).
    pub fn is_locked(path: &Path) -> bool {
        let Ok(file) = File::open(path.join(LOCK)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// The process that holds the lock: from the lock's file or, where a lock keeps readers out (Windows), control.json.
    fn holder(&self, lock: &mut File) -> Option<u32> {
        #[derive(Deserialize)]
        struct Control {
            pid: u32,
        }
        let mut text = String::new();
        // On Windows a lock keeps readers out, too, so `control.json` is asked there.
        let from_lock = lock.take(32).read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
        from_lock.or_else(|| {
            let control = self.read_private(CONTROL).ok()??;
            serde_json::from_slice::<Control>(&control).ok().map(|control| control.pid)
        })
    }

    /// Writes a file that only this user may read, whole or not at all: it takes the old one's place at once.
    ///
    /// # Errors
    /// It cannot be written, or cannot be kept from others.
    pub fn write_private(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, StateDirError> {
        self.put_private(name, |file| {
            let wrong = |reason| StateDirError::File { path: self.path.join(name), reason };
            file.write_all(bytes).map_err(wrong)
        })
    }

    fn put_private<E: From<StateDirError>>(
        &self,
        name: &str,
        fill: impl FnOnce(&mut NamedTempFile) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let path = self.path.join(name);
        let wrong = |reason| StateDirError::File { path: path.clone(), reason };
        // Made for its user alone (tempfile: 0600), closed to others before the first byte is in it.
        let mut file = tempfile::Builder::new().prefix(name).tempfile_in(&self.path).map_err(wrong)?;
        permissions::make_private(file.path())
            .map_err(|reason| StateDirError::CannotBePrivate { path: path.clone(), reason })?;
        fill(&mut file)?;
        // Before it gets its name: after a power cut there is the old file or the new one, and never half of one.
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(&path).map_err(|error| wrong(error.error))?;
        Ok(path)
    }

    /// Reads a file that [`StateDir::write_private`] wrote; none where there is none.
    ///
    /// # Errors
    /// It cannot be read, or others may read it: then somebody else may know the token in it.
    pub fn read_private(&self, name: &str) -> Result<Option<Vec<u8>>, StateDirError> {
        Self::read_private_in(&self.path, name)
    }

    /// As [`StateDir::read_private`], from a directory that may not be there; nothing is made or changed.
    ///
    /// # Errors
    /// As there.
    pub fn read_private_in(directory: &Path, name: &str) -> Result<Option<Vec<u8>>, StateDirError> {
        let path = directory.join(name);
        let wrong = |reason| StateDirError::File { path: path.clone(), reason };
        // Before it is opened: a pipe without a writer would be waited for.
        let file = match path.metadata().and_then(|metadata| metadata.is_file().then(|| File::open(&path)).transpose())
        {
            Ok(Some(file)) => file,
            Ok(None) => return Err(StateDirError::NotAFile { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        if let Some(owner) = permissions::other_owner(&file.metadata().map_err(wrong)?) {
            return Err(StateDirError::OtherOwner { path, owner });
        }
        if !permissions::is_private(&file).map_err(wrong)? {
            return Err(StateDirError::NotPrivate { path });
        }
        let mut bytes = Vec::new();
        file.take(LARGEST_PRIVATE).read_to_end(&mut bytes).map_err(wrong)?;
        Ok(Some(bytes))
    }

    /// Removes a private file; one that is not there is none the worse.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), StateDirError> {
        let path = self.path.join(name);
        match std::fs::remove_file(&path) {
            Err(reason) if reason.kind() != io::ErrorKind::NotFound => Err(StateDirError::File { path, reason }),
            _ => Ok(()),
        }
    }

    /// The journal's file, for this user alone. Where there is none, `make` fills a new one, which takes its place once
    /// it is whole: one that is found empty later was cut off. Its companions get its permissions from SQLite.
    ///
    /// # Errors
    /// It cannot be made, or cannot be kept from others.
    pub fn journal<E: From<StateDirError>>(&self, make: impl FnOnce(&Path) -> Result<(), E>) -> Result<PathBuf, E> {
        let path = self.path.join(JOURNAL);
        if path.exists() {
            return Ok(path);
        }
        self.set_orphans_aside()?;
        self.put_private(JOURNAL, |file| make(file.path()))
    }

    fn set_orphans_aside(&self) -> Result<(), StateDirError> {
        // A log without its journal belongs to one that was removed. Read with a new one it would destroy it, so it
        // is kept under another name, in which no SQLite looks for it.
        for companion in ["-shm", "-wal"] {
            let path = self.path.join(format!("{JOURNAL}{companion}"));
            let aside = self.path.join(format!("{JOURNAL}.orphan{companion}"));
            match std::fs::rename(&path, &aside) {
                Ok(()) => {
                    let (path, aside) = (path.display(), aside.display());
                    tracing::warn!("{path} was left by a journal that was removed; it is {aside} now");
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(reason) => return Err(StateDirError::File { path, reason }),
            }
        }
        Ok(())
    }

    /// Gives the journal's file another name, as it is, with the companions that SQLite left beside it, and says which.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub fn set_journal_aside(&self, now: Timestamp) -> Result<PathBuf, StateDirError> {
        // No colon: Windows takes none in a name.
        let moment = now.to_string().replace([':', '-'], "");
        let aside = format!("{JOURNAL}.damaged-{moment}");
        // The file itself last: while it has its name, no new journal is begun.
        for companion in ["-shm", "-wal", ""] {
            let path = self.path.join(format!("{JOURNAL}{companion}"));
            match std::fs::rename(&path, self.path.join(format!("{aside}{companion}"))) {
                Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
                    return Err(StateDirError::File { path, reason });
                }
                _ => {}
            }
        }
        Ok(self.path.join(aside))
    }
}

#[cfg(test)]
mod tests;
