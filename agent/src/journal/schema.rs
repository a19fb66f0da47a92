//! The database file: making it, telling whether it is ours and whole, opening connections to it.
//!
//! Lives here: the schema's version, the file's checks, the connections' settings. Does not live here: any row.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::{JournalError, is_damage, sqlite_reason};

/// The schema that this program writes and the newest that it reads.
pub(super) const VERSION: i64 = 3;
/// Marks the file as a journal: "ptlj".
const APPLICATION: i64 = 0x7074_6c6a;
const TABLES: &str = include_str!("schema.sql");
/// What makes a file of each older version one of the next, from version 1 on.
const STEPS: &[&str] = &[
    "ALTER TABLE receipts ADD COLUMN marks INTEGER",
    // The snapshot in force listed the ids of remote actions until version 3.
    "ALTER TABLE devices ADD COLUMN last_action TEXT;
     CREATE TABLE action_ids (
         device INTEGER NOT NULL,
         id     TEXT    NOT NULL,
         at     INTEGER NOT NULL,
         PRIMARY KEY (device, id)
     ) STRICT, WITHOUT ROWID;
     INSERT OR IGNORE INTO action_ids (device, id, at)
     SELECT devices.device, seen.value, coalesce(devices.last_written_at, 0)
     FROM devices
     JOIN snapshots ON snapshots.device = devices.device AND snapshots.event = devices.last_event,
         json_each(CASE WHEN json_valid(snapshots.json) THEN snapshots.json ELSE '{}' END, '$.actions.seen') AS seen
     WHERE seen.type = 'text'",
];

/// A file that SQLite keeps beside a database: its name with `-wal` or `-shm` behind it.
pub(super) fn companion(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// How a database is read that no daemon has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RestMode {
    /// It has no write-ahead log.
    WithoutLog,
    /// It has one, with an index beside it.
    WithLog,
    /// It is a copy, beside which files may be made.
    Copy,
}

/// The name by which SQLite opens a file with these options (sqlite.org/uri.html).
fn uri(path: &Path, query: &str) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let path = if cfg!(windows) { format!("/{}", path.replace('\\', "/")) } else { path };
    format!("file:{path}?{query}")
}

/// Where the database is: a file, or this process's memory.
#[derive(Debug, Clone)]
pub(super) struct DatabaseLocation {
    path: PathBuf,
    in_memory: bool,
}

impl DatabaseLocation {
    /// The database in this file.
    pub(super) fn file(path: &Path) -> Self {
        Self { path: path.to_owned(), in_memory: false }
    }

    /// A database of its own in memory; it is gone with the last connection to it.
    pub(super) fn memory() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // The memdb VFS shares a name that begins with a slash among a process's connections (sqlite.org/src: memdb.c).
        Self { path: PathBuf::from(format!("file:/portal-agent-{number}?vfs=memdb")), in_memory: true }
    }

    /// The file; in memory, a name that no file has.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no file.
    pub(super) fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// The one connection that writes; makes the database where there is none.
    pub(super) fn open_writer(&self) -> Result<Connection, JournalError> {
        // Looked at through a connection that cannot write, so that a file that is refused stays as it is: one that
        // can would move the write-ahead log into it when it is closed.
        let is_there = !self.in_memory && self.path.exists();
        let made = if is_there { Some(self.check(&self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?)?) } else { None };
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        self.set_up(&connection).map_err(|error| self.wrong(&error))?;
        match made {
            None => create(&mut connection),
            Some(version) => bring_up_to_date(&mut connection, version),
        }
        .map_err(|error| self.wrong(&error))?;
        Ok(connection)
    }

    /// A connection that only reads.
    pub(super) fn open_reader(&self) -> Result<Connection, JournalError> {
        // A connection of its own: with a write-ahead log a reader neither waits for the writer nor holds it up. Its
        // cache is small, since each reader has one and memory is among the measured costs (costs.md).
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "cache_size", -1024).map_err(|error| self.wrong(&error))?;
        Ok(connection)
    }

    /// A connection that only reads, to a file that no daemon has open and that stays as it is, as what lies beside it does. The
    /// file's version is this program's: an older one cannot be brought up to date without writing.
    pub(super) fn open_at_rest(&self, mode: RestMode) -> Result<Connection, JournalError> {
        let connection = match mode {
            RestMode::Copy => self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?,
            RestMode::WithoutLog | RestMode::WithLog => {
                let query = if mode == RestMode::WithoutLog { "immutable=1" } else { "readonly_shm=1" };
                let uri = Self { path: uri(&self.path, query).into(), in_memory: true };
                uri.connect(OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|_| self.cannot_open())?
            }
        };
        match self.check(&connection)? {
            VERSION => Ok(connection),
            found => Err(JournalError::Older { path: self.path.clone(), found }),
        }
    }

    fn cannot_open(&self) -> JournalError {
        JournalError::Open { path: self.path.clone(), reason: "SQLite cannot read it in its place".to_owned() }
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, JournalError> {
        // Opening a pipe waits for somebody at its other end.
        if !self.in_memory && self.path.metadata().is_ok_and(|found| !found.is_file()) {
            let reason = "it is a directory, a pipe or a device, and no file".to_owned();
            return Err(JournalError::Open { path: self.path.clone(), reason });
        }
        // SQLite's own locks are not needed: each connection belongs to one thread or stands behind a lock of ours.
        let mut flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_URI, self.in_memory);
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|error| self.wrong(&error))?;
        // A backup or a person's `sqlite3` may hold the lock for a moment. Longer waiting is the writer's, which says
        // so in `status` meanwhile.
        connection.busy_timeout(Duration::from_millis(250)).map_err(|error| self.wrong(&error))?;
        Ok(connection)
    }

    /// A new database in this file, which is there and empty; whole when this returns, with no file beside it.
    pub(super) fn make(path: &Path) -> Result<(), JournalError> {
        let place = Self::file(path);
        let mut connection = place.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        create(&mut connection).map_err(|error| place.wrong(&error))
    }

    /// The version of the database that is there.
    fn check(&self, connection: &Connection) -> Result<i64, JournalError> {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let look = || -> rusqlite::Result<(i64, i64, i64)> {
            let objects = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            Ok((number("application_id")?, number("user_version")?, objects))
        };
        match look().map_err(|error| self.wrong(&error))? {
            // No journal that was just made (`DatabaseLocation::make` makes them whole), but one that was cut off: to
            // begin anew in it would lose without a word what it held.
            (0, 0, 0) => Err(JournalError::Damaged { path: self.path.clone(), reason: "it is empty".to_owned() }),
            (APPLICATION, found @ 1..=VERSION, _) => self.check_whole(connection).map(|()| found),
            (APPLICATION, found, _) if found > VERSION => {
                Err(JournalError::Newer { path: self.path.clone(), found, known: VERSION })
            }
            _ => Err(JournalError::Foreign { path: self.path.clone() }),
        }
    }

    fn check_whole(&self, connection: &Connection) -> Result<(), JournalError> {
        // Not `integrity_check`, which compares every index with its table as well: over 200,000 receipts this one
        // takes 100 ms already, at each start (decisions/0005).
        let finding: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| self.wrong(&error))?;
        if finding != "ok" {
            return Err(JournalError::Damaged { path: self.path.clone(), reason: finding.replace('\n', " ") });
        }
        if self.ends_within_a_page(connection).map_err(|error| self.wrong(&error))? {
            let reason = "it ends within a page: its end was cut off".to_owned();
            return Err(JournalError::Damaged { path: self.path.clone(), reason });
        }
        Ok(())
    }

    /// SQLite takes what is missing of the last page for zeros, and its check finds nothing wrong with them. A page that
    /// still lies in the write-ahead log, too, may have been cut off by a power cut: the log completes it.
    fn ends_within_a_page(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        Ok(!size(&self.path).is_multiple_of(page) && size(&companion(&self.path, "-wal")) == 0)
    }

    fn set_up(&self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.in_memory {
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        }
        // NORMAL may lose the last commits in a power cut, which were acknowledged to the broker (decisions/0005).
        connection.pragma_update(None, "synchronous", "FULL")?;
        // macOS: without it fsync stops at the drive's cache (sqlite.org/pragma.html#pragma_fullfsync).
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "cache_size", -4096)?;
        // Twice SQLite's default: each checkpoint syncs the file too, in the middle of a stream of pushes. The limit
        // behind it cuts the log back after a burst; without one it keeps the largest size that it ever had.
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 2000, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", 16 * 1024 * 1024, |_| Ok(()))
    }

    fn wrong(&self, error: &rusqlite::Error) -> JournalError {
        let (path, reason) = (self.path.clone(), sqlite_reason(error));
        if is_damage(error) { JournalError::Damaged { path, reason } } else { JournalError::Open { path, reason } }
    }
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Takes the steps from an older version to this one, all or none of them.
fn bring_up_to_date(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    if version == VERSION {
        return Ok(());
    }
    let steps = STEPS.iter().skip(usize::try_from(version - 1).unwrap_or(0));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
