//! What hosting many devices in one process costs: resident memory, CPU while idle, the time from the start until every device
//! is online, and pushes per second to one device and to all.
//!
//! `cargo bench -p portal-tests --bench hosting` (the agent is built first: `cargo build --release`). Linux: reads /proc. The
//! bare side of each rate is the same daemon with one device, in the same run.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::process::{TICKS_PER_SECOND, cpu_ticks, resident_kib};
use portal_tests::publish::{TestPublisher, notification};
use portal_tests::subscribe::TestSubscriber;

const SIZES: [usize; 4] = [1, 10, 100, 1000];
const PUSHES: usize = 5_000;
const WATCHED: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> Result<()> {
    println!(
        "{:>8} {:>10} {:>12} {:>10} {:>14} {:>14}",
        "devices", "MiB", "start", "idle CPU", "one, pushes/s", "all, pushes/s"
    );
    for size in SIZES {
        measure(size).await?;
    }
    Ok(())
}

async fn measure(size: usize) -> Result<()> {
    let more = "max_queued_messages 0\nmax_connections -1\nset_tcp_nodelay true\n".to_owned();
    let broker = Mosquitto::start(&MosquittoSetup { usual_log: true, more, ..MosquittoSetup::default() })?;
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    let run = ["--notifier", "console", "--broker", &url];
    let mut agent = Agent::running("", &run)?;
    for _ in 1..size {
        agent.command(&["device", "add"])?;
    }
    let devices = devices(&agent)?;
    agent.stop()?;
    let online = TestSubscriber::to(broker.port(), "portal/v1/contoso/devices/+/connection").await?;
    let before = online.wait_for(size, LIMIT).await?.len();
    let begun = Instant::now();
    agent.start(&run)?;
    online.wait_for(before + size, LIMIT).await?;
    let start = begun.elapsed();

    let pid = agent.pid().context("it runs")?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ticks = cpu_ticks(pid)?;
    tokio::time::sleep(WATCHED).await;
    let idle = (cpu_ticks(pid)? - ticks) as f64 / TICKS_PER_SECOND / WATCHED.as_secs_f64() * 100.0;
    let resident = resident_kib(pid)? as f64 / 1024.0;

    let publisher = TestPublisher::connect(broker.port()).await?;
    let receipts = TestSubscriber::to(broker.port(), "portal/v1/contoso/devices/+/receipts").await?;
    let one = rate(&publisher, &receipts, &devices[..1], "one").await?;
    let all = rate(&publisher, &receipts, &devices, "all").await?;
    println!("{size:>8} {resident:>10.1} {:>9} ms {idle:>8.2} % {one:>14.0} {all:>14.0}", start.as_millis());
    agent.stop()
}

fn devices(agent: &Agent) -> Result<Vec<String>> {
    let list = agent.json(&["device", "list"])?;
    let devices = list["devices"].as_array().context("a list")?;
    Ok(devices.iter().filter_map(|device| device.as_str().map(str::to_owned)).collect())
}

/// Pushes that are withheld, spread over `devices`, until the last receipt came back.
async fn rate(publisher: &TestPublisher, receipts: &TestSubscriber, devices: &[String], round: &str) -> Result<f64> {
    let before = receipts.messages().len();
    let begun = Instant::now();
    for (number, device) in (0..PUSHES).zip(devices.iter().cycle()) {
        let topic = format!("portal/v1/contoso/devices/{device}/notifications");
        publisher.publish(&topic, notification(&format!("{round}-{number}"))).await?;
    }
    receipts.wait_for(before + PUSHES, LIMIT).await?;
    Ok(PUSHES as f64 / begun.elapsed().as_secs_f64())
}
