//! MQTT's packets, whatever the version: what a broker sends, read into one form, and what is sent to it.
//!
//! Lives here: where a packet ends, the short packets that both versions write alike, the choice of the version. Does not
//! live here: each version's own packets (`packet_v5`, `packet_v4`), what a packet means for the connection (`flow`).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::client::{ConnectOptions, MqttMessage, ServerLimits, TopicFilter};
use super::endpoint::MqttVersion;
use super::{packet_v4, packet_v5};

/// A packet from the broker.
#[derive(Debug)]
pub(super) enum BrokerPacket {
    Accepted {
        session_present: bool,
        limits: ServerLimits,
        keep_alive_seconds: Option<u16>,
    },
    /// CONNACK with a refusal; the sentence goes on after the broker's URL.
    Refused {
        sentence: String,
        kind: RefusalKind,
    },
    Publish {
        message: MqttMessage,
        exactly_once: bool,
        alias: bool,
    },
    PubAck {
        pkid: u16,
        refusal: Option<String>,
    },
    PubRel(u16),
    SubAck {
        pkid: u16,
        refusals: Vec<Option<String>>,
    },
    UnsubAck(u16),
    PingResp,
    /// DISCONNECT; the sentence goes on after the broker's URL.
    Disconnect {
        sentence: String,
        kind: DisconnectKind,
    },
}

/// Refusals of a CONNECT that are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusalKind {
    /// The broker keeps no retained messages, and the last will was to be one.
    RetainNotSupported,
    Other,
}

/// Ends by the broker's word that are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DisconnectKind {
    /// A normal end, which says nothing.
    Plain,
    TakenOver,
    /// The broker keeps no retained messages, and was sent one.
    RetainNotSupported,
    Other,
}

/// What is not MQTT, or not allowed where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MalformedPacket;

/// Why no packet can be taken off what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    Malformed,
    /// It is larger than was announced.
    TooLarge {
        size: usize,
    },
}

/// Takes the first packet off what was read; `None` where it is not all there yet.
pub(super) fn take_frame(read: &mut BytesMut, largest: usize) -> Result<Option<BytesMut>, FrameError> {
    // rumqttc's own reading takes a packet whose inner length runs over its end for one that has not all arrived, and
    // waits for ever. So the end is found here, and a version's reader is given whole packets (decisions/0021).
    let mut remaining = 0_usize;
    // The length has at most four bytes (MQTT 5, 1.5.5).
    for index in 0..4 {
        let Some(byte) = read.get(1 + index) else { return Ok(None) };
        remaining |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 != 0 {
            continue;
        }
        let size = 2 + index + remaining;
        if size > largest {
            return Err(FrameError::TooLarge { size });
        }
        if read.len() < size {
            read.reserve((size - read.len()).min(LARGEST_RESERVE));
            return Ok(None);
        }
        return Ok(Some(read.split_to(size)));
    }
    Err(FrameError::Malformed)
}

/// Room for the rest of a packet is made in steps: that one is announced as large does not mean that it comes.
const LARGEST_RESERVE: usize = 64 * 1024;

/// Reads one whole packet.
pub(super) fn read(version: MqttVersion, frame: BytesMut) -> Result<BrokerPacket, MalformedPacket> {
    match (frame.first().ok_or(MalformedPacket)? >> 4, version) {
        // The packet id and nothing else; over MQTT 5 a reason may follow, of which only success is of use.
        (PUBREL, _) => packet_id(&frame).map(BrokerPacket::PubRel),
        (PINGRESP, _) => Ok(BrokerPacket::PingResp),
        (_, MqttVersion::Mqtt5) => packet_v5::read(frame),
        (_, MqttVersion::Mqtt311) => packet_v4::read(frame),
    }
}

const PUBREL: u8 = 6;
const PINGRESP: u8 = 13;

fn packet_id(frame: &[u8]) -> Result<u16, MalformedPacket> {
    let mut id = frame.get(2..4).ok_or(MalformedPacket)?;
    Ok(id.get_u16())
}

pub(super) fn connect(options: &ConnectOptions<'_>) -> Result<BytesMut, MalformedPacket> {
    match options.protocol {
        MqttVersion::Mqtt5 => packet_v5::connect(options),
        MqttVersion::Mqtt311 => packet_v4::connect(options),
    }
}

/// PUBLISH at QoS 1.
pub(super) fn publish(
    version: MqttVersion,
    pkid: u16,
    topic: &str,
    payload: Bytes,
    retain: bool,
) -> Result<BytesMut, MalformedPacket> {
    match version {
        MqttVersion::Mqtt5 => packet_v5::publish(pkid, topic, payload, retain),
        MqttVersion::Mqtt311 => packet_v4::publish(pkid, topic, payload, retain),
    }
}

/// SUBSCRIBE at QoS 1.
pub(super) fn subscribe(version: MqttVersion, pkid: u16, filters: &[TopicFilter]) -> Result<BytesMut, MalformedPacket> {
    match version {
        MqttVersion::Mqtt5 => packet_v5::subscribe(pkid, filters),
        MqttVersion::Mqtt311 => packet_v4::subscribe(pkid, filters),
    }
}

pub(super) fn unsubscribe(version: MqttVersion, pkid: u16, filter: String) -> Result<BytesMut, MalformedPacket> {
    match version {
        MqttVersion::Mqtt5 => packet_v5::unsubscribe(pkid, filter),
        MqttVersion::Mqtt311 => packet_v4::unsubscribe(pkid, filter),
    }
}

/// Why this side ends the connection (MQTT 5, 3.14.2.1); 3.1.1 has no words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnReason {
    Normal = 0x00,
    ProtocolError = 0x82,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
}

/// The packets that are the same few bytes in both versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortPacket {
    PubAck(u16),
    PubRec(u16),
    PubComp(u16),
    PingReq,
    Disconnect(OwnReason),
}

impl ShortPacket {
    /// Whether the version has it.
    fn exists(self, version: MqttVersion) -> bool {
        version == MqttVersion::Mqtt5 || !matches!(self, Self::Disconnect(reason) if reason != OwnReason::Normal)
    }

    pub(super) fn write(self, version: MqttVersion, out: &mut BytesMut) {
        if !self.exists(version) {
            return;
        }
        let (first, pkid) = match self {
            Self::PubAck(pkid) => (0x40, pkid),
            Self::PubRec(pkid) => (0x50, pkid),
            Self::PubComp(pkid) => (0x70, pkid),
            Self::PingReq => return out.put_slice(&[0xc0, 0]),
            Self::Disconnect(OwnReason::Normal) => return out.put_slice(&[0xe0, 0]),
            // The empty properties may be left out, and not every reader knows that.
            Self::Disconnect(reason) => return out.put_slice(&[0xe0, 2, reason as u8, 0]),
        };
        out.put_slice(&[first, 2]);
        out.put_u16(pkid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_packet_is_taken_once_it_is_all_there() {
        let mut read = BytesMut::from(&[0xd0_u8][..]);
        assert_eq!(take_frame(&mut read, 100), Ok(None));
        read.extend_from_slice(&[0, 0x40, 2, 0]);
        assert_eq!(take_frame(&mut read, 100).unwrap().unwrap()[..], [0xd0, 0]);
        assert_eq!(take_frame(&mut read, 100), Ok(None));
        read.put_u8(7);
        assert_eq!(take_frame(&mut read, 100).unwrap().unwrap()[..], [0x40, 2, 0, 7]);
        assert!(read.is_empty());
    }

    #[test]
    fn a_packet_over_the_limit_is_refused_by_its_head_alone() {
        let head = |length: [u8; 2]| BytesMut::from(&[&[0x30][..], &length].concat()[..]);
        assert_eq!(take_frame(&mut head([0xe1, 0x00]), 100), Ok(None));
        assert_eq!(take_frame(&mut head([0xe2, 0x00]), 100), Err(FrameError::TooLarge { size: 101 }));
        let mut endless = BytesMut::from(&[0x30, 0xff, 0xff, 0xff, 0xff][..]);
        assert_eq!(take_frame(&mut endless, usize::MAX), Err(FrameError::Malformed));
    }

    #[test]
    fn what_3_1_1_has_no_words_for_is_not_written() {
        let written = |packet: ShortPacket, version| {
            let mut out = BytesMut::new();
            packet.write(version, &mut out);
            out.to_vec()
        };
        let reason = ShortPacket::Disconnect(OwnReason::ReceiveMaximumExceeded);
        assert_eq!(written(reason, MqttVersion::Mqtt5), [0xe0, 2, 0x93, 0]);
        assert!(written(reason, MqttVersion::Mqtt311).is_empty());
        for version in [MqttVersion::Mqtt5, MqttVersion::Mqtt311] {
            assert_eq!(written(ShortPacket::Disconnect(OwnReason::Normal), version), [0xe0, 0]);
            assert_eq!(written(ShortPacket::PubAck(258), version), [0x40, 2, 1, 2]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), limit in 2_usize..300) {
            for version in [MqttVersion::Mqtt5, MqttVersion::Mqtt311] {
                let mut buffer = BytesMut::from(&bytes[..]);
                while let Ok(Some(frame)) = take_frame(&mut buffer, limit) {
                    let _ = read(version, frame);
                }
            }
        }

        #[test]
        fn no_packet_of_any_kind_panics(kind in 0_u8..16, flags in 0_u8..16, body in prop::collection::vec(any::<u8>(), 0..120)) {
            for version in [MqttVersion::Mqtt5, MqttVersion::Mqtt311] {
                let length = u8::try_from(body.len()).unwrap();
                let frame = [&[kind << 4 | flags, length][..], &body].concat();
                let _ = read(version, BytesMut::from(&frame[..]));
            }
        }
    }
}
