//! The native notifier where notify-rust only blocks: Windows and macOS. Not run by this project's tests.
//!
//! Lives here: one call at a time, off the runtime's threads, and who waits for answers. Does not live here: what a
//! notification is on each platform (`windows`, `macos`).

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify_rust::{CloseReason, NotificationResponse};
use portal_contract::PushProblem;
use portal_contract::status::DesktopStatus;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::platform::{self, Wait};
use super::queue::{CallQueue, NotifierCall};
use super::{
    Card, CardId, DesktopEvent, Notifier, NotifierOptions, PromptCard, PromptChoice, PromptId, Suppression, icon,
};

/// How long the desktop has for an answer (contract 4).
const SHOW_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a look takes at most.
const LOOK: Duration = Duration::from_millis(500);

const CHOICES: [PromptChoice; 3] = [PromptChoice::Allow, PromptChoice::AllowInSummary, PromptChoice::Deny];

/// The key of the action that makes this choice.
pub(super) fn key(choice: PromptChoice) -> &'static str {
    match choice {
        PromptChoice::Allow => "allow",
        PromptChoice::AllowInSummary => "summary",
        PromptChoice::Deny => "deny",
    }
}

/// Shows cards through the desktop's own notifications.
pub struct BlockingNotifier {
    calls: CallQueue,
    prompts: OpenPrompts,
    known: KnownSuppression,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// The prompts that are not withdrawn. The desktop cannot take one back, so its late answer is ignored instead.
#[derive(Clone, Default)]
struct OpenPrompts(Arc<Mutex<HashSet<PromptId>>>);

impl OpenPrompts {
    fn lock(&self) -> MutexGuard<'_, HashSet<PromptId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the desktop lets through, as last read.
#[derive(Clone, Default)]
struct KnownSuppression(Arc<Mutex<Suppression>>);

impl KnownSuppression {
    fn get(&self) -> Suppression {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it anew. Blocks for as long as the desktop takes.
    fn read(&self) -> Suppression {
        let suppression = platform::suppression();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = suppression;
        suppression
    }
}

impl BlockingNotifier {
    /// Starts it and writes the icon. Must be called inside a tokio runtime. `events` must be read: while it is full,
    /// nothing is shown.
    pub fn start(settings: NotifierOptions, events: mpsc::Sender<DesktopEvent>) -> Self {
        let (calls, waiting) = CallQueue::new(events.clone());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (prompts, known) = (OpenPrompts::default(), KnownSuppression::default());
        let worker = BlockingWorker {
            icon: icon::path(&settings.icon_directory),
            events,
            prompts: prompts.clone(),
            known: known.clone(),
        };
        let stopped = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = worker.run(waiting) => {}
                () = stopped.cancelled() => {}
            }
        });
        tasks.close();
        Self { calls, prompts, known, stop, tasks }
    }
}

impl Notifier for BlockingNotifier {
    fn show(&self, card: Card) {
        self.calls.enqueue(NotifierCall::Show(card));
    }

    /// notify-rust cannot take a notification back here (decisions/0008): the user dismisses it.
    fn withdraw(&self, _card: CardId) {}

    fn prompt(&self, prompt: PromptCard) {
        self.prompts.lock().insert(prompt.id);
        self.calls.enqueue(NotifierCall::Prompt(prompt));
    }

    fn withdraw_prompt(&self, prompt: PromptId) {
        self.prompts.lock().remove(&prompt);
    }

    fn state(&self) -> DesktopStatus {
        let verdict = Some(self.known.get().verdict());
        DesktopStatus { notifier: "native".to_owned(), verdict, ..DesktopStatus::default() }
    }

    fn suppression(&self) -> Suppression {
        self.known.get()
    }

    fn look(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let known = self.known.clone();
        let looking = self.tasks.spawn_blocking(move || known.read());
        Box::pin(async move {
            if timeout(LOOK, looking).await.is_err() {
                tracing::debug!("the desktop did not say in a moment what it lets through");
            }
        })
    }

    fn is_available(&self) -> bool {
        true
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.stop.cancel();
        Box::pin(self.tasks.wait())
    }
}

impl Drop for BlockingNotifier {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct BlockingWorker {
    icon: Option<String>,
    events: mpsc::Sender<DesktopEvent>,
    prompts: OpenPrompts,
    known: KnownSuppression,
}

impl BlockingWorker {
    async fn run(self, mut calls: mpsc::Receiver<NotifierCall>) {
        while let Some(call) = calls.recv().await {
            let event = match call {
                NotifierCall::Show(card) => Some(self.show(card).await),
                NotifierCall::Prompt(prompt) => self.prompt(prompt).await,
            };
            if let Some(event) = event
                && self.events.send(event).await.is_err()
            {
                return;
            }
        }
    }

    async fn show(&self, card: Card) -> DesktopEvent {
        let (id, icon, known) = (card.id, self.icon.clone(), self.known.clone());
        let showing = tokio::task::spawn_blocking(move || {
            let shown = platform::card(&card, icon.as_deref());
            // Read right after, on the same thread: the verdict is of the moment at which the card was shown.
            shown.map(|wait| (wait, known.read().verdict()))
        });
        // A call that blocks cannot be taken back: its thread goes on, and the card may appear after this was given up.
        let shown = timeout(SHOW_TIMEOUT, showing).await;
        let failed = |problem, detail| DesktopEvent::ShowFailed { card: id, problem, detail };
        match shown.map(settled) {
            Ok(Ok((wait, verdict))) => {
                self.await_answer(wait, move |response| card_answer(id, response));
                DesktopEvent::Shown { card: id, verdict: Some(verdict) }
            }
            Ok(Err(error)) => failed(
                PushProblem::NotificationServerRefused,
                format!("the desktop refused the notification: {error}; allow them for this app in its settings"),
            ),
            Err(_) => failed(
                PushProblem::NotificationServerDidNotAnswer,
                "the desktop did not answer within 3 s; the notification may still appear".to_owned(),
            ),
        }
    }

    async fn prompt(&self, prompt: PromptCard) -> Option<DesktopEvent> {
        let (id, icon) = (prompt.id, self.icon.clone());
        let shown =
            timeout(SHOW_TIMEOUT, tokio::task::spawn_blocking(move || platform::prompt(&prompt, icon.as_deref())))
                .await;
        let failed = |why: &str| {
            let detail = format!("{why}; answer with `portal-agent permission allow|deny`");
            Some(DesktopEvent::PromptFailed { prompt: id, detail })
        };
        match shown.map(settled) {
            Ok(Ok(wait)) => {
                let prompts = self.prompts.clone();
                self.await_answer(wait, move |response| {
                    // Taken out with the answer: one counts, and of a prompt that was withdrawn none.
                    prompts.lock().remove(&id).then(|| prompt_answer(id, response))
                });
                None
            }
            Ok(Err(error)) => failed(&format!("the desktop refused the prompt: {error}")),
            Err(_) => failed("the desktop did not answer within 3 s; the prompt may still appear"),
        }
    }

    fn await_answer(
        &self,
        wait: Option<Wait>,
        read: impl FnOnce(&NotificationResponse) -> Option<DesktopEvent> + Send + 'static,
    ) {
        let Some(wait) = wait else { return };
        let events = self.events.clone();
        // A thread of its own: neither platform lets go of one that waits, and a thread of the runtime would keep the
        // process from ending. It ends with its notification's time on the screen, or with the process.
        let waiting = std::thread::Builder::new().name("notification".to_owned()).spawn(move || {
            let event = wait().and_then(|response| read(&response));
            if let Some(event) = event
                && events.blocking_send(event).is_err()
            {
                tracing::debug!("nobody listens to the desktop any more");
            }
        });
        if let Err(error) = waiting {
            tracing::warn!(%error, "no answer to this notification will be heard");
        }
    }
}

/// What a call came back with, or the sentence of what went wrong.
fn settled<T>(ended: Result<Result<T, String>, tokio::task::JoinError>) -> Result<T, String> {
    ended.unwrap_or_else(|error| Err(error.to_string()))
}

fn card_answer(card: CardId, response: &NotificationResponse) -> Option<DesktopEvent> {
    match response {
        NotificationResponse::Default | NotificationResponse::Action(_) => Some(DesktopEvent::Clicked { card }),
        NotificationResponse::Closed(CloseReason::Dismissed) => Some(DesktopEvent::Dismissed { card }),
        // One that left the screen is still in the platform's list of notifications: not dismissed.
        NotificationResponse::Closed(_) | NotificationResponse::Reply(_) => None,
    }
}

fn prompt_answer(prompt: PromptId, response: &NotificationResponse) -> DesktopEvent {
    if let NotificationResponse::Action(action) = response
        && let Some(choice) = CHOICES.into_iter().find(|choice| key(*choice) == action.as_str())
    {
        return DesktopEvent::PromptAnswered { prompt, choice };
    }
    match response {
        NotificationResponse::Closed(CloseReason::Dismissed) => DesktopEvent::PromptClosed { prompt },
        // Never an answer: nobody pressed anything, and a denial that nobody gave must not be written
        // (decisions/0008).
        _ => DesktopEvent::PromptFailed {
            prompt,
            detail: "the prompt left the screen without an answer; answer with `portal-agent permission allow|deny`"
                .to_owned(),
        },
    }
}
