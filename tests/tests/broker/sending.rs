//! The sender: what it promises whoever pushes with it.

use futures_util::future::join_all;
use portal_agent::broker::{MqttVersion, PublishId};
use portal_agent::sender::{FollowScope, PushAddress, PushSender, SenderError, SenderOptions};
use portal_contract::{CustomNotification, DeviceId, Outcome, Presentation, PushTarget, Receipt, Surface, Timestamp};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::wait::within;

use crate::support::*;

fn receipt(device: DeviceId, sequence: u64, id: &str) -> Receipt {
    Receipt {
        sequence,
        notification_id: Some(id.parse().unwrap()),
        device_id: device,
        target: PushTarget::Device,
        outcome: Outcome::Presented(Presentation::on(Surface::Banner)),
        delay: None,
        priority_lowered: false,
        desktop: None,
        received_at: Timestamp::from_millis(1),
        decided_at: Timestamp::from_millis(2),
        interaction: None,
    }
}

#[tokio::test]
async fn a_push_arrives_as_the_payload_that_the_contract_names() {
    for (broker, protocol) in TestBroker::all().await {
        let device = device();
        let mut agent = TestSession::ready(settings(&broker.url(), protocol, device)).await;
        let sender = PushSender::connect(SenderOptions { protocol, ..SenderOptions::new(broker.url()) }).await.unwrap();
        let notification = CustomNotification {
            id: "6f0c".parse().unwrap(),
            notification_title: "Office closed".to_owned(),
            notification_body: "Work from home on Friday.".to_owned(),
            sent_at: None,
            expires_at: None,
            target_user_principal_name: None,
            collapse_key: None,
        };
        sender.push(PushAddress::Device(device), &notification).await.unwrap();
        let push = agent.push().await;
        assert!(push.text.starts_with(r#"{"id":"6f0c","notificationTitle":"Office closed""#), "{}", push.text);
        sender.push_raw(PushAddress::Device(device), vec![0xff, 0x00]).await.unwrap();
        assert_eq!(agent.push().await.length, 2);
        sender.stop().await;
        agent.session.stop().await;
    }
}

#[tokio::test]
async fn receipts_are_followed_by_id_and_repeated_ones_dropped() {
    for (broker, protocol) in TestBroker::all().await {
        let (one, two) = (device(), device());
        let sender = PushSender::connect(SenderOptions { protocol, ..SenderOptions::new(broker.url()) }).await.unwrap();
        let mut of_one = sender.follow(FollowScope::Device(one)).await.unwrap();
        let mut of_all = sender.follow(FollowScope::AllDevices).await.unwrap();
        for receipt in [receipt(one, 1, "a"), receipt(two, 1, "b"), receipt(one, 1, "a"), receipt(one, 2, "c")] {
            let payload = serde_json::to_vec(&receipt).unwrap();
            sender.publish(topics(receipt.device_id).receipts(), payload, false).await.unwrap();
        }
        sender.publish(topics(one).receipts(), "not a receipt", false).await.unwrap();
        let mut sequences = Vec::new();
        for _ in 0..2 {
            sequences.push(within("a receipt", of_one.next()).await.unwrap().sequence);
        }
        assert_eq!(sequences, [1, 2], "{} {protocol:?}", broker.name());
        let found = within("the receipt of b", of_all.next_of(&"b".parse().unwrap())).await.unwrap();
        assert_eq!(found.device_id, two);
        assert_eq!(within("a receipt", of_all.next()).await.unwrap().sequence, 2);
        sender.stop().await;
    }
}

#[tokio::test]
async fn many_pushes_at_once_all_arrive() {
    let broker = TestBroker::mosquitto();
    let device = device();
    let mut agent = TestSession::ready(settings(&broker.url(), MqttVersion::Mqtt5, device)).await;
    let sender = sender(&broker.url()).await;
    let pushes = (0..500).map(|number| sender.push_raw(PushAddress::Device(device), number.to_string()));
    for result in join_all(pushes).await {
        result.unwrap();
    }
    let arrived = agent.pushes(500).await;
    assert_eq!(texts(&arrived), numbers(0, 500));
}

#[tokio::test]
async fn the_brokers_refusal_is_an_error_that_names_the_topic() {
    let acl = "topic read portal/v1/#\n".to_owned();
    let mosquitto = Mosquitto::start(&MosquittoSetup { acl: Some(acl), ..MosquittoSetup::default() }).unwrap();
    let sender = sender(&mosquitto.url().parse().unwrap()).await;
    let device = device();
    let error = sender.push_raw(PushAddress::Device(device), "x").await.unwrap_err();
    let SenderError::Refused { topic, reason } = error else { panic!("{error}") };
    assert_eq!(topic, topics(device).notifications());
    assert_eq!(reason, "not authorised");
}

#[tokio::test]
async fn a_packet_over_the_brokers_limit_is_refused_before_it_is_sent() {
    let setup = MosquittoSetup { more: "max_packet_size 2000\n".to_owned(), ..MosquittoSetup::default() };
    let mosquitto = Mosquitto::start(&setup).unwrap();
    let sender = sender(&mosquitto.url().parse().unwrap()).await;
    let to = PushAddress::Device(device());
    let error = sender.push_raw(to, vec![b'x'; 3000]).await.unwrap_err();
    assert!(matches!(error, SenderError::TooLarge { largest: 2000, .. }), "{error}");
    sender.push_raw(to, "small").await.unwrap();
}

#[tokio::test]
async fn a_broker_that_dies_ends_everything_with_an_error() {
    let mut mosquitto = mosquitto();
    let sender = sender(&mosquitto.url().parse().unwrap()).await;
    let mut receipts = sender.follow(FollowScope::AllDevices).await.unwrap();
    mosquitto.kill().unwrap();
    let error = within("the end", receipts.next()).await.unwrap_err();
    assert!(matches!(error, SenderError::Disconnected(_)), "{error}");
    let error = sender.push_raw(PushAddress::Device(device()), "x").await.unwrap_err();
    assert!(error.to_string().contains("closed the connection"), "{error}");
}

#[tokio::test]
async fn a_sender_that_is_not_let_in_says_why() {
    let nowhere = PushSender::connect(SenderOptions::new("mqtt://127.0.0.1:1".parse().unwrap())).await.unwrap_err();
    assert!(nowhere.to_string().contains("nothing listens"), "{nowhere}");
    let password = Some(("adele".to_owned(), "right".to_owned()));
    let mosquitto = Mosquitto::start(&MosquittoSetup { password, ..MosquittoSetup::default() }).unwrap();
    let stranger = PushSender::connect(SenderOptions::new(mosquitto.url().parse().unwrap())).await.unwrap_err();
    assert!(stranger.to_string().contains("password"), "{stranger}");
}

#[tokio::test]
async fn a_followed_session_sees_what_the_device_publishes() {
    let broker = TestBroker::mosquitto();
    let device = device();
    let sender = sender(&broker.url()).await;
    let mut receipts = sender.follow(FollowScope::Device(device)).await.unwrap();
    let agent = TestSession::ready(settings(&broker.url(), MqttVersion::Mqtt5, device)).await;
    let payload = serde_json::to_vec(&receipt(device, 9, "z")).unwrap();
    assert!(agent.publish(PublishId::State, topics(device).receipts(), payload, false));
    assert_eq!(within("the receipt", receipts.next()).await.unwrap().sequence, 9);
    agent.session.stop().await;
}
