//! What an idle daemon costs: CPU time over a minute, resident memory, and the time from its start to subscribed.
//!
//! `cargo bench -p portal-tests --bench footprint` (the agent is built first: `cargo build --release`). Linux: reads /proc.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use portal_tests::agent::Agent;
use portal_tests::figures::DurationSample;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::process::{TICKS_PER_SECOND, cpu_ticks, resident_kib};
use portal_tests::session_bus::SessionBus;
use portal_tests::subscribe::TestSubscriber;

const STARTS: usize = 11;
const LIMIT: Duration = Duration::from_secs(10);
const WATCHED: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup { usual_log: true, ..MosquittoSetup::default() })?;
    let bus = SessionBus::start()?;
    let _server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    let mut agent = Agent::running(&bus.address(), &["--broker", &url])?;
    agent.make_ready()?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("a device id")?.to_owned();
    let online = TestSubscriber::to(broker.port(), &format!("portal/v1/contoso/devices/{device}/connection")).await?;

    let mut starts = DurationSample::default();
    for _ in 0..STARTS {
        agent.stop()?;
        let seen = online.messages().len();
        let begun = Instant::now();
        agent.start(&["--broker", &url])?;
        // `online` is published once every subscription is answered.
        online.wait_for(seen + 1, LIMIT).await?;
        starts.push(begun.elapsed());
    }
    println!("{}", starts.line("start to subscribed (online seen by another client)"));

    agent.wait(&["online"])?;
    let pid = agent.pid().context("it runs")?;
    let before = cpu_ticks(pid)?;
    tokio::time::sleep(WATCHED).await;
    let ticks = cpu_ticks(pid)? - before;
    println!(
        "idle: {ticks} ticks of CPU ({:.2} s) in {} s, two keep-alives among them",
        ticks as f64 / TICKS_PER_SECOND,
        WATCHED.as_secs()
    );
    println!("resident memory: {:.1} MiB", resident_kib(pid)? as f64 / 1024.0);
    Ok(())
}
