//! MQTT 3.1.1, and both versions on one broker.

use bytes::BytesMut;
use portal_embedded_broker::Limits;
use rumqttc::mqttbytes::v4::{
    Connect, ConnectReturnCode, Packet, PubAck, Publish, SubAck, Subscribe, SubscribeReasonCode, Unsubscribe,
};
use rumqttc::{Error, QoS};

use super::client::{Client, no_properties};
use super::world::{Transport, World};

pub struct Older {
    transport: Box<dyn Transport>,
    buffer: BytesMut,
}

impl Older {
    pub fn dial(world: &World) -> Self {
        Self { transport: world.connection(), buffer: BytesMut::new() }
    }

    pub fn connect(world: &World, id: &str, clean: bool) -> Self {
        let mut client = Self::dial(world);
        let (code, _) = client.try_connect(id, clean);
        assert_eq!(code, ConnectReturnCode::Success);
        client
    }

    /// The answer, and whether a session was there.
    pub fn try_connect(&mut self, id: &str, clean: bool) -> (ConnectReturnCode, bool) {
        let mut connect = Connect::new(id);
        (connect.clean_session, connect.keep_alive) = (clean, 0);
        self.send(Packet::Connect(connect));
        match self.packet() {
            Packet::ConnAck(connack) => (connack.code, connack.session_present),
            other => panic!("{other:?}"),
        }
    }

    pub fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, usize::MAX).unwrap();
        self.transport.send(&bytes);
    }

    pub fn next(&mut self) -> Option<Packet> {
        loop {
            match Packet::read(&mut self.buffer, usize::MAX) {
                Ok(packet) => return Some(packet),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
            if !self.transport.receive(&mut self.buffer) && self.buffer.is_empty() {
                return None;
            }
        }
    }

    pub fn packet(&mut self) -> Packet {
        self.next().expect("the broker closed")
    }

    fn subscribe(&mut self, filter: &str, qos: QoS) -> SubscribeReasonCode {
        let mut subscribe = Subscribe::new(filter, qos);
        subscribe.pkid = 1;
        self.send(Packet::Subscribe(subscribe));
        match self.packet() {
            Packet::SubAck(SubAck { pkid: 1, return_codes }) => return_codes[0],
            other => panic!("{other:?}"),
        }
    }

    pub fn publish_as(&mut self, topic: &str, payload: &str, qos: QoS, retain: bool) {
        let mut message = Publish::new(topic, qos, payload);
        (message.pkid, message.retain) = (1, retain);
        self.send(Packet::Publish(message));
    }

    fn publish(&mut self, topic: &str, payload: &str) {
        self.publish_as(topic, payload, QoS::AtLeastOnce, false);
        assert_eq!(self.packet(), Packet::PubAck(PubAck { pkid: 1 }));
    }

    fn message(&mut self) -> Publish {
        match self.packet() {
            Packet::Publish(message) => message,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_session_that_is_not_clean_is_kept_for_ever() {
    let world = World::engine(Limits::default());
    let mut device = Older::connect(&world, "device", false);
    assert_eq!(device.subscribe("t", QoS::AtLeastOnce), SubscribeReasonCode::Success(QoS::AtLeastOnce));
    drop(device);
    world.advance(400 * 24 * 3600);
    let mut sender = Older::connect(&world, "sender", true);
    for number in 0..3 {
        sender.publish("t", &number.to_string());
    }
    let mut device = Older::dial(&world);
    assert_eq!(device.try_connect("device", false), (ConnectReturnCode::Success, true));
    let first: Vec<_> = (0..3).map(|_| device.message()).collect();
    assert!(first.iter().all(|message| !message.dup));
    drop(device);
    let mut device = Older::connect(&world, "device", false);
    for message in &first {
        let again = device.message();
        assert_eq!((again.dup, again.pkid, &again.payload), (true, message.pkid, &message.payload));
    }
    drop(device);
    let mut device = Older::dial(&world);
    assert_eq!(device.try_connect("device", true), (ConnectReturnCode::Success, false));
}

#[test]
fn what_is_refused_has_the_older_codes() {
    for world in World::both() {
        let mut client = Older::dial(&world);
        assert_eq!(client.try_connect("", false).0, ConnectReturnCode::BadClientId);
        assert_eq!(client.next(), None);
        let mut client = Older::connect(&world, "", true);
        for filter in ["$share/group/t", "a#"] {
            assert_eq!(client.subscribe(filter, QoS::AtLeastOnce), SubscribeReasonCode::Failure, "{filter}");
        }
        client.send(Packet::Unsubscribe(Unsubscribe { pkid: 3, topics: vec!["t".to_owned()] }));
        assert!(matches!(client.packet(), Packet::UnsubAck(ack) if ack.pkid == 3));
        // There is no DISCONNECT from the broker in 3.1.1: it closes.
        client.publish_as("a/+", "x", QoS::AtLeastOnce, false);
        assert_eq!(client.next(), None);
        // MQTT 3.1 and a version of the future.
        for (bytes, answer) in [
            (&b"\x10\x0f\x00\x06MQIsdp\x03\x02\x00\x00\x00\x01a"[..], [0x20, 0, 1]),
            (b"\x10\x0e\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x01a", [0x20, 0, 0x84]),
        ] {
            let mut client = Older::dial(&world);
            client.transport.send(bytes);
            let mut got = BytesMut::new();
            while client.transport.receive(&mut got) {}
            assert_eq!([got[0], got[2], got[3]], answer);
        }
    }
}

#[test]
fn both_versions_hear_each_other() {
    for world in World::both() {
        let mut older = Older::connect(&world, "older", true);
        older.subscribe("t", QoS::AtLeastOnce);
        let mut newer = Client::connect(&world, "newer");
        newer.subscribe("t", rumqttc::v5::mqttbytes::QoS::AtLeastOnce);
        let mut properties = no_properties();
        properties.user_properties.push(("a".into(), "b".into()));
        let message = rumqttc::v5::mqttbytes::v5::Publish::new(
            "t",
            rumqttc::v5::mqttbytes::QoS::AtLeastOnce,
            "from newer",
            Some(properties.clone()),
        );
        newer.publish_with(message);
        assert_eq!(&older.message().payload[..], b"from newer");
        assert_eq!(newer.message().properties, Some(properties));
        older.publish_as("t", "from older", QoS::AtLeastOnce, false);
        let mut packets = [older.packet(), older.packet()];
        packets.sort_by_key(|packet| matches!(packet, Packet::PubAck(_)));
        assert!(matches!(&packets[0], Packet::Publish(message) if &message.payload[..] == b"from older"));
        assert_eq!(newer.message().properties, None);
    }
}

#[test]
fn a_takeover_closes_without_a_word() {
    for world in World::both() {
        let mut first = Older::connect(&world, "a", true);
        let _second = Older::connect(&world, "a", true);
        assert_eq!(first.next(), None);
    }
}
