//! The recording notifier: remembers what it was asked and answers as it is told to.
//!
//! Lives here: the notifier of tests, and of a device that has no desktop of its own. Does not live here: any drawing.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portal_contract::PushProblem;
use portal_contract::status::DesktopStatus;
use tokio::sync::{mpsc, watch};

use super::{Card, CardId, DesktopEvent, Notifier, PromptCard, PromptId, Settings};

/// One thing that a notifier was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// To raise a card.
    Raise(Card),
    /// To withdraw a card.
    Withdraw(CardId),
    /// To prompt.
    Prompt(PromptCard),
    /// To withdraw the prompt.
    WithdrawPrompt(PromptId),
}

/// How a recording notifier answers a raise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// With `Raised`.
    Raise,
    /// With `RaiseFailed`; prompts with `PromptFailed`.
    Fail(PushProblem, String),
    /// Not at all: the answer comes by [`Recording::answer`].
    Wait,
}

/// Remembers every call, in order.
pub struct Recording {
    asked: watch::Sender<Vec<Asked>>,
    behaviour: Mutex<Behaviour>,
    events: mpsc::Sender<DesktopEvent>,
}

impl Recording {
    /// Starts one that answers each raise with `Raised`.
    pub fn start(_settings: Settings, events: mpsc::Sender<DesktopEvent>) -> Self {
        Self { asked: watch::Sender::new(Vec::new()), behaviour: Mutex::new(Behaviour::Raise), events }
    }

    /// Answers so from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour() = behaviour;
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }

    /// Waits until what was asked satisfies a condition, and gives it. Has no limit of its own.
    pub async fn wait_for(&self, mut condition: impl FnMut(&[Asked]) -> bool) -> Vec<Asked> {
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

    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, asked: Asked) {
        self.asked.send_modify(|all| all.push(asked));
    }

    fn say(&self, event: DesktopEvent) {
        if let Err(error) = self.events.try_send(event) {
            tracing::error!(%error, "an answer of the desktop was lost");
        }
    }
}

impl Notifier for Recording {
    fn raise(&self, card: Card) {
        let id = card.id;
        self.record(Asked::Raise(card));
        let behaviour = self.behaviour().clone();
        match behaviour {
            Behaviour::Raise => self.say(DesktopEvent::Raised { card: id, verdict: None }),
            Behaviour::Fail(problem, detail) => self.say(DesktopEvent::RaiseFailed { card: id, problem, detail }),
            Behaviour::Wait => {}
        }
    }

    fn withdraw(&self, card: CardId) {
        self.record(Asked::Withdraw(card));
    }

    fn prompt(&self, prompt: PromptCard) {
        let id = prompt.id;
        self.record(Asked::Prompt(prompt));
        if let Behaviour::Fail(_, detail) = self.behaviour().clone() {
            self.say(DesktopEvent::PromptFailed { prompt: id, detail });
        }
    }

    fn withdraw_prompt(&self, prompt: PromptId) {
        self.record(Asked::WithdrawPrompt(prompt));
    }

    fn state(&self) -> DesktopStatus {
        DesktopStatus { notifier: "recording".to_owned(), ..DesktopStatus::default() }
    }

    fn is_available(&self) -> bool {
        !matches!(*self.behaviour(), Behaviour::Fail(PushProblem::NoNotificationServer, _))
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}
