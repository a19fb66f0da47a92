//! A card's way to the notification server: from the request to what the server made of it.
//!
//! Lives here: one request at a time, what its end means, and what the user's answer leads to. Does not live here: finding a
//! server (`finding`), what waits while one is sent (`show_state`).

use portal_contract::{DesktopVerdict, PushProblem};

use super::super::open::OpenItem;
use super::super::refusal;
use super::super::server::{QuestionKind, ServerState};
use super::super::show_state::{AcceptedCard, ShowRequest, ShowResult, ShowState};
use super::super::work::{NotificationHold, NotifyCall};
use super::DesktopWorker;
use super::finding::lost_prompt;
use crate::desktop::DesktopEvent;

impl DesktopWorker {
    /// Shows the job if a server is there; else does what may bring one, and waits for it if that has not been in
    /// vain before.
    pub(super) async fn advance(&mut self, job: ShowRequest) {
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
        // Before the call: a server may signal before the answer with its id has been read. notify-rust alone lost 50
        // of 50 such signals (decisions/0008).
        self.open.begin_expecting();
        self.called = self.server.owner().cloned();
        // A prompt has no receipt to say it in.
        let then = self.question_after_showing().filter(|_| matches!(job, ShowRequest::Card(_)));
        self.showing = Some(ShowState::showing(job, &self.form, self.server.wants_markup(), then));
    }

    pub(super) async fn end_show(&mut self, end: ShowResult) {
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
        // An id is one server's. Where another has taken its place, the id may be that one's next card.
        let is_still_there = self.server.owner() == self.called.as_ref();
        match end {
            ShowResult::Shown(accepted) if is_still_there => self.accept(subject, accepted).await,
            ShowResult::Shown(..) => self.lose(subject).await,
            ShowResult::Failed(error) => {
                self.open.end_expecting();
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
        self.open.end_expecting();
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
            // Told before an answer that came early: whoever hears of a click has heard of the card.
            let verdict = Some(self.known_suppression().verdict());
            self.tell(DesktopEvent::Shown { card, verdict }).await;
        }
        match self.open.accept(id, subject, hold) {
            Some((event, hold)) => self.answered(event, hold).await,
            // Where all is heard by the kept connection, which checks the sender, a waiter would only hear forged
            // answers as well.
            None if self.broadcasts() => {}
            None => self.wait_on(id),
        }
        self.keep_open_cards();
    }

    fn broadcasts(&self) -> bool {
        matches!(self.server, ServerState::Present { broadcasts: true, .. })
    }

    pub(super) fn wait_on(&mut self, id: u32) {
        if let Some(hold) = self.open.get_mut(id) {
            self.work.wait(id, hold);
        }
    }

    /// The server took the call and did not answer: never repeated, and none more until it answers (contract 4).
    async fn give_up(&mut self, subject: OpenItem, call: NotifyCall) {
        self.open.end_expecting();
        // A prompt is shown anew once the server answers, and two would stand then, the first one deaf. A card is not
        // shown again, so what comes late of it may stay.
        if matches!(subject, OpenItem::Prompt(..)) {
            self.work.await_late(call);
        }
        // A question that changes nothing, as the probe: until it is answered, each further call would wait its 3 s
        // in vain (decisions/0009).
        if let ServerState::Present { owner, .. } = &self.server {
            self.ask(owner.clone());
        }
        self.set_overdue().await;
        let detail = "the notification server did not answer within 3 s; the notification may still appear".to_owned();
        self.fail(subject, PushProblem::NotificationServerDidNotAnswer, detail).await;
    }

    /// Lets the card that waits for a server have what was found.
    pub(super) async fn resume(&mut self) {
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

    pub(super) fn take_waiting(&mut self) -> Option<ShowRequest> {
        match self.showing.take_if(|showing| matches!(showing, ShowState::Waiting(..))) {
            Some(ShowState::Waiting(job, _)) => Some(job),
            _ => None,
        }
    }

    /// The user is done with the notification, the server perhaps not: some leave a clicked card standing.
    pub(super) async fn answered(&mut self, event: DesktopEvent, hold: NotificationHold) {
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
}
