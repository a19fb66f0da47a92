//! What the session with the broker goes through: a second client, late acknowledgements, packets and pushes out of the way.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::Mosquitto;
use portal_tests::notification_server::{NotificationServer, ServerBehaviour, ServerProfile};
use portal_tests::scripted::{ScriptedBroker, ScriptedPeer};
use portal_tests::session_bus::SessionBus;
use portal_tests::survival::times;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAck, Publish, SubAck, SubscribeReasonCode};
use serde_json::json;

use crate::support::*;

const CONSOLE: [&str; 2] = ["--notifier", "console"];

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_with_one_client_id() -> Result<()> {
    let watched = Duration::from_secs(times(20, 300) as u64);
    let mut stand = FaultRig::ready(&FaultRigSetup::default()).await?;
    let url = stand.broker.url();
    let mut other = Agent::new("")?.with(DELIVER_ALL.0, DELIVER_ALL.1);
    let before = connects(&stand.broker);
    other.start(&[&CONSOLE[..], &["--device-id", DEVICE, "--broker", &url]].concat())?;
    tokio::time::sleep(watched).await;
    let fought = connects(&stand.broker) - before;
    for agent in [&stand.agent, &other] {
        let suspected = || Ok(agent.json(&["status"])?["broker"]["problem"].as_str().unwrap_or_default().to_owned());
        let told = |problem: &String| problem.contains("second client") || problem.contains("another client");
        eventually("word of the second client", suspected, told).await?;
    }
    // Two that did not back off would take turns a hundred times a second; two that do, once a pause of up to 30 s.
    let most = 16 + watched.as_secs() as usize / 5;
    ensure!(fought <= most, "{fought} connections in {watched:?}");

    other.stop()?;
    wait_long(&stand.agent, &["online"])?;
    let all = ids(0, 10);
    stand.send(&all).await?;
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    let note =
        format!("{fought} connections of both in {} s; each says why; the one that stays works on", watched.as_secs());
    let survival = survived("two daemons with one client id", 1, &books, &all, &stand.shown(), note)?;
    ensure!(survival.shown_twice == 0);
    stand.agent.stop()
}

/// How often the device's client id connected.
fn connects(broker: &Mosquitto) -> usize {
    broker.log().lines().filter(|line| line.contains("New client connected") && line.contains(DEVICE)).count()
}

/// Answers everything up to the fence, which it sends back; then the device is online and past it.
async fn welcome(broker: &ScriptedBroker) -> Result<ScriptedPeer> {
    let (mut peer, _) = broker.accept_connected().await?;
    loop {
        match peer.read().await? {
            Packet::Subscribe(subscribe) => {
                let return_codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce); subscribe.filters.len()];
                peer.write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await?;
            }
            Packet::Publish(publish) => {
                peer.write(Packet::PubAck(PubAck::new(publish.pkid, None))).await?;
                if publish.topic.ends_with(b"/fence") {
                    let back = Publish { pkid: 60_000, dup: false, ..publish };
                    peer.write(Packet::Publish(back)).await?;
                    return Ok(peer);
                }
            }
            _ => {}
        }
    }
}

async fn deliver(peer: &mut ScriptedPeer, pkid: u16, id: &str, again: bool) -> Result<()> {
    let mut publish = Publish::new(topic("notifications"), QoS::AtLeastOnce, push(id), None);
    (publish.pkid, publish.dup) = (pkid, again);
    peer.write(Packet::Publish(publish)).await
}

/// Reads up to the acknowledgement of this packet, taking the device's own publishes.
async fn until_acknowledged(peer: &mut ScriptedPeer, pkid: u16) -> Result<()> {
    loop {
        match peer.read().await? {
            Packet::PubAck(ack) if ack.pkid == pkid => return Ok(()),
            Packet::PubAck(ack) if ack.pkid != 60_000 => bail!("{} was acknowledged, which was never sent", ack.pkid),
            Packet::Publish(publish) => peer.write(Packet::PubAck(PubAck::new(publish.pkid, None))).await?,
            _ => {}
        }
    }
}

/// A push is in hand when its connection goes. On the next one it comes again, right behind itself, marked as sent before
/// or not; and its packet id stands for another push, which must not be acknowledged by the first one's outcome.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_acknowledgement_of_an_older_connection() -> Result<()> {
    let rounds = times(4, 30);
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let broker = ScriptedBroker::start().await?;
    let mut agent = Agent::new(&bus.address())?.with(DELIVER_ALL.0, DELIVER_ALL.1);
    agent.start(&["--device-id", DEVICE, "--broker", &broker.url()?])?;
    let mut peer = welcome(&broker).await?;
    agent.make_ready()?;
    let mut all = Vec::new();
    for round in 0..rounds {
        let [first, second] = [format!("first-{round:03}"), format!("second-{round:03}")];
        server.behave(ServerBehaviour::Delay(Duration::from_millis(1000)));
        let calls = server.calls();
        deliver(&mut peer, 1, &first, false).await?;
        server.wait_for_calls(calls + 1, LIMIT).await?;
        drop(peer);
        peer = welcome(&broker).await?;
        deliver(&mut peer, 2, &first, round % 2 == 0).await?;
        deliver(&mut peer, 1, &second, false).await?;
        until_acknowledged(&mut peer, 2).await?;
        until_acknowledged(&mut peer, 1).await?;
        let shown = titles(&server.notifications());
        ensure!(shown.ends_with(&[first.clone(), second.clone()]), "acknowledged before it was shown: {shown:?}");
        all.extend([first, second]);
    }
    let books = JournalReceipts::of(&agent)?;
    let shown = titles(&server.notifications());
    let note = "the push came again behind itself; its packet id stood for another push";
    let survival = survived("a late acknowledgement of an older connection", rounds, &books, &all, &shown, note)?;
    ensure!(survival.shown_twice == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_over_the_limit_in_a_kept_session() -> Result<()> {
    let rounds = times(2, 20);
    for protocol in ["5", "3.1.1"] {
        let environment = [("PORTAL_AGENT__BROKER__PROTOCOL", protocol)];
        let mut stand =
            FaultRig::ready(&FaultRigSetup { environment: &environment, ..FaultRigSetup::default() }).await?;
        let sender = stand.sender().await?;
        for round in 0..rounds {
            stand.agent.kill()?;
            // Held for the session: one that may come, one that may not, one behind it.
            let [before, behind] = [&ids(2 * round, 2 * round + 1)[0], &ids(2 * round + 1, 2 * round + 2)[0]];
            let huge = push_with("huge", &json!({ "notificationBody": "x".repeat(100_000) }));
            for payload in [push(before), huge, push(behind)] {
                sender.publish(&topic("notifications"), payload).await?;
            }
            sender.wait_for_pubacks(3 * (round as u64 + 1)).await?;
            stand.start()?;
            wait_long(&stand.agent, &["online"])?;
        }
        let all = ids(0, 2 * rounds);
        stand.wait_until_settled(&all).await?;
        let books = JournalReceipts::of(&stand.agent)?;
        // MQTT 5 lets the broker keep it; 3.1.1 brings it, and it is refused unread.
        // A kill between its receipt and its acknowledgement brings it a second time.
        let (rejected, expected) = (books.count("rejected"), if protocol == "5" { 0..=0 } else { rounds..=2 * rounds });
        ensure!(expected.contains(&rejected), "{rejected} rejected over MQTT {protocol}");
        let fault = if protocol == "5" {
            "a packet over the limit in a kept session, MQTT 5"
        } else {
            "a packet over the limit in a kept session, MQTT 3.1.1"
        };
        let note = format!("{rejected} rejected unread, the rest kept back by the broker; a kill each time");
        let mut shown = stand.shown();
        survived(fault, rounds, &books, &all, &shown, note)?;
        shown.dedup();
        ensure!(shown == all, "only the one in hand at the kill, and in order");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_held_while_a_thousand_flow_past_it() -> Result<()> {
    let others = 1000;
    // A window far smaller than what flows: whatever were not acknowledged would stand in its way.
    let environment = [
        ("PORTAL_AGENT__BROKER__RECEIVE_MAXIMUM", "10"),
        ("PORTAL_AGENT__PUSH_SERVICE__EMULATE", "true"),
        ("PORTAL_AGENT__DEVICE__DOCUMENTATION", "2023"),
    ];
    let plan =
        FaultRigSetup { environment: &environment, arguments: &["--platform", "android"], ..FaultRigSetup::default() };
    let mut stand = FaultRig::ready(&plan).await?;
    stand.agent.command(&["device", "doze", "on"])?;
    let sender = stand.sender().await?;
    sender.publish(&topic("notifications"), push("held")).await?;
    stand.agent.wait(&["held=1"])?;
    let start = Instant::now();
    let past = ids(0, others);
    for id in &past {
        // Nothing that waiting could change: it is withheld at once, Doze or not.
        let payload = push_with(id, &json!({ "targetUserPrincipalName": "somebody.else@contoso.example" }));
        sender.publish(&topic("notifications"), payload).await?;
    }
    stand.wait_until_settled(&past).await?;
    let took = start.elapsed();
    ensure!(stand.agent.json(&["status"])?["held"] == 1);
    // Held is durable: a kill does not lose it.
    stand.agent.kill()?;
    stand.start()?;
    stand.agent.wait(&["online", "held=1"])?;
    stand.agent.command(&["device", "doze", "off"])?;
    let mut all = past;
    all.push("held".to_owned());
    stand.wait_until_settled(&all).await?;
    let books = JournalReceipts::of(&stand.agent)?;
    assert_eq!((books.count("withheld"), books.count("presented")), (others, 1));
    let note =
        format!("receive maximum 10; the thousand took {:.1} s; the one was shown after a kill", took.as_secs_f64());
    let shown = stand.shown();
    survived("a push held while 1,000 others flow past it", 1, &books, &all, &shown, note)?;
    ensure!(shown == ["held"], "{shown:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_pruned_from_the_journal_and_sent_again() -> Result<()> {
    let rounds = times(2, 20);
    let environment = [("PORTAL_AGENT__JOURNAL__KEEP_RECEIPTS", "20"), ("PORTAL_AGENT__JOURNAL__IDS_AGE", "1h")];
    let stand = FaultRig::ready(&FaultRigSetup { environment: &environment, ..FaultRigSetup::default() }).await?;
    let sender = stand.sender().await?;
    let again = |id: &str, sent_at: &str| push_with(id, &json!({ "sentAt": sent_at }));
    let mut shown_once = 0;
    for round in 0..rounds {
        let old = format!("old-{round}");
        let sent_at = device_time(&stand.agent)?;
        sender.publish(&topic("notifications"), again(&old, &sent_at)).await?;
        stand.send(&ids(round * 200, (round + 1) * 200)).await?;
        stand.wait_until_settled(&ids((round + 1) * 200 - 1, (round + 1) * 200)).await?;
        shown_once += 201;
        ensure!(stand.agent.receipts(&["--id", &old])?.is_empty(), "its receipt is pruned");
        // Its id is remembered apart from the receipts: it is a duplicate.
        sender.publish(&topic("notifications"), again(&old, &sent_at)).await?;
        stand.agent.wait_for_receipt(&old)?;
        outcome_is(&stand.agent, &old, "duplicate")?;
        // Past the age at which ids are forgotten, when nobody could tell, it has expired.
        stand.agent.command(&["clock", "advance", "2h"])?;
        stand.send(&[format!("between-{round}")]).await?;
        stand.wait_until_settled(&[format!("between-{round}")]).await?;
        sender.publish(&topic("notifications"), again(&old, &sent_at)).await?;
        let last = || Ok(stand.agent.receipts(&["--id", &old, "--outcome", "expired"])?.len());
        eventually("its third outcome", last, |count| *count == 1).await?;
        shown_once += 1;
    }
    let shown = stand.shown();
    assert_eq!(shown.len(), shown_once);
    let books = JournalReceipts::of(&stand.agent)?;
    ensure!(books.receipts.len() <= 20 + 64, "{} receipts are kept", books.receipts.len());
    let fault = "an id pruned from the journal and sent again";
    let note = "a duplicate while its id is remembered, expired after";
    portal_tests::survival::SurvivalCount {
        fault,
        times: rounds * 2,
        pushes: shown_once,
        lost: 0,
        shown_twice: more_than_once(&shown),
        note: note.to_owned(),
    }
    .report();
    assert_eq!(more_than_once(&shown), 0);
    Ok(())
}

fn outcome_is(agent: &Agent, id: &str, outcome: &str) -> Result<()> {
    let receipts = agent.receipts(&["--id", id])?;
    ensure!(receipts.len() == 1 && receipts[0]["outcome"] == outcome, "{receipts:?}");
    Ok(())
}

/// The device's clock now, as a sender stamps it.
fn device_time(agent: &Agent) -> Result<String> {
    let ahead = agent.json(&["status"])?["condition"]["clockAheadMillis"].as_i64().context("the clock's distance")?;
    Ok((jiff::Timestamp::now() + jiff::SignedDuration::from_millis(ahead)).to_string())
}
