//! The native notifier of Linux: notify-rust raises, and one kept connection to the session bus listens beside it,
//! since a waiter of notify-rust's own loses answers (stack-notifications 1.4, 1.5).
//!
//! Lives here: the notifier's face. Does not live here: the work (`desk`), the connection (`bus`), the rules (`open`,
//! `server`, `refusal`, `form`).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use portal_shared::Problem;
use portal_shared::status::Desktop;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Allowance, Card, CardId, DesktopEvent, Notifier, PromptCard, PromptId, Settings, icon};
use desk::{Command, Desk};
use server::View;

mod allows;
mod bus;
mod desk;
mod form;
mod open;
mod refusal;
mod server;
mod turn;
mod work;

/// How many calls may wait behind the raise in hand.
const QUEUE: usize = 256;

/// How many may look at once.
const LOOKS: usize = 16;

/// How long a look takes at most; it is answered after the raise in hand, never by it.
const LOOK: Duration = Duration::from_millis(500);

/// Raises cards through the desktop's notification server (`org.freedesktop.Notifications`).
pub struct Native {
    commands: mpsc::Sender<Command>,
    looks: mpsc::Sender<oneshot::Sender<()>>,
    events: mpsc::Sender<DesktopEvent>,
    view: watch::Receiver<View>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Native {
    /// Starts it: writes the icon, and looks for the session bus and its notification server without waiting for
    /// them. Must be called inside a tokio runtime. `events` must be read: while it is full, nothing is raised.
    pub fn start(settings: Settings, events: mpsc::Sender<DesktopEvent>) -> Self {
        let (commands, waiting) = mpsc::channel(QUEUE);
        let stop = CancellationToken::new();
        let icon = icon::path(&settings.icon_directory);
        let (looks, lookers) = mpsc::channel(LOOKS);
        let (desk, view) = Desk::new(icon.as_deref(), waiting, lookers, events.clone(), stop.clone());
        let tasks = TaskTracker::new();
        tasks.spawn(desk.run());
        tasks.close();
        Self { commands, looks, events, view, stop, tasks }
    }

    fn enqueue(&self, command: Command) {
        let Err(refused) = self.commands.try_send(command) else { return };
        let detail = format!("{QUEUE} calls already wait for the notification server; push more slowly");
        let answer = match refused.into_inner() {
            Command::Raise(Card { id: card, .. }) => {
                DesktopEvent::RaiseFailed { card, problem: Problem::NotificationServerRefused, detail }
            }
            Command::Prompt(PromptCard { id: prompt, .. }) => DesktopEvent::PromptFailed { prompt, detail },
            Command::Withdraw(_) | Command::WithdrawPrompt(_) => {
                tracing::warn!("a card stays on the desktop: {detail}");
                return;
            }
        };
        if self.events.try_send(answer).is_err() {
            tracing::error!("an answer of the desktop was lost: nobody reads its events");
        }
    }
}

impl Notifier for Native {
    fn raise(&self, card: Card) {
        self.enqueue(Command::Raise(card));
    }

    fn withdraw(&self, card: CardId) {
        self.enqueue(Command::Withdraw(card));
    }

    fn prompt(&self, prompt: PromptCard) {
        self.enqueue(Command::Prompt(prompt));
    }

    fn withdraw_prompt(&self, prompt: PromptId) {
        self.enqueue(Command::WithdrawPrompt(prompt));
    }

    fn state(&self) -> Desktop {
        self.view.borrow().desktop.clone()
    }

    fn is_available(&self) -> bool {
        self.view.borrow().available
    }

    fn allowance(&self) -> Allowance {
        self.view.borrow().allowance
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

impl Drop for Native {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
