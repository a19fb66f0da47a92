//! The task behind the native notifier: one call in hand, the rest in order behind it.
//!
//! Lives here: what to do next. Does not live here: the rules (`open`, `server`, `refusal`), the connection (`bus`).

use std::time::Duration;

use portal_contract::{DesktopVerdict, PushProblem};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use zbus::names::OwnedUniqueName;

use suppression::SuppressionQuery;

use super::bus::{BusConnection, BusEvent, ServerGreeting};
use super::form::NotificationTemplate;
use super::leftover::{OpenCards, OpenCardsFile};
use super::open::{DISMISSED, EXPIRED, OpenItem, OpenNotifications, PromptNonce, ServerSignal};
use super::refusal;
use super::server::{QuestionKind, ServerQuestion, ServerState, SharedView};
use super::session;
use super::show_state::{self, AcceptedCard, NotifyCall, ShowRequest, ShowResult, ShowState};
use super::work::{NotificationHold, RunningTasks, TaskResult};
use crate::desktop::{DesktopEvent, NotifierOptions, PromptId, icon, queue};

mod suppression;
mod telling;

/// How long a stop waits for an open prompt to be withdrawn.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// Why there is no server, as long as nothing more is known.
const NO_OWNER: &str = "nobody owns its name";

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

    /// Shows the job if a server is there; else does what may bring one, and waits for it if that has not been in
    /// vain before.
    async fn advance(&mut self, job: ShowRequest) {
        match &self.server {
            ServerState::Present { .. } => return self.show(&job),
            ServerState::NoBus { .. } => {
                self.work.connect();
                self.find(ServerState::asked(QuestionKind::Bus)).await;
            }
            ServerState::Absent { .. } => {
                if let Some(bus) = &self.bus {
                    self.work.start_server(bus.line());
                }
                self.find(ServerState::asked(QuestionKind::Start)).await;
            }
            ServerState::Asked(_) => {}
        }
        self.wait_or_fail(job).await;
    }

    async fn wait_or_fail(&mut self, job: ShowRequest) {
        match self.server.problem() {
            None => self.showing = Some(ShowState::waiting(job)),
            Some(detail) => self.fail(job.subject(), PushProblem::NoNotificationServer, detail).await,
        }
    }

    fn show(&mut self, job: &ShowRequest) {
        self.open.expect();
        self.called = self.server.owner().cloned();
        // A prompt has no receipt to say it in.
        let then = self.question_after_showing().filter(|_| matches!(job, ShowRequest::Card(_)));
        self.showing = Some(ShowState::showing(job, &self.form, self.server.wants_markup(), then));
    }

    async fn end_show(&mut self, end: ShowResult) {
        match (self.showing.take(), end) {
            (Some(ShowState::Waiting(job, _)), ShowResult::NoServerInTime) => {
                self.set_overdue().await;
                self.wait_or_fail(job).await;
            }
            (Some(ShowState::Showing(subject, _)), end) => self.end_call(subject, end).await,
            // What ended is what is under way.
            (showing, _) => self.showing = showing,
        }
    }

    async fn end_call(&mut self, subject: OpenItem, end: ShowResult) {
        let is_still_there = self.server.owner() == self.called.as_ref();
        match end {
            ShowResult::Shown(accepted) if is_still_there => self.accept(subject, accepted).await,
            ShowResult::Shown(..) => self.lose(subject).await,
            ShowResult::Failed(error) => {
                self.open.expect_no_more();
                let (problem, detail) = refusal::judge(&error);
                self.fail(subject, problem, detail).await;
            }
            ShowResult::Unanswered(call) => self.give_up(subject, call).await,
            ShowResult::NoServerInTime => {}
        }
        // Another server came meanwhile, and was told of before this end was: what waits for one is to look again.
        if !is_still_there && matches!(self.server, ServerState::Present { .. }) {
            self.tell(DesktopEvent::ServerAppeared).await;
        }
    }

    /// The server took it and went away before its answer was read: the id means nothing any more.
    async fn lose(&mut self, subject: OpenItem) {
        self.open.expect_no_more();
        match subject {
            OpenItem::Card(card) => {
                self.tell(DesktopEvent::Shown { card, verdict: Some(DesktopVerdict::Unknown) }).await;
                // No other can be open: nothing was shown since that server went.
                self.tell(DesktopEvent::CardsLost).await;
            }
            OpenItem::Prompt(prompt, _) => self.tell(lost_prompt(prompt, "the notification server went away")).await,
        }
    }

    async fn accept(&mut self, subject: OpenItem, accepted: AcceptedCard) {
        let AcceptedCard { id, hold, suppression } = accepted;
        if let (Some(suppression), Some(owner)) = (suppression, self.called.clone()) {
            self.know_suppression(&owner, suppression).await;
        }
        if let OpenItem::Card(card) = subject {
            let verdict = Some(self.known_suppression().verdict());
            self.tell(DesktopEvent::Shown { card, verdict }).await;
        }
        match self.open.accept(id, subject, hold) {
            Some((event, hold)) => self.answered(event, hold).await,
            None if self.broadcasts() => {}
            None => self.wait_on(id),
        }
        self.keep_open_cards();
    }

    fn broadcasts(&self) -> bool {
        matches!(self.server, ServerState::Present { broadcasts: true, .. })
    }

    fn wait_on(&mut self, id: u32) {
        if let Some(hold) = self.open.get_mut(id) {
            self.work.wait(id, hold);
        }
    }

    /// The server took the call and did not answer: never repeated, and none more until it answers (contract 4).
    async fn give_up(&mut self, subject: OpenItem, call: NotifyCall) {
        self.open.expect_no_more();
        if matches!(subject, OpenItem::Prompt(..)) {
            // It is shown anew once the server answers, and two would stand then, the first one deaf.
            self.work.await_late(call);
        }
        if let ServerState::Present { owner, .. } = &self.server {
            self.ask(owner.clone());
        }
        self.set_overdue().await;
        let detail = "the notification server did not answer within 3 s; the notification may still appear".to_owned();
        self.fail(subject, PushProblem::NotificationServerDidNotAnswer, detail).await;
    }

    /// Asks the server for an answer of any kind; the answer is awaited for as long as it takes.
    fn ask(&mut self, owner: OwnedUniqueName) {
        if let Some(bus) = &self.bus {
            self.work.greet(bus.line(), owner.clone());
        }
        self.server = ServerState::asked(QuestionKind::Server(owner));
    }

    async fn set_overdue(&mut self) {
        if let ServerState::Asked(question) = &mut self.server {
            question.overdue = true;
        }
        self.publish_view().await;
    }

    async fn hear(&mut self, heard: BusEvent) {
        match heard {
            BusEvent::Signal { id, signal, broadcast } => {
                if broadcast {
                    self.heard_broadcast();
                }
                let signal = self.in_the_specifications_words(signal);
                if let Some((event, hold)) = self.open.hear(id, signal) {
                    self.answered(event, hold).await;
                }
            }
            BusEvent::Owner(owner) => {
                self.owned_by(owner).await;
                self.resume().await;
            }
            BusEvent::Suppression => {
                self.ask_suppression();
            }
            BusEvent::Ended => {
                self.bus = None;
                self.lose_all("the session bus went away").await;
                self.find(ServerState::NoBus { why: ended_session() }).await;
                self.resume().await;
            }
        }
    }

    /// The kept connection hears all that this server says, and checks who says it; waiters, which do not, may go.
    fn heard_broadcast(&mut self) {
        if let ServerState::Present { broadcasts: broadcasts @ false, .. } = &mut self.server {
            *broadcasts = true;
            self.open.holds().for_each(NotificationHold::stop_waiting);
        }
    }

    async fn owned_by(&mut self, owner: Option<OwnedUniqueName>) {
        if owner.is_some() && self.server.owner() == owner.as_ref() {
            return;
        }
        if self.server.owner().is_some() {
            self.lose_all("the notification server went away").await;
        }
        match owner {
            Some(owner) => {
                self.ask(owner);
                self.publish_view().await;
            }
            // Not while the bus is starting one: its answer says how that went.
            None if matches!(self.server, ServerState::Asked(ServerQuestion { about: QuestionKind::Start, .. })) => {}
            None => self.find(ServerState::Absent { why: NO_OWNER.to_owned() }).await,
        }
    }

    /// The ids of the server that is gone mean nothing any more.
    async fn lose_all(&mut self, why: &str) {
        let lost = self.open.lose();
        if lost.iter().any(|(subject, _)| matches!(subject, OpenItem::Card(_))) {
            self.tell(DesktopEvent::CardsLost).await;
        }
        for (subject, _) in lost {
            if let OpenItem::Prompt(prompt, _) = subject {
                self.tell(lost_prompt(prompt, why)).await;
            }
        }
    }

    async fn take_in(&mut self, done: TaskResult) {
        match done {
            TaskResult::Connected(Ok((bus, owner))) => {
                self.bus = Some(bus);
                self.server = ServerState::Absent { why: NO_OWNER.to_owned() };
                self.owned_by(owner).await;
                // With the bus there, the bus may start a server.
                if let Some(job) = self.take_waiting() {
                    self.advance(job).await;
                }
            }
            TaskResult::Connected(Err(error)) => {
                let why = session::of_another_user().or_else(session::of_a_newer_session);
                self.find(ServerState::NoBus { why: why.unwrap_or_else(|| refusal::bus_reason(&error)) }).await;
                self.resume().await;
            }
            TaskResult::Started(started) => self.started(started).await,
            TaskResult::Greeted(owner, greeting) => self.greeted(owner, greeting).await,
            TaskResult::Suppression(asked, suppression) => self.told_suppression(&asked, suppression).await,
            TaskResult::Late(Some(hold)) => self.work.withdraw(hold),
            TaskResult::Late(None) => {}
            TaskResult::Waited(id, handle, signal) => {
                if self.open.get_mut(id).is_some_and(|hold| hold.is(&handle)) {
                    self.waited(id, signal).await;
                }
            }
        }
    }

    /// A waiter checks no sender: what is no answer to its notification was meant to pass for one. It waits on.
    async fn waited(&mut self, id: u32, signal: Option<ServerSignal>) {
        let Some(signal) = signal else { return };
        let signal = self.in_the_specifications_words(signal);
        match self.open.hear(id, signal) {
            Some((event, hold)) => self.answered(event, hold).await,
            None => self.wait_on(id),
        }
    }

    async fn started(&mut self, started: zbus::Result<Option<OwnedUniqueName>>) {
        if !matches!(self.server, ServerState::Asked(ServerQuestion { about: QuestionKind::Start, .. })) {
            return;
        }
        let why = match started {
            Ok(Some(owner)) => return self.owned_by(Some(owner)).await,
            Ok(None) => "the bus started one that ended at once".to_owned(),
            Err(error) => refusal::bus_reason(&error),
        };
        self.find(ServerState::Absent { why }).await;
        self.resume().await;
    }

    async fn greeted(&mut self, asked: OwnedUniqueName, greeting: zbus::Result<ServerGreeting>) {
        if self.server.owner() != Some(&asked) || matches!(self.server, ServerState::Present { .. }) {
            return;
        }
        match greeting {
            Ok(greeting) => {
                self.find(ServerState::Present { owner: asked, greeting, broadcasts: false }).await;
                self.close_leftover();
                self.tell(DesktopEvent::ServerAppeared).await;
            }
            Err(error) => self.find(ServerState::Absent { why: refusal::bus_reason(&error) }).await,
        }
        self.resume().await;
    }

    /// Lets the card that waits for a server have what was found.
    async fn resume(&mut self) {
        let problem = self.server.problem();
        let present = matches!(self.server, ServerState::Present { .. });
        if !present && problem.is_none() {
            return;
        }
        match (self.take_waiting(), problem) {
            (Some(job), None) => self.show(&job),
            (Some(job), Some(detail)) => self.fail(job.subject(), PushProblem::NoNotificationServer, detail).await,
            (None, _) => {}
        }
    }

    fn take_waiting(&mut self) -> Option<ShowRequest> {
        match self.showing.take_if(|showing| matches!(showing, ShowState::Waiting(..))) {
            Some(ShowState::Waiting(job, _)) => Some(job),
            _ => None,
        }
    }

    /// The user is done with the notification, the server perhaps not: some leave a clicked card standing.
    async fn answered(&mut self, event: DesktopEvent, hold: NotificationHold) {
        if matches!(event, DesktopEvent::Clicked { .. } | DesktopEvent::PromptAnswered { .. }) {
            self.work.withdraw(hold);
        }
        self.keep_open_cards();
        self.tell(event).await;
    }

    async fn fail(&mut self, subject: OpenItem, problem: PushProblem, detail: String) {
        let event = match subject {
            OpenItem::Card(card) => DesktopEvent::ShowFailed { card, problem, detail },
            OpenItem::Prompt(prompt, _) => DesktopEvent::PromptFailed { prompt, detail },
        };
        self.tell(event).await;
    }

    async fn find(&mut self, server: ServerState) {
        self.server = server;
        self.log_what_was_found();
        self.publish_view().await;
    }

    fn in_the_specifications_words(&self, signal: ServerSignal) -> ServerSignal {
        match signal {
            ServerSignal::Closed(EXPIRED) if self.server.calls_dismissals_expired() => ServerSignal::Closed(DISMISSED),
            signal => signal,
        }
    }

    async fn publish_view(&mut self) {
        let view = self.server.view();
        let differs = self.view.send_if_modified(|seen| {
            let differs = *seen != view;
            *seen = view;
            differs
        });
        if differs {
            self.tell(DesktopEvent::Changed).await;
        }
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

fn ended_session() -> String {
    let went = format!("{} went away", session::address().unwrap_or_default());
    session::of_a_newer_session().unwrap_or_else(|| format!("{went}, perhaps since the desktop session has ended"))
}

fn lost_prompt(prompt: PromptId, why: &str) -> DesktopEvent {
    let detail = format!("{why} with the prompt; answer it with `portal-agent permission allow|deny`");
    DesktopEvent::PromptFailed { prompt, detail }
}

async fn next(bus: &mut Option<Box<BusConnection>>, server: Option<&OwnedUniqueName>) -> BusEvent {
    match bus {
        Some(bus) => bus.next(server).await,
        None => std::future::pending().await,
    }
}
