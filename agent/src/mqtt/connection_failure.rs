//! Why a connection ended or never began, in a sentence with its hint.
//!
//! Lives here: the operating system's errors and a connection's own ends. Does not live here: rustls' errors
//! (`tls_reason`), a broker's reason codes (`reason_code`), what is done about one.

use std::io;

use rustls::Error as RustlsError;

use super::endpoint::BrokerUrl;
use super::flow_end::FlowEnd;
use super::packet::DisconnectKind;
use super::tls_reason::tls_reason;
use crate::library_error::os_reason;

/// The end of a connection, or of a try.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ConnectionFailure {
    /// What kind of end it is.
    pub kind: ConnectionFailureKind,
    /// What happened, to which broker, and what to do about it.
    pub sentence: String,
}

/// The kinds that are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFailureKind {
    /// The other side only closed.
    Closed,
    /// The broker said that another client took the session over (0x8E).
    TakenOver,
    /// A packet over the limit that was announced.
    PacketTooLarge,
    /// The broker keeps no retained messages, and was sent one, or a last will that is one.
    RetainNotSupported,
    /// Nothing came before CONNACK in the time that a try may take.
    NoAnswer,
    /// Anything else.
    Other,
}

impl ConnectionFailure {
    pub(crate) fn other(sentence: impl Into<String>) -> Self {
        Self { kind: ConnectionFailureKind::Other, sentence: sentence.into() }
    }

    pub(crate) fn no_answer(url: &BrokerUrl, waited: std::time::Duration) -> Self {
        let sentence = format!(
            "{url} did not answer within {} s; check that an MQTT broker listens there, and the network",
            waited.as_secs_f32()
        );
        Self { kind: ConnectionFailureKind::NoAnswer, sentence }
    }

    /// `packet` was sent and not answered.
    pub(crate) fn unanswered(url: &BrokerUrl, packet: &str, waited: std::time::Duration) -> Self {
        Self::other(format!(
            "{url} did not answer {packet} within {} s; the connection was given up: look at the broker's log",
            waited.as_secs_f32()
        ))
    }

    /// The broker could not be dialled, or the connection to it broke.
    pub(super) fn of_io(url: &BrokerUrl, error: &io::Error) -> Self {
        of_io(url, error)
    }

    pub(super) fn closed(url: &BrokerUrl) -> Self {
        Self { kind: ConnectionFailureKind::Closed, sentence: format!("{url} closed the connection") }
    }

    pub(super) fn unanswered_ping(url: &BrokerUrl) -> Self {
        Self::other(format!("{url} did not answer a ping; the connection was given up"))
    }

    pub(super) fn too_large(url: &BrokerUrl, size: usize) -> Self {
        let sentence = format!("{url} sent a packet of {size} bytes, more than was announced as the largest");
        Self { kind: ConnectionFailureKind::PacketTooLarge, sentence }
    }

    pub(super) fn not_by_the_rules(url: &BrokerUrl) -> Self {
        Self::other(format!(
            "{url} sent what MQTT does not allow there; check that an MQTT broker listens there, and broker.protocol"
        ))
    }

    /// What can only be this program's own fault.
    pub(super) fn within(url: &BrokerUrl) -> Self {
        Self::other(format!("the connection to {url} ended for a reason within portal-agent; it is made anew"))
    }

    pub(super) fn no_certificate_name(url: &BrokerUrl) -> Self {
        Self::other(format!("no TLS connection to {url}: a certificate cannot be for such a name; use the broker's"))
    }

    /// CONNACK with a refusal, which `sentence` tells; `retained`: because the last will was to be retained.
    pub(super) fn refused(url: &BrokerUrl, sentence: &str, retained: bool) -> Self {
        let kind = if retained { ConnectionFailureKind::RetainNotSupported } else { ConnectionFailureKind::Other };
        Self { kind, sentence: format!("{url} {sentence}") }
    }

    /// A broker's DISCONNECT, which `sentence` tells.
    pub(super) fn told(url: &BrokerUrl, sentence: &str, kind: DisconnectKind) -> Self {
        let kind = match kind {
            DisconnectKind::Plain => ConnectionFailureKind::Closed,
            DisconnectKind::TakenOver => ConnectionFailureKind::TakenOver,
            DisconnectKind::RetainNotSupported => ConnectionFailureKind::RetainNotSupported,
            DisconnectKind::Other => ConnectionFailureKind::Other,
        };
        Self { kind, sentence: format!("{url} {sentence}") }
    }

    pub(super) fn of_flow(url: &BrokerUrl, end: FlowEnd) -> Self {
        match end {
            FlowEnd::Told { sentence, kind } => Self::told(url, &sentence, kind),
            FlowEnd::ProtocolError => Self::not_by_the_rules(url),
            FlowEnd::TopicAlias => Self::other(format!(
                "{url} used a topic alias, and none was allowed to it; the connection was ended: that is a fault of the \
                 broker, or of what stands before it"
            )),
            FlowEnd::ReceiveMaximum { announced, number } => Self::other(format!(
                "{url} sent {number} messages before one was acknowledged, and at most {announced} were allowed to it; the \
                 connection was ended: that is a fault of the broker; raise broker.receive_maximum"
            )),
            FlowEnd::TooLarge { size } => Self::too_large(url, size),
            FlowEnd::LimitTooSmall { size, largest } => Self::other(format!(
                "{url} takes packets of at most {largest} bytes, and a subscription takes {size}; raise the broker's limit"
            )),
            FlowEnd::Within => Self::within(url),
        }
    }
}

fn of_io(url: &BrokerUrl, error: &io::Error) -> ConnectionFailure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>()) {
        return of_rustls(url, tls);
    }
    match error.kind() {
        // One kind, since brokers do not tell them apart: on a takeover mosquitto 2.0.11 sends no DISCONNECT, only
        // end of file (decisions/0002). A row of these is what points to a second client.
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => ConnectionFailure::closed(url),
        io::ErrorKind::ConnectionRefused => {
            ConnectionFailure::other(format!("nothing listens at {url}; start the broker, or correct its URL"))
        }
        _ if is_unknown_name(error) => ConnectionFailure::other(format!(
            "the name {} of {url} is not known to this computer; correct it, or check the network's name service",
            url.host()
        )),
        _ => ConnectionFailure::other(format!(
            "{url} cannot be reached: {}; check the host's name and the network",
            os_reason(error)
        )),
    }
}

/// Whether a look-up of a name failed: an error without a kind, whose text is std's own or whose code is Windows'.
fn is_unknown_name(error: &io::Error) -> bool {
    const WSAHOST_NOT_FOUND: i32 = 11_001;
    const WSATRY_AGAIN: i32 = 11_002;
    const WSANO_DATA: i32 = 11_004;
    match error.raw_os_error() {
        Some(code) => cfg!(windows) && matches!(code, WSAHOST_NOT_FOUND | WSATRY_AGAIN | WSANO_DATA),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}

fn of_rustls(url: &BrokerUrl, error: &RustlsError) -> ConnectionFailure {
    ConnectionFailure::other(format!("no TLS connection to {url}: {}", tls_reason(error, url.host())))
}
