//! Sustained QoS 1 pushes that show nothing (permission denied): decided, durably journalled and answered with a receipt
//! on one connection, against what a shell does on the same broker:
//! `mosquitto_sub -q 1 -C N | tee FILE | mosquitto_pub -q 1 -l`; and against the most that this machine has to give: a
//! subscriber in this process that acknowledges and does nothing else, and one that also publishes one message for each
//! push, as whoever sends receipts must: it decides nothing and writes nothing.
//!
//! `cargo bench -p portal-tests --bench decided_pushes` (the agent is built first: `cargo build --release`).

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::figures::DurationSample;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::publish::{TestPublisher, notification};
use portal_tests::subscribe::TestSubscriber;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};

const PUSHES: usize = 20_000;
const ROUNDS: usize = 5;
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup {
        usual_log: true,
        more: "max_queued_messages 0\n".to_owned(),
        ..MosquittoSetup::default()
    })?;
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    let agent = Agent::running("", &["--broker", &url])?;
    agent.make_ready()?;
    agent.command(&["permission", "deny"])?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("a device id")?.to_owned();
    let own = format!("portal/v1/contoso/devices/{device}");
    let publisher = TestPublisher::connect(broker.port()).await?;

    let (mut shell, mut bare) = (DurationSample::default(), DurationSample::default());
    let mut replying = DurationSample::default();
    let (mut durable, mut published) = (DurationSample::default(), DurationSample::default());
    let mut pubacks = 0;
    let mut sequence = 0;
    for round in 0..ROUNDS {
        pubacks += PUSHES as u64;
        shell.push(shell_round(&broker, &publisher, round, pubacks).await?);

        pubacks += PUSHES as u64;
        bare.push(bare_round(&broker, &publisher, round, pubacks).await?);

        pubacks += PUSHES as u64;
        replying.push(replying_round(&broker, &publisher, round, pubacks).await?);

        pubacks += PUSHES as u64;
        sequence += PUSHES as u64;
        let receipts = TestSubscriber::to(broker.port(), &format!("{own}/receipts")).await?;
        let pushes = payloads(round, "agent");
        let begun = Instant::now();
        for push in pushes {
            publisher.publish(&format!("{own}/notifications"), push).await?;
        }
        let journal = rusqlite::Connection::open_with_flags(
            agent.state_dir().join("journal.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        durable.push(until_durable(&journal, sequence, begun)?);
        receipts.wait_for(PUSHES, LIMIT).await?;
        published.push(begun.elapsed());
        publisher.wait_for_pubacks(pubacks).await?;
    }
    let rate = |sample: &DurationSample| PUSHES as f64 / sample.median().as_secs_f64();
    println!("{PUSHES} pushes a round, {ROUNDS} rounds in turn; rates are of the median round");
    println!("shell: sub | tee | pub                        {:>8.0} pushes/s", rate(&shell));
    println!("a subscriber that only acknowledges           {:>8.0} pushes/s", rate(&bare));
    println!("a subscriber that publishes one for each      {:>8.0} pushes/s", rate(&replying));
    println!("portal-agent: to the last durable outcome     {:>8.0} pushes/s", rate(&durable));
    println!("portal-agent: to the last receipt published   {:>8.0} pushes/s", rate(&published));
    println!("ratio, durable outcomes to shell: {:.2} (at least 1)", rate(&durable) / rate(&shell));
    println!("ratio, acknowledged only to shell: {:.2}", rate(&bare) / rate(&shell));
    println!("ratio, one published for each to shell: {:.2}", rate(&replying) / rate(&shell));
    println!("ratio, receipts to shell:         {:.2}", rate(&published) / rate(&shell));
    Ok(())
}

fn payloads(round: usize, who: &str) -> Vec<Vec<u8>> {
    (0..PUSHES).map(|n| notification(&format!("{who}-{round}-{n}"))).collect()
}

/// Waits for the newest durable receipt as another reader of the journal sees it.
fn until_durable(journal: &rusqlite::Connection, sequence: u64, begun: Instant) -> Result<Duration> {
    let mut statement = journal.prepare("SELECT coalesce(max(sequence), 0) FROM receipts")?;
    loop {
        let last: u64 = statement.query_row([], |row| row.get(0))?;
        if last >= sequence {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < LIMIT, "only {last} of {sequence} outcomes are durable");
        std::thread::sleep(Duration::from_millis(2));
    }
}

async fn bare_round(broker: &Mosquitto, publisher: &TestPublisher, round: usize, pubacks: u64) -> Result<Duration> {
    let pushes = payloads(round, "bare");
    let subscriber = TestSubscriber::to(broker.port(), "bare/notifications").await?;
    let begun = Instant::now();
    for push in pushes {
        publisher.publish("bare/notifications", push).await?;
    }
    subscriber.wait_for(PUSHES, LIMIT).await?;
    let taken = begun.elapsed();
    publisher.wait_for_pubacks(pubacks).await?;
    Ok(taken)
}

/// A client that answers each push with a message as long as the push, until the last of them has arrived elsewhere.
async fn replying_round(broker: &Mosquitto, publisher: &TestPublisher, round: usize, pubacks: u64) -> Result<Duration> {
    let receipts = TestSubscriber::to(broker.port(), "replying/receipts").await?;
    let mut options = MqttOptions::new(format!("replying-{round}"), "127.0.0.1", broker.port());
    options.set_receive_maximum(Some(1000)).set_outgoing_inflight_upper_limit(1000);
    let mut network = rumqttc::NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    // Room for every reply: the loop below must never wait for itself.
    let (client, mut events) = AsyncClient::new(options, PUSHES + 1);
    client.subscribe("replying/notifications", QoS::AtLeastOnce).await?;
    while !matches!(events.poll().await?, Event::Incoming(Packet::SubAck(_))) {}
    let task = tokio::spawn(async move {
        while let Ok(event) = events.poll().await {
            if let Event::Incoming(Packet::Publish(push)) = event
                && client.try_publish("replying/receipts", QoS::AtLeastOnce, false, push.payload).is_err()
            {
                return;
            }
        }
    });
    let pushes = payloads(round, "replying");
    let begun = Instant::now();
    for push in pushes {
        publisher.publish("replying/notifications", push).await?;
    }
    receipts.wait_for(PUSHES, LIMIT).await?;
    let taken = begun.elapsed();
    publisher.wait_for_pubacks(pubacks).await?;
    task.abort();
    Ok(taken)
}

async fn shell_round(broker: &Mosquitto, publisher: &TestPublisher, round: usize, pubacks: u64) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let port = broker.port();
    let receipts = TestSubscriber::to(port, "shell/receipts").await?;
    // Subscribed before the clock runs, in a session that is kept: `-E` ends once the broker has answered.
    let subscribed = Command::new("mosquitto_sub")
        .args(["-p", &port.to_string(), "-i", "shell", "-c", "-q", "1", "-t", "shell/notifications", "-E"])
        .status()?;
    ensure!(subscribed.success(), "mosquitto_sub ended with {subscribed}");
    let line = format!(
        "mosquitto_sub -p {port} -i shell -c -q 1 -C {PUSHES} -t shell/notifications | tee {}/journal \
         | mosquitto_pub -p {port} -q 1 -l -t shell/receipts",
        folder.path().display()
    );
    let mut pipeline = Command::new("sh").args(["-c", &line]).stdin(Stdio::null()).spawn()?;
    let pushes = payloads(round, "shell");
    let begun = Instant::now();
    for push in pushes {
        publisher.publish("shell/notifications", push).await?;
    }
    let status = tokio::task::spawn_blocking(move || pipeline.wait()).await??;
    let taken = begun.elapsed();
    ensure!(status.success(), "the shell's pipeline ended with {status}");
    receipts.wait_for(PUSHES, LIMIT).await?;
    publisher.wait_for_pubacks(pubacks).await?;
    Ok(taken)
}
