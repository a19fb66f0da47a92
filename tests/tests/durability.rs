//! What was acknowledged survives: kills, restarts, a second daemon, a disk that is full.
//!
//! Lives here: the state directory seen from outside, and the stream of pushes across ends of the daemon.
//! Does not live here: the session with the broker as such (`interop`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::publish::{TestPublisher, notification};
use portal_tests::session_bus::SessionBus;
use portal_tests::subscribe::{ReceivedMessage, TestSubscriber};
use portal_tests::test_rig::{LIMIT, TestRig, custom_notification};
use portal_tests::wait::until;
use serde_json::{Value, json};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
/// What arrives while the daemon is dead would be collapsed by the emulated push service.
const DELIVER_ALL: (&str, &str) = ("PORTAL_AGENT__PUSH_SERVICE__EMULATE", "false");

fn topic(leaf: &str) -> String {
    format!("portal/v1/contoso/devices/{DEVICE}/{leaf}")
}

/// How many rounds of kills; more with `tests/run --full`.
fn rounds() -> usize {
    if std::env::var_os("PORTAL_TESTS_FULL").is_some() { 30 } else { 4 }
}

fn arguments(url: &str) -> [&str; 4] {
    ["--device-id", DEVICE, "--broker", url]
}

/// The receipts as they were published: each sequence once, in the order in which each first came.
fn first_of_each(messages: &[ReceivedMessage]) -> Result<Vec<Value>> {
    let mut seen = BTreeSet::new();
    let mut first = Vec::new();
    for message in messages {
        let receipt: Value = serde_json::from_slice(&message.payload)?;
        if seen.insert(receipt["sequence"].as_u64().context("a sequence")?) {
            first.push(receipt);
        }
    }
    Ok(first)
}

/// Each id must be settled exactly once in the journal, and published in the journal's order.
fn check_journal(agent: &Agent, pushes: usize, published: &[ReceivedMessage]) -> Result<()> {
    let journal = agent.receipts(&["--limit", "100000"])?;
    let settled: Vec<&Value> = journal.iter().filter(|receipt| receipt["outcome"] != "duplicate").collect();
    let mut times = BTreeMap::new();
    for receipt in &settled {
        *times.entry(receipt["notificationId"].as_str().context("an id")?.to_owned()).or_insert(0) += 1;
    }
    ensure!(times.values().all(|&count| count == 1), "settled twice: {times:?}");
    ensure!(times.len() == pushes, "{} of {pushes} pushes have an outcome", times.len());
    let sequences: Vec<u64> = journal.iter().filter_map(|receipt| receipt["sequence"].as_u64()).collect();
    let expected: Vec<u64> = (1..=sequences.len() as u64).collect();
    assert_eq!(sequences, expected, "the journal's order has no gap");
    let published: Vec<u64> = first_of_each(published)?.iter().filter_map(|one| one["sequence"].as_u64()).collect();
    assert_eq!(published, expected, "published in order, each at least once");
    Ok(())
}

/// Publishes a batch, kills the daemon while its receipts come in, and starts it again; then waits for all of them.
async fn push_through_kills(agent: &mut Agent, url: &str, broker: &Mosquitto, batch: usize) -> Result<TestSubscriber> {
    let receipts = TestSubscriber::to(broker.port(), &topic("receipts")).await?;
    let sender = TestPublisher::connect(broker.port()).await?;
    for round in 0..rounds() {
        for number in 0..batch {
            sender.publish(&topic("notifications"), notification(&format!("{round}-{number}"))).await?;
        }
        // In the middle of the stream, each time at another place.
        let before = receipts.messages().len();
        receipts.wait_for(before + 1 + round * batch / (2 * rounds()), LIMIT).await?;
        agent.kill()?;
        agent.start(&arguments(url))?;
        agent.wait(&["online"])?;
    }
    sender.publish(&topic("notifications"), notification("last")).await?;
    agent.wait_for_receipt("last")?;
    let journal = agent.json(&["status"])?["lastSequence"].as_u64().context("a sequence")?;
    wait_until_published(&receipts, journal).await?;
    Ok(receipts)
}

async fn wait_until_published(receipts: &TestSubscriber, newest: u64) -> Result<()> {
    let mut wanted = newest as usize;
    loop {
        let messages = receipts.wait_for(wanted, LIMIT).await?;
        let highest = messages.iter().filter_map(|one| sequence(&one.payload)).max().unwrap_or(0);
        if highest >= newest {
            return Ok(());
        }
        wanted = messages.len() + 1;
    }
}

fn sequence(payload: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(payload).ok()?["sequence"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_in_a_stream_of_pushes_lose_nothing_that_was_acknowledged() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup { persistent: true, ..MosquittoSetup::default() })?;
    let url = broker.url();
    let mut agent = Agent::new("")?;
    agent.start(&arguments(&url))?;
    agent.wait(&["online"])?;
    let receipts = push_through_kills(&mut agent, &url, &broker, 200).await?;
    check_journal(&agent, rounds() * 200 + 1, &receipts.messages())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_shows_again_at_most_the_one_in_hand() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let broker = Mosquitto::start(&MosquittoSetup { persistent: true, ..MosquittoSetup::default() })?;
    let url = broker.url();
    let mut agent = Agent::new(&bus.address())?.with(DELIVER_ALL.0, DELIVER_ALL.1);
    agent.start(&arguments(&url))?;
    agent.make_ready()?;
    let receipts = push_through_kills(&mut agent, &url, &broker, 40).await?;
    let pushes = rounds() * 40 + 1;
    check_journal(&agent, pushes, &receipts.messages())?;
    let presented = agent.receipts(&["--outcome", "presented", "--limit", "100000"])?;
    assert_eq!(presented.len(), pushes, "every one of them was shown");
    let shown = server.notifications().iter().filter(|one| one.actions.len() < 2).count();
    ensure!((pushes..=pushes + rounds()).contains(&shown), "{shown} shown for {pushes} pushes and {} kills", rounds());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_commands_change_survives_a_kill() -> Result<()> {
    let mut rig = TestRig::start(&Default::default()).await?;
    for command in [
        &["enroll", "--user", "adele@contoso.example", "--group", "11111111-2222-4333-8444-555555555555"][..],
        &["app", "install", "--version", "5.2401.0"],
        &["permission", "deny"],
        &["device", "lock"],
        &["device", "focus", "on"],
        &["settings", "set", "showPreviews=never"],
        &["clock", "advance", "3h"],
        &["os", "update", "27.1"],
    ] {
        rig.agent.command(command)?;
    }
    rig.settle(custom_notification("a").to_string()).await?;
    let before = rig.agent.json(&["status"])?;
    rig.agent.kill()?;
    rig.start_again()?;
    let after = rig.agent.json(&["status"])?;
    // Another daemon, which may or may not be given the same port for its control API.
    let members =
        before.as_object().context("an object")?.keys().filter(|name| *name != "control" && *name != "daemon");
    let changed: Vec<&String> = members.filter(|name| before[*name] != after[*name]).collect();
    ensure!(changed.is_empty(), "{changed:?}: {before}\n{after}");
    assert_eq!(rig.agent.receipts(&[])?[0]["notificationId"], "a");
    assert_eq!(
        (&after["condition"]["locked"], &after["condition"]["clockAheadMillis"]),
        (&json!(true), &json!(10_800_000))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_survives_a_kill_and_ends_in_one_outcome() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let url = broker.url();
    let mut agent = Agent::new("")?;
    agent.start(&["--platform", "android", "--notifier", "console", "--device-id", DEVICE, "--broker", &url])?;
    agent.make_ready()?;
    agent.command(&["device", "doze", "on"])?;
    let sender = TestPublisher::connect(broker.port()).await?;
    sender.publish(&topic("notifications"), notification("held")).await?;
    agent.wait(&["held=1"])?;
    agent.kill()?;
    agent.start(&["--notifier", "console", "--broker", &url])?;
    agent.wait(&["online", "held=1"])?;
    agent.command(&["device", "doze", "off"])?;
    agent.wait_for_receipt("held")?;
    let receipts = agent.receipts(&[])?;
    assert_eq!(receipts.len(), 1);
    assert_eq!((&receipts[0]["outcome"], &receipts[0]["delay"]), (&json!("presented"), &json!("delayedDeviceDoze")));
    Ok(())
}

#[test]
fn a_second_daemon_on_the_same_state_directory_names_the_first_ones_process() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker"])?;
    let pid = agent.pid().context("a process id")?.to_string();
    let refusal = agent.failure(1, &["run", "--embedded-broker"])?;
    ensure!(refusal.contains(&pid) && refusal.lines().count() == 1, "{refusal}");
    // The first one is none the worse.
    agent.wait(&["online"])
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() -> Result<()> {
    let mut agent = Agent::running("", &["--embedded-broker"])?;
    agent.stop()?;
    let path = agent.state_dir().join("journal.db");
    rusqlite::Connection::open(&path)?.pragma_update(None, "user_version", 9999)?;
    let before = std::fs::read(&path)?;
    let refusal = agent.failure(1, &["run", "--embedded-broker"])?;
    ensure!(refusal.contains("9999") && refusal.contains("newer") && refusal.lines().count() == 1, "{refusal}");
    ensure!(std::fs::read(&path)? == before, "the file was changed");
    // What is refused leaves nothing behind: the next start is refused for the same reason.
    ensure!(agent.failure(1, &["run", "--embedded-broker"])?.contains("9999"));
    Ok(())
}

#[test]
fn a_damaged_database_is_named_and_left_as_it_is() -> Result<()> {
    let mut agent = Agent::running("", &["--embedded-broker"])?;
    agent.stop()?;
    let path = agent.state_dir().join("journal.db");
    std::fs::write(&path, "this was a journal once, before the accident".repeat(200))?;
    let refusal = agent.failure(1, &["run", "--embedded-broker"])?;
    ensure!(refusal.contains("journal.db") && refusal.lines().count() == 1, "{refusal}");
    ensure!(std::fs::read_to_string(&path)?.starts_with("this was a journal once"));
    // Set aside on demand: nothing of it is lost, and nothing is begun anew in silence.
    let before = agent.log().lines().count();
    agent.start(&["--embedded-broker", "--set-damaged-journal-aside"])?;
    let log = agent.log();
    let (_, told) = log.lines().skip(before).find_map(|line| line.rsplit_once("; it is ")).context("word of it")?;
    let aside = told.split_once(" now").context("its new name")?.0;
    ensure!(std::fs::read_to_string(aside)?.starts_with("this was a journal once"), "{log}");
    ensure!(agent.receipts(&[])?.is_empty());
    // A journal that is whole stays where it is.
    agent.stop()?;
    agent.start(&["--embedded-broker", "--set-damaged-journal-aside"])?;
    let set_aside = |name: &str| name.starts_with("journal.db.damaged-") && name.ends_with('Z');
    let names = std::fs::read_dir(agent.state_dir())?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    ensure!(names.filter(|name| set_aside(name)).count() == 1);
    agent.stop()
}

#[test]
fn a_state_directory_that_cannot_be_written_is_named_with_the_hint() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    std::fs::write(&file, "")?;
    // Nobody, root neither, can make a directory below a file or in /proc.
    for path in [file.as_path(), &file.join("state"), Path::new("/proc/portal-agent")] {
        let refusal = Agent::in_state_dir("", path).failure(1, &["run", "--embedded-broker"])?;
        let shown = path.to_string_lossy();
        ensure!(refusal.contains(&*shown) && refusal.contains("--state-dir"), "{refusal}");
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
    }
    Ok(())
}

/// Pushes so much to a fresh daemon that its journal finds no more room, and checks that it says so. A limit on the size of files stands for the end of the disk:
/// root meets it too, and it can be lifted again.
async fn fill(agent: &mut Agent, broker: &Mosquitto, pushes: usize) -> Result<TestSubscriber> {
    let limited = ["bash", "-c", "trap '' XFSZ; ulimit -S -f 600; exec \"$0\" \"$@\""];
    agent.start_under(&limited, &arguments(&broker.url()))?;
    agent.wait(&["online"])?;
    let receipts = TestSubscriber::to(broker.port(), &topic("receipts")).await?;
    let sender = TestPublisher::connect(broker.port()).await?;
    for number in 0..pushes {
        sender.publish(&topic("notifications"), notification(&number.to_string())).await?;
    }
    sender.wait_for_pubacks(pushes as u64).await?;
    let trouble = || journal_check(agent).filter(|check| check["ok"] == false);
    let check = until("the journal's trouble", trouble, Option::is_some).await.context("a check")?;
    let detail = check["detail"].as_str().context("a detail")?;
    ensure!(detail.contains("cannot be written") && check["hint"] != "", "{check}");
    until("a line of the log", || agent.log(), |log| log.contains("cannot be written")).await;
    // A command says so too, and `status` answers as ever.
    ensure!(agent.failure(1, &["device", "lock"])?.contains("cannot be written"));
    agent.command(&["status"])?;
    ensure!(receipts.messages().len() < pushes, "the disk was never full");
    Ok(receipts)
}

fn journal_check(agent: &Agent) -> Option<Value> {
    let output = agent.output(&["--json", "doctor"]).ok()?;
    let doctor: Value = serde_json::from_slice(&output.stdout).ok()?;
    doctor["checks"].as_array()?.iter().find(|check| check["name"] == "journal").cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_full_disk_it_says_so_and_goes_on_when_there_is_room() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let mut agent = Agent::new("")?;
    let pushes = 1500;
    let receipts = fill(&mut agent, &broker, pushes).await?;
    let pid = agent.pid().context("a process id")?.to_string();
    ensure!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status()?.success());
    wait_until_published(&receipts, pushes as u64).await?;
    check_journal(&agent, pushes, &receipts.messages())?;
    let check = journal_check(&agent).context("a check")?;
    ensure!(check["ok"] == true, "{check}");
    agent.wait(&["condition.locked=true"])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_did_not_take_was_not_acknowledged() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let mut agent = Agent::new("")?;
    let pushes = 1500;
    let receipts = fill(&mut agent, &broker, pushes).await?;
    agent.kill()?;
    agent.start(&arguments(&broker.url()))?;
    // The broker still has, and sends again, each one that the journal has not.
    wait_until_published(&receipts, pushes as u64).await?;
    check_journal(&agent, pushes, &receipts.messages())
}
