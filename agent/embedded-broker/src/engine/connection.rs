//! One connection: what ends with it.
//!
//! Lives here: the bytes that wait to be sent, the client's own limits, topic aliases, messages of QoS 0. Does not live
//! here: what outlives it (`session`), and the socket (`listener`).

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::ids::SessionId;
use super::message::Queued;
use crate::budget::Budget;
use crate::codec::packets::Connect;
use crate::codec::writing::{Control, PublishOut};
use crate::codec::{QoS, Version};

/// Messages wait in their queue, not in the buffer, while this much waits to be sent.
const BUFFER: usize = 64 * 1024;
/// Nothing more is read from a client while this many bytes wait for it.
const CHOKED: usize = 256 * 1024;
/// The largest packet before CONNECT is through: a will of 64 KiB with its topic and its properties fits.
pub const LARGEST_CONNECT: usize = 160 * 1024;

#[derive(Debug)]
pub struct Connection {
    /// The session that it carries; none before CONNECT, and none once it ends.
    pub session: Option<SessionId>,
    /// `None` before CONNECT.
    pub version: Option<Version>,
    /// What waits to be sent.
    pub out: BytesMut,
    /// Nothing more is read; what waits is sent, then the socket is closed.
    pub closing: bool,
    /// Whether the listener was told that something waits.
    pub woken: bool,
    /// The most messages in flight.
    pub window: u16,
    /// One and a half times the client's keep-alive.
    pub silence: Option<Duration>,
    /// Messages of QoS 0 that found no room in the buffer.
    pub queue: VecDeque<Queued>,
    /// The client's topic aliases.
    pub aliases: HashMap<u16, Box<str>>,
    maximum_packet_size: usize,
    problem_information: bool,
    /// Our topic aliases, and how many the client takes.
    our_aliases: HashMap<Box<str>, u16>,
    most_aliases: u16,
}

impl Connection {
    /// A connection whose CONNECT has not come.
    pub fn new() -> Self {
        Self {
            session: None,
            version: None,
            out: BytesMut::new(),
            closing: false,
            woken: false,
            window: 0,
            silence: None,
            queue: VecDeque::new(),
            aliases: HashMap::new(),
            maximum_packet_size: usize::MAX,
            problem_information: true,
            our_aliases: HashMap::new(),
            most_aliases: 0,
        }
    }

    /// Takes what CONNECT says of the client.
    pub fn accept(&mut self, connect: &Connect<'_>, largest_window: u16, most_aliases: u16) {
        self.version = Some(connect.version);
        self.maximum_packet_size = connect.maximum_packet_size;
        self.problem_information = connect.problem_information;
        self.window = connect.receive_maximum.min(largest_window);
        self.most_aliases = connect.topic_alias_maximum.min(most_aliases);
        // One and a half times the keep-alive; 0 turns it off (MQTT 5, 3.1.2.10).
        self.silence = (connect.keep_alive > 0).then(|| Duration::from_millis(u64::from(connect.keep_alive) * 1500));
    }

    /// The version, once it is known; before, 3.1.1's form is the one that every client reads.
    pub fn version(&self) -> Version {
        self.version.unwrap_or(Version::V311)
    }

    /// Whether messages may go into the buffer.
    pub fn has_room(&self) -> bool {
        self.out.len() < BUFFER
    }

    /// Whether nothing more should be read from the client for now.
    pub fn is_choked(&self) -> bool {
        self.out.len() >= CHOKED
    }

    /// Whether a message may go into the buffer: a large one is copied only while there is memory for the copy.
    pub fn has_room_for(&self, queued: &Queued, budget: &Budget) -> bool {
        self.has_room() && (queued.message.size < BUFFER || budget.has_room(queued.message.size))
    }

    /// Sends a packet that is not a message; without its sentence where the client does not want one or the packet
    /// would be too large. One that is too large even so ends the connection: it cannot be left out.
    pub fn send(&mut self, packet: Control<'_>) {
        // These may say why whatever the client wants, the others only where it wants it (MQTT 5, 3.1.2.11.7).
        let always = matches!(packet, Control::ConnAck(_) | Control::Refused(..) | Control::Disconnect(..));
        let packet = if self.problem_information || always { packet } else { packet.without_sentence() };
        let before = self.out.len();
        packet.write(self.version(), &mut self.out);
        if self.out.len() - before > self.maximum_packet_size {
            self.out.truncate(before);
            packet.without_sentence().write(self.version(), &mut self.out);
        }
        if self.out.len() - before > self.maximum_packet_size {
            self.out.truncate(before);
            self.closing = true;
        }
    }

    /// Sends what waits of QoS 0 while the buffer has room; how many messages were too large for the client.
    pub fn pump(&mut self, budget: &Budget, now: Instant) -> usize {
        let mut too_large = 0;
        while let Some(next) = self.queue.front()
            && self.has_room_for(next, budget)
            && let Some(queued) = self.queue.pop_front()
        {
            if !queued.message.is_expired(now) && !self.put_message(&queued, 0, false, now) {
                too_large += 1;
            }
        }
        too_large
    }

    /// Puts a message into the buffer; `false`: it is larger than the client takes.
    pub fn put_message(&mut self, queued: &Queued, id: u16, dup: bool, now: Instant) -> bool {
        let message = &*queued.message;
        let known = self.our_aliases.get(&message.topic).copied();
        // The topic goes along once, with the alias that stands for it from then on.
        let fresh = u16::try_from(self.our_aliases.len() + 1).ok().filter(|&alias| alias <= self.most_aliases);
        let packet = PublishOut {
            dup: dup && queued.qos != QoS::AtMostOnce,
            qos: queued.qos,
            retain: queued.retain,
            topic: if known.is_some() { "" } else { &message.topic },
            id,
            alias: known.or(fresh),
            expiry: message.remaining(now),
            identifiers: &queued.identifiers,
            forwarded: &message.forwarded,
            payload: &message.payload,
        };
        if packet.size(self.version()) > self.maximum_packet_size {
            return false;
        }
        packet.write(self.version(), &mut self.out);
        // Only now that it is written: the client knows no alias of a packet that it was not sent.
        if let (None, Some(alias)) = (known, fresh) {
            self.our_aliases.insert(message.topic.clone(), alias);
        }
        true
    }
}
