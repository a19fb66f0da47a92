//! Flow control: Receive Maximum in both directions, and clients that do not read.

use std::time::Duration;

use portal_embedded_broker::{Access, Limits};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{DisconnectReasonCode, Packet, PubAck, Publish};

use super::client::*;
use super::world::World;

#[test]
fn no_more_is_in_flight_than_the_client_takes() {
    for world in World::both() {
        let options = Options::new("a").with(|properties| properties.receive_maximum = Some(2));
        let (mut client, _) = Client::connect_with(&world, options);
        client.subscribe("t", QoS::ExactlyOnce);
        client.acknowledges = false;
        let mut sender = Client::connect(&world, "sender");
        for number in 0..5 {
            sender.publish("t", number.to_string(), QoS::AtLeastOnce);
        }
        sender.publish("t", "qos 0", QoS::AtMostOnce);
        let first = client.all_messages();
        // QoS 0 has no window.
        assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["0", "1", "qos 0"]);
        client.send(Packet::PubAck(PubAck::new(first[0].pkid, None)));
        let next = client.all_messages();
        assert_eq!(next.iter().map(text).collect::<Vec<_>>(), ["2"]);
        for message in [&first[1], &next[0]] {
            client.send(Packet::PubAck(PubAck::new(message.pkid, None)));
        }
        assert_eq!(client.texts(), ["3", "4"]);
    }
}

#[test]
fn a_smaller_window_after_a_reconnect_is_kept() {
    for world in World::both() {
        let (mut client, _) = Client::connect_with(&world, Options::kept("a", 60));
        client.subscribe("t", QoS::AtLeastOnce);
        client.acknowledges = false;
        let mut sender = Client::connect(&world, "sender");
        for number in 0..6 {
            sender.publish("t", number.to_string(), QoS::AtLeastOnce);
        }
        client.messages(6);
        drop(client);
        let options = Options::kept("a", 60).with(|properties| properties.receive_maximum = Some(2));
        let (mut client, _) = Client::connect_with(&world, options);
        client.acknowledges = false;
        let first = client.all_messages();
        assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["0", "1"]);
        client.acknowledges = true;
        for message in first {
            client.send(Packet::PubAck(PubAck::new(message.pkid, None)));
        }
        let rest = client.messages(4);
        assert!(rest.iter().all(|message| message.dup));
        assert_eq!(rest.iter().map(text).collect::<Vec<_>>(), ["2", "3", "4", "5"]);
    }
}

#[test]
fn a_client_that_opens_more_than_the_broker_takes_is_disconnected() {
    for world in World::both() {
        let (mut client, connack) = Client::connect_with(&world, Options::new("a"));
        let most = announced(connack).receive_max.unwrap();
        for id in 1..=most + 1 {
            let message = Publish { pkid: id, ..Publish::new("t", QoS::ExactlyOnce, "x", None) };
            client.send(Packet::Publish(message));
        }
        for _ in 0..most {
            assert!(matches!(client.packet(), Packet::PubRec(_)));
        }
        client.ended_for(DisconnectReasonCode::ReceiveMaximumExceeded);
    }
}

#[test]
fn packet_ids_go_round() {
    let world = World::engine(Limits::default());
    let mut client = Client::connect(&world, "a");
    client.subscribe("t", QoS::AtLeastOnce);
    client.acknowledges = false;
    let mut sender = Client::connect(&world, "sender");
    sender.publish("t", "kept open", QoS::AtLeastOnce);
    let open = client.message().pkid;
    for _ in 0..65_600 {
        sender.publish("t", "x", QoS::AtLeastOnce);
        let id = client.message().pkid;
        assert!(id != 0 && id != open);
        client.send(Packet::PubAck(PubAck::new(id, None)));
    }
}

#[test]
fn a_client_that_does_not_read_is_cut_and_its_messages_wait() {
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    let world = World::wire(limits, Access::Anyone);
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60).with_will("cut", "device", 0));
    device.subscribe("t", QoS::AtLeastOnce);
    let mut watcher = Client::connect(&world, "watcher");
    watcher.subscribe("cut", QoS::AtLeastOnce);
    let mut sender = Client::connect(&world, "sender");
    // More than the sockets' own buffers hold.
    for _ in 0..60 {
        sender.publish("t", vec![0; 500_000], QoS::AtLeastOnce);
    }
    assert_eq!(text(&watcher.message()), "device");
    drop(device);
    let (mut device, connack) = Client::connect_with(&world, Options::kept("device", 0));
    assert!(connack.session_present);
    assert_eq!(device.messages(60).len(), 60);
}

#[test]
fn a_client_that_only_writes_is_not_read_without_end() {
    // It never reads, and each packet asks for an answer that is longer: all of them would wait in memory.
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    let world = World::wire(limits, Access::Anyone);
    let mut client = Client::connect(&world, "a");
    let refused = [0x82, 8, 0, 1, 0, 0, 2, b'#', b'#', 0].repeat(1_000);
    // Sending stops with an error once the broker has cut the connection; till then the broker's buffer is bounded.
    for _ in 0..20_000 {
        client.send_bytes(&refused);
        if world.memory() == 0 {
            return;
        }
    }
    panic!("{} bytes were read without one being taken", 20_000 * refused.len());
}
