//! Reading back: pages of receipts and events, the log, one push's record.
//!
//! Lives here: queries over one read-only connection. Does not live here: anything that writes.

use std::sync::{Arc, Mutex, PoisonError};

use portal_contract::{DeviceId, ListedReceipt, LogQuery, NotificationId, OutcomeKind, Receipt, Surface, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::codes::{ReceiptMarks, StoredCode};
use super::error::JournalError;
use super::row::{self, COLUMN_COUNT, COLUMNS};

/// The title of a row's push, behind the receipt's own columns.
pub(super) const TITLE: &str = "CASE WHEN json_valid(push) THEN push ->> '$.notification.notificationTitle' END";

/// One device's past. Calls block, so an async caller uses `spawn_blocking`; clones share one connection and take turns.
#[derive(Debug, Clone)]
pub struct JournalReader {
    connection: Arc<Mutex<Connection>>,
    pub(super) id: DeviceId,
    pub(super) device: i64,
}

/// What the journal knows of one push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRecord {
    /// Its receipt.
    pub receipt: Receipt,
    /// The push as JSON; absent where it could not be read.
    pub push: Option<String>,
    /// The device as it stood when the outcome was decided, as JSON.
    pub snapshot: String,
}

/// One event of the device's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEvent {
    /// Its number; rises by one.
    pub number: u64,
    /// When, in device time.
    pub at: Timestamp,
    /// The version of the rules that judged it.
    pub rules: u32,
    /// The event as JSON.
    pub event: String,
    /// The device after it, as JSON; absent once pruned.
    pub snapshot: Option<String>,
}

impl JournalReader {
    pub(super) fn new(connection: Connection, id: DeviceId, device: i64) -> Self {
        Self { connection: Arc::new(Mutex::new(connection)), id, device }
    }

    /// Up to `limit` receipts after a sequence, in order: for publishing and following.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn receipts_after(&self, sequence: u64, limit: usize) -> Result<Vec<Receipt>, JournalError> {
        let sql =
            format!("SELECT {COLUMNS} FROM receipts WHERE device = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3");
        self.rows(&sql, params![self.device, sequence, limit], |row| row::read(row, self.id))
    }

    /// As [`JournalReader::receipts_after`], each with its push's title: for people.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn listed_after(&self, sequence: u64, limit: usize) -> Result<Vec<ListedReceipt>, JournalError> {
        let sql = format!(
            "SELECT {COLUMNS}, {TITLE} FROM receipts WHERE device = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3"
        );
        self.rows(&sql, params![self.device, sequence, limit], |row| self.listed(row))
    }

    /// The latest receipts that match, oldest first.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn log(&self, query: &LogQuery) -> Result<Vec<ListedReceipt>, JournalError> {
        let sql = format!(
            "SELECT {COLUMNS}, {TITLE} FROM receipts WHERE device = ?1 AND (?2 IS NULL OR outcome = ?2) \
             AND (?3 IS NULL OR id = ?3) AND sequence >= ?4 AND decided_at >= ?6 ORDER BY sequence DESC LIMIT ?5"
        );
        let since = match query.since {
            Some(since) => self.first_decided_from(since)?,
            None => 0,
        };
        let outcome = query.outcome.map(StoredCode::code);
        let id = query.id.as_ref().map(NotificationId::as_str);
        // A clock that was taken back with the device makes times go back once: halving finds where to begin, not each.
        let from = query.since.map_or(i64::MIN, Timestamp::as_millis);
        let of = params![self.device, outcome, id, since, query.limit, from];
        let mut receipts = self.rows(&sql, of, |row| self.listed(row))?;
        receipts.reverse();
        Ok(receipts)
    }

    /// The ids of receipts that begin so, each once and the latest first.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn ids_beginning(&self, beginning: &str, limit: usize) -> Result<Vec<NotificationId>, JournalError> {
        // Text is compared, and no pattern: an id may hold the characters that a pattern has a meaning for.
        let sql = "SELECT id FROM receipts WHERE device = ?1 AND substr(id, 1, length(?2)) = ?2 \
                   GROUP BY id ORDER BY max(sequence) DESC LIMIT ?3";
        let read = |row: &Row<'_>| row.get::<_, String>(0);
        let ids = self.rows(sql, params![self.device, beginning, limit], read)?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// What is known of the latest push with this id, a duplicate only where there is nothing else; without an id,
    /// of the newest receipt.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn record(&self, id: Option<&NotificationId>) -> Result<Option<JournalRecord>, JournalError> {
        let newest = |condition: &str| {
            format!(
                "SELECT {COLUMNS}, push, (SELECT json FROM snapshots WHERE snapshots.device = receipts.device \
                 AND snapshots.event = receipts.event) FROM receipts WHERE device = ?1 AND (?2 IS NULL OR id = ?2) \
                 {condition} ORDER BY sequence DESC LIMIT 1"
            )
        };
        let no_duplicate = format!("AND outcome <> {}", OutcomeKind::Duplicate.code());
        if id.is_some()
            && let Some(record) = self.record_by(&newest(&no_duplicate), id)?
        {
            return Ok(Some(record));
        }
        self.record_by(&newest(""), id)
    }

    /// The device's newest snapshot as JSON; none before the first change.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn newest_snapshot(&self) -> Result<Option<String>, JournalError> {
        let sql = "SELECT json FROM snapshots WHERE device = ?1 ORDER BY event DESC LIMIT 1";
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connection.prepare_cached(sql)?.query_row([self.device], |row| row.get(0)).optional()?)
    }

    /// The pushes as JSON that the app itself lists, with a sequence after the first and up to the second: those that were
    /// presented in the app, and with `substituted` those in whose place another text showed.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn in_app(&self, after: u64, through: u64, substituted: bool) -> Result<Vec<String>, JournalError> {
        let sql = "SELECT push FROM receipts WHERE device = ?1 AND (surface = ?2 OR (?3 AND marks & ?4 <> 0)) \
                   AND sequence > ?5 AND sequence <= ?6 AND push IS NOT NULL ORDER BY sequence";
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql)?;
        let listed =
            params![self.device, Surface::InApp.code(), substituted, ReceiptMarks::SUBSTITUTED, after, through];
        let pushes = statement.query_map(listed, |row| row.get(0))?;
        Ok(pushes.collect::<rusqlite::Result<_>>()?)
    }

    /// Up to `limit` events after a number, in order.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn events_after(&self, number: u64, limit: usize) -> Result<Vec<PastEvent>, JournalError> {
        let sql = "SELECT events.event, at, rules, events.json, snapshots.json FROM events \
             LEFT JOIN snapshots ON snapshots.device = events.device AND snapshots.event = events.event \
             WHERE events.device = ?1 AND events.event > ?2 ORDER BY events.event LIMIT ?3";
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql)?;
        let events = statement.query_map(params![self.device, number, limit], |row| {
            Ok(PastEvent {
                number: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                rules: row.get(2)?,
                event: row.get(3)?,
                snapshot: row.get(4)?,
            })
        })?;
        Ok(events.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn listed(&self, row: &Row<'_>) -> rusqlite::Result<ListedReceipt> {
        Ok(ListedReceipt { receipt: row::read(row, self.id)?, notification_title: row.get(COLUMN_COUNT)? })
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, |row| read(row))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn record_by(&self, sql: &str, id: Option<&NotificationId>) -> Result<Option<JournalRecord>, JournalError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement
            .query_row(params![self.device, id.map(NotificationId::as_str)], |row| {
                let (push, snapshot) = (row.get(COLUMN_COUNT)?, row.get::<_, Option<String>>(COLUMN_COUNT + 1)?);
                Ok((row::read(row, self.id)?, push, snapshot))
            })
            .optional()?;
        let Some((receipt, push, snapshot)) = found else { return Ok(None) };
        let snapshot = snapshot.ok_or_else(|| {
            JournalError::Read(format!("receipt {} was decided before the device was made", receipt.sequence))
        })?;
        Ok(Some(JournalRecord { receipt, push, snapshot }))
    }

    /// The first sequence decided at `since` or later. `decided_at` never goes back (contract 3), so halving finds it.
    fn first_decided_from(&self, since: Timestamp) -> Result<u64, JournalError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut low, mut high): (u64, u64) = connection
            .prepare_cached(
                "SELECT coalesce((SELECT min(sequence) FROM receipts WHERE device = ?1), 1), \
                 coalesce((SELECT max(sequence) FROM receipts WHERE device = ?1), 0) + 1",
            )?
            .query_row(params![self.device], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut at = connection.prepare_cached(
            "SELECT decided_at FROM receipts WHERE device = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT 1",
        )?;
        while low < high {
            let middle = low + (high - low) / 2;
            let decided: Option<i64> = at.query_row(params![self.device, middle], |row| row.get(0)).optional()?;
            if decided.is_none_or(|decided| decided >= since.as_millis()) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }
}
