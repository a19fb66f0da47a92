//! Why a connection ended or never began, in a sentence with its hint.
//!
//! Lives here: reading rumqttc's errors. Does not live here: rustls' (`tls_reason`), a broker's reason codes
//! (`reason_code`), what is done about one.

use std::io;

use rumqttc::v5::mqttbytes::v5::DisconnectReasonCode;
use rumqttc::{TlsError, v5};
use rustls::Error as RustlsError;

use super::endpoint::BrokerUrl;
use super::reason_code::{ended, refused_v4, refused_v5};
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

    pub(crate) fn stalled(url: &BrokerUrl) -> Self {
        Self::other(format!("{url} took no data for two keep-alives; the connection was given up"))
    }

    pub(crate) fn of_v5(url: &BrokerUrl, error: v5::ConnectionError) -> Self {
        use v5::mqttbytes::Error as D;
        use v5::{ConnectionError as E, StateError as S};
        match error {
            E::MqttState(S::ServerDisconnect { reason_code, reason_string }) => told(url, reason_code, reason_string),
            E::MqttState(S::ConnectionAborted) => closed(url),
            E::MqttState(S::AwaitPingResp) => unanswered_ping(url),
            E::MqttState(S::Io(e) | S::Deserialization(D::Io(e))) | E::Io(e) => of_io(url, &e),
            E::MqttState(S::Deserialization(D::PayloadSizeLimitExceeded { pkt_size, .. })) => too_large(url, pkt_size),
            E::MqttState(S::IncomingPacketTooLarge { pkt_size, .. }) => too_large(url, pkt_size),
            // An empty packet: a DISCONNECT that says nothing, which is a normal end.
            E::MqttState(S::Deserialization(D::PayloadRequired)) => ended_normally(url),
            E::MqttState(S::ConnFail { reason }) => refused(url, refused_v5(reason)),
            E::MqttState(S::OutgoingPacketTooLarge { pkt_size, max }) => Self::other(format!(
                "{url} takes packets of at most {max} bytes, and one of {pkt_size} was to be sent; raise the broker's limit"
            )),
            E::MqttState(S::Deserialization(_) | S::Unsolicited(_) | S::WrongPacket) | E::NotConnAck(_) => {
                not_by_the_rules(url)
            }
            E::MqttState(
                S::Coversion(_) | S::InvalidState | S::CollisionTimeout | S::EmptySubscription | S::InvalidAlias { .. },
            )
            | E::RequestsDone => within(url),
            E::Tls(e) => of_tls(url, &e),
            E::Timeout(_) => Self::other(format!("{url} did not answer in time")),
            E::ConnectionRefused(code) => refused(url, refused_v5(code)),
        }
    }

    pub(crate) fn of_v4(url: &BrokerUrl, error: rumqttc::ConnectionError) -> Self {
        use rumqttc::mqttbytes::Error as D;
        use rumqttc::{ConnectionError as E, StateError as S};
        match error {
            E::MqttState(S::ConnectionAborted) => closed(url),
            E::MqttState(S::AwaitPingResp) => unanswered_ping(url),
            E::MqttState(S::Io(e) | S::Deserialization(D::Io(e))) | E::Io(e) => of_io(url, &e),
            E::MqttState(S::Deserialization(D::PayloadSizeLimitExceeded(size))) => too_large(url, size),
            E::MqttState(S::Deserialization(D::PayloadRequired)) => ended_normally(url),
            E::MqttState(S::Deserialization(_) | S::Unsolicited(_) | S::WrongPacket) | E::NotConnAck(_) => {
                not_by_the_rules(url)
            }
            E::MqttState(S::InvalidState | S::CollisionTimeout | S::EmptySubscription) | E::RequestsDone => within(url),
            E::Tls(e) => of_tls(url, &e),
            E::ConnectionRefused(code) => refused(url, refused_v4(code)),
            E::NetworkTimeout | E::FlushTimeout => Self::other(format!("{url} did not answer in time")),
        }
    }
}

fn closed(url: &BrokerUrl) -> ConnectionFailure {
    ConnectionFailure { kind: ConnectionFailureKind::Closed, sentence: format!("{url} closed the connection") }
}

fn unanswered_ping(url: &BrokerUrl) -> ConnectionFailure {
    ConnectionFailure::other(format!("{url} did not answer a ping; the connection was given up"))
}

fn too_large(url: &BrokerUrl, size: usize) -> ConnectionFailure {
    let sentence = format!("{url} sent a packet of {size} bytes, more than was announced as the largest");
    ConnectionFailure { kind: ConnectionFailureKind::PacketTooLarge, sentence }
}

/// The broker closed in good order, and gave no reason.
fn ended_normally(url: &BrokerUrl) -> ConnectionFailure {
    ConnectionFailure {
        kind: ConnectionFailureKind::Closed,
        sentence: format!("{url} ended the connection, without a reason"),
    }
}

fn not_by_the_rules(url: &BrokerUrl) -> ConnectionFailure {
    ConnectionFailure::other(format!(
        "{url} sent what MQTT does not allow there; check that an MQTT broker listens there, and broker.protocol"
    ))
}

/// What can only be this program's own fault.
fn within(url: &BrokerUrl) -> ConnectionFailure {
    ConnectionFailure::other(format!("the connection to {url} ended for a reason within portal-agent; it is made anew"))
}

/// A broker's DISCONNECT, in this program's words and then, marked as such, in the broker's own.
fn told(url: &BrokerUrl, reason: DisconnectReasonCode, words: Option<String>) -> ConnectionFailure {
    let kind = if reason == DisconnectReasonCode::SessionTakenOver {
        ConnectionFailureKind::TakenOver
    } else {
        ConnectionFailureKind::Other
    };
    let words = words.map(|words| format!(" (it says {words:?})")).unwrap_or_default();
    ConnectionFailure { kind, sentence: format!("{url} {}{words}", ended(reason)) }
}

fn refused(url: &BrokerUrl, sentence: String) -> ConnectionFailure {
    ConnectionFailure::other(format!("{url} {sentence}"))
}

fn of_tls(url: &BrokerUrl, error: &TlsError) -> ConnectionFailure {
    match error {
        TlsError::Io(e) => of_io(url, e),
        TlsError::TLS(e) => of_rustls(url, e),
        TlsError::DNSName(_) | TlsError::Addr(_) => ConnectionFailure::other(format!(
            "no TLS connection to {url}: a certificate cannot be for such a name; use the broker's"
        )),
        // rumqttc's own reading of files, which this program does not use.
        TlsError::WebPki(_)
        | TlsError::NoValidCertInChain
        | TlsError::NoValidClientCertInChain
        | TlsError::NoValidKeyInChain => within(url),
    }
}

fn of_io(url: &BrokerUrl, error: &io::Error) -> ConnectionFailure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>()) {
        return of_rustls(url, tls);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => closed(url),
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
