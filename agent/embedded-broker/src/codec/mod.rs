//! MQTT's packets as bytes: 3.1.1 and 5, seen from the broker.
//!
//! Lives here: the types that both directions share, where a packet ends, and the primitives. Does not live here: what a
//! packet does (`engine`), and sockets (`listener`).

pub mod incoming;
pub mod packets;
mod properties;
pub mod reading;
pub mod writing;

/// The two protocol versions that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V311,
    /// MQTT 5.
    V5,
}

/// Quality of service. The order is the one of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QoS {
    /// 0.
    AtMostOnce = 0,
    /// 1.
    AtLeastOnce = 1,
    /// 2.
    ExactlyOnce = 2,
}

impl QoS {
    pub(crate) fn from_bits(bits: u8) -> Result<Self, Fault> {
        match bits {
            0 => Ok(Self::AtMostOnce),
            1 => Ok(Self::AtLeastOnce),
            2 => Ok(Self::ExactlyOnce),
            _ => Err(Fault::malformed("there is no QoS 3")),
        }
    }
}

/// MQTT 5's reason codes, as far as this broker reads or writes them (MQTT 5, 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Done; also a normal end, and "granted QoS 0".
    Success = 0x00,
    /// The message was taken, and nobody hears its topic.
    NoMatchingSubscribers = 0x10,
    /// There was nothing to unsubscribe from.
    NoSubscriptionExisted = 0x11,
    /// Refused for no reason that has a code.
    Unspecified = 0x80,
    /// Bytes that are no packet.
    MalformedPacket = 0x81,
    /// A packet that is not allowed here.
    ProtocolError = 0x82,
    /// Neither 3.1.1 nor 5.
    UnsupportedVersion = 0x84,
    /// The client id is refused.
    ClientIdInvalid = 0x85,
    /// The user name or the password is wrong.
    BadUserNameOrPassword = 0x86,
    /// The broker ends.
    ServerShuttingDown = 0x8B,
    /// An authentication method is asked for; there is none.
    BadAuthenticationMethod = 0x8C,
    /// Nothing came for one and a half times the keep-alive.
    KeepAliveTimeout = 0x8D,
    /// Another connection has the same client id.
    SessionTakenOver = 0x8E,
    /// The filter is not one.
    TopicFilterInvalid = 0x8F,
    /// The topic name is not one.
    TopicNameInvalid = 0x90,
    /// No exchange has this packet id.
    PacketIdNotFound = 0x92,
    /// More QoS 2 messages are open than were allowed.
    ReceiveMaximumExceeded = 0x93,
    /// A topic alias of 0, or over the maximum.
    TopicAliasInvalid = 0x94,
    /// A packet over the maximum.
    PacketTooLarge = 0x95,
    /// A limit of this broker.
    QuotaExceeded = 0x97,
    /// Shared subscriptions are not available.
    SharedSubscriptionsUnavailable = 0x9E,
}

/// Why a connection cannot go on: the code for MQTT 5, and a sentence for the log and the reason string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Fault {
    /// The code.
    pub reason: Reason,
    /// What was wrong.
    pub detail: &'static str,
}

impl Fault {
    pub(crate) const fn new(reason: Reason, detail: &'static str) -> Self {
        Self { reason, detail }
    }

    pub(crate) const fn malformed(detail: &'static str) -> Self {
        Self::new(Reason::MalformedPacket, detail)
    }

    pub(crate) const fn protocol(detail: &'static str) -> Self {
        Self::new(Reason::ProtocolError, detail)
    }
}

/// The largest number that MQTT's variable byte integer holds.
pub(crate) const LARGEST_VARIABLE: usize = 268_435_455;

/// How many bytes the first packet in `buffer` takes, header included; `None`: too few bytes have come to know.
/// The packet itself need not be there in full.
///
/// # Errors
/// A length that is no number, or a packet of more than `largest` bytes.
pub fn packet_length(buffer: &[u8], largest: usize) -> Result<Option<usize>, Fault> {
    let mut remaining = 0;
    for index in 0..4 {
        let Some(&byte) = buffer.get(1 + index) else { return Ok(None) };
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let length = 2 + index + remaining;
            return if length > largest {
                Err(Fault::new(Reason::PacketTooLarge, "a packet was larger than the broker takes"))
            } else {
                Ok(Some(length))
            };
        }
    }
    Err(Fault::malformed("the length of a packet had more than four bytes"))
}

/// How many bytes a variable byte integer takes.
pub(crate) const fn variable_length(number: usize) -> usize {
    match number {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}
