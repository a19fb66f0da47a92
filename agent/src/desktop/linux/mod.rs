//! The native notifier of Linux: notify-rust sends, and one kept connection to the session bus listens beside it,
//! since a waiter of notify-rust's own loses answers (decisions/0008).
//!
//! Lives here: the notifier's face. Does not live here: the work (`worker`), the connection (`bus`), the rules (`open`,
//! `server`, `refusal`, `form`).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use portal_contract::status::DesktopStatus;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::queue::{CallQueue, NotifierCall};
use super::{Card, CardId, DesktopEvent, Notifier, NotifierOptions, PromptCard, PromptId, Suppression};
use server::SharedView;
use worker::DesktopWorker;

mod bus;
mod form;
mod leftover;
mod open;
mod refusal;
mod server;
mod session;
mod show_state;
mod suppression_source;
mod work;
mod worker;

/// How many may look at once.
const LOOKS: usize = 16;

/// What every notification server is called, and where it answers.
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How long a look takes at most; it is answered after the card under way, never by it.
const LOOK: Duration = Duration::from_millis(500);

/// Shows cards through the desktop's notification server (`org.freedesktop.Notifications`).
pub struct LinuxNotifier {
    calls: CallQueue,
    looks: mpsc::Sender<oneshot::Sender<()>>,
    view: watch::Receiver<SharedView>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl LinuxNotifier {
    /// Starts it: writes the icon, and looks for the session bus and its notification server without waiting for
    /// them. Must be called inside a tokio runtime. `events` must be read: while it is full, nothing is shown.
    pub fn start(settings: NotifierOptions, events: mpsc::Sender<DesktopEvent>) -> Self {
        let (calls, waiting) = CallQueue::new(events.clone());
        let stop = CancellationToken::new();
        let (looks, lookers) = mpsc::channel(LOOKS);
        let (worker, view) = DesktopWorker::new(settings, waiting, lookers, events, stop.clone());
        let tasks = TaskTracker::new();
        tasks.spawn(worker.run());
        tasks.close();
        Self { calls, looks, view, stop, tasks }
    }
}

impl Notifier for LinuxNotifier {
    fn show(&self, card: Card) {
        self.calls.enqueue(NotifierCall::Show(card));
    }

    fn withdraw(&self, card: CardId) {
        self.calls.enqueue(NotifierCall::Withdraw(card));
    }

    fn prompt(&self, prompt: PromptCard) {
        self.calls.enqueue(NotifierCall::Prompt(prompt));
    }

    fn withdraw_prompt(&self, prompt: PromptId) {
        self.calls.enqueue(NotifierCall::WithdrawPrompt(prompt));
    }

    fn state(&self) -> DesktopStatus {
        self.view.borrow().desktop.clone()
    }

    fn is_available(&self) -> bool {
        self.view.borrow().available
    }

    fn suppression(&self) -> Suppression {
        self.view.borrow().suppression
    }

    fn look(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let (looker, looked) = oneshot::channel();
        // With as many under way already, the answer to those is of now too, or as good as.
        let asked = self.looks.try_send(looker).is_ok();
        Box::pin(async move {
            if asked && timeout(LOOK, looked).await.is_err() {
                tracing::debug!("the desktop did not say in a moment what it lets through");
            }
        })
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.stop.cancel();
        Box::pin(self.tasks.wait())
    }
}

impl Drop for LinuxNotifier {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
