//! One connection to the control API: what its other end has shown of itself, and how long it may stand and stall for that.
//!
//! A connection that has not shown the token is a stranger's: it has one answer and a few seconds, and strangers have slots of
//! their own, so that however many there are, whoever has the token finds room (contract 6).
//!
//! Lives here: standings, time limits, slots. Does not live here: accepting (`server`), the token's check (`guard`).

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use super::ApiError;

/// How many strangers' connections stand at once.
pub(super) const MAX_STRANGERS: usize = 64;
/// How long a stranger's connection stands at least before it makes room for another: the time in which a client with the
/// token has sent its request, on a busy computer too.
pub(super) const STRANGERS_LEAST: Duration = Duration::from_millis(250);
/// How long it stands at most.
pub(super) const STRANGERS_MOST: Duration = Duration::from_secs(10);
/// How many connections that have shown the token stand at once.
const MAX_HOLDERS: usize = 256;
/// How many requests that wait or follow are under way at once; the other holders' slots are for commands.
const MAX_LONG_REQUESTS: usize = 128;
/// How many of those may be followers of events, each of which may have events queued.
const MAX_EVENT_FOLLOWERS: usize = 64;
/// How long an answer may wait for a client that does not read.
const STALL: Duration = Duration::from_secs(20);
/// How long a stream may: its reader may be suspended for a while.
const FOLLOWERS_STALL: Duration = Duration::from_secs(600);

const STRANGER: u8 = 0;
const HOLDER: u8 = 1;
const FOLLOWER: u8 = 2;

/// What is known of a connection; its task, its requests and the server share it.
#[derive(Debug)]
pub(super) struct Connection {
    standing: AtomicU8,
    accepted: Instant,
    /// Cancelled where a stranger has to make room.
    leaving: CancellationToken,
    limits: ConnectionLimits,
    /// Held by a holder, until the connection ends.
    slot: std::sync::OnceLock<OwnedSemaphorePermit>,
}

/// The slots that all connections share.
#[derive(Debug, Clone)]
pub(super) struct ConnectionLimits {
    holders: Arc<Semaphore>,
    long_requests: Arc<Semaphore>,
    event_followers: Arc<Semaphore>,
}

/// A place among the requests that wait or follow; given back when it is dropped.
#[derive(Debug)]
pub(super) struct LongRequest {
    _places: [Option<OwnedSemaphorePermit>; 2],
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        let slots = |count| Arc::new(Semaphore::new(count));
        Self {
            holders: slots(MAX_HOLDERS),
            long_requests: slots(MAX_LONG_REQUESTS),
            event_followers: slots(MAX_EVENT_FOLLOWERS),
        }
    }
}

impl ConnectionLimits {
    /// A place for a request that waits, or follows receipts.
    pub(super) fn begin_long(&self) -> Result<LongRequest, ApiError> {
        let place = Arc::clone(&self.long_requests).try_acquire_owned().map_err(|_| too_many(MAX_LONG_REQUESTS))?;
        Ok(LongRequest { _places: [Some(place), None] })
    }

    /// A place for a follower of events.
    pub(super) fn begin_following(&self) -> Result<LongRequest, ApiError> {
        // A follower of events takes a place of both kinds: it is one of those that keep a connection for long, and
        // one of the few that may have megabytes queued.
        let LongRequest { _places: [place, _] } = self.begin_long()?;
        let events =
            Arc::clone(&self.event_followers).try_acquire_owned().map_err(|_| too_many(MAX_EVENT_FOLLOWERS))?;
        Ok(LongRequest { _places: [place, Some(events)] })
    }
}

fn too_many(most: usize) -> ApiError {
    let message = format!("{most} clients wait or follow already, which is as many as this daemon serves at once");
    ApiError::new("tooManyFollowers", message, "end some of them (log --follow, wait, scenario record)")
}

impl Connection {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self {
            standing: AtomicU8::new(STRANGER),
            accepted: Instant::now(),
            leaving: CancellationToken::new(),
            limits,
            slot: std::sync::OnceLock::new(),
        }
    }

    /// It has shown the token.
    ///
    /// # Errors
    /// As many connections have as there are slots for.
    pub(super) fn show_token(&self) -> Result<(), ApiError> {
        if self.slot.get().is_some() {
            return Ok(());
        }
        let slot = Arc::clone(&self.limits.holders).try_acquire_owned().map_err(|_| {
            let message = format!("{MAX_HOLDERS} connections are open already, which is as many as this daemon serves");
            ApiError::new("tooManyConnections", message, "end programs that keep connections to it open")
        })?;
        // A connection has one request at a time, so nobody else sets it meanwhile.
        let _ = self.slot.set(slot);
        // Only upwards: a follower is not made less of by the request that its connection was before.
        self.standing.fetch_max(HOLDER, Ordering::Relaxed);
        Ok(())
    }

    /// Its answer is a stream.
    pub(super) fn follows(&self) {
        self.standing.fetch_max(FOLLOWER, Ordering::Relaxed);
    }

    pub(super) fn is_stranger(&self) -> bool {
        self.standing.load(Ordering::Relaxed) == STRANGER
    }

    /// Returns once a stranger has been there for long enough, or has to make room; never for others.
    pub(super) async fn is_over(&self) {
        tokio::select! {
            () = self.leaving.cancelled() => {}
            () = tokio::time::sleep_until(self.accepted + STRANGERS_MOST) => {}
        }
        if !self.is_stranger() {
            std::future::pending::<()>().await;
        }
    }

    fn stall(&self) -> Duration {
        if self.standing.load(Ordering::Relaxed) == FOLLOWER { FOLLOWERS_STALL } else { STALL }
    }
}

/// The connections of strangers, oldest first.
#[derive(Debug, Default)]
pub(super) struct Strangers(VecDeque<Arc<Connection>>);

impl Strangers {
    /// The moment from which on there is room for another; none: now.
    pub(super) fn room_from(&mut self) -> Option<Instant> {
        // One that is held here alone has ended.
        self.0.retain(|connection| connection.is_stranger() && Arc::strong_count(connection) > 1);
        // No younger one is made to leave: a client with the token that connects now must have the time to send its
        // request, or a flood of strangers could lock it out (contract 6).
        let oldest = self.0.front().filter(|_| self.0.len() >= MAX_STRANGERS)?;
        Some(oldest.accepted + STRANGERS_LEAST).filter(|moment| *moment > Instant::now())
    }

    /// Takes one in; where there are too many, the oldest leaves.
    pub(super) fn add(&mut self, connection: Arc<Connection>) {
        if self.0.len() >= MAX_STRANGERS
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.leaving.cancel();
        }
        self.0.push_back(connection);
    }
}

/// The connection's socket: a write that the other end does not take within its time limit fails.
#[derive(Debug)]
pub(super) struct BoundedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl BoundedStream {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self { stream, connection, stalled: None }
    }

    /// What became of a write; one that has stalled for too long fails.
    fn written(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            // Any progress starts the time over: a slow reader is served, one that does not read is not.
            self.stalled = None;
            return written;
        }
        let stall = self.connection.stall();
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer")))
    }
}

impl AsyncRead for BoundedStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for BoundedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
