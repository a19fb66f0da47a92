//! README's recording of the permission-denied walk is what the program prints.
//!
//! Lives here: recording it anew and comparing, its size. Does not live here: how it is drawn (`tests/recording`).

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use portal_tests::agent::binary;
use tempfile::TempDir;

/// A page with more is slow to load.
const LARGEST: usize = 300 * 1024;

#[test]
fn the_recording_is_of_this_program() -> Result<()> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: python3 is not installed here");
        return Ok(());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = TempDir::with_prefix("recording-")?;
    let file = folder.path().join("denied-walk.svg");
    let output = Command::new(root.join("tests/recording")).arg(&file).env("PORTAL_AGENT", binary()?).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let recorded = std::fs::read_to_string(file)?;
    let shown = std::fs::read_to_string(root.join("agent/assets/screenshots/denied-walk.svg"))?;
    ensure!(recorded.len() < LARGEST, "{} bytes", recorded.len());
    for (recorded, shown) in recorded.lines().zip(shown.lines()) {
        assert_eq!(recorded, shown, "tests/recording makes it anew; look at it before it is committed");
    }
    ensure!(recorded == shown, "tests/recording makes it anew");
    // A page shows it as a picture, which fetches nothing and runs nothing.
    ensure!(!shown.contains("href") && !shown.contains("url(") && !shown.contains("<script"));
    Ok(())
}
