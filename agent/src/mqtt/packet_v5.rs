//! MQTT 5's packets, over rumqttc's codec.
//!
//! Lives here: the translation between its types and ours. Its event loop is not used: it hides what a refusal names
//! (Server Reference, Reason String) and takes packet ids within the broker's Receive Maximum (decisions/0021).

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, DisconnectReasonCode, Filter, LastWill, Login, Packet,
    PubAckReason, Publish, RetainForwardRule, SubAck, Subscribe, SubscribeReasonCode, Unsubscribe,
};

use super::client::{ConnectOptions, MqttMessage, ServerLimits, TopicFilter};
use super::packet::{BrokerPacket, DisconnectKind, MalformedPacket, RefusalKind};
use super::reason_code::{ended, publish_refused, quoted, redirected, refused_v5, subscribe_refused, version_refused};

const CONNACK: u8 = 2;
const DISCONNECT: u8 = 14;

/// Reads one whole packet.
pub(super) fn read(frame: BytesMut) -> Result<BrokerPacket, MalformedPacket> {
    match (frame.first().map_or(0, |first| first >> 4), frame.len()) {
        // A CONNACK without properties is 3.1.1's: the answer of a broker that has no MQTT 5.
        (CONNACK, 4) => Ok(BrokerPacket::Refused { sentence: version_refused().to_owned(), kind: RefusalKind::Other }),
        // rumqttc reads no DISCONNECT that leaves its reason or its properties out.
        (DISCONNECT, 2) => Ok(disconnect(DisconnectReasonCode::NormalDisconnection, None, None)),
        (DISCONNECT, 3) => {
            let reason = frame[2].try_into().map_err(|_| MalformedPacket)?;
            Ok(disconnect(reason, None, None))
        }
        _ => translated(whole(frame)?),
    }
}

fn whole(mut frame: BytesMut) -> Result<Packet, MalformedPacket> {
    Packet::read(&mut frame, None).map_err(|_| MalformedPacket)
}

fn translated(packet: Packet) -> Result<BrokerPacket, MalformedPacket> {
    Ok(match packet {
        Packet::ConnAck(ack) => connack(ack)?,
        Packet::Publish(publish) => {
            let exactly_once = publish.qos == QoS::ExactlyOnce;
            let alias = publish.properties.as_ref().is_some_and(|properties| properties.topic_alias.is_some());
            let message = MqttMessage {
                pkid: (publish.qos != QoS::AtMostOnce).then_some(publish.pkid),
                topic: publish.topic,
                payload: publish.payload,
                redelivered: publish.dup,
                retained: publish.retain,
                expiry_seconds: publish.properties.and_then(|properties| properties.message_expiry_interval),
            };
            BrokerPacket::Publish { message, exactly_once, alias }
        }
        Packet::PubAck(ack) => {
            // That nobody subscribes at present is no refusal: a console may come later, or only keep the state.
            let refused = !matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
            let words = ack.properties.and_then(|properties| properties.reason_string);
            let refusal = refused.then(|| quoted(publish_refused(ack.reason), words.as_deref()));
            BrokerPacket::PubAck { pkid: ack.pkid, refusal }
        }
        Packet::SubAck(ack) => suback(ack),
        Packet::UnsubAck(ack) => BrokerPacket::UnsubAck(ack.pkid),
        Packet::Disconnect(end) => {
            let properties = end.properties;
            let reference = properties.as_ref().and_then(|properties| properties.server_reference.clone());
            let words = properties.and_then(|properties| properties.reason_string);
            disconnect(end.reason_code, words.as_deref(), reference.as_deref())
        }
        // A client's packets, an exchange that was not begun, and answers to what is never sent.
        Packet::Auth(_)
        | Packet::Connect(..)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq(_)
        | Packet::PingResp(_)
        | Packet::PubRec(_)
        | Packet::PubRel(_)
        | Packet::PubComp(_) => return Err(MalformedPacket),
    })
}

fn connack(ack: ConnAck) -> Result<BrokerPacket, MalformedPacket> {
    let properties = ack.properties.as_ref();
    if ack.code != ConnectReturnCode::Success {
        let words = properties.and_then(|properties| properties.reason_string.as_deref());
        let reference = properties.and_then(|properties| properties.server_reference.as_deref());
        let kind = match ack.code {
            ConnectReturnCode::RetainNotSupported => RefusalKind::RetainNotSupported,
            _ => RefusalKind::Other,
        };
        let sentence = quoted(&redirected(&refused_v5(ack.code), reference), words);
        return Ok(BrokerPacket::Refused { sentence, kind });
    }
    let receive_maximum = properties.and_then(|properties| properties.receive_max);
    let maximum_packet_size = properties.and_then(|properties| properties.max_packet_size);
    // Both are protocol errors (MQTT 5, 3.2.2.3.3 and 3.2.2.3.6). Taken at its word, such a broker could be sent
    // nothing.
    if receive_maximum == Some(0) || maximum_packet_size == Some(0) {
        return Err(MalformedPacket);
    }
    if properties.and_then(|properties| properties.max_qos) == Some(0) {
        // Receipts are kept until the broker has them, which QoS 0 never says.
        let sentence = "takes publishes at QoS 0 only, at which a receipt may be lost; allow QoS 1 at the broker";
        return Ok(BrokerPacket::Refused { sentence: sentence.to_owned(), kind: RefusalKind::Other });
    }
    let available = |value: Option<u8>| value != Some(0);
    let limits = ServerLimits {
        receive_maximum,
        maximum_packet_size,
        retain_available: available(properties.and_then(|properties| properties.retain_available)),
        wildcards_available: available(properties.and_then(|properties| properties.wildcard_subscription_available)),
    };
    let keep_alive_seconds = properties.and_then(|properties| properties.server_keep_alive);
    Ok(BrokerPacket::Accepted { session_present: ack.session_present, limits, keep_alive_seconds })
}

fn suback(ack: SubAck) -> BrokerPacket {
    let words = ack.properties.and_then(|properties| properties.reason_string);
    let refusals = ack.return_codes.into_iter().map(|code| match code {
        SubscribeReasonCode::Success(_) => None,
        refused => Some(quoted(subscribe_refused(refused), words.as_deref())),
    });
    BrokerPacket::SubAck { pkid: ack.pkid, refusals: refusals.collect() }
}

fn disconnect(reason: DisconnectReasonCode, words: Option<&str>, reference: Option<&str>) -> BrokerPacket {
    let kind = match reason {
        DisconnectReasonCode::SessionTakenOver => DisconnectKind::TakenOver,
        DisconnectReasonCode::NormalDisconnection => DisconnectKind::Plain,
        DisconnectReasonCode::RetainNotSupported => DisconnectKind::RetainNotSupported,
        _ => DisconnectKind::Other,
    };
    BrokerPacket::Disconnect { sentence: quoted(&redirected(&ended(reason), reference), words), kind }
}

fn written(packet: &Packet) -> Result<BytesMut, MalformedPacket> {
    let mut out = BytesMut::new();
    packet.write(&mut out, None).map_err(|_| MalformedPacket)?;
    Ok(out)
}

pub(super) fn connect(options: &ConnectOptions<'_>) -> Result<BytesMut, MalformedPacket> {
    let mut properties = ConnectProperties::new();
    properties.receive_maximum = Some(options.receive_maximum);
    properties.max_packet_size = Some(options.maximum_packet_size);
    properties.session_expiry_interval = options.kept_for.map(|kept| u32::try_from(kept.as_secs()).unwrap_or(u32::MAX));
    let connect = Connect {
        keep_alive: u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX),
        client_id: options.client_id.clone(),
        clean_start: options.kept_for.is_none(),
        properties: Some(properties),
    };
    let will = options
        .will
        .as_ref()
        .map(|will| LastWill::new(will.topic.as_str(), will.payload.clone(), QoS::AtLeastOnce, will.retain, None));
    let login = options.credentials.map(|who| Login::new(who.username.as_str(), who.password()));
    written(&Packet::Connect(connect, will, login))
}

pub(super) fn publish(pkid: u16, topic: &str, payload: Bytes, retain: bool) -> Result<BytesMut, MalformedPacket> {
    let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload, None);
    publish.pkid = pkid;
    publish.retain = retain;
    written(&Packet::Publish(publish))
}

pub(super) fn subscribe(pkid: u16, filters: &[TopicFilter]) -> Result<BytesMut, MalformedPacket> {
    let filters = filters.iter().map(|asked| {
        let mut filter = Filter::new(asked.filter.as_str(), QoS::AtLeastOnce);
        if !asked.retained {
            // The agent subscribes at each connect, and a retained push would come with each of them.
            filter.retain_forward_rule = RetainForwardRule::Never;
        }
        filter
    });
    written(&Packet::Subscribe(Subscribe { pkid, filters: filters.collect(), properties: None }))
}

pub(super) fn unsubscribe(pkid: u16, filter: String) -> Result<BytesMut, MalformedPacket> {
    written(&Packet::Unsubscribe(Unsubscribe { pkid, filters: vec![filter], properties: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::v5::mqttbytes::v5::ConnAckProperties;

    fn no_properties() -> ConnAckProperties {
        ConnAckProperties {
            session_expiry_interval: None,
            receive_max: None,
            max_qos: None,
            retain_available: None,
            max_packet_size: None,
            assigned_client_identifier: None,
            topic_alias_max: None,
            reason_string: None,
            user_properties: Vec::new(),
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        }
    }

    fn read_connack(code: ConnectReturnCode, properties: ConnAckProperties) -> Result<BrokerPacket, MalformedPacket> {
        read(written(&Packet::ConnAck(ConnAck { session_present: true, code, properties: Some(properties) })).unwrap())
    }

    #[test]
    fn a_refusal_names_the_server_to_use_and_the_brokers_words() {
        let properties = ConnAckProperties {
            server_reference: Some("b.example:1883".to_owned()),
            reason_string: Some("maintenance".to_owned()),
            ..no_properties()
        };
        let packet = read_connack(ConnectReturnCode::UseAnotherServer, properties).unwrap();
        let BrokerPacket::Refused { sentence, kind: RefusalKind::Other } = packet else { panic!("{packet:?}") };
        assert!(sentence.contains("b.example:1883") && sentence.contains("maintenance"), "{sentence}");
        assert!(sentence.contains("broker.urls"), "{sentence}");
    }

    #[test]
    fn what_a_broker_takes_is_read() {
        let properties = ConnAckProperties {
            receive_max: Some(3),
            max_packet_size: Some(2000),
            retain_available: Some(0),
            wildcard_subscription_available: Some(0),
            server_keep_alive: Some(0),
            ..no_properties()
        };
        let packet = read_connack(ConnectReturnCode::Success, properties).unwrap();
        let BrokerPacket::Accepted { session_present: true, limits, keep_alive_seconds: Some(0) } = packet else {
            panic!("{packet:?}")
        };
        let expected = ServerLimits {
            receive_maximum: Some(3),
            maximum_packet_size: Some(2000),
            retain_available: false,
            wildcards_available: false,
        };
        assert_eq!(limits, expected);
        let none = ConnAckProperties { receive_max: Some(0), ..no_properties() };
        assert!(read_connack(ConnectReturnCode::Success, none).is_err());
        let qos_0 = ConnAckProperties { max_qos: Some(0), ..no_properties() };
        let packet = read_connack(ConnectReturnCode::Success, qos_0).unwrap();
        assert!(matches!(packet, BrokerPacket::Refused { sentence, .. } if sentence.contains("QoS 1")));
    }

    #[test]
    fn an_answer_of_3_1_1_names_the_setting() {
        let packet = read(BytesMut::from(&[0x20, 2, 0, 1][..])).unwrap();
        assert!(matches!(packet, BrokerPacket::Refused { sentence, .. } if sentence.contains("broker.protocol")));
    }

    #[test]
    fn a_disconnect_may_leave_its_reason_and_properties_out() {
        for (bytes, expected) in
            [(&[0xe0_u8, 0][..], DisconnectKind::Plain), (&[0xe0, 1, 0x8e], DisconnectKind::TakenOver)]
        {
            let packet = read(BytesMut::from(bytes)).unwrap();
            assert!(matches!(packet, BrokerPacket::Disconnect { kind, .. } if kind == expected), "{packet:?}");
        }
    }
}
