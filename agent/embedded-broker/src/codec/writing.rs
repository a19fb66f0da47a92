//! What the broker sends, written as bytes.
//!
//! Lives here: the form of each packet, and its size before it is written. Does not live here: what is sent when, and
//! what is left out because the client takes no packet of that size (`engine`).

use bytes::{BufMut, BytesMut};

use super::{LARGEST_VARIABLE, QoS, Reason, Version, properties as property, variable_length};

/// A message as one client gets it.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "as in `packets::Publish`")]
pub struct PublishOut<'a> {
    pub dup: bool,
    pub qos: QoS,
    pub retain: bool,
    pub topic: &'a str,
    pub id: u16,
    pub alias: Option<u16>,
    pub expiry: Option<u32>,
    /// The identifiers of the client's subscriptions that match.
    pub identifiers: &'a [u32],
    pub forwarded: &'a [u8],
    pub payload: &'a [u8],
}

impl PublishOut<'_> {
    fn properties_length(&self) -> usize {
        let identifiers = self.identifiers.iter().map(|&id| 1 + variable_length(id as usize)).sum::<usize>();
        self.expiry.map_or(0, |_| 5) + self.alias.map_or(0, |_| 3) + identifiers + self.forwarded.len()
    }

    fn remaining_length(&self, version: Version) -> usize {
        let properties = match version {
            Version::V311 => 0,
            Version::V5 => variable_length(self.properties_length()) + self.properties_length(),
        };
        2 + self.topic.len() + if self.qos == QoS::AtMostOnce { 0 } else { 2 } + properties + self.payload.len()
    }

    /// How many bytes it takes.
    pub fn size(&self, version: Version) -> usize {
        let remaining = self.remaining_length(version);
        1 + variable_length(remaining) + remaining
    }

    /// Appends it.
    pub fn write(&self, version: Version, out: &mut BytesMut) {
        out.reserve(self.size(version));
        out.put_u8(0x30 | u8::from(self.dup) << 3 | (self.qos as u8) << 1 | u8::from(self.retain));
        put_variable(out, self.remaining_length(version));
        put_text(out, self.topic);
        if self.qos != QoS::AtMostOnce {
            out.put_u16(self.id);
        }
        if version == Version::V5 {
            put_variable(out, self.properties_length());
            if let Some(seconds) = self.expiry {
                out.put_u8(property::MESSAGE_EXPIRY);
                out.put_u32(seconds);
            }
            if let Some(alias) = self.alias {
                out.put_u8(property::TOPIC_ALIAS);
                out.put_u16(alias);
            }
            for &id in self.identifiers {
                out.put_u8(property::SUBSCRIPTION_ID);
                put_variable(out, id as usize);
            }
            out.put_slice(self.forwarded);
        }
        out.put_slice(self.payload);
    }
}

/// Which answer to a message of QoS 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the packets' names are MQTT's")]
pub enum Answer {
    PubAck = 0x40,
    PubRec = 0x50,
    PubRel = 0x62,
    PubComp = 0x70,
}

/// CONNACK of a connection that stands.
#[derive(Debug, Clone, Copy)]
pub struct ConnAck<'a> {
    /// Whether a session was kept.
    pub session_present: bool,
    /// The most open QoS 2 messages.
    pub receive_maximum: u16,
    /// The largest packet.
    pub maximum_packet_size: u32,
    /// The most topic aliases.
    pub topic_alias_maximum: u16,
    /// The client id, where the client gave none.
    pub assigned_client_id: Option<&'a str>,
}

/// Any other packet.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the packets' names are MQTT's")]
pub enum Control<'a> {
    ConnAck(ConnAck<'a>),
    /// A refusal, with its sentence.
    Refused(Reason, &'a str),
    Answer(Answer, u16, Reason, &'a str),
    /// A code for each filter, and a sentence for the first that was refused.
    SubAck(u16, &'a [u8], &'a str),
    UnsubAck(u16, &'a [u8]),
    PingResp,
    /// MQTT 5 alone has it.
    Disconnect(Reason, &'a str),
}

impl Control<'_> {
    /// The same packet without its sentence, for a client that does not want it or takes no packet of that size.
    pub fn without_sentence(self) -> Self {
        match self {
            Self::Refused(reason, _) => Self::Refused(reason, ""),
            Self::Answer(answer, id, reason, _) => Self::Answer(answer, id, reason, ""),
            Self::SubAck(id, codes, _) => Self::SubAck(id, codes, ""),
            Self::Disconnect(reason, _) => Self::Disconnect(reason, ""),
            other @ (Self::ConnAck(_) | Self::UnsubAck(..) | Self::PingResp) => other,
        }
    }

    /// Appends it. A 3.1.1 client gets what it knows: no reasons, and no DISCONNECT at all.
    pub fn write(&self, version: Version, out: &mut BytesMut) {
        let mut body = BytesMut::new();
        let first = self.write_body(version, &mut body);
        let Some(first) = first else { return };
        debug_assert!(body.len() <= LARGEST_VARIABLE);
        out.reserve(5 + body.len());
        out.put_u8(first);
        put_variable(out, body.len());
        out.put_slice(&body);
    }

    /// The packet after its length; its first byte, or `None` where this version has no such packet.
    fn write_body(&self, version: Version, body: &mut BytesMut) -> Option<u8> {
        let v5 = version == Version::V5;
        let first = match *self {
            Self::ConnAck(connack) => {
                body.put_u8(u8::from(connack.session_present));
                body.put_u8(0);
                if v5 {
                    put_properties(body, |properties| connack.put_properties(properties));
                }
                0x20
            }
            Self::Refused(reason, sentence) => {
                body.put_u8(0);
                body.put_u8(if v5 { reason as u8 } else { return_code(reason) });
                if v5 {
                    put_properties(body, |properties| put_sentence(properties, sentence));
                }
                0x20
            }
            Self::Answer(answer, id, reason, sentence) => {
                body.put_u16(id);
                // Reason and properties may be left out where there is nothing to say (MQTT 5, 3.4.2.1).
                if v5 && !(reason == Reason::Success && sentence.is_empty()) {
                    body.put_u8(reason as u8);
                    if !sentence.is_empty() {
                        put_properties(body, |properties| put_sentence(properties, sentence));
                    }
                }
                answer as u8
            }
            Self::SubAck(id, codes, sentence) => {
                body.put_u16(id);
                if v5 {
                    put_properties(body, |properties| put_sentence(properties, sentence));
                    body.put_slice(codes);
                } else {
                    // 3.1.1 has one code for every refusal.
                    body.extend(codes.iter().map(|&code| code.min(0x80)));
                }
                0x90
            }
            Self::UnsubAck(id, codes) => {
                body.put_u16(id);
                if v5 {
                    put_variable(body, 0);
                    body.put_slice(codes);
                }
                0xB0
            }
            Self::PingResp => 0xD0,
            Self::Disconnect(..) if !v5 => return None,
            Self::Disconnect(reason, sentence) => {
                body.put_u8(reason as u8);
                put_properties(body, |properties| put_sentence(properties, sentence));
                0xE0
            }
        };
        Some(first)
    }
}

impl ConnAck<'_> {
    fn put_properties(&self, out: &mut BytesMut) {
        out.put_u8(property::RECEIVE_MAXIMUM);
        out.put_u16(self.receive_maximum);
        out.put_u8(property::MAXIMUM_PACKET_SIZE);
        out.put_u32(self.maximum_packet_size);
        out.put_u8(property::TOPIC_ALIAS_MAXIMUM);
        out.put_u16(self.topic_alias_maximum);
        // Absent would mean that shared subscriptions are available (MQTT 5, 3.2.2.3.13).
        out.put_u8(property::SHARED_AVAILABLE);
        out.put_u8(0);
        if let Some(id) = self.assigned_client_id {
            out.put_u8(property::ASSIGNED_CLIENT_ID);
            put_text(out, id);
        }
    }
}

/// 3.1.1's return code for a refusal (MQTT 3.1.1, table 3.1).
fn return_code(reason: Reason) -> u8 {
    match reason {
        Reason::UnsupportedVersion => 1,
        Reason::ClientIdInvalid => 2,
        Reason::BadUserNameOrPassword => 4,
        Reason::BadAuthenticationMethod => 5,
        _ => 3,
    }
}

fn put_properties(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
    let mut properties = BytesMut::new();
    write(&mut properties);
    put_variable(out, properties.len());
    out.put_slice(&properties);
}

fn put_sentence(out: &mut BytesMut, sentence: &str) {
    if !sentence.is_empty() {
        out.put_u8(property::REASON_STRING);
        put_text(out, sentence);
    }
}

fn put_text(out: &mut BytesMut, text: &str) {
    // Every text came from a packet, or is a sentence of ours: none is longer than its two bytes of length.
    out.put_u16(text.len() as u16);
    out.put_slice(text.as_bytes());
}

fn put_variable(out: &mut BytesMut, mut number: usize) {
    loop {
        let low = (number & 0x7F) as u8;
        number >>= 7;
        if number == 0 {
            return out.put_u8(low);
        }
        out.put_u8(low | 0x80);
    }
}
