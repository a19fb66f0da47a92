//! The calls that wait for a desktop: in order, bounded, and each answered where too many wait.
//!
//! Lives here: the queue of the native notifiers. Does not live here: obeying a call (`linux`, `blocking`).

use portal_contract::PushProblem;
use tokio::sync::mpsc;

use super::{Card, DesktopEvent, PromptCard};
#[cfg(target_os = "linux")]
use super::{CardId, PromptId};

/// How many calls may wait behind the card under way.
const QUEUE: usize = 256;

/// What a notifier is told to do. Only on Linux can notify-rust take something back (decisions/0008).
pub(super) enum NotifierCall {
    Show(Card),
    Prompt(PromptCard),
    #[cfg(target_os = "linux")]
    Withdraw(CardId),
    #[cfg(target_os = "linux")]
    WithdrawPrompt(PromptId),
}

/// The end of the queue that takes calls.
pub(super) struct CallQueue {
    waiting: mpsc::Sender<NotifierCall>,
    events: mpsc::Sender<DesktopEvent>,
}

impl CallQueue {
    /// An empty queue, and the end that gives the calls. A refused one is answered on `events`.
    pub(super) fn new(events: mpsc::Sender<DesktopEvent>) -> (Self, mpsc::Receiver<NotifierCall>) {
        let (waiting, calls) = mpsc::channel(QUEUE);
        (Self { waiting, events }, calls)
    }

    /// Puts a call behind the others, or answers that too many wait.
    pub(super) fn enqueue(&self, call: NotifierCall) {
        let Err(refused) = self.waiting.try_send(call) else { return };
        let detail = format!("{QUEUE} calls already wait for the notification server; push more slowly");
        let answer = match refused.into_inner() {
            NotifierCall::Show(Card { id: card, .. }) => {
                DesktopEvent::ShowFailed { card, problem: PushProblem::NotificationServerRefused, detail }
            }
            NotifierCall::Prompt(PromptCard { id: prompt, .. }) => DesktopEvent::PromptFailed { prompt, detail },
            #[cfg(target_os = "linux")]
            // There is no answer to these: the device has let the card go already.
            NotifierCall::Withdraw(_) | NotifierCall::WithdrawPrompt(_) => {
                tracing::warn!("a card stays on the desktop: {detail}");
                return;
            }
        };
        if self.events.try_send(answer).is_err() {
            tracing::error!("an answer of the desktop was lost: nobody reads its events");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::{CardId, CardUrgency};

    #[test]
    fn one_too_many_is_refused_with_the_hint_and_the_others_stay_in_order() {
        let (events, mut answers) = mpsc::channel(2);
        let (calls, mut waiting) = CallQueue::new(events);
        let show = |number| {
            let (title, body) = (String::new(), String::new());
            NotifierCall::Show(Card {
                id: CardId(number),
                device: None,
                title,
                body,
                urgency: CardUrgency::Normal,
                sound: true,
            })
        };
        (0..=QUEUE as u64).for_each(|number| calls.enqueue(show(number)));
        #[cfg(target_os = "linux")]
        calls.enqueue(NotifierCall::Withdraw(CardId(1)));
        let Ok(DesktopEvent::ShowFailed { card, problem, detail }) = answers.try_recv() else { panic!("no answer") };
        assert_eq!((card, problem), (CardId(QUEUE as u64), PushProblem::NotificationServerRefused));
        assert!(detail.contains("push more slowly"), "{detail}");
        assert!(answers.try_recv().is_err(), "a withdrawal has no answer");
        for number in 0..QUEUE as u64 {
            assert!(matches!(waiting.try_recv(), Ok(NotifierCall::Show(card)) if card.id == CardId(number)));
        }
    }
}
