//! The host: any number of emulated devices in one process, on one database and one desktop.
//!
//! One task drives the rules and the journal of all of them (`HostTask`): it hears what happened, gives it to the device's
//! [`portal_delivery::Delivery`], and carries out the actions that come back. One set of deadlines tells when time is the next
//! thing to happen. A device has no task, channel or timer of its own but its connection to the broker.
//!
//! Lives here: opening devices, the task, and the handles by which the control API reaches them. Does not live here: rules
//! (`portal_device`), the order of commit and acknowledgement (`portal_delivery`), files and signals (`daemon`).

mod absent_daemon;
mod carry_out;
mod clock;
mod computer;
mod deadlines;
mod desktop_ids;
mod device_handle;
mod doctor;
mod first_start;
mod host_handle;
mod host_task;
mod hosted_device;
mod inputs;
mod moment;
mod open_device;
mod requests;
mod status;

use std::path::PathBuf;
use std::sync::Arc;

use portal_device::EmulationSettings;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use absent_daemon::AbsentDaemon;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use device_handle::{DeviceHandle, explanation, ids_beginning, is_meant};
pub use doctor::{desktop_hint, draws_buttons};
pub use first_start::Contradiction;
pub use host_handle::{AddDeviceError, HostHandle};
pub use open_device::{OpenError, OpenedDevice, journal_options, resumption};
pub use status::{StatusParts, status_report};

use crate::broker::SessionSettings;
use crate::desktop::{DesktopEvent, DesktopShare, Notifier};
use crate::journal::{JournalDatabase, JournalError};
use host_task::HostTask;

/// How many devices one process hosts at most.
pub const MOST_DEVICES: usize = 10_000;

/// Why a host ended by itself; what was not acknowledged comes again.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The journal could not be read, or takes nothing any more.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A delivery cannot go on.
    #[error(transparent)]
    Delivery(#[from] portal_delivery::DeliveryError),
    /// A session with the broker is gone.
    #[error("the session of a device with the broker ended by itself; start the daemon again, and report the log")]
    SessionEnded,
    /// The host's own task panicked.
    #[error("the task that drives the devices ended in a panic; start the daemon again, and report the log")]
    Panicked,
}

/// What a host stands on.
pub struct HostSetup {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where everything is remembered.
    pub database: JournalDatabase,
    /// Where cards are shown.
    pub notifier: Arc<dyn Notifier>,
    /// Where the notifier's answers are heard.
    pub desktop_events: mpsc::Receiver<DesktopEvent>,
    /// What each device's session is made with, but for the device and its tenant.
    pub session: SessionSettings,
    /// What the rules of each device take as given.
    pub rules: EmulationSettings,
    /// Where the embedded broker listens, where this process has one of its own.
    pub embedded_broker: Option<String>,
    /// Tells where the control API listens, once it does.
    pub control_url: watch::Receiver<String>,
    /// Where the state lies, for `doctor`.
    pub state_dir: PathBuf,
    /// The other daemons that show cards on this desktop.
    pub share: DesktopShare,
    /// How many devices may be hosted, [`MOST_DEVICES`] at most: each needs a file descriptor for its connection.
    pub most_devices: usize,
}

/// A running host; owns its task and every session, and ends them in order.
pub struct Host {
    handle: HostHandle,
    task: JoinHandle<Result<(), HostError>>,
    stopping: CancellationToken,
}

impl Host {
    /// Starts a host without a device, in a task of its own on the current runtime.
    ///
    /// # Errors
    /// The system gives no thread for the journal.
    pub fn start(setup: HostSetup) -> Result<Self, JournalError> {
        let (task, handle) = HostTask::new(setup)?;
        let stopping = CancellationToken::new();
        let task = tokio::spawn(task.run(stopping.clone()));
        Ok(Self { handle, task, stopping })
    }

    /// The way to the hosted devices.
    pub fn handle(&self) -> &HostHandle {
        &self.handle
    }

    /// Hosts an opened device: its session connects from here on.
    ///
    /// # Errors
    /// Settings of the session that cannot work.
    pub async fn add(&self, device: OpenedDevice) -> Result<DeviceHandle, AddDeviceError> {
        self.handle.host(device).await
    }

    /// Waits until the host ends by itself, which it does only in trouble. Not to be asked again once it has answered.
    pub async fn ends_by_itself(&mut self) -> Result<(), HostError> {
        (&mut self.task).await.unwrap_or(Err(HostError::Panicked))
    }

    /// Ends the task, unless it `ended` by itself, with every session; then the notifier and the journal.
    ///
    /// # Errors
    /// What the task ended in.
    pub async fn end(self, ended: Option<Result<(), HostError>>) -> Result<(), HostError> {
        self.stopping.cancel();
        let ended = match ended {
            Some(ended) => ended,
            None => self.task.await.unwrap_or(Err(HostError::Panicked)),
        };
        // The journal last, once nothing is left that could write to it.
        let parts = self.handle.parts;
        parts.notifier.stop().await;
        let closed = tokio::task::spawn_blocking(move || parts.database.close()).await;
        if let Ok(Err(error)) = closed {
            warn!("{error}");
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use portal_contract::{NewDevice, OperatingSystem};

    use super::*;
    use crate::desktop::{NotifierOptions, RecordingNotifier};
    use crate::journal::Retention;

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_of_a_host_outlives_its_end() {
        let now = "2026-01-05T09:00:00Z".parse().unwrap();
        let rules = EmulationSettings::default();
        let database = JournalDatabase::in_memory(journal_options(Retention::default())).unwrap();
        let asked = NewDevice {
            platform: Some(OperatingSystem::Ios),
            os_version: None,
            device_id: None,
            device_name: None,
            tenant: None,
        };
        let opened = OpenedDevice::open_all(&database, asked, &rules, now).unwrap().remove(0);
        let (events, desktop_events) = mpsc::channel(16);
        let options = NotifierOptions { icon_directory: std::env::temp_dir(), ..NotifierOptions::default() };
        let notifier: Arc<dyn Notifier> = Arc::new(RecordingNotifier::start(options, events));
        // What holds the notifier holds the journal's connections too.
        let held = Arc::downgrade(&notifier);
        let url = "mqtt://127.0.0.1:1".parse().unwrap();
        let host = Host::start(HostSetup {
            clock: Arc::new(VirtualClock::new(now)),
            database,
            notifier,
            desktop_events,
            session: SessionSettings::new(vec![url], "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse().unwrap()),
            rules,
            embedded_broker: None,
            control_url: watch::channel(String::new()).1,
            state_dir: std::env::temp_dir(),
            share: DesktopShare::alone(),
            most_devices: 1,
        })
        .unwrap();
        host.add(opened).await.unwrap();
        host.end(None).await.unwrap();
        assert_eq!(held.strong_count(), 0, "somebody holds the host after its end");
    }
}
