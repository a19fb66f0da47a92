//! What a session is started with, and what makes that impossible.
//!
//! Lives here: defaults from the contract and the checks of the border. Does not live here: files and their keys.

use std::time::Duration;

use portal_contract::{DeviceId, Tenant};

use crate::mqtt::{BrokerCredentials, BrokerUrl, MqttVersion, TlsError, TlsSettings, client_config, password_in_clear};

/// Room for events beside the receive window: publishes answered, and what a connection tells of itself.
pub const EVENT_SLACK: usize = 512;

/// A shorter keep-alive would be traffic for nothing.
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Everything a session needs.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// The brokers, tried in turn; at least one.
    pub brokers: Vec<BrokerUrl>,
    /// The protocol version.
    pub protocol: MqttVersion,
    /// The tenant.
    pub tenant: Tenant,
    /// The device, whose id is the client id.
    pub device: DeviceId,
    /// User name and password.
    pub credentials: Option<BrokerCredentials>,
    /// Certificates for `mqtts://`.
    pub tls: TlsSettings,
    /// How many pushes may be unacknowledged; announced in MQTT 5 (1000).
    pub receive_maximum: u16,
    /// The largest packet in bytes; announced in MQTT 5 (65,536). Over 3.1.1 it is MQTT's 256 MiB whatever stands here.
    pub maximum_packet_size: u32,
    /// Between pings (30 s; at least 5 s, at most 65,535 s).
    pub keep_alive: Duration,
    /// How long the broker keeps the session while the device is away (30 days).
    pub session_expiry: Duration,
    /// How long a CONNECT may be unanswered (4 s).
    pub connect_timeout: Duration,
    /// How long a SUBSCRIBE, UNSUBSCRIBE or PUBLISH may be unanswered before the next broker is tried (20 s).
    pub answer_timeout: Duration,
    /// The most topic filters in one SUBSCRIBE (8): large public brokers close the connection after more.
    pub filters_per_subscribe: u16,
    /// How long after the last push a fence that does not come back counts as back (10 s).
    pub fence_timeout: Duration,
    /// Whether a password may cross a network without TLS (no).
    pub allow_password_in_clear: bool,
    /// Whether what the broker kept for a group is asked for: a late joiner may receive it (facts 1.6).
    pub retained_group_messages: bool,
    /// The pauses between tries.
    pub reconnect: ReconnectSettings,
}

/// The pauses between tries (contract 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconnectSettings {
    /// The first pause; each is jittered between half of it and the whole (400 ms).
    pub first: Duration,
    /// The longest (30 s).
    pub longest: Duration,
    /// How long a connection must have stood for the pauses to start over (60 s).
    pub stable_after: Duration,
    /// The pause after the broker named a takeover (60 s).
    pub after_takeover: Duration,
}

impl Default for ReconnectSettings {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(400),
            longest: Duration::from_secs(30),
            stable_after: Duration::from_secs(60),
            after_takeover: Duration::from_secs(60),
        }
    }
}

impl SessionSettings {
    /// The contract's defaults for `device` at `brokers`.
    pub fn new(brokers: Vec<BrokerUrl>, device: DeviceId) -> Self {
        Self {
            brokers,
            protocol: MqttVersion::default(),
            tenant: Tenant::default(),
            device,
            credentials: None,
            tls: TlsSettings::default(),
            receive_maximum: 1000,
            maximum_packet_size: 65_536,
            keep_alive: Duration::from_secs(30),
            session_expiry: Duration::from_secs(30 * 24 * 3600),
            connect_timeout: Duration::from_secs(4),
            answer_timeout: Duration::from_secs(20),
            filters_per_subscribe: 8,
            fence_timeout: Duration::from_secs(10),
            allow_password_in_clear: false,
            retained_group_messages: false,
            reconnect: ReconnectSettings::default(),
        }
    }

    /// The least capacity of the daemon's event channel.
    pub fn event_capacity(&self) -> usize {
        usize::from(self.receive_maximum) + EVENT_SLACK
    }

    /// Whether a session could start with these, certificates and keys included; nothing is connected.
    ///
    /// # Errors
    /// What a person has to put right.
    pub fn check_all(&self) -> Result<(), BrokerError> {
        self.check(self.event_capacity())?;
        client_config(&self.tls)?;
        Ok(())
    }

    pub(super) fn check(&self, capacity: usize) -> Result<(), BrokerError> {
        if self.brokers.is_empty() {
            return Err(BrokerError::NoBroker);
        }
        let in_clear = password_in_clear(&self.brokers).filter(|_| self.credentials.is_some());
        if let Some(url) = in_clear.filter(|_| !self.allow_password_in_clear) {
            return Err(BrokerError::PasswordInClear { url: url.clone() });
        }
        if self.keep_alive < SHORTEST_KEEP_ALIVE || self.keep_alive.as_secs() > u64::from(u16::MAX) {
            return Err(BrokerError::KeepAlive);
        }
        if self.receive_maximum == 0 || self.maximum_packet_size < 1024 {
            return Err(BrokerError::Limits);
        }
        let least = self.event_capacity();
        if capacity < least { Err(BrokerError::EventChannel { capacity, least }) } else { Ok(()) }
    }
}

/// Why a session cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No broker is named.
    #[error("no broker is named; give at least one URL, as in mqtt://localhost")]
    NoBroker,
    /// A password over a network without TLS (contract 6).
    #[error(
        "the password would cross the network in clear to {url}; use mqtts://, or allow it by the setting for a \
         password in clear"
    )]
    PasswordInClear {
        /// The broker.
        url: BrokerUrl,
    },
    /// A keep-alive out of range.
    #[error("the keep-alive must be 5 to 65535 seconds")]
    KeepAlive,
    /// A limit out of range.
    #[error("the receive maximum must be at least 1, and the maximum packet size at least 1024 bytes")]
    Limits,
    /// The daemon's event channel is smaller than the window.
    #[error("the event channel holds {capacity}; the receive window needs {least}")]
    EventChannel {
        /// What it holds.
        capacity: usize,
        /// What it must hold.
        least: usize,
    },
    /// Certificates or keys.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::Secret;

    fn settings(url: &str) -> SessionSettings {
        let device = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap();
        SessionSettings::new(vec![url.parse().unwrap()], device)
    }

    #[test]
    fn a_password_crosses_a_network_only_when_allowed() {
        let password = || Some(BrokerCredentials::new("adele", Secret::new("hunter2")));
        for (url, refused) in
            [("mqtt://localhost", false), ("mqtts://far.example", false), ("mqtt://far.example", true)]
        {
            let settings = SessionSettings { credentials: password(), ..settings(url) };
            assert_eq!(settings.check(2000).is_err(), refused, "{url}");
            assert!(SessionSettings { allow_password_in_clear: true, ..settings }.check(2000).is_ok(), "{url}");
        }
        assert!(settings("mqtt://far.example").check(2000).is_ok());
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let good = settings("mqtt://localhost");
        assert!(good.check(1511).is_err());
        assert!(SessionSettings { brokers: Vec::new(), ..good.clone() }.check(2000).is_err());
        assert!(SessionSettings { keep_alive: Duration::from_secs(4), ..good.clone() }.check(2000).is_err());
        assert!(SessionSettings { receive_maximum: 0, ..good }.check(2000).is_err());
    }
}
