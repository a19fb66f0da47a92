//! The control API's server: listens on loopback, with a new token at each start.
//!
//! Lives here: its address, its token, what its requests share. Does not live here: connections (`http_server`), what is answered
//! (`routes`), who is let in (`guard`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use portal_contract::SettingsInForce;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::api::ApiState;
use super::gateway_sends::GatewaySends;
use super::long_requests::LongRequestPlaces;
use super::panel::{KeptPanel, PanelAccess};
use super::recording::Recordings;
use super::routes::router;
use super::scenario_run::ScenarioRuns;
use super::{API_VERSION, ControlFile, ControlToken, NothingKept, PanelFile, RunningHost};
use crate::http_server::{ConnectionLimits, HttpServer, HttpServerOptions};
use crate::library_error::cannot_listen;

/// How long a client may take to send a request's header, and how long an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the control API does not start.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The address is not loopback.
    #[error("the control API listens on 127.0.0.1 or [::1] only, not on {0}; use 127.0.0.1:0")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("the control API does not start: {}; set control.listen to another port, or to 127.0.0.1:0 for a free one", cannot_listen(*address, reason))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// The operating system gave no random bits for the token.
    #[error("this computer gave no random bits; restart it, or look at its system log")]
    Random(#[from] getrandom::Error),
}

/// A running server; it owns its tasks.
#[derive(Debug)]
pub struct ControlServer {
    file: ControlFile,
    gateway_sends: GatewaySends,
    ending: CancellationToken,
    server: HttpServer,
}

impl ControlServer {
    /// Starts serving the devices of `host` on a loopback address (port 0: a free one), with a new token.
    ///
    /// # Errors
    /// The address is not loopback or cannot be had.
    pub async fn start<H: RunningHost>(address: SocketAddr, host: H) -> Result<Self, ControlError> {
        Self::start_with(address, host, SettingsInForce::default(), Arc::new(NothingKept)).await
    }

    /// The same, with the settings that the daemon was started with, and a place for what of the page outlives the daemon. With port
    /// 0 it listens where open pages look for it, where that port is free.
    ///
    /// # Errors
    /// As there.
    pub async fn start_with<H: RunningHost>(
        address: SocketAddr,
        host: H,
        settings: SettingsInForce,
        panel_file: Arc<dyn PanelFile>,
    ) -> Result<Self, ControlError> {
        // The two addresses that the check of Host knows; 127.0.0.2 would be served and never let in.
        if ![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].contains(&address.ip()) {
            return Err(ControlError::NotLoopback(address));
        }
        let refused = |reason| ControlError::Listen { address, reason };
        let kept = KeptPanel::read(&*panel_file, crate::wall_clock::now());
        let listener = listen(address, kept.as_ref()).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let token = ControlToken::draw()?;
        let file = ControlFile {
            url: format!("http://{local}"),
            pid: std::process::id(),
            api_version: API_VERSION,
            token: token.clone(),
        };
        let ending = CancellationToken::new();
        let gateway_sends = GatewaySends::default();
        let api = ApiState {
            host,
            token: Arc::new(token),
            panel: Arc::new(PanelAccess::open(local.port(), kept, panel_file)?),
            port: local.port(),
            places: LongRequestPlaces::default(),
            recordings: Arc::new(Recordings::default()),
            scenarios: Arc::new(ScenarioRuns::default()),
            gateway_sends: gateway_sends.clone(),
            settings: Arc::new(settings),
            ending: ending.clone(),
        };
        let options = HttpServerOptions {
            name: "control API",
            tls: None,
            header_timeout: HEADER_TIMEOUT,
            limits: ConnectionLimits::default(),
        };
        let server = HttpServer::start(listener, options, router(api), ending.clone());
        Ok(Self { file, gateway_sends, ending, server })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.file.url
    }

    /// Where a gateway that runs in this daemon tells what was sent through it.
    pub fn gateway_sends(&self) -> &GatewaySends {
        &self.gateway_sends
    }

    /// What a client needs to know.
    pub fn control_file(&self) -> &ControlFile {
        &self.file
    }

    /// Ends it: nothing more is accepted, streams and waits end, answers under way have two seconds.
    pub async fn stop(self) {
        self.ending.cancel();
        self.server.stopped().await;
    }
}

async fn listen(address: SocketAddr, kept: Option<&KeptPanel>) -> io::Result<TcpListener> {
    if let Some(kept) = kept.filter(|_| address.port() == 0)
        && let Ok(listener) = TcpListener::bind((address.ip(), kept.port)).await
    {
        return Ok(listener);
    }
    TcpListener::bind(address).await
}
