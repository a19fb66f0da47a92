//! What strangers put into a field of a log line stays in that field: no line is forged, no terminal obeys.
//!
//! Lives here: the ways by which others' text comes into the log. Does not live here: pushes (`hostile_text`).

use std::io::{BufRead, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::publish::TestPublisher;
use portal_tests::scripted::{ScriptedBroker, no_properties};
use portal_tests::session_bus::SessionBus;
use portal_tests::wait::until;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnAckProperties, ConnectReturnCode, Packet};
use serde_json::{Value, json};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const HOSTILE: &str = "a\u{1b}]52;c;Zm9v\u{7}\n2026-01-01T00:00:00Z ERROR forged\u{9b}31m\u{202e}";

/// Every line is the program's own, and holds nothing that a terminal obeys.
fn check(log: &str) -> Result<()> {
    let harmful = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
    let line = log.lines().find(|line| line.contains(harmful));
    ensure!(line.is_none(), "{line:?}");
    ensure!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z ERROR")), "{log}");
    Ok(())
}

fn refusal() -> ConnAck {
    let properties = ConnAckProperties {
        reason_string: Some(HOSTILE.to_owned()),
        user_properties: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        response_information: Some(HOSTILE.to_owned()),
        server_reference: Some(HOSTILE.to_owned()),
        ..no_properties()
    };
    ConnAck { session_present: false, code: ConnectReturnCode::NotAuthorized, properties: Some(properties) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brokers_reason_string_stays_within_its_field() -> Result<()> {
    for format in ["text", "json"] {
        let broker = ScriptedBroker::start().await?;
        let url = broker.url()?;
        let mut agent = Agent::new("")?;
        agent.spawn(&["--notifier", "console", "--broker", &url, "--log-level", "trace", "--log-format", format])?;
        let mut peer = broker.accept().await?;
        peer.read().await?;
        peer.write(Packet::ConnAck(refusal())).await?;
        let log = until("word of the refusal", || agent.log(), |log| log.contains("not authorise")).await;
        check(&log)?;
        if format == "json" {
            for line in log.lines().filter(|line| line.starts_with('{')) {
                serde_json::from_str::<Value>(line).with_context(|| line.to_owned())?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_sends_stays_within_its_field() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let mut agent = Agent::new("")?;
    agent.start(&[
        "--notifier",
        "console",
        "--device-id",
        DEVICE,
        "--broker",
        &broker.url(),
        "--log-level",
        "trace",
    ])?;
    agent.wait(&["online"])?;
    agent.command(&["enroll", "--user", "adele@contoso.example"])?;
    let publisher = TestPublisher::connect(broker.port()).await?;
    let topic = |leaf: &str| format!("portal/v1/contoso/devices/{DEVICE}/{leaf}");
    publisher.publish(&topic("groups"), json!({ "groups": [HOSTILE] }).to_string().into_bytes()).await?;
    let action = json!({ "id": "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a11", "action": "forged\u{202e}\u{2028}" });
    publisher.publish(&topic("actions"), action.to_string().into_bytes()).await?;
    let log = until("word of the entry", || agent.log(), |log| log.contains("forged")).await;
    check(&log)?;
    let status = || agent.command(&["status"]).unwrap_or_default();
    check(&until("word of the action", status, |status| status.contains("forged")).await)
}

/// A CONNECT of MQTT 3.1.1 with this client id, before any password.
fn connect(client: &str) -> Vec<u8> {
    let id = client.as_bytes();
    let mut packet = vec![0x10, 10 + 2 + id.len() as u8];
    packet.extend([0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, id.len() as u8]);
    packet.extend(id);
    packet
}

#[test]
fn a_client_id_before_any_password_stays_within_its_field() -> Result<()> {
    let agent = Agent::running("", &["--notifier", "console", "--embedded-broker", "--log-level", "trace"])?;
    let status = agent.json(&["status"])?;
    let url = status["broker"]["embedded"]["url"].as_str().context("the broker's address")?;
    let mut stranger = TcpStream::connect(url.trim_start_matches("mqtt://"))?;
    stranger.write_all(&connect(HOSTILE))?;
    // Its answer, or the end of the connection: either is behind what it logs of the id.
    let _ = stranger.read(&mut [0; 4]);
    drop(stranger);
    agent.wait(&["online"])?;
    check(&agent.log())
}

/// A notification server is another program: what its refusals say is a stranger's text.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_notification_server_says_of_its_refusal_stays_within_its_field() -> Result<()> {
    for format in ["text", "json"] {
        let bus = SessionBus::start()?;
        let profile = ServerProfile { most: Some(0), refusal: HOSTILE, ..ServerProfile::xfce() };
        let _server = NotificationServer::start(&bus.address(), profile).await?;
        let agent =
            Agent::running(&bus.address(), &["--embedded-broker", "--log-level", "trace", "--log-format", format])?;
        agent.wait(&["online"])?;
        agent.command(&["app", "install"])?;
        agent.command(&["permission", "allow"])?;
        agent.command(&["enroll", "--user", "adele@contoso.example"])?;
        agent.command(&["push", "--here", "--title", "T", "--body", "B", "--id", "a", "--wait"])?;
        let receipt = agent.json(&["log"])?;
        ensure!(receipt["outcome"] == "failed", "{receipt}");
        for page in [agent.command(&["log"])?, agent.command(&["explain", "a"])?, agent.command(&["status"])?] {
            check(&page)?;
        }
        check(&agent.log())?;
    }
    Ok(())
}

/// Whatever strangers sent while it was recorded, the file is one that `scenario check` takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_hostile_text_is_a_scenario() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let mut agent = Agent::new("")?;
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &broker.url()])?;
    agent.wait(&["online"])?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("recorded.yaml");
    let mut recorder = agent
        .prepare(&["scenario", "record", "--name", &format!("as it was {HOSTILE}"), "--output"])?
        .arg(&file)
        .stderr(std::process::Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    std::io::BufReader::new(recorder.stderr.take().context("its standard error")?).read_line(&mut line)?;
    check(&line)?;
    agent.command(&["app", "install"])?;
    agent.command(&["enroll", "--user", "adele@contoso.example"])?;
    let publisher = TestPublisher::connect(broker.port()).await?;
    let topic = |leaf: &str| format!("portal/v1/contoso/devices/{DEVICE}/{leaf}");
    let texts = [HOSTILE, "room \u{fffe}\u{feff}\u{0}\u{85}\u{2028}", "'\"${x}: - # &a *a !t %", "\\u0000\r\n\t"];
    for (number, text) in texts.into_iter().enumerate() {
        let id = format!("{number}");
        let push = json!({ "id": id, "notificationTitle": text, "notificationBody": text, "more": { text: [text] } });
        publisher.publish(&topic("notifications"), push.to_string().into_bytes()).await?;
        publisher.publish(&topic("notifications"), text.as_bytes().to_vec()).await?;
        publisher.publish(&topic("groups"), json!({ "groups": [text] }).to_string().into_bytes()).await?;
        let action = json!({ "id": "x".repeat(number + 1), "action": format!("forged\u{202e}\u{fffe}'\"${number}") });
        publisher.publish(&topic("actions"), action.to_string().into_bytes()).await?;
    }
    let settled = || agent.command(&["log", "--json"]).unwrap_or_default();
    until("eight receipts", settled, |log| log.lines().count() >= 2 * texts.len()).await;
    let interrupted = std::process::Command::new("kill").args(["-INT", &recorder.id().to_string()]).status()?;
    ensure!(interrupted.success() && recorder.wait()?.success());
    let text = std::fs::read_to_string(&file)?;
    check(&text)?;
    let checked = agent.output(&["scenario", "check", &file.to_string_lossy()])?;
    ensure!(checked.status.success(), "{}{text}", String::from_utf8_lossy(&checked.stderr));
    Ok(())
}
