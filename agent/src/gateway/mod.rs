//! The gateway: Microsoft Graph's calls over HTTP become messages at the broker, as Intune's service sends them.
//!
//! Lives here: what it is started with, starting and ending it. Does not live here: what a call means (`portal_graph`), sockets
//! (`http_server`), requests (`http`), the connection to the broker (`link`), where its files lie (the command line).

mod certificates;
mod http;
mod link;
mod state;
mod telling;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portal_graph::{Faults, Gateway};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use certificates::{GatewayCertificates, make_certificates};
pub use http::fresh_token;
use link::BrokerLink;
use state::GatewayState;

use crate::http_server::{ConnectionLimits, HttpServer, HttpServerOptions};
use crate::library_error::cannot_listen;
use crate::mqtt::{TlsError, server_config};
use crate::sender::SenderOptions;

/// How long a client may take to send a request's header, and how long an idle connection is kept: SDKs keep theirs.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Who is told the groups of all tenants, as JSON, whenever they changed.
pub type GroupKeeper = Arc<dyn Fn(Vec<u8>) + Send + Sync>;

/// Who is told the latest sends, as `GET /emulator/notifications` has them, whenever they changed.
pub type SendsTeller = Arc<dyn Fn(Vec<serde_json::Value>) + Send + Sync>;

/// What a gateway is started with.
pub struct GatewayOptions {
    /// Where it listens; port 0 is a free one.
    pub listen: SocketAddr,
    /// Certificate and key, for HTTPS.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The brokers, tried in turn; never empty.
    pub brokers: Vec<SenderOptions>,
    /// The calls, with tokens, limits and what is known of groups.
    pub gateway: Gateway,
    /// Whether callers need no token; then a request's `Host` must be loopback, so that no page of another name gets in.
    pub open: bool,
    /// What befalls requests on purpose.
    pub faults: Option<Faults>,
    /// Who keeps the groups.
    pub keep_groups: GroupKeeper,
    /// Who shows the latest sends.
    pub tell_sends: Option<SendsTeller>,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address cannot be had.
    #[error("the gateway does not start: {}", cannot_listen(*address, reason))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running gateway; it owns its tasks.
pub struct RunningGateway {
    url: String,
    state: Arc<GatewayState>,
    ending: CancellationToken,
    server: HttpServer,
    link: BrokerLink,
}

impl RunningGateway {
    /// Starts it: it listens when this returns, and connects to the broker meanwhile.
    ///
    /// # Errors
    /// Its address or its certificate cannot be had.
    pub async fn start(options: GatewayOptions) -> Result<Self, GatewayError> {
        let tls = options.certificate.as_ref().map(|(certificate, key)| {
            server_config(("gateway's certificate", certificate), ("gateway's key", key)).map(TlsAcceptor::from)
        });
        let tls = tls.transpose()?;
        let address = options.listen;
        let refused = |reason| GatewayError::Listen { address, reason };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{local}");
        let ending = CancellationToken::new();
        let state = Arc::new(GatewayState::new(
            options.gateway,
            url.clone(),
            options.open,
            options.faults,
            options.keep_groups,
            ending.clone(),
        ));
        if let Some(tell) = options.tell_sends {
            tokio::spawn(telling::tell_sends(Arc::clone(&state), tell));
        }
        let link = BrokerLink::start(options.brokers, Arc::clone(&state), ending.clone());
        let options = HttpServerOptions {
            name: "gateway",
            tls,
            header_timeout: HEADER_TIMEOUT,
            limits: ConnectionLimits::default(),
        };
        let server = HttpServer::start(listener, options, http::router(Arc::clone(&state)), ending.clone());
        Ok(Self { url, state, ending, server, link })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns once the broker's devices are known, or with why they are not: the first attempt to connect has failed.
    ///
    /// # Errors
    /// A sentence.
    pub async fn connected(&self) -> Result<(), String> {
        self.state.settled().await
    }

    /// Ends it: nothing more is accepted, answers under way have two seconds.
    pub async fn stop(self) {
        self.ending.cancel();
        self.server.stopped().await;
        self.link.stopped().await;
    }
}
