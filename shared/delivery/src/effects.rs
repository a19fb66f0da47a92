//! The device's effects, turned into entries, into actions, and into what waits for a commit.
//!
//! Lives here: which effect comes to what. Does not live here: why (`portal_device`).

use portal_contract::DeviceEventKind;
use portal_device::{
    AckToken, CardContent, CardNumber, DeviceEffect, HeldPush, NewlyHeldPush, ReceivedPush, SettledPush,
};

use crate::action::{Action, LogLine};
use crate::entry::JournalEntry;
use crate::{AfterCommit, Delivery, DeliveryError, json};

impl Delivery {
    pub(crate) fn carry_out(&mut self, effects: Vec<DeviceEffect>, recorded: &str) -> Result<(), DeliveryError> {
        let changed_at = changed_at(&effects);
        for (place, effect) in effects.into_iter().enumerate() {
            if changed_at == Some(place) {
                self.record_change(recorded)?;
            }
            // No change of the device is recorded for it, and its followers are told all the same.
            let is_noted = matches!(effect, DeviceEffect::ActionSeen { note: Some(_), .. });
            self.carry_out_one(effect)?;
            if is_noted {
                self.tell_of_change(recorded)?;
            }
        }
        self.tell_of_prompt();
        Ok(())
    }

    fn carry_out_one(&mut self, effect: DeviceEffect) -> Result<(), DeliveryError> {
        match effect {
            DeviceEffect::Settle(SettledPush { receipt, push, held, ack }) => {
                let sequence = receipt.sequence;
                // The order of these is the order of the steps: commit, then acknowledge, then publish (contract 4).
                // The queue behind the commit is first in, first out, so the receipt cannot overtake the
                // acknowledgement.
                // Kept in memory for publishing, so that it need not be read back from the journal once it is durable.
                self.receipts.written(&receipt);
                let push = push.as_ref().map(push_json).transpose()?;
                self.write(JournalEntry::Settled { receipt, push, held });
                self.acknowledge(ack);
                self.commits.after_commit(AfterCommit::ReceiptDurable(sequence));
            }
            DeviceEffect::Hold(NewlyHeldPush { held, ack }) => {
                let push = held_json(&held)?;
                // Acknowledged although it has no outcome yet. Left in the broker's window instead, a few pushes that
                // wait would stop all that come behind them: with mosquitto's window of 20, the 21st of 150 never
                // came (decisions/0002).
                let (key, id, at) = (held.key, held.push.notification.id, held.push.received_at);
                self.write(JournalEntry::Held { key, id, at, push });
                self.acknowledge(ack);
                self.actions.push(Action::StatusChanged);
            }
            DeviceEffect::HoldChanged(held) => {
                let push = held_json(&held)?;
                self.write(JournalEntry::HeldChanged { key: held.key, push });
            }
            DeviceEffect::ShowCard { card, shown } => self.show_card(card, shown),
            DeviceEffect::WithdrawCard { card } => {
                self.forget_card(card);
                self.actions.push(Action::WithdrawCard(card));
            }
            DeviceEffect::Interaction { sequence, interaction } => {
                self.write(JournalEntry::Interaction { sequence, interaction });
            }
            DeviceEffect::ShowPrompt { .. } => self.show_prompt_card(),
            DeviceEffect::WithdrawPrompt { number } => {
                self.has_prompt_card = false;
                self.actions.push(Action::WithdrawPrompt(number));
            }
            DeviceEffect::GoOffline => self.actions.push(Action::GoOffline),
            DeviceEffect::GoOnline => self.actions.push(Action::GoOnline),
            DeviceEffect::GroupsChanged => {
                let groups = self.device.snapshot().enrollment.subscribed_groups();
                self.actions.push(Action::SetGroups(groups));
            }
            DeviceEffect::StateChanged => {
                self.publish_state_after_commit();
                self.actions.push(Action::StatusChanged);
            }
            DeviceEffect::ActionSeen { id, note } => {
                let publishes = note.is_some();
                let what = "what came of an action";
                let note = note.map(|note| text(what, json(what, &note)?)).transpose()?;
                self.write(JournalEntry::ActionSeen { id, at: self.now(), note });
                if publishes {
                    self.publish_state_after_commit();
                    self.actions.push(Action::StatusChanged);
                }
            }
            DeviceEffect::EnrollmentBegan => self.write(JournalEntry::EnrollmentBegan { at: self.now() }),
            DeviceEffect::IdsForgotten => self.write(JournalEntry::IdsForgotten),
            DeviceEffect::Ignored(what) => self.warn(what),
            DeviceEffect::Noted(what) => self.actions.push(Action::Log(LogLine::Information(what))),
            DeviceEffect::Unchanged(_) => {}
        }
        Ok(())
    }

    /// Writes an entry, takes note of the id that it uses up, and tells followers of it once it is durable.
    pub(crate) fn write(&mut self, entry: JournalEntry) {
        // The only way to the journal: an entry that went past this note would let its push show a second time.
        let used = entry.used_id();
        let forgets = entry == JournalEntry::IdsForgotten;
        // Told only behind `write` below, since what waits for a commit waits for what was written before it. Queued
        // in front of its own entry, an event could tell of something that a kill then undid.
        let told = if self.is_followed() { told_of(&entry) } else { None };
        self.commits.write(entry);
        if let Some(told) = told {
            self.tell(|| told);
        }
        let batch = self.commits.current();
        if forgets {
            self.used_ids.forget_pushes(batch);
        }
        // From the moment that it is gathered, not from its commit on: a second copy right behind the first, or two
        // read together, would be judged anew and shown twice. A RabbitMQ node that was killed delivered such copies
        // (decisions/0003).
        if let Some(id) = used {
            self.used_ids.use_id(id, batch);
        }
    }

    pub(crate) fn record_change(&mut self, recorded: &str) -> Result<(), DeliveryError> {
        let what = "the device's snapshot";
        // The whole device and not a difference: `explain` reads the device of any moment in the past from one row,
        // and a start from the newest, whatever was pruned before it.
        let snapshot = serde_json::to_string(self.device.snapshot());
        let snapshot = snapshot.map_err(|_| DeliveryError::NotSerializable { what })?;
        self.write(JournalEntry::Changed { at: self.now(), event: recorded.to_owned(), snapshot });
        self.tell_of_change(recorded)
    }

    fn tell_of_change(&mut self, recorded: &str) -> Result<(), DeliveryError> {
        if self.is_followed() {
            let event = serde_json::from_str(recorded);
            let event = event.map_err(|_| DeliveryError::NotSerializable { what: "what changed the device" })?;
            self.tell(|| DeviceEventKind::Changed { event });
        }
        Ok(())
    }

    pub(crate) fn acknowledge(&mut self, ack: Option<AckToken>) {
        if let Some(ack) = ack {
            self.commits.after_commit(AfterCommit::Acknowledge(ack));
        }
    }

    fn show_card(&mut self, card: CardNumber, shown: CardContent) {
        let CardContent { title, body, sound, .. } = shown.clone();
        self.tell(|| DeviceEventKind::Card { title, body, sound });
        // contract 4: one notification that showed is committed before the next is shown, so that a kill repeats one
        // at most.
        if self.commits.is_settled() {
            self.actions.push(Action::ShowCard { card, shown });
        } else {
            self.commits.after_commit(AfterCommit::ShowCard { card, shown });
        }
    }
}

/// Before which effect a change of the device is recorded: as the first, but behind the outcomes that came before it. A
/// receipt speaks of the device as the newest record says.
fn changed_at(effects: &[DeviceEffect]) -> Option<usize> {
    let changed = effects.iter().position(|effect| *effect == DeviceEffect::StateChanged)?;
    let outcome = effects.iter().take(changed).rposition(|effect| matches!(effect, DeviceEffect::Settle(_)));
    Some(outcome.map_or(0, |outcome| outcome.saturating_add(1)))
}

/// What followers are told of an entry. A change of the device is told where it is recorded, as JSON.
fn told_of(entry: &JournalEntry) -> Option<DeviceEventKind> {
    match entry {
        JournalEntry::Settled { receipt, .. } => Some(DeviceEventKind::Settled { receipt: Box::new(receipt.clone()) }),
        JournalEntry::Held { id, .. } => Some(DeviceEventKind::Held { notification_id: id.to_string() }),
        JournalEntry::Interaction { sequence, interaction } => {
            Some(DeviceEventKind::CardGone { sequence: *sequence, interaction: *interaction })
        }
        _ => None,
    }
}

fn push_json(push: &ReceivedPush) -> Result<String, DeliveryError> {
    text("a push", json("a push", push)?)
}

fn held_json(held: &HeldPush) -> Result<String, DeliveryError> {
    text("a held push", json("a held push", held)?)
}

fn text(what: &'static str, json: Vec<u8>) -> Result<String, DeliveryError> {
    String::from_utf8(json).map_err(|_| DeliveryError::NotSerializable { what })
}
