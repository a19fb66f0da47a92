//! A broker that refuses a subscription and swallows the fence: the agent is online all the same, and says what is missing.
//!
//! Lives here: what no real broker does on request. Does not live here: what real brokers do (`interop`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
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
