//! What a scenario costs: a thousand of five steps each through one embedded broker, against a bare client that connects,
//! subscribes, publishes and receives over the same broker, as many at a time.
//!
//! `cargo bench -p portal-tests --bench scenarios`. Linux: reads /proc.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use portal_agent::broker::{EmbeddedAccess, EmbeddedBroker, EmbeddedOptions, SessionSettings};
use portal_agent::scenario::hosted_device::CardMode;
use portal_agent::scenario::read;
use portal_agent::scenario::result::CaseVerdict;
use portal_agent::scenario::runner::{RunBroker, RunOptions, run};
use portal_agent::sender::SenderOptions;
use portal_contract::DeviceId;
use portal_tests::figures::{DurationSample, ratio};
use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const CASES: usize = 1000;
const ROUNDS: usize = 5;
/// As many at a time as `scenario run` has on two processors.
const AT_A_TIME: usize = 4;

const SCENARIO: &str = "
name: Denied, and what shows before and after
steps:
- push: {id: before}
- expect: {of: before, outcome: presented, surface: banner}
- permission: deny
- push: {id: after}
- expect: {of: after, unmet: [notificationsPermitted]}
";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let open = EmbeddedOptions { access: EmbeddedAccess::Anyone, ..EmbeddedOptions::on_loopback() };
    let embedded = EmbeddedBroker::start(&open, None).await?;
    let (mut scenarios, mut bare, mut ratios) = (DurationSample::default(), DurationSample::default(), Vec::new());
    for round in 1..=ROUNDS {
        let a = scenarios_take(&embedded).await? / u32::try_from(CASES)?;
        let b = bare_clients_take(embedded.local_addr().port()).await? / u32::try_from(CASES)?;
        println!(
            "round {round}: {} µs a scenario, {} µs a bare client, {:.2} times",
            a.as_micros(),
            b.as_micros(),
            ratio(a, b)
        );
        scenarios.push(a);
        bare.push(b);
        ratios.push(ratio(a, b));
    }
    ratios.sort_by(f64::total_cmp);
    let whole = scenarios.median() * u32::try_from(CASES)?;
    println!("{}", scenarios.line("a scenario of five steps, its share of the wall"));
    println!("{}", bare.line("connect, subscribe, publish, receive"));
    println!(
        "{CASES} scenarios: {:.2} s (median of {ROUNDS}), {:.2} times bare",
        whole.as_secs_f64(),
        ratios[ROUNDS / 2]
    );
    println!("peak resident memory: {:.1} MiB", peak_kib()? as f64 / 1024.0);
    embedded.stop().await;
    Ok(())
}

async fn scenarios_take(embedded: &EmbeddedBroker) -> Result<Duration> {
    let Ok(one) = read("bench.yaml", SCENARIO.as_bytes()) else { bail!("the scenario is not right") };
    let cases = std::iter::repeat_n(one, CASES).flatten().collect();
    let broker = RunBroker {
        session: SessionSettings::new(vec![embedded.url()], DeviceId::from_bytes([0; 16])),
        sender: SenderOptions::new(embedded.url()),
    };
    let options = RunOptions {
        strict: true,
        repeat: 1,
        shuffle: None,
        fail_fast: false,
        jobs: AT_A_TIME,
        cards: CardMode::Recorded,
        pictures: false,
    };
    let begun = Instant::now();
    let run = run(cases, options, Some(broker), CancellationToken::new(), |_| {}).await?;
    let took = begun.elapsed();
    ensure!(run.count(CaseVerdict::Passed) == CASES, "{} of {CASES} passed", run.count(CaseVerdict::Passed));
    Ok(took)
}

async fn bare_clients_take(port: u16) -> Result<Duration> {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CASES {
        let room = Arc::clone(&room);
        clients.spawn(async move {
            let _room = room.acquire_owned().await?;
            bare_client(port, number).await
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(begun.elapsed())
}

async fn bare_client(port: u16, number: usize) -> Result<()> {
    let mut options = MqttOptions::new(format!("bare-{number}"), "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(30));
    let mut network = NetworkOptions::new();
    // As the agent does; else the second small packet waits for Nagle.
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    // And its small in-flight table: rumqttc's own allocates for 65,535 publishes at each connect.
    options.set_outgoing_inflight_upper_limit(256);
    let (client, mut connection) = AsyncClient::new(options, 16);
    let topic = format!("bare/{number}");
    client.subscribe(topic.as_str(), QoS::AtLeastOnce).await?;
    client.publish(topic, QoS::AtLeastOnce, false, "hello").await?;
    loop {
        match connection.poll().await? {
            Event::Incoming(Packet::Publish(_)) => break,
            _ => continue,
        }
    }
    client.disconnect().await?;
    while !matches!(connection.poll().await, Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) | Err(_)) {}
    Ok(())
}

fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("VmHWM")?;
    Ok(line.split_whitespace().nth(1).context("a number")?.parse()?)
}
