//! Every file that people name is read by `input_file`: with limits of size and time, whatever it turns out to be.
//!
//! Lives here: a search of the sources for what reads a file in another way. Does not live here: what the reader does with
//! pipes and devices (beside it, and `hostile_files`).

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod rust_sources;

use std::fs;
use std::path::Path;

use rust_sources::rust_sources;

/// How a file is read in Rust.
const WAYS: [&str; 4] = ["fs::read(", "fs::read_to_string(", "File::open(", "OpenOptions::new("];

/// The files that may, and why no pipe and no endless device is read by them.
const MAY: [(&str, &str); 14] = [
    ("input_file.rs", "the one reader"),
    ("output_file.rs", "writes alone"),
    ("state_dir.rs", "the lock, and files that were seen to be regular and of this user, up to a limit"),
    ("state_dir/computer.rs", "the system's own machine-id"),
    ("control/control_file.rs", "seen to be a regular file of this user, up to a limit"),
    ("desktop/linux/leftover.rs", "seen to be a regular file, up to a limit"),
    ("desktop/share.rs", "seen to be a regular file in a folder of this user, up to a limit"),
    ("journal/clock_jump.rs", "/proc/uptime"),
    ("daemon/interrupt.rs", "/proc/self/status"),
    ("cli/diagnostics.rs", "the daemon's log, seen to be a regular file, up to a limit; the system's own os-release"),
    ("cli/gateway/ca.rs", "writes new files alone"),
    ("cli/log_file.rs", "writes alone"),
    ("cli/stop.rs", "the lock of a daemon that has just answered; not a byte of it is read"),
    ("demo/folders.rs", "the lock in a folder of this user; not a byte of it is read"),
];

/// Whether `way` stands in the code as a word of its own.
fn has(code: &str, way: &str) -> bool {
    code.match_indices(way).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn a_file_is_read_by_the_one_reader() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_sources(&root);
    assert!(files.len() > 100);
    let mut used = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        // Tests stand at a file's end, or in a folder of their own.
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        if name.contains("tests") || !WAYS.iter().any(|way| has(code, way)) {
            continue;
        }
        assert!(
            MAY.iter().any(|(known, _)| *known == name),
            "{name} reads a file by itself: use input_file, or say in this test why nothing can hold it up"
        );
        used.push(name);
    }
    for (known, _) in MAY {
        assert!(used.iter().any(|name| name == known), "{known} reads no file any more: take it off the list");
    }
}
