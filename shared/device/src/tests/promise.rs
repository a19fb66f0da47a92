//! The crate's promise (`lib.rs`): no clock, no I/O, no randomness. Cargo keeps other crates out; this keeps `std`'s out.
//!
//! Lives here: the scan of its sources. Does not live here: which module of the agent may import which.

use std::fs;
use std::path::{Path, PathBuf};

/// What would break the promise, as whole words of code.
const BROKEN_BY: &[&str] = &[
    "std::time",
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::sync",
    "Instant",
    "SystemTime",
    "Zoned",
    "jiff",
    "tokio",
    "tracing",
    "rand",
    "getrandom",
    "HashMap",
    "HashSet",
    "async",
    "static",
    "thread_local",
];

/// The only crates that the device may import.
const SPEAKS_TO: &[&str] = &["std", "crate", "super", "portal_contract", "serde", "serde_json", "thiserror"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: what stands before its tests, without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let before_tests = text.split("#[cfg(test)]").next().unwrap();
    let line = |line: &str| line.split("//").next().unwrap().to_owned() + "\n";
    before_tests.lines().map(line).collect()
}

fn holds_word(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        // A lifetime is no item.
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(|c| is_part(c) || c == '\'') && !after.is_some_and(is_part)
    })
}

#[test]
fn there_is_no_clock_no_io_and_no_randomness_in_the_device() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    assert!(files.len() > 15, "the scan sees the crate: {files:?}");
    for path in files {
        let code = code(&path);
        for word in BROKEN_BY {
            assert!(!holds_word(&code, word), "{} breaks the crate's promise with {word}", path.display());
        }
        for used in code.lines().filter_map(|line| line.trim().strip_prefix("use ")) {
            let first = used.split([':', ';', ' ', '{']).next().unwrap();
            let own = path.with_file_name(first).with_extension("rs").exists() || path.with_file_name(first).is_dir();
            assert!(own || SPEAKS_TO.contains(&first), "{} speaks to {first}", path.display());
        }
    }
}

#[test]
fn the_scan_finds_whole_words_only() {
    for (code, word, found) in [
        ("use std::time::Duration;", "std::time", true),
        ("let x = rand();", "rand", true),
        ("operand.grand()", "rand", false),
        ("&'static str", "static", false),
        ("static X: u8", "static", true),
    ] {
        assert_eq!(holds_word(code, word), found, "{code}");
    }
}
