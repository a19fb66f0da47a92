//! What the worker has others do while it goes on: questions over the kept connection, waiters, withdrawals.
//!
//! Lives here: those tasks, and what keeps a notification open. Does not live here: what their answers mean (`worker`).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use notify_rust::{CloseReason, NotificationHandle, NotificationResponse};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use zbus::names::OwnedUniqueName;

use super::super::Suppression;
use super::bus::{BusConnection, BusHandle, ServerGreeting};
use super::open::{DISMISSED, EXPIRED, ServerSignal};
use super::suppression_source::SuppressionSource;

/// A call of the server under way.
pub(super) type NotifyCall = Pin<Box<dyn Future<Output = notify_rust::error::Result<NotificationHandle>> + Send>>;

/// How long the server has for an answer (contract 4).
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// What a task came back with.
pub(super) enum TaskResult {
    Connected(zbus::Result<(Box<BusConnection>, Option<OwnedUniqueName>)>),
    Started(zbus::Result<Option<OwnedUniqueName>>),
    Greeted(OwnedUniqueName, zbus::Result<ServerGreeting>),
    Suppression(OwnedUniqueName, Suppression),
    /// What was given up was accepted after all, or never will be.
    Late(Option<NotificationHold>),
    /// notify-rust's waiter of this notification heard something.
    Waited(u32, Arc<NotificationHandle>, Option<ServerSignal>),
}

/// What keeps a notification open: GNOME drops it with its connection (decisions/0008).
pub(super) struct NotificationHold {
    handle: Arc<NotificationHandle>,
    waiter: Option<AbortHandle>,
}

impl NotificationHold {
    pub(super) fn new(handle: NotificationHandle) -> Self {
        Self { handle: Arc::new(handle), waiter: None }
    }

    /// Whether this holds the very notification that a waiter waited for; ids are used again after a restart.
    pub(super) fn is(&self, handle: &Arc<NotificationHandle>) -> bool {
        Arc::ptr_eq(&self.handle, handle)
    }

    /// Ends the waiter.
    pub(super) fn stop_waiting(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            waiter.abort();
        }
    }
}

impl Drop for NotificationHold {
    fn drop(&mut self) {
        // A waiter would hold the connection for ever (decisions/0008).
        self.stop_waiting();
    }
}

/// The tasks under way; they end with this.
pub(super) struct RunningTasks {
    questions: JoinSet<TaskResult>,
    withdrawals: JoinSet<()>,
}

impl RunningTasks {
    pub(super) fn new() -> Self {
        Self { questions: JoinSet::new(), withdrawals: JoinSet::new() }
    }

    /// The next answer; waits for ever while nothing is under way.
    pub(super) async fn next(&mut self) -> TaskResult {
        loop {
            match self.questions.join_next().await {
                Some(Ok(done)) => return done,
                Some(Err(error)) if error.is_cancelled() => {}
                // notify-rust's waiter panics where the bus goes while it asks for signals.
                Some(Err(error)) => tracing::debug!(%error, "a waiter ended"),
                None => std::future::pending().await,
            }
        }
    }

    pub(super) fn connect(&mut self) {
        self.questions.spawn(async {
            TaskResult::Connected(BusConnection::connect().await.map(|(bus, owner)| (Box::new(bus), owner)))
        });
    }

    pub(super) fn start_server(&mut self, line: BusHandle) {
        self.questions.spawn(async move { TaskResult::Started(line.activate().await) });
    }

    pub(super) fn greet(&mut self, line: BusHandle, owner: OwnedUniqueName) {
        self.questions.spawn(async move { TaskResult::Greeted(owner.clone(), line.greet(owner).await) });
    }

    pub(super) fn ask_suppression(&mut self, line: BusHandle, source: SuppressionSource, owner: OwnedUniqueName) {
        self.questions.spawn(async move {
            let suppression = line.suppression(source, &owner).await;
            TaskResult::Suppression(owner, suppression)
        });
    }

    /// Waits for the answer to a call that was given up, for as long as the server lives.
    pub(super) fn await_late(&mut self, call: NotifyCall) {
        // Kept until it answers: the handle that comes with the answer is the only way to take the prompt back.
        self.questions.spawn(async move { TaskResult::Late(call.await.ok().map(NotificationHold::new)) });
    }

    /// Waits on the notification's own connection, which is where dunst and GNOME send its signals.
    pub(super) fn wait(&mut self, id: u32, hold: &mut NotificationHold) {
        let handle = Arc::clone(&hold.handle);
        // The handle goes along, and comes back with the result: by it the worker tells this notification from a
        // later one with the same id.
        hold.waiter = Some(self.questions.spawn(async move {
            let mut heard = None;
            handle.wait_for_action_async(|response: &NotificationResponse| heard = read(response)).await;
            TaskResult::Waited(id, handle, heard)
        }));
    }

    /// Closes a notification over its own connection: GNOME heeds no other (decisions/0008).
    pub(super) fn withdraw(&mut self, mut hold: NotificationHold) {
        hold.stop_waiting();
        // Those that are done are let go of here, since nobody waits for them.
        while self.withdrawals.try_join_next().is_some() {}
        self.withdrawals.spawn(async move {
            if timeout(CALL_TIMEOUT, hold.handle.close_async()).await.is_err() {
                tracing::warn!("a card may stay on the desktop: the notification server does not answer");
            }
        });
    }

    /// Closes what an earlier run left on this server.
    pub(super) fn close_leftover(&mut self, line: BusHandle, owner: OwnedUniqueName, ids: Vec<u32>) {
        self.withdrawals.spawn(async move {
            let closing = async {
                for id in ids {
                    line.close(&owner, id).await;
                }
            };
            if timeout(CALL_TIMEOUT, closing).await.is_err() {
                tracing::warn!(
                    "cards of an earlier run may stay on the desktop: the notification server does not answer"
                );
            }
        });
    }

    /// Ends all tasks and waits for them, giving withdrawals a moment.
    pub(super) async fn finish(&mut self, moment: Duration) {
        let withdrawn = async { while self.withdrawals.join_next().await.is_some() {} };
        if timeout(moment, withdrawn).await.is_err() {
            tracing::debug!("a withdrawal was still under way at the end");
        }
        self.withdrawals.shutdown().await;
        // Waiters and questions are cut off: a stopped server would hold the end up for ever.
        self.questions.shutdown().await;
    }
}

fn read(response: &NotificationResponse) -> Option<ServerSignal> {
    match response {
        NotificationResponse::Default => Some(ServerSignal::Action(super::open::CLICK.to_owned())),
        NotificationResponse::Action(key) => Some(ServerSignal::Action(key.clone())),
        NotificationResponse::Closed(reason) => Some(ServerSignal::Closed(match reason {
            CloseReason::Expired => EXPIRED,
            CloseReason::Dismissed => DISMISSED,
            CloseReason::CloseAction => 3,
            CloseReason::Other(reason) => *reason,
        })),
        NotificationResponse::Reply(_) => None,
    }
}
