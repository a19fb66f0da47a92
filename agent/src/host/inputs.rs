//! What the edges tell, as a delivery's inputs.
//!
//! Lives here: one word for another. Does not live here: what follows from them.

use portal_contract::CardInteraction;
use portal_delivery::{CardNumber, ConnectionNumber, DesktopInput, DeviceKey, Message, PromptNumber, SessionInput};

use super::desktop_ids::{card_of, prompt_of};
use crate::broker::SessionEvent;
use crate::desktop::{CardId, DesktopEvent, PromptId};

/// What the sessions told one device, of the events that are taken at once.
#[derive(Default)]
pub(super) struct SessionNews {
    /// For the delivery, in order; empty where it has to know nothing of it.
    pub(super) inputs: Vec<SessionInput>,
    /// Whether `status` may say something else now: how the session stands is asked of it, not told.
    pub(super) status_changed: bool,
}

impl SessionNews {
    pub(super) fn add(&mut self, event: SessionEvent) {
        // Kept apart from the inputs: an answered SUBSCRIBE may come between two answered publishes, and whoever waits for
        // the connection would not hear of it.
        self.status_changed |= changes_status(&event);
        self.inputs.extend(input_of(event));
    }
}

fn changes_status(event: &SessionEvent) -> bool {
    // What a burst brings by the thousand says nothing of the session, so that no one who waits is woken by it.
    !matches!(event, SessionEvent::Message { .. } | SessionEvent::Published { .. } | SessionEvent::ProbeReturned { .. })
}

/// What a session tells, where the delivery has to know it.
fn input_of(event: SessionEvent) -> Option<SessionInput> {
    Some(match event {
        SessionEvent::Connected { epoch, session_present, publish_window, .. } => {
            SessionInput::Connected { connection: ConnectionNumber(epoch), session_present, publish_window }
        }
        SessionEvent::Online { .. } => SessionInput::Online,
        SessionEvent::Message { incoming, payload, token, redelivered, retained, expiry_seconds, .. } => {
            SessionInput::Message(Message { incoming, payload, ack: token, redelivered, retained, expiry_seconds })
        }
        SessionEvent::FenceReturned { epoch } => SessionInput::FenceReturned(ConnectionNumber(epoch)),
        SessionEvent::ProbeReturned { number } => SessionInput::ProbeReturned(number),
        SessionEvent::Published { id } => SessionInput::Published(id),
        SessionEvent::PublishRefused { id, detail, for_good } => SessionInput::PublishRefused { id, detail, for_good },
        SessionEvent::Disconnected { .. } => SessionInput::Disconnected,
        SessionEvent::Connecting { .. }
        | SessionEvent::Subscribed { .. }
        | SessionEvent::StateChanged { .. }
        | SessionEvent::Ended => return None,
    })
}

/// Whom something that the desktop tells is for.
pub(super) enum Addressee {
    Device(DeviceKey),
    Everyone,
}

fn of_card(card: CardId, input: impl FnOnce(CardNumber) -> DesktopInput) -> (Addressee, DesktopInput) {
    let (device, card) = card_of(card);
    (Addressee::Device(device), input(card))
}

fn of_prompt(prompt: PromptId, input: impl FnOnce(PromptNumber) -> DesktopInput) -> (Addressee, DesktopInput) {
    let (device, prompt) = prompt_of(prompt);
    (Addressee::Device(device), input(prompt))
}

/// What the desktop tells, and whom.
pub(super) fn of_desktop(event: DesktopEvent) -> (Addressee, DesktopInput) {
    match event {
        DesktopEvent::Shown { card, verdict } => of_card(card, |card| DesktopInput::CardShown { card, verdict }),
        DesktopEvent::ShowFailed { card, problem, detail } => {
            of_card(card, |card| DesktopInput::CardFailed { card, problem, detail })
        }
        DesktopEvent::Clicked { card } => {
            of_card(card, |card| DesktopInput::CardGone { card, interaction: CardInteraction::Clicked })
        }
        DesktopEvent::Dismissed { card } => {
            of_card(card, |card| DesktopInput::CardGone { card, interaction: CardInteraction::Dismissed })
        }
        DesktopEvent::CardGone { card } => of_card(card, DesktopInput::CardVanished),
        DesktopEvent::PromptAnswered { prompt, choice } => {
            of_prompt(prompt, |prompt| DesktopInput::PromptAnswered { prompt, choice })
        }
        DesktopEvent::PromptClosed { prompt } => of_prompt(prompt, DesktopInput::PromptClosed),
        DesktopEvent::PromptFailed { prompt, detail } => of_prompt(prompt, |_| DesktopInput::PromptFailed(detail)),
        DesktopEvent::CardsLost => (Addressee::Everyone, DesktopInput::CardsLost),
        DesktopEvent::ServerAppeared => (Addressee::Everyone, DesktopInput::ServerAppeared),
        DesktopEvent::Changed => (Addressee::Everyone, DesktopInput::Changed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::PublishId;

    #[test]
    fn an_answered_subscribe_between_two_answered_publishes_changes_the_status() {
        let published = |number| SessionEvent::Published { id: PublishId::Receipt(number) };
        let mut news = SessionNews::default();
        news.add(published(1));
        assert!(!news.status_changed);
        news.add(SessionEvent::Subscribed { epoch: 1 });
        news.add(published(2));
        assert!(news.status_changed);
        assert_eq!(news.inputs.len(), 2);
    }
}
