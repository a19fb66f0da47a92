//! Which notification server there is, as the bus and the server itself tell.
//!
//! Lives here: what is heard, and what follows from it. Does not live here: the states (`server`), the connection (`bus`).

use zbus::names::OwnedUniqueName;

use super::super::bus::{BusEvent, ServerGreeting};
use super::super::open::{DISMISSED, EXPIRED, OpenItem, ServerSignal};
use super::super::server::{QuestionKind, ServerQuestion, ServerState};
use super::super::work::{NotificationHold, TaskResult};
use super::super::{refusal, session};
use super::DesktopWorker;
use crate::desktop::{DesktopEvent, PromptId};

/// Why there is no server, as long as nothing more is known.
const NO_OWNER: &str = "nobody owns its name";

impl DesktopWorker {
    /// Asks the server for an answer of any kind; the answer is awaited for as long as it takes.
    pub(super) fn ask(&mut self, owner: OwnedUniqueName) {
        if let Some(bus) = &self.bus {
            self.work.greet(bus.line(), owner.clone());
        }
        self.server = ServerState::asked(QuestionKind::Server(owner));
    }

    pub(super) async fn set_overdue(&mut self) {
        if let ServerState::Asked(question) = &mut self.server {
            question.overdue = true;
        }
        self.publish_view().await;
    }

    pub(super) async fn hear(&mut self, heard: BusEvent) {
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
                // With the bus went the server's names: what comes back may give the same id to another card.
                self.lose_all("the session bus went away").await;
                self.find(ServerState::NoBus { why: ended_session() }).await;
                self.resume().await;
            }
        }
    }

    fn heard_broadcast(&mut self) {
        if let ServerState::Present { broadcasts: broadcasts @ false, .. } = &mut self.server {
            // The kept connection hears all that this server says, and checks who says it. Waiters, which check
            // nothing, would only let forged answers in.
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

    pub(super) async fn take_in(&mut self, done: TaskResult) {
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

    async fn waited(&mut self, id: u32, signal: Option<ServerSignal>) {
        // Without a signal the bus went, which the kept connection tells.
        let Some(signal) = signal else { return };
        let signal = self.in_the_specifications_words(signal);
        match self.open.hear(id, signal) {
            Some((event, hold)) => self.answered(event, hold).await,
            // A waiter checks no sender: what is no answer to this notification was meant to pass for one, and it
            // waits on.
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
        // An answer of a server that has gone since, or a second one.
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

    pub(super) async fn find(&mut self, server: ServerState) {
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

    pub(super) async fn publish_view(&mut self) {
        let view = self.server.view();
        let differs = self.view.send_if_modified(|seen| {
            let differs = *seen != view;
            *seen = view;
            differs
        });
        self.answer_early_lookers();
        if differs {
            self.tell(DesktopEvent::Changed).await;
        }
    }
}

fn ended_session() -> String {
    let went = format!("{} went away", session::address().unwrap_or_default());
    session::of_a_newer_session().unwrap_or_else(|| format!("{went}, perhaps since the desktop session has ended"))
}

pub(super) fn lost_prompt(prompt: PromptId, why: &str) -> DesktopEvent {
    let detail = format!("{why} with the prompt; answer it with `portal-agent permission allow|deny`");
    DesktopEvent::PromptFailed { prompt, detail }
}
