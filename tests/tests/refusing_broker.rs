//! Brokers that refuse, swallow or do not take what the agent needs: it says what is missing, and goes on where it can.
//!
//! Lives here: what no real broker does on request. Does not live here: what real brokers do (`interop`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::scripted::{ScriptedBroker, ScriptedPeer};
use portal_tests::test_rig::USER;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAck, SubAck, Subscribe, SubscribeReasonCode};
use serde_json::{Value, json};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const GROUP: &str = "11111111-2222-4333-8444-555555555555";

/// Refuses actions and groups' notifications, acknowledges every publish, forwards none.
async fn serve(mut peer: ScriptedPeer) -> Result<()> {
    loop {
        let answer = match peer.read().await? {
            Packet::Subscribe(subscribe) => Packet::SubAck(answer(&subscribe)),
            Packet::Publish(publish) => Packet::PubAck(PubAck::new(publish.pkid, None)),
            Packet::PingReq(_) => Packet::PingResp(rumqttc::v5::mqttbytes::v5::PingResp),
            _ => continue,
        };
        peer.write(answer).await?;
    }
}

fn answer(subscribe: &Subscribe) -> SubAck {
    let refused = |path: &str| path.ends_with("/actions") || path.contains("/groups/");
    let codes = subscribe.filters.iter().map(|filter| {
        if refused(&filter.path) {
            SubscribeReasonCode::NotAuthorized
        } else {
            SubscribeReasonCode::Success(filter.qos)
        }
    });
    SubAck { pkid: subscribe.pkid, return_codes: codes.collect(), properties: None }
}

fn check<'a>(doctor: &'a Value, name: &str) -> Result<&'a Value> {
    let checks = doctor["checks"].as_array().context("checks")?;
    checks.iter().find(|check| check["name"] == name).with_context(|| format!("{name} in {doctor}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_subscription_is_named_and_the_rest_goes_on() -> Result<()> {
    let broker = ScriptedBroker::start().await?;
    let url = broker.url()?;
    let serving = tokio::spawn(async move { serve(broker.accept_connected().await?.0).await });
    let mut agent = Agent::new("")?.with("PORTAL_AGENT__BROKER__FENCE_PATIENCE", "1s");
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &url])?;
    agent.wait(&["online"])?;
    agent.command(&["enroll", "--user", USER, "--group", GROUP])?;
    let (actions, group) = (
        format!("portal/v1/contoso/devices/{DEVICE}/actions"),
        format!("portal/v1/contoso/groups/{GROUP}/notifications"),
    );
    agent.wait(&["online", &format!("broker.refusedSubscriptions=[\"{actions}\",\"{group}\"]")])?;

    let output = agent.output(&["--json", "doctor"])?;
    assert_eq!(output.status.code(), Some(1));
    let doctor: Value = serde_json::from_slice(&output.stdout)?;
    let subscriptions = check(&doctor, "subscriptions")?;
    assert_eq!(subscriptions["ok"], json!(false));
    let detail = subscriptions["detail"].as_str().context("a detail")?;
    ensure!(detail.contains(&actions) && detail.contains(&group), "{detail}");
    ensure!(subscriptions["hint"].as_str().is_some_and(|hint| hint.contains("access list")), "{subscriptions}");
    let page = agent.command(&["status"])?;
    ensure!(page.contains(&actions), "{page}");
    serving.abort();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_that_does_not_come_back_counts_as_back_and_is_told() -> Result<()> {
    let broker = ScriptedBroker::start().await?;
    let url = broker.url()?;
    let serving = tokio::spawn(async move { serve(broker.accept_connected().await?.0).await });
    let mut agent = Agent::new("")?.with("PORTAL_AGENT__BROKER__FENCE_PATIENCE", "1s");
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &url])?;
    agent.wait(&["online"])?;
    let told = || {
        let status = agent.json(&["status"]).unwrap_or_default().to_string();
        let doctor = agent.output(&["doctor"]).map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        (status.contains("fence"), doctor.unwrap_or_default().contains("fence"))
    };
    portal_tests::wait::until("word of the fence in status and doctor", told, |told| *told == (true, true)).await;
    serving.abort();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_waited_for_is_said_instead_of_connecting() -> Result<()> {
    let broker = ScriptedBroker::start().await?;
    let url = broker.url()?;
    let serving = tokio::spawn(async move {
        let (mut peer, _) = broker.accept_connected().await?;
        // Takes everything and answers nothing.
        while peer.read().await.is_ok() {}
        anyhow::Ok(())
    });
    let mut agent = Agent::new("")?;
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &url])?;
    let output = agent.output(&["wait", "--timeout", "4s", "online"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(1), "{said}");
    let waiting = "waiting for the broker to answer SUBSCRIBE since 20";
    ensure!(said.contains(waiting) && !said.contains("connecting"), "{said}");
    let page = agent.command(&["status"])?;
    ensure!(page.contains("to answer SUBSCRIBE"), "{page}");
    serving.abort();
    Ok(())
}

#[test]
fn what_the_brokers_packet_limit_holds_back_is_said_everywhere() -> Result<()> {
    // A push fits, a receipt and the device's state do not.
    let setup = MosquittoSetup { more: "max_packet_size 320\n".to_owned(), ..MosquittoSetup::default() };
    let mosquitto = Mosquitto::start(&setup)?;
    let mut agent = Agent::new("")?;
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &mosquitto.url()])?;
    agent.wait(&["online"])?;
    let output = agent.output(&["push", "--here", "--title", "T", "--body", "B", "--wait", "2s"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(1), "{said}");
    let limit = "takes packets of at most 320 bytes";
    ensure!(said.contains("no receipt came") && said.contains(limit) && said.contains("/receipts"), "{said}");
    let status = agent.json(&["status"])?;
    ensure!(status["broker"]["problem"].as_str().is_some_and(|problem| problem.contains("/state")), "{status}");
    let doctor: Value = serde_json::from_slice(&agent.output(&["--json", "doctor"])?.stdout)?;
    let broker = check(&doctor, "broker")?;
    ensure!(broker["ok"] == json!(false) && broker["detail"].to_string().contains(limit), "{broker}");
    Ok(())
}
