//! Sessions: kept, taken up again, taken over, ended; and what waits in them.

use portal_embedded_broker::Limits;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode, Packet, PubAck};

use super::client::*;
use super::world::World;

#[test]
fn a_connection_begins_and_ends() {
    for world in World::both() {
        let (client, connack) = Client::connect_with(&world, Options::new("a"));
        assert!(!connack.session_present);
        let announced = announced(connack);
        assert_eq!(announced.shared_subscription_available, Some(0));
        assert_eq!(announced.assigned_client_identifier, None);
        client.disconnect();
        Client::connect(&world, "a").disconnect();
    }
}

#[test]
fn a_second_connect_and_another_protocol_end_the_connection() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        let again = Options::new("a");
        client.send(Packet::Connect(again.connect, None, None));
        client.ended_for(DisconnectReasonCode::ProtocolError);

        let mut client = Client::dial(&world);
        client.send_bytes(b"\x10\x0c\x00\x02hj\x05\x02\x00\x00\x00\x00\x01a");
        assert_eq!(client.next(), None);
    }
}

#[test]
fn an_empty_client_id_gets_one() {
    for world in World::both() {
        let mut ids = Vec::new();
        for clean in [true, false] {
            let mut options = Options::new("");
            options.connect.clean_start = clean;
            let (client, connack) = Client::connect_with(&world, options);
            ids.push(announced(connack).assigned_client_identifier.unwrap());
            client.disconnect();
        }
        assert!(ids[0] != ids[1] && !ids[0].is_empty());
    }
}

#[test]
fn what_came_meanwhile_waits_in_order() {
    for world in World::both() {
        let (mut device, _) = Client::connect_with(&world, Options::kept("device", 99_999));
        device.subscribe("t/#", QoS::ExactlyOnce);
        device.disconnect();
        let mut sender = Client::connect(&world, "sender");
        sender.publish("t/0", "not kept", QoS::AtMostOnce);
        for number in 0..2_000 {
            sender.publish("t/1", number.to_string(), QOS[1 + number % 2]);
        }
        let (mut device, connack) = Client::connect_with(&world, Options::kept("device", 99_999));
        assert!(connack.session_present);
        let messages = device.messages(2_000);
        assert!(messages.iter().map(text).eq((0..2_000).map(|number| number.to_string())));
        assert!(messages.iter().all(|message| !message.dup));
        assert_eq!(device.texts(), Vec::<String>::new());
    }
}

#[test]
fn what_was_not_acknowledged_comes_again_marked_and_in_order() {
    for world in World::both() {
        let (mut device, _) = Client::connect_with(&world, Options::kept("device", 99_999));
        device.subscribe("t", QoS::AtLeastOnce);
        device.acknowledges = false;
        let mut sender = Client::connect(&world, "sender");
        for number in 0..10 {
            sender.publish("t", number.to_string(), QoS::AtLeastOnce);
        }
        let first = device.messages(10);
        // Two are acknowledged, not the oldest; the connection is cut.
        for acknowledged in [2, 5] {
            device.send(Packet::PubAck(PubAck::new(first[acknowledged].pkid, None)));
        }
        device.all_messages();
        drop(device);
        sender.publish("t", "10", QoS::AtLeastOnce);

        let (mut device, _) = Client::connect_with(&world, Options::kept("device", 99_999));
        let again = device.messages(9);
        let numbers: Vec<_> = again.iter().map(text).collect();
        assert_eq!(numbers, ["0", "1", "3", "4", "6", "7", "8", "9", "10"]);
        for (message, number) in again.iter().zip([0, 1, 3, 4, 6, 7, 8, 9]) {
            assert!(message.dup && message.pkid == first[number].pkid, "{number}");
        }
        // Over TCP the broker may not have seen the end of the connection when the last one came.
        assert!(!again[8].dup || matches!(world, World::Wire { .. }));
    }
}

#[test]
fn an_acknowledgement_from_before_takes_nothing() {
    for world in World::both() {
        let options = || Options::kept("device", 99_999).with(|properties| properties.receive_maximum = Some(1));
        let (mut device, _) = Client::connect_with(&world, options());
        device.subscribe("t", QoS::AtLeastOnce);
        device.acknowledges = false;
        let mut sender = Client::connect(&world, "sender");
        for number in 0..2 {
            sender.publish("t", number.to_string(), QoS::AtLeastOnce);
        }
        let first = device.message();
        assert_eq!(text(&first), "0");
        drop(device);
        let (mut device, _) = Client::connect_with(&world, options());
        device.acknowledges = false;
        // An id that is not in flight, twice the one that is.
        device.send(Packet::PubAck(PubAck::new(first.pkid + 1, None)));
        assert_eq!(device.texts(), ["0"]);
        for _ in 0..2 {
            device.send(Packet::PubAck(PubAck::new(first.pkid, None)));
        }
        assert_eq!(device.texts(), ["1"]);
    }
}

#[test]
fn a_session_lasts_as_long_as_it_was_asked_to() {
    let world = World::engine(Limits::default());
    let present = |options: Options| {
        let (client, connack) = Client::connect_with(&world, options);
        (client, connack.session_present)
    };
    // Not at all.
    present(Options::kept("a", 0)).0.disconnect();
    let (client, there) = present(Options::kept("a", 5));
    assert!(!there);
    client.disconnect();
    world.advance(4);
    let (client, there) = present(Options::kept("a", 5));
    assert!(there);
    drop(client);
    world.advance(5);
    let (client, there) = present(Options::kept("a", 1));
    assert!(!there);
    // DISCONNECT may change it.
    client.disconnect_with(5);
    world.advance(3);
    let (client, there) = present(Options::kept("a", 1));
    assert!(there);
    client.disconnect_with(0);
    assert!(!present(Options::kept("a", 1)).1);
    // For ever.
    present(Options::kept("b", u32::MAX)).0.disconnect();
    world.advance(100 * 365 * 24 * 3600);
    assert!(present(Options::kept("b", 0)).1);
}

#[test]
fn a_session_that_was_not_to_be_kept_cannot_be_kept_at_its_end() {
    for world in World::both() {
        let client = Client::connect(&world, "a");
        let mut client = client.disconnect_with(5);
        client.ended_for(DisconnectReasonCode::ProtocolError);
    }
}

#[test]
fn a_clean_start_forgets() {
    for world in World::both() {
        let (mut device, _) = Client::connect_with(&world, Options::kept("device", 99_999));
        device.subscribe("t", QoS::AtLeastOnce);
        device.disconnect();
        Client::connect(&world, "sender").publish("t", "1", QoS::AtLeastOnce);
        let (mut device, connack) = Client::connect_with(&world, Options::new("device"));
        assert!(!connack.session_present);
        Client::connect(&world, "sender").publish("t", "2", QoS::AtLeastOnce);
        assert_eq!(device.texts(), Vec::<String>::new());
    }
}

#[test]
fn a_second_client_with_the_same_id_takes_over() {
    for world in World::both() {
        let (mut first, _) = Client::connect_with(&world, Options::kept("device", 60));
        first.subscribe("t", QoS::AtLeastOnce);
        let (mut second, connack) = Client::connect_with(&world, Options::kept("device", 60));
        assert!(connack.session_present);
        first.ended_for(DisconnectReasonCode::SessionTakenOver);
        drop(first);
        Client::connect(&world, "sender").publish("t", "1", QoS::AtLeastOnce);
        assert_eq!(second.texts(), ["1"]);
    }
}

#[test]
fn a_method_of_authentication_is_refused() {
    for world in World::both() {
        let mut client = Client::dial(&world);
        let options = Options::new("a").with(|properties| properties.authentication_method = Some("SCRAM".to_owned()));
        assert_eq!(client.try_connect(options).code, ConnectReturnCode::BadAuthenticationMethod);
        assert_eq!(client.next(), None);
    }
}

#[test]
fn nothing_is_left_of_what_has_ended() {
    let world = World::engine(Limits::default());
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60).with_will("will", "x", 0));
    device.subscribe("t/#", QoS::ExactlyOnce);
    device.acknowledges = false;
    let mut sender = Client::connect(&world, "sender");
    for number in 0..100 {
        sender.publish("t/x", number.to_string(), QOS[number % 3]);
    }
    sender.retain("kept", "x", QoS::AtLeastOnce);
    device.messages(34);
    assert!(world.memory() > 10_000);
    drop(device);
    world.advance(60);
    sender.retain("kept", "", QoS::AtLeastOnce);
    sender.disconnect();
    assert_eq!(world.memory(), 0);
}
