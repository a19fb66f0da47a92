//! Deleting what the journal keeps no longer, a little with each commit (contract 4).
//!
//! Lives here: the deletes. Does not live here: what is due (`retention`, `clock_jump`). The writer calls it within a
//! batch's transaction, so that pruning costs no commit and keeps pace with writing.

use std::time::Duration;

use portal_contract::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::device_series::DeviceSeries;
use super::retention::{Retention, cutoff, is_due, surplus};

/// How many rows of each table go at most when the journal is opened: some tens of milliseconds' worth.
pub(super) const AT_OPEN: u64 = 10_000;

/// How many rows of each table go at most with a batch of this size: twice as many, so that a backlog shrinks.
pub(super) fn after_writing(entries: usize) -> u64 {
    64.max(2 * entries as u64)
}

/// Deletes at most `limit` of the device's oldest rows in each table, as far as they are due at `now` in device time.
pub(super) fn prune(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    retention: &Retention,
    now: Timestamp,
    limit: u64,
) -> rusqlite::Result<()> {
    let look = is_due(series.looked, now);
    if look {
        series.looked = Some(now);
    }
    let by_age = look && series.jump_in_force().is_none();
    let before = |age: Duration| by_age.then(|| cutoff(now, age));
    let (keep_from, ids_from) = (before(retention.keep_age), before(retention.ids_age));
    let receipts = receipts(transaction, device, series, retention, keep_from, limit)?;
    let events = events(transaction, device, series, retention, keep_from, limit)?;
    // A snapshot can only become superfluous by what referred to it.
    if receipts + events > 0 {
        snapshots(transaction, device, series)?;
    }
    let ids = used_ids(transaction, device, series, retention, ids_from, limit)?;
    if receipts.max(events).max(ids) >= limit {
        // More may be due: the next batch looks again.
        series.looked = None;
    }
    Ok(())
}

fn receipts(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    retention: &Retention,
    keep_from: Option<Timestamp>,
    limit: u64,
) -> rusqlite::Result<u64> {
    // Contract 4: unpublished receipts are never pruned.
    let last = series.published_through.min(series.first_sequence.saturating_add(limit - 1));
    let surplus = surplus(series.last_sequence, retention.keep_receipts).min(last);
    let rows = PrunableRows {
        first: series.first_sequence,
        last,
        surplus,
        before: keep_from.map(Timestamp::as_millis),
        oldest: "SELECT max(sequence) FROM receipts WHERE device = ?1 AND sequence BETWEEN ?2 AND ?3 AND decided_at < ?4",
        delete: "DELETE FROM receipts WHERE device = ?1 AND sequence BETWEEN ?2 AND ?3",
    };
    let gone = rows.delete_due(transaction, device)?;
    series.first_sequence += gone;
    Ok(gone)
}

fn events(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    retention: &Retention,
    keep_from: Option<Timestamp>,
    limit: u64,
) -> rusqlite::Result<u64> {
    let (first, newest) = (series.first_event, series.last_event);
    // Never the newest: its snapshot is the device.
    let last = newest.saturating_sub(1).min(first.saturating_add(limit - 1));
    let surplus = surplus(newest, retention.keep_receipts).min(last);
    let rows = PrunableRows {
        first,
        last,
        surplus,
        before: keep_from.map(Timestamp::as_millis),
        oldest: "SELECT max(event) FROM events WHERE device = ?1 AND event BETWEEN ?2 AND ?3 AND at < ?4",
        delete: "DELETE FROM events WHERE device = ?1 AND event BETWEEN ?2 AND ?3",
    };
    let gone = rows.delete_due(transaction, device)?;
    series.first_event += gone;
    Ok(gone)
}

/// Keeps the snapshots that receipts refer to, those of kept events, the one before them to replay from, the newest.
fn snapshots(transaction: &Transaction<'_>, device: i64, series: &DeviceSeries) -> rusqlite::Result<()> {
    let sql = "SELECT event FROM receipts WHERE device = ?1 ORDER BY sequence LIMIT 1";
    let in_use: Option<u64> =
        transaction.prepare_cached(sql)?.query_row(params![device], |row| row.get(0)).optional()?;
    let base = series.last_event.min(series.first_event - 1);
    let keep_from = in_use.map_or(base, |event| event.min(base));
    let sql = "DELETE FROM snapshots WHERE device = ?1 AND event < ?2";
    transaction.prepare_cached(sql)?.execute(params![device, keep_from])?;
    Ok(())
}

fn used_ids(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    retention: &Retention,
    keep_from: Option<Timestamp>,
    limit: u64,
) -> rusqlite::Result<u64> {
    let (first, newest) = (series.first_used_id, series.last_used_id);
    let last = newest.min(first.saturating_add(limit - 1));
    let surplus = surplus(newest, retention.ids_count).min(last);
    let rows = PrunableRows {
        first,
        last,
        surplus,
        // By the hour, since that is all that is kept of when an id was used: there are up to a million, and age
        // counts in days.
        before: keep_from.map(|keep_from| keep_from.as_millis().div_euclid(3_600_000)),
        oldest: "SELECT max(number) FROM used_ids WHERE device = ?1 AND number BETWEEN ?2 AND ?3 AND hour < ?4",
        delete: "DELETE FROM used_ids WHERE device = ?1 AND number BETWEEN ?2 AND ?3",
    };
    let gone = rows.delete_due(transaction, device)?;
    series.first_used_id += gone;
    Ok(gone)
}

/// The rows of one table that may go: by their number, and by a time that rises with it.
struct PrunableRows {
    first: u64,
    /// The newest that may go now.
    last: u64,
    /// The newest that is one too many; 0: none is.
    surplus: u64,
    /// What is older goes too, in the table's own unit.
    before: Option<i64>,
    /// The newest number in a range whose time lies before a moment.
    oldest: &'static str,
    delete: &'static str,
}

impl PrunableRows {
    /// Deletes what is due, and gives how many numbers went.
    fn delete_due(&self, transaction: &Transaction<'_>, device: i64) -> rusqlite::Result<u64> {
        let old: Option<u64> = match self.before {
            Some(before) => transaction
                .prepare_cached(self.oldest)?
                .query_row((device, self.first, self.last, before), |row| row.get(0))?,
            None => None,
        };
        let through = self.surplus.max(old.unwrap_or_default());
        if through < self.first {
            return Ok(0);
        }
        transaction.prepare_cached(self.delete)?.execute(params![device, self.first, through])?;
        Ok(through + 1 - self.first)
    }
}
