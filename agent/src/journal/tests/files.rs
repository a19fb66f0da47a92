//! Files that are not ours, not whole, not of our time; and those of older versions that load for ever.

use std::fs;
use std::path::PathBuf;

use portal_contract::{CardInteraction, GroupId, Prerequisite, Presentation, PushProblem};
use rusqlite::Connection;

use super::*;

const OPTIONS: JournalOptions = JournalOptions { retention: UNLIMITED, rules: 1 };

/// The error of opening a file with this content, after checking that the file was left as it is.
fn refusal(content: &[u8]) -> JournalError {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    fs::write(&path, content).unwrap();
    let error = JournalDatabase::open(&path, OPTIONS).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), content, "left as it is");
    error
}

/// A journal of 500 receipts, closed.
fn whole_journal() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal, _) = open(directory.path(), UNLIMITED, at(0));
    write(&journal, (1..=500).map(presented).collect());
    drop(journal);
    database.close().unwrap();
    fs::read(directory.path().join("journal.db")).unwrap()
}

fn database_with(sql: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    fs::read(path).unwrap()
}

#[test]
fn a_newer_version_is_refused_by_both_numbers() {
    let error =
        refusal(&database_with("CREATE TABLE x (y); PRAGMA application_id = 0x70746c6a; PRAGMA user_version = 7;"));
    assert!(matches!(error, JournalError::Newer { found: 7, known: 3, .. }));
    assert!(error.to_string().contains("has version 7, and this portal-agent knows versions up to 3"), "{error}");
    assert!(error.to_string().contains("--state-dir"), "{error}");
}

/// The log beside a refused file is not moved into it either.
#[test]
fn a_newer_version_with_a_write_ahead_log_is_left_as_it_is() {
    let made = tempfile::tempdir().unwrap();
    let newer = Connection::open(made.path().join("journal.db")).unwrap();
    newer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE x (y); PRAGMA application_id = 0x70746c6a; PRAGMA user_version = 7;").unwrap();
    // A copy of both files while the other connection lives is what a kill leaves behind.
    let killed = tempfile::tempdir().unwrap();
    let read = |directory: &Path| ["journal.db", "journal.db-wal"].map(|name| fs::read(directory.join(name)).unwrap());
    for (name, content) in ["journal.db", "journal.db-wal"].into_iter().zip(read(made.path())) {
        fs::write(killed.path().join(name), content).unwrap();
    }
    let error = JournalDatabase::open(&killed.path().join("journal.db"), OPTIONS).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 7, .. }), "{error}");
    assert_eq!(read(killed.path()), read(made.path()));
}

#[test]
fn another_programs_database_is_refused() {
    let error = refusal(&database_with("CREATE TABLE photos (name); INSERT INTO photos VALUES ('holiday');"));
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
}

#[test]
fn what_is_no_database_is_refused() {
    let error = refusal(&b"no database at all. ".repeat(100));
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("set it aside"), "{error}");
}

#[test]
fn an_empty_file_was_a_journal_once_and_is_refused() {
    let error = refusal(b"");
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("it is empty"), "{error}");
}

#[test]
fn one_that_was_made_is_whole_and_opens() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    fs::write(&path, "").unwrap();
    JournalDatabase::make(&path).unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing beside it");
    let (_database, _journal, recovered) = open(directory.path(), UNLIMITED, at(0));
    assert_eq!(recovered.last_sequence, 0);
}

#[test]
fn a_damaged_database_is_refused() {
    let mut content = whole_journal();
    let end = content.len();
    content[8192..end].fill(0x5a);
    let error = refusal(&content);
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("was left as it is"), "{error}");
}

/// SQLite takes what is missing of a page for zeros, finds nothing wrong with them, and fails at the first write.
#[test]
fn a_file_that_ends_within_a_page_is_refused() {
    let content = whole_journal();
    for missing in [1, 100, 2048, 4000, 4095] {
        let error = refusal(&content[..content.len() - missing]);
        assert!(matches!(error, JournalError::Damaged { .. }), "{missing}: {error}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let error = JournalDatabase::open(&PathBuf::from("/nonexistent/journal.db"), OPTIONS).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/journal.db"), "{error}");
}

pub(super) fn fixture(version: u32) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", &format!("journal-v{version}.db")].iter().collect()
}

/// What the checked-in databases hold, each as far as its version can say it.
fn fixture_entries() -> Vec<JournalEntry> {
    let shown = Presentation { sound: Some(true), badge: Some(false), ..Presentation::on(Surface::InApp) };
    let settled =
        |receipt, push: Option<&str>, held| JournalEntry::Settled { receipt, push: push.map(str::to_owned), held };
    let rejected = Outcome::Rejected { problem: PushProblem::NotJson, detail: "not JSON at column 3".to_owned() };
    let mut unread = receipt(1, "x", rejected);
    unread.notification_id = None;
    let mut grouped =
        receipt(2, "a", Outcome::Withheld { unmet: [Prerequisite::DeviceEnrolled].into_iter().collect() });
    grouped.target = PushTarget::Group { id: GroupId::from_bytes([7; 16]) };
    vec![
        changed(0),
        settled(unread, None, None),
        settled(grouped, Some("{\"id\":\"a\"}"), None),
        JournalEntry::Held { key: HeldKey(1), id: id("b"), at: at(3), push: "{\"id\":\"b\"}".to_owned() },
        JournalEntry::Held { key: HeldKey(2), id: id("c"), at: at(3), push: "{\"id\":\"c\"}".to_owned() },
        changed(3),
        settled(receipt(3, "b", Outcome::Presented(shown)), Some("{\"id\":\"b\"}"), Some(HeldKey(1))),
        JournalEntry::Interaction { sequence: 3, interaction: CardInteraction::Clicked },
        JournalEntry::Published { through: 2 },
        JournalEntry::Redelivered { count: 4 },
        JournalEntry::ActionSeen { id: "1".to_owned(), at: at(4), note: Some("\"refused\"".to_owned()) },
    ]
}

/// Made once, by the first program that writes a version; a later version gets a file of its own beside it.
#[test]
#[ignore = "writes the fixture of the present version; run it when the version changes, and never over an old file"]
fn write_the_fixture() {
    let path = fixture(3);
    assert!(!path.exists(), "an old fixture is never written anew");
    let database = JournalDatabase::open(&path, OPTIONS).unwrap();
    let (journal, _) = database.device(device_id(), at(0)).unwrap();
    journal.append(fixture_entries()).unwrap();
    drop(journal);
    database.close().unwrap();
}

#[test]
fn a_database_of_each_version_loads() {
    for version in [1, 2, 3] {
        loads(version);
    }
}

fn loads(version: u32) {
    let directory = tempfile::tempdir().unwrap();
    fs::copy(fixture(version), directory.path().join("journal.db")).unwrap();
    let (_database, journal, recovered) = open(directory.path(), UNLIMITED, at(10));
    assert_eq!(recovered.snapshot.as_deref(), Some("\"after 3\""));
    assert_eq!(recovered.held, [(2, "{\"id\":\"c\"}".to_owned())]);
    assert_eq!((recovered.last_sequence, recovered.last_decided_at), (3, Some(at(3))));
    assert_eq!((recovered.published_through, recovered.redelivered, recovered.next_held_key), (2, 4, 3));
    let used: Vec<&str> = ["a", "b", "c", "d"].into_iter().filter(|name| is_used(&journal, name)).collect();
    assert_eq!(used, ["a", "b", "c"]);
    let receipts = journal.reader().unwrap().receipts_after(0, 10).unwrap();
    let lines: Vec<String> = receipts.iter().map(|receipt| serde_json::to_string(receipt).unwrap()).collect();
    let expected = fs::read_to_string(fixture(version).with_extension("jsonl")).unwrap();
    assert_eq!(lines, expected.lines().collect::<Vec<_>>());
    let record = journal.reader().unwrap().record(Some(&id("a"))).unwrap().unwrap();
    assert_eq!((record.push.as_deref(), record.snapshot.as_str()), (Some("{\"id\":\"a\"}"), "\"after 0\""));
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_in_its_place_is_named_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("journal.db");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero"), directory.path()] {
        let error = JournalDatabase::open(path, OPTIONS).unwrap_err();
        assert!(error.to_string().contains("no file"), "{error}");
    }
}
