//! The host as the control API sees it: which devices there are, adding and removing them, ending the process.
//!
//! Lives here: the list of devices, what all of them have in common, the whole of `status`. Does not live here: HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use portal_contract::status::{BrokerStatus, ControlStatus, DaemonStatus, EmbeddedBrokerStatus};
use portal_contract::{DeviceId, DeviceSummary, DoctorReport, GroupId, NewDevice, StatusReport};
use portal_delivery::{Delivery, DeviceKey};
use portal_device::EmulationSettings;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::computer::ComputerFacts;
use super::device_handle::DeviceHandle;
use super::open_device::{OpenError, OpenedDevice};
use super::requests::{HostRequest, RemovedDevice};
use super::status::{StatusParts, status_report};
use super::{HostSetup, doctor};
use crate::broker::{BrokerError, SessionSettings};
use crate::control::{ApiError, RunningDevice, RunningHost};
use crate::desktop::{DesktopEvent, DesktopShare, Notifier};
use crate::journal::JournalDatabase;
use crate::sender::{self, SenderOptions};

/// How many of many pushes are handed to the broker before the first is answered.
const PUSHES_UNDER_WAY: usize = 64;

/// Why a device is not added.
#[derive(Debug, thiserror::Error)]
pub enum AddDeviceError {
    /// It cannot be made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its session cannot be made.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The host is ending.
    #[error("the daemon is ending")]
    Ending,
}

/// What the devices of a host have in common.
pub(super) struct HostParts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) database: JournalDatabase,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) session: SessionSettings,
    pub(super) rules: EmulationSettings,
    pub(super) share: DesktopShare,
    state_dir: PathBuf,
    embedded_broker: Option<String>,
    control_url: watch::Receiver<String>,
    most_devices: usize,
    daemon: DaemonStatus,
    ending: CancellationToken,
    /// How many devices there are; says so whenever one comes or goes.
    count: watch::Sender<usize>,
    /// In the order in which they were made. Held for moments only.
    devices: Mutex<BTreeMap<DeviceKey, DeviceHandle>>,
}

impl HostParts {
    /// What the devices have in common, and where the desktop's answers are heard.
    pub(super) fn new(setup: HostSetup) -> (Self, mpsc::Receiver<DesktopEvent>) {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let parts = Self {
            daemon: DaemonStatus { pid: std::process::id(), version, started_at: setup.clock.now() },
            clock: setup.clock,
            database: setup.database,
            notifier: setup.notifier,
            session: setup.session,
            rules: setup.rules,
            share: setup.share,
            state_dir: setup.state_dir,
            embedded_broker: setup.embedded_broker,
            control_url: setup.control_url,
            most_devices: setup.most_devices,
            ending: CancellationToken::new(),
            count: watch::Sender::new(0),
            devices: Mutex::default(),
        };
        (parts, setup.desktop_events)
    }

    fn devices(&self) -> MutexGuard<'_, BTreeMap<DeviceKey, DeviceHandle>> {
        // Nothing that is done under the lock can leave it half done.
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> usize {
        self.devices().len()
    }

    pub(super) fn remember(&self, device: DeviceHandle) {
        self.devices().insert(device.key, device);
        self.count.send_replace(self.count());
    }

    pub(super) fn forget(&self, key: DeviceKey) {
        self.devices().remove(&key);
        self.count.send_replace(self.count());
    }

    /// The end. Each handle holds these parts and they hold the handles: unless one lets go of the other, the journal's
    /// connections stay open after the last who knew of them, 0.6 MiB a host; `scenario run` has one a case.
    pub(super) fn forget_all(&self) {
        self.devices().clear();
    }

    /// The whole of `status`; never waits for the desktop.
    pub(super) fn status(&self, delivery: &Delivery, mut broker: BrokerStatus, last_sequence: u64) -> StatusReport {
        broker.embedded = self.embedded_broker.clone().map(|url| EmbeddedBrokerStatus { url });
        let parts = StatusParts {
            redelivered: delivery.redelivered(),
            last_sequence,
            broker,
            control: ControlStatus { url: self.control_url.borrow().clone() },
            desktop: self.notifier.state(),
            daemon: Some(self.daemon.clone()),
        };
        status_report(delivery.device(), parts)
    }
}

/// A handle on a running host; clones share it.
#[derive(Clone)]
pub struct HostHandle {
    pub(super) parts: Arc<HostParts>,
    requests: mpsc::Sender<HostRequest>,
}

impl HostHandle {
    pub(super) fn new(parts: Arc<HostParts>, requests: mpsc::Sender<HostRequest>) -> Self {
        Self { parts, requests }
    }

    /// Cancelled once somebody asked for the process to end.
    pub fn ending(&self) -> CancellationToken {
        self.parts.ending.clone()
    }

    /// How many devices are hosted; changes whenever one comes or goes.
    pub fn device_count(&self) -> watch::Receiver<usize> {
        self.parts.count.subscribe()
    }

    /// Whether the task that drives the devices answers; a host without a device has nothing to ask it.
    pub async fn answers(&self) -> bool {
        let first = self.parts.devices().values().next().cloned();
        match first {
            Some(device) => device.status().await.is_ok(),
            None => !self.is_ending(),
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.parts.ending.is_cancelled() || self.requests.is_closed()
    }

    pub(super) fn ending_error() -> ApiError {
        ApiError::new("daemonIsEnding", "the daemon is ending", "portal-agent run")
    }

    pub(super) fn notifier(&self) -> &Arc<dyn Notifier> {
        &self.parts.notifier
    }

    pub(super) fn journal_health(&self) -> watch::Receiver<Option<String>> {
        self.parts.database.health()
    }

    pub(super) async fn examine(&self, status: &StatusReport, clock_jumped: bool) -> DoctorReport {
        // A disk over a network may keep whoever asks it waiting.
        let state_dir = self.parts.state_dir.clone();
        let gathered = tokio::task::spawn_blocking(move || ComputerFacts::gather(&state_dir)).await;
        let mut computer = gathered.unwrap_or_default();
        if !status.broker.connected && !status.condition.offline {
            computer.look_for(&status.broker.url).await;
        }
        let trouble = self.journal_health().borrow().clone();
        let found = doctor::Findings {
            journal_trouble: trouble.as_deref(),
            clock_jumped,
            suppression: self.parts.notifier.suppression(),
            computer,
            others: self.parts.share.others(),
        };
        doctor::examine(status, &found)
    }

    pub(super) async fn send(&self, request: HostRequest) -> Result<(), ApiError> {
        self.requests.send(request).await.map_err(|_| Self::ending_error())
    }

    /// Hosts an opened device.
    ///
    /// # Errors
    /// Settings of the session that cannot work.
    pub(super) async fn host(&self, device: OpenedDevice) -> Result<DeviceHandle, AddDeviceError> {
        let (reply, answer) = oneshot::channel();
        let request = HostRequest::Add { device: Box::new(device), reply };
        self.requests.send(request).await.map_err(|_| AddDeviceError::Ending)?;
        Ok(answer.await.map_err(|_| AddDeviceError::Ending)??)
    }

    /// Makes a new device and hosts it.
    ///
    /// # Errors
    /// It cannot be made, or its session cannot.
    pub async fn make(&self, new: NewDevice) -> Result<DeviceHandle, AddDeviceError> {
        let parts = Arc::clone(&self.parts);
        // Off the host's task: making a device writes to the disk, and the devices that are there go on meanwhile.
        let made = tokio::task::spawn_blocking(move || {
            OpenedDevice::make(&parts.database, new, &parts.rules, parts.clock.now())
        });
        let opened = made.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        self.host(opened).await
    }

    /// The new device with a name that no other has, or why it cannot be.
    fn named(&self, new: NewDevice) -> Result<NewDevice, ApiError> {
        let devices = self.parts.devices();
        let most = self.parts.most_devices;
        if devices.len() >= most {
            let message = format!("this daemon hosts {most} devices, as many as it may have files open for");
            return Err(ApiError::new(
                "tooManyDevices",
                message,
                "raise its limit of open files (ulimit -n), or portal-agent device remove NAME",
            ));
        }
        let same_id = |device: &&DeviceHandle| new.device_id.is_some_and(|id| device.identity().id == id);
        if let Some(device) = devices.values().find(same_id) {
            let message = format!("a device with the id {} is hosted already", device.identity().id);
            return Err(ApiError::new("deviceExists", message, "leave --device-id out for a new one"));
        }
        let is_taken = |name: &str| devices.values().any(|device| device.identity().name == name);
        let device_name = match &new.device_name {
            Some(name) if is_taken(name.as_str()) => {
                let message = format!("a device named {:?} is hosted already", name.as_str());
                return Err(ApiError::new("deviceExists", message, "give the new device another --name"));
            }
            Some(name) => Some(name.clone()),
            None => {
                let numbered = (2_u64..).map(|number| format!("{} {number}", new.kind()));
                let mut names = std::iter::once(new.kind().to_owned()).chain(numbered);
                // There is one name more than devices among the first of them.
                names.find(|name| !is_taken(name)).and_then(|name| name.parse().ok())
            }
        };
        Ok(NewDevice { device_name, ..new })
    }

    /// How a sender reaches the broker of a device; none where it has none.
    fn sender_options(&self, device: &DeviceHandle) -> Option<SenderOptions> {
        let session = &self.parts.session;
        let url = session.brokers.first().cloned()?;
        Some(SenderOptions {
            protocol: session.protocol,
            tenant: device.identity().tenant.clone(),
            credentials: session.credentials.clone(),
            tls: session.tls.clone(),
            allow_password_in_clear: session.allow_password_in_clear,
            connect_timeout: session.connect_timeout,
            ..SenderOptions::new(url)
        })
    }

    /// Publishes pushes for a device or a group of its tenant, by a client of its own: they go the way of any sender's.
    pub(super) async fn publish(
        &self,
        device: &DeviceHandle,
        group: Option<GroupId>,
        payloads: Vec<Bytes>,
    ) -> Result<(), ApiError> {
        let unsent = |problem: String| {
            ApiError::new("notSent", problem, "portal-agent status says how the connection to the broker stands")
        };
        let failed = |error: sender::SenderError| unsent(error.to_string());
        let settings = self.sender_options(device).ok_or_else(|| unsent("the device has no broker".to_owned()))?;
        let sender = sender::PushSender::connect(settings).await.map_err(failed)?;
        let to = group.map_or(sender::PushAddress::Device(device.identity().id), sender::PushAddress::Group);
        // Many are under way at once; how many the broker takes before it answers, the sender keeps to.
        let sending = stream::iter(payloads).map(|payload| sender.push_raw(to, payload)).buffered(PUSHES_UNDER_WAY);
        let sent = sending.try_collect::<()>().await;
        sender.stop().await;
        sent.map_err(failed)
    }

    /// Ends what the broker keeps of a device that is hosted no longer: its session, its retained state, connection, groups.
    async fn clear_broker(&self, device: &DeviceHandle) -> Result<(), sender::SenderError> {
        let Some(settings) = self.sender_options(device) else { return Ok(()) };
        sender::end_session(&settings, device.identity().id).await?;
        let sender = sender::PushSender::connect(settings).await?;
        let topics = portal_contract::DeviceTopics::new(&device.identity().tenant, device.identity().id);
        for topic in topics.retained() {
            sender.publish(topic, Vec::new(), true).await?;
        }
        sender.stop().await;
        Ok(())
    }
}

impl RunningHost for HostHandle {
    type Device = DeviceHandle;

    fn devices(&self) -> Vec<DeviceSummary> {
        let summary = |device: &DeviceHandle| DeviceSummary {
            device_id: device.identity().id,
            device_name: device.identity().name.clone(),
            operating_system: device.identity().operating_system,
            os_version: device.identity().os_version.to_string(),
            tenant: device.identity().tenant.clone(),
        };
        self.parts.devices().values().map(summary).collect()
    }

    fn device(&self, id: DeviceId) -> Option<DeviceHandle> {
        self.parts.devices().values().find(|device| device.id() == id).cloned()
    }

    fn is_ready(&self) -> bool {
        let devices = self.parts.devices();
        !devices.is_empty() && devices.values().all(DeviceHandle::is_connected)
    }

    async fn add(&self, new: NewDevice) -> Result<DeviceHandle, ApiError> {
        self.make(self.named(new)?).await.map_err(|error| {
            ApiError::new("deviceNotMade", error.to_string(), "portal-agent doctor says how the computer stands")
        })
    }

    async fn remove(&self, id: DeviceId) -> Result<(), ApiError> {
        let unknown =
            || ApiError::new("unknownDevice", format!("no device {id} is hosted"), "portal-agent device list");
        let device = self.device(id).ok_or_else(unknown)?;
        if self.parts.count() == 1 {
            let message = "it is the only device of this daemon";
            return Err(ApiError::new("onlyDevice", message, "portal-agent stop, and remove the state directory"));
        }
        let (reply, answer) = oneshot::channel();
        self.send(HostRequest::Remove { device: device.key, reply }).await?;
        let removed = answer.await.map_err(|_| Self::ending_error())?;
        let RemovedDevice { session, journal } = removed.ok_or_else(unknown)?;
        if let Some(session) = session {
            session.stop().await;
        }
        // What it still wrote must be durable before it is taken away, or the writer would put it back.
        if let Ok(last) = journal.append(Vec::new()) {
            let _ = self.parts.database.durable().wait_for(|durable| *durable >= last).await;
        }
        let parts = Arc::clone(&self.parts);
        let emptied = tokio::task::spawn_blocking(move || parts.database.remove(&journal)).await;
        if let Ok(Err(error)) = emptied {
            return Err(ApiError::new("journalUnwritable", error.to_string(), "portal-agent doctor says more"));
        }
        self.clear_broker(&device).await.map_err(|error| {
            let message = format!("the device is removed here, and the broker still keeps something of it: {error}");
            ApiError::new(
                "brokerNotCleared",
                message,
                "end its session and its retained topics by the broker's own means",
            )
        })
    }

    fn stop(&self) {
        self.parts.ending.cancel();
    }
}
