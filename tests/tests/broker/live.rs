//! A connection that stands: order, groups, the connection topic, publishes.

use std::time::Duration;

use portal_agent::broker::{PublishId, SessionControl, SessionEvent};
use portal_agent::sender::PushAddress;
use portal_contract::{IncomingTopic, PushTarget};
use portal_tests::wait::until;

use crate::support::*;

#[tokio::test]
async fn pushes_arrive_in_order_and_the_fence_comes_back() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut agent = TestSession::start(settings(&broker.url(), protocol, device));
        let (epoch, present) = agent.connected().await;
        assert_eq!((epoch, present), (1, false));
        assert_eq!(agent.online().await, 1);
        assert_eq!(agent.fence().await, 1);
        let sender = sender(&broker.url()).await;
        send_numbers(&sender, device, 0, 300).await;
        // More than any window: acknowledged in reverse within each hundred, the edge still sends them in order.
        for round in 0..3 {
            let mut pushes = Vec::new();
            while pushes.len() < 10 * 10 {
                let push = agent.push().await;
                assert_eq!(push.text, (round * 100 + pushes.len()).to_string(), "{} {protocol:?}", broker.name());
                assert!(!push.redelivered && !push.retained);
                pushes.push(push);
                if pushes.len() % 10 == 0 {
                    let last = pushes.len() - 10;
                    for push in pushes[last..].iter_mut().rev() {
                        agent.handle.ack(push.token.take().unwrap());
                    }
                }
            }
        }
        assert!(agent.handle.state().connected);
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn groups_are_joined_and_left_while_connected() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        agent.handle.set_groups([group(1), group(2)].into());
        assert!(!agent.handle.state().connected, "not online until the new subscriptions are answered");
        agent.subscribed().await;
        assert!(agent.handle.state().connected);
        let sender = sender(&broker.url()).await;
        sender.push_raw(PushAddress::Group(group(1)), "one").await.unwrap();
        let push = agent.push().await;
        assert_eq!(push.incoming, IncomingTopic::Notification(PushTarget::Group { id: group(1) }));
        agent.ack([push]);
        agent.handle.set_groups([group(2), group(3)].into());
        agent.subscribed().await;
        sender.push_raw(PushAddress::Group(group(3)), "three").await.unwrap();
        let push = agent.push().await;
        assert_eq!(push.text, "three");
        agent.ack([push]);
        // Unsubscribed before three was subscribed, so what goes to one from here on does not come.
        sender.push_raw(PushAddress::Group(group(1)), "left").await.unwrap();
        sender.push_raw(PushAddress::Group(group(2)), "two").await.unwrap();
        assert_eq!(agent.push().await.text, "two", "{} {protocol:?}", broker.name());
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn a_thousand_groups_are_subscribed() {
    for protocol in PROTOCOLS {
        let broker = TestBroker::mosquitto();
        let mut agent = TestSession::start(settings(&broker.url(), protocol, device()));
        agent.handle.set_groups((0..1000).map(group).collect());
        agent.fence().await;
        until("every group", || agent.handle.state(), |state| state.connected).await;
        let sender = sender(&broker.url()).await;
        sender.push_raw(PushAddress::Group(group(999)), "last").await.unwrap();
        assert_eq!(agent.push().await.text, "last");
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn groups_left_while_away_are_given_up_at_the_next_connect() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut agent = TestSession::start(settings(&broker.url(), protocol, device));
        agent.handle.set_groups([group(1)].into());
        agent.fence().await;
        agent.kill();
        // Another life, which never heard of group 1 but whose session still has it.
        let mut agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        let sender = sender(&broker.url()).await;
        sender.push_raw(PushAddress::Group(group(1)), "stray").await.unwrap();
        let push = agent.push().await;
        assert_eq!(push.text, "stray", "it still gets its outcome");
        agent.ack([push]);
        // The stray was unsubscribed before its acknowledgement went out; a publish answered behind both proves it.
        assert!(agent.publish(PublishId::Receipt(1), topics(device).state(), b"{}".to_vec(), true));
        published(&mut agent).await;
        sender.push_raw(PushAddress::Group(group(1)), "again").await.unwrap();
        sender.push_raw(PushAddress::Device(device), "own").await.unwrap();
        assert_eq!(agent.push().await.text, "own", "{} {protocol:?}", broker.name());
        agent.session.stop().await;
    }
}

async fn published(agent: &mut TestSession) -> PublishId {
    agent.pick("Published", |event| if let SessionEvent::Published { id } = event { Some(id) } else { None }).await
}

#[tokio::test]
async fn the_connection_topic_tells_online_and_offline() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut watcher = TopicWatcher::start(&broker.url(), &topics(device).connection()).await;
        let agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        assert_eq!(watcher.next_text().await, ONLINE);
        agent.kill();
        assert_eq!(watcher.next_text().await, OFFLINE, "the last will: {} {protocol:?}", broker.name());
        let agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        assert_eq!(watcher.next_text().await, ONLINE);
        agent.session.stop().await;
        assert_eq!(watcher.next_text().await, OFFLINE, "a clean end: {} {protocol:?}", broker.name());
        let mut late = TopicWatcher::start(&broker.url(), &topics(device).connection()).await;
        let (_, text, retained) = late.next().await;
        assert_eq!((text.as_str(), retained), (OFFLINE, true));
    }
}

#[tokio::test]
async fn offline_really_disconnects_and_the_session_stays() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut watcher = TopicWatcher::start(&broker.url(), &topics(device).connection()).await;
        let mut agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        assert_eq!(watcher.next_text().await, ONLINE);
        agent.handle.go_offline();
        assert!(agent.problem().await.contains("offline"));
        assert_eq!(watcher.next_text().await, OFFLINE);
        let state = agent.handle.state();
        assert!(!state.connected && state.problem.is_some());
        assert!(!agent.publish(PublishId::State, topics(device).state(), Vec::new(), true));
        let sender = sender(&broker.url()).await;
        send_numbers(&sender, device, 0, 5).await;
        agent.handle.go_online();
        assert_eq!(agent.connected().await, (2, true), "{} {protocol:?}", broker.name());
        let held = agent.held().await;
        assert_eq!(texts(&held), numbers(0, 5));
        let state = agent.handle.state();
        assert!(state.connected && state.problem.is_none(), "{state:?}");
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn publishes_are_answered_by_number_and_in_order() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut watcher = TopicWatcher::start(&broker.url(), &topics(device).receipts()).await;
        let mut agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        let (mut next, mut answered) = (0, 0);
        while answered < 500 {
            while next < 500
                && agent.publish(
                    PublishId::Receipt(next),
                    topics(device).receipts(),
                    next.to_string().into_bytes(),
                    false,
                )
            {
                next += 1;
            }
            assert_eq!(published(&mut agent).await, PublishId::Receipt(answered));
            answered += 1;
        }
        for number in 0..500 {
            assert_eq!(watcher.next_text().await, number.to_string(), "{} {protocol:?}", broker.name());
        }
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn idle_ends_promptly() {
    let broker = TestBroker::mosquitto();
    let agent = TestSession::ready(settings(&broker.url(), PROTOCOLS[0], device())).await;
    let start = std::time::Instant::now();
    agent.session.stop().await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
