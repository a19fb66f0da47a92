//! The half of a client that is polled: it dials, and moves bytes both ways.
//!
//! Lives here: the socket, TLS, the time of a ping. Does not live here: what the packets mean (`flow`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};
use tokio_util::io::poll_read_buf;

use super::LARGEST_PACKET;
use super::client::{ConnectOptions, MqttEvent, MqttRequest};
use super::connection_failure::ConnectionFailure;
use super::endpoint::{BrokerUrl, MqttVersion};
use super::flow::{OwnLimits, PacketFlow};
use super::flow_end::FlowEnd;
use super::packet::{self, BrokerPacket, FrameError, MalformedPacket, RefusalKind, ShortPacket};

/// Where more than this waits to be sent, no further request is taken until the broker has read some.
const MOST_UNSENT: usize = 256 * 1024;

/// Bytes of unacknowledged messages that any broker may send, however small the limits are.
const LEAST_BYTES: usize = 4 * 1024 * 1024;

/// Room for what is read at a time, at least; an idle connection keeps it, so a thousand devices take 8 MiB at most.
const READ_SIZE: usize = 8 * 1024;

trait ByteStream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> ByteStream for T {}

/// The half that is polled.
pub(crate) struct MqttConnection {
    url: BrokerUrl,
    tls: Option<Arc<ClientConfig>>,
    own: OwnLimits,
    keep_alive: Duration,
    /// Whether retained messages may be sent, if the broker says nothing else.
    retain: bool,
    requests: mpsc::Receiver<MqttRequest>,
    /// CONNECT, until it is sent. It holds the password.
    connect: Result<BytesMut, MalformedPacket>,
    live: Option<LiveStream>,
}

struct LiveStream {
    stream: Box<dyn ByteStream>,
    read: BytesMut,
    /// What came together with CONNACK is not looked at yet.
    unlooked: bool,
    flow: PacketFlow,
    unflushed: bool,
    ping: Pin<Box<Sleep>>,
    ping_every: Duration,
}

/// What a broker that keeps to both limits may have this side hold, and not less than [`LEAST_BYTES`].
fn most_bytes(options: &ConnectOptions<'_>) -> usize {
    const USUAL_PACKET: u32 = 64 * 1024;
    let packet = options.maximum_packet_size.min(USUAL_PACKET) as usize;
    (usize::from(options.receive_maximum) * packet).max(LEAST_BYTES)
}

impl MqttConnection {
    pub(super) fn new(options: ConnectOptions<'_>, requests: mpsc::Receiver<MqttRequest>) -> Self {
        let announces = options.protocol == MqttVersion::Mqtt5;
        let own = OwnLimits {
            version: options.protocol,
            receive_maximum: usize::from(if announces { options.receive_maximum } else { u16::MAX }),
            most_bytes: most_bytes(&options),
            // 3.1.1 cannot announce a limit, so any packet must be taken: one refused comes for ever (decisions/0002).
            largest: if announces && options.maximum_packet_size < LARGEST_PACKET {
                options.maximum_packet_size as usize
            } else {
                usize::MAX
            },
            manual_acks: options.manual_acks,
        };
        Self {
            url: options.url.clone(),
            own,
            keep_alive: options.keep_alive,
            retain: options.will.as_ref().is_none_or(|will| will.retain),
            requests,
            connect: packet::connect(&options),
            tls: options.tls,
            live: None,
        }
    }

    /// The next event; the first is CONNACK. Cancel-safe once that has come; until then, poll it to its end or give the
    /// connection up.
    pub(crate) async fn poll(&mut self) -> Result<MqttEvent, ConnectionFailure> {
        let Self { url, requests, live, .. } = self;
        if let Some(live) = live {
            return std::future::poll_fn(|cx| live.poll_event(url, requests, cx)).await;
        }
        self.dial().await
    }

    async fn dial(&mut self) -> Result<MqttEvent, ConnectionFailure> {
        let mut stream = self.stream().await?;
        // Taken out: it holds the password, which stays in memory no longer than it takes to send it.
        let connect = std::mem::replace(&mut self.connect, Err(MalformedPacket));
        let connect = connect.map_err(|_| ConnectionFailure::within(&self.url))?;
        let failure = |error: &io::Error| ConnectionFailure::of_io(&self.url, error);
        stream.write_all(&connect).await.map_err(|error| failure(&error))?;
        stream.flush().await.map_err(|error| failure(&error))?;
        let mut read = BytesMut::new();
        let answer = loop {
            match packet::take_frame(&mut read, self.own.largest) {
                Ok(Some(frame)) => break packet::read(self.own.version, frame),
                Ok(None) => {}
                Err(FrameError::Malformed) => break Err(MalformedPacket),
                Err(FrameError::TooLarge { size }) => return Err(ConnectionFailure::too_large(&self.url, size)),
            }
            let more = std::future::poll_fn(|cx| poll_read(&mut stream, &mut read, cx)).await;
            if more.map_err(|error| failure(&error))? == 0 {
                return Err(ConnectionFailure::closed(&self.url));
            }
        };
        let (session_present, mut limits, keep_alive_seconds) = match answer {
            Ok(BrokerPacket::Accepted { session_present, limits, keep_alive_seconds }) => {
                (session_present, limits, keep_alive_seconds)
            }
            Ok(BrokerPacket::Refused { sentence, kind }) => {
                let retain = kind == RefusalKind::RetainNotSupported;
                return Err(ConnectionFailure::refused(&self.url, &sentence, retain));
            }
            Ok(BrokerPacket::Disconnect { sentence, kind }) => {
                return Err(ConnectionFailure::told(&self.url, &sentence, kind));
            }
            Ok(_) | Err(MalformedPacket) => return Err(ConnectionFailure::not_by_the_rules(&self.url)),
        };
        limits.retain_available &= self.retain;
        // The broker's keep-alive counts where it is shorter. 0 is none: pings then only show that the broker is there.
        let server = keep_alive_seconds.filter(|seconds| *seconds > 0).map(u64::from).map(Duration::from_secs);
        let ping_every = server.map_or(self.keep_alive, |server| server.min(self.keep_alive));
        tracing::debug!(url = %self.url, session_present, ?limits, keep_alive = ?ping_every, "CONNACK");
        self.live = Some(LiveStream {
            stream,
            read,
            unlooked: true,
            flow: PacketFlow::new(self.own, limits),
            unflushed: false,
            ping: Box::pin(tokio::time::sleep(ping_every)),
            ping_every,
        });
        Ok(MqttEvent::Connected { session_present, limits })
    }

    async fn stream(&self) -> Result<Box<dyn ByteStream>, ConnectionFailure> {
        let failure = |error: &io::Error| ConnectionFailure::of_io(&self.url, error);
        let tcp = TcpStream::connect((self.url.host(), self.url.port())).await.map_err(|error| failure(&error))?;
        // Without it every third acknowledgement waits for Nagle (decisions/0012: 13 against 33 thousand a second).
        tcp.set_nodelay(true).map_err(|error| failure(&error))?;
        let Some(config) = &self.tls else { return Ok(Box::new(tcp)) };
        let name = ServerName::try_from(self.url.host().to_owned())
            .map_err(|_| ConnectionFailure::no_certificate_name(&self.url))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(config));
        let secure = connector.connect(name, tcp).await.map_err(|error| failure(&error))?;
        Ok(Box::new(secure))
    }
}

impl LiveStream {
    fn poll_event(
        &mut self,
        url: &BrokerUrl,
        requests: &mut mpsc::Receiver<MqttRequest>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<MqttEvent, ConnectionFailure>> {
        loop {
            if let Some(event) = self.flow.events.pop_front() {
                return Poll::Ready(Ok(event));
            }
            while self.flow.out.len() < MOST_UNSENT
                && let Poll::Ready(Some(request)) = requests.poll_recv(cx)
            {
                if let Err(end) = self.flow.request(request) {
                    return Poll::Ready(Err(self.end(url, end, cx)));
                }
            }
            match self.poll_send(cx) {
                Poll::Ready(Ok(())) if self.flow.ending => return Poll::Ready(Ok(MqttEvent::DisconnectSent)),
                Poll::Ready(Ok(())) | Poll::Pending => {}
                // What the broker said before it closed is worth more than that nothing can be sent.
                Poll::Ready(Err(error)) => {
                    let said = self.last_words(cx).map(|end| self.end(url, end, cx));
                    return Poll::Ready(Err(said.unwrap_or_else(|| ConnectionFailure::of_io(url, &error))));
                }
            }
            // Nothing is read while events wait: a broker that sends faster than its messages are taken waits in its
            // own socket, and memory stays bounded.
            if self.flow.events.is_empty() {
                let more = match std::mem::take(&mut self.unlooked) {
                    true if !self.read.is_empty() => Poll::Ready(Ok(self.read.len())),
                    // The next acknowledgement wakes this.
                    _ if !self.flow.may_read() => Poll::Pending,
                    _ => poll_read(&mut self.stream, &mut self.read, cx),
                };
                match more {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(ConnectionFailure::closed(url))),
                    Poll::Ready(Ok(_)) => {
                        if let Err(end) = self.flow.take_packets(&mut self.read) {
                            return Poll::Ready(Err(self.end(url, end, cx)));
                        }
                        // A broker that never stops sending must hear from this side all the same.
                        if Instant::now() >= self.ping.deadline() && !self.flow.pong_awaited() {
                            self.ping.as_mut().reset(Instant::now() + self.ping_every);
                            self.flow.ping();
                        }
                        continue;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(ConnectionFailure::of_io(url, &error))),
                    Poll::Pending => {}
                }
                if self.ping.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.ping.as_mut().reset(Instant::now() + self.ping_every);
                if !self.flow.may_read() {
                    self.flow.ping_unheard();
                } else if !self.flow.ping() {
                    return Poll::Ready(Err(ConnectionFailure::unanswered_ping(url)));
                }
            }
        }
    }

    /// Sends what waits to be sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.flow.out.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.flow.out))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            // Taken off at once: the poll may be given up behind any write, and the next one must not send a byte
            // twice.
            self.flow.out.advance(sent);
            self.unflushed = true;
        }
        if self.unflushed {
            // TLS keeps what it has until it is flushed.
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// What ends the connection in what the broker has sent and was not read yet.
    fn last_words(&mut self, cx: &mut Context<'_>) -> Option<FlowEnd> {
        while let Poll::Ready(Ok(1..)) = poll_read(&mut self.stream, &mut self.read, cx) {
            if let Err(end) = self.flow.take_packets(&mut self.read) {
                return Some(end);
            }
        }
        None
    }

    /// The end's sentence; the broker is told, as far as its socket takes it at once.
    fn end(&mut self, url: &BrokerUrl, end: FlowEnd, cx: &mut Context<'_>) -> ConnectionFailure {
        if let Some(reason) = end.reason() {
            ShortPacket::Disconnect(reason).write(self.flow.version(), &mut self.flow.out);
            // Not waited for: a broker that does not read is often why the connection ends.
            let _ = self.poll_send(cx);
        }
        ConnectionFailure::of_flow(url, end)
    }
}

fn poll_read(stream: &mut Box<dyn ByteStream>, read: &mut BytesMut, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    // Into the buffer itself: a chunk on the stack would be zeroed and copied for each read. No TCP_QUICKACK after it: pushes then
    // come one by one from a broker with Nagle's algorithm, fewer share a commit, and 30 % fewer a second become durable.
    read.reserve(READ_SIZE);
    poll_read_buf(Pin::new(stream), cx, read)
}
