//! An HTTP server for whoever this computer lets connect: accepts within limits, with or without TLS, serves, and ends all its
//! connections.
//!
//! Lives here: sockets, limits and tasks. Does not live here: what is answered, and who has shown a token (`control`, `gateway`).

mod connection;
mod stream;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::library_error::os_reason;
pub use connection::{Connection, ConnectionLimits, TooManyConnections};
use connection::{Slots, Strangers};
use stream::BoundedStream;

/// How large a request's header may be, in bytes.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// How long answers under way may take when the server ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long nothing is accepted after the system refused (no file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a server is started with, besides its routes.
pub struct HttpServerOptions {
    /// What it is called in the log: `control API`, say.
    pub name: &'static str,
    /// For HTTPS.
    pub tls: Option<TlsAcceptor>,
    /// How long a client may take to send a request's header, and for the handshake of TLS; and how long an idle connection is
    /// kept.
    pub header_timeout: Duration,
    /// Who may connect, and for how long.
    pub limits: ConnectionLimits,
}

/// A running server; it owns its tasks. Each request has its [`Connection`] among its extensions, as an `Arc`.
#[derive(Debug)]
pub struct HttpServer(JoinHandle<()>);

impl HttpServer {
    /// Starts it; it ends when `ending` is cancelled.
    pub fn start(listener: TcpListener, options: HttpServerOptions, router: Router, ending: CancellationToken) -> Self {
        let serving = Arc::new(Serving { options, router, ending });
        Self(tokio::spawn(accept(listener, serving)))
    }

    /// Returns once it has ended: nothing more is accepted, answers under way have two seconds.
    pub async fn stopped(self) {
        // The task cannot panic; if the runtime is going it is gone already.
        let _ = self.0.await;
    }
}

/// What all connections share.
struct Serving {
    options: HttpServerOptions,
    router: Router,
    ending: CancellationToken,
}

async fn accept(listener: TcpListener, serving: Arc<Serving>) {
    let mut connections = JoinSet::new();
    let slots = Slots::new(&serving.options.limits);
    let mut strangers = Strangers::new(serving.options.limits.clone());
    let mut paused_until = None;
    loop {
        // While all strangers are newcomers, more of them wait in the listener's backlog.
        let pause = paused_until.take().max(strangers.room_from());
        tokio::select! {
            () = serving.ending.cancelled() => break,
            Some(_) = connections.join_next() => {}
            () = until(pause), if pause.is_some() => {}
            accepted = listener.accept(), if pause.is_none() => match accepted {
                Ok((stream, _)) => {
                    let connection = Arc::new(Connection::new(slots.clone()));
                    strangers.add(Arc::clone(&connection));
                    connections.spawn(serve(stream, connection, Arc::clone(&serving)));
                }
                Err(error) => {
                    let name = serving.options.name;
                    tracing::warn!("the {name} could not accept a connection: {}", os_reason(&error));
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

/// The routes, each request knowing the connection that it came by.
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

async fn serve(stream: TcpStream, connection: Arc<Connection>, serving: Arc<Serving>) {
    let name = serving.options.name;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{name} connection: {}", os_reason(&error));
    }
    let stream = BoundedStream::new(stream, Arc::clone(&connection));
    let Some(tls) = &serving.options.tls else { return serve_http(stream, connection, &serving).await };
    match tokio::time::timeout(serving.options.header_timeout, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_http(stream, connection, &serving).await,
        Ok(Err(error)) => tracing::debug!("{name} connection: no TLS: {}", os_reason(&error)),
        Err(_) => tracing::debug!("{name} connection: no TLS in time"),
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: Arc<Connection>,
    serving: &Serving,
) {
    let router = TowerToHyperService::new(serving.router.clone());
    let service = ConnectionService { router, connection: Arc::clone(&connection) };
    let serving_one = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.options.header_timeout)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving_one = pin!(serving_one);
    let ended = tokio::select! {
        ended = serving_one.as_mut() => ended,
        // Dropped in the middle, without a word: a stranger that sends byte after byte would keep its slot otherwise.
        () = connection.is_over(&serving.options.limits) => return,
        () = serving.ending.cancelled() => {
            serving_one.as_mut().graceful_shutdown();
            serving_one.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("{} connection: {error}", serving.options.name);
    }
}
