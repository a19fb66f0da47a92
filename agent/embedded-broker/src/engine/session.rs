//! A session: what outlives a connection.
//!
//! Lives here: the queue, the messages in flight with their packet ids, the ids of half-finished QoS 2 messages, the
//! will. Does not live here: the connection's own state (`connection`), and other sessions (`engine`).

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::ids::ConnectionId;
use super::message::{Message, Queued};
use crate::budget::{Budget, Charge};
use crate::codec::QoS;
use crate::codec::Reason;
use crate::codec::writing::{Answer, Control};

/// Session expiry that never comes.
pub const NEVER: u32 = u32::MAX;

/// A will, until it is published or taken back.
#[derive(Debug)]
pub struct KeptWill {
    /// The message; its time counts from when it is published.
    pub message: Message,
    /// How long after the end of the connection.
    pub delay: Duration,
}

/// A message that was sent and not answered to the end.
#[derive(Debug)]
struct InFlight {
    id: u16,
    /// `None`: PUBREC came, and PUBREL is what is repeated.
    queued: Option<Queued>,
}

#[derive(Debug)]
pub struct Session {
    /// Whose.
    pub client_id: Box<str>,
    pub connection: Option<ConnectionId>,
    /// Seconds after the end of the connection; [`NEVER`].
    pub expiry: u32,
    /// Its filters, with what they take.
    pub filters: HashMap<Box<str>, Charge>,
    pub will: Option<KeptWill>,
    /// When the will of a connection that ended is published.
    pub will_due: Option<Instant>,
    /// When it ends, while it is away.
    pub ends_at: Option<Instant>,
    /// Since when it is away.
    pub away_since: Option<Instant>,
    /// QoS 2 messages of the client that wait for PUBREL.
    pub incoming: HashSet<u16>,
    pending: VecDeque<Queued>,
    in_flight: VecDeque<InFlight>,
    /// How many of `in_flight`, from the front, were sent on this connection.
    sent: usize,
    last_id: u16,
    _charge: Charge,
}

/// What a session takes before anything is in it.
const SESSION: usize = 1024;

impl Session {
    /// A new one; `None`: there is no room.
    pub fn new(client_id: &str, budget: &Budget) -> Option<Self> {
        Some(Self {
            _charge: budget.charge(SESSION + 2 * client_id.len())?,
            client_id: client_id.into(),
            connection: None,
            expiry: 0,
            filters: HashMap::new(),
            will: None,
            will_due: None,
            ends_at: None,
            away_since: None,
            incoming: HashSet::new(),
            pending: VecDeque::new(),
            in_flight: VecDeque::new(),
            sent: 0,
            last_id: 0,
        })
    }

    /// How many messages wait, sent or not.
    pub fn waiting(&self) -> usize {
        self.pending.len() + self.in_flight.len()
    }

    /// When something is to be done about it by itself.
    pub fn deadline(&self) -> Option<Instant> {
        [self.will_due, self.ends_at].into_iter().flatten().min()
    }

    /// Puts a message of QoS 1 or 2 at the end of the queue; `false`: it is full.
    pub fn enqueue(&mut self, queued: Queued, most: usize) -> bool {
        let room = self.waiting() < most;
        if room {
            self.pending.push_back(queued);
        }
        room
    }

    /// A new connection begins: all that is in flight is sent again, in its order, before what waits.
    pub fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Sends what the client's window and the connection's buffer have room for. Returns how many messages were too
    /// large for the client, which are dropped for it (MQTT 5, 3.1.2.11.4).
    pub fn pump(&mut self, connection: &mut Connection, budget: &Budget, now: Instant) -> usize {
        let mut too_large = 0;
        // The client's Receive Maximum counts what is not answered to its end (MQTT 5, 4.9); QoS 0 has a queue of its own.
        while self.sent < usize::from(connection.window) && connection.has_room() {
            if let Some(repeated) = self.in_flight.get(self.sent) {
                let fits = match &repeated.queued {
                    // The same packet id, and DUP: so the client tells that it is a repetition (MQTT 5, 4.4).
                    Some(queued) => connection.put_message(queued, repeated.id, true, now),
                    None => {
                        connection.send(Control::Answer(Answer::PubRel, repeated.id, Reason::Success, ""));
                        true
                    }
                };
                if fits {
                    self.sent += 1;
                } else {
                    too_large += 1;
                    self.in_flight.remove(self.sent);
                }
                continue;
            }
            let Some(next) = self.pending.front() else { break };
            if !connection.has_room_for(next, budget) {
                break;
            }
            let Some(queued) = self.pending.pop_front() else { break };
            // Only what was never sent expires: what is in flight is answered to its end (MQTT 5, 3.3.2.3.3).
            if queued.message.is_expired(now) {
                continue;
            }
            let id = self.free_id();
            if connection.put_message(&queued, id, false, now) {
                self.in_flight.push_back(InFlight { id, queued: Some(queued) });
                self.sent += 1;
            } else {
                too_large += 1;
            }
        }
        // A queue that was long once does not keep its room for ever.
        if self.pending.is_empty() && self.pending.capacity() > 1024 {
            self.pending = VecDeque::new();
        }
        too_large
    }

    /// The next packet id that is not in flight: there are 65,535, and a window is far smaller.
    fn free_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.in_flight.iter().any(|in_flight| in_flight.id == self.last_id) {
                return self.last_id;
            }
        }
    }

    /// Where a message that was sent on this connection stands. An id that was only sent on an earlier one is not
    /// answered yet: such an answer came late, and must not take this message away.
    fn position(&self, id: u16) -> Option<usize> {
        self.in_flight.iter().take(self.sent).position(|in_flight| in_flight.id == id)
    }

    /// PUBACK: the message is done.
    pub fn acknowledged(&mut self, id: u16) {
        self.finish(id, |in_flight| matches!(&in_flight.queued, Some(queued) if queued.qos == QoS::AtLeastOnce));
    }

    /// PUBREC: the message is the client's; whether the id is known.
    pub fn received(&mut self, id: u16, failed: bool) -> bool {
        let Some(in_flight) = self.position(id).and_then(|position| self.in_flight.get_mut(position)) else {
            return false;
        };
        match &in_flight.queued {
            Some(queued) if queued.qos != QoS::ExactlyOnce => return false,
            _ => in_flight.queued = None,
        }
        if failed {
            self.finish(id, |_| true);
        }
        true
    }

    /// PUBCOMP: the exchange is done.
    pub fn completed(&mut self, id: u16) {
        self.finish(id, |in_flight| in_flight.queued.is_none());
    }

    fn finish(&mut self, id: u16, fits: impl Fn(&InFlight) -> bool) {
        if let Some(position) = self.position(id)
            && self.in_flight.get(position).is_some_and(fits)
        {
            self.in_flight.remove(position);
            self.sent -= 1;
        }
    }
}
