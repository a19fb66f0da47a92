//! What the broker delivers, one message at a time.
//!
//! Lives here: the order of messages behind a push in hand, and what each is read as. Does not live here: what a push comes to.

use bytes::Bytes;
use portal_contract::{GroupList, IncomingTopic, NotificationId, PushTarget, RemoteAction};
use tracing::warn;

use super::{AfterCommit, DeviceLoop};
use crate::broker::AckToken;
use crate::control::Happened;
use crate::journal::JournalEntry;
use portal_device::{ArrivedPush, DeviceInput};

/// The largest payload that followers are told.
const LARGEST_TOLD: usize = 64 * 1024;
/// Of how many pushes that wait the journal is asked at once.
const ASKED_AT_ONCE: usize = 256;

/// What waits its turn.
pub(super) enum Waiting {
    /// A push.
    Push(Box<WaitingPush>),
    /// The list of groups, an action, or a fence of another life.
    Message { incoming: IncomingTopic, payload: Bytes, token: Option<AckToken> },
    /// The fence of this connection, behind everything that came before it.
    Fence { epoch: u64 },
}

/// A push as the broker delivered it.
pub(super) struct WaitingPush {
    /// As it is told to the device, once it is known whether its id is used.
    pub arrival: ArrivedPush,
    /// Its bytes, for those who follow.
    pub payload: Bytes,
    pub token: Option<AckToken>,
    pub redelivered: bool,
}

impl WaitingPush {
    fn id(&self) -> Option<&NotificationId> {
        self.arrival.payload.as_ref().ok().map(|notification| &notification.id)
    }
}

impl DeviceLoop {
    /// What arrives behind a push in hand waits for it (contract 3), and for the journal's word on its id.
    pub(super) fn work_through_waiting(&mut self) {
        while !self.device.is_showing_push() {
            if let Some((command, reply)) = self.commands.pop_front() {
                self.command(command, reply);
                continue;
            }
            let Some(first) = self.waiting.pop_front() else { return };
            match first {
                Waiting::Push(push) => match self.is_used(&push) {
                    Some(is_used) => self.push(*push, is_used),
                    None => return self.waiting.push_front(Waiting::Push(push)),
                },
                Waiting::Message { incoming, payload, token } => self.message(&incoming, &payload, token),
                // One of a connection that is gone says nothing of this one.
                Waiting::Fence { epoch } if epoch == self.epoch => self.happened(DeviceInput::FenceReturned),
                Waiting::Fence { .. } => {}
            }
        }
    }

    /// Whether the push's id is used, by what is only gathered yet too: a push that comes again may wait right behind
    /// itself. None: the journal has not said yet.
    fn is_used(&self, push: &WaitingPush) -> Option<bool> {
        let Some(id) = push.id() else { return Some(false) };
        self.outbox.is_used(id).or_else(|| self.used_ids.is_used(id))
    }

    /// Asks the journal of the pushes that wait, where the first of them waits for that.
    pub(super) fn ask_for_used_ids(&mut self) {
        let Some(Waiting::Push(first)) = self.waiting.front() else { return };
        // What is gathered is not the journal's to know yet; once it has room for that, the loop comes by again.
        let may_ask = !self.used_ids.is_asked() && self.outbox.has_no_entries();
        if may_ask && !self.device.is_showing_push() && self.is_used(first).is_none() {
            let ids = self.waiting.iter().take(ASKED_AT_ONCE).filter_map(|waiting| match waiting {
                Waiting::Push(push) => push.id().cloned(),
                Waiting::Message { .. } | Waiting::Fence { .. } => None,
            });
            let ids = ids.collect();
            self.used_ids.ask(&self.edges.journal, ids);
        }
    }

    fn push(&mut self, push: WaitingPush, id_used: bool) {
        let WaitingPush { mut arrival, payload, token, redelivered } = push;
        self.tell_of_arrival(arrival.target, &payload);
        let kept = arrival.retained && self.device.counts_retained(arrival.target);
        if id_used && (redelivered || kept) {
            // contract 3: a redelivery of a used id gets no receipt; what the broker keeps for later subscribers comes
            // with each subscribing
            self.redelivered = self.redelivered.saturating_add(1);
            self.outbox.write(JournalEntry::Redelivered { count: self.redelivered });
            self.changed();
            return self.acknowledge(token);
        }
        arrival.id_used = id_used;
        arrival.ack = token;
        // Its acknowledgement goes with its outcome, or with its being held.
        self.happened(DeviceInput::PushArrived(arrival));
    }

    fn message(&mut self, incoming: &IncomingTopic, payload: &[u8], token: Option<AckToken>) {
        match incoming {
            IncomingTopic::Groups => self.groups(payload),
            IncomingTopic::Action => self.action(payload),
            IncomingTopic::Notification(_) | IncomingTopic::Fence => {}
        }
        self.acknowledge(token);
    }

    fn tell_of_arrival(&mut self, target: PushTarget, payload: &[u8]) {
        self.tell(|| {
            let text = std::str::from_utf8(payload).ok().filter(|text| text.len() <= LARGEST_TOLD);
            Happened::Arrived { target, payload: text.map(str::to_owned), size: payload.len() }
        });
    }

    fn groups(&mut self, payload: &[u8]) {
        match GroupList::parse(payload) {
            Ok((list, ignored)) => {
                if !ignored.is_empty() {
                    warn!("entries of the group list are ignored: {}", ignored.join(", "));
                }
                self.happened(DeviceInput::GroupsHeard(list));
            }
            Err(why) => warn!("{why}; the list that was known stays"),
        }
    }

    fn action(&mut self, payload: &[u8]) {
        match RemoteAction::parse(payload) {
            Ok(action) => self.happened(DeviceInput::ActionArrived(action)),
            Err(why) => warn!("{why}; it is ignored"),
        }
    }

    pub(super) fn acknowledge(&mut self, token: Option<AckToken>) {
        if let Some(token) = token {
            self.outbox.after_commit(AfterCommit::Acknowledge(token));
        }
    }
}
