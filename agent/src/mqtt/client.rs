//! One client over two protocol versions: the calls of whoever uses a connection, and what comes of it.
//!
//! Lives here: options, requests, events. Each connection is made anew and repeats nothing of an earlier one (contract
//! 4). Does not live here: the packets (`packet`), the connection's state (`flow`) and bytes (`connection`), when to
//! connect, what to subscribe, what an event means.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::ClientConfig;
use tokio::sync::mpsc;

use super::connection::MqttConnection;
use super::endpoint::{BrokerCredentials, BrokerUrl, MqttVersion};

/// The most publishes that wait for their answer, whatever the broker takes. More gain nothing: it is some 256 receipts
/// a round trip.
const INFLIGHT: u16 = 256;

/// What is kept free of the broker's Receive Maximum for a client's own few publishes, so that they do not wait behind
/// the host's.
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
    /// Where it is not to be retained, nothing is: the broker has said that it keeps no retained messages.
    pub will: Option<LastWill>,
    pub credentials: Option<&'a BrokerCredentials>,
    pub tls: Option<Arc<ClientConfig>>,
    pub manual_acks: bool,
    /// Most requests that wait for the connection; room for them is allocated as they come.
    pub requests: usize,
}

/// A last will at QoS 1, without delay.
pub(crate) struct LastWill {
    pub topic: String,
    pub payload: Bytes,
    pub retain: bool,
}

/// One topic filter at QoS 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicFilter {
    pub filter: String,
    /// Whether retained messages are wanted (MQTT 5: Retain Handling 0 or 2; 3.1.1 always sends them).
    pub retained: bool,
}

/// What the broker said in CONNACK of what it takes. 3.1.1 says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerLimits {
    /// Publishes that may be unanswered.
    pub receive_maximum: Option<u16>,
    /// Bytes of a packet.
    pub maximum_packet_size: Option<u32>,
    /// Whether it keeps retained messages. Where it does not, the connection sends none.
    pub retain_available: bool,
    /// Whether filters may hold `+` and `#`.
    pub wildcards_available: bool,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { receive_maximum: None, maximum_packet_size: None, retain_available: true, wildcards_available: true }
    }
}

/// What comes of polling.
#[derive(Debug)]
pub(crate) enum MqttEvent {
    /// CONNACK.
    Connected { session_present: bool, limits: ServerLimits },
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

/// What is asked of a connection. Publishes are at QoS 1.
#[derive(Debug)]
pub(super) enum MqttRequest {
    Publish { topic: String, payload: Bytes, retain: bool },
    Subscribe(Vec<TopicFilter>),
    Unsubscribe(String),
    Acknowledge(u16),
    Disconnect,
}

/// The half that asks; cheap to clone, never waits. Each call answers whether the request was taken.
#[derive(Clone, Debug)]
pub(crate) struct MqttClient(mpsc::Sender<MqttRequest>);

/// A fresh pair; nothing is sent before the first poll.
pub(crate) fn open(options: ConnectOptions<'_>) -> (MqttClient, MqttConnection) {
    let (sender, requests) = mpsc::channel(options.requests);
    (MqttClient(sender), MqttConnection::new(options, requests))
}

impl MqttClient {
    pub(crate) fn ack(&self, pkid: u16) -> bool {
        self.ask(MqttRequest::Acknowledge(pkid))
    }

    pub(crate) fn publish(&self, topic: String, payload: Bytes, retain: bool) -> bool {
        self.ask(MqttRequest::Publish { topic, payload, retain })
    }

    pub(crate) fn subscribe(&self, filters: &[TopicFilter]) -> bool {
        self.ask(MqttRequest::Subscribe(filters.to_vec()))
    }

    pub(crate) fn unsubscribe(&self, filter: String) -> bool {
        self.ask(MqttRequest::Unsubscribe(filter))
    }

    pub(crate) fn disconnect(&self) -> bool {
        self.ask(MqttRequest::Disconnect)
    }

    fn ask(&self, request: MqttRequest) -> bool {
        // Never waits for room: whoever asks is the task that polls the connection as well, and would wait for
        // itself.
        self.0.try_send(request).is_ok()
    }
}
