//! What the broker delivers, one message at a time, in the order of arrival.
//!
//! Lives here: what waits behind a push in flight and for the journal's word on an id. Does not live here: what a push comes
//! to (`portal_device`).

use portal_contract::{CustomNotification, DeviceEventKind, GroupList, IncomingTopic, RemoteAction};
use portal_device::{AckToken, ArrivedPush, DeviceInput};

use crate::action::Action;
use crate::entry::{JournalEntry, UsedId};
use crate::input::{ConnectionNumber, Message};
use crate::{Delivery, DeliveryError};

/// The largest payload that followers are told, in bytes.
const LARGEST_TOLD: usize = 64 * 1024;
/// Of how many pending pushes and actions the journal is asked at once.
const LOOKED_UP_AT_ONCE: usize = 512;
/// How many messages may be pending before those at QoS 0, which no window bounds, are dropped.
const MOST_PENDING: usize = 4096;

/// What waits its turn.
#[derive(Debug)]
pub(crate) enum PendingMessage {
    Push(Box<PendingPush>),
    /// A remote action, or why it is none.
    Action {
        /// What could be read.
        action: Result<RemoteAction, String>,
        /// What acknowledges it.
        ack: Option<AckToken>,
    },
    /// The list of groups, unread.
    Other(Message),
    /// The fence of this connection, behind everything that came before it.
    Fence(ConnectionNumber),
}

/// A push that waits.
#[derive(Debug)]
pub(crate) struct PendingPush {
    /// As the device is told of it, once it is known whether its id is used.
    arrival: ArrivedPush,
    redelivered: bool,
    /// What followers are told of its arrival.
    told: Option<DeviceEventKind>,
}

impl PendingMessage {
    /// The id that it uses up; none of what cannot be read or has none.
    fn id(&self) -> Option<UsedId> {
        match self {
            Self::Push(push) => {
                let notification = push.arrival.payload.as_ref().ok()?;
                Some(UsedId::Notification(notification.id.clone()))
            }
            Self::Action { action, .. } => action.as_ref().ok().map(|action| UsedId::Action(action.id.clone())),
            Self::Other(_) | Self::Fence(_) => None,
        }
    }
}

impl Delivery {
    /// Takes a message in: its turn comes once everything before it is through.
    pub(crate) fn message(&mut self, message: Message) {
        // A message at QoS 1 is never dropped: what is unacknowledged stays within the window that was announced to the broker.
        if message.ack.is_none() && self.pending.len() >= MOST_PENDING {
            return self.note_dropped();
        }
        let target = match message.incoming {
            IncomingTopic::Notification(target) => target,
            IncomingTopic::Action => {
                let action = RemoteAction::parse(&message.payload);
                return self.pending.push_back(PendingMessage::Action { action, ack: message.ack });
            }
            IncomingTopic::Groups | IncomingTopic::Fence => {
                return self.pending.push_back(PendingMessage::Other(message));
            }
        };
        let told = self.is_followed().then(|| {
            let text = std::str::from_utf8(&message.payload).ok().filter(|text| text.len() <= LARGEST_TOLD);
            DeviceEventKind::Arrived { target, payload: text.map(str::to_owned), size: message.payload.len() }
        });
        // Parsed on arrival and not when its turn comes: the journal is asked for the ids of all that wait, so they
        // must be known.
        let arrival = ArrivedPush {
            payload: CustomNotification::parse(&message.payload),
            target,
            retained: message.retained,
            id_used: false,
            expiry_seconds: message.expiry_seconds,
            ack: message.ack,
        };
        let push = PendingPush { arrival, redelivered: message.redelivered, told };
        self.pending.push_back(PendingMessage::Push(Box::new(push)));
    }

    /// Says so once in a thousand times: a flood of pushes may not become one of log lines.
    fn note_dropped(&mut self) {
        if self.dropped.is_multiple_of(1000) {
            self.warn(format!("messages at QoS 0 are dropped: {MOST_PENDING} are pending; publish pushes at QoS 1"));
        }
        self.dropped = self.dropped.wrapping_add(1);
    }

    /// Works through commands and messages until a push is in flight (what arrives behind it waits for it: contract 3), or
    /// the journal is to be asked for an id.
    pub(crate) fn work_through_pending(&mut self) -> Result<(), DeliveryError> {
        while !self.device.is_showing_push() {
            // Before messages: a person who gave a command does not wait behind a backlog of the broker's.
            if let Some((request, command)) = self.commands.pop_front() {
                self.command(request, command)?;
                continue;
            }
            let Some(first) = self.pending.pop_front() else { return Ok(()) };
            let id = first.id();
            let Some(is_used) = self.is_used(id.as_ref()) else {
                // Back to the front: the order of arrival holds while the journal is asked.
                self.pending.push_front(first);
                return Ok(());
            };
            if let Some(id) = &id {
                self.used_ids.answer_served(id);
            }
            match first {
                PendingMessage::Push(push) => self.push(*push, is_used)?,
                PendingMessage::Action { action, ack } => {
                    // Acknowledged behind its id, in one commit: before it, a kill would lose the action; long after
                    // it, the action would come again and be a matter of the id alone.
                    self.remote_action(action, is_used)?;
                    self.acknowledge(ack);
                }
                PendingMessage::Other(message) => self.other(&message)?,
                // One of a connection that is gone says nothing of this one.
                PendingMessage::Fence(connection) if connection == self.connection.number => {
                    self.happened(DeviceInput::FenceReturned)?;
                }
                PendingMessage::Fence(_) => {}
            }
        }
        Ok(())
    }

    /// None: the journal has not said yet. What cannot be read has no id.
    fn is_used(&self, id: Option<&UsedId>) -> Option<bool> {
        id.map_or(Some(false), |id| self.used_ids.is_used(id))
    }

    /// Asks the journal for the ids of pending pushes and actions, where the first of them waits for that.
    pub(crate) fn look_up_ids(&mut self) {
        let Some(first) = self.pending.front() else { return };
        if self.device.is_showing_push() || !self.used_ids.may_ask() || self.is_used(first.id().as_ref()).is_some() {
            return;
        }
        // Of all that wait, not of the first alone: with a question a push, a backlog would move at the pace of one
        // hop to the reader thread each (decisions/0003).
        let ids = self.pending.iter().take(LOOKED_UP_AT_ONCE).filter_map(PendingMessage::id);
        self.actions.push(Action::LookUpIds(ids.collect()));
        self.used_ids.asked();
    }

    fn push(&mut self, push: PendingPush, is_used: bool) -> Result<(), DeliveryError> {
        let PendingPush { mut arrival, redelivered, told } = push;
        if let Some(told) = told {
            self.tell(|| told);
        }
        let is_kept = arrival.retained && self.device.counts_retained(arrival.target);
        if is_used && (redelivered || is_kept) {
            // contract 3: a redelivery of a used id gets no receipt; what the broker keeps for later subscribers comes
            // with each subscribing
            self.redelivered = self.redelivered.saturating_add(1);
            self.write(JournalEntry::Redelivered { count: self.redelivered });
            self.acknowledge(arrival.ack);
            self.actions.push(Action::StatusChanged);
            return Ok(());
        }
        arrival.id_used = is_used;
        // Its acknowledgement goes with its outcome, or with its being held.
        self.happened(DeviceInput::PushArrived(arrival))
    }

    fn other(&mut self, message: &Message) -> Result<(), DeliveryError> {
        match message.incoming {
            IncomingTopic::Groups => self.groups(&message.payload)?,
            // Pushes and actions are pending as such; a fence of another life is settled by the session.
            IncomingTopic::Notification(_) | IncomingTopic::Action | IncomingTopic::Fence => {}
        }
        self.acknowledge(message.ack);
        Ok(())
    }

    fn groups(&mut self, payload: &[u8]) -> Result<(), DeliveryError> {
        match GroupList::parse(payload) {
            Ok((list, ignored)) => {
                if !ignored.is_empty() {
                    self.warn(format!("entries of the group list are ignored: {}", ignored.join(", ")));
                }
                self.happened(DeviceInput::GroupsHeard(list))
            }
            Err(why) => {
                self.warn(format!("{why}; the list that was known stays"));
                Ok(())
            }
        }
    }

    fn remote_action(&mut self, action: Result<RemoteAction, String>, id_used: bool) -> Result<(), DeliveryError> {
        match action {
            Ok(action) => self.happened(DeviceInput::ActionArrived { action, id_used }),
            Err(why) => {
                self.warn(format!("{why}; it is ignored"));
                Ok(())
            }
        }
    }
}
