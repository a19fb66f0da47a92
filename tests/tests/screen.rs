//! The phone's screen by `screen`, its cards and its history, as a daemon tells them.
//!
//! Lives here: what the journal and the running device add to the screen. Does not live here: each state (`portal_screen`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::http::ControlApi;
use serde_json::Value;

fn push(agent: &Agent, title: &str) -> Result<()> {
    agent.output(&["push", "--here", "--wait", "20s", "--title", title, "--body", "Work from home."]).map(drop)
}

fn get(agent: &Agent, path: &str) -> Result<Value> {
    let api = ControlApi::of(agent.state_dir())?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    api.authorised("GET", &format!("/v1/devices/{device}/{path}"), "")?.json()
}

#[test]
fn the_screen_follows_the_device_and_can_be_looked_back_at() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    push(&agent, "not shown")?;
    let screen = agent.json(&["screen"])?;
    assert_eq!((&screen["banner"], &screen["list"]["cards"]), (&Value::Null, &Value::Array(Vec::new())));
    agent.command(&["permission", "allow"])?;
    push(&agent, "shown")?;
    let screen = agent.json(&["screen"])?;
    assert_eq!(screen["banner"]["title"], "shown");
    assert_eq!(screen["appIcon"]["badge"], 1);
    let drawn = agent.command(&["screen", "--list", "--settings"])?;
    ensure!(drawn.contains("\u{258c} shown") && drawn.contains("portal-agent permission deny"), "{drawn}");

    let cards = get(&agent, "cards")?;
    assert_eq!((&cards["cards"][0]["title"], &cards["cards"][0]["open"]), (&"shown".into(), &true.into()));
    let history = get(&agent, "history")?;
    let entries = history["history"].as_array().context("a list")?;
    let withheld =
        entries.iter().find(|entry| entry["receipt"]["outcome"] == "withheld").context("the withheld push")?;
    let allowed = entries.iter().rev().find(|entry| entry["kind"] == "changed").context("a change")?;
    assert_eq!(allowed["state"]["notificationPermission"], "authorized");
    let (event, sequence) = (withheld["event"].to_string(), withheld["receipt"]["sequence"].to_string());
    let then = agent.json(&["screen", "--event", &event, "--sequence", &sequence])?;
    assert_eq!((&then["banner"], &then["settings"]["rows"][0]["value"]), (&Value::Null, &"Off".into()));
    let line = agent.failure(1, &["screen", "--event", "999999"])?;
    ensure!(line.contains("the journal has no such place"), "{line}");
    agent.command(&["app", "uninstall"])?;
    let screen = agent.json(&["screen"])?;
    assert_eq!((&screen["appIcon"], &screen["list"]["cards"]), (&Value::Null, &Value::Array(Vec::new())));
    Ok(())
}
