//! The running device as the control API sees it.
//!
//! Lives here: requests to the loop, reads of the journal, and the whole of `status`. Does not live here: HTTP, rules.

use std::sync::Arc;

use portal_contract::status::{ControlStatus, DaemonStatus, EmbeddedBrokerStatus};
use portal_contract::{ConnectionState, DeviceId, DoctorReport, Explanation, NotificationId, Receipt, StatusReport};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::device_loop::Watched;
use super::doctor;
use super::requests::{DeviceStatus, Request};
use crate::broker::Sessions;
use crate::control::{Applied, DeviceEvent, Fault, Gesture, InAppMessage, LogQuery, Quiet, RunningDevice};
use crate::desktop::Notifier;
use crate::journal::{self, Journal, JournalError, JournalReader};
use crate::library_error::json_reason;
use portal_device::{DeviceCommand, DeviceSnapshot, ReceivedPush};

/// What never changes while the daemon runs.
#[derive(Debug, Clone)]
pub struct About {
    /// The device.
    pub device: DeviceId,
    /// The daemon.
    pub daemon: DaemonStatus,
    /// Where the embedded broker listens, where there is one.
    pub embedded_broker: Option<String>,
}

/// A handle on a running device; clones share it.
#[derive(Clone)]
pub struct Handle {
    pub(super) about: Arc<About>,
    /// Where the control API listens; known once it does.
    pub(super) control_url: watch::Receiver<String>,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) watched: Watched,
    pub(super) sessions: Arc<dyn Sessions>,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) reader: JournalReader,
    pub(super) ending: CancellationToken,
}

fn is_ending() -> Fault {
    Fault {
        code: "daemonIsEnding".to_owned(),
        message: "the daemon is ending".to_owned(),
        hint: "portal-agent run".to_owned(),
    }
}

fn unreadable(error: JournalError) -> Fault {
    Fault {
        code: "journalUnreadable".to_owned(),
        message: error.to_string(),
        hint: "portal-agent doctor says more".to_owned(),
    }
}

impl Handle {
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Request) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| is_ending())?;
        let mut health = self.journal.health();
        tokio::pin!(answer);
        loop {
            let trouble = health.borrow_and_update().clone();
            if let Some(problem) = trouble {
                let hint =
                    "the change holds in the running daemon, and is kept once the journal can be written".to_owned();
                return match answer.as_mut().get_mut().try_recv() {
                    Ok(answer) => answer,
                    Err(_) => Err(Fault { code: "journalUnwritable".to_owned(), message: problem, hint }),
                };
            }
            tokio::select! {
                answer = &mut answer => return answer.unwrap_or_else(|_| Err(is_ending())),
                Ok(()) = health.changed() => {}
            }
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&JournalReader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, Fault> {
        let reader = self.reader.clone();
        match tokio::task::spawn_blocking(move || read(&reader)).await {
            Ok(result) => result.map_err(unreadable),
            Err(_) => Err(is_ending()),
        }
    }

    fn whole(&self, device: DeviceStatus) -> StatusReport {
        let mut broker = self.sessions.state();
        broker.embedded = self.about.embedded_broker.clone().map(|url| EmbeddedBrokerStatus { url });
        let connection = if broker.connected { ConnectionState::Online } else { ConnectionState::Offline };
        StatusReport {
            connection,
            device: device.device,
            tenant: device.tenant,
            app: device.app,
            condition: device.condition,
            prompt: device.prompt,
            documentation: device.documentation,
            push_service_emulated: device.push_service_emulated,
            hints: device.hints,
            groups: device.groups,
            grace: device.grace,
            policy: device.policy,
            settings: device.settings,
            held: device.held,
            paced: device.paced,
            redelivered: device.redelivered,
            last_sequence: device.last_sequence,
            broker,
            control: ControlStatus { url: self.control_url.borrow().clone() },
            desktop: self.notifier.state(),
            daemon: self.about.daemon.clone(),
        }
    }
}

impl RunningDevice for Handle {
    fn id(&self) -> DeviceId {
        self.about.device
    }

    async fn apply(&self, command: DeviceCommand) -> Result<Applied, Fault> {
        self.ask(|reply| Request::Apply { command, reply }).await
    }

    async fn status(&self) -> Result<StatusReport, Fault> {
        // Asked, not waited for (contract 4): where the desktop signals no change, the next status knows.
        drop(self.notifier.look());
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Status { reply }).await.map_err(|_| is_ending())?;
        let device = answer.await.map_err(|_| is_ending())??;
        Ok(self.whole(device))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.watched.changes.subscribe()
    }

    fn settled(&self) -> watch::Receiver<u64> {
        self.watched.settled.subscribe()
    }

    async fn receipts_after(&self, sequence: u64, limit: usize) -> Result<Vec<Receipt>, Fault> {
        self.read(move |reader| reader.receipts_after(sequence, limit)).await
    }

    async fn log(&self, query: LogQuery) -> Result<Vec<Receipt>, Fault> {
        let LogQuery { outcome, id, since, limit } = query;
        self.read(move |reader| reader.log(&journal::ReceiptFilter { outcome, id, since, limit })).await
    }

    async fn explain(&self, id: Option<NotificationId>) -> Result<Option<Explanation>, Fault> {
        let record = self.read(move |reader| reader.record(id.as_ref())).await?;
        record.map(|record| explanation(&record)).transpose()
    }

    async fn in_app(&self) -> Result<Vec<InAppMessage>, Fault> {
        self.read(in_app_messages).await
    }

    async fn doctor(&self) -> Result<DoctorReport, Fault> {
        self.notifier.look().await;
        let status = self.status().await?;
        let trouble = self.journal.health().borrow().clone();
        let allowance = self.notifier.allowance();
        Ok(doctor::examine(&status, trouble.as_deref(), self.journal.clock_jump().is_some(), allowance))
    }

    async fn events(&self) -> Result<mpsc::Receiver<DeviceEvent>, Fault> {
        self.ask(|reply| Request::Events { reply }).await
    }

    async fn gesture(&self, gesture: Gesture) -> Result<Applied, Fault> {
        self.ask(|reply| Request::Gesture { gesture, reply }).await
    }

    async fn quiet(&self) -> Result<Quiet, Fault> {
        self.ask(|reply| Request::Quiet { reply }).await
    }

    fn stop(&self) {
        self.ending.cancel();
    }
}

fn explanation(record: &journal::JournalRecord) -> Result<Explanation, Fault> {
    let unreadable = |error: serde_json::Error| Fault {
        code: "journalUnreadable".to_owned(),
        message: format!("what the journal kept of that moment cannot be read: {}", json_reason(&error)),
        hint: "a newer portal-agent may have written it: use that one".to_owned(),
    };
    let snapshot: DeviceSnapshot = serde_json::from_str(&record.snapshot).map_err(unreadable)?;
    let push: Option<ReceivedPush> =
        record.push.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
    Ok(portal_device::explain(&record.receipt, push.as_ref(), &snapshot))
}

/// What the section lists: this installation's in-app messages up to the last refresh (facts 1.6).
fn in_app_messages(reader: &JournalReader) -> Result<Vec<InAppMessage>, JournalError> {
    let Some(snapshot) = reader.newest_snapshot()? else { return Ok(Vec::new()) };
    let Ok(snapshot) = serde_json::from_str::<DeviceSnapshot>(&snapshot) else { return Ok(Vec::new()) };
    let (from, through) = (snapshot.app.in_app_from, snapshot.app.refreshed_through);
    let pushes = reader.in_app(from, through, snapshot.lists_substituted())?;
    let message = |push: String| {
        let push: ReceivedPush = serde_json::from_str(&push).ok()?;
        Some(InAppMessage { notification: push.notification, received_at: push.received_at })
    };
    Ok(pushes.into_iter().filter_map(message).collect())
}
