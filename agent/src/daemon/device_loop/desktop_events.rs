//! What the desktop tells of cards and of the prompt.
//!
//! Lives here: each told to the device in its own words. Does not live here: what the device makes of it.

use portal_contract::CardInteraction;
use tracing::info;

use super::DeviceLoop;
use crate::desktop::{CardId, DesktopEvent, PromptId};
use portal_device::{CardFailure, CardNumber, DeviceInput, PromptNumber};

impl DeviceLoop {
    pub(super) fn desktop_event(&mut self, event: DesktopEvent) {
        match event {
            DesktopEvent::Raised { card: CardId(card), verdict } => {
                self.cards.push(card);
                self.happened(DeviceInput::CardShown { card: CardNumber(card), desktop: verdict });
            }
            DesktopEvent::RaiseFailed { card: CardId(card), problem, detail } => {
                self.happened(DeviceInput::CardFailed {
                    card: CardNumber(card),
                    failure: CardFailure { problem, detail },
                });
            }
            DesktopEvent::Clicked { card: CardId(card) } => self.card_interaction(card, CardInteraction::Clicked),
            DesktopEvent::Dismissed { card: CardId(card) } => self.card_interaction(card, CardInteraction::Dismissed),
            DesktopEvent::CardsLost => {
                self.cards.clear();
                self.happened(DeviceInput::CardsLost);
            }
            DesktopEvent::PromptAnswered { prompt: PromptId(prompt), allow } => {
                self.prompt_is_up = false;
                self.happened(DeviceInput::PromptAnswered { number: prompt_number(prompt), allow });
            }
            DesktopEvent::PromptClosed { prompt: PromptId(prompt) } => {
                self.prompt_is_up = false;
                self.happened(DeviceInput::PromptClosed { number: prompt_number(prompt) });
            }
            DesktopEvent::PromptFailed { detail, .. } => {
                self.prompt_is_up = false;
                info!("the permission prompt shows in `status` only: {detail}");
            }
            DesktopEvent::ServerAppeared => {
                self.show_prompt_card();
                self.happened(DeviceInput::NotificationServerAppeared);
            }
            DesktopEvent::Changed => {}
        }
        self.changed();
    }

    fn card_interaction(&mut self, card: u64, interaction: CardInteraction) {
        self.forget_card(card);
        self.happened(DeviceInput::CardInteraction { card: CardNumber(card), interaction });
    }

    pub(super) fn forget_card(&mut self, card: u64) {
        self.cards.retain(|open| *open != card);
    }
}

/// Prompts are numbered by the device in 32 bits; the desktop's ids have room for more.
fn prompt_number(prompt: u64) -> PromptNumber {
    PromptNumber(u32::try_from(prompt).unwrap_or(u32::MAX))
}
