//! The card under way: it waits for a server, then for the server's answer.
//!
//! Lives here: what is shown, and the wait. Does not live here: what follows from its end (`worker`).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use notify_rust::Notification;
use tokio::time::{Sleep, sleep, timeout};

use super::form::NotificationTemplate;
use super::open::{OpenItem, PromptNonce};
use super::work::{CALL_TIMEOUT, NotificationHold, NotifyCall};
use crate::desktop::{Card, PromptCard, Suppression};

/// Something to show.
pub(super) enum ShowRequest {
    Card(Card),
    Prompt(PromptCard, PromptNonce),
}

/// The card under way.
pub(super) enum ShowState {
    /// It waits for a server, until the time is over.
    Waiting(ShowRequest, Pin<Box<Sleep>>),
    /// The server has it.
    Showing(OpenItem, ShowFuture),
}

/// The call with its limit.
pub(super) type ShowFuture = Pin<Box<dyn Future<Output = ShowResult> + Send>>;

/// How it ended.
pub(super) enum ShowResult {
    /// No server was found while it waited.
    NoServerInTime,
    /// The server accepted it, under this id.
    Shown(AcceptedCard),
    /// An error, as notify-rust prints it.
    Failed(String),
    /// The server has the call and does not answer. It may still do so.
    Unanswered(NotifyCall),
}

/// What the server accepted.
pub(super) struct AcceptedCard {
    pub(super) id: u32,
    pub(super) hold: NotificationHold,
    /// What was said right after it of what the server lets through, where that was asked.
    pub(super) suppression: Option<Suppression>,
}

/// A question to the server that is sent once it has answered the call.
pub(super) type SuppressionFuture = Pin<Box<dyn Future<Output = Suppression> + Send>>;

/// How long an answer that is there already waits for that question.
const GRACE: Duration = Duration::from_millis(250);

impl ShowState {
    /// Waits for a server, for as long as the contract allows.
    pub(super) fn waiting(job: ShowRequest) -> Self {
        Self::Waiting(job, Box::pin(sleep(CALL_TIMEOUT)))
    }

    /// Calls the server. notify-rust has no limit of its own (decisions/0009).
    pub(super) fn showing(
        job: &ShowRequest,
        form: &NotificationTemplate,
        markup: bool,
        then: Option<SuppressionFuture>,
    ) -> Self {
        let notification = job.form(form, markup);
        Self::Showing(job.subject(), Box::pin(show(notification, then)))
    }
}

impl ShowRequest {
    pub(super) fn subject(&self) -> OpenItem {
        match self {
            Self::Card(card) => OpenItem::Card(card.id),
            Self::Prompt(prompt, nonce) => OpenItem::Prompt(prompt.id, nonce.clone()),
        }
    }

    fn form(&self, form: &NotificationTemplate, markup: bool) -> Notification {
        match self {
            Self::Card(card) => form.card(card, markup),
            Self::Prompt(prompt, nonce) => form.prompt(prompt, nonce, markup),
        }
    }
}

async fn show(notification: Notification, then: Option<SuppressionFuture>) -> ShowResult {
    let mut call: NotifyCall = Box::pin(async move { notification.show_async().await });
    match timeout(CALL_TIMEOUT, &mut call).await {
        Ok(Ok(handle)) => {
            // Asked behind the answer: sent together with the call, the question made the server read the call later
            // (decisions/0009).
            let suppression = match then {
                // Unknown is what an answer says that does not come.
                Some(question) => Some(timeout(GRACE, question).await.unwrap_or_default()),
                None => None,
            };
            ShowResult::Shown(AcceptedCard { id: handle.id(), hold: NotificationHold::new(handle), suppression })
        }
        Ok(Err(error)) => ShowResult::Failed(error.to_string()),
        // The call itself is handed on and not dropped: a stopped server still shows what it was sent when it goes
        // on.
        Err(_) => ShowResult::Unanswered(call),
    }
}

/// Waits for the end of what is under way; for ever, if there is nothing.
pub(super) async fn end(showing: &mut Option<ShowState>) -> ShowResult {
    match showing {
        Some(ShowState::Waiting(_, until)) => {
            until.await;
            ShowResult::NoServerInTime
        }
        Some(ShowState::Showing(_, call)) => call.await,
        None => std::future::pending().await,
    }
}
