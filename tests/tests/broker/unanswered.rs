//! A broker that takes requests and never answers them: it is said, and then the next one is tried.

use std::time::Duration;

use portal_agent::broker::{MqttVersion, SessionControl, SessionSettings};
use portal_agent::sender::{FollowScope, PushAddress, PushSender, SenderOptions};
use portal_tests::scripted::{ScriptedBroker, ScriptedPeer};
use portal_tests::wait::{until, within};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAck, SubAck, SubscribeReasonCode};

use crate::support::*;

/// Answers all but the packets that `silent` takes, until the client ends the connection.
async fn answer_but(mut peer: ScriptedPeer, silent: impl Fn(&Packet) -> bool) {
    while let Ok(packet) = peer.read().await {
        if silent(&packet) {
            continue;
        }
        let answer = match packet {
            Packet::Subscribe(subscribe) => {
                let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
                let return_codes = vec![granted; subscribe.filters.len()];
                Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })
            }
            Packet::Publish(publish) => Packet::PubAck(PubAck::new(publish.pkid, None)),
            _ => continue,
        };
        peer.write(answer).await.unwrap();
    }
}

fn at(brokers: &[&ScriptedBroker]) -> SessionSettings {
    let urls = brokers.iter().map(|broker| broker.url().unwrap().parse().unwrap()).collect::<Vec<_>>();
    SessionSettings { brokers: urls.clone(), ..settings(&urls[0], MqttVersion::Mqtt5, device()) }
}

#[tokio::test]
async fn the_next_broker_is_tried_after_the_limit() {
    type Silence = fn(&Packet) -> bool;
    let silences: [(&str, Silence); 3] = [
        ("SUBSCRIBE", |packet| matches!(packet, Packet::Subscribe(_))),
        ("UNSUBSCRIBE", |packet| matches!(packet, Packet::Unsubscribe(_))),
        ("PUBLISH", |packet| matches!(packet, Packet::Publish(_))),
    ];
    for (word, silent) in silences {
        let (mute, next) = (ScriptedBroker::start().await.unwrap(), ScriptedBroker::start().await.unwrap());
        let settings = SessionSettings { answer_timeout: Duration::from_millis(300), ..at(&[&mute, &next]) };
        let mut agent = TestSession::start(settings);
        agent.handle.set_groups([group(1)].into());
        let (peer, _) = within("CONNECT", mute.accept_connected()).await.unwrap();
        let serving = tokio::spawn(answer_but(peer, silent));
        if word == "UNSUBSCRIBE" {
            agent.online().await;
            agent.handle.set_groups([].into());
        }
        let problem = agent.problem().await;
        assert!(problem.contains(&format!("did not answer {word} within 0.3 s")), "{problem}");
        within("the next broker", next.accept_connected()).await.unwrap();
        serving.abort();
    }
}

#[tokio::test]
async fn what_is_waited_for_stands_in_the_state_until_it_is_answered() {
    let broker = ScriptedBroker::start().await.unwrap();
    let agent = TestSession::start(at(&[&broker]));
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    let Packet::Subscribe(subscribe) = within("SUBSCRIBE", peer.read()).await.unwrap() else { panic!() };
    let waiting = "waiting for the broker to answer SUBSCRIBE since 20";
    let said = |state: &portal_contract::status::BrokerStatus| {
        state.problem.as_ref().is_some_and(|problem| problem.contains(waiting) && problem.contains("20 s"))
    };
    until("the wait", || agent.handle.state(), said).await;
    let return_codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce); subscribe.filters.len()];
    peer.write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await.unwrap();
    let serving = tokio::spawn(answer_but(peer, |_| false));
    until("no problem", || agent.handle.state(), |state| state.connected && state.problem.is_none()).await;
    serving.abort();
}

#[tokio::test]
async fn a_sender_is_not_kept_waiting_either() {
    let broker = ScriptedBroker::start().await.unwrap();
    let url = broker.url().unwrap().parse().unwrap();
    let quick = SenderOptions { answer_timeout: Duration::from_millis(100), ..SenderOptions::new(url) };
    let (accepted, sender) = tokio::join!(broker.accept_connected(), PushSender::connect(quick));
    let (_peer, sender) = (accepted.unwrap(), sender.unwrap());
    let device = device();
    let error = within("SUBSCRIBE given up", sender.follow(FollowScope::Device(device))).await.unwrap_err();
    assert!(error.to_string().contains("did not answer SUBSCRIBE to portal/v1/"), "{error}");
    let push = sender.push_raw(PushAddress::Device(device), "x");
    let error = within("PUBLISH given up", push).await.unwrap_err();
    assert!(error.to_string().contains("did not answer PUBLISH to portal/v1/"), "{error}");
}

#[tokio::test]
async fn no_subscribe_has_more_filters_than_set() {
    let broker = ScriptedBroker::start().await.unwrap();
    let agent = TestSession::start(at(&[&broker]));
    agent.handle.set_groups((0..20).map(group).collect());
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    let mut filters = Vec::new();
    while filters.iter().sum::<usize>() < 24 {
        let Packet::Subscribe(subscribe) = within("SUBSCRIBE", peer.read()).await.unwrap() else { panic!() };
        filters.push(subscribe.filters.len());
    }
    assert_eq!(filters, [8, 8, 8]);
}
