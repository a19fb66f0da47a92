//! A database that cannot be written for a while: nothing is durable, nothing is lost, and `health` says so.

use rusqlite::Connection;

use super::*;

fn lock(directory: &Path) -> Connection {
    let other = Connection::open(directory.join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[test]
fn entries_wait_for_a_database_that_is_locked() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    let other = lock(directory.path());
    let ticket = journal.append(vec![changed(1), presented(1)]).unwrap();
    let mut health = journal.health();
    let trouble = wait_for(&mut health, Option::is_some).unwrap();
    assert!(trouble.contains("another program holds its lock"), "{trouble}");
    assert!(trouble.contains("2 entries wait in memory"), "{trouble}");
    assert!(*journal.durable().borrow() < ticket);
    assert!(!is_used(&journal, "n1"), "the journal speaks of what is durable");
    other.execute_batch("ROLLBACK").unwrap();
    wait_for(&mut journal.durable(), |durable| *durable >= ticket);
    wait_for(&mut health, Option::is_none);
    assert_eq!(sequences(&journal.reader().unwrap()), [1]);
    database.close().unwrap();
}

#[test]
fn closing_says_what_could_not_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    let _other = lock(directory.path());
    journal.append(vec![changed(1)]).unwrap();
    let error = database.close().unwrap_err();
    assert!(matches!(error, JournalError::Unwritten { entries: 1, .. }), "{error}");
}
