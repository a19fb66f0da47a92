//! The task behind the native notifier: one call in hand, the rest in order behind it.
//!
//! Lives here: what to do next, and what stays open. Does not live here: the rules (`open`, `server`, `refusal`), the connection
//! (`bus`), what each thing that happens leads to (the files of this folder).

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use zbus::names::OwnedUniqueName;

use suppression::SuppressionQuery;

use super::bus::{BusConnection, BusEvent};
use super::form::NotificationTemplate;
use super::leftover::{OpenCards, OpenCardsFile};
use super::open::{OpenItem, OpenNotifications, PromptNonce};
use super::server::{QuestionKind, ServerState, SharedView};
use super::show_state::{self, ShowRequest, ShowState};
use super::work::{NotificationHold, RunningTasks};
use crate::desktop::{DesktopEvent, NotifierOptions, icon, queue};

mod finding;
mod showing;
mod suppression;
mod telling;

/// How long a stop waits for an open prompt to be withdrawn.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// The task's state.
pub(super) struct DesktopWorker {
    form: NotificationTemplate,
    calls: mpsc::Receiver<queue::NotifierCall>,
    events: mpsc::Sender<DesktopEvent>,
    view: watch::Sender<SharedView>,
    stop: CancellationToken,
    bus: Option<Box<BusConnection>>,
    server: ServerState,
    open: OpenNotifications<NotificationHold>,
    work: RunningTasks,
    showing: Option<ShowState>,
    /// The server that was called for the card under way.
    called: Option<OwnedUniqueName>,
    looks: mpsc::Receiver<oneshot::Sender<()>>,
    asking: SuppressionQuery,
    withdraw_at_stop: bool,
    open_cards_file: OpenCardsFile,
    /// What an earlier run left, until its server is found.
    left_by_earlier_run: OpenCards,
    /// The problem that the log told last, until it is over.
    told_problem: Option<String>,
}

impl DesktopWorker {
    pub(super) fn new(
        settings: NotifierOptions,
        calls: mpsc::Receiver<queue::NotifierCall>,
        looks: mpsc::Receiver<oneshot::Sender<()>>,
        events: mpsc::Sender<DesktopEvent>,
        stop: CancellationToken,
    ) -> (Self, watch::Receiver<SharedView>) {
        let server = ServerState::asked(QuestionKind::Bus);
        let (view, seen) = watch::channel(server.view());
        let icon = icon::path(&settings.icon_directory);
        let (open_cards_file, left_by_earlier_run) = OpenCardsFile::open(settings.open_cards_file);
        let worker = Self {
            form: NotificationTemplate::new(icon.as_deref()),
            calls,
            looks,
            events,
            view,
            stop,
            bus: None,
            server,
            open: OpenNotifications::new(),
            work: RunningTasks::new(),
            showing: None,
            called: None,
            asking: SuppressionQuery::default(),
            withdraw_at_stop: settings.withdraw_at_stop,
            open_cards_file,
            left_by_earlier_run,
            told_problem: None,
        };
        (worker, seen)
    }

    pub(super) async fn run(mut self) {
        let stop = self.stop.clone();
        self.work.connect();
        while !stop.is_cancelled() {
            tokio::select! {
                // In this order: what is heard of the server decides what a call may do.
                biased;
                () = stop.cancelled() => {}
                end = show_state::end(&mut self.showing) => self.end_show(end).await,
                heard = next(&mut self.bus, self.server.owner()) => self.hear(heard).await,
                done = self.work.next() => self.take_in(done).await,
                Some(looker) = self.looks.recv() => self.look(looker),
                Some(call) = self.calls.recv(), if self.showing.is_none() => self.obey(call).await,
            }
        }
        // A prompt's answer could not be heard any more.
        let withdraw_all = self.withdraw_at_stop;
        self.withdraw(|subject| withdraw_all || matches!(subject, OpenItem::Prompt(..)));
        self.work.finish(STOP_TIMEOUT).await;
        // The cards that stay were left on purpose: the next run does not close them.
        self.open_cards_file.keep(OpenCards::default());
    }

    async fn obey(&mut self, call: queue::NotifierCall) {
        match call {
            queue::NotifierCall::Show(card) => self.advance(ShowRequest::Card(card)).await,
            queue::NotifierCall::Prompt(prompt) => match getrandom::u64() {
                Ok(random) => self.advance(ShowRequest::Prompt(prompt, PromptNonce::new(random))).await,
                Err(_) => {
                    let detail = "the prompt needs a random number, and the system gives none".to_owned();
                    self.tell(DesktopEvent::PromptFailed { prompt: prompt.id, detail }).await;
                }
            },
            queue::NotifierCall::Withdraw(card) => self.withdraw(|subject| *subject == OpenItem::Card(card)),
            queue::NotifierCall::WithdrawPrompt(prompt) => {
                self.withdraw(|subject| matches!(subject, OpenItem::Prompt(id, _) if *id == prompt));
            }
        }
    }

    fn withdraw(&mut self, wanted: impl Fn(&OpenItem) -> bool) {
        for hold in self.open.take(wanted) {
            self.work.withdraw(hold);
        }
        self.keep_open_cards();
    }

    /// Keeps which cards are open, for the next run.
    fn keep_open_cards(&mut self) {
        let (Some(bus), Some(server)) = (&self.bus, self.server.owner()) else { return };
        let ids = self.open.ids().collect();
        self.open_cards_file.keep(OpenCards { bus: bus.guid(), server: server.to_string(), ids });
    }

    /// Closes what an earlier run, which was killed, left on this very server.
    fn close_leftover(&mut self) {
        let (Some(bus), Some(owner)) = (&self.bus, self.server.owner()) else { return };
        let OpenCards { bus: guid, server, ids } = std::mem::take(&mut self.left_by_earlier_run);
        if ids.is_empty() || guid != bus.guid() || server != owner.as_str() {
            return;
        }
        tracing::info!(
            cards = ids.len(),
            "closing the cards of an earlier run that was killed: nobody hears their answer"
        );
        self.work.close_leftover(bus.line(), owner.clone(), ids.into_iter().collect());
        self.keep_open_cards();
    }

    async fn tell(&mut self, event: DesktopEvent) {
        tokio::select! {
            biased;
            sent = self.events.send(event) => if sent.is_err() {
                self.stop.cancel();
            },
            () = self.stop.cancelled() => {}
        }
    }
}

async fn next(bus: &mut Option<Box<BusConnection>>, server: Option<&OwnedUniqueName>) -> BusEvent {
    match bus {
        Some(bus) => bus.next(server).await,
        None => std::future::pending().await,
    }
}
