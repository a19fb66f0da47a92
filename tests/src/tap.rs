//! A tap between an agent and its broker: passes every byte on, and notes when the agent acknowledges a push.
//!
//! Lives here: reading packet boundaries and PUBACKs of the client's stream. Does not live here: any change to the traffic.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// MQTT's packet type of PUBACK, in the upper half of a packet's first byte.
const PUBACK: u8 = 4;

/// A listening tap; ends with its value.
pub struct PubackTap {
    port: u16,
    last_puback: watch::Receiver<Option<Instant>>,
    task: JoinHandle<()>,
}

impl PubackTap {
    /// A tap in front of the broker at this loopback port.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(broker: u16) -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let listener = TcpListener::from_std(listener)?;
        let (seen, last_puback) = watch::channel(None);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", broker)).await else { continue };
                let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
                let (from_client, to_client) = client.into_split();
                let (from_broker, to_broker) = upstream.into_split();
                let seen = seen.clone();
                tokio::spawn(pass(from_broker, to_client, None));
                tokio::spawn(pass(from_client, to_broker, Some(seen)));
            }
        });
        Ok(Self { port, last_puback, task })
    }

    /// Where the agent is to connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// When the agent's next acknowledgement after `moment` passed.
    ///
    /// # Errors
    /// None came in time.
    pub async fn wait_for_puback_after(&self, moment: Instant, limit: Duration) -> Result<Instant> {
        let mut last = self.last_puback.clone();
        let seen = last.wait_for(|at| at.is_some_and(|at| at > moment));
        let seen = tokio::time::timeout(limit, seen).await.context("no acknowledgement passed")??;
        seen.context("an instant")
    }
}

impl Drop for PubackTap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: Option<watch::Sender<Option<Instant>>>) {
    let mut buffer = vec![0; 64 * 1024];
    let mut packets = PacketReader::default();
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let now = Instant::now();
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        if let Some(seen) = seen.as_ref().filter(|_| packets.any(&buffer[..read], PUBACK)) {
            seen.send_replace(Some(now));
        }
    }
}

/// Where a stream stands between packets.
#[derive(Default)]
struct PacketReader {
    state: PacketPart,
}

#[derive(Clone, Copy, Default)]
enum PacketPart {
    #[default]
    Type,
    Length {
        value: usize,
        shift: u32,
    },
    Body(usize),
}

impl PacketReader {
    /// Whether a packet of this type begins in `bytes`.
    fn any(&mut self, bytes: &[u8], kind: u8) -> bool {
        let mut found = false;
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first() {
            match self.state {
                PacketPart::Type => {
                    found |= first >> 4 == kind;
                    self.state = PacketPart::Length { value: 0, shift: 0 };
                    rest = others;
                }
                PacketPart::Length { value, shift } => {
                    let value = value | usize::from(first & 0x7f) << shift;
                    let more = first & 0x80 != 0;
                    self.state = match (more, value) {
                        (true, _) => PacketPart::Length { value, shift: shift + 7 },
                        (false, 0) => PacketPart::Type,
                        (false, length) => PacketPart::Body(length),
                    };
                    rest = others;
                }
                PacketPart::Body(left) => {
                    let taken = left.min(rest.len());
                    self.state = if left == taken { PacketPart::Type } else { PacketPart::Body(left - taken) };
                    rest = &rest[taken..];
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_puback_is_found_wherever_the_stream_is_cut() {
        // PINGREQ, a PUBLISH of three bytes that look like a PUBACK, then a PUBACK.
        let stream = [0xc0, 0, 0x30, 3, 0x40, 0x40, 0x40, 0x40, 2, 0, 1];
        for cut in 0..=7 {
            let mut packets = PacketReader::default();
            assert!(!packets.any(&stream[..cut], PUBACK), "{cut}");
            assert!(packets.any(&stream[cut..], PUBACK), "{cut}");
        }
    }
}
