//! What goes wrong, and the sentence that says so.

use std::time::{Duration, Instant};

use portal_agent::broker::{
    BrokerCredentials, MqttVersion, PublishId, Secret, SessionControl, SessionEvent, SessionSettings,
};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::scripted::{ScriptedBroker, ScriptedPeer};
use portal_tests::wait::{until, within};
use rumqttc::v5::mqttbytes::v5::{Packet, PubAck, PubAckReason, Publish, SubAck, SubscribeReasonCode};

use crate::support::*;

fn with_password(settings: SessionSettings, password: &str) -> SessionSettings {
    SessionSettings { credentials: Some(BrokerCredentials::new("adele", Secret::new(password))), ..settings }
}

#[tokio::test]
async fn a_wrong_password_is_said_once_and_the_right_one_works() {
    for protocol in PROTOCOLS {
        let password = Some(("adele".to_owned(), "right".to_owned()));
        let mosquitto = Mosquitto::start(&MosquittoSetup { password, ..MosquittoSetup::default() }).unwrap();
        let url = mosquitto.url().parse().unwrap();
        let mut agent = TestSession::start(with_password(settings(&url, protocol, device()), "wrong"));
        let (mut tries, mut problems) = (0, Vec::new());
        while tries < 4 {
            match agent.event("Connecting").await {
                SessionEvent::Connecting { .. } => tries += 1,
                SessionEvent::Disconnected { problem } => problems.push(problem),
                event => panic!("{event:?}"),
            }
        }
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("password"), "{problems:?}");
        assert!(!problems[0].contains("wrong"), "{problems:?}");
        assert_eq!(agent.handle.state().problem.as_ref(), Some(&problems[0]));
        agent.session.stop().await;
        let agent = TestSession::ready(with_password(settings(&url, protocol, device()), "right")).await;
        assert_eq!(agent.handle.state().problem, None);
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn nothing_there_is_said_and_stopping_does_not_wait() {
    let broker = ScriptedBroker::start().await.unwrap();
    let url = broker.url().unwrap().parse().unwrap();
    drop(broker);
    let mut lasting = settings(&url, MqttVersion::Mqtt5, device());
    lasting.reconnect.first = Duration::from_secs(60);
    lasting.reconnect.longest = Duration::from_secs(60);
    let mut agent = TestSession::start(lasting);
    assert!(agent.problem().await.contains("nothing listens"));
    within("the end", agent.session.stop()).await;
}

#[tokio::test]
async fn offline_while_there_is_no_connection_is_told_too() {
    let broker = ScriptedBroker::start().await.unwrap();
    let url = broker.url().unwrap().parse().unwrap();
    drop(broker);
    let mut lasting = settings(&url, MqttVersion::Mqtt5, device());
    lasting.reconnect.first = Duration::from_secs(60);
    lasting.reconnect.longest = Duration::from_secs(60);
    let mut agent = TestSession::start(lasting);
    agent.problem().await;
    agent.handle.go_offline();
    assert!(agent.problem().await.contains("offline by command"));
    agent.handle.go_online();
    assert!(agent.problem().await.contains("nothing listens"), "tried at once, not after the pause");
    agent.session.stop().await;
}

#[tokio::test]
async fn a_listener_that_never_answers_is_given_up() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut quick = settings(&broker.url().unwrap().parse().unwrap(), MqttVersion::Mqtt5, device());
    quick.connect_timeout = Duration::from_millis(200);
    let mut agent = TestSession::start(quick);
    let start = Instant::now();
    assert!(agent.problem().await.contains("did not answer"));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    agent.session.stop().await;
}

#[tokio::test]
async fn a_named_takeover_waits_longer() {
    let broker = ScriptedBroker::start().await.unwrap();
    let mut patient = settings(&broker.url().unwrap().parse().unwrap(), MqttVersion::Mqtt5, device());
    // Only the pause after a takeover is short, so that the next try shows which pause was taken.
    patient.reconnect.first = Duration::from_secs(3600);
    patient.reconnect.longest = Duration::from_secs(3600);
    patient.reconnect.after_takeover = Duration::from_millis(100);
    let mut agent = TestSession::start(patient);
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    // Without properties, as the protocol allows.
    peer.write_bytes(&[0xe0, 1, 0x8e]).await.unwrap();
    assert!(agent.problem().await.contains("another client with the same id"));
    within("the next try", broker.accept_connected()).await.unwrap();
}

#[tokio::test]
async fn two_clients_with_one_id_are_suspected() {
    for protocol in PROTOCOLS {
        let broker = TestBroker::mosquitto();
        let device = device();
        let mut one = TestSession::start(settings(&broker.url(), protocol, device));
        let _other = TestSession::start(settings(&broker.url(), protocol, device));
        let suspected = |state: &portal_contract::status::BrokerStatus| {
            state.problem.as_ref().is_some_and(|problem| problem.contains("a second client"))
        };
        let state = until("the suspicion", || one.handle.state(), suspected).await;
        assert!(state.problem.unwrap().contains(&device.to_string()));
        let problem = one.problem().await;
        assert!(problem.contains("closed the connection"), "{problem}");
    }
}

#[tokio::test]
async fn a_refused_subscription_is_named_and_the_rest_is_online() {
    let broker = ScriptedBroker::start().await.unwrap();
    let device = device();
    let mut agent = TestSession::start(settings(&broker.url().unwrap().parse().unwrap(), MqttVersion::Mqtt5, device));
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    let Packet::Subscribe(subscribe) = within("SUBSCRIBE", peer.read()).await.unwrap() else { panic!() };
    let paths: Vec<&str> = subscribe.filters.iter().map(|filter| filter.path.as_str()).collect();
    let t = topics(device);
    assert_eq!(paths, [t.notifications(), t.groups(), t.actions(), t.fence()]);
    let return_codes = paths
        .iter()
        .map(|path| match path.ends_with("/actions") || path.ends_with("/fence") {
            true => SubscribeReasonCode::NotAuthorized,
            false => SubscribeReasonCode::Success(rumqttc::v5::mqttbytes::QoS::AtLeastOnce),
        })
        .collect();
    peer.write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await.unwrap();
    agent.online().await;
    agent.fence().await;
    let state = agent.handle.state();
    assert!(state.connected);
    assert_eq!(state.refused_subscriptions, [t.actions(), t.fence()]);
    assert!(state.problem.unwrap().contains("fence"));
}

/// Where Debian, whatever the architecture, has mosquitto's plugin.
fn dynamic_security() -> std::path::PathBuf {
    let libraries = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let plugins = libraries.map(|library| library.path().join("mosquitto_dynamic_security.so"));
    plugins.into_iter().find(|plugin| plugin.exists()).expect("mosquitto's dynamic security plugin is not installed")
}

#[tokio::test]
async fn mosquittos_own_refusal_of_a_subscription_is_named() {
    for protocol in PROTOCOLS {
        let device = device();
        let t = topics(device);
        // The ACL file of mosquitto 2.0 does not judge subscriptions; its dynamic security does.
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("security.json");
        let security = serde_json::json!({
            "defaultACLAccess": {
                "publishClientSend": true, "publishClientReceive": true, "subscribe": true, "unsubscribe": true
            },
            "anonymousGroup": "everyone",
            "groups": [{"groupname": "everyone", "roles": [{"rolename": "anyone"}]}],
            "roles": [{"rolename": "anyone", "acls": [
                {"acltype": "subscribePattern", "topic": t.actions(), "priority": 1, "allow": false}
            ]}]
        });
        std::fs::write(&rules, security.to_string()).unwrap();
        let more = format!("plugin {}\nplugin_opt_config_file {}\n", dynamic_security().display(), rules.display());
        let mosquitto = Mosquitto::start(&MosquittoSetup { more, ..MosquittoSetup::default() }).unwrap();
        let agent = TestSession::ready(settings(&mosquitto.url().parse().unwrap(), protocol, device)).await;
        let state = agent.handle.state();
        assert_eq!(state.refused_subscriptions, [t.actions()], "{protocol:?}");
        assert!(state.connected);
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn a_refused_fence_counts_as_back() {
    let device = device();
    let t = topics(device);
    let acl = format!(
        "topic readwrite {}\ntopic readwrite {}\ntopic read {}\n",
        t.notifications(),
        t.connection(),
        t.receipts()
    );
    for protocol in PROTOCOLS {
        let mosquitto =
            Mosquitto::start(&MosquittoSetup { acl: Some(acl.clone()), ..MosquittoSetup::default() }).unwrap();
        let url = mosquitto.url().parse().unwrap();
        let mut quick = settings(&url, protocol, device);
        if protocol == MqttVersion::Mqtt311 {
            // There the broker does not say that it refused; only time does.
            quick.fence_timeout = Duration::from_millis(200);
        }
        let mut agent = TestSession::ready(quick).await;
        let problem = agent.handle.state().problem.unwrap();
        assert!(problem.contains("fence"), "{problem}");
        if protocol == MqttVersion::Mqtt5 {
            assert!(agent.publish(PublishId::Receipt(3), t.receipts(), b"{}".to_vec(), false));
            let refused = |event| match event {
                SessionEvent::PublishRefused { id, detail, for_good } => Some((id, detail, for_good)),
                _ => None,
            };
            let (id, detail, for_good) = agent.pick("PublishRefused", refused).await;
            assert_eq!((id, for_good), (PublishId::Receipt(3), false));
            assert!(detail.contains("not authorised"), "{detail}");
            let problem = agent.handle.state().problem.unwrap();
            assert!(problem.contains(&t.receipts()) && problem.contains("ACL"), "{problem}");
        }
        agent.session.stop().await;
    }
}

/// Reads up to a publish to `topic`, granting subscriptions and taking every publish but those, which it gives back.
async fn publish_to(peer: &mut ScriptedPeer, topic: &str) -> Publish {
    loop {
        match within("a packet", peer.read()).await.unwrap() {
            Packet::Subscribe(subscribe) => {
                let granted = SubscribeReasonCode::Success(rumqttc::v5::mqttbytes::QoS::AtLeastOnce);
                let return_codes = vec![granted; subscribe.filters.len()];
                peer.write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None }))
                    .await
                    .unwrap();
            }
            Packet::Publish(publish) if publish.topic == topic.as_bytes() => return publish,
            Packet::Publish(publish) => peer.write(Packet::PubAck(PubAck::new(publish.pkid, None))).await.unwrap(),
            _ => {}
        }
    }
}

async fn state_changed(agent: &mut TestSession) {
    agent.pick("StateChanged", |event| matches!(event, SessionEvent::StateChanged { .. }).then_some(())).await;
}

#[tokio::test]
async fn a_late_fence_ends_the_word_of_it() {
    let broker = ScriptedBroker::start().await.unwrap();
    let device = device();
    let mut quick = settings(&broker.url().unwrap().parse().unwrap(), MqttVersion::Mqtt5, device);
    quick.fence_timeout = Duration::from_millis(50);
    let mut agent = TestSession::start(quick);
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    let fence = publish_to(&mut peer, &topics(device).fence()).await;
    agent.online().await;
    agent.fence().await;
    assert!(agent.handle.state().problem.unwrap().contains("fence"));
    peer.write(Packet::Publish(fence)).await.unwrap();
    state_changed(&mut agent).await;
    assert_eq!(agent.handle.state().problem, None);
}

#[tokio::test]
async fn a_refused_publish_is_named_until_the_next_connect() {
    let broker = ScriptedBroker::start().await.unwrap();
    let device = device();
    let t = topics(device);
    let mut agent = TestSession::start(settings(&broker.url().unwrap().parse().unwrap(), MqttVersion::Mqtt5, device));
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    let online = publish_to(&mut peer, &t.connection()).await;
    let refusal = PubAck { pkid: online.pkid, reason: PubAckReason::NotAuthorized, properties: None };
    peer.write(Packet::PubAck(refusal)).await.unwrap();
    state_changed(&mut agent).await;
    assert!(agent.publish(PublishId::State, t.state(), b"{}".to_vec(), true));
    let state = publish_to(&mut peer, &t.state()).await;
    let refusal = PubAck { pkid: state.pkid, reason: PubAckReason::QuotaExceeded, properties: None };
    peer.write(Packet::PubAck(refusal)).await.unwrap();
    let refused = |event| matches!(event, SessionEvent::PublishRefused { id: PublishId::State, .. }).then_some(());
    agent.pick("PublishRefused", refused).await;
    let problem = agent.handle.state().problem.unwrap();
    for word in [&t.connection(), &t.state(), "not authorised", "a limit of the broker", "ACL"] {
        assert!(problem.contains(word), "{word} in {problem}");
    }
    drop(peer);
    let (mut peer, _) = within("CONNECT", broker.accept_connected()).await.unwrap();
    publish_to(&mut peer, &t.fence()).await;
    agent.online().await;
    assert_eq!(agent.handle.state().problem, None);
}
