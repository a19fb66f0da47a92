//! A running device without a daemon: the pure device room, receipts in memory, a desktop that shows everything.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use portal_agent::control::{
    ApiError, CommandResult, DesktopInteraction, EventReceiver, HistoryEntry, HistoryKind, HistoryPlace, IdleReport,
    InAppMessage, LogQuery, RunningDevice, RunningHost, event_queue,
};
use portal_contract::status::{self, StatusReport};
use portal_contract::{
    ConnectionState, CustomNotification, DeviceId, DeviceSummary, DoctorCheck, DoctorReport, Explanation, GroupId,
    HeldNotification, ListedReceipt, NewDevice, NotificationId, Outcome, PayloadRejection, Presentation, PushTarget,
    Receipt, Surface, Timestamp,
};
use portal_device::{
    ArrivedPush, Device, DeviceCommand, DeviceEffect, DeviceInput, DeviceSnapshot, EmulationSettings, ReceivedPush,
};
use portal_screen::{PhoneMoment, ShownCard};
use tokio::sync::watch;

pub const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";

struct SettledPush {
    receipt: Receipt,
    push: Option<ReceivedPush>,
    snapshot: DeviceSnapshot,
}

struct FakeState {
    device: Device,
    settled: Vec<SettledPush>,
    connected: bool,
    notification_server: bool,
    now: Timestamp,
}

/// Clones share the device.
#[derive(Clone)]
pub struct FakeDevice {
    inner: Arc<Mutex<FakeState>>,
    changes: watch::Sender<u64>,
    settled: watch::Sender<u64>,
    /// How often somebody asked for the status.
    pub asked: watch::Sender<u64>,
    pub stopped: watch::Sender<bool>,
}

impl FakeDevice {
    pub fn new(operating_system: &str) -> Self {
        let version = if operating_system == "Android" { "16" } else { "26" };
        let identity = serde_json::from_value(serde_json::json!({
            "id": DEVICE, "name": "Test phone", "tenant": "contoso",
            "operatingSystem": operating_system, "osVersion": version, "firstOsVersion": version,
        }));
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let mut device = Device::out_of_the_box(identity.unwrap(), EmulationSettings::default(), now);
        device.apply(DeviceInput::Connected { session_present: false }, now).unwrap();
        device.apply(DeviceInput::FenceReturned, now).unwrap();
        let inner = FakeState { device, settled: Vec::new(), connected: true, notification_server: true, now };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            changes: watch::Sender::new(0),
            settled: watch::Sender::new(0),
            asked: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
        }
    }

    /// A push arrives and gets its outcome.
    pub fn push(&self, id: &str, title: &str) {
        let payload =
            serde_json::json!({ "id": id, "notificationTitle": title, "notificationBody": "Body\nof two lines" });
        self.arrive(CustomNotification::parse(payload.to_string().as_bytes()), id);
    }

    pub fn push_garbage(&self) {
        self.arrive(CustomNotification::parse(b"{"), "");
    }

    fn arrive(&self, payload: Result<CustomNotification, PayloadRejection>, id: &str) {
        let id_used = {
            let inner = self.inner.lock().unwrap();
            inner.settled.iter().any(|settled| is_of(&settled.receipt, id) && settled.receipt.outcome.uses_id())
        };
        let arrival = ArrivedPush {
            payload,
            target: PushTarget::Device,
            retained: false,
            id_used,
            expiry_seconds: None,
            ack: None,
        };
        self.apply_event(DeviceInput::PushArrived(arrival)).unwrap();
    }

    pub fn set_connected(&self, connected: bool) {
        self.inner.lock().unwrap().connected = connected;
        self.changes.send_modify(|count| *count += 1);
    }

    pub fn set_notification_server(&self, there: bool) {
        self.inner.lock().unwrap().notification_server = there;
        self.changes.send_modify(|count| *count += 1);
    }

    fn apply_event(&self, event: DeviceInput) -> Result<CommandResult, ApiError> {
        let mut inner = self.inner.lock().unwrap();
        inner.now = inner.now.plus_millis(10);
        let note = inner.apply(event)?;
        let applied = CommandResult { state: inner.device.snapshot().device_state(), note };
        self.settled.send_replace(inner.device.last_sequence());
        self.changes.send_modify(|count| *count += 1);
        Ok(applied)
    }
}

fn is_of(receipt: &Receipt, id: &str) -> bool {
    receipt.notification_id.as_ref().is_some_and(|own| own.as_str() == id)
}

impl FakeState {
    fn apply(&mut self, event: DeviceInput) -> Result<Option<String>, ApiError> {
        let mut note = None;
        let device_now = self.now.plus_millis(self.device.snapshot().condition.clock_ahead_millis);
        for effect in self.device.apply(event, device_now)? {
            match effect {
                DeviceEffect::Unchanged(sentence) => note = Some(sentence),
                DeviceEffect::ShowCard { card, .. } => {
                    self.apply(DeviceInput::CardShown { card, desktop: None })?;
                }
                DeviceEffect::Settle(portal_device::SettledPush { receipt, push, .. }) => {
                    let snapshot = self.device.snapshot().clone();
                    self.settled.push(SettledPush { receipt, push, snapshot });
                }
                _ => {}
            }
        }
        Ok(note)
    }

    fn status(&self) -> StatusReport {
        let snapshot = self.device.snapshot();
        let connected = self.connected && !snapshot.condition.offline;
        let server = status::NotificationServer {
            name: "dunst".to_owned(),
            version: "1.9.2".to_owned(),
            capabilities: vec!["actions".to_owned(), "body".to_owned()],
        };
        StatusReport {
            tenant: portal_contract::Tenant::default(),
            device: snapshot.device_state(),
            connection: if connected { ConnectionState::Online } else { ConnectionState::Offline },
            app: snapshot.app_status(),
            condition: snapshot.condition_status(),
            prompt: self.device.prompt_status(),
            should_show_request_permission_rationale: snapshot.rationale_status(),
            documentation: snapshot.documentation.year().to_owned(),
            push_service_emulated: self.device.settings().push_service.emulate,
            hints: self.device.snapshot().hints(None),
            groups: snapshot.enrollment.groups.clone(),
            grace: snapshot.grace_status(),
            policy: snapshot.policy.list().clone(),
            settings: snapshot.switches.list(),
            held: self.device.held() as u64,
            paced: self.device.paced() as u64,
            held_pushes: self.device.held_notifications(100),
            redelivered: 0,
            last_sequence: self.device.last_sequence(),
            broker: status::BrokerStatus {
                url: "mqtt://127.0.0.1:1883".to_owned(),
                connected,
                problem: (!self.connected).then(|| "the broker refused the connection".to_owned()),
                ..status::BrokerStatus::default()
            },
            control: status::ControlStatus { url: "http://127.0.0.1:4711".to_owned() },
            desktop: status::DesktopStatus {
                notifier: "native".to_owned(),
                notification_server: self.notification_server.then_some(server),
                ..status::DesktopStatus::default()
            },
            daemon: Some(status::DaemonStatus {
                pid: 4242,
                version: "0.1.0".to_owned(),
                started_at: "2026-11-23T08:59:00Z".parse().unwrap(),
            }),
        }
    }

    fn lists(&self, settled: &SettledPush) -> bool {
        let snapshot = self.device.snapshot();
        matches!(settled.receipt.outcome, Outcome::Presented(Presentation { surface: Surface::InApp, .. }))
            && settled.receipt.sequence > snapshot.app.in_app_from
            && settled.receipt.sequence <= snapshot.lists_through()
    }
}

impl RunningDevice for FakeDevice {
    fn id(&self) -> DeviceId {
        DEVICE.parse().unwrap()
    }

    async fn apply(&self, command: DeviceCommand) -> Result<CommandResult, ApiError> {
        self.apply_event(DeviceInput::Command(command))
    }

    async fn status(&self) -> Result<StatusReport, ApiError> {
        let status = self.inner.lock().unwrap().status();
        self.asked.send_modify(|count| *count += 1);
        Ok(status)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn settled(&self) -> watch::Receiver<u64> {
        self.settled.subscribe()
    }

    async fn receipts_after(&self, sequence: u64, limit: usize) -> Result<Vec<ListedReceipt>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let after = inner.settled.iter().filter(|settled| settled.receipt.sequence > sequence);
        Ok(after.take(limit).map(listed).collect())
    }

    async fn ids_beginning(&self, beginning: String, limit: usize) -> Result<Vec<NotificationId>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let ids = inner.settled.iter().filter_map(|settled| settled.receipt.notification_id.clone());
        Ok(ids.filter(|id| id.as_str().starts_with(&beginning)).take(limit).collect())
    }

    async fn log(&self, query: LogQuery) -> Result<Vec<ListedReceipt>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let matches = |settled: &&SettledPush| {
            let receipt = &settled.receipt;
            query.outcome.is_none_or(|outcome| receipt.outcome.kind() == outcome)
                && query.id.as_ref().is_none_or(|id| receipt.notification_id.as_ref() == Some(id))
                && query.since.is_none_or(|since| receipt.decided_at >= since)
        };
        let all: Vec<&SettledPush> = inner.settled.iter().filter(matches).collect();
        Ok(all[all.len().saturating_sub(query.limit)..].iter().map(|settled| listed(settled)).collect())
    }

    async fn held(&self, id: Option<NotificationId>) -> Result<Vec<HeldNotification>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let held = inner.device.held_notifications(usize::MAX);
        Ok(held.into_iter().filter(|held| id.as_ref().is_none_or(|id| held.notification_id == *id)).collect())
    }

    async fn explain(&self, id: Option<NotificationId>) -> Result<Option<Explanation>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let asked =
            |settled: &&SettledPush| id.as_ref().is_none_or(|id| settled.receipt.notification_id.as_ref() == Some(id));
        let found = inner.settled.iter().rev().find(asked);
        let rules = EmulationSettings::default();
        Ok(found.map(|found| portal_device::explain(&found.receipt, found.push.as_ref(), &found.snapshot, &rules)))
    }

    async fn publish(&self, _: Option<GroupId>, payloads: Vec<Bytes>) -> Result<(), ApiError> {
        for payload in payloads {
            if let Ok(notification) = serde_json::from_slice::<CustomNotification>(&payload) {
                self.push(notification.id.as_str(), &notification.notification_title);
            }
        }
        Ok(())
    }

    async fn in_app(&self) -> Result<Vec<InAppMessage>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let listed = inner.settled.iter().filter(|settled| inner.lists(settled));
        let message = |settled: &SettledPush| {
            let push = settled.push.clone()?;
            Some(InAppMessage { notification: push.notification, received_at: push.received_at })
        };
        Ok(listed.filter_map(message).collect())
    }

    async fn moment(&self, place: Option<HistoryPlace>) -> Result<Option<PhoneMoment>, ApiError> {
        if place.is_some() {
            // The fake keeps no past.
            return Ok(None);
        }
        let inner = self.inner.lock().unwrap();
        let card = |settled: &SettledPush| {
            let Outcome::Presented(presentation) = settled.receipt.outcome else { return None };
            let notification = settled.push.clone()?.notification;
            Some(ShownCard {
                sequence: settled.receipt.sequence,
                notification_id: notification.id,
                title: notification.notification_title,
                body: notification.notification_body,
                presentation,
                at: settled.receipt.decided_at,
                open: true,
                interaction: None,
            })
        };
        Ok(Some(PhoneMoment {
            snapshot: inner.device.snapshot().clone(),
            prompt_buttons: inner.device.prompt_buttons(),
            cards: inner.settled.iter().filter_map(card).collect(),
            messages: Vec::new(),
            last_sequence: inner.device.last_sequence(),
            at: inner.now,
        }))
    }

    async fn history(&self, _before: Option<u64>, limit: usize) -> Result<Vec<HistoryEntry>, ApiError> {
        let inner = self.inner.lock().unwrap();
        let entry = |settled: &SettledPush| HistoryEntry {
            event: 1,
            at: settled.receipt.decided_at,
            what: HistoryKind::Settled { receipt: Box::new(listed(settled)) },
        };
        Ok(inner.settled.iter().take(limit).map(entry).collect())
    }

    async fn doctor(&self) -> Result<DoctorReport, ApiError> {
        let ok = self.inner.lock().unwrap().notification_server;
        let check = |name: &str, ok: bool, detail: &str, hint: &str| DoctorCheck {
            known: true,
            name: name.to_owned(),
            ok,
            detail: detail.to_owned(),
            hint: if ok { String::new() } else { hint.to_owned() },
        };
        Ok(DoctorReport {
            checks: vec![
                check("broker", true, "connected to mqtt://127.0.0.1:1883", ""),
                check("notificationServer", ok, if ok { "dunst 1.9.2" } else { "there is none" }, "start one"),
            ],
        })
    }

    async fn events(&self) -> Result<EventReceiver, ApiError> {
        // Nothing happens on the fake: what is told of it ends at once.
        Ok(event_queue().1)
    }

    async fn interact(&self, _interaction: DesktopInteraction) -> Result<CommandResult, ApiError> {
        Err(ApiError::new("noPrompt", "no permission prompt is showing", "portal-agent permission prompt"))
    }

    async fn until_idle(&self) -> Result<IdleReport, ApiError> {
        let inner = self.inner.lock().unwrap();
        Ok(IdleReport { now: inner.now, next_deadline: inner.device.next_deadline(), events: 0 })
    }
}

/// A host of this one device.
impl RunningHost for FakeDevice {
    type Device = Self;

    fn devices(&self) -> Vec<DeviceSummary> {
        let inner = self.inner.lock().unwrap();
        let identity = &inner.device.snapshot().identity;
        vec![DeviceSummary {
            device_id: identity.id,
            device_name: identity.name.clone(),
            operating_system: identity.operating_system,
            os_version: identity.os_version.to_string(),
            tenant: identity.tenant.clone(),
        }]
    }

    fn device(&self, id: DeviceId) -> Option<Self> {
        (id == self.id()).then(|| self.clone())
    }

    fn is_ready(&self) -> bool {
        self.inner.lock().unwrap().connected
    }

    async fn add(&self, new: NewDevice) -> Result<Self, ApiError> {
        Err(ApiError::new("tooManyDevices", format!("no room for {}", new.kind()), "portal-agent device remove"))
    }

    async fn remove(&self, _id: DeviceId) -> Result<(), ApiError> {
        Err(ApiError::new("onlyDevice", "it is the only device", "portal-agent stop"))
    }

    fn stop(&self) {
        self.stopped.send_replace(true);
    }
}

fn listed(settled: &SettledPush) -> ListedReceipt {
    let notification_title = settled.push.as_ref().map(|push| push.notification.notification_title.clone());
    ListedReceipt { receipt: settled.receipt.clone(), notification_title }
}
