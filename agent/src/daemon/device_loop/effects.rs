//! The device's effects, carried out in order.
//!
//! Lives here: which edge does what. Does not live here: why (`portal_device`), and when a commit allows it (`commits`).

use portal_contract::Surface;
use tracing::{info, warn};

use super::{AfterCommit, DeviceLoop};
use crate::control::Happened;
use crate::desktop::{Card, CardId, CardUrgency, PromptCard, PromptId};
use crate::journal::JournalEntry;
use portal_device::{CardContent, DeviceEffect, NewlyHeldPush, SettledPush};

/// The prompt's words, as the platform says them.
fn prompt_words(apple: bool) -> (&'static str, &'static str) {
    if apple {
        (
            "\u{201c}Company Portal\u{201d} Would Like to Send You Notifications",
            "Notifications may include alerts, sounds, and icon badges.",
        )
    } else {
        ("Allow Company Portal to send you notifications?", "Messages from your company's support.")
    }
}

impl DeviceLoop {
    pub(super) fn perform(&mut self, effects: Vec<DeviceEffect>, recorded: &str) {
        let changed = effects.contains(&DeviceEffect::StateChanged);
        if changed {
            // First, so that the receipts behind it speak of the device as it is from now on.
            self.remember(recorded);
        }
        for effect in effects {
            self.perform_one(effect);
        }
        self.tell_of_the_prompt();
        if changed {
            self.changed();
        }
    }

    fn perform_one(&mut self, effect: DeviceEffect) {
        match effect {
            DeviceEffect::Settle(SettledPush { receipt, push, held, ack }) => {
                let sequence = receipt.sequence;
                self.publisher.written(&receipt);
                let push = push.and_then(|push| serde_json::to_string(&push).ok());
                self.tell(|| Happened::Settled { receipt: Box::new(receipt.clone()) });
                self.write(JournalEntry::Settled { receipt, push, held: held.map(|key| key.0) });
                self.acknowledge(ack);
                self.outbox.after_commit(AfterCommit::Settled(sequence));
            }
            DeviceEffect::Hold(NewlyHeldPush { held, ack }) => {
                let push = serde_json::to_string(&held).unwrap_or_default();
                let (key, id, at) = (held.key, held.push.notification.id, held.push.received_at);
                self.tell(|| Happened::Held { notification_id: id.to_string() });
                self.write(JournalEntry::Held { key: key.0, id, at, push });
                self.acknowledge(ack);
                self.changed();
            }
            DeviceEffect::HoldChanged(held) => {
                let push = serde_json::to_string(&held).unwrap_or_default();
                self.outbox.write(JournalEntry::HeldChanged { key: held.key.0, push });
            }
            // contract 4: one raised notification is committed before the next is raised
            DeviceEffect::ShowCard { card, shown } => {
                let CardContent { title, body, sound, .. } = shown.clone();
                self.tell(|| Happened::Card { title, body, sound });
                if self.outbox.is_settled() {
                    self.raise(card.0, shown);
                } else {
                    self.outbox.after_commit(AfterCommit::Raise { card: card.0, shown });
                }
            }
            DeviceEffect::WithdrawCard { card } => {
                self.forget_card(card.0);
                self.edges.notifier.withdraw(CardId(card.0));
            }
            DeviceEffect::Interaction { sequence, interaction } => {
                self.tell(|| Happened::CardGone { sequence, interaction });
                self.outbox.write(JournalEntry::Interaction { sequence, interaction });
            }
            DeviceEffect::ShowPrompt { .. } => self.show_prompt_card(),
            DeviceEffect::WithdrawPrompt { number } => {
                self.prompt_is_up = false;
                self.edges.notifier.withdraw_prompt(PromptId(number.0.into()));
            }
            DeviceEffect::GoOffline => self.edges.sessions.go_offline(),
            DeviceEffect::GoOnline => self.edges.sessions.go_online(),
            DeviceEffect::GroupsChanged => {
                self.edges.sessions.set_groups(self.device.snapshot().enrollment.subscribed_groups());
            }
            DeviceEffect::StateChanged => {
                let state = Box::new(self.device.snapshot().device_state());
                self.outbox.after_commit(AfterCommit::PublishState(state));
            }
            DeviceEffect::IdsForgotten => self.write(JournalEntry::IdsForgotten),
            DeviceEffect::Ignored(what) => warn!("{what}"),
            DeviceEffect::Noted(what) => info!("{what}"),
            DeviceEffect::Unchanged(_) => {}
        }
    }

    /// Writes an entry that may use ids up, or forget them.
    fn write(&mut self, entry: JournalEntry) {
        self.used_ids.note(&entry);
        self.outbox.write(entry);
    }

    pub(super) fn raise(&self, card: u64, shown: CardContent) {
        let quiet = shown.surface == Surface::NotificationCenter;
        let urgency = if quiet { CardUrgency::Low } else { CardUrgency::Normal };
        let CardContent { title, body, sound, .. } = shown;
        self.edges.notifier.raise(Card { id: CardId(card), title, body, urgency, sound });
    }

    /// Shows the prompt's card, if a prompt is showing on the device and no card stands for it yet.
    pub(super) fn show_prompt_card(&mut self) {
        let Some(prompt) = self.device.snapshot().permission.prompt.filter(|_| !self.prompt_is_up) else { return };
        self.prompt_is_up = true;
        let (title, body) = prompt_words(self.device.snapshot().identity.operating_system.is_apple());
        let card = PromptCard { id: PromptId(prompt.number.0.into()), title: title.to_owned(), body: body.to_owned() };
        self.edges.notifier.prompt(card);
    }

    pub(super) fn remember(&mut self, recorded: &str) {
        let snapshot = serde_json::to_string(self.device.snapshot()).unwrap_or_default();
        let at = self.now();
        self.tell(|| Happened::Changed { event: serde_json::from_str(recorded).unwrap_or_default() });
        self.outbox.write(JournalEntry::Changed { at, event: recorded.to_owned(), snapshot });
    }
}
