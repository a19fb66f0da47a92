use super::*;
use crate::mqtt::client::TopicFilter;

fn flow_with(version: MqttVersion, receive_maximum: usize, server: ServerLimits) -> PacketFlow {
    let own = OwnLimits { version, receive_maximum, most_bytes: 100, largest: 1000, manual_acks: true };
    PacketFlow::new(own, server)
}

fn flow(server: ServerLimits) -> PacketFlow {
    flow_with(MqttVersion::Mqtt5, 2, server)
}

fn publish(text: &'static str) -> MqttRequest {
    MqttRequest::Publish { topic: "t".to_owned(), payload: Bytes::from_static(text.as_bytes()), retain: true }
}

fn subscribe() -> MqttRequest {
    MqttRequest::Subscribe(vec![TopicFilter { filter: "a/b".to_owned(), retained: false }])
}

fn sent(flow: &mut PacketFlow) -> String {
    std::mem::take(&mut flow.events).iter().fold(String::new(), |all, event| match event {
        MqttEvent::PublishSent(pkid) => all + &format!("P{pkid} "),
        MqttEvent::SubscribeSent(pkid) => all + &format!("S{pkid} "),
        MqttEvent::PublishAnswered { pkid, refusal: None } => all + &format!("A{pkid} "),
        MqttEvent::PublishAnswered { pkid, refusal: Some(_) } => all + &format!("R{pkid} "),
        MqttEvent::SubscribeAnswered { pkid, .. } => all + &format!("G{pkid} "),
        MqttEvent::Message(message) => all + &format!("M{} ", message.pkid.unwrap_or(0)),
        _ => all + "? ",
    })
}

fn puback(flow: &mut PacketFlow, pkid: u16) {
    flow.take_packet(BrokerPacket::PubAck { pkid, refusal: None }).unwrap();
}

fn message(pkid: u16, redelivered: bool) -> BrokerPacket {
    let message = MqttMessage {
        topic: Bytes::from_static(b"t"),
        payload: Bytes::new(),
        pkid: Some(pkid),
        redelivered,
        retained: false,
        expiry_seconds: None,
    };
    BrokerPacket::Publish { message, exactly_once: false, alias: false }
}

#[test]
fn the_receive_maximum_holds_publishes_back_and_nothing_else() {
    let mut flow = flow(ServerLimits { receive_maximum: Some(1), ..ServerLimits::default() });
    for request in [publish("1"), publish("2"), subscribe(), subscribe(), publish("3")] {
        flow.request(request).unwrap();
    }
    assert_eq!(sent(&mut flow), "P1 S2 S3 ", "each has an id of its own");
    puback(&mut flow, 1);
    assert_eq!(sent(&mut flow), "A1 P4 ");
    puback(&mut flow, 99);
    assert_eq!(sent(&mut flow), "", "not awaited");
    puback(&mut flow, 4);
    assert_eq!(sent(&mut flow), "A4 P5 ");
}

#[test]
fn a_broker_without_retained_messages_is_sent_none() {
    let mut flow = flow(ServerLimits { retain_available: false, ..ServerLimits::default() });
    flow.request(publish("x")).unwrap();
    assert_eq!(flow.out[0], 0x32, "QoS 1, not retained");
}

#[test]
fn what_the_broker_does_not_take_is_not_sent() {
    let mut flow = flow(ServerLimits { maximum_packet_size: Some(12), ..ServerLimits::default() });
    flow.request(publish("much too large")).unwrap();
    assert_eq!((sent(&mut flow).as_str(), flow.out.len()), ("P1 R1 ", 0));
    flow.request(publish("x")).unwrap();
    assert_eq!(sent(&mut flow), "P2 ");
    let long = MqttRequest::Unsubscribe("a/long/filter".to_owned());
    assert!(matches!(flow.request(long), Err(FlowEnd::LimitTooSmall { largest: 12, .. })));
}

#[test]
fn a_broker_that_ignores_the_receive_maximum_is_disconnected() {
    let mut flow = flow(ServerLimits::default());
    flow.take_packet(message(1, false)).unwrap();
    flow.take_packet(message(2, false)).unwrap();
    flow.request(MqttRequest::Acknowledge(1)).unwrap();
    flow.take_packet(message(1, false)).unwrap();
    // A few too many are taken, as long as they are small.
    flow.take_packet(message(3, false)).unwrap();
    let BrokerPacket::Publish { message, .. } = message(4, false) else { unreachable!() };
    let message = MqttMessage { payload: Bytes::from_static(&[0; 101]), ..message };
    let packet = BrokerPacket::Publish { message, exactly_once: false, alias: false };
    let end = flow.take_packet(packet).unwrap_err();
    assert_eq!(end, FlowEnd::ReceiveMaximum { announced: 2, number: 4 });
    assert_eq!(end.reason(), Some(OwnReason::ReceiveMaximumExceeded));
}

#[test]
fn reading_pauses_over_3_1_1_while_too_many_bytes_are_unacknowledged() {
    let mut flow = flow_with(MqttVersion::Mqtt311, 65_535, ServerLimits::default());
    for pkid in [1, 2] {
        let BrokerPacket::Publish { message, .. } = message(pkid, false) else { unreachable!() };
        let message = MqttMessage { payload: Bytes::from_static(&[0; 51]), ..message };
        assert!(flow.may_read());
        flow.take_packet(BrokerPacket::Publish { message, exactly_once: false, alias: false }).unwrap();
    }
    assert!(!flow.may_read());
    flow.ping_unheard();
    assert!(!flow.pong_awaited());
    flow.request(MqttRequest::Acknowledge(1)).unwrap();
    assert!(flow.may_read());
}

#[test]
fn an_id_in_use_is_a_repetition_over_3_1_1_and_an_error_over_5() {
    let mut old = flow_with(MqttVersion::Mqtt311, 65_535, ServerLimits::default());
    old.take_packet(message(1, false)).unwrap();
    old.take_packet(message(1, true)).unwrap();
    assert_eq!(sent(&mut old), "M1 ");
    assert_eq!(old.take_packet(message(1, false)), Err(FlowEnd::ProtocolError));
    let mut new = flow(ServerLimits::default());
    new.take_packet(message(1, false)).unwrap();
    assert_eq!(new.take_packet(message(1, true)), Err(FlowEnd::ProtocolError));
}

#[test]
fn a_topic_alias_is_an_error() {
    let BrokerPacket::Publish { message, .. } = message(1, false) else { unreachable!() };
    let packet = BrokerPacket::Publish { message, exactly_once: false, alias: true };
    assert_eq!(flow(ServerLimits::default()).take_packet(packet), Err(FlowEnd::TopicAlias));
}

#[test]
fn a_message_at_qos_2_is_acknowledged_in_two_steps() {
    let mut flow = flow(ServerLimits::default());
    let BrokerPacket::Publish { message, .. } = message(7, false) else { unreachable!() };
    flow.take_packet(BrokerPacket::Publish { message, exactly_once: true, alias: false }).unwrap();
    flow.request(MqttRequest::Acknowledge(7)).unwrap();
    assert_eq!(flow.out[..], [0x50, 2, 0, 7]);
    flow.out.clear();
    flow.take_packet(BrokerPacket::PubRel(7)).unwrap();
    assert_eq!(flow.out[..], [0x70, 2, 0, 7]);
}

#[test]
fn a_ping_without_an_answer_is_told_and_nothing_follows_a_disconnect() {
    let mut flow = flow(ServerLimits::default());
    assert!(flow.ping());
    flow.take_packet(BrokerPacket::PingResp).unwrap();
    assert!(flow.ping() && !flow.ping());
    flow.out.clear();
    flow.request(MqttRequest::Disconnect).unwrap();
    flow.request(publish("late")).unwrap();
    assert_eq!(flow.out[..], [0xe0, 0]);
}
