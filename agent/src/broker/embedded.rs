//! The embedded broker, for the demo, scenarios and small fleets on one machine: this project's own (`decisions/0020`).
//!
//! Lives here: starting it, and its errors as sentences. Does not live here: the broker itself (`portal-embedded-broker`), and
//! anything that another broker does not do as well; the agent cannot tell them apart.

use std::io::ErrorKind;
use std::net::SocketAddr;

use portal_embedded_broker::{Access, Limits, Listener, ListenerOptions, StartError};

use crate::mqtt::{BrokerCredentials, BrokerUrl};

/// Why the embedded broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// An address that others reach, without a password (contract 6).
    #[error("the embedded broker would listen on {0} for everyone; give it a user name and password, or use 127.0.0.1")]
    NeedsPassword(SocketAddr),
    /// The listener.
    #[error("{address} {reason}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}

/// A running embedded broker.
///
/// Dropped without [`EmbeddedBroker::stop`], its connections are cut.
pub struct EmbeddedBroker {
    listener: Listener,
}

impl EmbeddedBroker {
    /// Whether one may listen on `address` for whoever knows `credentials` (contract 6).
    ///
    /// # Errors
    /// An address other than loopback without credentials, or with an empty password.
    pub fn check(address: SocketAddr, credentials: Option<&BrokerCredentials>) -> Result<(), EmbeddedError> {
        let demanded = credentials.is_some_and(|credentials| !credentials.password().is_empty());
        if address.ip().is_loopback() || demanded { Ok(()) } else { Err(EmbeddedError::NeedsPassword(address)) }
    }

    /// Listens on `address`, port 0 for a free one. With credentials, only they are let in.
    ///
    /// # Errors
    /// An address other than loopback without credentials; an address that cannot be listened on.
    pub async fn start(address: SocketAddr, credentials: Option<BrokerCredentials>) -> Result<Self, EmbeddedError> {
        let access = credentials.map_or(Access::Anyone, |credentials| Access::Password {
            password: credentials.password().to_owned(),
            username: credentials.username,
        });
        let options = ListenerOptions { address, access, limits: Limits::default(), tls: None };
        let listener = Listener::start(options).await.map_err(EmbeddedError::from)?;
        Ok(Self { listener })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Where it listens, as clients write it.
    pub fn url(&self) -> BrokerUrl {
        BrokerUrl::of_listener(self.local_addr())
    }

    /// Ends it and its connections.
    pub async fn stop(self) {
        self.listener.stop().await;
    }
}

impl From<StartError> for EmbeddedError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NeedsPassword(address) => Self::NeedsPassword(address),
            StartError::Listen { address, source } => Self::Listen { address, reason: why_not(address, source.kind()) },
        }
    }
}

/// Why an address cannot be listened on, and what to do: the operating system's own words differ by system and language.
fn why_not(address: SocketAddr, kind: ErrorKind) -> String {
    let port = address.port();
    match kind {
        ErrorKind::AddrInUse => format!(
            "is taken (perhaps by mosquitto); use that broker (run --broker mqtt://{address}), or choose another port (0: a free one)"
        ),
        ErrorKind::PermissionDenied => {
            format!(
                "may not be listened on by this user; choose a port above 1023 instead of {port}, or 0 for a free one"
            )
        }
        ErrorKind::AddrNotAvailable => {
            "is no address of this computer; use 127.0.0.1, or 0.0.0.0 for every address that it has".to_owned()
        }
        _ => "cannot be listened on by the embedded broker; choose another address, or 127.0.0.1:0".to_owned(),
    }
}
