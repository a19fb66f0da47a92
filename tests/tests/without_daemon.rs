//! `log`, `explain` and `status` where no daemon runs: from its journal, said so, and nothing written (contract 7).
//!
//! Lives here: what the real binary reads of a daemon that stopped or was killed. Does not live here: what a page says.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use serde_json::Value;

/// A daemon that has shown, withheld and held a push.
fn with_a_past() -> Result<Agent> {
    let agent = Agent::running("", &["--notifier", "console", "--embedded-broker", "--platform", "android"])?;
    agent.make_ready()?;
    let push =
        |id: &str, expected: &str| agent.command(&["push", "Title of it", "Body", "--id", id, "--expect", expected]);
    push("shown", "presented")?;
    agent.command(&["permission", "deny"])?;
    push("refused", "withheld")?;
    agent.command(&["permission", "allow"])?;
    agent.command(&["device", "doze", "on"])?;
    push("waits", "held")?;
    Ok(agent)
}

/// Every file of the state directory with its bytes.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    Ok(files)
}

/// What the three commands say, without what only a daemon has.
fn told(agent: &Agent) -> Result<(Vec<Value>, Value, Value)> {
    let mut status = agent.json(&["status"])?;
    let members = status.as_object_mut().context("an object")?;
    for name in ["broker", "connection", "control", "daemon", "desktop"] {
        ensure!(members.remove(name).is_some(), "{name} is a member with or without a daemon");
    }
    Ok((agent.json_lines(&["log"])?, agent.json(&["explain", "refused"])?, status))
}

#[test]
fn the_journal_tells_the_same_after_a_stop_and_after_a_kill_and_stays_as_it_is() -> Result<()> {
    for is_killed in [false, true] {
        let mut agent = with_a_past()?;
        let before = told(&agent)?;
        if is_killed {
            agent.kill()?
        } else {
            agent.stop()?
        };
        let kept = files(agent.state_dir())?;
        let after = told(&agent)?;
        ensure!(before.0 == after.0 && before.0.len() == 3, "killed: {is_killed}\n{before:#?}\n{after:#?}");
        ensure!(before.1 == after.1, "{:#}\n{:#}", before.1, after.1);
        ensure!(before.2 == after.2, "{:#}\n{:#}", before.2, after.2);
        ensure!(agent.json(&["explain"])?["outcome"] == "held");
        ensure!(agent.json(&["explain", "sho"])?["notificationId"] == "shown", "a beginning is enough");
        ensure!(agent.json_lines(&["log", "--outcome", "withheld"])?.len() == 1);
        ensure!(files(agent.state_dir())? == kept, "nothing is written, killed: {is_killed}");
        agent.start(&["--notifier", "console", "--embedded-broker"])?;
        agent.wait(&["online"])?;
        ensure!(agent.json_lines(&["log"])? == before.0, "and the daemon goes on");
    }
    Ok(())
}

#[test]
fn it_is_said_that_no_daemon_runs_and_what_needs_one_is_refused() -> Result<()> {
    let mut agent = with_a_past()?;
    agent.stop()?;
    let status = agent.json(&["status"])?;
    ensure!(status["daemon"].is_null() && status["broker"]["connected"] == false, "{status}");
    ensure!(status["desktop"]["notificationServer"].is_null() && status["connection"] == "offline", "{status}");
    ensure!(agent.command(&["status"])?.contains("no daemon runs"));
    for command in [&["log"][..], &["explain"], &["status"]] {
        let output = agent.output(command)?;
        let note = String::from_utf8(output.stderr)?;
        ensure!(output.status.success() && note.lines().count() == 1 && note.contains("no daemon runs"), "{note}");
        let output = agent.output(&[&["--json"], command].concat())?;
        let note: Value = serde_json::from_slice(&output.stderr)?;
        ensure!(note["note"].as_str().is_some_and(|note| note.contains("journal")), "{note}");
    }
    for command in [&["log", "--follow"][..], &["status", "--wait", "50ms"], &["wait", "online"], &["device", "lock"]] {
        ensure!(agent.failure(3, command)?.contains("no daemon"), "{command:?}");
    }
    let line = agent.failure(2, &["status", "--device", "Nobody's"])?;
    ensure!(line.contains("is called"), "{line}");
    Ok(())
}

#[test]
fn a_daemon_that_does_not_answer_is_an_error_and_never_the_journal() -> Result<()> {
    let agent = with_a_past()?;
    std::fs::remove_file(agent.state_dir().join("control.json"))?;
    for command in [&["log"][..], &["explain"], &["status"]] {
        let line = agent.failure(1, command)?;
        ensure!(line.lines().count() == 1 && line.contains("does not answer"), "{command:?}: {line}");
    }
    Ok(())
}

#[test]
fn a_copy_without_the_index_of_its_log_is_read_too() -> Result<()> {
    let mut agent = with_a_past()?;
    let before = agent.json_lines(&["log"])?;
    agent.kill()?;
    let log = agent.state_dir().join("journal.db-wal");
    ensure!(log.metadata()?.len() > 0, "a daemon that was killed leaves its log");
    std::fs::remove_file(agent.state_dir().join("journal.db-shm"))?;
    let kept = files(agent.state_dir())?;
    ensure!(agent.json_lines(&["log"])? == before);
    ensure!(files(agent.state_dir())? == kept, "nothing is written");
    Ok(())
}
