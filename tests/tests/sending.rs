//! `push`, `log` and `explain` as a sender and a reader use them.
//!
//! Lives here: the sender's arguments and exits, filters and following. Does not live here: what becomes of a push (`outcomes`).

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::mosquitto_clients::BrokerArguments;
use serde_json::{Value, json};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const GROUP: &str = "11111111-2222-4333-8444-555555555555";

fn ready() -> Result<Agent> {
    let agent = Agent::running("", &["--notifier", "console", "--device-id", DEVICE, "--embedded-broker"])?;
    agent.make_ready()?;
    Ok(agent)
}

fn push<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["push", "--title", "Office closed", "--body", "Work from home."], more].concat()
}

#[test]
fn push_prints_its_id_and_with_wait_the_receipts() -> Result<()> {
    let agent = ready()?;
    let lines = agent.json_lines(&push(&["--here", "--wait"]))?;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[1]["notificationId"], &lines[1]["outcome"]), (&lines[0]["id"], &json!("presented")));
    let lines = agent.json_lines(&push(&["--device", DEVICE, "--id", "mine", "--wait", "20s"]))?;
    assert_eq!((&lines[0], &lines[1]["notificationId"]), (&json!({"id": "mine"}), &json!("mine")));
    let page = agent.command(&push(&["--here", "--wait", "--id", "words"]))?;
    ensure!(page.contains("words") && page.contains("presented"), "{page}");
    assert_eq!(agent.json_lines(&push(&["--here", "--id", "unwaited"]))?, [json!({"id": "unwaited"})]);
    Ok(())
}

#[test]
fn any_text_is_a_title_and_a_body() -> Result<()> {
    let agent = ready()?;
    let lines = agent.json_lines(&["push", "--here", "--title", "-50% today", "--body", "--all of it", "--wait"])?;
    assert_eq!(lines[1]["outcome"], "presented", "{lines:?}");
    Ok(())
}

#[test]
fn of_two_with_a_collapse_key_the_newer_takes_the_place_of_the_other() -> Result<()> {
    let arguments = ["--notifier", "console", "--device-id", DEVICE, "--embedded-broker", "--platform", "android"];
    let agent = Agent::running("", &arguments)?;
    agent.make_ready()?;
    agent.command(&["device", "offline"])?;
    for (id, key) in [("first", "news"), ("other", "weather"), ("second", "news")] {
        agent.command(&push(&["--here", "--id", id, "--collapse-key", key]))?;
    }
    agent.command(&["device", "online"])?;
    agent.wait(&["outcome=presented", "--notification", "second"])?;
    let outcome = |id| agent.json(&["log", "--id", id]).map(|row| (row["outcome"].clone(), row["problem"].clone()));
    assert_eq!(outcome("first")?, (json!("dropped"), json!("collapsed")));
    assert_eq!(outcome("other")?.0, "presented");
    Ok(())
}

#[test]
fn push_to_a_group_and_to_a_targeted_user() -> Result<()> {
    let agent = ready()?;
    agent.command(&["enroll", "--user", "adele@contoso.example", "--group", GROUP])?;
    agent.wait(&["online"])?;
    let lines =
        agent.json_lines(&push(&["--group", GROUP, "--wait", "2s", "--target-user", "Adele@contoso.example"]))?;
    assert_eq!(lines[1]["target"], json!({"kind": "group", "id": GROUP}));
    let expiring = agent.json_lines(&push(&["--here", "--expires-in", "1h", "--wait"]))?;
    assert_eq!(expiring[1]["outcome"], "presented");
    Ok(())
}

#[test]
fn push_stamps_in_device_time() -> Result<()> {
    let agent = ready()?;
    // By the computer's clock, an hour from now would be long past on this device.
    agent.command(&["clock", "advance", "30d"])?;
    let lines = agent.json_lines(&push(&["--here", "--expires-in", "1h", "--wait"]))?;
    assert_eq!(lines[1]["outcome"], "presented");
    Ok(())
}

#[test]
fn push_raw_sends_bytes_as_they_are() -> Result<()> {
    let agent = ready()?;
    let file = agent.state_dir().with_extension("payload");
    std::fs::write(&file, b"{\"id\":\"raw\",\xff}")?;
    let path = file.to_string_lossy().into_owned();
    agent.command(&["push", "--here", "--raw", &path])?;
    agent.command(&["wait", "lastSequence=1", "--timeout", "20s"])?;
    assert_eq!(agent.json_lines(&["log"])?[0]["problem"], "notUtf8");
    std::fs::write(&file, r#"{"id":"raw","notificationTitle":"t","notificationBody":"b"}"#)?;
    let lines = agent.json_lines(&["push", "--here", "--raw", &path, "--wait", "20s"])?;
    assert_eq!(lines.last().context("a receipt")?["notificationId"], "raw");
    let missing = agent.failure(2, &["push", "--here", "--raw", "/nonexistent/payload"])?;
    ensure!(missing.contains("/nonexistent/payload") && missing.lines().count() == 1, "{missing}");
    Ok(())
}

#[test]
fn without_a_receipt_in_time_push_fails() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let agent = Agent::new("")?.with("PORTAL_AGENT__SENDER__URLS", &broker.url());
    // Only --here needs a daemon.
    let output = agent.output(&[&["--json"], &push(&["--device", DEVICE, "--wait", "300ms"])[..]].concat())?;
    assert_eq!(output.status.code(), Some(1));
    let id: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(id["id"].is_string(), "the id is printed first: {id}");
    let arrived =
        BrokerArguments::port(broker.port()).subscribe(&format!("portal/v1/contoso/devices/{DEVICE}/notifications"))?;
    agent.command(&push(&["--device", DEVICE, "--id", "sent"]))?;
    let payload = arrived.next_json()?;
    assert_eq!((&payload["id"], &payload["notificationTitle"]), (&json!("sent"), &json!("Office closed")));
    Ok(())
}

#[test]
fn a_broker_that_is_not_there_fails_in_one_line() -> Result<()> {
    let agent = Agent::new("")?.with("PORTAL_AGENT__SENDER__URLS", "mqtt://127.0.0.1:1");
    let line = agent.failure(1, &push(&["--device", DEVICE]))?;
    ensure!(line.contains("127.0.0.1:1") && line.lines().count() == 1, "{line}");
    Ok(())
}

#[test]
fn push_sends_what_is_too_long_and_prints_why_it_was_rejected() -> Result<()> {
    let agent = ready()?;
    let title = "t".repeat(51);
    let page = agent.command(&["push", "--here", "--title", &title, "--body", "b", "--wait"])?;
    ensure!(page.contains("rejected") && page.contains("titleLength") && page.contains("50"), "{page}");
    Ok(())
}

#[test]
fn log_filters_and_limits() -> Result<()> {
    let agent = ready()?;
    for id in ["a", "b"] {
        agent.command(&push(&["--here", "--id", id, "--wait"]))?;
    }
    agent.command(&["permission", "deny"])?;
    agent.command(&push(&["--here", "--id", "c", "--wait"]))?;
    agent.command(&push(&["--here", "--id", "a", "--wait"]))?;
    let ids = |arguments: &[&str]| -> Result<Vec<String>> {
        let receipts = agent.json_lines(&[&["log"], arguments].concat())?;
        Ok(receipts.iter().map(|one| format!("{}{}", one["notificationId"], one["outcome"]).replace('"', "")).collect())
    };
    assert_eq!(ids(&[])?, ["apresented", "bpresented", "cwithheld", "aduplicate"]);
    assert_eq!(ids(&["--outcome", "withheld"])?, ["cwithheld"]);
    assert_eq!(ids(&["--id", "a"])?, ["apresented", "aduplicate"]);
    assert_eq!(ids(&["--limit", "2"])?, ["cwithheld", "aduplicate"]);
    assert_eq!(ids(&["--since", "1h"])?.len(), 4);
    assert_eq!(ids(&["--since", "2999-01-01T00:00:00Z"])?.len(), 0);
    let page = agent.command(&["log"])?;
    assert_eq!(page.lines().count(), 4, "{page}");
    ensure!(page.contains("notificationsPermitted"), "{page}");
    Ok(())
}

/// `log --follow`, and the lines that it prints.
struct FollowedLog {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl FollowedLog {
    fn start(agent: &Agent, arguments: &[&str]) -> Result<Self> {
        let command = [&["--json", "log", "--follow"], arguments].concat();
        let mut child = agent.prepare(&command)?.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        Ok(Self { child, lines })
    }

    fn next(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.lines.next().context("a line")??)?)
    }
}

#[test]
fn log_follow_goes_on_until_the_daemon_ends() -> Result<()> {
    let mut agent = ready()?;
    agent.command(&push(&["--here", "--id", "before", "--wait"]))?;
    let mut all = FollowedLog::start(&agent, &[])?;
    assert_eq!(all.next()?["notificationId"], "before");
    let mut withheld = FollowedLog::start(&agent, &["--outcome", "withheld"])?;
    agent.command(&push(&["--here", "--id", "shown", "--wait"]))?;
    agent.command(&["permission", "deny"])?;
    agent.command(&push(&["--here", "--id", "hidden", "--wait"]))?;
    assert_eq!(all.next()?["notificationId"], "shown");
    assert_eq!(all.next()?["notificationId"], "hidden");
    assert_eq!(withheld.next()?["notificationId"], "hidden");
    agent.stop()?;
    for following in [&mut all, &mut withheld] {
        ensure!(following.lines.next().is_none());
        assert_eq!(following.child.wait()?.code(), Some(3), "the daemon ended");
    }
    Ok(())
}

#[test]
fn explain_without_a_push_and_of_an_unknown_id() -> Result<()> {
    let agent = ready()?;
    let line = agent.failure(1, &["explain"])?;
    ensure!(line.contains("push TITLE BODY"), "{line}");
    let line = agent.failure(1, &["explain", "nonsense"])?;
    ensure!(line.contains("nonsense") && line.contains("log"), "{line}");
    Ok(())
}

/// contract 5: the default sender is the daemon's: its broker, its tenant, its broker's password.
#[test]
fn without_a_sender_of_its_own_a_push_goes_where_the_daemon_is() -> Result<()> {
    let mut agent = Agent::new("")?
        .with("PORTAL_AGENT__BROKER__URLS", "mqtt://127.0.0.1:1")
        .with("PORTAL_AGENT__EMBEDDED_BROKER__USERNAME", "adele")
        .with("PORTAL_AGENT__EMBEDDED_BROKER__PASSWORD", "correct horse");
    agent.start(&["--embedded-broker", "--notifier", "console", "--tenant", "fabrikam"])?;
    agent.make_ready()?;
    agent.command(&["enroll", "--user", "adele@contoso.example", "--group", GROUP])?;
    agent.wait(&["online"])?;
    for address in [&["--here"][..], &["--group", GROUP]] {
        let push = [&["push", "--title", "T", "--body", "B", "--wait"], address].concat();
        let printed = agent.json_lines(&push)?;
        assert_eq!(printed[1]["outcome"], "presented", "{address:?}: {printed:?}");
    }
    Ok(())
}

#[test]
fn a_title_and_a_body_are_a_push_to_the_device_here() -> Result<()> {
    let agent = ready()?;
    let page = agent.command(&["push", "Office closed", "Work from home.", "--wait"])?;
    ensure!(page.contains("Office closed") && page.contains("presented"), "{page}");
    let lines = agent.json_lines(&["push", "T", "B", "--device", DEVICE, "--id", "by-id", "--wait"])?;
    assert_eq!((&lines[1]["notificationId"], &lines[1]["outcome"]), (&json!("by-id"), &json!("presented")));
    for wrong in [&["push", "T"][..], &["push", "T", "B", "C"], &["push", "T", "B", "--title", "X"]] {
        let line = agent.failure(2, wrong)?;
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    Ok(())
}

#[test]
fn push_expect_exits_with_0_for_what_is_expected_and_with_1_for_anything_else() -> Result<()> {
    let agent = Agent::running(
        "",
        &["--notifier", "console", "--device-id", DEVICE, "--embedded-broker", "--platform", "android"],
    )?;
    agent.make_ready()?;
    let push = |words: &[&'static str]| [&["push", "T", "B"], words].concat();
    agent.command(&push(&["--expect", "presented"]))?;
    agent.command(&["permission", "deny"])?;
    agent.command(&push(&["--expect", "withheld", "--expect", "notificationsPermitted"]))?;
    for (words, came) in [
        (&["--expect", "presented"][..], "withheld"),
        (&["--expect", "withheld", "--expect", "deviceEnrolled"], "withheld"),
        (&["--expect", "held", "--wait", "20s"], "withheld"),
    ] {
        let line = agent.failure(1, &push(words))?;
        ensure!(line.lines().count() == 1 && line.contains("expected") && line.contains(came), "{words:?}: {line}");
    }
    agent.command(&["permission", "allow"])?;
    agent.command(&["device", "doze", "on"])?;
    // It does not wait until time is up: what is expected has come.
    let lines = agent.json_lines(&push(&["--expect", "held", "--expect", "doze", "--wait", "1h"]))?;
    assert_eq!(lines.last().map(|line| &line["outcome"]), Some(&json!("held")), "{lines:?}");
    let line = agent.failure(1, &push(&["--expect", "presented", "--wait", "1s"]))?;
    ensure!(line.contains("the push was held"), "{line}");
    let line = agent.failure(2, &push(&["--expect", "witheld"]))?;
    ensure!(line.contains("did you mean withheld?"), "{line}");
    Ok(())
}

#[test]
fn many_are_sent_at_once_each_with_an_id_of_its_own() -> Result<()> {
    let agent = ready()?;
    let lines = agent.json_lines(&push(&["--here", "--count", "25"]))?;
    let ids: std::collections::BTreeSet<&str> = lines.iter().filter_map(|line| line["id"].as_str()).collect();
    assert_eq!((lines.len(), ids.len()), (25, 25));
    let last = lines.last().and_then(|line| line["id"].as_str()).unwrap_or_default();
    agent.wait_for_receipt(last)?;
    // A file's bytes are the same each time: what comes behind the first is a duplicate of it.
    let file = agent.state_dir().join("raw.json");
    std::fs::write(&file, r#"{"id":"one","notificationTitle":"T","notificationBody":"B"}"#)?;
    let raw = ["push", "--here", "--raw", file.to_str().unwrap_or_default(), "--count", "3"];
    assert_eq!(agent.json_lines(&raw)?, vec![json!({"id": "one"}); 3]);
    for refused in
        [&["--count", "0"][..], &["--count", "10001"], &["--count", "2", "--id", "x"], &["--count", "2", "--wait"]]
    {
        agent.failure(2, &push(&[&["--here"], refused].concat()))?;
    }
    Ok(())
}
