//! What every MQTT client of this program needs: where the broker is, who asks, TLS, and one client over two protocol
//! versions. Does not live here: sessions, topics and back-off (`broker`), publishing for tests (`sender`).

mod certificate;
mod client;
mod connection;
mod connection_failure;
mod der;
mod endpoint;
mod flow;
mod flow_end;
mod in_flight;
mod packet;
mod packet_v4;
mod packet_v5;
mod pem;
mod reason_code;
mod tls;
mod tls_reason;

pub use connection_failure::{ConnectionFailure, ConnectionFailureKind};
pub use endpoint::{BrokerCredentials, BrokerUrl, BrokerUrlError, MqttVersion, Secret, TlsSettings};
pub use pem::PemError;
pub use tls::TlsError;

pub(crate) use client::{
    ConnectOptions, LastWill, MqttClient, MqttEvent, MqttMessage, ServerLimits, TopicFilter, open, publish_window,
};
pub(crate) use connection::MqttConnection;
pub(crate) use endpoint::{may_hold_password, password_in_clear};
pub(crate) use tls::{client_config, server_config};

/// MQTT's own largest packet in bytes (MQTT 5, 1.5.5: the largest variable byte integer).
pub const LARGEST_PACKET: u32 = 268_435_455;
