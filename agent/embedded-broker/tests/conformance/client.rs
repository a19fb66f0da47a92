//! An MQTT 5 client for tests, over rumqttc's codec.
//!
//! Lives here: sending, and reading what comes, acknowledging it unless told not to. Does not live here: what is expected.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnAckProperties, Connect, ConnectProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode,
    Filter, LastWill, LastWillProperties, Login, Packet, PingReq, PubAck, PubComp, PubRec, PubRel, Publish,
    PublishProperties, Subscribe, SubscribeProperties, SubscribeReasonCode, Unsubscribe,
};
use rumqttc::v5::mqttbytes::{Error, QoS};

use super::world::{Transport, World};

pub const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// How a client connects.
#[derive(Clone)]
pub struct Options {
    pub connect: Connect,
    pub will: Option<LastWill>,
    pub login: Option<Login>,
}

impl Options {
    /// A clean start and no kept session.
    pub fn new(id: &str) -> Self {
        let connect = Connect {
            keep_alive: 0,
            client_id: id.to_owned(),
            clean_start: true,
            properties: Some(ConnectProperties::new()),
        };
        Self { connect, will: None, login: None }
    }

    /// A session that is kept for so many seconds, and taken up again.
    pub fn kept(id: &str, seconds: u32) -> Self {
        let mut options = Self::new(id);
        options.connect.clean_start = false;
        options.properties().session_expiry_interval = Some(seconds);
        options
    }

    pub fn properties(&mut self) -> &mut ConnectProperties {
        self.connect.properties.as_mut().unwrap()
    }

    pub fn with(mut self, change: impl FnOnce(&mut ConnectProperties)) -> Self {
        change(self.properties());
        self
    }

    pub fn with_will(mut self, topic: &str, text: &str, delay: u32) -> Self {
        let properties = LastWillProperties {
            delay_interval: Some(delay),
            payload_format_indicator: None,
            message_expiry_interval: None,
            content_type: None,
            response_topic: None,
            correlation_data: None,
            user_properties: vec![("a".into(), "2".into()), ("c".into(), "3".into())],
        };
        self.will = Some(LastWill {
            topic: Bytes::copy_from_slice(topic.as_bytes()),
            message: Bytes::copy_from_slice(text.as_bytes()),
            qos: QoS::AtLeastOnce,
            retain: false,
            properties: Some(properties),
        });
        self
    }
}

pub struct Client {
    transport: Box<dyn Transport>,
    buffer: BytesMut,
    /// Messages that came while something else was waited for.
    passed: VecDeque<Publish>,
    /// Whether messages are acknowledged as they are read.
    pub acknowledges: bool,
    last_id: u16,
}

impl Client {
    /// A connection without CONNECT.
    pub fn dial(world: &World) -> Self {
        Self {
            transport: world.connection(),
            buffer: BytesMut::new(),
            passed: VecDeque::new(),
            acknowledges: true,
            last_id: 0,
        }
    }

    pub fn connect(world: &World, id: &str) -> Self {
        Self::connect_with(world, Options::new(id)).0
    }

    pub fn connect_with(world: &World, options: Options) -> (Self, ConnAck) {
        let mut client = Self::dial(world);
        let connack = client.try_connect(options);
        assert_eq!(connack.code, ConnectReturnCode::Success);
        (client, connack)
    }

    pub fn try_connect(&mut self, options: Options) -> ConnAck {
        self.send(Packet::Connect(options.connect, options.will, options.login));
        match self.packet() {
            Packet::ConnAck(connack) => connack,
            other => panic!("{other:?}"),
        }
    }

    pub fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        self.send_bytes(&bytes);
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.transport.send(bytes);
    }

    /// The next packet; `None`: the broker closed.
    pub fn next(&mut self) -> Option<Packet> {
        loop {
            match Packet::read(&mut self.buffer, None) {
                Ok(packet) => return Some(packet),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("{error:?} in {:?}", self.buffer),
            }
            if !self.transport.receive(&mut self.buffer) && self.buffer.is_empty() {
                return None;
            }
        }
    }

    pub fn packet(&mut self) -> Packet {
        self.next().expect("the broker closed")
    }

    /// Acknowledges a message, or goes on with an exchange of QoS 2.
    pub fn answer(&mut self, packet: &Packet) {
        match packet {
            Packet::Publish(message) if message.qos == QoS::AtLeastOnce => {
                self.send(Packet::PubAck(PubAck::new(message.pkid, None)));
            }
            Packet::Publish(message) if message.qos == QoS::ExactlyOnce => {
                self.send(Packet::PubRec(PubRec::new(message.pkid, None)));
            }
            Packet::PubRel(release) => self.send(Packet::PubComp(PubComp::new(release.pkid, None))),
            _ => {}
        }
    }

    /// The next packet that is neither a message nor part of an exchange that the broker began.
    pub fn reply(&mut self) -> Packet {
        loop {
            let packet = self.packet();
            if self.acknowledges {
                self.answer(&packet);
            }
            match packet {
                Packet::Publish(message) => self.passed.push_back(message),
                Packet::PubRel(_) if self.acknowledges => {}
                other => return other,
            }
        }
    }

    /// The next message.
    pub fn message(&mut self) -> Publish {
        loop {
            if let Some(message) = self.passed.pop_front() {
                return message;
            }
            let packet = self.packet();
            if self.acknowledges {
                self.answer(&packet);
            }
            match packet {
                Packet::Publish(message) => self.passed.push_back(message),
                Packet::PubRel(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn messages(&mut self, number: usize) -> Vec<Publish> {
        (0..number).map(|_| self.message()).collect()
    }

    /// Every message that the broker has for this client: what it sends after a ping was not there before it.
    pub fn all_messages(&mut self) -> Vec<Publish> {
        // Twice: acknowledgements may set free what the window held back.
        for _ in 0..2 {
            self.send(Packet::PingReq(PingReq));
            assert_eq!(self.reply(), Packet::PingResp(rumqttc::v5::mqttbytes::v5::PingResp));
        }
        self.passed.drain(..).collect()
    }

    pub fn texts(&mut self) -> Vec<String> {
        self.all_messages().iter().map(text).collect()
    }

    pub fn id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }

    pub fn subscribe(&mut self, filter: &str, qos: QoS) {
        assert_eq!(self.subscribe_with(Filter::new(filter, qos), None), SubscribeReasonCode::Success(qos));
    }

    pub fn subscribe_with(&mut self, filter: Filter, identifier: Option<usize>) -> SubscribeReasonCode {
        let properties = identifier.map(|id| SubscribeProperties { id: Some(id), user_properties: Vec::new() });
        let mut subscribe = Subscribe::new(filter, properties);
        subscribe.pkid = self.id();
        let id = subscribe.pkid;
        self.send(Packet::Subscribe(subscribe));
        match self.reply() {
            Packet::SubAck(suback) => {
                assert_eq!((suback.pkid, suback.return_codes.len()), (id, 1));
                suback.return_codes[0]
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn unsubscribe(&mut self, filter: &str) -> rumqttc::v5::mqttbytes::v5::UnsubAckReason {
        let mut unsubscribe = Unsubscribe::new(filter, None);
        unsubscribe.pkid = self.id();
        self.send(Packet::Unsubscribe(unsubscribe));
        match self.reply() {
            Packet::UnsubAck(unsuback) => unsuback.reasons[0],
            other => panic!("{other:?}"),
        }
    }

    /// Publishes and waits until the broker has it; the broker's answer.
    pub fn publish(&mut self, topic: &str, payload: impl Into<Vec<u8>>, qos: QoS) -> Option<Packet> {
        self.publish_with(Publish::new(topic, qos, payload.into(), None))
    }

    pub fn retain(&mut self, topic: &str, payload: impl Into<Vec<u8>>, qos: QoS) -> Option<Packet> {
        self.publish_with(Publish { retain: true, ..Publish::new(topic, qos, payload.into(), None) })
    }

    pub fn publish_with(&mut self, mut message: Publish) -> Option<Packet> {
        message.pkid = if message.qos == QoS::AtMostOnce { 0 } else { self.id() };
        let (id, qos) = (message.pkid, message.qos);
        self.send(Packet::Publish(message));
        if qos == QoS::AtMostOnce {
            // A ping's answer comes once what was sent before it was handled.
            self.send(Packet::PingReq(PingReq));
            assert_eq!(self.reply(), Packet::PingResp(rumqttc::v5::mqttbytes::v5::PingResp));
            return None;
        }
        let reply = self.reply();
        match &reply {
            Packet::PubAck(ack) => assert_eq!(ack.pkid, id),
            Packet::PubRec(received) => {
                assert_eq!(received.pkid, id);
                if (received.reason as u8) < 2 {
                    self.send(Packet::PubRel(PubRel::new(id, None)));
                    assert!(matches!(self.reply(), Packet::PubComp(completed) if completed.pkid == id));
                }
            }
            Packet::Disconnect(_) => {}
            other => panic!("{other:?}"),
        }
        Some(reply)
    }

    /// Sends DISCONNECT and waits until the broker closes.
    pub fn disconnect(mut self) {
        self.send_bytes(&[0xE0, 0]);
        self.ended();
    }

    /// Sends DISCONNECT, which gives the session another time to last.
    pub fn disconnect_with(mut self, seconds: u32) -> Self {
        let mut disconnect = Disconnect::new(DisconnectReasonCode::NormalDisconnection);
        disconnect.properties = Some(rumqttc::v5::mqttbytes::v5::DisconnectProperties {
            session_expiry_interval: Some(seconds),
            reason_string: None,
            user_properties: Vec::new(),
            server_reference: None,
        });
        self.send(Packet::Disconnect(disconnect));
        self
    }

    /// The broker closes, after whatever else it sends.
    pub fn ended(&mut self) {
        while let Some(packet) = self.next() {
            assert!(!matches!(packet, Packet::Disconnect(_)), "{packet:?}");
        }
    }

    /// The broker says why, and closes.
    pub fn ended_for(&mut self, reason: DisconnectReasonCode) {
        match self.reply() {
            Packet::Disconnect(disconnect) => {
                assert_eq!(disconnect.reason_code, reason);
                assert!(disconnect.properties.is_some_and(|properties| properties.reason_string.is_some()));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(self.next(), None);
    }
}

pub fn text(message: &Publish) -> String {
    String::from_utf8(message.payload.to_vec()).unwrap()
}

pub fn announced(connack: ConnAck) -> ConnAckProperties {
    connack.properties.unwrap()
}

pub fn no_properties() -> PublishProperties {
    PublishProperties::default()
}
