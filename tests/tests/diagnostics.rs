//! `diagnostics`: one archive for whoever helps, whatever state the daemon is in, and no secret in it.
//!
//! Lives here: what is in the archive, and what happens where it cannot be written. Does not live here: the answers of the
//! commands that are in it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::disk::LoopDisk;
use serde_json::Value;

/// The archive, unpacked: the content of each part by its name.
fn unpacked(archive: &Path) -> Result<std::collections::BTreeMap<String, String>> {
    let folder = tempfile::tempdir()?;
    let status = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder.path()).status()?;
    ensure!(status.success(), "tar does not take {}", archive.display());
    let inner = std::fs::read_dir(folder.path())?.next().context("one folder")??.path();
    let mut parts = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(inner)? {
        let entry = entry?;
        parts.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path())?);
    }
    Ok(parts)
}

#[test]
fn it_has_what_the_manifest_says_and_no_secret() -> Result<()> {
    let secret = "hunter2-in-the-settings";
    let mut agent = Agent::new("")?
        .with("PORTAL_AGENT__EMBEDDED_BROKER__USERNAME", "tester")
        .with("PORTAL_AGENT__EMBEDDED_BROKER__PASSWORD", secret);
    let log = agent.state_dir().join("portal-agent.log").display().to_string();
    agent.start(&["--embedded-broker", "--notifier", "console", "--log-file", &log])?;
    agent.wait(&["online"])?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    agent.output(&["push", "--here", "--wait", "--title", "a", "--body", "b"])?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("report.tar.gz");
    let listed = agent.json(&["diagnostics", "--list"])?;
    ensure!(!file.exists());
    let said = agent.json(&["diagnostics", &file.display().to_string()])?;
    let parts = unpacked(&file)?;
    let manifest: Value = serde_json::from_str(&parts["manifest.json"])?;
    assert_eq!(manifest["parts"], said["parts"]);
    for part in listed["parts"].as_array().context("parts")? {
        let name = part["name"].as_str().context("a name")?;
        ensure!(parts.contains_key(name), "{name} is not in the archive: {:?}", parts.keys());
    }
    for (part, words) in [
        ("status.json", "\"notificationPermission\":\"denied\""),
        ("receipts.jsonl", "\"outcome\":\"withheld\""),
        ("settings.json", "\"***\""),
        ("doctor.json", "\"checks\""),
        ("log.txt", "the daemon is running"),
        ("version.txt", "commit"),
        ("state-directory.txt", "journal.db"),
        ("session.txt", "PORTAL_AGENT__EMBEDDED_BROKER__PASSWORD is set"),
    ] {
        ensure!(parts[part].contains(words), "{words:?} in {part}: {}", parts[part]);
    }
    let control: Value = serde_json::from_slice(&std::fs::read(agent.state_dir().join("control.json"))?)?;
    let token = control["token"].as_str().context("a token")?;
    for (name, content) in &parts {
        ensure!(!content.contains(secret) && !content.contains(token), "a secret is in {name}");
    }
    agent.stop()
}

#[test]
fn it_is_made_of_a_daemon_that_is_frozen_and_says_what_is_missing_for_it() -> Result<()> {
    // A command waits half a minute for an answer.
    if std::env::var_os("PORTAL_TESTS_FULL").is_none() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut agent = Agent::new("")?;
    let log = agent.state_dir().join("portal-agent.log").display().to_string();
    agent.start(&["--embedded-broker", "--notifier", "console", "--log-file", &log])?;
    agent.wait(&["online"])?;
    agent.freeze()?;
    let file = folder.path().join("frozen.tar.gz");
    let said = agent.command(&["diagnostics", &file.display().to_string()]);
    agent.thaw()?;
    ensure!(said?.contains("did not answer"));
    let parts = unpacked(&file)?;
    let manifest: Value = serde_json::from_str(&parts["manifest.json"])?;
    for entry in manifest["parts"].as_array().context("parts")? {
        let name = entry["name"].as_str().context("a name")?;
        let problem = entry["problem"].as_str().unwrap_or_default();
        let asked = ["status.json", "doctor.json", "devices.json", "settings.json", "receipts.jsonl"].contains(&name);
        assert_eq!(problem.contains("did not answer"), asked, "{name}: {problem:?}");
    }
    ensure!(parts["settings.json"].contains("\"settings\"") && parts["log.txt"].contains("the daemon is running"));
    ensure!(parts["state-directory.txt"].contains("journal.db"));
    agent.stop()
}

#[test]
fn it_is_made_without_a_daemon_and_after_one_that_was_killed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut agent = Agent::new("")?;
    let dead = folder.path().join("dead.tar.gz");
    let said = agent.command(&["diagnostics", &dead.display().to_string()])?;
    ensure!(said.contains("no daemon is running"), "{said}");
    let parts = unpacked(&dead)?;
    ensure!(parts["settings.json"].contains("\"settings\"") && parts["session.txt"].contains("kernel"));
    ensure!(parts["manifest.json"].contains("no daemon is running"), "{}", parts["manifest.json"]);

    agent.start(&["--embedded-broker", "--notifier", "console"])?;
    agent.kill()?;
    let killed = folder.path().join("killed.tar.gz");
    agent.command(&["diagnostics", &killed.display().to_string()])?;
    ensure!(unpacked(&killed)?["state-directory.txt"].contains("journal.db"));
    Ok(())
}

#[test]
fn a_disk_that_is_full_is_an_error_and_leaves_no_half_file() -> Result<()> {
    let agent = Agent::new("")?;
    let line = agent.failure(1, &["diagnostics", "/nowhere/at/all.tar.gz"])?;
    ensure!(line.contains("was not written") && line.contains("hint: "), "{line}");
    let line = agent.failure(1, &["diagnostics", "/dev/full"])?;
    ensure!(line.contains("was not written") && line.contains("hint: "), "{line}");
    let Some(disk) = LoopDisk::of_mebibytes(4)? else { return Ok(()) };
    disk.fill_but(0)?;
    let file = disk.path().join("report.tar.gz");
    let before = std::fs::read_dir(disk.path())?.count();
    let line = agent.failure(1, &["diagnostics", &file.display().to_string()])?;
    ensure!(line.contains("was not written"), "{line}");
    assert_eq!(std::fs::read_dir(disk.path())?.count(), before, "something is left");
    Ok(())
}

#[test]
fn the_build_is_said_in_full() -> Result<()> {
    let agent = Agent::new("")?;
    let output = Command::new(portal_tests::agent::binary()?).args(["--version", "--verbose"]).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success() && said.contains("commit") && said.contains("built"), "{said}");
    drop(agent);
    Ok(())
}
