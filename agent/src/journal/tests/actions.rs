//! The ids of remote actions: how long they are remembered, what they cost, and how they come from an older version.

use std::fs;

use rusqlite::Connection;

use super::*;

fn seen(id: &str, second: i64, note: Option<&str>) -> JournalEntry {
    JournalEntry::ActionSeen { id: id.to_owned(), at: at(second), note: note.map(str::to_owned) }
}

fn is_seen(journal: &DeviceJournal, id: &str) -> bool {
    journal.are_used(&[UsedId::Action(id.to_owned())]).unwrap()[0]
}

#[test]
fn seven_thousand_refused_actions_take_a_few_mebibytes_and_each_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    write(&journal, vec![changed(0)]);
    let note = format!("{{\"lastAction\":\"{}\"}}", "x".repeat(200));
    // One commit each, as they arrive.
    for number in 0..7_000 {
        journal.append(vec![seen(&format!("6f0c1b9e-2f5a-4c0e-9a52-{number:012}"), number, Some(&note))]).unwrap();
    }
    write(&journal, vec![seen("last", 7_000, Some("\"the newest\""))]);
    assert!(is_seen(&journal, "6f0c1b9e-2f5a-4c0e-9a52-000000000000") && !is_seen(&journal, "another"));
    drop(journal);
    database.close().unwrap();
    let size = fs::metadata(directory.path().join("journal.db")).unwrap().len();
    assert!(size < 3 << 20, "{size} bytes");
    let (_database, _, recovered) = open(directory.path(), UNLIMITED, at(8_000));
    assert_eq!(recovered.last_action.as_deref(), Some("\"the newest\""));
    assert_eq!(recovered.snapshot.as_deref(), Some("\"after 0\""));
}

#[test]
fn a_newer_snapshot_says_what_came_of_the_latest_action() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    write(&journal, vec![changed(0), seen("a", 1, Some("\"a\"")), changed(2), seen("b", 2, None)]);
    drop(journal);
    database.close().unwrap();
    let (_database, journal, recovered) = open(directory.path(), UNLIMITED, at(3));
    assert_eq!(recovered.last_action, None);
    assert!(is_seen(&journal, "a") && is_seen(&journal, "b"));
}

#[test]
fn ids_are_forgotten_by_age_and_only_where_an_enrollment_begins() {
    const DAY: i64 = 24 * 3600;
    let directory = tempfile::tempdir().unwrap();
    let retention = Retention { ids_age: Duration::from_secs(90 * DAY as u64), ..UNLIMITED };
    let (_database, journal, _) = open(directory.path(), retention, at(0));
    write(&journal, vec![JournalEntry::EnrollmentBegan { at: at(0) }, seen("old", 1, None)]);
    write(&journal, vec![seen("late", 50 * DAY, None), changed(400 * DAY), JournalEntry::IdsForgotten]);
    assert!(is_seen(&journal, "old"), "the enrollment lasts");
    write(&journal, vec![JournalEntry::EnrollmentBegan { at: at(100 * DAY) }]);
    assert!(!is_seen(&journal, "old") && is_seen(&journal, "late"));
}

#[test]
fn a_device_that_is_removed_takes_its_ids_along() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    write(&journal, vec![seen("a", 1, None)]);
    database.remove(&journal).unwrap();
    let (journal, _) = database.device(device_id(), at(2)).unwrap();
    assert!(!is_seen(&journal, "a"));
}

/// Until version 3 the newest snapshot held the ids.
#[test]
fn the_ids_in_the_snapshot_of_an_older_version_are_taken_over() {
    for version in [1, 2] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        fs::copy(files::fixture(version), &path).unwrap();
        let snapshot = r#"{"actions":{"last":null,"seen":["a","b",7]}}"#;
        let older = Connection::open(&path).unwrap();
        older.execute("UPDATE snapshots SET json = ?1", [snapshot]).unwrap();
        drop(older);
        let (_database, journal, _) = open(directory.path(), UNLIMITED, at(10));
        let known: Vec<bool> = ["a", "b", "c"].iter().map(|id| is_seen(&journal, id)).collect();
        assert_eq!(known, [true, true, false], "version {version}");
    }
}

/// The steps lead where a new file begins.
#[test]
fn an_older_database_has_the_tables_of_a_new_one_afterwards() {
    let columns = |path: &Path| -> Vec<(String, String, String)> {
        let connection = Connection::open(path).unwrap();
        let sql = "SELECT tables.name, columns.name, columns.type FROM sqlite_schema AS tables, \
                   pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' ORDER BY 1, 2";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    };
    let opened = |version: Option<u32>| {
        let directory = tempfile::tempdir().unwrap();
        if let Some(version) = version {
            fs::copy(files::fixture(version), directory.path().join("journal.db")).unwrap();
        }
        open(directory.path(), UNLIMITED, at(10)).0.close().unwrap();
        columns(&directory.path().join("journal.db"))
    };
    for version in [1, 2, 3] {
        assert_eq!(opened(Some(version)), opened(None), "version {version}");
    }
}
