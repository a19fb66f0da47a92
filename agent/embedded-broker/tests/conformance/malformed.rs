//! Bytes that are not MQTT, or not allowed where they come.

use portal_embedded_broker::Limits;
use proptest::prelude::*;
use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode::{self, MalformedPacket, ProtocolError, TopicNameInvalid};

use super::client::*;
use super::world::World;

#[test]
fn each_fault_ends_the_connection_by_its_name() {
    let cases: &[(&str, &[u8], DisconnectReasonCode)] = &[
        ("a packet of no kind", &[0x00, 0], MalformedPacket),
        ("PINGREQ with flags", &[0xC1, 0], MalformedPacket),
        ("PINGREQ with a body", &[0xC0, 1, 0], MalformedPacket),
        ("SUBSCRIBE without its flag", &[0x80, 7, 0, 1, 0, 0, 1, b'a', 0], MalformedPacket),
        ("SUBSCRIBE without a filter", &[0x82, 3, 0, 1, 0], ProtocolError),
        ("SUBSCRIBE with packet id 0", &[0x82, 7, 0, 0, 0, 0, 1, b'a', 0], ProtocolError),
        ("SUBSCRIBE with QoS 3", &[0x82, 7, 0, 1, 0, 0, 1, b'a', 3], MalformedPacket),
        ("SUBSCRIBE with a reserved option", &[0x82, 7, 0, 1, 0, 0, 1, b'a', 0x40], MalformedPacket),
        ("SUBSCRIBE with Retain Handling 3", &[0x82, 7, 0, 1, 0, 0, 1, b'a', 0x30], ProtocolError),
        ("SUBSCRIBE with identifier 0", &[0x82, 9, 0, 1, 2, 0x0B, 0, 0, 1, b'a', 0], ProtocolError),
        ("SUBSCRIBE with two identifiers", &[0x82, 11, 0, 1, 4, 0x0B, 1, 0x0B, 2, 0, 1, b'a', 0], ProtocolError),
        ("SUBSCRIBE with an expiry", &[0x82, 12, 0, 1, 5, 0x02, 0, 0, 0, 1, 0, 1, b'a', 0], ProtocolError),
        ("UNSUBSCRIBE without a filter", &[0xA2, 3, 0, 1, 0], ProtocolError),
        ("PUBLISH with QoS 3", &[0x36, 6, 0, 1, b'a', 0, 1, 0], MalformedPacket),
        ("PUBLISH of QoS 0 with DUP", &[0x38, 4, 0, 1, b'a', 0], MalformedPacket),
        ("PUBLISH with packet id 0", &[0x32, 6, 0, 1, b'a', 0, 0, 0], ProtocolError),
        ("PUBLISH without a topic", &[0x30, 3, 0, 0, 0], ProtocolError),
        ("PUBLISH to a wildcard", &[0x30, 4, 0, 1, b'#', 0], TopicNameInvalid),
        ("PUBLISH to U+0000", &[0x30, 4, 0, 1, 0, 0], MalformedPacket),
        ("PUBLISH to what is not UTF-8", &[0x30, 4, 0, 1, 0xFF, 0], MalformedPacket),
        ("PUBLISH with a surrogate", &[0x30, 6, 0, 3, 0xED, 0xA0, 0x80, 0], MalformedPacket),
        ("PUBLISH with a topic longer than itself", &[0x30, 4, 0, 9, b'a', 0], MalformedPacket),
        ("PUBLISH with properties longer than itself", &[0x30, 4, 0, 1, b'a', 9], MalformedPacket),
        ("PUBLISH with a subscription identifier", &[0x30, 6, 0, 1, b'a', 2, 0x0B, 1], ProtocolError),
        ("PUBLISH with a payload format of 2", &[0x30, 6, 0, 1, b'a', 2, 0x01, 2], ProtocolError),
        ("PUBLISH with an unknown property", &[0x30, 6, 0, 1, b'a', 2, 0x7F, 2], MalformedPacket),
        ("PUBLISH with a wildcard to answer to", &[0x30, 8, 0, 1, b'a', 4, 0x08, 0, 1, b'+'], ProtocolError),
        ("PUBACK with packet id 0", &[0x40, 2, 0, 0], ProtocolError),
        ("PUBREL without its flag", &[0x60, 2, 0, 1], MalformedPacket),
        ("DISCONNECT with a wrong property", &[0xE0, 5, 0, 3, 0x23, 0, 1], ProtocolError),
        ("AUTH", &[0xF0, 0], ProtocolError),
        ("a packet of the broker's", &[0x20, 3, 0, 0, 0], MalformedPacket),
    ];
    for world in World::both() {
        for (what, bytes, reason) in cases {
            let mut client = Client::connect(&world, "a");
            client.send_bytes(bytes);
            println!("{what}");
            client.ended_for(*reason);
        }
    }
}

#[test]
fn a_length_of_five_bytes_is_none() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        client.send_bytes(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]);
        client.ended_for(MalformedPacket);
    }
}

#[test]
fn nothing_but_connect_comes_first() {
    for world in World::both() {
        for bytes in [&b"\xC0\x00"[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", &[0; 64]] {
            let mut client = Client::dial(&world);
            // Without sockets, what is no whole packet never reaches the broker.
            if matches!(world, World::Engine(_)) && bytes.len() != 2 {
                continue;
            }
            client.send_bytes(bytes);
            if bytes[0] == 0xC0 || bytes[0] == 0 {
                assert_eq!(client.next(), None);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever bytes come, the broker goes on, and others are served.
    #[test]
    fn no_bytes_end_the_broker(
        packets in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..100)), 0..20),
        connects in any::<bool>(),
    ) {
        let world = World::engine(Limits::default());
        let mut client = if connects { Client::connect(&world, "a") } else { Client::dial(&world) };
        for (first, body) in packets {
            let mut bytes = vec![first, body.len() as u8];
            bytes.extend(body);
            client.send_bytes(&bytes);
        }
        drop(client);
        let mut other = Client::connect(&world, "b");
        other.subscribe("t", rumqttc::v5::mqttbytes::QoS::AtLeastOnce);
        other.publish("t", "x", rumqttc::v5::mqttbytes::QoS::AtLeastOnce);
        prop_assert_eq!(other.texts(), ["x"]);
    }

    /// A valid CONNECT with a few bytes changed.
    #[test]
    fn no_connect_ends_the_broker(changes in proptest::collection::vec((2..60_usize, any::<u8>()), 1..5)) {
        let world = World::engine(Limits::default());
        let mut options = Options::kept("client", 60).with_will("will", "x", 1);
        options.login = Some(rumqttc::v5::mqttbytes::v5::Login::new("user", "password"));
        let mut bytes = bytes::BytesMut::new();
        let packet = rumqttc::v5::mqttbytes::v5::Packet::Connect(options.connect, options.will, options.login);
        packet.write(&mut bytes, None).unwrap();
        for (at, byte) in changes {
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
        }
        let mut client = Client::dial(&world);
        client.send_bytes(&bytes);
        drop(client);
        Client::connect(&world, "b").disconnect();
    }
}
