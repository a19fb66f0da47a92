//! The embedded broker against mosquitto, in one run: messages a second through it, and its memory.
//!
//! `cargo bench -p portal-tests --bench brokers` (the agent is built first: `cargo build --release`). Linux: reads /proc.
//! Both are processes of their own; the clients are the same for both, and here.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use portal_tests::agent::Agent;
use portal_tests::figures::DurationSample;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::process::resident_kib;
use portal_tests::publish::{TestPublisher, notification};
use portal_tests::subscribe::TestSubscriber;
use portal_tests::test_rig::embedded_port;

const ROUNDS: usize = 5;
/// From one publisher to one subscriber.
const MESSAGES: usize = 20_000;
/// To each of so many subscribers.
const SUBSCRIBERS: usize = 100;
const TO_EACH: usize = 200;
/// Subscribers that hear nothing, for the memory of one.
const IDLE_CLIENTS: usize = 500;
/// Messages that the broker retains.
const RETAINED: usize = 20_000;
const LIMIT: Duration = Duration::from_secs(120);

/// A broker under measurement.
struct MeasuredBroker {
    name: &'static str,
    port: u16,
    pid: u32,
    single: DurationSample,
    fan_out: DurationSample,
}

impl MeasuredBroker {
    fn new(name: &'static str, port: u16, pid: u32) -> Self {
        Self { name, port, pid, single: DurationSample::default(), fan_out: DurationSample::default() }
    }

    fn memory(&self) -> Result<f64> {
        Ok(resident_kib(self.pid)? as f64)
    }

    async fn single_round(&mut self) -> Result<()> {
        let subscriber = TestSubscriber::to(self.port, "bench/single").await?;
        let publisher = TestPublisher::connect(self.port).await?;
        let payloads: Vec<_> = (0..MESSAGES).map(|n| notification(&n.to_string())).collect();
        let begun = Instant::now();
        for payload in payloads {
            publisher.publish("bench/single", payload).await?;
        }
        subscriber.wait_for(MESSAGES, LIMIT).await?;
        self.single.push(begun.elapsed());
        publisher.wait_for_pubacks(MESSAGES as u64).await
    }

    async fn fan_out_round(&mut self) -> Result<()> {
        let subscribers = self.subscribers(SUBSCRIBERS, "bench/all").await?;
        let publisher = TestPublisher::connect(self.port).await?;
        let begun = Instant::now();
        for n in 0..TO_EACH {
            publisher.publish("bench/all", notification(&n.to_string())).await?;
        }
        for subscriber in &subscribers {
            subscriber.wait_for(TO_EACH, LIMIT).await?;
        }
        self.fan_out.push(begun.elapsed());
        Ok(())
    }

    async fn subscribers(&self, number: usize, topic: &str) -> Result<Vec<TestSubscriber>> {
        let mut all = Vec::new();
        for _ in 0..number {
            all.push(TestSubscriber::to(self.port, topic).await?);
        }
        Ok(all)
    }

    /// KiB a client that is connected and subscribed.
    async fn memory_a_client(&self) -> Result<f64> {
        let before = self.memory()?;
        let _clients = self.subscribers(IDLE_CLIENTS, "bench/idle").await?;
        Ok((self.memory()? - before) / IDLE_CLIENTS as f64)
    }

    /// Bytes a message that the broker retains, each on a topic of its own.
    async fn memory_a_retained_message(&self) -> Result<f64> {
        let before = self.memory()?;
        let publisher = TestPublisher::connect(self.port).await?;
        for n in 0..RETAINED {
            publisher.retain(&format!("bench/retained/{n}"), notification(&n.to_string())).await?;
        }
        publisher.wait_for_pubacks(RETAINED as u64).await?;
        Ok((self.memory()? - before) * 1024.0 / RETAINED as f64)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let more = "max_queued_messages 0\nset_tcp_nodelay true\n".to_owned();
    let mosquitto = Mosquitto::start(&MosquittoSetup { usual_log: true, more, ..MosquittoSetup::default() })?;
    let mut agent = Agent::new("")?
        .with("PORTAL_AGENT__EMBEDDED_BROKER__ANONYMOUS", "true")
        .with("PORTAL_AGENT__EMBEDDED_BROKER__LISTEN", "127.0.0.1:0");
    agent.start(&["--notifier", "console"])?;
    agent.wait(&["online"])?;
    let mut brokers = [
        MeasuredBroker::new("mosquitto", mosquitto.port(), mosquitto.pid()),
        MeasuredBroker::new("embedded", embedded_port(&agent.json(&["status"])?)?, agent.pid().context("it runs")?),
    ];
    println!(
        "QoS 1, {} bytes a payload, {ROUNDS} rounds in turn; rates are of the median round",
        notification("0").len()
    );
    // Before the rounds, whose freed memory would be used again.
    for broker in &brokers {
        println!("{:<10} resident at the start: {:.1} MiB", broker.name, broker.memory()? / 1024.0);
        println!("{:<10} a connected client: {:.1} KiB", broker.name, broker.memory_a_client().await?);
        println!("{:<10} a retained message: {:.0} bytes", broker.name, broker.memory_a_retained_message().await?);
    }
    for _ in 0..ROUNDS {
        for broker in &mut brokers {
            broker.single_round().await?;
            broker.fan_out_round().await?;
        }
    }
    for broker in &brokers {
        println!("{:<10} resident after the rounds: {:.1} MiB", broker.name, broker.memory()? / 1024.0);
    }
    let rate = |messages: usize, sample: &DurationSample| messages as f64 / sample.median().as_secs_f64();
    let [single, fan_out] = [
        brokers.each_ref().map(|broker| rate(MESSAGES, &broker.single)),
        brokers.each_ref().map(|broker| rate(SUBSCRIBERS * TO_EACH, &broker.fan_out)),
    ];
    for (what, rates) in [("one to one", single), ("one to 100", fan_out)] {
        println!(
            "{what}: mosquitto {:.0}/s, embedded {:.0}/s: {:.2} times mosquitto",
            rates[0],
            rates[1],
            rates[1] / rates[0]
        );
    }
    Ok(())
}
