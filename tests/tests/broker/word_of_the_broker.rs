//! What a broker says of itself and of its ends: obeyed, or told with what to do about it.

use std::collections::BTreeSet;
use std::time::Duration;

use portal_agent::broker::{BrokerUrl, MqttVersion, PublishId, SessionControl, SessionSettings};
use portal_agent::sender::{FollowScope, PushSender, SenderOptions};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::scripted::{ScriptedBroker, ScriptedPeer, no_properties};
use portal_tests::wait::{until, within};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnAckProperties, ConnectReturnCode, DisconnectReasonCode, Packet, PingResp, PubAck, Publish,
    PublishProperties, SubAck, Subscribe, SubscribeReasonCode,
};

use crate::support::*;

fn url(broker: &ScriptedBroker) -> BrokerUrl {
    broker.url().unwrap().parse().unwrap()
}

fn scripted(broker: &ScriptedBroker) -> SessionSettings {
    settings(&url(broker), MqttVersion::Mqtt5, device())
}

async fn grant(peer: &mut ScriptedPeer, subscribe: &Subscribe) {
    let return_codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce); subscribe.filters.len()];
    peer.write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await.unwrap();
}

async fn subscribe_of(peer: &mut ScriptedPeer) -> Subscribe {
    let Packet::Subscribe(subscribe) = within("SUBSCRIBE", peer.read()).await.unwrap() else { panic!() };
    subscribe
}

#[tokio::test]
async fn a_broker_without_retained_messages_is_sent_none_and_it_is_said() {
    let setup = MosquittoSetup { more: "retain_available false\n".to_owned(), ..MosquittoSetup::default() };
    let mosquitto = Mosquitto::start(&setup).unwrap();
    let url = mosquitto.url().parse().unwrap();
    for protocol in [MqttVersion::Mqtt5] {
        let device = device();
        let mut watcher = TopicWatcher::start(&url, &topics(device).connection()).await;
        let agent = TestSession::ready(settings(&url, protocol, device)).await;
        assert_eq!(watcher.next_text().await, ONLINE);
        let problem = agent.handle.state().problem.unwrap();
        assert!(problem.contains("keeps no retained messages") && problem.contains("allow"), "{problem}");
        agent.kill();
        assert_eq!(watcher.next_text().await, OFFLINE, "the last will still says it");
    }
}

#[tokio::test]
async fn a_broker_that_ends_at_a_retained_message_is_sent_no_other() {
    let broker = ScriptedBroker::start().await.unwrap();
    let agent = TestSession::start(scripted(&broker));
    let mut retained = Vec::new();
    for _ in 0..2 {
        let (mut peer, connect) = within("CONNECT", broker.accept_connected()).await.unwrap();
        let Packet::Connect(_, Some(will), _) = connect else { panic!("{connect:?}") };
        let subscribe = subscribe_of(&mut peer).await;
        grant(&mut peer, &subscribe).await;
        let Packet::Publish(online) = within("PUBLISH", peer.read()).await.unwrap() else { panic!() };
        retained.push((will.retain, online.retain));
        if online.retain {
            peer.write_bytes(&[0xe0, 2, 0x9a, 0]).await.unwrap();
        } else {
            let said = |state: &portal_contract::status::BrokerStatus| {
                state.problem.as_ref().is_some_and(|problem| problem.contains("keeps no retained messages"))
            };
            until("the word of it", || agent.handle.state(), said).await;
        }
    }
    assert_eq!(retained, [(true, true), (false, false)]);
}

#[tokio::test]
async fn a_refusal_tells_the_server_to_use_and_the_brokers_own_words() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut agent = TestSession::start(scripted(&broker));
    let mut peer = within("a connection", broker.accept()).await.unwrap();
    peer.read().await.unwrap();
    let properties = ConnAckProperties {
        server_reference: Some("b.example:1883".to_owned()),
        reason_string: Some("maintenance".to_owned()),
        ..no_properties()
    };
    let code = ConnectReturnCode::UseAnotherServer;
    peer.write(Packet::ConnAck(ConnAck { session_present: false, code, properties: Some(properties) })).await.unwrap();
    let problem = agent.problem().await;
    for words in ["use another server", "\"b.example:1883\"", "\"maintenance\"", "broker.urls"] {
        assert!(problem.contains(words), "{words}: {problem}");
    }
}

#[tokio::test]
async fn a_broker_that_takes_qos_0_only_is_refused_with_the_hint() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut agent = TestSession::start(scripted(&broker));
    let properties = ConnAckProperties { max_qos: Some(0), ..no_properties() };
    within("CONNECT", broker.accept_with(Some(properties))).await.unwrap();
    let problem = agent.problem().await;
    assert!(problem.contains("allow QoS 1 at the broker"), "{problem}");
}

#[tokio::test]
async fn a_broker_without_mqtt_5_is_met_with_the_setting() {
    // What a 3.1.1 broker answers, and what RabbitMQ 3.10 does.
    for answer in [&[0x20_u8, 2, 0, 1][..], &[]] {
        let broker = ScriptedBroker::start().await.unwrap();
        let mut agent = TestSession::start(scripted(&broker));
        let mut peer = within("a connection", broker.accept()).await.unwrap();
        peer.read().await.unwrap();
        peer.write_bytes(answer).await.unwrap();
        drop(peer);
        let problem = agent.problem().await;
        assert!(problem.contains("broker.protocol to \"3.1.1\""), "{problem}");
    }
}

#[tokio::test]
async fn the_brokers_keep_alive_is_kept_and_0_is_none() {
    for (keep_alive, pings) in [(1, true), (0, false)] {
        let broker = ScriptedBroker::start().await.unwrap();
        let mut agent = TestSession::start(scripted(&broker));
        let properties = ConnAckProperties { server_keep_alive: Some(keep_alive), ..no_properties() };
        let (mut peer, _) = within("CONNECT", broker.accept_with(Some(properties))).await.unwrap();
        let subscribe = subscribe_of(&mut peer).await;
        grant(&mut peer, &subscribe).await;
        agent.online().await;
        let mut pinged = false;
        // `online` and the fence; then, where the broker says 1 s, a ping within it.
        for _ in 0..if pings { 3 } else { 2 } {
            match within("a packet", peer.read()).await.unwrap() {
                Packet::Publish(publish) => peer.write(Packet::PubAck(PubAck::new(publish.pkid, None))).await.unwrap(),
                Packet::PingReq(_) => {
                    pinged = true;
                    peer.write(Packet::PingResp(PingResp)).await.unwrap();
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(pinged, pings);
        assert!(agent.handle.state().connected);
    }
}

#[tokio::test]
async fn the_receive_maximum_is_kept_and_subscribes_have_ids_of_their_own() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut agent = TestSession::start(scripted(&broker));
    agent.handle.set_groups((0..40).map(group).collect());
    let properties = ConnAckProperties { receive_max: Some(1), ..no_properties() };
    let (mut peer, _) = within("CONNECT", broker.accept_with(Some(properties))).await.unwrap();
    let mut ids = BTreeSet::new();
    let mut subscribes = Vec::new();
    while subscribes.len() < 6 {
        let subscribe = subscribe_of(&mut peer).await;
        assert!(ids.insert(subscribe.pkid), "an id is used twice at a time");
        subscribes.push(subscribe);
    }
    for subscribe in &subscribes {
        grant(&mut peer, subscribe).await;
    }
    agent.online().await;
    let device_topics = |publish: &Publish| String::from_utf8(publish.topic.to_vec()).unwrap();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let Packet::Publish(publish) = within("PUBLISH", peer.read()).await.unwrap() else { panic!() };
        seen.push(device_topics(&publish));
        if seen.len() == 1 {
            // Asked for while the first is unanswered: the subscription is not held back, the fence is.
            agent.handle.set_groups((0..41).map(group).collect());
            let more = subscribe_of(&mut peer).await;
            grant(&mut peer, &more).await;
            agent.subscribed().await;
        }
        peer.write(Packet::PubAck(PubAck::new(publish.pkid, None))).await.unwrap();
    }
    assert!(seen[0].ends_with("/connection") && seen[1].ends_with("/fence"), "{seen:?}");
}

#[tokio::test]
async fn a_topic_alias_that_was_not_allowed_is_a_protocol_error_with_back_off() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut agent = TestSession::start(scripted(&broker));
    let start = std::time::Instant::now();
    for _ in 0..4 {
        let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
        subscribe_of(&mut peer).await;
        let properties = PublishProperties { topic_alias: Some(7), ..PublishProperties::default() };
        let push = Publish::new(String::new(), QoS::AtMostOnce, "x", Some(properties));
        peer.write(Packet::Publish(push)).await.unwrap();
        let Packet::Disconnect(end) = within("DISCONNECT", peer.read()).await.unwrap() else { panic!() };
        assert_eq!(end.reason_code, DisconnectReasonCode::TopicAliasInvalid);
    }
    assert!(start.elapsed() >= Duration::from_millis(25 + 50 + 100), "{:?}", start.elapsed());
    let problem = agent.problem().await;
    assert!(problem.contains("topic alias") && !problem.contains("by command"), "{problem}");
}

#[tokio::test]
async fn a_broker_that_ignores_our_receive_maximum_is_disconnected() {
    let broker = ScriptedBroker::start().await.unwrap();
    let device = device();
    let small = SessionSettings { receive_maximum: 2, ..settings(&url(&broker), MqttVersion::Mqtt5, device) };
    let mut agent = TestSession::start(small);
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    subscribe_of(&mut peer).await;
    // Without an end: 60 KB each, and none is acknowledged.
    let (mut pkid, mut end) = (0, None);
    while end.is_none() && pkid < 200 {
        pkid += 1;
        let mut push = Publish::new(topics(device).notifications(), QoS::AtLeastOnce, vec![b'x'; 60_000], None);
        push.pkid = pkid;
        if peer.write(Packet::Publish(push)).await.is_err() {
            break;
        }
        end = tokio::time::timeout(Duration::from_millis(1), peer.read()).await.ok();
    }
    let Some(Ok(Packet::Disconnect(end))) = end else { panic!("{end:?}") };
    assert_eq!(end.reason_code, DisconnectReasonCode::ReceiveMaximumExceeded);
    let problem = agent.problem().await;
    assert!(problem.contains("messages before one was acknowledged, and at most 2 were allowed"), "{problem}");
}

#[tokio::test]
async fn an_end_that_follows_subscribe_each_time_says_that() {
    let broker = ScriptedBroker::start().await.unwrap();
    let agent = TestSession::start(scripted(&broker));
    for _ in 0..3 {
        let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
        subscribe_of(&mut peer).await;
    }
    let said = |state: &portal_contract::status::BrokerStatus| {
        state.problem.as_ref().is_some_and(|problem| problem.contains("each time before it answered SUBSCRIBE"))
    };
    let problem = until("the row of ends", || agent.handle.state(), said).await.problem.unwrap();
    assert!(problem.contains("broker.filters_per_subscribe") && problem.contains("a second client"), "{problem}");
}

#[tokio::test]
async fn an_end_that_follows_a_publish_each_time_says_that() {
    let broker = ScriptedBroker::start().await.unwrap();
    let agent = TestSession::start(scripted(&broker));
    for _ in 0..3 {
        let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
        let subscribe = subscribe_of(&mut peer).await;
        grant(&mut peer, &subscribe).await;
        within("PUBLISH", peer.read()).await.unwrap();
    }
    let said = |state: &portal_contract::status::BrokerStatus| {
        let problem = state.problem.as_deref().unwrap_or_default();
        problem.contains("each time before it answered PUBLISH to portal/v1/") && problem.contains("/connection")
    };
    until("the row of ends", || agent.handle.state(), said).await;
}

#[tokio::test]
async fn what_the_packet_limit_holds_back_is_said() {
    let setup = MosquittoSetup { more: "max_packet_size 2000\n".to_owned(), ..MosquittoSetup::default() };
    let mosquitto = Mosquitto::start(&setup).unwrap();
    let device = device();
    let agent = TestSession::ready(settings(&mosquitto.url().parse().unwrap(), MqttVersion::Mqtt5, device)).await;
    assert_eq!(agent.handle.state().problem, None);
    assert!(agent.publish(PublishId::State, topics(device).state(), vec![b'x'; 5000], true));
    let problem = agent.handle.state().problem.unwrap();
    for words in ["at most 2000 bytes", &topics(device).state(), "held back", "raise the broker's"] {
        assert!(problem.contains(words), "{words}: {problem}");
    }
}

#[tokio::test]
async fn a_sender_is_told_what_the_broker_does_not_have() {
    let broker = ScriptedBroker::start().await.unwrap();
    let properties =
        ConnAckProperties { retain_available: Some(0), wildcard_subscription_available: Some(0), ..no_properties() };
    let (accepted, sender) =
        tokio::join!(broker.accept_with(Some(properties)), PushSender::connect(SenderOptions::new(url(&broker))));
    let (_peer, sender) = (accepted.unwrap(), sender.unwrap());
    let error = sender.follow(FollowScope::AllDevices).await.unwrap_err().to_string();
    assert!(error.contains("wildcards"), "{error}");
    let error = sender.publish("a/b".to_owned(), "x", true).await.unwrap_err().to_string();
    assert!(error.contains("no retained messages"), "{error}");
}

#[tokio::test]
async fn a_disconnect_of_two_bytes_is_a_normal_end() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut agent = TestSession::start(scripted(&broker));
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    peer.write_bytes(&[0xe0, 0]).await.unwrap();
    let problem = agent.problem().await;
    assert!(problem.contains("ended the connection in good order"), "{problem}");
}
