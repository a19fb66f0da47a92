//! What survives: held pushes, unacknowledged ones, a broker killed, a broker replaced by the next.

use std::time::{Duration, Instant};

use portal_agent::broker::{PublishId, SessionControl, SessionEvent};
use portal_agent::sender::PushAddress;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};

use crate::support::*;

fn persistent() -> Mosquitto {
    Mosquitto::start(&MosquittoSetup { persistent: true, ..MosquittoSetup::default() }).unwrap()
}

#[tokio::test]
async fn held_pushes_come_in_order_before_the_fence() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        TestSession::ready(settings(&broker.url(), protocol, device)).await.session.stop().await;
        let sender = sender(&broker.url()).await;
        send_numbers(&sender, device, 0, 100).await;
        let mut agent = TestSession::start(settings(&broker.url(), protocol, device));
        assert_eq!(agent.connected().await, (1, true));
        // mosquitto keeps 20 on their way over 3.1.1, so the fence only follows acknowledgements.
        let mut held = Vec::new();
        loop {
            match agent.event("FenceReturned").await {
                SessionEvent::FenceReturned { epoch } => break assert_eq!(epoch, 1),
                SessionEvent::Message { payload, token, .. } => {
                    held.push(String::from_utf8(payload.to_vec()).unwrap());
                    agent.handle.ack(token.unwrap());
                }
                _ => {}
            }
        }
        assert_eq!(held, numbers(0, 100), "{} {protocol:?}", broker.name());
        assert_eq!(agent.handle.state().problem, None);
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_and_says_so() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        let sender = sender(&broker.url()).await;
        send_numbers(&sender, device, 0, 10).await;
        let mut pushes = agent.pushes(10).await;
        agent.ack(pushes.drain(..4));
        // Acknowledged, but behind one that is not: the wire sees neither.
        agent.ack(pushes.drain(3..4));
        assert!(agent.publish(PublishId::Receipt(1), topics(device).state(), Vec::new(), true));
        agent.pick("Published", |event| matches!(event, SessionEvent::Published { .. }).then_some(())).await;
        agent.kill();
        let mut agent = TestSession::start(settings(&broker.url(), protocol, device));
        let again = agent.held().await;
        assert_eq!(texts(&again), numbers(4, 10), "{} {protocol:?}", broker.name());
        assert!(again.iter().all(|push| push.redelivered));
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn a_killed_broker_is_found_again_with_everything_it_had() {
    for protocol in PROTOCOLS {
        let mut mosquitto = persistent();
        let url = mosquitto.url().parse().unwrap();
        let device = device();
        let mut agent = TestSession::start(settings(&url, protocol, device));
        agent.handle.set_groups([group(1)].into());
        agent.fence().await;
        let sender = sender(&url).await;
        for text in ["push one", "push two", "push three"] {
            sender.push_raw(PushAddress::Device(device), text).await.unwrap();
        }
        let stale = agent.pushes(3).await;
        mosquitto.store("push three").unwrap();
        mosquitto.kill().unwrap();
        assert!(agent.problem().await.contains("closed the connection"));
        assert!(!agent.publish(PublishId::State, topics(device).state(), Vec::new(), true));
        mosquitto.restart().unwrap();
        assert_eq!(agent.connected().await, (2, true));
        let again = agent.held().await;
        assert_eq!(texts(&again), ["push one", "push two", "push three"]);
        // Tokens of the first connection: were they taken, the packet ids of the second would be acknowledged.
        agent.ack(stale);
        let sender = crate::support::sender(&url).await;
        sender.push_raw(PushAddress::Group(group(1)), "to the group").await.unwrap();
        assert_eq!(agent.push().await.text, "to the group");
        agent.kill();
        let mut agent = TestSession::start(settings(&url, protocol, device));
        let third = agent.held().await;
        assert_eq!(texts(&third), ["push one", "push two", "push three", "to the group"], "{protocol:?}");
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn a_lost_session_is_subscribed_again() {
    for protocol in PROTOCOLS {
        let mut mosquitto = mosquitto();
        let url = mosquitto.url().parse().unwrap();
        let device = device();
        let mut agent = TestSession::start(settings(&url, protocol, device));
        agent.handle.set_groups([group(1)].into());
        agent.fence().await;
        mosquitto.restart().unwrap();
        assert_eq!(agent.connected().await, (2, false), "no persistence, no session");
        agent.fence().await;
        let sender = sender(&url).await;
        sender.push_raw(PushAddress::Group(group(1)), "to the group").await.unwrap();
        assert_eq!(agent.push().await.text, "to the group");
        sender.push_raw(PushAddress::Device(device), "to the device").await.unwrap();
        assert_eq!(agent.push().await.text, "to the device");
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn the_next_broker_takes_over_within_two_seconds() {
    let (TestBroker::Embedded(first), second) = (TestBroker::embedded().await, TestBroker::embedded().await) else {
        panic!()
    };
    let mut settings = settings(&first.url(), PROTOCOLS[0], device());
    settings.brokers.push(second.url());
    settings.reconnect = Default::default();
    let mut agent = TestSession::ready(settings).await;
    let start = Instant::now();
    first.stop().await;
    assert_eq!(agent.connected().await.0, 2);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(agent.handle.state().url, second.url().to_string());
    agent.session.stop().await;
}

#[tokio::test]
async fn retained_groups_come_at_each_connect_and_retained_pushes_do_not() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let topics = topics(device);
        let sender = sender(&broker.url()).await;
        sender.publish(topics.groups(), r#"{"groups":[]}"#, true).await.unwrap();
        sender.publish(topics.notifications(), "retained push", true).await.unwrap();
        for _ in 0..2 {
            let mut agent = TestSession::start(settings(&broker.url(), protocol, device));
            let mut held = agent.held().await;
            held.sort_by(|a, b| a.text.cmp(&b.text));
            // 3.1.1 has no Retain Handling: there the daemon rejects what is marked as retained.
            let expected: &[&str] = match protocol {
                portal_agent::broker::MqttVersion::Mqtt5 => &[r#"{"groups":[]}"#],
                portal_agent::broker::MqttVersion::Mqtt311 => &["retained push", r#"{"groups":[]}"#],
            };
            assert_eq!(texts(&held), expected, "{} {protocol:?}", broker.name());
            assert!(held.iter().all(|push| push.retained));
            agent.ack(held);
            agent.session.stop().await;
        }
    }
}
