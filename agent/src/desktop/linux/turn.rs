//! The raise in hand: it waits for a server, then for the server's answer.
//!
//! Lives here: what is raised, and the wait. Does not live here: what follows from its end (`desk`).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use notify_rust::{Notification, NotificationHandle};
use tokio::time::{Sleep, sleep, timeout};

use super::form::Form;
use super::open::{Nonce, Subject};
use super::work::{Hold, PATIENCE};
use crate::desktop::{Allowance, Card, PromptCard};

/// Something to raise.
pub(super) enum Job {
    Card(Card),
    Prompt(PromptCard, Nonce),
}

/// The raise in hand.
pub(super) enum Turn {
    /// It waits for a server, until the time is over.
    Waiting(Job, Pin<Box<Sleep>>),
    /// The server has it.
    Raising(Subject, Raise),
}

/// A call of the server under way.
pub(super) type Call = Pin<Box<dyn Future<Output = notify_rust::error::Result<NotificationHandle>> + Send>>;

/// A turn's call with its limit.
pub(super) type Raise = Pin<Box<dyn Future<Output = TurnEnd> + Send>>;

/// How a turn ended.
pub(super) enum TurnEnd {
    /// No server was found while it waited.
    NoServerInTime,
    /// The server accepted it, under this id.
    Raised(Accepted),
    /// An error, as notify-rust prints it.
    Failed(String),
    /// The server has the call and does not answer. It may still do so.
    Unanswered(Call),
}

/// What the server accepted.
pub(super) struct Accepted {
    pub(super) id: u32,
    pub(super) hold: Hold,
    /// What was said right after it of what the server lets through, where that was asked.
    pub(super) allowance: Option<Allowance>,
}

/// A question to the server that is sent once it has answered the call.
pub(super) type Question = Pin<Box<dyn Future<Output = Allowance> + Send>>;

/// How long an answer that is there already waits for that question.
const GRACE: Duration = Duration::from_millis(250);

impl Turn {
    /// Waits for a server, for as long as the contract allows.
    pub(super) fn waiting(job: Job) -> Self {
        Self::Waiting(job, Box::pin(sleep(PATIENCE)))
    }

    /// Calls the server. notify-rust has no limit of its own (decisions/0009).
    pub(super) fn raising(job: &Job, form: &Form, markup: bool, then: Option<Question>) -> Self {
        let notification = job.form(form, markup);
        Self::Raising(job.subject(), Box::pin(raise(notification, then)))
    }
}

impl Job {
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Card(card) => Subject::Card(card.id),
            Self::Prompt(prompt, nonce) => Subject::Prompt(prompt.id, nonce.clone()),
        }
    }

    fn form(&self, form: &Form, markup: bool) -> Notification {
        match self {
            Self::Card(card) => form.card(card, markup),
            Self::Prompt(prompt, nonce) => form.prompt(prompt, nonce, markup),
        }
    }
}

/// The question goes after the answer: sent together, it made the server read the call later (run: `push_to_notify`).
async fn raise(notification: Notification, then: Option<Question>) -> TurnEnd {
    let mut call: Call = Box::pin(async move { notification.show_async().await });
    match timeout(PATIENCE, &mut call).await {
        Ok(Ok(handle)) => {
            let allowance = match then {
                // Unknown is what an answer says that does not come.
                Some(question) => Some(timeout(GRACE, question).await.unwrap_or_default()),
                None => None,
            };
            TurnEnd::Raised(Accepted { id: handle.id(), hold: Hold::new(handle), allowance })
        }
        Ok(Err(error)) => TurnEnd::Failed(error.to_string()),
        Err(_) => TurnEnd::Unanswered(call),
    }
}

/// Waits for the end of the turn in hand; for ever, if there is none.
pub(super) async fn end(turn: &mut Option<Turn>) -> TurnEnd {
    match turn {
        Some(Turn::Waiting(_, until)) => {
            until.await;
            TurnEnd::NoServerInTime
        }
        Some(Turn::Raising(_, call)) => call.await,
        None => std::future::pending().await,
    }
}
