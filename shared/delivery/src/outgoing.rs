//! What goes out once it is durable, and whether anything still may.
//!
//! Lives here: publishing within the broker's window, and the end of all work. Does not live here: which receipt is next
//! (`receipt_publisher`), which state (`state_publisher`), who waits for the end (`idle`).

use portal_contract::IdleReport;

use crate::action::{Action, Publish};
use crate::idle::IdleStep;
use crate::input::PublishId;
use crate::receipt_publisher::{PAGE, PublishStep};
use crate::{Delivery, DeliveryError, json};

impl Delivery {
    /// Publishes the state and the receipts that are durable, as far as the broker takes them.
    pub(crate) fn publish(&mut self) -> Result<(), DeliveryError> {
        if !self.connection.is_online {
            return Ok(());
        }
        let connection = self.connection.number;
        let window = self.connection.publish_window.max(1);
        // The state goes first: it is one message, and a backlog of receipts may take long.
        let state = if self.receipts.in_flight() < window { self.state.next() } else { None };
        if let Some(state) = state {
            let payload = json("the device state", state)?;
            let (id, topic) = (PublishId::State, self.topics.state());
            self.actions.push(Action::Publish(Publish { connection, id, topic, payload, retain: true }));
        }
        // The session takes no publish beyond the window, and tells nobody: the two count alike.
        while self.receipts.in_flight() + self.state.in_flight() < window {
            match self.receipts.step() {
                PublishStep::Wait => return Ok(()),
                PublishStep::ReadAfter(after) => {
                    self.actions.push(Action::ReadReceipts { after, limit: PAGE });
                }
                PublishStep::Publish(mut receipt) => {
                    // contract 4: what the user did with it stands in the journal only
                    receipt.interaction = None;
                    let payload = json("a receipt", &receipt)?;
                    let (id, topic) = (PublishId::Receipt(receipt.sequence), self.topics.receipts());
                    self.actions.push(Action::Publish(Publish { connection, id, topic, payload, retain: false }));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn detect_idle(&mut self) {
        // Looking whether there is work costs more than whether somebody waits.
        if !self.idle.is_awaited() {
            return;
        }
        let away = self.device.snapshot().condition.offline;
        match self.idle.step(self.has_work(away), away) {
            IdleStep::Wait => {}
            IdleStep::Probe(number) => self.actions.push(Action::Probe(number)),
            IdleStep::Answer(requests) => {
                let (now, next_deadline) = (self.now(), self.device.next_deadline());
                let idle = IdleReport { now, next_deadline, events: self.followers.told() };
                self.actions.push(Action::AnswerIdle { requests, idle });
            }
        }
    }

    fn has_work(&self, away: bool) -> bool {
        let waits = !self.pending.is_empty() || !self.commands.is_empty() || self.device.is_showing_push();
        // A device that is offline publishes nothing until it is online again, which only a person changes.
        let is_published = away || (self.receipts.is_idle() && self.state.is_idle());
        let is_due = self.device.next_deadline().is_some_and(|deadline| deadline <= self.now());
        waits || !is_published || is_due || !self.commits.is_empty()
    }
}
