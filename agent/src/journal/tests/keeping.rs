//! What is pruned, and what never is (contract 4).

use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::clock_jump::{ClockReading, ClockSource};
use super::*;

const DAY: i64 = 24 * 3600;

fn keep(receipts: u64) -> Retention {
    Retention { keep_receipts: receipts, ..UNLIMITED }
}

#[test]
fn the_oldest_published_receipts_go_first() {
    let directory = tempfile::tempdir().unwrap();
    let (_database, journal, _) = open(directory.path(), keep(10), at(0));
    let reader = journal.reader().unwrap();
    write(&journal, (1..=50).map(presented).collect());
    assert_eq!(sequences(&reader).len(), 50, "none is published");
    write(&journal, vec![JournalEntry::Published { through: 20 }, changed(51)]);
    assert_eq!(sequences(&reader), (21..=50).collect::<Vec<_>>());
    write(&journal, vec![JournalEntry::Published { through: 50 }, changed(52)]);
    assert_eq!(sequences(&reader), (41..=50).collect::<Vec<_>>());
    assert!(is_used(&journal, "n1"), "ids are remembered apart");
}

#[test]
fn a_backlog_goes_in_small_steps() {
    let directory = tempfile::tempdir().unwrap();
    let (_database, journal, _) = open(directory.path(), keep(10), at(0));
    write(&journal, (1..=1000).map(presented).collect());
    write(&journal, vec![JournalEntry::Published { through: 1000 }, changed(1001)]);
    let left = sequences(&journal.reader().unwrap()).len();
    assert_eq!(left, 1000 - 64);
}

#[test]
fn the_oldest_ids_are_forgotten_first() {
    let directory = tempfile::tempdir().unwrap();
    let (_database, journal, _) = open(directory.path(), Retention { ids_count: 5, ..UNLIMITED }, at(0));
    write(&journal, (1..=20).map(presented).collect());
    let used: Vec<u64> = (1..=20).filter(|number| is_used(&journal, &format!("n{number}"))).collect();
    assert_eq!(used, [16, 17, 18, 19, 20]);
}

fn month_and_quarter() -> Retention {
    let days = |days: u64| Duration::from_secs(days * DAY as u64);
    Retention { keep_age: days(30), ids_age: days(90), ..UNLIMITED }
}

/// The computer's clocks as a test sets them, in seconds.
#[derive(Clone, Default)]
struct FixedClocks(Arc<Mutex<(i64, u64)>>);

impl FixedClocks {
    fn set(&self, wall: i64, real: u64) {
        *self.0.lock().unwrap() = (wall, real);
    }

    fn open(&self, directory: &Path, now: Timestamp) -> (JournalDatabase, DeviceJournal, RecoveredDevice) {
        let options = JournalOptions { retention: month_and_quarter(), rules: 1 };
        let database =
            JournalDatabase::open_by(&directory.join("journal.db"), options, Box::new(self.clone())).unwrap();
        let (journal, recovered) = database.device(device_id(), now).unwrap();
        (database, journal, recovered)
    }
}

impl ClockSource for FixedClocks {
    fn read(&self) -> ClockReading {
        let (wall, real) = *self.0.lock().unwrap();
        ClockReading { wall: at(wall), real: Duration::from_secs(real) }
    }
}

/// Three published receipts and their ids, a minute or so old at `at(100)`.
fn written(directory: &Path) {
    let (database, journal, _) = FixedClocks::default().open(directory, at(0));
    let entries = [changed(0)].into_iter().chain((1..=3).map(presented));
    write(&journal, entries.chain([JournalEntry::Published { through: 3 }]).collect());
    database.close().unwrap();
}

#[test]
fn ages_count_from_the_decision_in_device_time() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path());
    let (database, journal, _) = FixedClocks::default().open(directory.path(), at(2 + 30 * DAY));
    assert_eq!(sequences(&journal.reader().unwrap()), [2, 3]);
    database.close().unwrap();
    let (database, journal, recovered) = FixedClocks::default().open(directory.path(), at(89 * DAY));
    assert_eq!(sequences(&journal.reader().unwrap()), [0; 0]);
    assert!(is_used(&journal, "n1"));
    assert_eq!(recovered.snapshot.as_deref(), Some("\"after 0\""), "the newest snapshot stays");
    assert_eq!(recovered.last_sequence, 3, "the series goes on");
    database.close().unwrap();
    let (_database, journal, _) = FixedClocks::default().open(directory.path(), at(91 * DAY));
    assert!(!is_used(&journal, "n1"));
}

#[test]
fn advancing_the_devices_clock_is_no_jump_and_ages_rows_at_once() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path());
    let clocks = FixedClocks::default();
    clocks.set(100, 100);
    let (database, journal, _) = clocks.open(directory.path(), at(100));
    write(&journal, vec![changed(31 * DAY)]);
    assert_eq!(sequences(&journal.reader().unwrap()), [0; 0]);
    assert_eq!(journal.clock_jump(), None);
    database.close().unwrap();
    let (_database, journal, recovered) = clocks.open(directory.path(), at(100));
    assert_eq!((recovered.clock_jump, journal.clock_jump()), (None, None), "nor is the device's going back");
}

#[test]
fn after_a_clock_jump_nothing_is_pruned_by_age_for_a_day() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path());
    let clocks = FixedClocks::default();
    clocks.set(100, 100);
    let (database, journal, _) = clocks.open(directory.path(), at(100));
    assert_eq!(journal.clock_jump(), None);
    clocks.set(31 * DAY, 200);
    write(&journal, vec![changed(31 * DAY)]);
    assert_eq!(sequences(&journal.reader().unwrap()), [1, 2, 3]);
    let jump = journal.clock_jump().unwrap();
    assert_eq!((jump.at, jump.by_millis), (at(31 * DAY), (31 * DAY - 200) * 1000));
    write(&journal, vec![changed(40 * DAY)]);
    assert_eq!(sequences(&journal.reader().unwrap()), [1, 2, 3], "whatever the device's clock says");
    database.close().unwrap();
    clocks.set(32 * DAY - 1, 0);
    let (database, journal, recovered) = clocks.open(directory.path(), at(32 * DAY - 1));
    assert_eq!(sequences(&journal.reader().unwrap()), [1, 2, 3], "after a restart too");
    assert_eq!(recovered.clock_jump, Some(jump));
    database.close().unwrap();
    clocks.set(32 * DAY, 1);
    let (_database, journal, recovered) = clocks.open(directory.path(), at(32 * DAY));
    assert_eq!(sequences(&journal.reader().unwrap()), [0; 0]);
    assert_eq!((recovered.clock_jump, journal.clock_jump()), (None, None));
}

#[test]
fn a_clock_that_went_back_over_a_restart_is_a_jump() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path());
    let clocks = FixedClocks::default();
    clocks.set(-DAY, 0);
    let (_database, journal, _) = clocks.open(directory.path(), at(-DAY));
    assert_eq!(journal.clock_jump().unwrap().by_millis, -DAY * 1000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    /// Each receipt that is left can be explained: the snapshot that it was decided under is left too.
    #[test]
    fn a_kept_receipt_keeps_its_snapshot(kinds in proptest::collection::vec(0..4, 1..80), keep_receipts in 1_u64..20) {
        let database = JournalDatabase::in_memory(JournalOptions { retention: keep(keep_receipts), rules: 1 }).unwrap();
        let (journal, _) = database.device(device_id(), at(0)).unwrap();
        write(&journal, vec![changed(0)]);
        let (mut sequence, mut second, mut expected) = (0, 0, vec![String::new()]);
        for kind in kinds {
            let entry = match kind {
                0 => { second += 1; changed(second) }
                1 => JournalEntry::Published { through: sequence },
                _ => { sequence += 1; expected.push(format!("\"after {second}\"")); presented(sequence) }
            };
            journal.append(vec![entry]).unwrap();
        }
        write(&journal, vec![JournalEntry::Published { through: sequence }, changed(1_000)]);
        let reader = journal.reader().unwrap();
        let left = sequences(&reader);
        prop_assert_eq!(left.len() as u64, sequence.min(keep_receipts));
        for sequence in left {
            let record = reader.record(Some(&id(&format!("n{sequence}")))).unwrap().unwrap();
            prop_assert_eq!(&record.snapshot, &expected[sequence as usize]);
        }
    }
}
