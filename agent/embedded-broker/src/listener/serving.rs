//! One connection's bytes, to the broker and back.
//!
//! Lives here: reading whole packets, writing what waits, and the time limits on both. Does not live here: what a packet
//! does (`engine`).

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::{Registration, Shared};
use crate::budget::{Budget, Charge};
use crate::codec::{self, Fault, Reason};
use crate::engine::{ConnectionId, ConnectionState};

/// How much is read at a time, at first; a busy connection gets more.
const SMALL_READ: usize = 2 * 1024;
const LARGE_READ: usize = 64 * 1024;
/// How many packets of one client are handled before others have their turn.
const TURN: usize = 64;
/// How long the client may take to close its end once we closed ours: what it still sends is thrown away meanwhile, as
/// closing a socket with unread bytes would take the last packet from it.
const LINGER: Duration = Duration::from_secs(1);

/// Serves a connection until it ends.
pub async fn serve(socket: TcpStream, tls: Option<TlsAcceptor>, registration: Registration, writer: Arc<Notify>) {
    let connect_by = Instant::now() + registration.shared.limits.connect_timeout;
    match tls {
        None => exchange(socket, &registration, &writer, connect_by).await,
        Some(acceptor) => {
            // The handshake is part of the time for CONNECT: whoever never ends it would hold a place without a
            // limit.
            if let Ok(Ok(socket)) = tokio::time::timeout_at(connect_by.into(), acceptor.accept(socket)).await {
                exchange(socket, &registration, &writer, connect_by).await;
            }
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite>(
    socket: S,
    registration: &Registration,
    writer: &Notify,
    connect_by: Instant,
) {
    let (shared, id) = (&*registration.shared, registration.id);
    let (read, write) = tokio::io::split(socket);
    let drained = Notify::new();
    let budget = shared.lock().broker.memory();
    let reading = Reading { shared, id, drained: &drained, budget, buffer: BytesMut::new(), large: None };
    // Whichever ends first ends the connection: the reader at the client's end, the writer once all is said.
    tokio::select! {
        () = reading.run(read, connect_by) => {}
        () = write_all(shared, id, write, writer, &drained) => {}
    }
}

struct Reading<'a> {
    shared: &'a Shared,
    id: ConnectionId,
    /// What waited for the client is less now.
    drained: &'a Notify,
    budget: Budget,
    buffer: BytesMut,
    /// What a large packet takes while it comes.
    large: Option<Charge>,
}

impl Reading<'_> {
    async fn run(mut self, read: impl AsyncRead, connect_by: Instant) {
        let mut read = std::pin::pin!(read);
        let mut step = SMALL_READ;
        loop {
            let Some(state) = self.handle() else { return };
            if state.closing {
                self.discard(&mut read).await;
                return;
            }
            if state.choked {
                self.drained.notified().await;
                continue;
            }
            if self.holds_packet(&state) {
                // One client with much to say keeps the others waiting for a turn at most.
                tokio::task::yield_now().await;
                continue;
            }
            if self.buffer.is_empty() && self.buffer.capacity() > SMALL_READ && step == SMALL_READ {
                self.buffer = BytesMut::new(); // an idle connection keeps no large buffer
            }
            self.buffer.reserve(step);
            let limit = match (state.accepted, state.silence) {
                (false, _) => Some(connect_by.saturating_duration_since(Instant::now())),
                (true, silence) => silence,
            };
            match within(limit, read.read_buf(&mut self.buffer)).await {
                Some(Ok(1..)) => {}
                Some(Ok(0) | Err(_)) => return,
                None if state.accepted => {
                    self.fail(Fault::new(Reason::KeepAliveTimeout, "it was silent for longer than its keep-alive"));
                }
                None => self.fail(Fault::new(Reason::Unspecified, "its CONNECT did not come in time")),
            }
            step = if self.buffer.len() >= step { (step * 2).min(LARGE_READ) } else { SMALL_READ };
        }
    }

    /// Gives the broker the packets that are there in full, so many at most.
    fn handle(&mut self) -> Option<ConnectionState> {
        let mut locked = self.shared.lock();
        let now = Instant::now();
        for _ in 0..TURN {
            let state = locked.broker.state(self.id)?;
            if state.closing || state.choked {
                break;
            }
            match codec::packet_length(&self.buffer, state.largest_packet) {
                Ok(Some(length)) if length <= self.buffer.len() => {
                    let packet = self.buffer.split_to(length);
                    self.large = None;
                    locked.broker.receive(self.id, &packet, now);
                }
                Ok(Some(length)) if length > LARGE_READ && self.large.is_none() => {
                    // Many clients with a large packet each must not take more than there is.
                    self.large = self.budget.charge(length);
                    if self.large.is_none() {
                        let fault = Fault::new(Reason::QuotaExceeded, "the broker's memory limit is reached");
                        locked.broker.fail(self.id, fault, now);
                    }
                    break;
                }
                Ok(_) => break,
                Err(fault) => {
                    locked.broker.fail(self.id, fault, now);
                    break;
                }
            }
        }
        let state = locked.broker.state(self.id)?;
        if state.accepted && locked.waiting.remove(&self.id).is_some() {
            self.shared.place_free.notify_one();
        }
        locked.settle(now);
        Some(state)
    }

    /// Whether a packet is there in full that was not handled in this turn.
    fn holds_packet(&self, state: &ConnectionState) -> bool {
        match codec::packet_length(&self.buffer, state.largest_packet) {
            Ok(Some(length)) => length <= self.buffer.len(),
            Ok(None) => false,
            Err(_) => true,
        }
    }

    fn fail(&self, fault: Fault) {
        let mut locked = self.shared.lock();
        let now = Instant::now();
        locked.broker.fail(self.id, fault, now);
        locked.settle(now);
    }

    /// Reads what the client still sends, until it closes.
    async fn discard(&mut self, read: &mut (impl AsyncRead + Unpin)) {
        loop {
            self.buffer.clear();
            self.buffer.reserve(SMALL_READ);
            if !matches!(read.read_buf(&mut self.buffer).await, Ok(1..)) {
                return;
            }
        }
    }
}

async fn write_all(shared: &Shared, id: ConnectionId, write: impl AsyncWrite, wake: &Notify, drained: &Notify) {
    let mut write = std::pin::pin!(write);
    let mut buffer = BytesMut::new();
    loop {
        let open = {
            let mut locked = shared.lock();
            let now = Instant::now();
            let open = locked.broker.take_output(id, &mut buffer, now);
            locked.settle(now);
            open
        };
        if !buffer.is_empty() {
            drained.notify_one();
            if put(&mut write, &buffer, shared.limits.write_timeout).await.is_err() {
                return;
            }
            // A buffer that was large once is not kept.
            buffer = if buffer.capacity() > LARGE_READ { BytesMut::new() } else { buffer };
            buffer.clear();
        } else if open {
            buffer = BytesMut::new();
            wake.notified().await;
        } else {
            let _ = timeout(LINGER, write.shutdown()).await; // it ends either way
            tokio::time::sleep(LINGER).await;
            return;
        }
    }
}

/// Writes all of it; an error once the client takes none of it for so long.
async fn put(write: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8], limit: Duration) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = timeout(limit, write.write(bytes)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(written..).unwrap_or_default();
    }
    // TLS keeps bytes back until it is flushed.
    timeout(limit, write.flush()).await.map_err(|_| io::ErrorKind::TimedOut)?
}

async fn within<T>(limit: Option<Duration>, doing: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => timeout(limit, doing).await.ok(),
        None => Some(doing.await),
    }
}
