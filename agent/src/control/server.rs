//! The control API's server: listens on loopback, owns its connections, ends them all.
//!
//! Lives here: sockets, limits and tasks. Does not live here: what is answered (`routes`), who is let in (`guard`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use portal_contract::SettingsInForce;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::api::ApiState;
use super::connection::{BoundedStream, Connection, ConnectionLimits, Strangers};
use super::panel::{KeptPanel, PanelAccess};
use super::routes::router;
use super::{API_VERSION, ControlFile, ControlToken, NothingKept, PanelFile, RunningHost};
use crate::library_error::{cannot_listen, os_reason};

/// How long a client may take to send a request's header, and how long an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How large a request's header may be, in bytes.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// How long answers under way may take when the server ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long nothing is accepted after the system refused (no file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    ending: CancellationToken,
    accepting: JoinHandle<()>,
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
        let limits = ConnectionLimits::default();
        let (port, limits_of_requests) = (local.port(), limits.clone());
        let api = ApiState {
            host,
            token: Arc::new(token),
            panel: Arc::new(PanelAccess::open(local.port(), kept, panel_file)?),
            port,
            limits: limits_of_requests,
            settings: Arc::new(settings),
            ending: ending.clone(),
        };
        let accepting = tokio::spawn(accept(listener, router(api), limits, ending.clone()));
        Ok(Self { file, ending, accepting })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.file.url
    }

    /// What a client needs to know.
    pub fn control_file(&self) -> &ControlFile {
        &self.file
    }

    /// Ends it: nothing more is accepted, streams and waits end, answers under way have two seconds.
    pub async fn stop(self) {
        self.ending.cancel();
        // The task cannot panic; if the runtime is going it is gone already.
        let _ = self.accepting.await;
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

async fn accept(listener: TcpListener, router: Router, limits: ConnectionLimits, ending: CancellationToken) {
    let mut connections = JoinSet::new();
    let mut strangers = Strangers::default();
    let mut paused_until = None;
    loop {
        // While all strangers are newcomers, more of them wait in the listener's backlog.
        let pause = paused_until.take().max(strangers.room_from());
        tokio::select! {
            () = ending.cancelled() => break,
            Some(_) = connections.join_next() => {}
            () = until(pause), if pause.is_some() => {}
            accepted = listener.accept(), if pause.is_none() => match accepted {
                Ok((stream, _)) => {
                    let connection = Arc::new(Connection::new(limits.clone()));
                    strangers.add(Arc::clone(&connection));
                    connections.spawn(serve(stream, connection, router.clone(), ending.clone()));
                }
                Err(error) => {
                    tracing::warn!("the control API could not accept a connection: {}", os_reason(&error));
                    paused_until = Some(Instant::now() + ACCEPT_PAUSE);
                }
            },
        }
    }
    // Closed first: whoever comes now is refused at once, and does not wait for a server that ends.
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    // What is left then is aborted as the set is dropped.
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, all_ended).await;
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The API, each request knowing the connection that it came by.
#[derive(Debug)]
struct ConnectionService {
    router: TowerToHyperService<Router>,
    connection: Arc<Connection>,
}

impl Service<hyper::Request<Incoming>> for ConnectionService {
    type Response = <TowerToHyperService<Router> as Service<hyper::Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<hyper::Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<hyper::Request<Incoming>>>::Future;

    fn call(&self, mut request: hyper::Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(Arc::clone(&self.connection));
        self.router.call(request)
    }
}

async fn serve(stream: TcpStream, connection: Arc<Connection>, router: Router, ending: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("control connection: {}", os_reason(&error));
    }
    let stream = BoundedStream::new(stream, Arc::clone(&connection));
    let service = ConnectionService { router: TowerToHyperService::new(router), connection: Arc::clone(&connection) };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        // Dropped in the middle, without a word: a stranger that sends byte after byte would keep its slot otherwise.
        () = connection.is_over() => return,
        () = ending.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("control connection: {error}");
    }
}
