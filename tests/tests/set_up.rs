//! `device set-up`: a device that is ready for a test after one command.
//!
//! Lives here: the command from the shell to the push that follows it. Does not live here: each platform's states
//! (`portal_device`).

use anyhow::{Result, ensure};
use portal_tests::agent::Agent;

#[test]
fn one_command_makes_the_device_ready_as_often_as_it_is_needed() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    for (permission, outcome) in [("denied", "withheld"), ("authorized", "presented"), ("denied", "withheld")] {
        let state = agent.json(&["device", "set-up", "--permission", permission, "--user", "Bob@contoso.example"])?;
        assert_eq!(state["notificationPermission"], permission);
        assert_eq!(state["userPrincipalName"], "bob@contoso.example");
        let sent = agent.output(&["--json", "push", "--here", "--wait", "--title", "a", "--body", "b"])?;
        let printed = String::from_utf8_lossy(&sent.stdout).into_owned();
        ensure!(printed.contains(&format!("\"outcome\":\"{outcome}\"")), "{printed}");
    }
    let status = agent.json(&["device", "set-up", "--permission", "notDetermined"])?;
    assert_eq!(status["notificationPermission"], "notDetermined");
    agent.wait(&["prompt-showing"])
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() -> Result<()> {
    let arguments = ["--embedded-broker", "--notifier", "console", "--platform", "android", "--os-version", "12"];
    let agent = Agent::running("", &arguments)?;
    let before = agent.json(&["status"])?;
    let line = agent.failure(1, &["device", "set-up", "--permission", "notDetermined"])?;
    ensure!(line.contains("on Android 12 the permission cannot be notDetermined") && line.contains("facts"), "{line}");
    let line = agent.failure(1, &["device", "set-up", "--platform", "ios"])?;
    ensure!(line.contains("device add --platform ios"), "{line}");
    let line = agent.failure(2, &["device", "set-up", "--permission", "maybe"])?;
    ensure!(line.contains("authorized, denied, notDetermined or provisional"), "{line}");
    let after = agent.json(&["status"])?;
    assert_eq!((&after["updatedAt"], &after["app"]), (&before["updatedAt"], &before["app"]));
    agent.command(&["device", "set-up", "--platform", "android"]).map(drop)
}
