//! What the broker delivers, one message at a time.
//!
//! Lives here: the order of messages behind a push in hand, and what each is read as. Does not live here: what a push comes to.

use portal_shared::{Action, CustomNotification, GroupList, Incoming, NotificationId};
use tracing::warn;

use super::{AfterCommit, DeviceLoop};
use crate::broker::AckToken;
use crate::device::{Arrival, Event};
use crate::journal::{Entry, JournalError};

/// What waits for the push in hand.
pub(super) enum Waiting {
    /// A message.
    Message(Message),
    /// The connection's own fence.
    Fence,
}

/// A message as the broker delivered it.
pub(super) struct Message {
    pub incoming: Incoming,
    pub payload: bytes::Bytes,
    pub token: Option<AckToken>,
    pub redelivered: bool,
    pub retained: bool,
    pub expiry_seconds: Option<u32>,
}

impl DeviceLoop {
    /// What arrives behind a push in hand waits for it (contract 3).
    pub(super) fn work_through_waiting(&mut self) -> Result<(), JournalError> {
        while !self.device.has_push_in_hand() {
            if let Some((command, reply)) = self.commands.pop_front() {
                self.command(command, reply);
                continue;
            }
            match self.waiting.pop_front() {
                Some(Waiting::Message(message)) => self.message(message)?,
                Some(Waiting::Fence) => self.happened(Event::FenceReturned),
                None => break,
            }
        }
        Ok(())
    }

    fn message(&mut self, message: Message) -> Result<(), JournalError> {
        self.in_work = message.token;
        match message.incoming {
            Incoming::Notification(target) => {
                let payload = CustomNotification::parse(&message.payload);
                let id_used = match &payload {
                    Ok(notification) => self.is_used(&notification.id)?,
                    Err(_) => false,
                };
                let kept = message.retained && self.device.counts_retained(target);
                if id_used && (message.redelivered || kept) {
                    // contract 3: a redelivery of a used id gets no receipt; what the broker keeps for later
                    // subscribers comes with each subscribing
                    self.redelivered = self.redelivered.saturating_add(1);
                    self.outbox.write(Entry::Redelivered { count: self.redelivered });
                    self.changed();
                } else {
                    let Message { retained, expiry_seconds, .. } = message;
                    let arrival = Arrival { payload, target, retained, id_used, expiry_seconds };
                    self.happened(Event::PushArrived(arrival));
                    // Its acknowledgement goes with its outcome, or with its being held.
                    return Ok(());
                }
            }
            Incoming::Groups => self.groups(&message.payload),
            Incoming::Action => self.action(&message.payload),
            Incoming::Fence => {}
        }
        self.acknowledge_in_work();
        Ok(())
    }

    /// Whether the id is used, by what is only gathered yet too: a push that comes again may wait right behind itself.
    fn is_used(&self, id: &NotificationId) -> Result<bool, JournalError> {
        self.outbox.is_used(id).map_or_else(|| self.edges.journal.is_used(id), Ok)
    }

    fn groups(&mut self, payload: &[u8]) {
        match GroupList::parse(payload) {
            Ok((list, ignored)) => {
                if !ignored.is_empty() {
                    warn!("entries of the group list are ignored: {}", ignored.join(", "));
                }
                self.happened(Event::GroupsHeard(list));
            }
            Err(why) => warn!("{why}; the list that was known stays"),
        }
    }

    fn action(&mut self, payload: &[u8]) {
        match Action::parse(payload) {
            Ok(action) => self.happened(Event::ActionArrived(action)),
            Err(why) => warn!("{why}; it is ignored"),
        }
    }

    pub(super) fn acknowledge_in_work(&mut self) {
        if let Some(token) = self.in_work.take() {
            self.outbox.after_commit(AfterCommit::Acknowledge(token));
        }
    }
}
