//! Several devices in one daemon, each a device of its own.
//!
//! Lives here: adding, naming, listing and removing devices, and that nothing of one reaches another. Does not live here: what
//! one device does.

use anyhow::{Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::dunst::DunstSession;
use portal_tests::session_bus::SessionBus;
use serde_json::json;

fn daemon() -> Result<Agent> {
    Agent::running("", &["--notifier", "console", "--embedded-broker", "--device-name", "Ada's iPhone"])
}

fn names(agent: &Agent) -> Result<Vec<String>> {
    let list = agent.json(&["device", "list"])?;
    let hosted = list["hosted"].as_array().cloned().unwrap_or_default();
    Ok(hosted.iter().filter_map(|device| Some(device["deviceName"].as_str()?.to_owned())).collect())
}

#[test]
fn devices_are_added_named_and_listed_and_each_has_a_journal_of_its_own() -> Result<()> {
    let agent = daemon()?;
    let pixel = agent.json(&["device", "add", "--platform", "android", "--name", "Pixel"])?;
    assert_eq!((&pixel["operatingSystem"], &pixel["deviceName"]), (&json!("Android"), &json!("Pixel")));
    agent.json(&["device", "add"])?;
    agent.json(&["device", "add"])?;
    assert_eq!(names(&agent)?, ["Ada's iPhone", "Pixel", "iPhone", "iPhone 2"], "a name that is taken is numbered");
    for command in [&["enroll", "--user", "adele@contoso.example"][..], &["app", "install"], &["permission", "allow"]] {
        agent.command(&[&["--device", "Pixel"], command].concat())?;
    }
    agent.command(&["--device", "Pixel", "wait", "online"])?;
    let pushed = agent.json_lines(&["push", "--device", "Pixel", "--title", "t", "--body", "b", "--wait", "20s"])?;
    assert_eq!(pushed[1]["outcome"], "presented");
    ensure!(agent.command(&["--device", "iPhone", "log"])?.is_empty(), "another device's journal");
    let other = agent.json_lines(&["push", "--device", "iPhone", "--title", "t", "--body", "b", "--wait", "20s"])?;
    assert_eq!((&other[1]["outcome"], &other[1]["sequence"]), (&json!("withheld"), &json!(1)));
    Ok(())
}

#[test]
fn which_device_is_meant_must_be_said_where_there_are_several() -> Result<()> {
    let agent = daemon()?;
    agent.json(&["device", "add", "--name", "Pixel", "--platform", "android"])?;
    let refused = agent.failure(2, &["status"])?;
    ensure!(refused.contains("Ada's iPhone, Pixel") && refused.contains("hint: name it with --device"), "{refused}");
    let unknown = agent.failure(2, &["--device", "Nokia", "status"])?;
    ensure!(unknown.contains("\"Nokia\"") && unknown.contains("hint: portal-agent device list"), "{unknown}");
    let taken = agent.failure(1, &["device", "add", "--name", "Pixel"])?;
    ensure!(taken.contains("hosted already"), "{taken}");
    Ok(())
}

#[test]
fn a_removed_device_is_gone_after_a_restart_too_and_the_last_one_stays() -> Result<()> {
    let mut agent = daemon()?;
    agent.json(&["device", "add", "--name", "Pixel", "--platform", "android"])?;
    agent.command(&["--device", "Pixel", "wait", "online"])?;
    let left = agent.json(&["device", "remove", "Pixel"])?;
    assert_eq!(left["hosted"].as_array().map(Vec::len), Some(1));
    let only = agent.failure(1, &["device", "remove", "Ada's iPhone"])?;
    ensure!(only.contains("the only device"), "{only}");
    agent.json(&["device", "add", "--name", "Nokia", "--platform", "android"])?;
    agent.stop()?;
    agent.start(&["--notifier", "console", "--embedded-broker"])?;
    assert_eq!(names(&agent)?, ["Ada's iPhone", "Nokia"]);
    Ok(())
}

/// dunst puts cards that are equal in one place: the second of two equal prompts would replace the first, whose end would be
/// taken for a person's.
#[tokio::test(flavor = "multi_thread")]
async fn two_equal_prompts_stand_beside_each_other_on_one_desktop() -> Result<()> {
    let bus = SessionBus::start()?;
    let _dunst = DunstSession::start(&bus.address()).await?;
    let agent =
        Agent::running(&bus.address(), &["--embedded-broker", "--platform", "android", "--device-name", "One"])?;
    agent.json(&["device", "add", "--platform", "android", "--name", "Two"])?;
    for device in ["One", "Two"] {
        agent.command(&["--device", device, "app", "install"])?;
    }
    // The desktop has taken both cards once the later one is closed by the answer to its prompt.
    agent.command(&["--device", "Two", "permission", "allow"])?;
    let one = agent.json(&["--device", "One", "status"])?;
    ensure!(one["prompt"].is_object(), "the first prompt still shows: {one}");
    assert_eq!(one["notificationPermission"], "notDetermined");
    Ok(())
}
