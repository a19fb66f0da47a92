//! The device of a state directory on which no daemon runs, read from its journal (contract 7).
//!
//! Lives here: `log`, `explain` and `status` without a daemon. Does not live here: the file (`journal`), HTTP, pages. Nothing is
//! written, and nothing changes: time alone may have moved the device on, which is for the next daemon to find out.

use std::path::Path;

use portal_contract::status::{BrokerStatus, ControlStatus, DesktopStatus};
use portal_contract::{
    DeviceId, Explanation, HeldNotification, ListedReceipt, LogQuery, NotificationId, StatusReport, Timestamp,
};
use portal_device::{Device, DeviceSnapshot, EmulationSettings};

use crate::host::{self, OpenError, StatusParts};
use crate::journal::{DeviceAtRest, JournalAtRest, JournalError};
use crate::state_dir::{JOURNAL, StateDir};

/// Why nothing can be told of the device.
#[derive(Debug, thiserror::Error)]
pub enum AtRestError {
    /// There is no device in the state directory.
    #[error("there is no device in it yet")]
    NoDevice,
    /// A daemon has the state directory: what it has in memory counts, and not what is written.
    #[error("a daemon runs on it and does not answer")]
    DaemonRuns,
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What it holds cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No device is called so.
    #[error("no device of this state directory is called {named:?}; it has {}", .known.join(", "))]
    UnknownDevice {
        /// What was asked for.
        named: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// It is not said which is meant.
    #[error("this state directory has {} devices ({}), and it is not said which is meant", .0.len(), .0.join(", "))]
    SeveralDevices(Vec<String>),
}

/// A device at rest.
#[derive(Debug)]
pub struct StoppedDevice {
    device: Device,
    journal: DeviceAtRest,
    rules: EmulationSettings,
    now: Timestamp,
}

impl StoppedDevice {
    /// The device of this state directory: the one that is named, by name or id, else the only one. `wall` is the computer's
    /// present.
    ///
    /// # Errors
    /// There is none, a daemon runs, or the journal cannot be read.
    pub fn open(
        state_dir: &Path,
        named: Option<&str>,
        rules: &EmulationSettings,
        wall: Timestamp,
    ) -> Result<Self, AtRestError> {
        if StateDir::is_locked(state_dir) {
            return Err(AtRestError::DaemonRuns);
        }
        let journal = JournalAtRest::open(&state_dir.join(JOURNAL))?.ok_or(AtRestError::NoDevice)?;
        let snapshot = chosen(&journal, named)?;
        let now = wall.plus_millis(snapshot.condition.clock_ahead_millis);
        let journal = journal.device(snapshot.identity.id)?;
        let device = Device::resume(snapshot, host::resumption(&journal.recovered)?, rules.clone());
        Ok(Self { device, journal, rules: rules.clone(), now })
    }

    /// The present, in device time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The latest receipts that match, oldest first.
    ///
    /// # Errors
    /// The journal could not be read.
    pub fn log(&self, query: &LogQuery) -> Result<Vec<ListedReceipt>, AtRestError> {
        Ok(self.journal.reader.log(query)?)
    }

    /// The pushes that wait, in the order of arrival; with an id, only that one.
    pub fn held(&self, id: Option<&NotificationId>) -> Vec<HeldNotification> {
        let mut held = self.device.held_notifications(usize::MAX);
        held.retain(|held| id.is_none_or(|id| held.notification_id == *id));
        held
    }

    /// The ids that begin so, of receipts and of what waits.
    ///
    /// # Errors
    /// The journal could not be read.
    pub fn ids_beginning(&self, beginning: &str, limit: usize) -> Result<Vec<NotificationId>, AtRestError> {
        let settled = self.journal.reader.ids_beginning(beginning, limit)?;
        Ok(host::ids_beginning(beginning, self.held(None), settled, limit))
    }

    /// Why a push did or did not show, or why it waits; the latest without an id; none where there is none.
    ///
    /// # Errors
    /// The journal could not be read.
    pub fn explain(&self, id: Option<&NotificationId>) -> Result<Option<Explanation>, AtRestError> {
        let record = self.journal.reader.record(id)?;
        let waiting = self.device.held_push(id).filter(|held| host::is_meant(held, id, record.as_ref()));
        if let Some(held) = waiting {
            return Ok(Some(portal_device::explain_held(held, self.device.snapshot(), &self.rules, self.now)));
        }
        Ok(record.map(|record| host::explanation(&record, &self.rules)).transpose()?)
    }

    /// The whole picture, without what only a daemon has: no broker, no desktop.
    pub fn status(&self) -> StatusReport {
        host::status_report(
            &self.device,
            StatusParts {
                redelivered: self.journal.recovered.redelivered,
                last_sequence: self.journal.recovered.last_sequence,
                broker: BrokerStatus::default(),
                control: ControlStatus { url: String::new() },
                desktop: DesktopStatus::default(),
                daemon: None,
            },
        )
    }
}

fn chosen(journal: &JournalAtRest, named: Option<&str>) -> Result<DeviceSnapshot, AtRestError> {
    let mut snapshots = Vec::new();
    // Of a device without a snapshot nothing was ever written: its making was cut off.
    for json in journal.known()?.into_iter().filter_map(|known| known.snapshot) {
        snapshots.push(serde_json::from_str::<DeviceSnapshot>(&json).map_err(OpenError::Snapshot)?);
    }
    let names: Vec<String> = snapshots.iter().map(|device| device.identity.name.clone()).collect();
    if names.is_empty() {
        return Err(AtRestError::NoDevice);
    }
    let is_meant = |device: &DeviceSnapshot| {
        named.is_none_or(|named| device.identity.name == named || named.parse::<DeviceId>() == Ok(device.identity.id))
    };
    snapshots.retain(is_meant);
    match (snapshots.len(), named) {
        (0, Some(named)) => Err(AtRestError::UnknownDevice { named: named.to_owned(), known: names }),
        (1, _) => snapshots.pop().ok_or(AtRestError::NoDevice),
        _ => Err(AtRestError::SeveralDevices(names)),
    }
}
