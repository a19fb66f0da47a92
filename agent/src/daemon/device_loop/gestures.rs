//! What a person does on the desktop, asked for by the API: from here on it goes the way of the desktop's own answers.
//!
//! Lives here: which prompt or card is meant. Does not live here: what it comes to (`portal_device`).

use super::{AfterCommit, DeviceLoop};
use crate::control::{Applied, Fault, Gesture};
use crate::daemon::requests::Reply;
use crate::desktop::{CardId, DesktopEvent, PromptId};

impl DeviceLoop {
    pub(super) fn gesture(&mut self, gesture: Gesture, reply: Reply<Applied>) {
        match self.as_desktop_event(gesture) {
            Err(fault) => {
                let _ = reply.send(Err(fault));
            }
            Ok(event) => {
                self.desktop_event(event);
                let applied = Box::new(Applied { state: self.device.snapshot().device_state(), note: None });
                self.outbox.after_commit(AfterCommit::Answer { reply, applied });
            }
        }
    }

    /// Takes the prompt or the card off the desktop, as the person would have, and says what the desktop would say.
    fn as_desktop_event(&mut self, gesture: Gesture) -> Result<DesktopEvent, Fault> {
        match gesture {
            Gesture::AllowPrompt => Ok(DesktopEvent::PromptAnswered { prompt: self.take_prompt()?, allow: true }),
            Gesture::DenyPrompt => Ok(DesktopEvent::PromptAnswered { prompt: self.take_prompt()?, allow: false }),
            Gesture::ClosePrompt => Ok(DesktopEvent::PromptClosed { prompt: self.take_prompt()? }),
            Gesture::ClickCard => Ok(DesktopEvent::Clicked { card: self.take_card()? }),
            Gesture::DismissCard => Ok(DesktopEvent::Dismissed { card: self.take_card()? }),
        }
    }

    fn take_prompt(&mut self) -> Result<PromptId, Fault> {
        let prompt = self.device.snapshot().permission.prompt.as_ref().ok_or_else(|| {
            let hint = "portal-agent permission prompt has the app ask, where it may";
            Fault::new("noPrompt", "no permission prompt is showing", hint)
        })?;
        let prompt = PromptId(prompt.number.0.into());
        self.edges.notifier.withdraw_prompt(prompt);
        Ok(prompt)
    }

    fn take_card(&mut self) -> Result<CardId, Fault> {
        let card = self.cards.pop().map(CardId).ok_or_else(|| {
            let hint = "portal-agent push --here --title T --body B raises one";
            Fault::new("noCard", "no card is open on the desktop", hint)
        })?;
        self.edges.notifier.withdraw(card);
        Ok(card)
    }
}
