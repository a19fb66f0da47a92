//! What happens beyond each limit.

use portal_embedded_broker::Limits;
use portal_embedded_broker::engine::NoticeKind;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Filter, Packet, PubAckReason, SubscribeReasonCode};

use super::client::*;
use super::older::Older;
use super::world::World;

fn refused(packet: Option<Packet>) -> Option<String> {
    match packet {
        Some(Packet::PubAck(ack)) if ack.reason == PubAckReason::QuotaExceeded => ack.properties.unwrap().reason_string,
        _ => None,
    }
}

#[test]
fn no_more_clients_than_the_limit_but_a_takeover_is_none() {
    let world = World::engine(Limits { clients: 2, ..Limits::default() });
    let first = Client::connect(&world, "1");
    let second = Client::connect(&world, "2");
    let mut third = Client::dial(&world);
    assert_eq!(third.try_connect(Options::new("3")).code, ConnectReturnCode::QuotaExceeded);
    assert_eq!(third.next(), None);
    let again = Client::connect(&world, "2");
    drop((first, second));
    Client::connect(&world, "3");
    drop(again);
}

#[test]
fn for_one_more_kept_session_the_one_that_is_away_longest_ends() {
    let world = World::engine(Limits { sessions: 2, ..Limits::default() });
    for id in ["1", "2", "3"] {
        let mut client = Client::connect_with(&world, Options::kept(id, 60)).0;
        client.subscribe("t", QoS::AtLeastOnce);
        if id == "1" {
            client.acknowledges = false;
            client.publish("t", "lost", QoS::AtLeastOnce);
        }
        drop(client);
        world.advance(1);
    }
    let notices = world.notices();
    assert_eq!((notices.len(), notices[0].kind, notices[0].client.as_str()), (1, NoticeKind::SessionEnded, "1"));
    for (id, there) in [("2", true), ("3", true), ("1", false)] {
        assert_eq!(Client::connect_with(&world, Options::kept(id, 60)).1.session_present, there, "{id}");
    }
}

#[test]
fn no_more_subscriptions_than_the_limit() {
    let world = World::engine(Limits { subscriptions: 2, ..Limits::default() });
    let mut client = Client::connect(&world, "a");
    client.subscribe("1", QoS::AtLeastOnce);
    client.subscribe("2", QoS::AtLeastOnce);
    let third = client.subscribe_with(Filter::new("3", QoS::AtLeastOnce), None);
    assert_eq!(third, SubscribeReasonCode::QuotaExceeded);
    client.subscribe("2", QoS::AtLeastOnce);
    client.unsubscribe("1");
    client.subscribe("3", QoS::AtLeastOnce);
}

#[test]
fn a_full_queue_drops_what_comes_for_that_client_alone() {
    let world = World::engine(Limits { queued_messages: 3, ..Limits::default() });
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60));
    device.subscribe("t", QoS::AtLeastOnce);
    device.disconnect();
    let mut other = Client::connect(&world, "other");
    other.subscribe("t", QoS::AtLeastOnce);
    let mut sender = Client::connect(&world, "sender");
    for number in 0..5 {
        sender.publish("t", number.to_string(), QoS::AtLeastOnce);
        other.message();
    }
    let notices = world.notices();
    assert!(notices.len() == 2 && notices.iter().all(|n| n.kind == NoticeKind::Dropped && n.client == "device"));
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60));
    assert_eq!(device.texts(), ["0", "1", "2"]);
}

#[test]
fn retained_messages_are_limited_in_number_and_in_bytes() {
    let world = World::engine(Limits { retained_messages: 3, retained_bytes: 10_000, ..Limits::default() });
    let mut client = Client::connect(&world, "a");
    client.subscribe("#", QoS::AtMostOnce);
    for topic in ["1", "2", "3"] {
        assert_eq!(refused(client.retain(topic, "x", QoS::AtLeastOnce)), None);
    }
    assert!(refused(client.retain("4", "x", QoS::AtLeastOnce)).unwrap().contains("limit on retained messages"));
    assert_eq!(refused(client.retain("3", "instead", QoS::AtLeastOnce)), None);
    let large = "x".repeat(9_800);
    assert!(refused(client.retain("3", large.as_str(), QoS::AtLeastOnce)).unwrap().contains("bytes of retained"));
    client.retain("3", "", QoS::AtLeastOnce);
    client.retain("2", "", QoS::AtLeastOnce);
    // What is refused reaches nobody: the sender that tries again would send it twice.
    assert_eq!(client.texts(), ["x", "x", "x", "instead", "", ""]);
    // What is not retained is not concerned.
    assert_eq!(refused(client.publish("5", large.as_str(), QoS::AtLeastOnce)), None);
}

#[test]
fn two_thousand_retained_messages_of_a_megabyte_take_no_more_than_the_limit() {
    let world = World::engine(Limits::default());
    let mut client = Client::connect(&world, "a");
    let payload = vec![0; 1_000_000];
    let mut taken = 0;
    for number in 0..2_100 {
        if refused(client.retain(&number.to_string(), payload.clone(), QoS::AtLeastOnce)).is_none() {
            taken += 1;
        }
    }
    assert_eq!(taken, (64 << 20) / 1_000_200);
    assert!(world.memory() <= 64 << 20);
}

#[test]
fn all_memory_is_limited_whatever_takes_it() {
    let memory = 1 << 20;
    let world = World::engine(Limits { memory, ..Limits::default() });
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60));
    device.subscribe("t", QoS::AtLeastOnce);
    device.disconnect();
    let mut sender = Client::connect(&world, "sender");
    let mut sent = 0;
    while refused(sender.publish("t", vec![0; 10_000], QoS::AtLeastOnce)).is_none() {
        sent += 1;
        assert!(world.memory() <= memory);
    }
    assert!((90..110).contains(&sent), "{sent}");
    // Sessions and filters count too, and their refusals have a name.
    let mut refusals = 0;
    for number in 0..200 {
        let mut client = Client::dial(&world);
        let code = client.try_connect(Options::kept(&"x".repeat(60_000 + number), 60)).code;
        refusals += usize::from(code == ConnectReturnCode::QuotaExceeded);
    }
    assert!(refusals > 190);
    let filter = Filter::new("x".repeat(60_000), QoS::AtLeastOnce);
    assert_eq!(sender.subscribe_with(filter, None), SubscribeReasonCode::QuotaExceeded);
    // What waits is delivered, and then there is room again.
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60));
    assert_eq!(device.messages(sent).len(), sent);
    device.all_messages();
    assert_eq!(refused(sender.publish("t", vec![0; 10_000], QoS::AtLeastOnce)), None);
}

#[test]
fn places_in_queues_count_though_the_message_is_one() {
    let world = World::engine(Limits { memory: 1 << 20, ..Limits::default() });
    for number in 0..200 {
        let (mut device, _) = Client::connect_with(&world, Options::kept(&number.to_string(), 60));
        device.subscribe("#", QoS::AtLeastOnce);
        device.disconnect();
    }
    let mut sender = Client::connect(&world, "sender");
    for _ in 0..1_000 {
        sender.publish("t", "x", QoS::AtLeastOnce);
    }
    assert!(world.memory() <= 1 << 20);
}

#[test]
fn an_older_client_whose_message_is_refused_is_told_by_the_end_of_its_connection() {
    let world = World::engine(Limits { retained_messages: 0, ..Limits::default() });
    let mut client = Older::connect(&world, "a", true);
    client.publish_as("t", "x", rumqttc::QoS::AtLeastOnce, true);
    assert_eq!(client.next(), None);
    assert!(world.notices().iter().any(|notice| notice.kind == NoticeKind::PublishRefused));
}
