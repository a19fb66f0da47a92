//! The recording notifier: remembers what it was asked and answers as it is told to.
//!
//! Lives here: the notifier of tests, and of a device that has no desktop of its own. Does not live here: any drawing.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portal_contract::PushProblem;
use portal_contract::status::DesktopStatus;
use tokio::sync::{mpsc, watch};

use super::{Card, CardId, DesktopEvent, Notifier, NotifierOptions, PromptCard, PromptId};

/// One thing that a notifier was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedCall {
    /// To show a card.
    Show(Card),
    /// To withdraw a card.
    Withdraw(CardId),
    /// To prompt.
    Prompt(PromptCard),
    /// To withdraw the prompt.
    WithdrawPrompt(PromptId),
}

/// How a recording notifier answers a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingBehaviour {
    /// With `Shown`.
    Accept,
    /// With `ShowFailed`; prompts with `PromptFailed`.
    Fail(PushProblem, String),
    /// Not at all: the answer comes by [`RecordingNotifier::answer`].
    Wait,
}

/// Remembers every call, in order.
pub struct RecordingNotifier {
    asked: watch::Sender<Vec<RecordedCall>>,
    behaviour: Mutex<RecordingBehaviour>,
    events: mpsc::Sender<DesktopEvent>,
}

impl RecordingNotifier {
    /// Starts one that answers each card with `Shown`.
    pub fn start(_settings: NotifierOptions, events: mpsc::Sender<DesktopEvent>) -> Self {
        Self { asked: watch::Sender::new(Vec::new()), behaviour: Mutex::new(RecordingBehaviour::Accept), events }
    }

    /// Answers so from now on.
    pub fn behave(&self, behaviour: RecordingBehaviour) {
        *self.behaviour() = behaviour;
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<RecordedCall> {
        self.asked.borrow().clone()
    }

    /// Waits until what was asked satisfies a condition, and gives it. Has no limit of its own.
    pub async fn wait_for(&self, mut condition: impl FnMut(&[RecordedCall]) -> bool) -> Vec<RecordedCall> {
        let mut watching = self.asked.subscribe();
        // `self` holds the sender, so the wait cannot end without the condition.
        match watching.wait_for(|asked| condition(asked)).await {
            Ok(asked) => asked.clone(),
            Err(_) => self.asked(),
        }
    }

    /// Says something as the desktop would. Waits while the channel is full.
    pub async fn answer(&self, event: DesktopEvent) {
        if self.events.send(event).await.is_err() {
            tracing::debug!("nobody listens to the desktop any more");
        }
    }

    fn behaviour(&self) -> MutexGuard<'_, RecordingBehaviour> {
        self.behaviour.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, asked: RecordedCall) {
        self.asked.send_modify(|all| all.push(asked));
    }

    fn say(&self, event: DesktopEvent) {
        if let Err(error) = self.events.try_send(event) {
            tracing::error!(%error, "an answer of the desktop was lost");
        }
    }
}

impl Notifier for RecordingNotifier {
    fn show(&self, card: Card) {
        let id = card.id;
        self.record(RecordedCall::Show(card));
        let behaviour = self.behaviour().clone();
        match behaviour {
            RecordingBehaviour::Accept => self.say(DesktopEvent::Shown { card: id, verdict: None }),
            RecordingBehaviour::Fail(problem, detail) => {
                self.say(DesktopEvent::ShowFailed { card: id, problem, detail })
            }
            RecordingBehaviour::Wait => {}
        }
    }

    fn withdraw(&self, card: CardId) {
        self.record(RecordedCall::Withdraw(card));
    }

    fn prompt(&self, prompt: PromptCard) {
        let id = prompt.id;
        self.record(RecordedCall::Prompt(prompt));
        if let RecordingBehaviour::Fail(_, detail) = self.behaviour().clone() {
            self.say(DesktopEvent::PromptFailed { prompt: id, detail });
        }
    }

    fn withdraw_prompt(&self, prompt: PromptId) {
        self.record(RecordedCall::WithdrawPrompt(prompt));
    }

    fn state(&self) -> DesktopStatus {
        DesktopStatus { notifier: "recording".to_owned(), ..DesktopStatus::default() }
    }

    fn is_available(&self) -> bool {
        !matches!(*self.behaviour(), RecordingBehaviour::Fail(PushProblem::NoNotificationServer, _))
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}
