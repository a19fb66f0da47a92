//! MQTT 3.1.1's packets, over rumqttc's codec.
//!
//! Lives here: the translation between its types and ours.

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::{
    Connect, ConnectReturnCode, LastWill, Packet, Publish, Subscribe, SubscribeFilter, SubscribeReasonCode, Unsubscribe,
};

use super::client::{ConnectOptions, MqttMessage, ServerLimits, TopicFilter};
use super::packet::{BrokerPacket, MalformedPacket, RefusalKind};
use super::reason_code::refused_v4;

/// Reads one whole packet.
pub(super) fn read(mut frame: BytesMut) -> Result<BrokerPacket, MalformedPacket> {
    Ok(match Packet::read(&mut frame, usize::MAX).map_err(|_| MalformedPacket)? {
        Packet::ConnAck(ack) if ack.code == ConnectReturnCode::Success => BrokerPacket::Accepted {
            session_present: ack.session_present,
            limits: ServerLimits::default(),
            keep_alive_seconds: None,
        },
        Packet::ConnAck(ack) => BrokerPacket::Refused { sentence: refused_v4(ack.code), kind: RefusalKind::Other },
        Packet::Publish(publish) => {
            let exactly_once = publish.qos == QoS::ExactlyOnce;
            let message = MqttMessage {
                pkid: (publish.qos != QoS::AtMostOnce).then_some(publish.pkid),
                topic: publish.topic.into(),
                payload: publish.payload,
                redelivered: publish.dup,
                retained: publish.retain,
                expiry_seconds: None,
            };
            BrokerPacket::Publish { message, exactly_once, alias: false }
        }
        Packet::PubAck(ack) => BrokerPacket::PubAck { pkid: ack.pkid, refusal: None },
        Packet::SubAck(ack) => {
            let refusals = ack.return_codes.into_iter().map(|code| match code {
                SubscribeReasonCode::Success(_) => None,
                SubscribeReasonCode::Failure => Some("refused without a reason".to_owned()),
            });
            BrokerPacket::SubAck { pkid: ack.pkid, refusals: refusals.collect() }
        }
        Packet::UnsubAck(ack) => BrokerPacket::UnsubAck(ack.pkid),
        // A client's packets, and answers to what is never sent.
        Packet::Connect(_)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq
        | Packet::PingResp
        | Packet::Disconnect
        | Packet::PubRec(_)
        | Packet::PubRel(_)
        | Packet::PubComp(_) => return Err(MalformedPacket),
    })
}

fn written(packet: &Packet) -> Result<BytesMut, MalformedPacket> {
    let mut out = BytesMut::new();
    packet.write(&mut out, usize::MAX).map_err(|_| MalformedPacket)?;
    Ok(out)
}

pub(super) fn connect(options: &ConnectOptions<'_>) -> Result<BytesMut, MalformedPacket> {
    let mut connect = Connect::new(options.client_id.as_str());
    connect.keep_alive = u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX);
    connect.clean_session = options.kept_for.is_none();
    connect.last_will = options
        .will
        .as_ref()
        .map(|will| LastWill::new(will.topic.as_str(), will.payload.clone(), QoS::AtLeastOnce, will.retain));
    if let Some(who) = options.credentials {
        connect.set_login(who.username.as_str(), who.password());
    }
    written(&Packet::Connect(connect))
}

pub(super) fn publish(pkid: u16, topic: &str, payload: Bytes, retain: bool) -> Result<BytesMut, MalformedPacket> {
    let mut publish = Publish::from_bytes(topic, QoS::AtLeastOnce, payload);
    publish.pkid = pkid;
    publish.retain = retain;
    written(&Packet::Publish(publish))
}

pub(super) fn subscribe(pkid: u16, filters: &[TopicFilter]) -> Result<BytesMut, MalformedPacket> {
    let filters = filters.iter().map(|asked| SubscribeFilter::new(asked.filter.clone(), QoS::AtLeastOnce));
    written(&Packet::Subscribe(Subscribe { pkid, filters: filters.collect() }))
}

pub(super) fn unsubscribe(pkid: u16, filter: String) -> Result<BytesMut, MalformedPacket> {
    written(&Packet::Unsubscribe(Unsubscribe { pkid, topics: vec![filter] }))
}
