//! What networks do: silence, sleep, slowness, an hour without any.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use portal_tests::agent::Agent;
use portal_tests::faulty_link::{FaultyLink, LinkBehaviour};
use portal_tests::network::NetworkNamespaces;
use portal_tests::publish::TestPublisher;
use portal_tests::session_bus::SessionBus;
use portal_tests::stepped_clock::SteppedClock;
use portal_tests::survival::times;
use serde_json::json;

use crate::support::*;

const BATCH: usize = 10;

fn seconds(times: &[Duration]) -> String {
    let slowest = times.iter().max().map(Duration::as_secs_f64).unwrap_or_default();
    format!("{slowest:.1} s at the slowest")
}

/// Waits until the daemon says that it is not connected, and gives how long that took.
async fn noticed(agent: &Agent) -> Result<Duration> {
    let start = Instant::now();
    wait_long(agent, &["broker.connected=false"])?;
    Ok(start.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_every_packet() -> Result<()> {
    let Some(network) = NetworkNamespaces::new()? else { return Ok(()) };
    let rounds = times(1, 20);
    let bus = SessionBus::start()?;
    let agent = Agent::new(&bus.address())?.under(&network.near());
    let plan = FaultRigSetup { environment: &[KEEP_ALIVE], ..FaultRigSetup::default() };
    let stand = FaultRig::ready_behind(&plan, agent, bus, |broker| {
        let link = FaultyLink::start_on(network.listen()?, broker)?;
        let url = format!("mqtt://{}:{}", network.far(), link.port());
        Ok((link, url))
    });
    let stand = stand.await?;
    let receipts = stand.receipts().await?;
    let mut took = Vec::new();
    for round in 0..rounds {
        wait_long(&stand.agent, &["online"])?;
        network.swallow()?;
        stand.send(&ids(round * BATCH, (round + 1) * BATCH)).await?;
        took.push(noticed(&stand.agent).await?);
        network.deliver()?;
    }
    let all = ids(0, rounds * BATCH);
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let messages = wait_until_published(&receipts, books.last_sequence()).await?;
    check_published(&messages, books.last_sequence())?;
    let note = format!("keep-alive 5 s; noticed in {}", seconds(&took));
    let survival =
        survived("every packet dropped, no reset (network namespace)", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    ensure!(took.iter().all(|took| *took < Duration::from_secs(15)), "{took:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_half_open_after_the_laptops_sleep() -> Result<()> {
    let rounds = times(1, 20);
    let bus = SessionBus::start()?;
    let mut agent = Agent::new(&bus.address())?;
    let clock = SteppedClock::new()?;
    for (name, value) in clock.iter().flat_map(SteppedClock::variables) {
        agent = agent.with(name, &value);
    }
    let plan = FaultRigSetup { linked: true, environment: &[KEEP_ALIVE], ..FaultRigSetup::default() };
    let stand = FaultRig::ready_with(&plan, agent, bus).await?;
    let (mut all, mut took) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        wait_long(&stand.agent, &["online"])?;
        stand.agent.freeze()?;
        stand.link()?.strand();
        let batch = ids(round * BATCH, (round + 1) * BATCH);
        stand.send(&batch).await?;
        if let Some(clock) = &clock {
            clock.set(&format!("+{}h", 8 * (round + 1)))?;
        }
        stand.agent.thaw()?;
        let woken = Instant::now();
        stand.wait_until_settled(&batch).await?;
        took.push(woken.elapsed());
        all.extend(batch);
    }
    let books = JournalReceipts::of(&stand.agent)?;
    let note = format!("8 h of the clock each; all shown {}, keep-alive 5 s", seconds(&took));
    let survival = survived("half-open after a laptop's sleep", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn five_seconds_of_latency() -> Result<()> {
    let rounds = times(1, 10);
    let stand = FaultRig::ready(&FaultRigSetup { linked: true, ..FaultRigSetup::default() }).await?;
    stand.link()?.behave(LinkBehaviour::Late(Duration::from_secs(5)));
    let mut took = Vec::new();
    for round in 0..rounds {
        // A new connection each time: CONNECT is answered after ten seconds, which is longer than a first try waits.
        stand.link()?.cut();
        wait_long(&stand.agent, &["broker.connected=false"])?;
        let start = Instant::now();
        stand.send(&ids(round * BATCH, (round + 1) * BATCH)).await?;
        wait_long(&stand.agent, &["online"])?;
        took.push(start.elapsed());
    }
    let all = ids(0, rounds * BATCH);
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let note = format!("in each direction; online again {}", seconds(&took));
    let survival = survived("5 s of latency", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_at_a_time() -> Result<()> {
    let pushes = times(200, 2000);
    let stand = FaultRig::ready(&FaultRigSetup { linked: true, ..FaultRigSetup::default() }).await?;
    let receipts = stand.receipts().await?;
    stand.link()?.behave(LinkBehaviour::Trickle);
    stand.link()?.cut();
    let all = ids(0, pushes);
    stand.send(&all).await?;
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let messages = wait_until_published(&receipts, books.last_sequence()).await?;
    check_published(&messages, books.last_sequence())?;
    let survival = survived("one byte at a time", 1, &books, &all, &stand.shown(), "both directions, from CONNECT on")?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_without_a_network() -> Result<()> {
    let rounds = times(2, 20);
    let stand = FaultRig::ready(&FaultRigSetup { linked: true, ..FaultRigSetup::default() }).await?;
    let sender = stand.sender().await?;
    let mut all = Vec::new();
    for round in 0..rounds {
        wait_long(&stand.agent, &["online"])?;
        stand.link()?.behave(LinkBehaviour::Silent);
        stand.link()?.cut();
        wait_long(&stand.agent, &["broker.connected=false"])?;
        all.extend(send_with_and_without_end(&sender, round).await?);
        stand.agent.command(&["clock", "advance", "1h"])?;
        stand.link()?.behave(LinkBehaviour::Pass);
        stand.wait_until_settled(&all).await?;
    }
    let books = JournalReceipts::of(&stand.agent)?;
    assert_eq!((books.count("presented"), books.count("expired")), (rounds * BATCH, rounds * BATCH));
    let note = "half of the pushes outlived it and were shown, half had expired";
    let survival =
        survived("no network for an hour of the device's clock", rounds, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

/// A batch that lasts, and one that ends within half an hour of the device's clock.
async fn send_with_and_without_end(sender: &TestPublisher, round: usize) -> Result<Vec<String>> {
    let ahead = SignedDuration::from_hours(i64::try_from(round)?);
    let ends = Timestamp::now() + ahead + SignedDuration::from_mins(30);
    let batch = ids(round * 2 * BATCH, (round + 1) * 2 * BATCH);
    for (number, id) in batch.iter().enumerate() {
        let members = if number % 2 == 0 { json!({}) } else { json!({ "expiresAt": ends.to_string() }) };
        sender.publish(&topic("notifications"), push_with(id, &members)).await?;
    }
    sender.wait_for_pubacks(((round + 1) * 2 * BATCH) as u64).await?;
    Ok(batch)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_never_answers_connect() -> Result<()> {
    let stand = FaultRig::ready(&FaultRigSetup { linked: true, ..FaultRigSetup::default() }).await?;
    let link = stand.link()?;
    link.behave(LinkBehaviour::Silent);
    link.cut();
    let all = ids(0, BATCH);
    stand.send(&all).await?;
    let waited = Duration::from_secs(times(10, 120) as u64);
    let before = link.taken();
    wait_long(&stand.agent, &["broker.connected=false"])?;
    tokio::time::sleep(waited).await;
    let tries = link.taken() - before;
    let status = stand.agent.json(&["status"])?;
    let problem = status["broker"]["problem"].as_str().unwrap_or_default().to_owned();
    ensure!(problem.contains("did not answer"), "{status}");
    ensure!((1..=1 + waited.as_secs() as usize / 4).contains(&tries), "{tries} tries in {waited:?}");
    link.behave(LinkBehaviour::Pass);
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let note = format!("{tries} tries in {} s, and `status` says why", waited.as_secs());
    survived("a broker that accepts and never answers CONNECT", 1, &books, &all, &stand.shown(), note)?;

    // With another broker to go to, it goes there.
    link.behave(LinkBehaviour::Silent);
    let second = stand.broker.url();
    let mut other = Agent::new("")?;
    let start = Instant::now();
    other.start(&["--notifier", "console", "--broker", &link.url(), "--broker", &second])?;
    wait_long(&other, &["online"])?;
    ensure!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    Ok(())
}
