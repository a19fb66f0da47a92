//! `return`: the device is again as it was after an earlier event, and nothing that happened since is lost.
//!
//! Lives here: the command from the shell, what of the present goes on, and what is said of an event that is not there. Does
//! not live here: what is restored, state by state (`portal_device`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::http::ControlApi;
use serde_json::Value;

/// The device's history, as the page has it.
fn history(agent: &Agent) -> Result<Vec<Value>> {
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let control = ControlApi::of(agent.state_dir())?;
    let answer = control.authorised("GET", &format!("/v1/devices/{device}/history"), "")?.json()?;
    Ok(answer["history"].as_array().context("a list")?.clone())
}

fn latest_event(agent: &Agent) -> Result<u64> {
    history(agent)?.last().and_then(|entry| entry["event"].as_u64()).context("an event")
}

fn outcome(agent: &Agent, id: &str) -> Result<String> {
    agent.output(&["push", "--here", "--wait", "20s", "--id", id, "--title", "t", "--body", "b"])?;
    let receipt = agent.json(&["log", "--id", id])?;
    Ok(receipt["outcome"].as_str().context("an outcome")?.to_owned())
}

#[test]
fn a_denial_and_a_wipe_are_taken_back_over_a_restart_and_the_history_keeps_them() -> Result<()> {
    let mut agent = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    agent.command(&["device", "set-up"])?;
    let ready = latest_event(&agent)?;
    assert_eq!(outcome(&agent, "allowed")?, "presented");
    agent.command(&["permission", "deny"])?;
    assert_eq!(outcome(&agent, "denied")?, "withheld");
    agent.command(&["wipe"])?;
    agent.command(&["stop"])?;
    agent.start(&["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    let before = history(&agent)?;
    let state = agent.json(&["return", &ready.to_string()])?;
    assert_eq!(
        (&state["notificationPermission"], &state["managementState"]),
        (&"authorized".into(), &"managed".into())
    );
    assert_eq!(outcome(&agent, "again")?, "presented");
    let receipt = agent.json(&["log", "--id", "again"])?;
    assert_eq!(receipt["sequence"], 3, "the sequence goes on");
    let after = history(&agent)?;
    assert_eq!(after[..before.len()], before[..], "nothing of the history is erased");
    ensure!(after.iter().any(|entry| entry["change"]["command"]["return"]["event"] == ready), "{after:?}");
    let said = agent.command(&["return", &ready.to_string()])?;
    ensure!(!said.contains("already"), "its in-app list and cards went: {said}");
    let said = agent.command(&["return", &latest_event(&agent)?.to_string()])?;
    ensure!(said.contains("already as it was after event"), "{said}");
    Ok(())
}

#[test]
fn an_event_that_is_not_there_is_said_with_what_is() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    let line = agent.failure(1, &["return", "4711"])?;
    ensure!(line.contains("event 4711 has not happened") && line.contains("hint"), "{line}");
    let line = agent.failure(1, &["return", "0"])?;
    ensure!(line.contains("is kept from event 1 on"), "{line}");
    let line = agent.failure(1, &["return", &u64::MAX.to_string()])?;
    ensure!(line.contains("has not happened"), "{line}");
    let line = agent.failure(2, &["return", "yesterday"])?;
    ensure!(line.contains("no number of an event"), "{line}");
    Ok(())
}
