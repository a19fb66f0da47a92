//! Subscriptions: which messages they bring, and what is refused.

use portal_embedded_broker::Limits;
use proptest::prelude::*;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Subscribe, SubscribeReasonCode, UnsubAckReason};

use super::client::*;
use super::world::World;

#[test]
fn one_can_leave_out_what_one_published() {
    for world in World::both() {
        let no_local = || Filter { nolocal: true, ..Filter::new("t", QoS::ExactlyOnce) };
        let (mut one, mut other) = (Client::connect(&world, "one"), Client::connect(&world, "other"));
        one.subscribe_with(no_local(), None);
        other.subscribe_with(no_local(), None);
        one.publish("t", "x", QoS::AtLeastOnce);
        assert!(one.texts().is_empty());
        assert_eq!(other.texts(), ["x"]);
        // By another filter it comes all the same.
        one.subscribe("+", QoS::AtLeastOnce);
        one.publish("t", "y", QoS::AtLeastOnce);
        assert_eq!(one.texts(), ["y"]);
    }
}

#[test]
fn overlapping_subscriptions_bring_a_message_once() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        for (filter, qos, identifier) in [
            ("t/#", QoS::AtMostOnce, Some(3)),
            ("t/c", QoS::ExactlyOnce, None),
            ("+/c", QoS::AtLeastOnce, Some(268_435_455)),
            ("u", QoS::ExactlyOnce, Some(9)),
        ] {
            client.subscribe_with(Filter::new(filter, qos), identifier);
        }
        client.publish("t/c", "x", QoS::ExactlyOnce);
        let messages = client.all_messages();
        assert_eq!((messages.len(), messages[0].qos), (1, QoS::ExactlyOnce));
        let mut identifiers = messages[0].properties.clone().unwrap().subscription_identifiers;
        identifiers.sort_unstable();
        assert_eq!(identifiers, [3, 268_435_455]);
    }
}

#[test]
fn each_client_gets_its_own_identifiers() {
    for world in World::both() {
        let (mut one, mut other) = (Client::connect(&world, "one"), Client::connect(&world, "other"));
        one.subscribe_with(Filter::new("t", QoS::ExactlyOnce), Some(456_789));
        other.subscribe_with(Filter::new("t", QoS::ExactlyOnce), Some(2));
        // A new identifier takes the former one's place.
        other.subscribe_with(Filter::new("t", QoS::ExactlyOnce), Some(5));
        other.publish("t", "x", QoS::AtLeastOnce);
        for (client, identifier) in [(&mut one, 456_789), (&mut other, 5)] {
            assert_eq!(client.message().properties.unwrap().subscription_identifiers, [identifier]);
        }
    }
}

#[test]
fn wildcards_do_not_reach_topics_that_begin_with_a_dollar() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        for filter in ["#", "+/b", "+"] {
            client.subscribe(filter, QoS::AtLeastOnce);
        }
        client.publish("$TopicA/b", "x", QoS::AtLeastOnce);
        client.retain("$SYS", "y", QoS::AtLeastOnce);
        assert!(client.texts().is_empty());
        client.subscribe("$TopicA/+", QoS::AtLeastOnce);
        client.publish("$TopicA/b", "z", QoS::AtLeastOnce);
        assert_eq!(client.texts(), ["z"]);
    }
}

#[test]
fn nothing_comes_after_unsubscribing() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        for filter in ["a", "a/b", "+/c"] {
            client.subscribe(filter, QoS::ExactlyOnce);
        }
        assert_eq!(client.unsubscribe("a"), UnsubAckReason::Success);
        assert_eq!(client.unsubscribe("+/c"), UnsubAckReason::Success);
        assert_eq!(client.unsubscribe("a"), UnsubAckReason::NoSubscriptionExisted);
        let mut sender = Client::connect(&world, "sender");
        for topic in ["a", "a/b", "a/c"] {
            sender.publish(topic, topic, QoS::AtLeastOnce);
        }
        assert_eq!(client.texts(), ["a/b"]);
    }
}

#[test]
fn what_cannot_be_subscribed_to_is_refused_by_itself() {
    for world in World::both() {
        let mut client = Client::connect(&world, "a");
        let filters =
            ["good", "$share/group/t", "a#", "#/a", "", "also/good"].map(|path| Filter::new(path, QoS::AtLeastOnce));
        let mut subscribe = Subscribe::new_many(filters, None);
        subscribe.pkid = 7;
        client.send(Packet::Subscribe(subscribe));
        let Packet::SubAck(suback) = client.reply() else { panic!() };
        let (granted, invalid) =
            (SubscribeReasonCode::Success(QoS::AtLeastOnce), SubscribeReasonCode::TopicFilterInvalid);
        let shared = SubscribeReasonCode::SharedSubscriptionsNotSupported;
        assert_eq!(suback.return_codes, [granted, shared, invalid, invalid, invalid, granted]);
        assert!(suback.properties.unwrap().reason_string.unwrap().contains("shared"));
        client.publish("also/good", "x", QoS::AtLeastOnce);
        assert_eq!(client.texts(), ["x"]);
    }
}

#[test]
fn sentences_are_left_out_where_nobody_wants_them() {
    for world in World::both() {
        let unwanted = Options::new("a").with(|properties| properties.request_problem_info = Some(0));
        let small = Options::new("b").with(|properties| properties.max_packet_size = Some(40));
        for options in [unwanted, small] {
            let (mut client, _) = Client::connect_with(&world, options);
            let mut subscribe = Subscribe::new(Filter::new("$share/group/t", QoS::AtLeastOnce), None);
            subscribe.pkid = 7;
            client.send(Packet::Subscribe(subscribe));
            let Packet::SubAck(suback) = client.reply() else { panic!() };
            assert_eq!(suback.properties, None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Every message comes to every client whose filters match it, once, in order; by whichever filters.
    #[test]
    fn everybody_gets_what_they_asked_for(
        filters in proptest::collection::vec((0..3_usize, "[ab+](/[ab+]){0,2}(/#)?"), 0..12),
        topics in proptest::collection::vec("[ab](/[ab]){0,2}", 0..20),
    ) {
        let world = World::engine(Limits::default());
        let mut clients: Vec<_> = (0..3).map(|number| Client::connect(&world, &number.to_string())).collect();
        for (client, filter) in &filters {
            clients[*client].subscribe(filter, QoS::AtLeastOnce);
        }
        let mut sender = Client::connect(&world, "sender");
        for topic in &topics {
            sender.publish(topic, topic.as_str(), QoS::AtLeastOnce);
        }
        for (number, client) in clients.iter_mut().enumerate() {
            let own: Vec<_> = filters.iter().filter(|(client, _)| *client == number).map(|(_, filter)| filter).collect();
            let expected: Vec<_> = topics
                .iter()
                .filter(|topic| own.iter().any(|filter| portal_embedded_broker::topic::matches(filter, topic)))
                .cloned()
                .collect();
            prop_assert_eq!(client.texts(), expected);
        }
    }

    /// Whenever the connection is cut and however much was acknowledged, nothing is lost and first deliveries keep their
    /// order.
    #[test]
    fn a_kept_session_loses_nothing(steps in proptest::collection::vec(0..4_u8, 1..60)) {
        let world = World::engine(Limits::default());
        let options = || Options::kept("device", 60).with(|properties| properties.receive_maximum = Some(3));
        let mut sender = Client::connect(&world, "sender");
        let mut device = Client::connect_with(&world, options()).0;
        device.subscribe("t", QoS::AtLeastOnce);
        device.acknowledges = false;
        let (mut sent, mut seen, mut open) = (0, Vec::new(), Vec::new());
        for step in steps.into_iter().chain([3, 3]) {
            match step {
                0 | 1 => {
                    sender.publish("t", sent.to_string(), QoS::AtLeastOnce);
                    sent += 1;
                }
                2 => {
                    for message in device.all_messages() {
                        let number: u32 = text(&message).parse().unwrap();
                        prop_assert!(message.dup || !seen.contains(&number));
                        seen.push(number);
                        open.push(message.pkid);
                    }
                    for id in open.drain(..) {
                        device.send(Packet::PubAck(rumqttc::v5::mqttbytes::v5::PubAck::new(id, None)));
                    }
                }
                _ => {
                    open.clear();
                    drop(device);
                    device = Client::connect_with(&world, options()).0;
                    device.acknowledges = false;
                }
            }
        }
        device.acknowledges = true;
        let mut rest = device.all_messages();
        while !rest.is_empty() {
            seen.extend(rest.iter().map(|message| text(message).parse::<u32>().unwrap()));
            rest = device.all_messages();
        }
        let mut first = Vec::new();
        for number in seen {
            if !first.contains(&number) {
                first.push(number);
            }
        }
        prop_assert_eq!(first, (0..sent).collect::<Vec<_>>());
    }
}
