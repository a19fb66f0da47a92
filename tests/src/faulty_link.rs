//! A TCP link between an agent and its broker that misbehaves on request.
//!
//! Lives here: a proxy that passes bytes on late, one at a time, or not at all, and connections that die without a word.
//! Does not live here: MQTT; packets that are dropped below TCP (`network`).

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// How many pieces may be under way in one direction; more make the sender wait, as a full buffer does.
const UNDER_WAY: usize = 1024;

/// What the link does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkBehaviour {
    /// Passes it on.
    Pass,
    /// Passes it on so much later, in both directions.
    Late(Duration),
    /// Passes it on in packets of one byte.
    Trickle,
    /// Neither reads nor writes; connections are taken and stay open.
    Silent,
}

/// A listening link; ends, with its connections, when it is dropped.
pub struct FaultyLink {
    port: u16,
    shared: Arc<LinkState>,
    task: JoinHandle<()>,
}

struct LinkState {
    broker: u16,
    manner: watch::Sender<LinkBehaviour>,
    /// The number of the first connection that is not stranded.
    stranded_below: watch::Sender<usize>,
    /// The number of the first connection that is not cut.
    cut_below: watch::Sender<usize>,
    taken: AtomicUsize,
}

impl FaultyLink {
    /// A link to the broker at this loopback port.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(broker: u16) -> Result<Self> {
        Self::start_on(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, broker)
    }

    /// A link that listens with this socket, which may be one of another network.
    ///
    /// # Errors
    /// A socket that cannot be used.
    pub fn start_on(listener: std::net::TcpListener, broker: u16) -> Result<Self> {
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(LinkState {
            broker,
            manner: watch::Sender::new(LinkBehaviour::Pass),
            stranded_below: watch::Sender::new(0),
            cut_below: watch::Sender::new(0),
            taken: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(TcpListener::from_std(listener)?, Arc::clone(&shared)));
        Ok(Self { port, shared, task })
    }

    /// Where the agent is to connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the agent is to connect, as a URL.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Behaves so from now on, on the connections that stand too.
    pub fn behave(&self, manner: LinkBehaviour) {
        self.shared.manner.send_replace(manner);
    }

    /// Leaves the agent alone with the connections that stand: they stay open on its side and nothing comes or goes on
    /// them any more; the broker sees them closed. New ones are passed on.
    pub fn strand(&self) {
        self.shared.stranded_below.send_replace(self.taken());
    }

    /// Closes the connections that stand, on both sides.
    pub fn cut(&self) {
        self.shared.cut_below.send_replace(self.taken());
    }

    /// How many connections were taken so far.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }
}

impl Drop for FaultyLink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<LinkState>) {
    let mut connections = JoinSet::new();
    while let Ok((agent, _)) = listener.accept().await {
        let number = shared.taken.fetch_add(1, Ordering::SeqCst);
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(agent, number, Arc::clone(&shared)));
    }
}

/// One connection, to its end.
async fn connection(agent: TcpStream, number: usize, shared: Arc<LinkState>) {
    let mut cut_below = shared.cut_below.subscribe();
    let passing = async {
        shared.passes().await;
        let Ok(broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.broker)).await else { return };
        if agent.set_nodelay(true).and(broker.set_nodelay(true)).is_err() {
            return;
        }
        pass_until_stranded(agent, broker, number, &shared).await;
    };
    tokio::select! {
        () = passing => {}
        _ = cut_below.wait_for(|below| *below > number) => {}
    }
}

async fn pass_until_stranded(agent: TcpStream, broker: TcpStream, number: usize, shared: &Arc<LinkState>) {
    let (mut from_agent, mut to_agent) = agent.into_split();
    let (mut from_broker, mut to_broker) = broker.into_split();
    let mut stranded_below = shared.stranded_below.subscribe();
    let is_stranded = {
        let both = async {
            tokio::join!(pass(&mut from_agent, &mut to_broker, shared), pass(&mut from_broker, &mut to_agent, shared))
        };
        tokio::select! {
            _ = both => false,
            _ = stranded_below.wait_for(|below| *below > number) => true,
        }
    };
    if is_stranded {
        drop((from_broker, to_broker));
        // The agent's side stays open until the connection is cut, or the link ends.
        std::future::pending::<()>().await;
    }
}

/// Passes on one direction: reads and writes go on by themselves, so that what is late does not wait for what is later.
async fn pass(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), shared: &LinkState) {
    let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reading = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            shared.passes().await;
            let late = match *shared.manner.borrow() {
                LinkBehaviour::Late(by) => by,
                _ => Duration::ZERO,
            };
            if sender.send((Instant::now() + late, buffer[..read].to_vec())).await.is_err() {
                return;
            }
        }
        drop(sender);
    };
    let writing = async {
        while let Some((at, piece)) = pieces.recv().await {
            sleep_until(at).await;
            shared.passes().await;
            if shared.write(to, &piece).await.is_err() {
                return;
            }
        }
        // The other side is told; an error says that it knows already.
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}

impl LinkState {
    /// Waits while the link is silent.
    async fn passes(&self) {
        // The sender lives as long as this.
        let _ = self.manner.subscribe().wait_for(|manner| *manner != LinkBehaviour::Silent).await;
    }

    async fn write(&self, to: &mut (impl AsyncWrite + Unpin), piece: &[u8]) -> std::io::Result<()> {
        for (place, byte) in piece.iter().enumerate() {
            if *self.manner.borrow() != LinkBehaviour::Trickle {
                return to.write_all(&piece[place..]).await;
            }
            to.write_all(std::slice::from_ref(byte)).await?;
            to.flush().await?;
            // So that the bytes are read one by one, not gathered in between.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets.
    async fn echo() -> Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        Ok(port)
    }

    async fn round(stream: &mut TcpStream) -> Result<[u8; 4]> {
        stream.write_all(b"ping").await?;
        let mut back = [0; 4];
        stream.read_exact(&mut back).await?;
        Ok(back)
    }

    #[tokio::test]
    async fn what_is_given_comes_out_whole_whatever_the_manner() -> Result<()> {
        let link = FaultyLink::start(echo().await?)?;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, link.port())).await?;
        for manner in [LinkBehaviour::Pass, LinkBehaviour::Trickle, LinkBehaviour::Late(Duration::from_millis(30))] {
            link.behave(manner);
            let start = Instant::now();
            assert_eq!(&round(&mut stream).await?, b"ping", "{manner:?}");
            if let LinkBehaviour::Late(by) = manner {
                assert!(start.elapsed() >= 2 * by, "late there and back");
            }
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_stranded_connection_is_silent_a_cut_one_is_closed_and_a_new_one_works() -> Result<()> {
        let link = FaultyLink::start(echo().await?)?;
        let mut old = TcpStream::connect((Ipv4Addr::LOCALHOST, link.port())).await?;
        round(&mut old).await?;
        link.strand();
        let mut new = TcpStream::connect((Ipv4Addr::LOCALHOST, link.port())).await?;
        assert_eq!(&round(&mut new).await?, b"ping");
        assert!(tokio::time::timeout(Duration::from_millis(100), round(&mut old)).await.is_err(), "nothing comes");
        link.cut();
        assert_eq!(old.read(&mut [0; 4]).await.unwrap_or(0), 0, "closed");
        assert_eq!(link.taken(), 2);
        Ok(())
    }
}
