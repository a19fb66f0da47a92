//! A broker to test, over TCP or without sockets.
//!
//! Lives here: carrying bytes to it. Does not live here: what they mean (`client`).

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use portal_embedded_broker::codec::packet_length;
use portal_embedded_broker::engine::{Broker, ConnectionId, Notice};
use portal_embedded_broker::{Access, Limits, Listener, ListenerOptions};
use tokio::runtime::Runtime;

/// How long a test waits for what should come.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where bytes go, and where they come from.
pub trait Transport {
    fn send(&mut self, bytes: &[u8]);
    /// Appends what comes next; `false`: the broker closed.
    fn receive(&mut self, into: &mut BytesMut) -> bool;
}

/// A broker under test.
pub enum World {
    Wire { runtime: Runtime, listener: Option<Listener>, address: SocketAddr },
    Engine(Rc<RefCell<Engine>>),
}

pub struct Engine {
    broker: Broker,
    now: Instant,
    last_id: u64,
}

impl World {
    /// Both kinds, with everything as it is by default.
    pub fn both() -> [Self; 2] {
        [Self::wire(Limits::default(), Access::Anyone), Self::engine(Limits::default())]
    }

    pub fn wire(limits: Limits, access: Access) -> Self {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        Self::start(ListenerOptions { address, access, limits, tls: None })
    }

    pub fn start(options: ListenerOptions) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(Listener::start(options)).unwrap();
        Self::Wire { address: listener.local_addr(), listener: Some(listener), runtime }
    }

    /// Without sockets; the test moves the clock.
    pub fn engine(limits: Limits) -> Self {
        let broker = Broker::new(limits, Access::Anyone);
        Self::Engine(Rc::new(RefCell::new(Engine { broker, now: Instant::now(), last_id: 0 })))
    }

    pub fn connection(&self) -> Box<dyn Transport> {
        match self {
            Self::Wire { address, .. } => {
                let socket = TcpStream::connect(address).unwrap();
                socket.set_read_timeout(Some(TIMEOUT)).unwrap();
                socket.set_nodelay(true).unwrap();
                Box::new(socket)
            }
            Self::Engine(engine) => {
                let mut inner = engine.borrow_mut();
                inner.last_id += 1;
                let id = ConnectionId(inner.last_id);
                inner.broker.open(id);
                Box::new(Direct { id, engine: engine.clone() })
            }
        }
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Wire { address, .. } => *address,
            Self::Engine(_) => panic!("no sockets here"),
        }
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        if let Self::Wire { runtime, listener, .. } = self
            && let Some(listener) = listener.take()
        {
            runtime.block_on(listener.stop());
        }
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: u64) {
        let mut engine = self.inner().borrow_mut();
        engine.now += Duration::from_secs(seconds);
        let now = engine.now;
        assert!(engine.broker.next_deadline().is_none_or(|deadline| deadline > now - Duration::from_secs(seconds)));
        engine.broker.tick(now);
    }

    /// The bytes that everything kept takes.
    pub fn memory(&self) -> usize {
        match self {
            Self::Wire { listener, .. } => listener.as_ref().map_or(0, |listener| listener.memory().used()),
            Self::Engine(engine) => engine.borrow().broker.memory().used(),
        }
    }

    pub fn notices(&self) -> Vec<Notice> {
        self.inner().borrow_mut().broker.take_notices()
    }

    fn inner(&self) -> &Rc<RefCell<Engine>> {
        match self {
            Self::Engine(engine) => engine,
            Self::Wire { .. } => panic!("the clock of a broker with sockets cannot be moved"),
        }
    }
}

struct Direct {
    id: ConnectionId,
    engine: Rc<RefCell<Engine>>,
}

impl Transport for Direct {
    fn send(&mut self, mut bytes: &[u8]) {
        let engine = &mut *self.engine.borrow_mut();
        while !bytes.is_empty() {
            let Some(state) = engine.broker.state(self.id) else { return };
            let length = match packet_length(bytes, state.largest_packet) {
                Ok(length) => length.filter(|length| *length <= bytes.len()).expect("a whole packet"),
                Err(fault) => return engine.broker.fail(self.id, fault, engine.now),
            };
            engine.broker.receive(self.id, &bytes[..length], engine.now);
            bytes = &bytes[length..];
        }
    }

    fn receive(&mut self, into: &mut BytesMut) -> bool {
        let engine = &mut *self.engine.borrow_mut();
        let mut buffer = BytesMut::new();
        let open = engine.broker.take_output(self.id, &mut buffer, engine.now);
        assert!(!open || !buffer.is_empty(), "nothing comes, and nothing will");
        into.extend_from_slice(&buffer);
        open
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        let engine = &mut *self.engine.borrow_mut();
        engine.broker.closed(self.id, engine.now);
    }
}

impl Transport for TcpStream {
    fn send(&mut self, bytes: &[u8]) {
        // The broker may have closed already; the answer then tells.
        let _ = self.write_all(bytes);
    }

    fn receive(&mut self, into: &mut BytesMut) -> bool {
        let mut chunk = [0; 64 * 1024];
        match self.read(&mut chunk) {
            Ok(0) => false,
            Ok(length) => {
                into.extend_from_slice(&chunk[..length]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing came: {error}"),
        }
    }
}
