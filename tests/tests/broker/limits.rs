//! Sizes and windows: packets too large, a daemon that does not read, QoS 0 in a flood.

use portal_agent::broker::{EVENT_SLACK, MqttVersion, PublishId, SessionControl, SessionEvent};
use portal_agent::sender::PushAddress;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::scripted::ScriptedBroker;
use portal_tests::wait::{until, within};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish, PublishProperties};

use crate::support::*;

const LARGE: usize = 90 * 1024;

#[tokio::test]
async fn a_packet_too_large_in_a_kept_session_does_not_stop_the_rest() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        TestSession::ready(settings(&broker.url(), protocol, device)).await.session.stop().await;
        let sender = sender(&broker.url()).await;
        let to = PushAddress::Device(device);
        sender.push_raw(to, "before").await.unwrap();
        sender.push_raw(to, vec![b'x'; LARGE]).await.unwrap();
        sender.push_raw(to, "after").await.unwrap();
        let mut agent = TestSession::start(settings(&broker.url(), protocol, device));
        let held = agent.held().await;
        let lengths: Vec<usize> = held.iter().map(|push| push.length).collect();
        match protocol {
            MqttVersion::Mqtt5 => assert_eq!(lengths, [6, 5], "{}: the broker drops it", broker.name()),
            MqttVersion::Mqtt311 => assert_eq!(lengths, [6, LARGE, 5], "{}: the daemon rejects it", broker.name()),
        }
        agent.ack(held);
        sender.push_raw(to, "live").await.unwrap();
        let push = agent.push().await;
        assert_eq!(push.text, "live");
        assert_eq!(agent.handle.state().problem, None);
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn a_broker_that_ignores_the_announced_limit_is_met_with_a_larger_one() {
    let broker = ScriptedBroker::start().await.unwrap();
    let device = device();
    let mut agent = TestSession::start(settings(&broker.url().unwrap().parse().unwrap(), MqttVersion::Mqtt5, device));
    let mut limits = Vec::new();
    for _ in 0..2 {
        let (mut peer, connect) = within("CONNECT", broker.accept_connected()).await.unwrap();
        let Packet::Connect(connect, ..) = connect else { panic!("{connect:?}") };
        limits.push(connect.properties.unwrap().max_packet_size.unwrap());
        let mut push = Publish::new(topics(device).notifications(), QoS::AtLeastOnce, vec![b'x'; LARGE], None);
        push.pkid = 1;
        peer.write(Packet::Publish(push)).await.unwrap();
        if limits.len() == 2 {
            assert_eq!(agent.push().await.length, LARGE);
        } else {
            assert!(agent.problem().await.contains("more than was announced"));
        }
    }
    assert_eq!(limits, [65_536, 268_435_455]);
}

#[tokio::test]
async fn a_daemon_that_does_not_read_loses_no_push_of_qos_1() {
    // Over 3.1.1 without a window, far more arrives than the channel holds.
    let setup = MosquittoSetup { more: "max_inflight_messages 0\n".to_owned(), ..MosquittoSetup::default() };
    let mosquitto = Mosquitto::start(&setup).unwrap();
    let url = mosquitto.url().parse().unwrap();
    let device = device();
    let small =
        portal_agent::broker::SessionSettings { receive_maximum: 1, ..settings(&url, MqttVersion::Mqtt311, device) };
    let mut agent = TestSession::start_with_capacity(small, EVENT_SLACK + 1);
    agent.fence().await;
    let sender = sender(&url).await;
    send_numbers(&sender, device, 0, 2000).await;
    assert!(agent.publish(PublishId::Receipt(1), topics(device).state(), Vec::new(), true));
    let pushes = agent.pushes(2000).await;
    assert_eq!(texts(&pushes), numbers(0, 2000));
    agent.session.stop().await;
}

#[tokio::test]
async fn a_flood_of_qos_0_is_dropped_and_counted() {
    let broker = TestBroker::mosquitto();
    let device = device();
    let small = portal_agent::broker::SessionSettings {
        receive_maximum: 1,
        ..settings(&broker.url(), MqttVersion::Mqtt5, device)
    };
    let mut agent = TestSession::start_with_capacity(small, EVENT_SLACK + 1);
    agent.fence().await;
    flood(&broker, &topics(device).notifications(), 5 * EVENT_SLACK).await;
    let state = until("the drops", || agent.handle.state(), |state| state.problem.is_some()).await;
    assert!(state.problem.unwrap().contains("QoS 0"));
    let push = agent.push().await;
    assert!(push.token.is_none());
    agent.session.stop().await;
}

async fn flood(broker: &TestBroker, topic: &str, number: usize) {
    let options = rumqttc::MqttOptions::new("flood", broker.url().host(), broker.url().port());
    let (client, mut eventloop) = rumqttc::AsyncClient::new(options, number + 10);
    for count in 0..number {
        client.try_publish(topic, rumqttc::QoS::AtMostOnce, false, count.to_string()).unwrap();
    }
    client.try_disconnect().unwrap();
    while eventloop.poll().await.is_ok() {}
}

#[tokio::test]
async fn a_publish_that_the_broker_cannot_take_is_refused_and_the_connection_stands() {
    let setup = MosquittoSetup { more: "max_packet_size 2000\n".to_owned(), ..MosquittoSetup::default() };
    let mosquitto = Mosquitto::start(&setup).unwrap();
    let url = mosquitto.url().parse().unwrap();
    let device = device();
    let mut agent = TestSession::ready(settings(&url, MqttVersion::Mqtt5, device)).await;
    assert!(agent.publish(PublishId::Receipt(7), topics(device).state(), vec![b'x'; 5000], true));
    let refused = |event| match event {
        SessionEvent::PublishRefused { id, detail, for_good } => Some((id, detail, for_good)),
        SessionEvent::Disconnected { problem } => panic!("{problem}"),
        _ => None,
    };
    let (id, detail, for_good) = agent.pick("PublishRefused", refused).await;
    assert_eq!((id, for_good), (PublishId::Receipt(7), true));
    assert!(detail.contains("2000"), "{detail}");
    agent.session.stop().await;
}

#[tokio::test]
async fn the_message_expiry_is_told_in_mqtt_5() {
    for broker in [TestBroker::mosquitto(), TestBroker::embedded().await] {
        let device = device();
        let mut agent = TestSession::ready(settings(&broker.url(), MqttVersion::Mqtt5, device)).await;
        let options = rumqttc::v5::MqttOptions::new("expiring", broker.url().host(), broker.url().port());
        let (client, mut eventloop) = rumqttc::v5::AsyncClient::new(options, 10);
        let properties = PublishProperties { message_expiry_interval: Some(600), ..PublishProperties::default() };
        let topic = topics(device).notifications();
        client.try_publish_with_properties(topic, QoS::AtLeastOnce, false, "x", properties).unwrap();
        let polling = tokio::spawn(async move { while eventloop.poll().await.is_ok() {} });
        let seconds = agent.push().await.expiry_seconds.unwrap();
        assert!((590..=600).contains(&seconds), "{seconds}");
        polling.abort();
        agent.session.stop().await;
    }
}
