//! The packets that clients send, as they are once read; texts and payloads are still in the bytes that came.
//!
//! Lives here: the types. Does not live here: reading them (`incoming`).

use super::{QoS, Version};

/// A packet of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the packets' names are MQTT's")]
pub enum Incoming<'a> {
    Connect(Box<Connect<'a>>),
    Publish(Publish<'a>),
    PubAck {
        id: u16,
    },
    /// `failed`: the client refuses the message.
    PubRec {
        id: u16,
        failed: bool,
    },
    PubRel {
        id: u16,
    },
    PubComp {
        id: u16,
    },
    Subscribe(Subscribe<'a>),
    Unsubscribe {
        id: u16,
        filters: Vec<&'a str>,
    },
    PingReq,
    /// `with_will`: the will is to be published all the same. `session_expiry`: seconds, where it changes.
    Disconnect {
        with_will: bool,
        session_expiry: Option<u32>,
    },
    Auth,
}

/// CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The version asked for.
    pub version: Version,
    /// Clean start, or 3.1.1's clean session.
    pub clean: bool,
    /// Seconds; 0: none.
    pub keep_alive: u16,
    /// May be empty.
    pub client_id: &'a str,
    /// The last will.
    pub will: Option<Will<'a>>,
    /// The user name.
    pub username: Option<&'a str>,
    /// The password.
    pub password: Option<&'a [u8]>,
    /// Seconds after the end of the connection; `u32::MAX`: for ever.
    pub session_expiry: u32,
    /// The most unacknowledged messages that the client takes.
    pub receive_maximum: u16,
    /// The largest packet that the client takes.
    pub maximum_packet_size: usize,
    /// How many topic aliases the client takes.
    pub topic_alias_maximum: u16,
    /// Whether reason strings are wanted beyond CONNACK and DISCONNECT.
    pub problem_information: bool,
}

/// The last will in CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will<'a> {
    /// The message.
    pub message: Publish<'a>,
    /// Seconds between the end of the connection and the will.
    pub delay: u32,
}

/// PUBLISH, or the message of a will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Whether it may have been sent before.
    pub dup: bool,
    /// Its quality of service.
    pub qos: QoS,
    /// Whether it is to be kept for later subscribers.
    pub retain: bool,
    /// Empty where an alias stands for it.
    pub topic: &'a str,
    /// 0 with QoS 0.
    pub id: u16,
    /// The topic's alias.
    pub alias: Option<u16>,
    /// Seconds.
    pub expiry: Option<u32>,
    /// The properties that subscribers get, encoded, in the publisher's order: payload format, content type, response
    /// topic, correlation data, user properties.
    pub forwarded: Vec<u8>,
    /// The payload.
    pub payload: &'a [u8],
}

/// SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// The packet id.
    pub id: u16,
    /// The subscription identifier.
    pub identifier: Option<u32>,
    /// The filters, as they came; they may be invalid.
    pub filters: Vec<(&'a str, SubscribeOptions)>,
}

/// How one filter is subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// The highest quality of service that the client wants.
    pub qos: QoS,
    /// Nothing that the client published itself.
    pub no_local: bool,
    /// The retain flag stays as it was published.
    pub retain_as_published: bool,
    /// Which retained messages are sent at once.
    pub retain_handling: RetainHandling,
}

/// Which retained messages a subscription brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetainHandling {
    /// 0: all that match.
    Send,
    /// 1: all that match, unless the subscription existed.
    SendIfNew,
    /// 2: none.
    DoNotSend,
}
