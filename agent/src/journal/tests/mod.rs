//! The journal's own tests, through its public face.
//!
//! Lives here: what the tests share. Does not live here: pure rules, which are tested beside them.

mod actions;
mod files;
mod keeping;
mod model;
#[cfg(unix)]
mod taken_away;
mod trouble;

use std::path::Path;
use std::time::Duration;

use portal_contract::{DeviceId, NotificationId, Outcome, Presentation, PushTarget, Receipt, Surface, Timestamp};
use portal_delivery::{HeldKey, JournalEntry, UsedId};
use tokio::time::timeout;

use super::*;

const UNLIMITED: Retention =
    Retention { keep_age: Duration::MAX, keep_receipts: u64::MAX, ids_age: Duration::MAX, ids_count: u64::MAX };

fn device_id() -> DeviceId {
    "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap()
}

fn id(text: &str) -> NotificationId {
    text.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000).plus_seconds(seconds)
}

fn open(directory: &Path, retention: Retention, now: Timestamp) -> (JournalDatabase, DeviceJournal, RecoveredDevice) {
    let database =
        JournalDatabase::open(&directory.join("journal.db"), JournalOptions { retention, rules: 1 }).unwrap();
    let (journal, recovered) = database.device(device_id(), now).unwrap();
    (database, journal, recovered)
}

fn changed(second: i64) -> JournalEntry {
    JournalEntry::Changed {
        at: at(second),
        event: format!("\"event {second}\""),
        snapshot: format!("\"after {second}\""),
    }
}

fn receipt(sequence: u64, id: &str, outcome: Outcome) -> Receipt {
    Receipt {
        sequence,
        notification_id: Some(id.parse().unwrap()),
        device_id: device_id(),
        target: PushTarget::Device,
        outcome,
        delay: None,
        priority_lowered: false,
        desktop: None,
        received_at: at(sequence as i64),
        decided_at: at(sequence as i64),
        interaction: None,
    }
}

fn presented(sequence: u64) -> JournalEntry {
    let receipt = receipt(sequence, &format!("n{sequence}"), Outcome::Presented(Presentation::on(Surface::Banner)));
    JournalEntry::Settled { receipt, push: Some(format!("\"push {sequence}\"")), held: None }
}

/// Appends, and waits until it is durable.
fn write(journal: &DeviceJournal, entries: Vec<JournalEntry>) {
    let ticket = journal.append(entries).unwrap();
    wait_for(&mut journal.durable(), |durable| *durable >= ticket);
}

/// Waits for a condition, for ten seconds at most.
fn wait_for<T: Clone>(value: &mut tokio::sync::watch::Receiver<T>, condition: impl FnMut(&T) -> bool) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let wait = async { timeout(Duration::from_secs(10), value.wait_for(condition)).await.unwrap().unwrap().clone() };
    runtime.block_on(wait)
}

fn sequences(reader: &JournalReader) -> Vec<u64> {
    reader.receipts_after(0, usize::MAX >> 1).unwrap().iter().map(|receipt| receipt.sequence).collect()
}

fn is_used(journal: &DeviceJournal, name: &str) -> bool {
    journal.are_used(&[UsedId::Notification(id(name))]).unwrap()[0]
}

#[test]
fn an_id_is_used_once_its_entry_is_durable_and_until_it_is_forgotten() {
    let database = JournalDatabase::in_memory(JournalOptions { retention: UNLIMITED, rules: 1 }).unwrap();
    let (journal, _) = database.device(device_id(), at(0)).unwrap();
    let (other, _) = database.device(DeviceId::from_random(7), at(0)).unwrap();
    assert!(!is_used(&journal, "n1"));
    let ticket = journal.append(vec![presented(1)]).unwrap();
    wait_for(&mut journal.durable(), |durable| *durable >= ticket);
    assert!(is_used(&journal, "n1"), "durable");
    assert!(!is_used(&other, "n1"), "another device");
    let ticket = journal.append(vec![JournalEntry::IdsForgotten]).unwrap();
    wait_for(&mut journal.durable(), |durable| *durable >= ticket);
    assert!(!is_used(&journal, "n1"), "forgotten");
    database.close().unwrap();
}

#[test]
fn a_rejected_push_and_a_duplicate_use_no_id_up() {
    let database = JournalDatabase::in_memory(JournalOptions { retention: UNLIMITED, rules: 1 }).unwrap();
    let (journal, _) = database.device(device_id(), at(0)).unwrap();
    let rejected =
        Outcome::Rejected { problem: portal_contract::PushProblem::BodyLength, detail: "501 characters".to_owned() };
    let settled =
        |sequence, outcome| JournalEntry::Settled { receipt: receipt(sequence, "a", outcome), push: None, held: None };
    write(&journal, vec![settled(1, rejected), settled(2, Outcome::Duplicate)]);
    assert!(!is_used(&journal, "a"));
    write(&journal, vec![settled(3, Outcome::Expired)]);
    assert!(is_used(&journal, "a"));
}

#[test]
fn lazy_entries_become_durable_without_others() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    write(&journal, vec![presented(1), presented(2)]);
    let before = *journal.durable().borrow();
    let ticket =
        journal.append(vec![JournalEntry::Published { through: 2 }, JournalEntry::Redelivered { count: 5 }]).unwrap();
    assert_eq!(ticket, before, "they have no commit of their own");
    database.close().unwrap();
    let (_database, _, recovered) = open(directory.path(), UNLIMITED, at(9));
    assert_eq!((recovered.published_through, recovered.redelivered), (2, 5));
}

#[test]
fn a_full_queue_gives_the_entries_back_and_a_closed_journal_too() {
    let database = JournalDatabase::in_memory(JournalOptions { retention: UNLIMITED, rules: 1 }).unwrap();
    let (journal, _) = database.device(device_id(), at(0)).unwrap();
    let large = || vec![JournalEntry::HeldChanged { key: HeldKey(1), push: "x".repeat(9 * 1024 * 1024) }];
    let mut durable = journal.durable();
    // The third finds two thirds of the room taken, unless the writer was faster: then it takes some more.
    let refused = (0..1000).find_map(|_| journal.append(large()).err());
    assert!(matches!(refused.unwrap(), AppendRefused::Full(entries) if entries.len() == 1));
    let last = journal.append(Vec::new()).unwrap();
    wait_for(&mut durable, |durable| *durable >= last);
    journal.append(large()).unwrap();
    database.close().unwrap();
    assert!(matches!(journal.append(large()), Err(AppendRefused::Closed(entries)) if entries.len() == 1));
}

#[test]
fn devices_share_a_database_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let ids: Vec<DeviceId> = (0..50).map(DeviceId::from_random).collect();
    let database = JournalDatabase::open(&path, JournalOptions { retention: UNLIMITED, rules: 1 }).unwrap();
    for (number, (journal, recovered)) in (1..).zip(database.devices(&ids, at(0)).unwrap()) {
        assert_eq!(recovered, RecoveredDevice { next_held_key: 1, ..RecoveredDevice::default() });
        journal.append((1..=number).map(presented).chain([changed(number as i64)]).collect()).unwrap();
    }
    database.close().unwrap();
    let database = JournalDatabase::open(&path, JournalOptions { retention: UNLIMITED, rules: 1 }).unwrap();
    for (number, (journal, recovered)) in (1..).zip(database.devices(&ids, at(0)).unwrap()) {
        assert_eq!(recovered.last_sequence, number);
        assert_eq!(recovered.snapshot, Some(format!("\"after {number}\"")));
        assert_eq!(sequences(&journal.reader().unwrap()).len() as u64, number);
    }
}
