//! One hosted device as the control API sees it.
//!
//! Lives here: questions to the host's task, reads of the journal. Does not live here: HTTP, rules.

use std::sync::Arc;

use bytes::Bytes;
use portal_contract::{
    CommandResult, DesktopInteraction, DeviceId, DoctorReport, Explanation, GroupId, HeldNotification, IdleReport,
    ListedReceipt, LogQuery, NotificationId, StatusReport,
};
use portal_delivery::DeviceKey;
use portal_device::{DeviceCommand, DeviceIdentity, DeviceSnapshot, EmulationSettings, HeldPush, ReceivedPush};
use portal_screen::PhoneMoment;
use tokio::sync::{oneshot, watch};

use super::host_handle::HostHandle;
use super::hosted_device::DeviceWatch;
use super::moment;
use super::open_device::OpenError;
use super::requests::{DeviceRequest, HostRequest, Reply, WaitingPush};
use crate::broker::SessionControl;
use crate::control::{ApiError, EventReceiver, HistoryEntry, HistoryPlace, InAppMessage, RunningDevice};
use crate::journal::{DeviceJournal, JournalError, JournalReader, JournalRecord};

/// A handle on a hosted device; clones share it.
#[derive(Clone)]
pub struct DeviceHandle {
    pub(super) host: HostHandle,
    pub(super) key: DeviceKey,
    /// As it was made, or as this start renamed it.
    identity: Arc<DeviceIdentity>,
    sessions: Arc<dyn SessionControl>,
    pub(super) journal: DeviceJournal,
    reader: JournalReader,
    watch: DeviceWatch,
}

fn unreadable(error: JournalError) -> ApiError {
    ApiError {
        code: "journalUnreadable".to_owned(),
        message: error.to_string(),
        hint: "portal-agent doctor says more".to_owned(),
    }
}

impl DeviceHandle {
    pub(super) fn new(
        host: &HostHandle,
        key: DeviceKey,
        identity: DeviceIdentity,
        sessions: Arc<dyn SessionControl>,
        journal: DeviceJournal,
        reader: JournalReader,
        watch: DeviceWatch,
    ) -> Self {
        Self { host: host.clone(), key, identity: Arc::new(identity), sessions, journal, reader, watch }
    }

    /// Which device it is.
    pub fn identity(&self) -> &DeviceIdentity {
        &self.identity
    }

    /// Whether its session with the broker stands, every subscription answered.
    pub(super) fn is_connected(&self) -> bool {
        self.sessions.state().connected
    }

    fn is_gone(&self) -> ApiError {
        if self.host.is_ending() {
            return HostHandle::ending_error();
        }
        let message = format!("the device {} is not hosted any more", self.identity.id);
        ApiError::new("unknownDevice", message, "portal-agent device list")
    }

    async fn send(&self, request: DeviceRequest) -> Result<(), ApiError> {
        self.host.send(HostRequest::OfDevice { device: self.key, request }).await
    }

    /// Asks for something that is answered once it is durable; says so at once where the journal cannot be written.
    async fn change<T>(&self, request: impl FnOnce(Reply<T>) -> DeviceRequest) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.send(request(reply)).await?;
        let mut health = self.host.journal_health();
        tokio::pin!(answer);
        loop {
            let trouble = health.borrow_and_update().clone();
            if let Some(problem) = trouble {
                let hint = "the change holds in the running daemon, and is kept once the journal can be written";
                // The answer may have come in the same moment. Without one, whoever asked does not wait for a disk
                // that may be full for hours: what was asked has happened, and only its being durable is missing.
                return match answer.as_mut().get_mut().try_recv() {
                    Ok(answer) => answer,
                    Err(_) => Err(ApiError::new("journalUnwritable", problem, hint)),
                };
            }
            tokio::select! {
                answer = &mut answer => return answer.unwrap_or_else(|_| Err(self.is_gone())),
                Ok(()) = health.changed() => {}
            }
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> DeviceRequest) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.send(request(reply)).await?;
        answer.await.unwrap_or_else(|_| Err(self.is_gone()))
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&JournalReader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let reader = self.reader.clone();
        match tokio::task::spawn_blocking(move || read(&reader)).await {
            Ok(result) => result.map_err(unreadable),
            Err(_) => Err(HostHandle::ending_error()),
        }
    }
}

impl RunningDevice for DeviceHandle {
    fn id(&self) -> DeviceId {
        self.identity.id
    }

    async fn apply(&self, command: DeviceCommand) -> Result<CommandResult, ApiError> {
        if let DeviceCommand::Return { event } = command {
            // Read here and not by the device's task, which waits for no disk.
            let past = self.read(move |reader| moment::snapshot_after(event, reader)).await??;
            return self.change(|reply| DeviceRequest::Return { event, past: Box::new(past), reply }).await;
        }
        self.change(|reply| DeviceRequest::Apply { command, reply }).await
    }

    async fn status(&self) -> Result<StatusReport, ApiError> {
        // Asked, not waited for (contract 4): where the desktop signals no change, the next status knows.
        drop(self.host.notifier().look());
        self.ask(|reply| DeviceRequest::Status { reply }).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.watch.changes.subscribe()
    }

    fn settled(&self) -> watch::Receiver<u64> {
        self.watch.settled.subscribe()
    }

    async fn receipts_after(&self, sequence: u64, limit: usize) -> Result<Vec<ListedReceipt>, ApiError> {
        self.read(move |reader| reader.listed_after(sequence, limit)).await
    }

    async fn log(&self, query: LogQuery) -> Result<Vec<ListedReceipt>, ApiError> {
        self.read(move |reader| reader.log(&query)).await
    }

    async fn ids_beginning(&self, beginning: String, limit: usize) -> Result<Vec<NotificationId>, ApiError> {
        let held = self.held(None).await?;
        let of_receipts = beginning.clone();
        let settled = self.read(move |reader| reader.ids_beginning(&of_receipts, limit)).await?;
        Ok(ids_beginning(&beginning, held, settled, limit))
    }

    async fn held(&self, id: Option<NotificationId>) -> Result<Vec<HeldNotification>, ApiError> {
        self.ask(|reply| DeviceRequest::Held { id, reply }).await
    }

    async fn explain(&self, id: Option<NotificationId>) -> Result<Option<Explanation>, ApiError> {
        let asked = id.clone();
        // In this order: a push that gets its outcome between the two questions is found by the second one. The other
        // way round it would be in neither answer.
        let waiting = self.ask(|reply| DeviceRequest::HeldPush { id: asked, reply }).await?;
        let asked = id.clone();
        let record = self.read(move |reader| reader.record(asked.as_ref())).await?;
        let is_meant = |waiting: &WaitingPush| is_meant(&waiting.held, id.as_ref(), record.as_ref());
        if let Some(WaitingPush { held, snapshot, now }) = waiting.filter(is_meant) {
            return Ok(Some(portal_device::explain_held(&held, &snapshot, &self.host.parts.rules, now)));
        }
        let unreadable = |_: OpenError| {
            let message = "what the journal kept of that moment cannot be read";
            ApiError::new("journalUnreadable", message, "a newer portal-agent may have written it: use that one")
        };
        record.map(|record| explanation(&record, &self.host.parts.rules)).transpose().map_err(unreadable)
    }

    async fn publish(&self, group: Option<GroupId>, payloads: Vec<Bytes>) -> Result<(), ApiError> {
        self.host.publish(self, group, payloads).await
    }

    async fn in_app(&self) -> Result<Vec<InAppMessage>, ApiError> {
        self.read(in_app_messages).await
    }

    async fn moment(&self, place: Option<HistoryPlace>) -> Result<Option<PhoneMoment>, ApiError> {
        let Some(place) = place else {
            let moment = self.ask(|reply| DeviceRequest::Moment { reply }).await?;
            return self.read(move |reader| moment::with_journal(moment, reader).map(Some)).await;
        };
        let rules = self.host.parts.rules.clone();
        self.read(move |reader| moment::past(place, reader, rules)).await
    }

    async fn history(&self, before: Option<u64>, limit: usize) -> Result<Vec<HistoryEntry>, ApiError> {
        self.read(move |reader| moment::history(reader, before, limit)).await
    }

    async fn doctor(&self) -> Result<DoctorReport, ApiError> {
        // Waited for, as nowhere else: whoever asks the doctor wants the desktop as it is now.
        self.host.notifier().look().await;
        let status = self.status().await?;
        Ok(self.host.examine(&status, self.journal.clock_jump().is_some()).await)
    }

    async fn events(&self) -> Result<EventReceiver, ApiError> {
        self.ask(|reply| DeviceRequest::Follow { reply }).await
    }

    async fn interact(&self, interaction: DesktopInteraction) -> Result<CommandResult, ApiError> {
        self.change(|reply| DeviceRequest::Interact { interaction, reply }).await
    }

    async fn until_idle(&self) -> Result<IdleReport, ApiError> {
        self.change(|reply| DeviceRequest::AwaitIdle { reply }).await
    }
}

/// The ids that begin so, each once: of what waits, then of what has an outcome; a push that came again while it waits has both.
pub fn ids_beginning(
    beginning: &str,
    held: Vec<HeldNotification>,
    settled: Vec<NotificationId>,
    limit: usize,
) -> Vec<NotificationId> {
    let held = held.into_iter().map(|held| held.notification_id);
    let mut ids: Vec<NotificationId> = held.filter(|id| id.as_str().starts_with(beginning)).collect();
    for id in settled {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.truncate(limit);
    ids
}

/// Whether what waits is explained, and not the receipt: with an id always; without one the latest is meant, which it is where it
/// came after everything that has an outcome.
pub fn is_meant(held: &HeldPush, id: Option<&NotificationId>, record: Option<&JournalRecord>) -> bool {
    id.is_some() || record.is_none_or(|record| record.receipt.received_at <= held.push.received_at)
}

/// Why a push did or did not show, from what the journal kept of that moment.
///
/// # Errors
/// What it kept cannot be read.
pub fn explanation(record: &JournalRecord, rules: &EmulationSettings) -> Result<Explanation, OpenError> {
    let snapshot: DeviceSnapshot = serde_json::from_str(&record.snapshot).map_err(OpenError::Snapshot)?;
    let push: Option<ReceivedPush> =
        record.push.as_deref().map(serde_json::from_str).transpose().map_err(OpenError::Snapshot)?;
    Ok(portal_device::explain(&record.receipt, push.as_ref(), &snapshot, rules))
}

/// What the section lists: this installation's in-app messages, up to the last pull where it needs one (facts 1.6).
fn in_app_messages(reader: &JournalReader) -> Result<Vec<InAppMessage>, JournalError> {
    let Some(snapshot) = reader.newest_snapshot()? else { return Ok(Vec::new()) };
    let Ok(snapshot) = serde_json::from_str::<DeviceSnapshot>(&snapshot) else { return Ok(Vec::new()) };
    let pushes = reader.in_app(snapshot.app.in_app_from, snapshot.lists_through(), snapshot.lists_substituted())?;
    let message = |push: String| {
        let push: ReceivedPush = serde_json::from_str(&push).ok()?;
        Some(InAppMessage { notification: push.notification, received_at: push.received_at })
    };
    Ok(pushes.into_iter().filter_map(message).collect())
}
