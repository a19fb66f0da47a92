//! Commit, then acknowledge, answer and publish (contract 4).
//!
//! Lives here: what is released behind which commit, and the publishing of state and receipts. Does not live here: SQLite, MQTT.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::{AfterCommit, DeviceLoop};
use crate::broker::PublishId;
use crate::daemon::publisher::{PAGE, Step};
use crate::journal::{AppendRefused, CommitTicket, JournalError};

/// How long a clean end waits for what was decided to become durable.
const LAST_COMMIT: Duration = Duration::from_secs(5);

impl DeviceLoop {
    pub(super) fn commit(&mut self) -> Result<(), JournalError> {
        if self.outbox.has_no_entries() {
            self.outbox.ticket_the_rest();
        } else {
            match self.edges.journal.append(self.outbox.take_entries()) {
                Ok(ticket) => self.outbox.appended(ticket),
                // Full: the next commit that becomes durable wakes the loop, and it is tried again.
                Err(AppendRefused::Full(entries)) => self.outbox.give_back(entries),
                Err(AppendRefused::Closed(_)) => return Err(JournalError::Writer("it is closed".to_owned())),
            }
        }
        self.release();
        Ok(())
    }

    pub(super) fn became_durable(&mut self, ticket: CommitTicket) {
        self.outbox.durable(ticket);
        self.release();
    }

    fn release(&mut self) {
        while let Some(thing) = self.outbox.release() {
            match thing {
                AfterCommit::Acknowledge(token) => self.edges.sessions.ack(token),
                AfterCommit::Answer { reply, applied } => {
                    // Whoever asked may have gone.
                    let _ = reply.send(Ok(*applied));
                }
                AfterCommit::PublishState(state) => {
                    self.durable_state = *state;
                    self.state_is_due = true;
                    self.publish_state();
                }
                AfterCommit::Settled(sequence) => {
                    self.publisher.durable(sequence);
                    self.watched.settled.send_replace(sequence);
                }
                AfterCommit::Raise { card, shown } => self.raise(card, shown),
                AfterCommit::Tell(event) => self.followers.tell_next(*event),
            }
        }
    }

    pub(super) fn journal_health_changed(&mut self) {
        let trouble = self.edges.journal.health().borrow().clone();
        if trouble == self.journal_trouble {
            // Another try that failed as the one before.
            return;
        }
        match &trouble {
            Some(problem) => warn!("{problem}"),
            None => info!("the journal can be written again"),
        }
        self.journal_trouble = trouble;
        self.changed();
    }

    pub(super) fn publish_state(&mut self) {
        if !self.state_is_due {
            return;
        }
        let Ok(payload) = serde_json::to_vec(&self.durable_state) else { return };
        // Not taken: not connected, or the edge is full; it is due again at the next connect or change.
        self.state_is_due = !self.edges.sessions.publish(None, self.topics.state(), payload, true);
    }

    pub(super) fn publish_receipts(&mut self) {
        self.publish_state();
        loop {
            match self.publisher.step() {
                Step::Wait => return,
                Step::ReadAfter(sequence) => return self.read_page(sequence),
                Step::Publish(mut receipt) => {
                    // contract 4: what the user did with it stands in the journal only
                    receipt.interaction = None;
                    let Ok(payload) = serde_json::to_vec(&receipt) else { return };
                    let id = Some(PublishId(receipt.sequence));
                    if !self.edges.sessions.publish(id, self.topics.receipts(), payload, false) {
                        return self.publisher.not_taken(receipt);
                    }
                }
            }
        }
    }

    fn read_page(&self, sequence: u64) {
        let reader = self.edges.reader.clone();
        let sender = self.page_sender.clone();
        // Ends by itself after one read of a bounded page; the loop asks for one at a time.
        tokio::task::spawn_blocking(move || {
            let _ = sender.blocking_send(reader.receipts_after(sequence, PAGE));
        });
    }

    /// A clean end: what was decided becomes durable and is acknowledged; the rest comes again.
    pub(super) async fn finish(mut self, mut durable: watch::Receiver<CommitTicket>) -> Result<(), JournalError> {
        self.commit()?;
        let all = async {
            while !self.outbox.is_empty() && durable.changed().await.is_ok() {
                let ticket = *durable.borrow_and_update();
                self.became_durable(ticket);
                // What the journal had no room for before has it now.
                self.commit()?;
            }
            Ok(())
        };
        tokio::time::timeout(LAST_COMMIT, all).await.unwrap_or_else(|_| {
            warn!("the journal took too long to close; what was not acknowledged will come again");
            Ok(())
        })
    }
}
