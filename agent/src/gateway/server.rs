//! The gateway's sockets: listens, with or without TLS, within limits, and ends all its connections.
//!
//! Lives here: sockets, limits and tasks. Does not live here: requests (`http`).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::library_error::os_reason;

/// How many connections stand at once; more wait in the listener's backlog.
const MOST_CONNECTIONS: usize = 256;
/// How long a client may take for its handshake, and for a request's header; how long an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How large a request's header may be, in bytes.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// How long answers under way may take when the server ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long nothing is accepted after the system refused (no file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The task that accepts.
pub(super) struct HttpServer(JoinHandle<()>);

impl HttpServer {
    pub(super) fn start(
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        router: Router,
        ending: CancellationToken,
    ) -> Self {
        Self(tokio::spawn(accept(listener, tls, router, ending)))
    }

    pub(super) async fn stopped(self) {
        // The task cannot panic; if the runtime is going it is gone already.
        let _ = self.0.await;
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, ending: CancellationToken) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // Never closed, so that there is always a permit to be had in the end.
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (listener.accept().await, permit)
        };
        tokio::select! {
            () = ending.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = accepted => match accepted {
                (Ok((stream, _)), permit) => {
                    let (tls, router, ending) = (tls.clone(), router.clone(), ending.clone());
                    connections.spawn(async move {
                        serve(stream, tls, router, ending).await;
                        drop(permit);
                    });
                }
                (Err(error), _) => {
                    tracing::warn!("the gateway could not accept a connection: {}", os_reason(&error));
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

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, ending: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("gateway connection: {}", os_reason(&error));
    }
    match tls {
        None => serve_http(stream, router, ending).await,
        Some(tls) => match tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => serve_http(stream, router, ending).await,
            Ok(Err(error)) => tracing::debug!("gateway connection: no TLS: {}", os_reason(&error)),
            Err(_) => tracing::debug!("gateway connection: no TLS in time"),
        },
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    ending: CancellationToken,
) {
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = ending.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("gateway connection: {error}");
    }
}
