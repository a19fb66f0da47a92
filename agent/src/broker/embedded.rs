//! The embedded broker, for the demo, scenarios and small fleets on one machine: this project's own (`decisions/0020`).
//!
//! Lives here: starting it, and its errors as sentences. Does not live here: the broker itself (`portal-embedded-broker`), and
//! anything that another broker does not do as well; the agent cannot tell them apart.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

pub use portal_embedded_broker::Limits as EmbeddedLimits;
use portal_embedded_broker::{Access, Listener, ListenerOptions, StartError};

use tracing::debug;

use crate::mqtt::{BrokerCredentials, BrokerUrl, Secret, TlsError, server_config};

/// Who may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbeddedAccess {
    /// Whoever comes; on loopback only.
    Anyone,
    /// Who knows the user name and the password of the state directory, which are drawn where there are none.
    Drawn,
    /// Who knows these.
    Given(BrokerCredentials),
}

/// An embedded broker to start.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// Where it listens; port 0: a free one.
    pub listen: SocketAddr,
    /// Who may connect.
    pub access: EmbeddedAccess,
    /// How much of everything it takes.
    pub limits: EmbeddedLimits,
    /// Its certificate chain and its key, PEM files, for TLS.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

impl EmbeddedOptions {
    /// On loopback at a free port, with the default limits and a password of its own.
    pub fn on_loopback() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            access: EmbeddedAccess::Drawn,
            limits: EmbeddedLimits::default(),
            certificate: None,
        }
    }

    /// Whether one could be started, as far as that can be told without starting one.
    ///
    /// # Errors
    /// An address other than loopback without a password of the user's choice; a certificate or key of no use.
    pub fn check(&self) -> Result<(), EmbeddedError> {
        let loopback = self.listen.ip().is_loopback();
        match &self.access {
            EmbeddedAccess::Anyone if !loopback => Err(EmbeddedError::OpenToOthers(self.listen)),
            // A password that nobody chose cannot be told to those whom the address is for.
            EmbeddedAccess::Drawn if !loopback => Err(EmbeddedError::NeedsPassword(self.listen)),
            EmbeddedAccess::Given(credentials) if credentials.password().is_empty() => {
                Err(EmbeddedError::EmptyPassword)
            }
            _ => self.tls().map(|_| ()),
        }
    }

    fn tls(&self) -> Result<Option<Arc<rustls::ServerConfig>>, EmbeddedError> {
        self.certificate
            .as_ref()
            .map(|(certificate, key)| {
                Ok(server_config(("embedded broker's certificate", certificate), ("embedded broker's key", key))?)
            })
            .transpose()
    }
}

/// Why the embedded broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// An address that others reach, without a password (contract 6).
    #[error(
        "the embedded broker would listen on {0} for everyone; set embedded_broker.username and a password for it, or use 127.0.0.1"
    )]
    NeedsPassword(SocketAddr),
    /// An address that others reach, and `anonymous`.
    #[error(
        "embedded_broker.anonymous opens the broker on loopback only, not on {0}; set a user name and a password, or use 127.0.0.1"
    )]
    OpenToOthers(SocketAddr),
    /// A password that is none.
    #[error("the embedded broker's password is empty; set one, or leave the user name out: one is drawn then")]
    EmptyPassword,
    /// Its certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No random bits for a password.
    #[error(
        "this computer gave no random bits for the embedded broker's password; set one (embedded_broker.password_file)"
    )]
    Random,
    /// The listener.
    #[error("{address} {reason}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}

impl EmbeddedError {
    /// Whether settings are to be changed, rather than the machine.
    pub fn is_configuration(&self) -> bool {
        !matches!(self, Self::Random | Self::Listen { .. })
    }
}

/// The user name that goes with a drawn password.
const USERNAME: &str = "portal-agent";

/// BrokerCredentials that nobody can guess: 128 random bits.
///
/// # Errors
/// The operating system gave none.
pub fn draw_credentials() -> Result<BrokerCredentials, EmbeddedError> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|_| EmbeddedError::Random)?;
    Ok(BrokerCredentials::new(USERNAME, Secret::new(format!("{:032x}", u128::from_be_bytes(bits)))))
}

/// A running embedded broker.
///
/// Dropped without [`EmbeddedBroker::stop`], its connections are cut.
pub struct EmbeddedBroker {
    listener: Listener,
    secure: bool,
    credentials: Option<BrokerCredentials>,
}

impl EmbeddedBroker {
    /// Starts one. With [`EmbeddedAccess::Drawn`], `kept` are the credentials of an earlier start; without them, new ones
    /// are drawn.
    ///
    /// # Errors
    /// What [`EmbeddedOptions::check`] tells; an address that cannot be listened on.
    pub async fn start(options: &EmbeddedOptions, kept: Option<BrokerCredentials>) -> Result<Self, EmbeddedError> {
        options.check()?;
        let credentials = match &options.access {
            EmbeddedAccess::Anyone => None,
            EmbeddedAccess::Given(credentials) => Some(credentials.clone()),
            EmbeddedAccess::Drawn => Some(kept.map_or_else(draw_credentials, Ok)?),
        };
        let access = credentials.clone().map_or(Access::Anyone, |credentials| Access::Password {
            password: credentials.password().to_owned(),
            username: credentials.username,
        });
        let tls = options.tls()?;
        let secure = tls.is_some();
        let listener =
            Listener::start(ListenerOptions { address: options.listen, access, limits: options.limits.clone(), tls });
        let listener = listener.await?;
        if listener.most_clients() < options.limits.clients {
            let most = listener.most_clients();
            debug!(
                most,
                "the open file limit lets the embedded broker take fewer clients than embedded_broker.clients"
            );
        }
        Ok(Self { listener, secure, credentials })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Where it listens, as other clients write it.
    pub fn url(&self) -> BrokerUrl {
        BrokerUrl::of_listener(self.local_addr(), self.secure)
    }

    /// How this computer's own programs reach it: over loopback, without TLS.
    pub fn own_url(&self) -> BrokerUrl {
        // Its certificate is for the name by which others know this computer, which loopback is not.
        BrokerUrl::of_listener(self.listener.own_address(), false)
    }

    /// What it asks of every client; none: it lets in whoever comes.
    pub fn credentials(&self) -> Option<&BrokerCredentials> {
        self.credentials.as_ref()
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
