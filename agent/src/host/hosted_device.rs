//! One hosted device, as the host's task holds it: its delivery, its edges, and who waits for an answer.
//!
//! Lives here: what belongs to one device and no other. Does not live here: when it is asked (`host_task`), what its actions
//! come to (`carry_out`).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use portal_contract::{CommandResult, DeviceEvent, DeviceId, IdleReport};
use portal_delivery::{BatchNumber, Delivery, DeviceKey, JournalEntry, RequestNumber};
use tokio::sync::watch;

use super::requests::Reply;
use crate::broker::{BrokerSession, SessionControl};
use crate::control::{EventSender, size_of_event};
use crate::journal::{AppendRefused, CommitTicket, DeviceJournal, JournalReader};

/// What others may watch of a device.
#[derive(Clone)]
pub(super) struct DeviceWatch {
    /// Counts up whenever `status` may differ.
    pub(super) changes: watch::Sender<u64>,
    /// The sequence of the newest durable receipt.
    pub(super) settled: watch::Sender<u64>,
}

/// Whom an answer is for.
pub(super) enum PendingReply {
    Command(Reply<CommandResult>),
    Idle(Reply<IdleReport>),
}

impl PendingReply {
    /// Whether whoever asked has gone.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Command(reply) => reply.is_closed(),
            Self::Idle(reply) => reply.is_closed(),
        }
    }
}

/// Entries on their way to the journal.
struct UnwrittenBatch {
    number: Option<BatchNumber>,
    entries: Vec<JournalEntry>,
}

pub(super) struct HostedDevice {
    pub(super) key: DeviceKey,
    pub(super) id: DeviceId,
    pub(super) delivery: Delivery,
    pub(super) journal: DeviceJournal,
    pub(super) reader: JournalReader,
    pub(super) sessions: Arc<dyn SessionControl>,
    /// None where the session is a test's.
    pub(super) session: Option<BrokerSession>,
    pub(super) watch: DeviceWatch,
    pub(super) replies: HashMap<RequestNumber, PendingReply>,
    /// Who follows; whoever does not read is given up.
    pub(super) followers: Vec<EventSender>,
    /// Batches that the journal had no room for, in order. Bounded by the broker's window: nothing of them is acknowledged.
    unwritten: VecDeque<UnwrittenBatch>,
}

impl HostedDevice {
    pub(super) fn new(
        key: DeviceKey,
        id: DeviceId,
        delivery: Delivery,
        journal: DeviceJournal,
        reader: JournalReader,
        sessions: Arc<dyn SessionControl>,
        session: Option<BrokerSession>,
    ) -> Self {
        let settled = watch::Sender::new(delivery.device().last_sequence());
        let watch = DeviceWatch { changes: watch::Sender::new(0), settled };
        let (replies, followers, unwritten) = (HashMap::new(), Vec::new(), VecDeque::new());
        Self { key, id, delivery, journal, reader, sessions, session, watch, replies, followers, unwritten }
    }

    pub(super) fn status_changed(&self) {
        self.watch.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Puts a batch behind those that wait for the journal's room.
    pub(super) fn append(&mut self, number: Option<BatchNumber>, entries: Vec<JournalEntry>) {
        self.unwritten.push_back(UnwrittenBatch { number, entries });
    }

    /// Gives the journal what waits for it, in order, as far as it has room; the tickets under which the batches become
    /// durable. Asked again when a commit has made room.
    ///
    /// # Errors
    /// The journal is closed.
    pub(super) fn write(&mut self) -> Result<Vec<(CommitTicket, BatchNumber)>, AppendRefused> {
        let mut written = Vec::new();
        while let Some(UnwrittenBatch { number, entries }) = self.unwritten.pop_front() {
            match self.journal.append(entries) {
                Ok(ticket) => written.extend(number.map(|number| (ticket, number))),
                Err(AppendRefused::Full(entries)) => {
                    self.unwritten.push_front(UnwrittenBatch { number, entries });
                    break;
                }
                Err(closed) => return Err(closed),
            }
        }
        Ok(written)
    }

    /// Whether the journal had no room for something.
    pub(super) fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Whether everything that was decided is durable.
    pub(super) fn is_committed(&self) -> bool {
        self.unwritten.is_empty() && self.delivery.is_committed()
    }

    /// Tells everyone who follows; whoever has gone, or does not read, is given up.
    pub(super) fn tell(&mut self, event: &DeviceEvent) {
        // Measured once, whoever follows: what a follower may leave unread is bounded in bytes, since one that did
        // not read held 500 MiB.
        let size = size_of_event(event);
        self.followers.retain(|follower| follower.send(event, size));
        if self.followers.is_empty() {
            // With nobody following no event is made at all: a burst of pushes pays nothing for them.
            self.delivery.end_following();
        }
    }
}
