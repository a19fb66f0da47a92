//! Why a connection ended or never began, in a sentence with its hint.
//!
//! Lives here: reading rumqttc's and rustls' errors. Does not live here: what is done about one.

use std::io;

use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode as Code5, DisconnectReasonCode};
use rumqttc::{ConnectReturnCode as Code4, TlsError, v5};
use rustls::{AlertDescription, CertificateError, Error as RustlsError};

use super::endpoint::BrokerUrl;

/// The end of a connection, or of a try.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ConnectionFault {
    /// What kind of end it is.
    pub kind: ConnectionFaultKind,
    /// What happened, to which broker, and what to do about it.
    pub sentence: String,
}

/// The kinds that are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFaultKind {
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

impl ConnectionFault {
    pub(crate) fn other(sentence: impl Into<String>) -> Self {
        Self { kind: ConnectionFaultKind::Other, sentence: sentence.into() }
    }

    pub(crate) fn no_answer(url: &BrokerUrl, waited: std::time::Duration) -> Self {
        let sentence = format!(
            "{url} did not answer within {} s; check that an MQTT broker listens there, and the network",
            waited.as_secs_f32()
        );
        Self { kind: ConnectionFaultKind::NoAnswer, sentence }
    }

    pub(crate) fn stalled(url: &BrokerUrl) -> Self {
        Self::other(format!("{url} took no data for two keep-alives; the connection was given up"))
    }

    pub(crate) fn of_v5(url: &BrokerUrl, error: v5::ConnectionError) -> Self {
        use v5::{ConnectionError as E, StateError as S};
        match error {
            E::MqttState(S::ServerDisconnect { reason_code, reason_string }) => told(url, reason_code, reason_string),
            E::MqttState(S::ConnectionAborted) => closed(url),
            E::MqttState(S::AwaitPingResp) => unanswered_ping(url),
            E::MqttState(S::Io(e)) | E::Io(e) => of_io(url, &e),
            E::MqttState(S::Deserialization(v5::mqttbytes::Error::Io(e))) => of_io(url, &e),
            E::MqttState(S::Deserialization(v5::mqttbytes::Error::PayloadSizeLimitExceeded { pkt_size, .. })) => {
                too_large(url, pkt_size)
            }
            E::Tls(e) => of_tls(url, &e),
            E::Timeout(_) => Self::other(format!("{url} did not answer in time")),
            E::ConnectionRefused(code) => refused_v5(url, code),
            other => Self::other(format!("the connection to {url} failed: {other}")),
        }
    }

    pub(crate) fn of_v4(url: &BrokerUrl, error: rumqttc::ConnectionError) -> Self {
        use rumqttc::{ConnectionError as E, StateError as S};
        match error {
            E::MqttState(S::ConnectionAborted) => closed(url),
            E::MqttState(S::AwaitPingResp) => unanswered_ping(url),
            E::MqttState(S::Io(e)) | E::Io(e) => of_io(url, &e),
            E::MqttState(S::Deserialization(rumqttc::mqttbytes::Error::Io(e))) => of_io(url, &e),
            E::MqttState(S::Deserialization(rumqttc::mqttbytes::Error::PayloadSizeLimitExceeded(size))) => {
                too_large(url, size)
            }
            E::Tls(e) => of_tls(url, &e),
            E::ConnectionRefused(code) => refused_v4(url, code),
            E::NetworkTimeout | E::FlushTimeout => Self::other(format!("{url} did not answer in time")),
            other => Self::other(format!("the connection to {url} failed: {other}")),
        }
    }
}

fn closed(url: &BrokerUrl) -> ConnectionFault {
    ConnectionFault { kind: ConnectionFaultKind::Closed, sentence: format!("{url} closed the connection") }
}

fn unanswered_ping(url: &BrokerUrl) -> ConnectionFault {
    ConnectionFault::other(format!("{url} did not answer a ping; the connection was given up"))
}

fn too_large(url: &BrokerUrl, size: usize) -> ConnectionFault {
    let sentence = format!("{url} sent a packet of {size} bytes, more than was announced as the largest");
    ConnectionFault { kind: ConnectionFaultKind::PacketTooLarge, sentence }
}

/// A broker's DISCONNECT. One without properties, which MQTT 5 allows, is not seen by rumqttc 0.25: then it only closes.
fn told(url: &BrokerUrl, reason: DisconnectReasonCode, words: Option<String>) -> ConnectionFault {
    if reason == DisconnectReasonCode::SessionTakenOver {
        let sentence = format!(
            "{url} gave the session to another client with the same id; end the other agent of this device, or give \
             this one its own state directory"
        );
        return ConnectionFault { kind: ConnectionFaultKind::TakenOver, sentence };
    }
    let words = words.map(|words| format!(", {words:?}")).unwrap_or_default();
    ConnectionFault::other(format!("{url} ended the connection: {reason:?}{words}"))
}

const HINT_CREDENTIALS: &str = "check the broker's user name and password in the settings";

fn refused_v5(url: &BrokerUrl, code: Code5) -> ConnectionFault {
    ConnectionFault::other(match code {
        Code5::BadUserNamePassword => format!("{url} refused the user name or password; {HINT_CREDENTIALS}"),
        Code5::NotAuthorized => format!("{url} did not authorise this client; {HINT_CREDENTIALS}"),
        Code5::ClientIdentifierNotValid | Code5::BadClientId => refused_id(url),
        Code5::UnsupportedProtocolVersion | Code5::RefusedProtocolVersion => {
            format!("{url} does not speak MQTT 5; set the protocol to 3.1.1")
        }
        Code5::ServerBusy | Code5::ServerUnavailable | Code5::ServiceUnavailable => busy(url),
        other => format!("{url} refused the connection: {other:?}"),
    })
}

fn refused_v4(url: &BrokerUrl, code: Code4) -> ConnectionFault {
    ConnectionFault::other(match code {
        Code4::BadUserNamePassword => format!("{url} refused the user name or password; {HINT_CREDENTIALS}"),
        Code4::NotAuthorized => format!("{url} did not authorise this client; {HINT_CREDENTIALS}"),
        Code4::BadClientId => refused_id(url),
        Code4::RefusedProtocolVersion => format!("{url} does not speak MQTT 3.1.1; set the protocol to 5"),
        Code4::ServiceUnavailable => busy(url),
        Code4::Success => format!("{url} refused the connection"),
    })
}

fn refused_id(url: &BrokerUrl) -> String {
    format!(
        "{url} refused the client id, which is the device's UUID; allow it at the broker, or choose another device id"
    )
}

fn busy(url: &BrokerUrl) -> String {
    format!("{url} is not available just now; it is tried again")
}

fn of_tls(url: &BrokerUrl, error: &TlsError) -> ConnectionFault {
    match error {
        TlsError::Io(e) => of_io(url, e),
        TlsError::TLS(e) => of_rustls(url, e),
        other => ConnectionFault::other(format!("no TLS connection to {url}: {other}")),
    }
}

fn of_io(url: &BrokerUrl, error: &io::Error) -> ConnectionFault {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>()) {
        return of_rustls(url, tls);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => closed(url),
        io::ErrorKind::ConnectionRefused => {
            ConnectionFault::other(format!("nothing listens at {url}; start the broker, or correct its URL"))
        }
        _ => ConnectionFault::other(format!("{url} cannot be reached: {error}; check the host's name and the network")),
    }
}

fn of_rustls(url: &BrokerUrl, error: &RustlsError) -> ConnectionFault {
    use CertificateError as C;
    let detail = match error {
        RustlsError::InvalidCertificate(C::UnknownIssuer | C::BadSignature) => {
            "its certificate comes from an authority that is not trusted; give the broker's CA file".to_owned()
        }
        RustlsError::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "its certificate has expired; renew it, or check this computer's clock".to_owned()
        }
        RustlsError::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; check this computer's clock".to_owned()
        }
        RustlsError::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            format!("its certificate is not for the name {}; use a name that the certificate holds", url.host())
        }
        RustlsError::InvalidCertificate(other) => format!("its certificate does not verify: {other}"),
        RustlsError::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure) => {
            "it demands a client certificate; give the client certificate and key files".to_owned()
        }
        RustlsError::AlertReceived(alert) => {
            format!("it refused this client's side: {alert:?}; check the client certificate and key files")
        }
        RustlsError::InvalidMessage(_) => "it does not speak TLS on this port; use its TLS port, or mqtt://".to_owned(),
        other => other.to_string(),
    };
    ConnectionFault::other(format!("no TLS connection to {url}: {detail}"))
}
