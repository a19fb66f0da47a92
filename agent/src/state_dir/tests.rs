//! The state directory's tests.

use super::*;

fn open() -> (tempfile::TempDir, StateDir) {
    let directory = tempfile::tempdir().unwrap();
    let state = StateDir::open(&directory.path().join("a").join("b")).unwrap();
    (directory, state)
}

#[test]
fn a_second_lock_names_the_first_ones_process_and_is_free_afterwards() {
    let (_directory, state) = open();
    let lock = state.lock().unwrap();
    let error = state.lock().unwrap_err();
    assert!(matches!(error, StateDirError::Locked { pid: Some(pid), .. } if pid == std::process::id()));
    assert!(error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    drop(lock);
    state.lock().unwrap();
}

#[test]
fn control_json_names_the_process_where_the_lock_cannot_be_read() {
    let (_directory, state) = open();
    state.write_private(CONTROL, br#"{"pid":77,"url":"x"}"#).unwrap();
    let mut unreadable =
        OpenOptions::new().write(true).create(true).truncate(true).open(state.path().join("l")).unwrap();
    assert_eq!(state.holder(&mut unreadable), Some(77));
}

#[test]
fn a_private_file_is_written_whole_and_read_back() {
    let (_directory, state) = open();
    assert_eq!(state.read_private(CONTROL).unwrap(), None);
    state.write_private(CONTROL, b"old").unwrap();
    state.write_private(CONTROL, b"new").unwrap();
    assert_eq!(state.read_private(CONTROL).unwrap().as_deref(), Some(&b"new"[..]));
    let names: Vec<_> = std::fs::read_dir(state.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [CONTROL], "nothing is left over");
    state.remove(CONTROL).unwrap();
    state.remove(CONTROL).unwrap();
    assert_eq!(state.read_private(CONTROL).unwrap(), None);
}

#[test]
fn a_log_without_its_journal_is_not_read_with_a_new_one() {
    let (_directory, state) = open();
    std::fs::write(state.path().join("journal.db-wal"), "of a journal that was removed").unwrap();
    state.journal(|_| Ok::<(), StateDirError>(())).unwrap();
    assert!(!state.path().join("journal.db-wal").exists());
    assert!(state.path().join("journal.db.orphan-wal").exists());
}

#[test]
fn what_cannot_be_a_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = StateDir::open(&file.join("state")).unwrap_err();
    assert!(matches!(error, StateDirError::NotWritable { .. }));
    assert!(error.to_string().contains("--state-dir"), "{error}");
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn directory_and_files_are_for_their_user_alone() {
        let (_directory, state) = open();
        assert_eq!(mode(state.path()), 0o700);
        assert_eq!(mode(&state.write_private(CONTROL, b"x").unwrap()), 0o600);
        assert_eq!(mode(&state.journal(|_| Ok::<(), StateDirError>(())).unwrap()), 0o600);
    }

    #[test]
    fn a_private_file_that_others_may_read_is_not_used() {
        let (_directory, state) = open();
        set(&state.write_private(CONTROL, b"x").unwrap(), 0o640);
        assert!(matches!(state.read_private(CONTROL), Err(StateDirError::NotPrivate { .. })));
    }

    #[test]
    fn what_is_too_wide_is_narrowed_and_nothing_else_is_touched() {
        let (_directory, state) = open();
        let lock = state.path().join(LOCK);
        drop(state.lock().unwrap());
        let journal = state.journal(|_| Ok::<(), StateDirError>(())).unwrap();
        let log = state.path().join("journal.db-wal");
        std::fs::write(&log, "").unwrap();
        let other = state.path().join("notes.txt");
        std::fs::write(&other, "").unwrap();
        for (path, wide) in [(&lock, 0o666), (&journal, 0o644), (&log, 0o660), (&other, 0o644)] {
            set(path, wide);
        }
        set(state.path(), 0o777);
        StateDir::open(state.path()).unwrap();
        let modes = [state.path(), &lock, &journal, &log, &other].map(mode);
        assert_eq!(modes, [0o755, 0o600, 0o600, 0o600, 0o644]);
    }

    #[test]
    fn an_empty_directory_that_others_may_write_in_becomes_ours() {
        let (_directory, state) = open();
        set(state.path(), 0o777);
        StateDir::open(state.path()).unwrap();
        assert_eq!(mode(state.path()), 0o755);
    }

    #[test]
    fn a_directory_of_other_things_that_others_may_write_in_is_refused_and_left_alone() {
        let (_directory, state) = open();
        std::fs::write(state.path().join("notes.txt"), "").unwrap();
        set(state.path(), 0o1777);
        let error = StateDir::open(state.path()).unwrap_err();
        assert!(error.to_string().contains("chmod go-w"), "{error}");
        assert_eq!(state.path().metadata().unwrap().permissions().mode() & 0o7777, 0o1777);
    }

    #[test]
    fn what_is_no_file_under_a_files_name_is_named() {
        let (_directory, state) = open();
        std::fs::create_dir(state.path().join(CONTROL)).unwrap();
        let error = StateDir::open(state.path()).unwrap_err();
        assert!(matches!(&error, StateDirError::NotAFile { path } if path.ends_with(CONTROL)), "{error}");
    }

    #[test]
    fn files_and_directories_of_others_are_refused() {
        if !rustix::process::geteuid().is_root() {
            return; // only root can give a file away
        }
        let (_directory, state) = open();
        drop(state.lock().unwrap());
        let give = |path: &Path, to| std::os::unix::fs::chown(path, Some(to), None).unwrap();
        give(&state.path().join(LOCK), 65534);
        let error = StateDir::open(state.path()).unwrap_err();
        assert!(matches!(&error, StateDirError::OtherOwner { path, .. } if path.ends_with(LOCK)), "{error}");
        give(&state.path().join(LOCK), 0);
        give(state.path(), 65534);
        let error = StateDir::open(state.path()).unwrap_err();
        assert!(error.to_string().contains("another user (65534)"), "{error}");
    }
}
