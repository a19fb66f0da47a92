//! A journal that is taken away under its owner: noticed, said, and nothing that was acknowledged is lost.

use std::fs;

use super::*;

/// A journal with one receipt that is durable.
fn with_one(directory: &Path) -> (JournalDatabase, DeviceJournal) {
    let (database, journal, _) = open(directory, UNLIMITED, at(0));
    let ticket = journal.append(vec![changed(1), presented(1)]).unwrap();
    wait_for(&mut journal.durable(), |durable| *durable >= ticket);
    (database, journal)
}

/// Appends one more, which must not become durable, and gives what is said of it.
fn append_in_vain(journal: &DeviceJournal) -> String {
    let ticket = journal.append(vec![presented(2)]).unwrap();
    let trouble = wait_for(&mut journal.health(), Option::is_some).unwrap();
    assert!(*journal.durable().borrow() < ticket, "it was acknowledged all the same");
    trouble
}

#[test]
fn a_removed_file_comes_back_with_all_that_was_acknowledged() {
    for gone in [&["journal.db"][..], &["journal.db", "journal.db-wal", "journal.db-shm"], &["journal.db-wal"]] {
        let directory = tempfile::tempdir().unwrap();
        let (database, journal) = with_one(directory.path());
        for name in gone {
            fs::remove_file(directory.path().join(name)).unwrap();
        }
        let trouble = append_in_vain(&journal);
        assert!(trouble.contains("was removed while the daemon ran"), "{trouble}");
        let error = database.close().unwrap_err();
        assert!(matches!(error, JournalError::Unwritten { .. }), "{error}");
        drop(journal);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = directory.path().join("journal.db").metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let (database, journal, recovered) = open(directory.path(), UNLIMITED, at(9));
        assert!(sequences(&journal.reader().unwrap()).starts_with(&[1]), "{gone:?}");
        assert!(recovered.last_sequence >= 1 && is_used(&journal, "n1"));
        database.close().unwrap();
    }
}

#[test]
fn a_removed_directory_is_said_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("state");
    fs::create_dir(&directory).unwrap();
    let (database, journal) = with_one(&directory);
    fs::remove_dir_all(&directory).unwrap();
    let trouble = append_in_vain(&journal);
    assert!(trouble.contains("the state directory") && trouble.contains("was removed"), "{trouble}");
    assert!(database.close().is_err());
    assert!(!directory.exists());
}

#[test]
fn another_file_in_its_place_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (database, journal) = with_one(directory.path());
    let path = directory.path().join("journal.db");
    fs::rename(&path, directory.path().join("aside")).unwrap();
    fs::write(&path, "somebody's own").unwrap();
    let trouble = append_in_vain(&journal);
    assert!(trouble.contains("another file was put in the place"), "{trouble}");
    assert!(database.close().is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's own");
}
