//! What has arrived and waits is never silent: `log`, `explain`, `status` and `push --wait` say what it waits for, through the
//! real binary.
//!
//! Lives here: one walk a subject. Does not live here: what holds a push (beside the device's code).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use serde_json::Value;

/// A daemon with an embedded broker and no desktop, its Android device made ready.
fn ready() -> Result<Agent> {
    let agent = Agent::running("", &["--notifier", "console", "--embedded-broker", "--platform", "android"])?;
    agent.make_ready()?;
    Ok(agent)
}

/// Who enrolls a device that is made ready.
const USER: &str = "adele@contoso.example";

/// Pushes with this patience; the exit code and what was printed, line by line.
fn push(agent: &Agent, id: &str, wait: &str) -> Result<(i32, Vec<Value>, String)> {
    let line = ["--json", "push", "--here", "--title", "t", "--body", "b", "--id", id, "--wait", wait];
    let output = agent.output(&line)?;
    let lines = String::from_utf8(output.stdout)?;
    let lines: Result<Vec<Value>, _> = lines.lines().map(serde_json::from_str).collect();
    Ok((output.status.code().context("an exit code")?, lines?, String::from_utf8(output.stderr)?))
}

#[test]
fn a_push_that_doze_holds_is_told_everywhere_until_it_is_let_go() -> Result<()> {
    let agent = ready()?;
    agent.command(&["device", "doze", "on"])?;
    let (code, lines, _) = push(&agent, "dozing", "1s")?;
    let held = lines.last().context("a held row")?;
    ensure!(code == 4, "{code}: {lines:?}");
    ensure!(held["outcome"] == "held" && held["reason"] == "doze" && held["command"] == "device doze off", "{held}");
    ensure!(held["since"].is_string() && held["sequence"].is_null(), "{held}");

    let listed = agent.json_lines(&["log"])?;
    ensure!(listed == std::slice::from_ref(held), "{listed:?}");
    ensure!(agent.json_lines(&["log", "--outcome", "held"])? == std::slice::from_ref(held));
    ensure!(agent.json_lines(&["log", "--outcome", "presented"])?.is_empty());
    ensure!(agent.json_lines(&["log", "--id", "another"])?.is_empty());
    ensure!(agent.command(&["log"])?.contains("device doze off"));
    ensure!(agent.failure(2, &["log", "--follow", "--outcome", "held"])?.contains("receipts"));

    let status = agent.json(&["status"])?;
    ensure!(status["held"] == 1 && status["heldPushes"][0]["notificationId"] == "dozing", "{status}");
    for line in [&["explain"][..], &["explain", "dozing"]] {
        let explained = agent.json(line)?;
        ensure!(explained["outcome"] == "held" && explained["reason"] == "doze", "{explained}");
        let first = &explained["waysToShow"][0]["steps"][0];
        ensure!(first["command"] == "device doze off" && first["by"] == "user", "{explained}");
    }

    agent.command(&["device", "doze", "off"])?;
    agent.wait_for_receipt("dozing")?;
    let listed = agent.json_lines(&["log"])?;
    ensure!(listed.len() == 1 && listed[0]["outcome"] == "presented", "{listed:?}");
    ensure!(agent.json(&["explain", "dozing"])?["outcome"] == "presented");
    Ok(())
}

#[test]
fn what_waits_at_the_broker_is_said_as_that() -> Result<()> {
    let agent = ready()?;
    agent.command(&["device", "offline"])?;
    let (code, _, error) = push(&agent, "away", "1s")?;
    ensure!(code == 1 && error.contains("waits at the broker") && error.contains("device online"), "{code}: {error}");
    agent.command(&["device", "online"])?;
    agent.wait_for_receipt("away")
}

#[test]
fn where_nothing_showed_push_says_what_would_have_made_it() -> Result<()> {
    let agent = ready()?;
    agent.command(&["permission", "deny"])?;
    let (code, lines, _) = push(&agent, "denied", "20s")?;
    let receipt = lines.last().context("a receipt")?;
    ensure!(code == 0 && receipt["outcome"] == "withheld", "{receipt}");
    ensure!(receipt["waysToShow"][0]["steps"][0]["command"] == "permission allow", "{receipt}");
    let text = agent.command(&["push", "--here", "--title", "t", "--body", "b", "--wait", "20s"])?;
    ensure!(text.contains("What would make it show") && text.contains("permission allow"), "{text}");
    Ok(())
}

#[test]
fn a_reset_ends_what_is_held_and_takes_the_clock_back_where_it_is_asked_to() -> Result<()> {
    let agent = ready()?;
    agent.command(&["clock", "advance", "2h"])?;
    agent.command(&["device", "doze", "on"])?;
    push(&agent, "waits", "1s")?;
    agent.command(&["device", "reset", "--clock"])?;
    agent.wait_for_receipt("waits")?;
    let receipt = agent.json_lines(&["log", "--id", "waits"])?;
    ensure!(receipt[0]["outcome"] == "dropped" && receipt[0]["problem"] == "unregistered", "{receipt:?}");
    ensure!(agent.json(&["status"])?["condition"]["clockAheadMillis"] == 0);
    let (_, lines, _) = push(&agent, "waits", "20s")?;
    let again = lines.last().context("a receipt")?;
    ensure!(again["outcome"] == "withheld", "its id may be used again: {again}");
    ensure!(again["decidedAt"].as_str() < receipt[0]["decidedAt"].as_str(), "{again}");
    Ok(())
}

#[test]
fn a_command_that_asks_for_something_else_than_what_is_there_fails() -> Result<()> {
    let agent = ready()?;
    ensure!(agent.failure(1, &["app", "install", "--version", "9.9"])?.contains("app update --version 9.9"));
    ensure!(
        agent.failure(1, &["enroll", "--user", USER, "--owner", "company"])?.contains("managedDeviceOwnerType=company")
    );
    ensure!(agent.command(&["app", "install"])?.contains("already installed"));
    Ok(())
}
