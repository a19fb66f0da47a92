//! Why a connection ends, as its packets have it.
//!
//! Lives here: the cases, and what the broker is told. Does not live here: the sentences (`connection_failure`).

use super::packet::{DisconnectKind, MalformedPacket, OwnReason};

/// The end of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FlowEnd {
    /// The broker's DISCONNECT; the sentence goes on after its URL.
    Told { sentence: String, kind: DisconnectKind },
    /// What MQTT does not allow there.
    ProtocolError,
    /// A topic alias, of which none was allowed.
    TopicAlias,
    /// More unacknowledged messages than were announced.
    ReceiveMaximum { announced: usize, number: usize },
    /// A packet over the size that was announced.
    TooLarge { size: usize },
    /// A subscription that is larger than the packets that the broker takes.
    LimitTooSmall { size: usize, largest: usize },
    /// A fault of this program.
    Within,
}

impl From<MalformedPacket> for FlowEnd {
    fn from(_: MalformedPacket) -> Self {
        Self::ProtocolError
    }
}

impl FlowEnd {
    /// What the broker is told.
    pub(super) fn reason(&self) -> Option<OwnReason> {
        match self {
            Self::Told { .. } => None,
            Self::ProtocolError => Some(OwnReason::ProtocolError),
            Self::TopicAlias => Some(OwnReason::TopicAliasInvalid),
            Self::ReceiveMaximum { .. } => Some(OwnReason::ReceiveMaximumExceeded),
            Self::TooLarge { .. } => Some(OwnReason::PacketTooLarge),
            Self::LimitTooSmall { .. } | Self::Within => Some(OwnReason::Normal),
        }
    }
}
