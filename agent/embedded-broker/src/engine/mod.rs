//! The broker's rules, without input or output: bytes of a packet and the time go in, bytes for each connection come out.
//!
//! Lives here: the broker as the listener sees it, and which packet goes to which rule. Does not live here: sockets and
//! time limits on them (`listener`), and the packets' form (`codec`).

mod connecting;
mod connection;
mod ids;
mod message;
mod publishing;
mod retained;
mod session;
mod subscribing;
mod subscriptions;

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use connection::{Connection, LARGEST_CONNECT};
pub use ids::ConnectionId;
use ids::SessionId;
use retained::Retained;
use session::Session;
use subscriptions::Subscriptions;

use crate::access::Access;
use crate::budget::Budget;
use crate::codec::incoming;
use crate::codec::packets::Incoming;
use crate::codec::writing::{Answer, Control};
use crate::codec::{Fault, Reason};
use crate::limits::Limits;

/// The most messages in flight to one client, and the most open QoS 2 messages of one.
const WINDOW: u16 = 1000;
/// The most topic aliases, in each direction of a connection.
const ALIASES: u16 = 16;
/// The most of a client id that a log line gets.
const SHOWN_CLIENT_ID: usize = 64;

/// The most notices that one packet leaves; the log would leave the rest out anyway.
const MOST_NOTICES: usize = 100;

/// What kind of thing a log line is about; lines of one kind are limited together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// A client was not let in.
    Refused,
    /// A connection was ended, since the client broke a rule.
    Ended,
    /// A message was not taken.
    PublishRefused,
    /// A subscription was not taken.
    SubscriptionRefused,
    /// A message was dropped for one client.
    Dropped,
    /// A session that was away ended with messages waiting.
    SessionEnded,
}

/// Something that the log should tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The kind.
    pub kind: NoticeKind,
    /// The client's id, cut short and not escaped.
    pub client: String,
    /// A sentence's part.
    pub detail: &'static str,
}

/// What the listener needs to know of a connection after each packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionState {
    /// CONNECT is through.
    pub accepted: bool,
    /// No packet of it is read any more.
    pub closing: bool,
    /// So much waits for it that nothing more should be read for now.
    pub choked: bool,
    /// How long it may be silent.
    pub silence: Option<Duration>,
    /// The largest packet that it may send.
    pub largest_packet: usize,
}

/// The broker.
#[derive(Debug)]
pub struct Broker {
    limits: Limits,
    access: Access,
    budget: Budget,
    connections: HashMap<ConnectionId, Connection>,
    sessions: HashMap<SessionId, Session>,
    by_client: HashMap<Box<str>, SessionId>,
    subscriptions: Subscriptions,
    retained: Retained,
    /// Sessions with something to be done by themselves.
    deadlines: BTreeSet<(Instant, SessionId)>,
    /// Sessions without a connection, the one that is away longest first.
    away: BTreeSet<(Instant, SessionId)>,
    woken: Vec<ConnectionId>,
    notices: Vec<Notice>,
    last_session: u64,
    /// Makes assigned client ids differ from those of another run.
    run: u64,
}

impl Broker {
    /// A broker with nothing in it.
    pub fn new(limits: Limits, access: Access) -> Self {
        Self {
            budget: Budget::new(limits.memory),
            retained: Retained::new(limits.retained_messages, limits.retained_bytes),
            limits,
            access,
            connections: HashMap::new(),
            sessions: HashMap::new(),
            by_client: HashMap::new(),
            subscriptions: Subscriptions::default(),
            deadlines: BTreeSet::new(),
            away: BTreeSet::new(),
            woken: Vec::new(),
            notices: Vec::new(),
            last_session: 0,
            run: RandomState::new().hash_one(0),
        }
    }

    /// What everything that is kept takes, in bytes.
    pub fn memory(&self) -> Budget {
        self.budget.clone()
    }

    /// A connection begins.
    pub fn open(&mut self, id: ConnectionId) {
        self.connections.insert(id, Connection::new());
    }

    /// A connection's state; `None`: it was never opened, or is closed.
    pub fn state(&self, id: ConnectionId) -> Option<ConnectionState> {
        self.connections.get(&id).map(|connection| ConnectionState {
            accepted: connection.session.is_some(),
            closing: connection.closing,
            choked: connection.is_choked(),
            silence: connection.silence,
            largest_packet: if connection.version.is_some() { self.limits.packet_size } else { LARGEST_CONNECT },
        })
    }

    /// A packet came, in full.
    pub fn receive(&mut self, id: ConnectionId, packet: &[u8], now: Instant) {
        let Some(connection) = self.connections.get(&id) else { return };
        if connection.closing {
            return;
        }
        match incoming::read(connection.version, packet) {
            Ok(Incoming::Connect(connect)) => {
                if let Err(fault) = self.connect(id, &connect, now) {
                    self.refuse(id, connect.version, connect.client_id, fault);
                }
            }
            // Before CONNECT no version is agreed on: the answer is in the one that the packet names, where it names one.
            Err(fault) if connection.version.is_none() => match incoming::version_to_answer(packet) {
                Some(version) => self.refuse(id, version, "", fault),
                None => self.fail(id, fault, now),
            },
            Ok(packet) => {
                if let Some(session) = connection.session
                    && let Err(fault) = self.obey(id, session, packet, now)
                {
                    self.fail(id, fault, now);
                }
            }
            Err(fault) => self.fail(id, fault, now),
        }
    }

    /// One packet of a client that is let in.
    fn obey(&mut self, id: ConnectionId, key: SessionId, packet: Incoming<'_>, now: Instant) -> Result<(), Fault> {
        match packet {
            Incoming::Publish(publish) => return self.publish(id, key, publish, now),
            Incoming::Subscribe(subscribe) => self.subscribe(id, key, &subscribe, now),
            Incoming::Unsubscribe { id: packet, filters } => self.unsubscribe(id, key, packet, &filters),
            Incoming::PubAck { id: packet } => self.with_session(key, |session| session.acknowledged(packet)),
            Incoming::PubRec { id: packet, failed } => {
                // A PUBREC with an error ends the exchange, and no PUBREL follows it (MQTT 5, 4.3.3). One of an unknown id is
                // answered all the same, so that the exchange ends on the client's side, too.
                let known = self.sessions.get_mut(&key).is_some_and(|session| session.received(packet, failed));
                if !known && !failed {
                    self.send(id, Control::Answer(Answer::PubRel, packet, Reason::PacketIdNotFound, ""));
                } else if known && !failed {
                    self.send(id, Control::Answer(Answer::PubRel, packet, Reason::Success, ""));
                }
            }
            Incoming::PubComp { id: packet } => self.with_session(key, |session| session.completed(packet)),
            Incoming::PubRel { id: packet } => {
                // PUBCOMP goes out for an unknown id as well: the first one may have been lost with a connection.
                let known = self.sessions.get_mut(&key).is_some_and(|session| session.incoming.remove(&packet));
                let reason = if known { Reason::Success } else { Reason::PacketIdNotFound };
                self.send(id, Control::Answer(Answer::PubComp, packet, reason, ""));
            }
            Incoming::PingReq => self.send(id, Control::PingResp),
            Incoming::Disconnect { with_will, session_expiry } => {
                return self.disconnect(id, key, with_will, session_expiry, now);
            }
            Incoming::Auth => return Err(Fault::protocol("AUTH came, and no authentication is under way")),
            Incoming::Connect(_) => return Err(Fault::protocol("there was a second CONNECT")),
        }
        // Any packet may have made room or work: an answer frees the window, a subscription brings retained messages.
        self.pump(key, now);
        Ok(())
    }

    fn with_session(&mut self, key: SessionId, act: impl FnOnce(&mut Session)) {
        if let Some(session) = self.sessions.get_mut(&key) {
            act(session);
        }
    }

    /// Ends a connection for a reason, which an MQTT 5 client is told.
    pub fn fail(&mut self, id: ConnectionId, fault: Fault, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.closing {
            return;
        }
        if connection.version.is_some() {
            connection.send(Control::Disconnect(fault.reason, fault.detail));
        }
        connection.closing = true;
        self.wake(id);
        let client = self.client_of(id);
        self.notice(NoticeKind::Ended, &client, fault.detail);
        self.detach(id, true, now);
    }

    /// The socket is gone.
    pub fn closed(&mut self, id: ConnectionId, now: Instant) {
        self.detach(id, true, now);
        self.connections.remove(&id);
    }

    /// Takes what waits for a connection into `buffer`, which is empty. `false`: nothing waits and nothing will, so the
    /// socket can be closed.
    pub fn take_output(&mut self, id: ConnectionId, buffer: &mut BytesMut, now: Instant) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        connection.woken = false;
        if connection.out.is_empty() {
            return !connection.closing;
        }
        // Swapped and not copied: this is under the lock that all connections share.
        std::mem::swap(&mut connection.out, buffer);
        if let Some(key) = connection.session {
            self.pump(key, now);
        }
        true
    }

    /// The connections for which something waits since this was last asked.
    pub fn take_woken(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.woken)
    }

    /// What the log should tell since this was last asked.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Tells every client that the broker ends.
    pub fn shut_down(&mut self) {
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            self.send(id, Control::Disconnect(Reason::ServerShuttingDown, "the broker ends"));
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.closing = true;
            }
            self.wake(id);
        }
    }

    fn send(&mut self, id: ConnectionId, packet: Control<'_>) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.send(packet);
            self.wake(id);
        }
    }

    fn wake(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id)
            && !connection.woken
        {
            connection.woken = true;
            self.woken.push(id);
        }
    }

    /// Sends what a session's client has room for.
    fn pump(&mut self, key: SessionId, now: Instant) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let Some(id) = session.connection else { return };
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.closing {
            return;
        }
        let too_large = connection.pump(&self.budget, now) + session.pump(connection, &self.budget, now);
        if !connection.out.is_empty() {
            self.wake(id);
        }
        if too_large > 0 {
            let client = self.client_of(id);
            self.notice(NoticeKind::Dropped, &client, "it takes no packet of that size");
        }
    }

    fn client_of(&self, id: ConnectionId) -> String {
        let session = self.connections.get(&id).and_then(|connection| connection.session);
        session
            .and_then(|key| self.sessions.get(&key))
            .map_or_else(String::new, |session| session.client_id.to_string())
    }

    fn notice(&mut self, kind: NoticeKind, client: &str, detail: &'static str) {
        if self.notices.len() < MOST_NOTICES {
            let client = client.chars().take(SHOWN_CLIENT_ID).collect();
            self.notices.push(Notice { kind, client, detail });
        }
    }
}
