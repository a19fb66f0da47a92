//! What the phone's screen and the timeline need of the past: notifications that were shown, snapshots, what happened when.
//!
//! Lives here: queries over the reader's connection. Does not live here: what is on a screen (`portal_screen`).

use portal_contract::{ListedReceipt, OutcomeKind, Receipt, Surface, Timestamp};
use rusqlite::params;

use super::codes::StoredCode;
use super::error::JournalError;
use super::reader::{JournalReader, TITLE};
use super::row::{self, COLUMN_COUNT, COLUMNS};

/// One step of the device's past: something changed it, or a push got its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastStep {
    /// An event changed the device.
    Changed {
        /// The event's number.
        event: u64,
        /// When, in device time.
        at: Timestamp,
        /// The event as JSON.
        change: String,
        /// The device after it, as JSON; absent once pruned.
        snapshot: Option<String>,
    },
    /// A push got its outcome.
    Settled {
        /// The number of the event after which the device stood as it was judged.
        event: u64,
        /// Its receipt.
        receipt: Box<ListedReceipt>,
    },
}

impl PastStep {
    fn order(&self) -> (u64, u64) {
        match self {
            Self::Changed { event, .. } => (*event, 0),
            Self::Settled { event, receipt } => (*event, receipt.receipt.sequence),
        }
    }
}

impl JournalReader {
    /// The latest notifications of the system with a sequence after the first and up to the second, newest first, each with its
    /// push as JSON.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn shown(&self, after: u64, through: u64, limit: usize) -> Result<Vec<(Receipt, String)>, JournalError> {
        let sql = format!(
            "SELECT {COLUMNS}, push FROM receipts WHERE device = ?1 AND outcome = ?2 AND surface <> ?3 \
             AND sequence > ?4 AND sequence <= ?5 AND push IS NOT NULL ORDER BY sequence DESC LIMIT ?6"
        );
        let of = params![self.device, OutcomeKind::Presented.code(), Surface::InApp.code(), after, through, limit];
        self.rows(&sql, of, |row| Ok((row::read(row, self.id)?, row.get(COLUMN_COUNT)?)))
    }

    /// The device after an event, as JSON, with when that was; none where it is pruned or was never.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn snapshot_after(&self, event: u64) -> Result<Option<(Timestamp, String)>, JournalError> {
        let sql = "SELECT events.at, snapshots.json FROM events JOIN snapshots ON snapshots.device = events.device \
                   AND snapshots.event = events.event WHERE events.device = ?1 AND events.event = ?2";
        let read = |row: &rusqlite::Row<'_>| Ok((Timestamp::from_millis(row.get(0)?), row.get(1)?));
        Ok(self.rows(sql, params![self.device, event], read)?.pop())
    }

    /// The first and the last event of which the device afterwards is kept; none before the first.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn events_with_snapshots(&self) -> Result<Option<(u64, u64)>, JournalError> {
        let sql = "SELECT min(event), max(event) FROM snapshots WHERE device = ?1 HAVING count(*) > 0";
        Ok(self.rows(sql, params![self.device], |row| Ok((row.get(0)?, row.get(1)?)))?.pop())
    }

    /// The newest sequence that was decided before an event; 0 where there is none.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn sequence_before(&self, event: u64) -> Result<u64, JournalError> {
        let sql = "SELECT coalesce(max(sequence), 0) FROM receipts WHERE device = ?1 AND event < ?2";
        Ok(self.rows(sql, params![self.device, event], |row| row.get(0))?.pop().unwrap_or(0))
    }

    /// When a push got its outcome; none where it is pruned or was never.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn decided_at(&self, sequence: u64) -> Result<Option<Timestamp>, JournalError> {
        let sql = "SELECT decided_at FROM receipts WHERE device = ?1 AND sequence = ?2";
        Ok(self.rows(sql, params![self.device, sequence], |row| row.get(0).map(Timestamp::from_millis))?.pop())
    }

    /// The latest steps of the past before an event, oldest first.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn steps_before(&self, event: u64, limit: usize) -> Result<Vec<PastStep>, JournalError> {
        let events = "SELECT events.event, at, events.json, snapshots.json FROM events \
             LEFT JOIN snapshots ON snapshots.device = events.device AND snapshots.event = events.event \
             WHERE events.device = ?1 AND events.event < ?2 ORDER BY events.event DESC LIMIT ?3";
        let of = params![self.device, event, limit];
        let mut steps = self.rows(events, of, |row| {
            Ok(PastStep::Changed {
                event: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                change: row.get(2)?,
                snapshot: row.get(3)?,
            })
        })?;
        let receipts = format!(
            "SELECT {COLUMNS}, {TITLE}, event FROM receipts WHERE device = ?1 AND event < ?2 \
             ORDER BY sequence DESC LIMIT ?3"
        );
        steps.extend(self.rows(&receipts, of, |row| {
            Ok(PastStep::Settled { event: row.get(COLUMN_COUNT + 1)?, receipt: Box::new(self.listed(row)?) })
        })?);
        steps.sort_by_key(PastStep::order);
        steps.drain(..steps.len().saturating_sub(limit));
        Ok(steps)
    }
}
