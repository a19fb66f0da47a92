//! A broker that keeps the device's session: what was not acknowledged is delivered again, with DUP, in order.
//!
//! It checks that messages are acknowledged once, in the order of arrival; that receipts are published in order without a gap
//! on each connection, from the first that has no PUBACK, and no more at once than it takes.
//!
//! Lives here: queue, connection, PUBACKs. Does not live here: whether what is acknowledged is durable (`rig`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use portal_contract::{DeviceState, IncomingTopic, NotificationId, Receipt};
use portal_device::{AckToken, ReceivedPush};

use crate::{ConnectionNumber, Message, Publish, PublishId, SessionInput};

/// The serial number that the test gave the push: its title, since ids may come twice.
pub(super) fn serial_of(push: &ReceivedPush) -> u64 {
    serial_of_title(&push.notification.notification_title)
}

pub(super) fn serial_of_title(title: &str) -> u64 {
    title.parse().expect("the test's pushes are titled with their serial number")
}

/// A message that the broker took from a sender.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) incoming: IncomingTopic,
    pub(super) payload: Bytes,
    /// Its serial number and id, where it is a push that can be read.
    pub(super) push: Option<(u64, NotificationId)>,
    pub(super) expiry_seconds: Option<u32>,
    pub(super) at_least_once: bool,
    was_delivered: bool,
}

impl Sent {
    pub(super) fn new(incoming: IncomingTopic, payload: String, push: Option<(u64, NotificationId)>) -> Self {
        let payload = payload.into_bytes().into();
        Self { incoming, payload, push, expiry_seconds: None, at_least_once: true, was_delivered: false }
    }
}

#[derive(Debug, Clone, Copy)]
enum Wire {
    Message(usize),
    Fence,
    Probe(u64),
}

#[derive(Debug, Default)]
struct Standing {
    is_online: bool,
    on_the_wire: VecDeque<Wire>,
    /// What was delivered and is not acknowledged: which message, and whether it was marked DUP.
    unacknowledged: BTreeMap<u64, (usize, bool)>,
    last_position: u64,
    last_acknowledged: u64,
    /// The publishes without a PUBACK.
    publishes: VecDeque<Publish>,
    last_published: Option<u64>,
}

#[derive(Debug)]
pub(super) struct ModelBroker {
    pub(super) sent: Vec<Sent>,
    /// What the session holds, in order.
    session: Vec<usize>,
    connection: Option<Standing>,
    pub(super) last_connection: u64,
    /// How many publishes it takes at once, and how many messages the device does.
    pub(super) publish_window: usize,
    pub(super) receive_maximum: usize,
    /// The receipts that it has taken, or refused for good.
    pub(super) taken: BTreeSet<u64>,
    pub(super) state: Option<DeviceState>,
    /// The device does not want to be connected.
    pub(super) is_unwanted: bool,
}

impl ModelBroker {
    pub(super) fn new() -> Self {
        Self {
            sent: Vec::new(),
            session: Vec::new(),
            connection: None,
            last_connection: 0,
            publish_window: 2,
            receive_maximum: 8,
            taken: BTreeSet::new(),
            state: None,
            is_unwanted: false,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// How many messages wait for their acknowledgement, or to be delivered.
    pub(super) fn backlog(&self) -> usize {
        self.session.len()
    }

    pub(super) fn keeps(&self, message: usize) -> bool {
        self.session.contains(&message)
    }

    /// Takes a message from a sender.
    pub(super) fn send(&mut self, sent: Sent) {
        let message = self.sent.len();
        self.sent.push(sent);
        self.session.push(message);
        if let Some(connection) = &mut self.connection {
            connection.on_the_wire.push_back(Wire::Message(message));
        }
    }

    pub(super) fn connect(&mut self) -> Option<SessionInput> {
        if self.is_connected() || self.is_unwanted {
            return None;
        }
        let session_present = self.last_connection > 0;
        self.last_connection += 1;
        let on_the_wire = self.session.iter().copied().map(Wire::Message).collect();
        self.connection = Some(Standing { on_the_wire, ..Standing::default() });
        let (connection, publish_window) = (ConnectionNumber(self.last_connection), self.publish_window);
        Some(SessionInput::Connected { connection, session_present, publish_window })
    }

    /// Answers the subscriptions; the fence follows what was held.
    pub(super) fn go_online(&mut self) -> Option<SessionInput> {
        let connection = self.connection.as_mut().filter(|connection| !connection.is_online)?;
        connection.is_online = true;
        connection.on_the_wire.push_back(Wire::Fence);
        Some(SessionInput::Online)
    }

    pub(super) fn disconnect(&mut self) -> Option<SessionInput> {
        self.connection.take().map(|_| SessionInput::Disconnected)
    }

    /// The device's process is gone.
    pub(super) fn crash(&mut self) {
        self.connection = None;
        self.is_unwanted = false;
    }

    pub(super) fn probe(&mut self, number: u64) {
        if let Some(connection) = &mut self.connection {
            connection.on_the_wire.push_back(Wire::Probe(number));
        }
    }

    /// Delivers at most so many of what is on the wire.
    pub(super) fn deliver(&mut self, count: usize) -> Vec<SessionInput> {
        let number = ConnectionNumber(self.last_connection);
        let mut inputs = Vec::new();
        while inputs.len() < count {
            let Some(connection) = &mut self.connection else { break };
            if connection.unacknowledged.len() >= self.receive_maximum {
                break;
            }
            let Some(next) = connection.on_the_wire.pop_front() else { break };
            inputs.push(match next {
                Wire::Message(message) => SessionInput::Message(self.message(message)),
                Wire::Fence => SessionInput::FenceReturned(number),
                Wire::Probe(number) => SessionInput::ProbeReturned(number),
            });
        }
        inputs
    }

    /// Delivers again what was only just delivered, as a cluster may that lost a node.
    pub(super) fn deliver_again(&mut self, is_marked: bool) -> Option<SessionInput> {
        let (message, _) = *self.connection.as_ref()?.unacknowledged.values().next_back()?;
        self.sent[message].was_delivered = is_marked;
        Some(SessionInput::Message(self.message(message)))
    }

    fn message(&mut self, message: usize) -> Message {
        let Sent { incoming, payload, expiry_seconds, at_least_once, was_delivered, .. } = self.sent[message].clone();
        self.sent[message].was_delivered = true;
        let connection = self.connection.as_mut().unwrap();
        let ack = if at_least_once {
            connection.last_position += 1;
            connection.unacknowledged.insert(connection.last_position, (message, was_delivered));
            Some(AckToken { connection: self.last_connection, position: connection.last_position })
        } else {
            self.session.retain(|held| *held != message);
            None
        };
        Message { incoming, payload, ack, redelivered: was_delivered, retained: false, expiry_seconds }
    }

    /// Takes an acknowledgement: which message it was for, and whether that was marked DUP; none where it came too late.
    pub(super) fn acknowledge(&mut self, ack: AckToken) -> Option<(usize, bool)> {
        let connection = self.connection.as_mut().filter(|_| ack.connection == self.last_connection)?;
        assert!(ack.position > connection.last_acknowledged, "acknowledged out of the order of arrival");
        connection.last_acknowledged = ack.position;
        let acknowledged = connection.unacknowledged.remove(&ack.position).expect("acknowledged once");
        self.session.retain(|held| *held != acknowledged.0);
        Some(acknowledged)
    }

    pub(super) fn publish(&mut self, publish: Publish, mark: u64) {
        let window = self.publish_window;
        let is_current = publish.connection == ConnectionNumber(self.last_connection);
        let Some(connection) = self.connection.as_mut().filter(|_| is_current) else { return };
        assert!(connection.is_online, "published before the subscriptions are answered");
        if let PublishId::Receipt(sequence) = publish.id {
            let expected = connection.last_published.unwrap_or(mark) + 1;
            assert_eq!(sequence, expected, "receipts are published in order, from the first without a PUBACK");
            connection.last_published = Some(sequence);
        }
        // The session drops what is beyond the window without a word, the device state like a receipt.
        assert!(connection.publishes.len() < window, "more than the broker takes");
        connection.publishes.push_back(publish);
    }

    /// Takes one of the publishes in flight.
    pub(super) fn take(&mut self, place: usize) -> Option<SessionInput> {
        let publish = self.in_flight(place)?;
        match publish.id {
            PublishId::State => self.state = Some(serde_json::from_slice(&publish.payload).unwrap()),
            PublishId::Receipt(sequence) => {
                let receipt: Receipt = serde_json::from_slice(&publish.payload).unwrap();
                assert_eq!(receipt.sequence, sequence);
                self.taken.insert(sequence);
            }
        }
        Some(SessionInput::Published(publish.id))
    }

    /// Refuses one of the publishes in flight.
    pub(super) fn refuse(&mut self, place: usize, for_good: bool) -> Option<SessionInput> {
        let publish = self.in_flight(place)?;
        if let PublishId::Receipt(sequence) = publish.id
            && for_good
        {
            self.taken.insert(sequence);
        }
        Some(SessionInput::PublishRefused { id: publish.id, detail: "NotAuthorized".to_owned(), for_good })
    }

    fn in_flight(&mut self, place: usize) -> Option<Publish> {
        let publishes = &mut self.connection.as_mut()?.publishes;
        let place = place.checked_rem(publishes.len())?;
        publishes.remove(place)
    }

    /// The publishes without a PUBACK, in order.
    pub(super) fn publishes(&self) -> Vec<PublishId> {
        self.connection.iter().flat_map(|connection| &connection.publishes).map(|publish| publish.id).collect()
    }
}
