//! Publish to `Notify` on the bus: the agent against a bare rumqttc subscriber that calls notify-rust's async show and
//! keeps nothing, in turn on one broker and one bus. And publish to the agent's own acknowledgement, which is durable.
//! Once with a server that is asked nothing, once with one that the agent asks about Do Not Disturb after each card.
//!
//! `cargo bench -p portal-tests --bench push_to_notify` (the agent is built first: `cargo build --release`).

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use portal_tests::agent::Agent;
use portal_tests::figures::{DurationSample, ratio};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::publish::{TestPublisher, notification};
use portal_tests::session_bus::SessionBus;
use portal_tests::tap::PubackTap;

const ROUNDS: usize = 300;
const LIMIT: Duration = Duration::from_secs(10);
/// Between two pushes, so that each finds the machine at rest. Longer than a delayed TCP acknowledgement (40 ms): mosquitto
/// keeps Nagle's algorithm on by default, so its answer to a receipt holds up a push that comes sooner.
const REST: Duration = Duration::from_millis(60);
const BARE_TOPIC: &str = "bare";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--bare").skip(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.next() {
        Some(port) => runtime.block_on(bare(port.parse()?)),
        None => {
            println!("a server that is asked nothing:");
            runtime.block_on(compare(ServerProfile::xfce()))?;
            println!("one that is asked about Do Not Disturb after each card:");
            runtime.block_on(compare(ServerProfile::dunst()))
        }
    }
}

/// The baseline: what a few lines of the same two crates do.
async fn bare(port: u16) -> Result<()> {
    let mut options = rumqttc::v5::MqttOptions::new("bare", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = rumqttc::v5::AsyncClient::new(options, 100);
    client.subscribe(BARE_TOPIC, rumqttc::v5::mqttbytes::QoS::AtLeastOnce).await?;
    loop {
        let event = events.poll().await?;
        let rumqttc::v5::Event::Incoming(rumqttc::v5::Incoming::Publish(publish)) = event else { continue };
        let push: serde_json::Value = serde_json::from_slice(&publish.payload)?;
        notify_rust::Notification::new()
            .appname("Company Portal")
            .summary(push["notificationTitle"].as_str().unwrap_or_default())
            .body(push["notificationBody"].as_str().unwrap_or_default())
            .show_async()
            .await?;
    }
}

async fn compare(profile: ServerProfile) -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup { usual_log: true, ..MosquittoSetup::default() })?;
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), profile).await?;
    let tap = PubackTap::start(broker.port())?;
    let url = format!("mqtt://127.0.0.1:{}", tap.port());
    let agent = Agent::running(&bus.address(), &["--broker", &url])?;
    agent.make_ready()?;
    let mut baseline = std::process::Command::new(std::env::current_exe()?)
        .args(["--bare", &broker.port().to_string()])
        .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
        .spawn()?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("a device id")?.to_owned();
    let topic = format!("portal/v1/contoso/devices/{device}/notifications");
    let publisher = TestPublisher::connect(broker.port()).await?;

    let (mut ours, mut bare, mut acknowledged) =
        (DurationSample::default(), DurationSample::default(), DurationSample::default());
    let mut shown = server.notifications().len();
    for round in 0..ROUNDS + 20 {
        for to_us in [round % 2 == 0, round % 2 != 0] {
            let push = notification(&format!("{round}"));
            tokio::time::sleep(REST).await;
            let sent = Instant::now();
            publisher.publish(if to_us { &topic } else { BARE_TOPIC }, push).await?;
            shown += 1;
            let notified = server.wait_for(shown, LIMIT).await?;
            let received = notified.last().context("a notification")?.received;
            let taken = received.saturating_duration_since(sent);
            let counts = round >= 20;
            match to_us {
                true if counts => {
                    ours.push(taken);
                    acknowledged.push(tap.wait_for_puback_after(sent, LIMIT).await?.saturating_duration_since(sent));
                }
                false if counts => bare.push(taken),
                _ => {}
            }
        }
    }
    baseline.kill()?;
    baseline.wait()?;
    println!("{}", bare.line("bare subscriber: publish to Notify"));
    println!("{}", ours.line("portal-agent:    publish to Notify"));
    println!("{}", acknowledged.line("portal-agent:    publish to acknowledgement (durable)"));
    println!("ratio of medians, agent to bare: {:.2} (at most 1.3)", ratio(ours.median(), bare.median()));
    println!("ratio of p99,     agent to bare: {:.2}", ratio(ours.p99(), bare.p99()));
    Ok(())
}
