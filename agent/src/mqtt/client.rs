//! One client over two protocol versions: rumqttc's v5 and 3.1.1 pairs behind the same few calls and events.
//!
//! Lives here: options and translation. Each connection is a fresh pair (contract 4: no retransmission of the library
//! is used). Does not live here: when to connect, what to subscribe, what an event means.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::{self as p5, RetainForwardRule};
use rumqttc::v5::mqttbytes::{QoS as QoS5, v5::ConnectProperties};
use rumqttc::{self as v4, NetworkOptions, Outgoing, QoS as QoS4, SubscribeFilter, TlsConfiguration, Transport, v5};
use rustls::ClientConfig;

use super::LARGEST_PACKET;
use super::connection_failure::ConnectionFailure;
use super::endpoint::{BrokerCredentials, BrokerUrl, MqttVersion};

/// Size of rumqttc's in-flight table; some 300 bytes each are allocated at once, with its default some 2 MB.
const INFLIGHT: u16 = 256;

/// Packet ids are a ring of the in-flight limit, which subscribes share. What is kept free for those and for a client's
/// own few publishes: at the limit itself rumqttc sends nothing more, acknowledgements included.
const KEPT_FREE: u16 = 4;

/// How many publishes may be unanswered at a broker that takes `receive_maximum` at a time.
pub(crate) fn publish_window(receive_maximum: Option<u16>) -> usize {
    let limit = receive_maximum.unwrap_or(u16::MAX).min(INFLIGHT);
    usize::from(limit.saturating_sub(KEPT_FREE).max(1))
}

/// Everything one CONNECT needs.
pub(crate) struct ConnectOptions<'a> {
    pub url: &'a BrokerUrl,
    pub protocol: MqttVersion,
    pub client_id: String,
    /// How long the broker keeps the session after this connection; `None`: it is clean.
    pub kept_for: Option<Duration>,
    pub keep_alive: Duration,
    pub receive_maximum: u16,
    pub maximum_packet_size: u32,
    pub will: Option<LastWill>,
    pub credentials: Option<&'a BrokerCredentials>,
    pub tls: Option<Arc<ClientConfig>>,
    pub manual_acks: bool,
    /// Most requests that wait in rumqttc; allocated as they come.
    pub requests: usize,
    pub connect_timeout: Duration,
}

/// A retained last will at QoS 1, without delay.
pub(crate) struct LastWill {
    pub topic: String,
    pub payload: Bytes,
}

/// One topic filter at QoS 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicFilter {
    pub filter: String,
    /// Whether retained messages are wanted (MQTT 5: Retain Handling 0 or 2; 3.1.1 always sends them).
    pub retained: bool,
}

/// What comes of polling.
#[derive(Debug)]
pub(crate) enum MqttEvent {
    /// CONNACK.
    Connected { session_present: bool, receive_maximum: Option<u16>, maximum_packet_size: Option<u32> },
    /// PUBLISH.
    Message(MqttMessage),
    /// A publish got its packet id; in the order of the calls.
    PublishSent(u16),
    /// PUBACK; with a reason where the broker refused.
    PublishAnswered { pkid: u16, refusal: Option<String> },
    /// A subscribe got its packet id; in the order of the calls.
    SubscribeSent(u16),
    /// SUBACK: for each filter, why it was refused.
    SubscribeAnswered { pkid: u16, refusals: Vec<Option<String>> },
    /// An unsubscribe got its packet id; in the order of the calls.
    UnsubscribeSent(u16),
    /// UNSUBACK.
    UnsubscribeAnswered { pkid: u16 },
    /// Our DISCONNECT is on the wire.
    DisconnectSent,
    /// Pings and what asks nothing of us.
    Other,
}

/// A message from the broker.
#[derive(Debug)]
pub(crate) struct MqttMessage {
    /// UTF-8 by the protocol; not checked yet in MQTT 5.
    pub topic: Bytes,
    pub payload: Bytes,
    /// The packet id; `None` at QoS 0.
    pub pkid: Option<u16>,
    pub redelivered: bool,
    pub retained: bool,
    pub expiry_seconds: Option<u32>,
}

/// The half that asks; cheap to clone, never waits. Each call answers whether the request was taken.
#[derive(Clone, Debug)]
pub(crate) enum MqttClient {
    V5(v5::AsyncClient),
    V4(v4::AsyncClient),
}

/// The half that is polled.
pub(crate) enum MqttConnection {
    V5(Box<v5::EventLoop>, BrokerUrl),
    V4(Box<v4::EventLoop>, BrokerUrl),
}

/// A fresh pair; nothing is sent before the first poll.
pub(crate) fn open(options: ConnectOptions<'_>) -> (MqttClient, MqttConnection) {
    match options.protocol {
        MqttVersion::Mqtt5 => open_v5(options),
        MqttVersion::Mqtt311 => open_v4(options),
    }
}

fn network_options(timeout_seconds: u64) -> NetworkOptions {
    let mut network = NetworkOptions::new();
    // Without it every third acknowledgement waits for Nagle (decisions/0012: 13 against 33 thousand a second).
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(timeout_seconds);
    network
}

fn transport(tls: Option<Arc<ClientConfig>>) -> Transport {
    tls.map_or(Transport::Tcp, |config| Transport::tls_with_config(TlsConfiguration::Rustls(config)))
}

/// rumqttc wants whole seconds; the caller's own, finer limit is the one that ends a try.
fn seconds_above(limit: Duration) -> u64 {
    limit.as_secs() + 1
}

/// The name to dial. rumqttc verifies a certificate against the same text, so brackets only stand without TLS.
fn host(url: &BrokerUrl) -> String {
    if url.is_secure() { url.host().to_owned() } else { url.dialled_host() }
}

fn open_v5(options: ConnectOptions<'_>) -> (MqttClient, MqttConnection) {
    let mut mqtt = v5::MqttOptions::new(options.client_id, host(options.url), options.url.port());
    let mut properties = ConnectProperties::new();
    properties.receive_maximum = Some(options.receive_maximum);
    properties.max_packet_size = Some(options.maximum_packet_size);
    properties.session_expiry_interval = options.kept_for.map(|kept| u32::try_from(kept.as_secs()).unwrap_or(u32::MAX));
    mqtt.set_keep_alive(options.keep_alive)
        .set_clean_start(options.kept_for.is_none())
        .set_connect_properties(properties)
        .set_manual_acks(options.manual_acks)
        .set_outgoing_inflight_upper_limit(INFLIGHT)
        .set_connection_timeout(seconds_above(options.connect_timeout))
        .set_network_options(network_options(seconds_above(options.connect_timeout)))
        .set_transport(transport(options.tls));
    if let Some(credentials) = options.credentials {
        mqtt.set_credentials(credentials.username.as_str(), credentials.password());
    }
    if let Some(will) = options.will {
        mqtt.set_last_will(p5::LastWill::new(will.topic, will.payload, QoS5::AtLeastOnce, true, None));
    }
    let (client, eventloop) = v5::AsyncClient::new(mqtt, options.requests);
    (MqttClient::V5(client), MqttConnection::V5(Box::new(eventloop), options.url.clone()))
}

fn open_v4(options: ConnectOptions<'_>) -> (MqttClient, MqttConnection) {
    let mut mqtt = v4::MqttOptions::new(options.client_id, host(options.url), options.url.port());
    let largest = LARGEST_PACKET as usize;
    mqtt.set_keep_alive(options.keep_alive)
        .set_clean_session(options.kept_for.is_none())
        // 3.1.1 cannot announce a limit, so any packet must be taken: one refused comes for ever (decisions/0002).
        .set_max_packet_size(largest, largest)
        .set_manual_acks(options.manual_acks)
        .set_inflight(INFLIGHT)
        .set_transport(transport(options.tls));
    if let Some(credentials) = options.credentials {
        mqtt.set_credentials(credentials.username.as_str(), credentials.password());
    }
    if let Some(will) = options.will {
        mqtt.set_last_will(v4::LastWill::new(will.topic, will.payload, QoS4::AtLeastOnce, true));
    }
    let (client, mut eventloop) = v4::AsyncClient::new(mqtt, options.requests);
    eventloop.set_network_options(network_options(seconds_above(options.connect_timeout)));
    (MqttClient::V4(client), MqttConnection::V4(Box::new(eventloop), options.url.clone()))
}

impl MqttClient {
    pub(crate) fn ack(&self, pkid: u16) -> bool {
        match self {
            Self::V5(client) => {
                client.try_ack(&p5::Publish { pkid, qos: QoS5::AtLeastOnce, ..p5::Publish::default() }).is_ok()
            }
            Self::V4(client) => {
                let mut acked = v4::Publish::from_bytes(String::new(), QoS4::AtLeastOnce, Bytes::new());
                acked.pkid = pkid;
                client.try_ack(&acked).is_ok()
            }
        }
    }

    pub(crate) fn publish(&self, topic: String, payload: Bytes, retain: bool) -> bool {
        match self {
            Self::V5(client) => client.try_publish(topic, QoS5::AtLeastOnce, retain, payload).is_ok(),
            Self::V4(client) => client.try_publish(topic, QoS4::AtLeastOnce, retain, payload).is_ok(),
        }
    }

    pub(crate) fn subscribe(&self, subscriptions: &[TopicFilter]) -> bool {
        match self {
            Self::V5(client) => client.try_subscribe_many(subscriptions.iter().map(filter_v5)).is_ok(),
            Self::V4(client) => {
                let filters = subscriptions.iter().map(|s| SubscribeFilter::new(s.filter.clone(), QoS4::AtLeastOnce));
                client.try_subscribe_many(filters).is_ok()
            }
        }
    }

    pub(crate) fn unsubscribe(&self, filter: String) -> bool {
        match self {
            Self::V5(client) => client.try_unsubscribe(filter).is_ok(),
            Self::V4(client) => client.try_unsubscribe(filter).is_ok(),
        }
    }

    pub(crate) fn disconnect(&self) -> bool {
        match self {
            Self::V5(client) => client.try_disconnect().is_ok(),
            Self::V4(client) => client.try_disconnect().is_ok(),
        }
    }
}

fn filter_v5(subscription: &TopicFilter) -> p5::Filter {
    let mut filter = p5::Filter::new(subscription.filter.as_str(), QoS5::AtLeastOnce);
    if !subscription.retained {
        filter.retain_forward_rule = RetainForwardRule::Never;
    }
    filter
}

impl MqttConnection {
    /// The next event. The future is not cancel-safe: poll it to its end, or give the connection up.
    pub(crate) async fn poll(&mut self) -> Result<MqttEvent, ConnectionFailure> {
        match self {
            Self::V5(eventloop, url) => {
                eventloop.poll().await.map(event_v5).map_err(|e| ConnectionFailure::of_v5(url, e))
            }
            Self::V4(eventloop, url) => {
                eventloop.poll().await.map(event_v4).map_err(|e| ConnectionFailure::of_v4(url, e))
            }
        }
    }
}

fn sent(outgoing: Outgoing) -> MqttEvent {
    match outgoing {
        Outgoing::Publish(pkid) => MqttEvent::PublishSent(pkid),
        Outgoing::Subscribe(pkid) => MqttEvent::SubscribeSent(pkid),
        Outgoing::Unsubscribe(pkid) => MqttEvent::UnsubscribeSent(pkid),
        Outgoing::Disconnect => MqttEvent::DisconnectSent,
        _ => MqttEvent::Other,
    }
}

fn event_v5(event: v5::Event) -> MqttEvent {
    use p5::Packet;
    match event {
        v5::Event::Outgoing(outgoing) => sent(outgoing),
        v5::Event::Incoming(Packet::Publish(publish)) => MqttEvent::Message(MqttMessage {
            pkid: (publish.qos != QoS5::AtMostOnce).then_some(publish.pkid),
            topic: publish.topic,
            payload: publish.payload,
            redelivered: publish.dup,
            retained: publish.retain,
            expiry_seconds: publish.properties.and_then(|properties| properties.message_expiry_interval),
        }),
        v5::Event::Incoming(Packet::PubAck(ack)) => {
            use p5::PubAckReason::{NoMatchingSubscribers, Success};
            let refused = !matches!(ack.reason, Success | NoMatchingSubscribers);
            MqttEvent::PublishAnswered { pkid: ack.pkid, refusal: refused.then(|| puback_words(ack)) }
        }
        v5::Event::Incoming(Packet::SubAck(ack)) => {
            let refusals = ack.return_codes.iter().map(|code| match code {
                p5::SubscribeReasonCode::Success(_) => None,
                refused => Some(format!("{refused:?}")),
            });
            MqttEvent::SubscribeAnswered { pkid: ack.pkid, refusals: refusals.collect() }
        }
        v5::Event::Incoming(Packet::UnsubAck(ack)) => MqttEvent::UnsubscribeAnswered { pkid: ack.pkid },
        v5::Event::Incoming(Packet::ConnAck(ack)) => {
            let properties = ack.properties.as_ref();
            MqttEvent::Connected {
                session_present: ack.session_present,
                receive_maximum: properties.and_then(|properties| properties.receive_max),
                maximum_packet_size: properties.and_then(|properties| properties.max_packet_size),
            }
        }
        v5::Event::Incoming(_) => MqttEvent::Other,
    }
}

fn puback_words(ack: p5::PubAck) -> String {
    let words = ack.properties.and_then(|properties| properties.reason_string);
    words.map_or_else(|| format!("{:?}", ack.reason), |words| format!("{:?}: {words}", ack.reason))
}

fn event_v4(event: v4::Event) -> MqttEvent {
    use v4::Packet;
    match event {
        v4::Event::Outgoing(outgoing) => sent(outgoing),
        v4::Event::Incoming(Packet::Publish(publish)) => MqttEvent::Message(MqttMessage {
            pkid: (publish.qos != QoS4::AtMostOnce).then_some(publish.pkid),
            topic: publish.topic.into(),
            payload: publish.payload,
            redelivered: publish.dup,
            retained: publish.retain,
            expiry_seconds: None,
        }),
        v4::Event::Incoming(Packet::PubAck(ack)) => MqttEvent::PublishAnswered { pkid: ack.pkid, refusal: None },
        v4::Event::Incoming(Packet::SubAck(ack)) => {
            let refusals = ack.return_codes.iter().map(|code| match code {
                v4::SubscribeReasonCode::Success(_) => None,
                v4::SubscribeReasonCode::Failure => Some("Failure".to_owned()),
            });
            MqttEvent::SubscribeAnswered { pkid: ack.pkid, refusals: refusals.collect() }
        }
        v4::Event::Incoming(Packet::UnsubAck(ack)) => MqttEvent::UnsubscribeAnswered { pkid: ack.pkid },
        v4::Event::Incoming(Packet::ConnAck(ack)) => MqttEvent::Connected {
            session_present: ack.session_present,
            receive_maximum: None,
            maximum_packet_size: None,
        },
        v4::Event::Incoming(_) => MqttEvent::Other,
    }
}
