//! Retained messages, and the options that choose among them.

use portal_embedded_broker::Limits;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Publish, PublishProperties, RetainForwardRule};

use super::client::*;
use super::world::World;

#[test]
fn the_last_message_of_each_topic_is_kept_with_its_properties() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        let properties = PublishProperties {
            user_properties: vec![("a".into(), "2".into()), ("c".into(), "3".into())],
            ..no_properties()
        };
        for (topic, qos) in ["TopicA/B", "Topic/C", "TopicA/C"].into_iter().zip(QOS) {
            for payload in ["former", "last"] {
                let message = Publish { retain: true, ..Publish::new(topic, qos, payload, Some(properties.clone())) };
                client.publish_with(message);
            }
        }
        client.subscribe("+/+", QoS::ExactlyOnce);
        let mut messages = client.all_messages();
        messages.sort_by_key(|message| message.qos as u8);
        assert_eq!(messages.len(), 3);
        for (message, qos) in messages.iter().zip(QOS) {
            assert_eq!((text(message).as_str(), message.qos, message.retain), ("last", qos, true));
            assert_eq!(message.properties, Some(properties.clone()));
        }
    }
}

#[test]
fn an_empty_payload_takes_it_away() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        client.retain("t", "x", QoS::AtLeastOnce);
        client.retain("t", "", QoS::AtLeastOnce);
        client.subscribe("t", QoS::AtLeastOnce);
        assert!(client.texts().is_empty());
        // Who is there gets the empty one, as any other.
        client.retain("t", "", QoS::AtLeastOnce);
        assert_eq!(client.texts(), [""]);
    }
}

#[test]
fn hundreds_come_by_wildcard() {
    for world in World::both() {
        let mut sender = Client::connect(&world, "sender");
        for number in 0..700 {
            sender.retain(&format!("a/{number}/b"), number.to_string(), QOS[number % 3]);
            sender.retain(&format!("ab/{number}"), "not this one", QoS::AtLeastOnce);
        }
        sender.retain("a", "a", QoS::AtLeastOnce);
        for (filter, number) in [("a/#", 701), ("a/+/b", 700), ("a/77/b", 1), ("+/77/b", 1), ("#", 1_401), ("a", 1)] {
            let mut client = Client::connect(&world, "a");
            client.subscribe(filter, QoS::AtLeastOnce);
            assert_eq!(client.all_messages().len(), number, "{filter}");
        }
    }
}

#[test]
fn what_expired_is_not_kept() {
    let world = World::engine(Limits { retained_messages: 2, ..Limits::default() });
    let mut client = Client::connect(&world, "a");
    for (topic, seconds) in [("a", 5), ("b", 50)] {
        let properties = PublishProperties { message_expiry_interval: Some(seconds), ..no_properties() };
        client.publish_with(Publish { retain: true, ..Publish::new(topic, QoS::AtLeastOnce, topic, Some(properties)) });
    }
    world.advance(10);
    client.subscribe("#", QoS::AtLeastOnce);
    let messages = client.all_messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].properties.as_ref().unwrap().message_expiry_interval, Some(40));
    // Its place is free.
    client.retain("c", "c", QoS::AtLeastOnce);
    assert_eq!(client.texts(), ["c"]);
}

#[test]
fn a_subscription_chooses_whether_they_are_sent() {
    use RetainForwardRule::{Never, OnEverySubscribe, OnNewSubscribe};
    for world in World::both() {
        let mut client = Client::connect(&world, "sender");
        client.retain("t", "x", QoS::AtLeastOnce);
        for (rule, first, again) in [(OnEverySubscribe, 1, 1), (OnNewSubscribe, 1, 0), (Never, 0, 0)] {
            let mut client = Client::connect(&world, "a");
            for expected in [first, again] {
                let filter = Filter { retain_forward_rule: rule.clone(), ..Filter::new("+", QoS::AtLeastOnce) };
                client.subscribe_with(filter, None);
                assert_eq!(client.all_messages().len(), expected, "{rule:?}");
            }
        }
    }
}

#[test]
fn the_flag_is_kept_only_where_asked() {
    for world in World::both() {
        for keeps in [false, true] {
            let mut client = Client::connect(&world, "a");
            let filter = Filter { preserve_retain: keeps, ..Filter::new("t", QoS::AtLeastOnce) };
            client.subscribe_with(filter, None);
            client.publish("t", "not retained", QoS::AtLeastOnce);
            client.retain("t", "retained", QoS::AtLeastOnce);
            let flags: Vec<_> = client.all_messages().iter().map(|message| message.retain).collect();
            assert_eq!(flags, [false, keeps]);
            client.retain("t", "", QoS::AtLeastOnce);
        }
    }
}
