//! What strangers put into a field of a log line stays in that field: no line is forged, no terminal obeys.
//!
//! Lives here: the ways by which others' text comes into the log. Does not live here: pushes (`hostile_text`).

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::publish::TestPublisher;
use portal_tests::scripted::ScriptedBroker;
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
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: Some(HOSTILE.to_owned()),
        user_properties: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: Some(HOSTILE.to_owned()),
        server_reference: Some(HOSTILE.to_owned()),
        authentication_method: None,
        authentication_data: None,
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
