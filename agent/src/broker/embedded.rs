//! The embedded broker: the `mqtt5` crate's, behind one small door, for the demo, tests and small fleets on one machine.
//!
//! It speaks MQTT 5 and 3.1.1 on one listener and keeps everything in memory: sessions, queued pushes and retained
//! messages end with the process. Where it departs from a full broker (decisions/0013, and the tests here):
//! - no persistence: after a restart each device's session is gone, so nothing pushed meanwhile was queued;
//! - a QoS 1 message may overtake a QoS 0 one on the same topic (contract 2 knows only QoS 1);
//! - properties other than the message expiry are forwarded in part;
//! - at most 100,000 messages or 256 MiB wait for one absent device; what comes beyond is dropped;
//! - packets over 1 MiB are refused, as CONNACK announces in MQTT 5; there are no ACLs and no TLS.
//!
//! Does not live here: anything that another broker does not do as well; the agent cannot tell them apart.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::config::{BrokerConfig, RateLimitConfig, StorageBackend, StorageConfig};
use mqtt5::broker::{AuthProvider, AuthResult, BrokerShutdownHandle, MqttBroker};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use subtle::ConstantTimeEq;
use tokio::task::JoinHandle;

use crate::mqtt::{BrokerUrl, Credentials};

/// The largest packet it takes.
const LARGEST_PACKET: usize = 1024 * 1024;
/// Most messages that wait for one absent client.
const MOST_QUEUED: usize = 100_000;
/// Most bytes that wait for one absent client.
const MOST_QUEUED_BYTES: usize = 256 * 1024 * 1024;
/// As wide as the window that the agent announces (contract 2).
const OUTBOUND_WINDOW: u16 = 1000;
/// How long open connections may take to end.
const PATIENCE_WITH_THE_END: Duration = Duration::from_secs(2);

/// Why the embedded broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// An address that others reach, without a password (contract 6).
    #[error("the embedded broker would listen on {0} for everyone; give it a user name and password, or use 127.0.0.1")]
    NeedsPassword(SocketAddr),
    /// The listener.
    #[error("the embedded broker cannot listen on {address}: {detail}; choose another port, or 0 for a free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The crate's words.
        detail: String,
    },
}

/// A running embedded broker; owns its task.
///
/// Dropped without [`EmbeddedBroker::stop`], it is aborted.
pub struct EmbeddedBroker {
    address: SocketAddr,
    shutdown: BrokerShutdownHandle,
    task: JoinHandle<()>,
}

impl EmbeddedBroker {
    /// Whether one may listen on `address` for whoever knows `credentials` (contract 6).
    ///
    /// # Errors
    /// An address other than loopback without credentials.
    pub fn check(address: SocketAddr, credentials: Option<&Credentials>) -> Result<(), EmbeddedError> {
        if address.ip().is_loopback() || credentials.is_some() {
            Ok(())
        } else {
            Err(EmbeddedError::NeedsPassword(address))
        }
    }

    /// Listens on `address`, port 0 for a free one. With credentials, only they are let in.
    ///
    /// # Errors
    /// An address other than loopback without credentials; an address that cannot be listened on.
    pub async fn start(address: SocketAddr, credentials: Option<Credentials>) -> Result<Self, EmbeddedError> {
        Self::check(address, credentials.as_ref())?;
        let failed = |detail: String| EmbeddedError::Listen { address, detail };
        let mut broker = MqttBroker::with_config(config(address)).await.map_err(|error| failed(error.to_string()))?;
        if let Some(credentials) = credentials {
            broker = broker.with_auth_provider(Arc::new(OnePassword(credentials)));
        }
        let address = broker.local_addr().ok_or_else(|| failed("it has no address".to_owned()))?;
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let task = tokio::spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(%error, "the embedded broker ended");
            }
        });
        // An error means that the task ended, which it has logged; connecting then says that nothing listens.
        let _ = ready.wait_for(|ready| *ready).await;
        Ok(Self { address, shutdown, task })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as clients write it.
    pub fn url(&self) -> BrokerUrl {
        BrokerUrl::of_listener(self.address)
    }

    /// Ends it and its connections.
    pub async fn stop(mut self) {
        self.shutdown.shutdown();
        if tokio::time::timeout(PATIENCE_WITH_THE_END, &mut self.task).await.is_err() {
            tracing::debug!("the embedded broker's connections did not end in time; they are cut");
        }
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn config(address: SocketAddr) -> BrokerConfig {
    let storage = StorageConfig::new()
        .with_backend(StorageBackend::Memory)
        .with_max_queued_messages_per_client(MOST_QUEUED)
        .with_max_queued_bytes_per_client(MOST_QUEUED_BYTES);
    let mut config = BrokerConfig::new()
        .with_bind_address(address)
        .with_max_packet_size(LARGEST_PACKET)
        .with_max_outbound_inflight(OUTBOUND_WINDOW)
        .with_storage(storage);
    // Its counters would be published every ten seconds, and an idle agent does nothing.
    config.sys_topics_enabled = false;
    // Its lock-out of five minutes after five wrong passwords would shut out every device of this machine.
    config.auth_config.rate_limit = RateLimitConfig { enabled: false, ..RateLimitConfig::default() };
    config
}

/// Lets in who knows the one password.
struct OnePassword(Credentials);

impl OnePassword {
    fn admits(&self, connect: &ConnectPacket) -> bool {
        let name = connect.username.as_deref().unwrap_or_default().as_bytes();
        let password = connect.password.as_deref().unwrap_or_default();
        bool::from(name.ct_eq(self.0.username.as_bytes()) & password.ct_eq(self.0.password().as_bytes()))
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for OnePassword {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        _client: SocketAddr,
    ) -> Answer<'a, mqtt5::error::Result<AuthResult>> {
        let result = if self.admits(connect) {
            AuthResult::success_with_user(self.0.username.clone())
        } else {
            AuthResult::fail(ReasonCode::BadUsernameOrPassword)
        };
        Box::pin(async move { Ok(result) })
    }

    fn authorize_publish<'a>(&'a self, _id: &str, _user: Option<&'a str>, _topic: &'a str) -> Answer<'a, bool> {
        Box::pin(async { true })
    }

    fn authorize_subscribe<'a>(&'a self, _id: &str, _user: Option<&'a str>, _filter: &'a str) -> Answer<'a, bool> {
        Box::pin(async { true })
    }
}
