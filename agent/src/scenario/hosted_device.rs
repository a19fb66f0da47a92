//! One case's device in this process, on the daemon's own code path, in virtual time.
//!
//! Real: the session over MQTT with a broker, the decision in the device's loop, the journal, receipts published and
//! acknowledged. Put on: the clock, which stands until it is moved, and, unless cards are to be seen on the desktop, the
//! notifier, which shows everything at once. Does not live here: what is run (`case_runner`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use portal_contract::{DeviceTopics, Explanation, NewDevice, NotificationId, Receipt, StatusReport, Tenant, Timestamp};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::model::{ScenarioCase, StateChange};
use super::test_device::{IDLE_TIMEOUT, TestDevice, TestDeviceError};
use super::watched_host::WatchedHost;
use crate::broker::SessionSettings;
use crate::control::{
    CommandResult, DesktopInteraction, DeviceEvent, EventReceiver, IdleReport, InAppMessage, RunningDevice,
};
use crate::desktop::{self, DesktopEvent, DesktopShare, NativeNotifier, Notifier, RecordingNotifier};
use crate::host::{
    Clock, DeviceHandle, Host, HostError, HostSetup, OpenError, OpenedDevice, VirtualClock, journal_options,
};
use crate::journal::{JournalDatabase, Retention};
use crate::sender::{PushSender, SenderOptions, end_session};
use portal_device::EmulationSettings;
use portal_screen::PhoneScreen;

/// When every scenario begins, in device time: the same on every machine and every day.
const BEGINNING: &str = "2026-01-05T09:00:00Z";
/// How many desktop events may wait.
const DESKTOP_EVENTS: usize = 1024;
/// More receipts than any scenario asks for at once.
const ALL: usize = 1_000_000;

/// How cards are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardMode {
    /// Nowhere: each counts as shown at once.
    Recorded,
    /// On the desktop.
    Native,
}

/// What the hosted devices of a run have in common.
#[derive(Clone)]
pub struct RunResources {
    /// The session's settings, but for device and tenant.
    pub session: SessionSettings,
    /// What pushes are sent with.
    pub sender: Arc<PushSender>,
    /// How cards are shown.
    pub cards: CardMode,
    /// Where the running device is shown to who watches; nowhere where nobody does.
    pub shown: Option<WatchedHost>,
    /// How the broker is connected to, to take back what it kept of a case.
    pub connection: Arc<SenderOptions>,
}

/// Where the journal is while the device is not running.
enum JournalStore {
    /// In memory; it ends with the device.
    Memory,
    /// In a folder, so that it outlives the device.
    Folder(TempDir),
}

/// One case's device.
pub struct HostedDevice {
    resources: RunResources,
    asked: NewDevice,
    rules: EmulationSettings,
    store: JournalStore,
    clock: VirtualClock,
    topics: DeviceTopics,
    /// Where the case told the broker to keep something, beside what the device itself does.
    retained: BTreeSet<String>,
    running: Option<RunningDaemon>,
}

/// The device while its daemon runs.
struct RunningDaemon {
    host: Host,
    device: DeviceHandle,
    events: EventReceiver,
    heard: u64,
}

impl HostedDevice {
    /// Starts a new device as the case describes it, out of its box, under a tenant of its own.
    ///
    /// # Errors
    /// A device that cannot be started.
    pub async fn open(resources: RunResources, case: &ScenarioCase, tenant: Tenant) -> Result<Self, TestDeviceError> {
        // One id for all that is watched: a page stays at its device from case to case.
        let fresh = || portal_contract::DeviceId::from_random(uuid::Uuid::new_v4().as_u128());
        let id = resources.shown.as_ref().map_or_else(fresh, WatchedHost::device_id);
        let asked = NewDevice {
            platform: Some(case.device.platform),
            os_version: Some(case.device.os_version.clone()),
            device_id: Some(id),
            device_name: case.device.name.clone(),
            tenant: Some(tenant.clone()),
        };
        // Memory goes through the same code; a file is needed only where the device comes back to it.
        let store = match case.restarts() {
            true => JournalStore::Folder(tempfile::tempdir().map_err(TestDeviceError::TemporaryFolder)?),
            false => JournalStore::Memory,
        };
        let mut device = Self {
            resources,
            asked,
            rules: case.device.rules.clone(),
            store,
            clock: VirtualClock::new(beginning()),
            topics: DeviceTopics::new(&tenant, id),
            retained: BTreeSet::new(),
            running: None,
        };
        device.start().await?;
        Ok(device)
    }

    async fn start(&mut self) -> Result<(), TestDeviceError> {
        let (database, opened) = self.open_journal().await?;
        let (notifier, desktop_events) = self.notifier();
        let (_, control_url) = watch::channel(String::new());
        let mut session = self.resources.session.clone();
        session.retained_group_messages = self.rules.late_joiner;
        let (clock, rules) = (Arc::new(self.clock.clone()), self.rules.clone());
        let embedded_broker = None;
        let setup = HostSetup {
            clock,
            database,
            notifier,
            desktop_events,
            session,
            rules,
            embedded_broker,
            control_url,
            state_dir: std::env::temp_dir(),
            share: DesktopShare::alone(),
            most_devices: 1,
        };
        let host = Host::start(setup).map_err(OpenError::from)?;
        let device = host.add(opened).await?;
        if let Some(shown) = &self.resources.shown {
            shown.show(host.handle().clone());
        }
        let mut events = device.events().await?;
        let heard = events.recv().await.map_or(0, |first| first.number);
        self.running = Some(RunningDaemon { host, device, events, heard });
        Ok(())
    }

    /// The journal and the device in it, opened as the daemon opens them: on a thread where blocking is fine.
    async fn open_journal(&self) -> Result<(JournalDatabase, OpenedDevice), TestDeviceError> {
        let (asked, rules, now) = (self.asked.clone(), self.rules.clone(), self.clock.now());
        let file = match &self.store {
            JournalStore::Memory => None,
            JournalStore::Folder(folder) => Some(folder.path().join("journal.db")),
        };
        let open = move || {
            let database = database(file)?;
            let device = OpenedDevice::open_all(&database, asked, &rules, now)?.into_iter().next();
            Ok((database, device))
        };
        let opened: Result<(JournalDatabase, Option<OpenedDevice>), OpenError> =
            tokio::task::spawn_blocking(open).await.map_err(|_| TestDeviceError::Loop(HostError::Panicked))?;
        let (database, device) = opened?;
        Ok((database, device.ok_or(TestDeviceError::Loop(HostError::SessionEnded))?))
    }

    fn notifier(&self) -> (Arc<dyn Notifier>, mpsc::Receiver<DesktopEvent>) {
        let (events, receiver) = mpsc::channel(DESKTOP_EVENTS);
        let settings =
            desktop::NotifierOptions { icon_directory: std::env::temp_dir(), ..desktop::NotifierOptions::default() };
        let notifier: Arc<dyn Notifier> = match self.resources.cards {
            CardMode::Recorded => Arc::new(RecordingNotifier::start(settings, events)),
            CardMode::Native => Arc::new(NativeNotifier::start(settings, events)),
        };
        (notifier, receiver)
    }

    fn running(&mut self) -> Result<&mut RunningDaemon, TestDeviceError> {
        self.running.as_mut().ok_or(TestDeviceError::Loop(HostError::SessionEnded))
    }

    /// Ends the device cleanly.
    ///
    /// # Errors
    /// What its loop ended in.
    pub async fn close(mut self) -> Result<(), TestDeviceError> {
        self.stop().await?;
        self.take_back().await
    }

    async fn take_back(&self) -> Result<(), TestDeviceError> {
        // Nothing of the case stays on the broker: one of somebody's own is left as it was, and the embedded one
        // would get slower with each session and retained message that it has to look through.
        let RunResources { sender, connection, .. } = &self.resources;
        // An empty retained message takes back what the broker kept of the topic.
        let clear = |topic| sender.publish(topic, Vec::new(), true);
        let kept = futures_util::future::try_join_all(self.retained.iter().cloned().map(clear));
        tokio::try_join!(
            end_session(connection, self.topics.device()),
            clear(self.topics.state()),
            clear(self.topics.connection()),
            kept,
        )?;
        Ok(())
    }

    async fn stop(&mut self) -> Result<(), TestDeviceError> {
        match self.running.take() {
            Some(running) => Ok(running.host.end(None).await?),
            None => Ok(()),
        }
    }
}

fn beginning() -> Timestamp {
    // A constant of the right form.
    BEGINNING.parse().unwrap_or_else(|_| Timestamp::from_millis(0))
}

fn database(file: Option<PathBuf>) -> Result<JournalDatabase, crate::journal::JournalError> {
    let options = journal_options(Retention::default());
    match file {
        Some(file) => JournalDatabase::open(&file, options),
        None => JournalDatabase::in_memory(options),
    }
}

impl TestDevice for HostedDevice {
    fn topics(&self) -> DeviceTopics {
        self.topics.clone()
    }

    async fn change(&mut self, change: &StateChange) -> Result<CommandResult, TestDeviceError> {
        Ok(self.running()?.device.apply(change.command.clone()).await?)
    }

    async fn interact(&mut self, interaction: DesktopInteraction) -> Result<CommandResult, TestDeviceError> {
        Ok(self.running()?.device.interact(interaction).await?)
    }

    async fn publish(&mut self, topic: String, payload: Vec<u8>, retain: bool) -> Result<(), TestDeviceError> {
        if retain {
            self.retained.insert(topic.clone());
        }
        Ok(self.resources.sender.publish(topic, payload, retain).await?)
    }

    async fn until_idle(&mut self) -> Result<IdleReport, TestDeviceError> {
        let handle = &self.running()?.device;
        match tokio::time::timeout(IDLE_TIMEOUT, handle.until_idle()).await {
            Ok(idle) => Ok(idle?),
            Err(_) => {
                let problem = handle.status().await?.broker.problem;
                let problem = problem.unwrap_or_else(|| "pushes or receipts are still on their way".to_owned());
                Err(TestDeviceError::NotIdle { seconds: IDLE_TIMEOUT.as_secs(), problem })
            }
        }
    }

    async fn move_to(&mut self, moment: Timestamp) -> Result<(), TestDeviceError> {
        // The scenario's moments are the device's; its own clock may run ahead of the one that is moved here.
        let ahead = self.running()?.device.status().await?.condition.clock_ahead_millis;
        self.clock.advance_to(moment.plus_millis(-ahead));
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), TestDeviceError> {
        self.stop().await?;
        self.start().await
    }

    async fn status(&mut self) -> Result<StatusReport, TestDeviceError> {
        Ok(self.running()?.device.status().await?)
    }

    async fn screen(&mut self) -> Result<PhoneScreen, TestDeviceError> {
        let moment = self.running()?.device.moment(None).await?;
        let nothing = || TestDeviceError::Impossible("the device has no present moment".to_owned());
        moment.map(|moment| portal_screen::screen(&moment)).ok_or_else(nothing)
    }

    async fn receipts_after(&mut self, sequence: u64) -> Result<Vec<Receipt>, TestDeviceError> {
        let listed = self.running()?.device.receipts_after(sequence, ALL).await?;
        Ok(listed.into_iter().map(|listed| listed.receipt).collect())
    }

    async fn in_app(&mut self) -> Result<Vec<InAppMessage>, TestDeviceError> {
        Ok(self.running()?.device.in_app().await?)
    }

    async fn explain(&mut self, id: Option<NotificationId>) -> Result<Option<Explanation>, TestDeviceError> {
        Ok(self.running()?.device.explain(id).await?)
    }

    async fn happened(&mut self, idle: &IdleReport) -> Result<Vec<DeviceEvent>, TestDeviceError> {
        let running = self.running()?;
        let mut happened = Vec::new();
        // Up to the number that the device named: what it told may still be on its way here when it has come to rest.
        while running.heard < idle.events {
            let event = running.events.recv().await.ok_or(TestDeviceError::TooMuchHappened)?;
            running.heard = event.number;
            happened.push(event);
        }
        Ok(happened)
    }
}
