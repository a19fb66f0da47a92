//! The control API's server: listens on loopback, owns its connections, ends them all.
//!
//! Lives here: sockets, limits and tasks. Does not live here: what is answered (`routes`), who is let in (`guard`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::api::ApiState;
use super::routes::router;
use super::{API_VERSION, ControlFile, ControlToken, RunningHost};
use crate::library_error::{cannot_listen, os_reason};

/// How many connections stand at once; more wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 256;
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
        // The two addresses that the check of Host knows; 127.0.0.2 would be served and never let in.
        if ![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].contains(&address.ip()) {
            return Err(ControlError::NotLoopback(address));
        }
        let refused = |reason| ControlError::Listen { address, reason };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let token = ControlToken::draw()?;
        let file = ControlFile {
            url: format!("http://{local}"),
            pid: std::process::id(),
            api_version: API_VERSION,
            token: token.clone(),
        };
        let ending = CancellationToken::new();
        let api = ApiState { host, token: Arc::new(token), port: local.port(), ending: ending.clone() };
        let accepting = tokio::spawn(accept(listener, router(api), ending.clone()));
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

async fn accept(listener: TcpListener, router: Router, ending: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = ending.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone(), ending.clone()));
                }
                Err(error) => {
                    tracing::warn!("the control API could not accept a connection: {}", os_reason(&error));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    // What is left then is aborted as the set is dropped.
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, all_ended).await;
}

async fn serve(stream: TcpStream, router: Router, ending: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("control connection: {error}");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ending.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("control connection: {error}");
    }
}
