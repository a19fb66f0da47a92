//! What the desktop tells of cards and of the prompt, and what a person does with them by way of the API.
//!
//! Lives here: which prompt or card is meant, each told to the device in its own words. Does not live here: what the device
//! makes of it.

use portal_contract::status::PromptChoice;
use portal_contract::{CardInteraction, DesktopInteraction};
use portal_device::{CardFailure, CardNumber, DeviceInput, PromptNumber, Refusal};

use crate::action::{Action, LogLine};
use crate::input::{DesktopInput, RequestNumber};
use crate::{Delivery, DeliveryError};

impl Delivery {
    pub(crate) fn desktop(&mut self, input: DesktopInput) -> Result<(), DeliveryError> {
        match input {
            DesktopInput::CardShown { card, verdict } => {
                self.cards.push(card);
                self.happened(DeviceInput::CardShown { card, desktop: verdict })?;
            }
            DesktopInput::CardFailed { card, problem, detail } => {
                let line = format!("a notification was not shown: {detail}");
                self.actions.push(Action::Log(LogLine::Warning(line)));
                let failure = CardFailure { problem, detail };
                self.happened(DeviceInput::CardFailed { card, failure })?;
            }
            DesktopInput::CardGone { card, interaction } => {
                self.forget_card(card);
                self.happened(DeviceInput::CardInteraction { card, interaction })?;
            }
            DesktopInput::CardVanished(card) => {
                self.forget_card(card);
                self.happened(DeviceInput::CardGone { card })?;
            }
            DesktopInput::CardsLost => {
                self.cards.clear();
                self.happened(DeviceInput::CardsLost)?;
            }
            DesktopInput::PromptAnswered { prompt, choice } => {
                self.has_prompt_card = false;
                self.happened(DeviceInput::PromptAnswered { number: prompt, choice })?;
            }
            DesktopInput::PromptClosed(prompt) => {
                self.has_prompt_card = false;
                self.happened(DeviceInput::PromptClosed { number: prompt })?;
            }
            DesktopInput::PromptFailed(detail) => {
                self.has_prompt_card = false;
                // Not tried again here: the prompt is state of the device and can be answered by command all the
                // same, and a server that appears later is given its card then.
                let line = format!("the permission prompt shows in `status` only: {detail}");
                self.actions.push(Action::Log(LogLine::Information(line)));
            }
            DesktopInput::ServerAppeared => {
                // The card of a server that went is gone with it, while the prompt of the device still shows.
                self.show_prompt_card();
                self.happened(DeviceInput::NotificationServerAppeared)?;
            }
            DesktopInput::Changed => {}
        }
        self.actions.push(Action::StatusChanged);
        Ok(())
    }

    pub(crate) fn forget_card(&mut self, card: CardNumber) {
        self.cards.retain(|open| *open != card);
    }

    /// Shows the prompt's card, if a prompt is showing on the device and no card stands for it yet.
    pub(crate) fn show_prompt_card(&mut self) {
        let prompt = self.device.snapshot().permission.prompt;
        if let Some(prompt) = prompt.filter(|_| !self.has_prompt_card) {
            self.has_prompt_card = true;
            self.actions.push(Action::ShowPrompt(prompt.number));
        }
    }

    pub(crate) fn interact(
        &mut self,
        request: RequestNumber,
        interaction: DesktopInteraction,
    ) -> Result<(), DeliveryError> {
        // On the way that the desktop's own answers take, and not by a command to the device: what a test does by the
        // API would prove nothing about a click otherwise.
        match self.as_desktop_input(interaction) {
            Err(refusal) => self.actions.push(Action::Answer { request, result: Err(refusal) }),
            Ok(input) => {
                self.desktop(input)?;
                self.answer_after_commit(request, None);
            }
        }
        Ok(())
    }

    /// Takes the prompt or the card off the desktop, as the person would have, and says what the desktop would say.
    fn as_desktop_input(&mut self, interaction: DesktopInteraction) -> Result<DesktopInput, Refusal> {
        let card_gone = |card, interaction| DesktopInput::CardGone { card, interaction };
        Ok(match interaction {
            DesktopInteraction::AllowPrompt => self.press(PromptChoice::Allow)?,
            DesktopInteraction::AllowPromptInSummary => self.press(PromptChoice::AllowInSummary)?,
            DesktopInteraction::DenyPrompt => self.press(PromptChoice::Deny)?,
            DesktopInteraction::ClosePrompt => DesktopInput::PromptClosed(self.take_prompt()?),
            DesktopInteraction::ClickCard => card_gone(self.take_card()?, CardInteraction::Clicked),
            DesktopInteraction::DismissCard => card_gone(self.take_card()?, CardInteraction::Dismissed),
        })
    }

    fn press(&mut self, choice: PromptChoice) -> Result<DesktopInput, Refusal> {
        // Looked at before the prompt is taken off the desktop: a button that is not there must leave the prompt
        // where it is.
        if !self.device.prompt_buttons().iter().any(|button| button.choice == choice) {
            let message = "the permission prompt has no such button here";
            let hint = "press Allow or Don't Allow, or set app.ios_summary_button";
            return Err(Refusal::new("noSuchButton", message, hint));
        }
        Ok(DesktopInput::PromptAnswered { prompt: self.take_prompt()?, choice })
    }

    fn take_prompt(&mut self) -> Result<PromptNumber, Refusal> {
        let prompt = self.device.snapshot().permission.prompt.ok_or_else(|| {
            let hint = "permission prompt has the app ask, where it may";
            Refusal::new("noPrompt", "no permission prompt is showing", hint)
        })?;
        let prompt = prompt.number;
        self.actions.push(Action::WithdrawPrompt(prompt));
        Ok(prompt)
    }

    fn take_card(&mut self) -> Result<CardNumber, Refusal> {
        let card = self.cards.pop().ok_or_else(|| {
            let hint = "push --here --title T --body B shows one";
            Refusal::new("noCard", "no card is open on the desktop", hint)
        })?;
        self.actions.push(Action::WithdrawCard(card));
        Ok(card)
    }
}
