//! The broker on the network: a listener, a task for each connection, and the broker's own clock.
//!
//! Lives here: starting and ending, accepting connections while there is room for them, and time limits before CONNECT.
//! Does not live here: what is sent and why (`engine`), and one connection's bytes (`serving`).

mod log;
mod room;
mod serving;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use self::log::Log;
use self::room::Room;
use crate::access::Access;
use crate::budget::Budget;
use crate::engine::{Broker, ConnectionId};
use crate::limits::Limits;

/// How long the broker rests after the operating system refused it a connection (no descriptors left, say).
const REST: Duration = Duration::from_secs(1);
/// How long a connection without CONNECT is safe from being closed for a newer one.
const GRACE: Duration = Duration::from_millis(250);
/// How long connections may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// How a broker is started.
#[derive(Debug, Clone)]
pub struct ListenerOptions {
    /// Where it listens; port 0: a free one.
    pub address: SocketAddr,
    /// Who is let in.
    pub access: Access,
    /// How much of everything it takes.
    pub limits: Limits,
    /// Its certificate and key, for TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl ListenerOptions {
    /// Whether clients of this computer need another way in than `address`.
    fn needs_own_way(&self) -> bool {
        // Over TLS its certificate may be for another name, and on an address of a network a password would leave the
        // computer's loopback in clear.
        self.tls.is_some() || !(self.address.ip().is_loopback() || self.address.ip().is_unspecified())
    }
}

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address that other computers reach, without a password or with an empty one.
    #[error("{0} is not on loopback, and no password is demanded")]
    NeedsPassword(SocketAddr),
    /// The operating system refused the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A running broker. Dropped without [`Listener::stop`], its connections are cut.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    own_address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the listener and its connections share.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The broker ends.
    stop: Notify,
    /// A connection left the ones that wait for their CONNECT.
    place_free: Notify,
    limits: Limits,
}

#[derive(Debug)]
struct State {
    broker: Broker,
    /// Wakes each connection's writer.
    writers: HashMap<ConnectionId, Arc<Notify>>,
    /// Connections whose CONNECT is not through, oldest first.
    waiting: BTreeMap<ConnectionId, (Instant, AbortHandle)>,
    log: Log,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a rule is a fault of that rule; the others still hold.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Wakes whoever has something to send, and logs what there is to tell.
    fn settle(&mut self, now: Instant) {
        for id in self.broker.take_woken() {
            if let Some(writer) = self.writers.get(&id) {
                writer.notify_one();
            }
        }
        for notice in self.broker.take_notices() {
            self.log.notice(&notice, now);
        }
    }
}

impl Listener {
    /// Listens.
    ///
    /// # Errors
    /// An address beyond loopback without a password; an address that cannot be listened on.
    pub async fn start(options: ListenerOptions) -> Result<Self, StartError> {
        let needs_own_way = options.needs_own_way();
        let ListenerOptions { address, access, mut limits, tls } = options;
        if !address.ip().is_loopback() && !access.demands_password() {
            return Err(StartError::NeedsPassword(address));
        }
        let (listener, address) = bind(address).await?;
        // The port is any that is free: only this computer's programs use it, and they read it from the state
        // directory.
        let own = if needs_own_way { Some(bind((Ipv4Addr::LOCALHOST, 0).into()).await?) } else { None };
        let own_address = own.as_ref().map_or_else(|| on_loopback(address), |(_, address)| *address);
        let room = Room::find(limits.clients);
        limits.clients = room.clients;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                broker: Broker::new(limits.clone(), access),
                writers: HashMap::new(),
                waiting: BTreeMap::new(),
                log: Log::default(),
            }),
            stop: Notify::new(),
            place_free: Notify::new(),
            limits,
        });
        let tls = tls.map(TlsAcceptor::from);
        let own = own.map(|(listener, _)| listener);
        let accepting = Accepting { listener, own, shared: shared.clone(), tls, room, last_id: 0 };
        Ok(Self { address, own_address, shared, task: tokio::spawn(accepting.run()) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where clients of this computer reach it without TLS: over loopback, always.
    pub fn own_address(&self) -> SocketAddr {
        self.own_address
    }

    /// The most clients that it takes: the limit, or fewer where the process may open fewer files.
    pub fn most_clients(&self) -> usize {
        self.shared.limits.clients
    }

    /// What everything that it keeps takes.
    pub fn memory(&self) -> Budget {
        self.shared.lock().broker.memory()
    }

    /// Ends it: clients are told, and what waits for them is sent if they take it in time.
    pub async fn stop(mut self) {
        self.shared.stop.notify_one();
        if tokio::time::timeout(ENDING, &mut self.task).await.is_err() {
            tracing::debug!("connections to the embedded broker did not end in time; they are cut");
        }
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Where a listener on every address is dialled from this computer.
fn on_loopback(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The next connection, and whether it came over TLS's listener.
async fn accept(listener: &TcpListener, own: Option<&TcpListener>) -> io::Result<(TcpStream, bool)> {
    let over_own = async {
        match own {
            Some(own) => own.accept().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        accepted = listener.accept() => accepted.map(|(socket, _)| (socket, true)),
        accepted = over_own => accepted.map(|(socket, _)| (socket, false)),
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task that accepts.
struct Accepting {
    listener: TcpListener,
    /// Without TLS, for this computer alone.
    own: Option<TcpListener>,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    room: Room,
    last_id: u64,
}

impl Accepting {
    async fn run(mut self) {
        let mut connections = JoinSet::new();
        let mut rest_until = None;
        loop {
            let (deadline, evict_at) = self.next_times();
            let accepts = evict_at.is_none() && rest_until.is_none();
            tokio::select! {
                () = self.shared.stop.notified() => break,
                accepted = accept(&self.listener, self.own.as_ref()), if accepts => match accepted {
                    Ok((socket, may_be_tls)) => self.begin(socket, may_be_tls, &mut connections),
                    Err(error) => {
                        self.shared.lock().log.cannot_accept(&error, Instant::now());
                        rest_until = Some(Instant::now() + REST);
                    }
                },
                // Sessions begin to wait where a connection ends, so this is also when a new deadline may have come.
                Some(_) = connections.join_next() => {}
                () = self.shared.place_free.notified(), if evict_at.is_some() => {}
                () = until(evict_at) => self.evict(),
                () = until(rest_until) => rest_until = None,
                () = until(deadline) => {
                    let mut state = self.shared.lock();
                    let now = Instant::now();
                    state.broker.tick(now);
                    state.settle(now);
                }
            }
        }
        {
            let mut state = self.shared.lock();
            state.broker.shut_down();
            state.settle(Instant::now());
        }
        drop((self.listener, self.own));
        while connections.join_next().await.is_some() {}
    }

    /// When the broker has something to do by itself; and, if too many connections wait for their CONNECT, from when on
    /// the oldest of them may be closed for a newer one.
    fn next_times(&self) -> (Option<Instant>, Option<Instant>) {
        let state = self.shared.lock();
        let full = state.waiting.len() >= self.room.waiting;
        let oldest = state.waiting.first_key_value().filter(|_| full);
        (state.broker.next_deadline(), oldest.map(|(_, (since, _))| *since + GRACE))
    }

    fn begin(&mut self, socket: TcpStream, may_be_tls: bool, connections: &mut JoinSet<()>) {
        self.last_id += 1;
        let id = ConnectionId(self.last_id);
        let _ = socket.set_nodelay(true); // refused: slower, and no worse
        let mut state = self.shared.lock();
        state.broker.open(id);
        let writer = Arc::new(Notify::new());
        state.writers.insert(id, writer.clone());
        let tls = self.tls.clone().filter(|_| may_be_tls);
        let registration = Registration { id, shared: self.shared.clone() };
        let task = connections.spawn(serving::serve(socket, tls, registration, writer));
        state.waiting.insert(id, (Instant::now(), task));
    }

    fn evict(&self) {
        let mut state = self.shared.lock();
        if let Some((_, (_, task))) = state.waiting.pop_first() {
            task.abort();
            state.log.evicted(Instant::now());
        }
    }
}

/// A connection that the broker knows; dropped, it is closed.
#[derive(Debug)]
struct Registration {
    id: ConnectionId,
    shared: Arc<Shared>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let now = Instant::now();
        state.broker.closed(self.id, now);
        state.writers.remove(&self.id);
        state.waiting.remove(&self.id);
        state.settle(now);
        drop(state);
        self.shared.place_free.notify_one();
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
