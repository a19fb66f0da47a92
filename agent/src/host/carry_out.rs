//! The actions of a device's delivery, carried out in order.
//!
//! Lives here: which edge does what. Does not live here: why, and in which order (`portal_delivery`).

use portal_contract::Surface;
use portal_delivery::{Action, CardNumber, LogLine, PromptNumber, RequestNumber};
use portal_device::CardContent;
use tracing::{debug, info, warn};

use super::HostError;
use super::desktop_ids::{card_id, prompt_id};
use super::host_task::HostTask;
use super::hosted_device::{HostedDevice, PendingReply};
use crate::control::ApiError;
use crate::desktop::{Card, CardUrgency, PromptCard};
use crate::journal::JournalError;

impl HostTask {
    pub(super) fn carry_out(&mut self, device: &mut HostedDevice, actions: Vec<Action>) -> Result<(), HostError> {
        let mut status_changed = false;
        for action in actions {
            match action {
                Action::Append { batch, entries } => {
                    device.append(batch, entries);
                    self.write(device)?;
                }
                Action::LookUpIds(ids) => self.reads.look_up_ids(device.key, &device.journal, ids),
                Action::ReadReceipts { after, limit } => {
                    self.reads.read_receipts(device.key, &device.reader, after, limit);
                }
                Action::Acknowledge(ack) => device.sessions.ack(ack),
                // Not taken on a connection that is gone meanwhile: the delivery hears of its end, and publishes again.
                Action::Publish(publish) => {
                    device.sessions.publish(publish);
                }
                Action::SetGroups(groups) => device.sessions.set_groups(groups),
                Action::GoOffline => device.sessions.go_offline(),
                Action::GoOnline => device.sessions.go_online(),
                Action::Probe(number) => device.sessions.probe(number),
                Action::ShowCard { card, shown } => self.show_card(device, card, shown),
                Action::WithdrawCard(card) => self.parts.notifier.withdraw(card_id(device.key, card)),
                Action::ShowPrompt(prompt) => self.show_prompt(device, prompt),
                Action::WithdrawPrompt(prompt) => self.parts.notifier.withdraw_prompt(prompt_id(device.key, prompt)),
                Action::Answer { request, result } => {
                    answer(device, request, result.map(|result| *result).map_err(ApiError::from));
                }
                Action::AnswerIdle { requests, idle } => {
                    for request in requests {
                        if let Some(PendingReply::Idle(reply)) = device.replies.remove(&request) {
                            // Whoever asked may have gone.
                            let _ = reply.send(Ok(idle));
                        }
                    }
                }
                Action::Tell(event) => device.tell(&event),
                Action::ReceiptsDurable(sequence) => {
                    device.watch.settled.send_replace(sequence);
                }
                Action::StatusChanged => status_changed = true,
                Action::Log(LogLine::Warning(line)) => warn!(device = %device.id, "{line}"),
                Action::Log(LogLine::Information(line)) => info!(device = %device.id, "{line}"),
                Action::Log(LogLine::Detail(line)) => debug!(device = %device.id, "{line}"),
            }
        }
        if status_changed {
            device.status_changed();
        }
        Ok(())
    }

    /// Gives the journal what the device has for it.
    pub(super) fn write(&mut self, device: &mut HostedDevice) -> Result<(), HostError> {
        let written = device.write().map_err(|_| JournalError::Writer("it is closed".to_owned()))?;
        self.uncommitted.extend(written.into_iter().map(|(ticket, batch)| (ticket, device.key, batch)));
        // Remembered by its key, so that a commit does not look through every device.
        if device.has_unwritten() {
            self.unwritten.insert(device.key);
        }
        Ok(())
    }

    /// Which device a card is of, where there is more than one to take it for, here or in another daemon on this desktop.
    fn label(&self, device: &HostedDevice) -> Option<String> {
        let share = &self.parts.share;
        let has_others = !share.others().is_empty();
        if self.parts.count() < 2 && !has_others {
            return None;
        }
        let name = device.delivery.device().snapshot().identity.name.clone();
        Some(if has_others && !share.label().is_empty() { format!("{name}, {}", share.label()) } else { name })
    }

    fn show_card(&self, device: &HostedDevice, card: CardNumber, shown: CardContent) {
        let quiet = shown.surface == Surface::NotificationCenter;
        let urgency = if quiet { CardUrgency::Low } else { CardUrgency::Normal };
        let CardContent { title, body, sound, .. } = shown;
        let (id, device) = (card_id(device.key, card), self.label(device));
        self.parts.notifier.show(Card { id, device, title, body, urgency, sound });
    }

    fn show_prompt(&self, device: &HostedDevice, prompt: PromptNumber) {
        let (title, body) = device.delivery.device().snapshot().prompt_words();
        let buttons = device.delivery.device().prompt_buttons();
        let (title, body) = (title.to_owned(), body.to_owned());
        let (id, device) = (prompt_id(device.key, prompt), self.label(device));
        self.parts.notifier.prompt(PromptCard { id, device, title, body, buttons });
    }
}

fn answer(device: &mut HostedDevice, request: RequestNumber, result: Result<portal_contract::CommandResult, ApiError>) {
    if let Some(PendingReply::Command(reply)) = device.replies.remove(&request) {
        // Whoever asked may have gone.
        let _ = reply.send(result);
    }
}
