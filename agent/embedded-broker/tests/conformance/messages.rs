//! Messages: what arrives of what was sent.

use std::time::Duration;

use bytes::Bytes;
use portal_embedded_broker::Limits;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    DisconnectReasonCode, Packet, PubAckReason, PubRec, PubRecReason, PubRel, Publish, PublishProperties,
};

use super::client::*;
use super::world::World;

#[test]
fn every_quality_of_service_arrives() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        client.subscribe("t", QoS::ExactlyOnce);
        for (qos, payload) in QOS.into_iter().zip(["qos 0", "qos 1", "qos 2"]) {
            client.publish("t", payload, qos);
        }
        let messages = client.all_messages();
        assert_eq!(messages.iter().map(text).collect::<Vec<_>>(), ["qos 0", "qos 1", "qos 2"]);
        assert_eq!(messages.iter().map(|message| message.qos).collect::<Vec<_>>(), QOS);
    }
}

#[test]
fn a_subscription_lowers_the_quality_of_service() {
    for world in World::both() {
        let mut sender = Client::connect(&world, "sender");
        for granted in QOS {
            let mut client = Client::connect(&world, "a");
            client.subscribe("t", granted);
            for published in QOS {
                sender.publish("t", "x", published);
                let lower = if (published as u8) < granted as u8 { published } else { granted };
                assert_eq!(client.message().qos, lower);
            }
        }
    }
}

#[test]
fn properties_arrive_as_they_were_sent_and_nothing_is_added() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        client.subscribe("t", QoS::ExactlyOnce);
        let mut sender = Client::connect(&world, "sender");
        let sent = PublishProperties {
            payload_format_indicator: Some(1),
            content_type: Some("My name".into()),
            response_topic: Some("answers".into()),
            correlation_data: Some(Bytes::from_static(b"334\0")),
            user_properties: [("c", "3"), ("a", "2"), ("c", "1"), ("", "ü")].map(|(k, v)| (k.into(), v.into())).into(),
            ..no_properties()
        };
        for properties in [Some(sent), None] {
            for qos in QOS {
                sender.publish_with(Publish::new("t", qos, "x", properties.clone()));
                assert_eq!(client.message().properties, properties);
            }
        }
    }
}

#[test]
fn what_expired_is_not_delivered_and_the_rest_says_how_long_it_counts() {
    let world = World::engine(Limits::default());
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 99_999));
    device.subscribe("t", QoS::ExactlyOnce);
    device.disconnect();
    let mut sender = Client::connect(&world, "sender");
    for (seconds, payload) in [(1, "gone"), (6, "there")] {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let properties = PublishProperties { message_expiry_interval: Some(seconds), ..no_properties() };
            sender.publish_with(Publish::new("t", qos, payload, Some(properties)));
        }
    }
    world.advance(3);
    let (mut device, _) = Client::connect_with(&world, Options::kept("device", 99_999));
    let messages = device.all_messages();
    assert_eq!(messages.iter().map(text).collect::<Vec<_>>(), ["there", "there"]);
    assert!(messages.iter().all(|message| message.properties.as_ref().unwrap().message_expiry_interval == Some(3)));
}

#[test]
fn a_message_of_qos_2_that_is_sent_twice_arrives_once() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        client.subscribe("t", QoS::ExactlyOnce);
        let (mut sender, _) = Client::connect_with(&world, Options::kept("sender", 60));
        let message = Publish { pkid: 7, ..Publish::new("t", QoS::ExactlyOnce, "once", None) };
        sender.send(Packet::Publish(message.clone()));
        assert!(matches!(sender.reply(), Packet::PubRec(received) if received.pkid == 7));
        // It did not hear that, and tries again over another connection.
        drop(sender);
        let (mut sender, _) = Client::connect_with(&world, Options::kept("sender", 60));
        sender.send(Packet::Publish(Publish { dup: true, ..message.clone() }));
        assert!(matches!(sender.reply(), Packet::PubRec(received) if received.pkid == 7));
        for known in [true, false] {
            sender.send(Packet::PubRel(PubRel::new(7, None)));
            let Packet::PubComp(completed) = sender.reply() else { panic!() };
            assert_eq!(completed.reason == rumqttc::v5::mqttbytes::v5::PubCompReason::Success, known);
        }
        assert_eq!(client.texts(), ["once"]);
        // The id is free again.
        sender.send(Packet::Publish(message));
        sender.reply();
        assert_eq!(client.texts(), ["once"]);
    }
}

#[test]
fn an_exchange_of_qos_2_goes_on_where_it_stood() {
    for world in World::both() {
        let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60));
        device.subscribe("t", QoS::ExactlyOnce);
        device.acknowledges = false;
        let mut sender = Client::connect(&world, "sender");
        for number in 0..3 {
            sender.publish("t", number.to_string(), QoS::ExactlyOnce);
        }
        let messages = device.messages(3);
        device.send(Packet::PubRec(PubRec::new(messages[1].pkid, None)));
        assert!(matches!(device.packet(), Packet::PubRel(release) if release.pkid == messages[1].pkid));
        drop(device);
        let (mut device, _) = Client::connect_with(&world, Options::kept("device", 60));
        let again: Vec<_> = (0..3).map(|_| device.packet()).collect();
        assert!(matches!(&again[0], Packet::Publish(message) if message.dup && message.pkid == messages[0].pkid));
        assert!(matches!(&again[1], Packet::PubRel(release) if release.pkid == messages[1].pkid));
        assert!(matches!(&again[2], Packet::Publish(message) if message.dup && message.pkid == messages[2].pkid));
    }
}

#[test]
fn a_message_that_the_client_refuses_is_done() {
    for world in World::both() {
        let options = Options::kept("device", 60).with(|properties| properties.receive_maximum = Some(1));
        let (mut device, _) = Client::connect_with(&world, options);
        device.subscribe("t", QoS::ExactlyOnce);
        device.acknowledges = false;
        let mut sender = Client::connect(&world, "sender");
        sender.publish("t", "refused", QoS::ExactlyOnce);
        sender.publish("t", "next", QoS::ExactlyOnce);
        let refused = device.message();
        let mut answer = PubRec::new(refused.pkid, None);
        answer.reason = PubRecReason::UnspecifiedError;
        device.send(Packet::PubRec(answer));
        assert_eq!(text(&device.message()), "next");
    }
}

#[test]
fn a_publisher_hears_whether_anybody_listens() {
    for world in World::both() {
        let mut sender = Client::connect(&world, "sender");
        let reason = |packet| match packet {
            Some(Packet::PubAck(ack)) => ack.reason,
            other => panic!("{other:?}"),
        };
        let nobody = PubAckReason::NoMatchingSubscribers;
        assert_eq!(reason(sender.publish("t", "x", QoS::AtLeastOnce)), nobody);
        sender.subscribe("t", QoS::AtMostOnce);
        assert_eq!(reason(sender.publish("t", "x", QoS::AtLeastOnce)), PubAckReason::Success);
        sender.unsubscribe("t");
        assert_eq!(reason(sender.publish("t", "x", QoS::AtLeastOnce)), nobody);
    }
}

#[test]
fn a_client_uses_topic_aliases() {
    for world in World::both() {
        let (mut client, connack) = Client::connect_with(&world, Options::kept("a", 60));
        let most = announced(connack).topic_alias_max.unwrap();
        client.subscribe("#", QoS::AtLeastOnce);
        let with_alias = |topic: &str, alias| {
            let properties = PublishProperties { topic_alias: Some(alias), ..no_properties() };
            Publish::new(topic, QoS::AtLeastOnce, "x", Some(properties))
        };
        for (topic, alias, expected) in [
            ("t/1", 1, "t/1"),
            ("", 1, "t/1"),
            ("t/2", most, "t/2"),
            ("", most, "t/2"),
            ("t/3", 1, "t/3"),
            ("", 1, "t/3"),
        ] {
            client.publish_with(with_alias(topic, alias));
            let message = client.message();
            assert_eq!((&message.topic[..], message.properties), (expected.as_bytes(), None));
        }
        client.disconnect();
        // Aliases end with the connection.
        let (mut client, _) = Client::connect_with(&world, Options::kept("a", 60));
        client.send(Packet::Publish(Publish { pkid: 9, ..with_alias("", 1) }));
        client.ended_for(DisconnectReasonCode::ProtocolError);
        for alias in [0, most + 1, u16::MAX] {
            let mut client = Client::connect(&world, "b");
            client.send(Packet::Publish(Publish { pkid: 9, ..with_alias("t", alias) }));
            client.ended_for(DisconnectReasonCode::TopicAliasInvalid);
        }
    }
}

#[test]
fn the_broker_uses_as_many_topic_aliases_as_the_client_takes() {
    for world in World::both() {
        let mut sender = Client::connect(&world, "sender");
        let options = Options::new("a").with(|properties| properties.topic_alias_max = Some(1));
        let (mut client, _) = Client::connect_with(&world, options);
        client.subscribe("#", QoS::ExactlyOnce);
        for (index, qos) in QOS.into_iter().enumerate() {
            sender.publish("t", "x", qos);
            let message = client.message();
            assert_eq!(message.properties.unwrap().topic_alias, Some(1));
            assert_eq!(&message.topic[..], if index == 0 { &b"t"[..] } else { b"" });
        }
        sender.publish("other", "x", QoS::AtLeastOnce);
        let message = client.message();
        assert_eq!((&message.topic[..], message.properties), (&b"other"[..], None));
    }
}

#[test]
fn a_message_that_is_too_large_for_a_client_is_left_out_for_it_alone() {
    for world in World::both() {
        for kept in [false, true] {
            let options = || Options::kept("small", 60).with(|properties| properties.max_packet_size = Some(64));
            let (mut small, _) = Client::connect_with(&world, options());
            small.subscribe("t", QoS::ExactlyOnce);
            let mut large = Client::connect(&world, "large");
            large.subscribe("t", QoS::ExactlyOnce);
            if kept {
                small.disconnect();
                small = Client::dial(&world);
            }
            let mut sender = Client::connect(&world, "sender");
            for qos in if kept { &QOS[1..] } else { &QOS[..] } {
                sender.publish("t", ".".repeat(32), *qos);
                sender.publish("t", ".".repeat(64), *qos);
                sender.publish("t", "next", *qos);
            }
            if kept {
                small.try_connect(options());
            }
            let expected = if kept { 4 } else { 6 };
            let texts = small.texts();
            assert_eq!(texts.len(), expected, "{texts:?}");
            assert!(texts.chunks(2).all(|pair| pair[0].len() == 32 && pair[1] == "next"));
            assert_eq!(large.texts().len(), expected / 2 * 3);
            small.disconnect_with(0).ended();
        }
    }
}

#[test]
fn a_packet_over_the_brokers_limit_ends_the_connection() {
    let limits = Limits { packet_size: 1_000, write_timeout: Duration::from_secs(1), ..Limits::default() };
    for world in [World::wire(limits.clone(), portal_embedded_broker::Access::Anyone), World::engine(limits)] {
        let (mut client, connack) = Client::connect_with(&world, Options::new("a"));
        assert_eq!(announced(connack).max_packet_size, Some(1_000));
        client.subscribe("t", QoS::AtMostOnce);
        client.publish("t", "x".repeat(1_000 - 7), QoS::AtMostOnce);
        assert_eq!(client.message().payload.len(), 993);
        client.send(Packet::Publish(Publish::new("t", QoS::AtMostOnce, "x".repeat(1_000 - 6), None)));
        client.ended_for(DisconnectReasonCode::PacketTooLarge);
    }
}

#[test]
fn messages_of_any_size_arrive_whole() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        client.subscribe("t", QoS::AtLeastOnce);
        let mut sender = Client::connect(&world, "sender");
        let sizes = [0, 1, 125, 126, 127, 128, 16_380, 16_384, 65_535, 65_536, 300_000, 1_000_000];
        for size in sizes {
            sender.publish("t", vec![size as u8; size], QoS::AtLeastOnce);
        }
        for size in sizes {
            assert_eq!(client.message().payload, vec![size as u8; size]);
        }
    }
}
