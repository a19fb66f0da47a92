//! The database's content: entries become rows, a whole batch in one transaction.
//!
//! Lives here: what each entry changes. Does not live here: when a batch is
//! committed (`writer`), what is deleted (`prune`).

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use portal_contract::{DeviceId, Receipt, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::clock_jump::{ClockJump, ClockSource};
use super::device_series::DeviceSeries;
use super::entry::RecoveredDevice;
use super::inbox::QueuedEntry;
use super::prune;
use super::retention::{Retention, cutoff};
use super::row;
use portal_delivery::{JournalEntry, UsedId, id_hash};

const HOUR_MILLIS: i64 = 3_600_000;

/// The database as its one writer sees it.
pub(super) struct JournalStore {
    connection: Connection,
    devices: HashMap<i64, DeviceSeries>,
    retention: Retention,
    rules: u32,
    clocks: Box<dyn ClockSource>,
}

impl JournalStore {
    pub(super) fn new(connection: Connection, retention: Retention, rules: u32, clocks: Box<dyn ClockSource>) -> Self {
        // A batch with a bit of everything, and its pruning, has more than the 16 statements that rusqlite keeps.
        connection.set_prepared_statement_cache_capacity(32);
        Self { connection, devices: HashMap::new(), retention, rules, clocks }
    }

    /// Finds or makes the devices, prunes what is due at `now` in device time, and says where they stand and under
    /// which number.
    pub(super) fn register(
        &mut self,
        ids: &[DeviceId],
        now: Timestamp,
    ) -> rusqlite::Result<Vec<(i64, RecoveredDevice)>> {
        let reading = self.clocks.read();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let (device, mut series) = load(&transaction, id)?;
            series.device_time = Some(now);
            series.note_clocks(reading);
            prune::prune(&transaction, device, &mut series, &self.retention, now, prune::AT_OPEN)?;
            save(&transaction, device, &series)?;
            found.push((device, series, recover(&transaction, device, &series)?));
        }
        transaction.commit()?;
        let series = found.iter().map(|(device, series, _)| (*device, *series));
        self.devices.extend(series);
        Ok(found.into_iter().map(|(device, _, recovered)| (device, recovered)).collect())
    }

    /// Makes the entries durable, all or none, and prunes as much as was written. Gives back the clock jump that holds
    /// on each device it wrote to.
    pub(super) fn commit(&mut self, batch: &[QueuedEntry]) -> rusqlite::Result<Vec<(i64, Option<ClockJump>)>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Copies: where the transaction fails, what is in memory still says what the disk holds.
        let mut touched: HashMap<i64, (DeviceSeries, usize)> = HashMap::new();
        for queued in batch {
            let known = || (self.devices.get(&queued.device).copied().unwrap_or_default(), 0);
            let (series, written) = touched.entry(queued.device).or_insert_with(known);
            *written += 1;
            write(&transaction, queued, series, self.rules, self.retention.ids_age)?;
        }
        let reading = self.clocks.read();
        for (device, (series, written)) in &mut touched {
            series.note_clocks(reading);
            if let Some(now) = series.device_time {
                prune::prune(&transaction, *device, series, &self.retention, now, prune::after_writing(*written))?;
            }
            save(&transaction, *device, series)?;
        }
        transaction.commit()?;
        self.devices.extend(touched.iter().map(|(device, (series, _))| (*device, *series)));
        Ok(touched.into_iter().map(|(device, (series, _))| (device, series.jump_in_force())).collect())
    }

    /// Removes a device and everything of it.
    pub(super) fn remove(&mut self, device: i64) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for table in ["events", "snapshots", "receipts", "held", "used_ids", "action_ids", "devices"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE device = ?1"), params![device])?;
        }
        transaction.commit()?;
        self.devices.remove(&device);
        Ok(())
    }

    /// Copies everything that is committed into this file, which is there and empty.
    pub(super) fn copy_to(&self, path: &Path) -> rusqlite::Result<()> {
        // SQLite takes text alone; a path that is none was not opened either.
        // Over the connection that is open: its file may have no name any more by which another one could open it.
        self.connection.execute("VACUUM INTO ?1", params![path.to_string_lossy()])?;
        Ok(())
    }

    /// Moves what the write-ahead log holds into the file, so that the file alone is the journal. Nothing depends on it.
    pub(super) fn tidy(&self) -> rusqlite::Result<()> {
        self.connection.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))
    }
}

fn write(
    transaction: &Transaction<'_>,
    queued: &QueuedEntry,
    series: &mut DeviceSeries,
    rules: u32,
    ids_age: Duration,
) -> rusqlite::Result<()> {
    let device = queued.device;
    match &queued.entry {
        JournalEntry::Changed { at, event, snapshot } => {
            series.device_time = Some(*at);
            change(transaction, device, series, rules, (*at, event, snapshot))?;
        }
        JournalEntry::Held { key, at, push, .. } => {
            series.device_time = Some(*at);
            // Kept although the row goes with the outcome: a key that stood for one push is never another's, in old
            // snapshots neither.
            series.next_held_key = series.next_held_key.max(key.0 + 1);
            run(
                transaction,
                "INSERT INTO held (device, key, at, push) VALUES (?1, ?2, ?3, ?4)",
                params![device, key.0, at.as_millis(), push],
            )?;
            use_id(transaction, device, series, &queued.entry, *at)?;
        }
        JournalEntry::HeldChanged { key, push } => {
            run(transaction, "UPDATE held SET push = ?3 WHERE device = ?1 AND key = ?2", params![device, key.0, push])?;
        }
        JournalEntry::Settled { receipt, push, held } => {
            settle(transaction, device, series, receipt, push.as_deref())?;
            use_id(transaction, device, series, &queued.entry, receipt.decided_at)?;
            if let Some(key) = held {
                run(transaction, "DELETE FROM held WHERE device = ?1 AND key = ?2", params![device, key.0])?;
            }
        }
        JournalEntry::Interaction { sequence, interaction } => {
            let code = super::codes::StoredCode::code(*interaction);
            let sql = "UPDATE receipts SET interaction = ?3 WHERE device = ?1 AND sequence = ?2";
            run(transaction, sql, params![device, sequence, code])?;
        }
        JournalEntry::Published { through } => series.published_through = series.published_through.max(*through),
        JournalEntry::Redelivered { count } => series.redelivered = *count,
        JournalEntry::ActionSeen { id, at, note } => {
            series.device_time = Some(*at);
            let sql = "INSERT OR IGNORE INTO action_ids (device, id, at) VALUES (?1, ?2, ?3)";
            run(transaction, sql, params![device, id, at.as_millis()])?;
            if note.is_some() {
                run(transaction, "UPDATE devices SET last_action = ?2 WHERE device = ?1", params![device, note])?;
            }
        }
        JournalEntry::EnrollmentBegan { at } => {
            series.device_time = Some(*at);
            // Contract 4: nothing is forgotten by age while the clock cannot be believed. A remote action that came
            // again would be carried out again.
            if series.jump_in_force().is_none() {
                let sql = "DELETE FROM action_ids WHERE device = ?1 AND at < ?2";
                run(transaction, sql, params![device, cutoff(*at, ids_age).as_millis()])?;
            }
        }
        JournalEntry::IdsForgotten => {
            run(transaction, "DELETE FROM used_ids WHERE device = ?1", params![device])?;
            // The numbers go on, so that what is pruned by number never means an id of the life before.
            series.first_used_id = series.last_used_id + 1;
        }
    }
    Ok(())
}

fn run(transaction: &Transaction<'_>, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<usize> {
    transaction.prepare_cached(sql)?.execute(params)
}

fn change(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    rules: u32,
    (at, event, snapshot): (Timestamp, &str, &str),
) -> rusqlite::Result<()> {
    series.last_event += 1;
    let sql = "INSERT INTO events (device, event, at, rules, json) VALUES (?1, ?2, ?3, ?4, ?5)";
    run(transaction, sql, params![device, series.last_event, at.as_millis(), rules, event])?;
    let sql = "INSERT INTO snapshots (device, event, json) VALUES (?1, ?2, ?3)";
    run(transaction, sql, params![device, series.last_event, snapshot])?;
    // The snapshot says what came of the latest action, too.
    let sql = "UPDATE devices SET last_action = NULL WHERE device = ?1 AND last_action IS NOT NULL";
    run(transaction, sql, params![device])?;
    Ok(())
}

fn settle(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    receipt: &Receipt,
    push: Option<&str>,
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(row::INSERT)?;
    row::insert(&mut statement, device, receipt, series.last_event, push)?;
    series.last_sequence = receipt.sequence;
    series.last_decided_at = Some(receipt.decided_at);
    series.device_time = Some(receipt.decided_at);
    Ok(())
}

fn use_id(
    transaction: &Transaction<'_>,
    device: i64,
    series: &mut DeviceSeries,
    entry: &JournalEntry,
    at: Timestamp,
) -> rusqlite::Result<()> {
    // Here and not where it is appended: hashing is the writer's thread's work, not that of the task that drives all devices.
    let Some(UsedId::Notification(id)) = entry.used_id() else { return Ok(()) };
    let sql = "INSERT OR IGNORE INTO used_ids (device, number, hour, hash) VALUES (?1, ?2, ?3, ?4)";
    let hour = at.as_millis().div_euclid(HOUR_MILLIS);
    // A push that was held wrote its id already; its outcome names it again.
    let inserted = run(transaction, sql, params![device, series.last_used_id + 1, hour, id_hash(&id)])?;
    series.last_used_id += u64::from(inserted > 0);
    Ok(())
}

const SERIES: &str = "SELECT device, last_event, last_sequence, last_decided_at, last_written_at, last_used_id, \
     published_through, redelivered, next_held_key, jumped_at, jumped_by, \
     coalesce((SELECT min(event) FROM events WHERE events.device = devices.device), last_event + 1), \
     coalesce((SELECT min(sequence) FROM receipts WHERE receipts.device = devices.device), last_sequence + 1), \
     coalesce((SELECT min(number) FROM used_ids WHERE used_ids.device = devices.device), last_used_id + 1) \
     FROM devices WHERE id = ?1";

fn load(transaction: &Transaction<'_>, id: &DeviceId) -> rusqlite::Result<(i64, DeviceSeries)> {
    run(transaction, "INSERT OR IGNORE INTO devices (id) VALUES (?1)", params![id.as_bytes()])?;
    transaction.prepare_cached(SERIES)?.query_row(params![id.as_bytes()], |row| Ok((row.get(0)?, series(row)?)))
}

fn series(row: &Row<'_>) -> rusqlite::Result<DeviceSeries> {
    let time = |column| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis))
    };
    let jumped_by: Option<i64> = row.get(10)?;
    Ok(DeviceSeries {
        last_event: row.get(1)?,
        last_sequence: row.get(2)?,
        last_decided_at: time(3)?,
        last_written_at: time(4)?,
        last_used_id: row.get(5)?,
        published_through: row.get(6)?,
        redelivered: row.get(7)?,
        next_held_key: row.get(8)?,
        jump: time(9)?.zip(jumped_by).map(|(at, by_millis)| ClockJump { at, by_millis }),
        first_event: row.get(11)?,
        first_sequence: row.get(12)?,
        first_used_id: row.get(13)?,
        device_time: None,
        looked: None,
        read: None,
    })
}

fn save(transaction: &Transaction<'_>, device: i64, series: &DeviceSeries) -> rusqlite::Result<()> {
    let sql = "UPDATE devices SET last_event = ?2, last_sequence = ?3, last_decided_at = ?4, last_written_at = ?5, \
         last_used_id = ?6, published_through = ?7, redelivered = ?8, next_held_key = ?9, jumped_at = ?10, \
         jumped_by = ?11 WHERE device = ?1";
    run(
        transaction,
        sql,
        params![
            device,
            series.last_event,
            series.last_sequence,
            series.last_decided_at.map(Timestamp::as_millis),
            series.last_written_at.map(Timestamp::as_millis),
            series.last_used_id,
            series.published_through,
            series.redelivered,
            series.next_held_key,
            series.jump.map(|jump| jump.at.as_millis()),
            series.jump.map(|jump| jump.by_millis),
        ],
    )?;
    Ok(())
}

/// What the database holds of a device that it knows, and the device's number in it. Nothing is written.
pub(super) fn recovered(connection: &Connection, id: &DeviceId) -> rusqlite::Result<(i64, RecoveredDevice)> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, series(row)?));
    let (device, series) = connection.prepare_cached(SERIES)?.query_row(params![id.as_bytes()], read)?;
    Ok((device, recover(connection, device, &series)?))
}

fn recover(connection: &Connection, device: i64, series: &DeviceSeries) -> rusqlite::Result<RecoveredDevice> {
    let sql = "SELECT json FROM snapshots WHERE device = ?1 AND event = ?2";
    let snapshot =
        connection.prepare_cached(sql)?.query_row(params![device, series.last_event], |row| row.get(0)).optional()?;
    let mut held = connection.prepare_cached("SELECT key, push FROM held WHERE device = ?1 ORDER BY key")?;
    let held = held.query_map(params![device], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "SELECT last_action FROM devices WHERE device = ?1";
    let last_action = connection.prepare_cached(sql)?.query_row(params![device], |row| row.get(0))?;
    Ok(RecoveredDevice {
        snapshot,
        last_action,
        held: held.collect::<rusqlite::Result<_>>()?,
        last_sequence: series.last_sequence,
        last_decided_at: series.last_decided_at,
        published_through: series.published_through,
        redelivered: series.redelivered,
        next_held_key: series.next_held_key,
        last_event: series.last_event,
        clock_jump: series.jump_in_force(),
    })
}
