//! A device as the database holds it, or a new one, ready to be hosted.
//!
//! Lives here: from the journal's text to a device. Does not live here: which file the database is (`daemon`). Everything here
//! blocks: call it where that is fine.

use portal_contract::{DeviceId, LogQuery, NewDevice, Timestamp};
use portal_delivery::Recovery;
use portal_device::{
    Device, DeviceCommand, DeviceIdentity, DeviceSnapshot, EmulationSettings, HeldKey, HeldPush, RecentMessage,
    ResumePoint,
};

use super::first_start::{Contradiction, changes, identity};
use crate::journal::{
    DeviceJournal, JournalDatabase, JournalError, JournalOptions, JournalReader, RecoveredDevice, Retention,
};

/// The version of the device's rules, written beside each event.
const RULES_VERSION: u32 = 2;
/// How many of the latest receipts tell what FCM knows of the last days.
const REMEMBERED_MESSAGES: usize = 1000;

/// How the journal of hosted devices is kept.
pub fn journal_options(retention: Retention) -> JournalOptions {
    JournalOptions { retention, rules: RULES_VERSION }
}

/// Why a device cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Another device is asked for than is kept.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// What the journal kept of the device is of a newer version.
    #[error(
        "what the journal kept of a device cannot be read; use the portal-agent that wrote it, or another --state-dir"
    )]
    Snapshot(#[source] serde_json::Error),
    /// The operating system gave no random bits.
    #[error("this computer gave no random bits for the device's id; try again")]
    Random(#[source] getrandom::Error),
}

/// A device that is ready to be hosted.
pub struct OpenedDevice {
    pub(super) device: Device,
    pub(super) recovery: Recovery,
    /// What this start changes of it: its name.
    pub(super) commands: Vec<DeviceCommand>,
    pub(super) journal: DeviceJournal,
    pub(super) reader: JournalReader,
}

impl OpenedDevice {
    /// Every device that the database holds, in the order in which they were made; where it holds none, a new one as
    /// `first` says. What `first` says must fit the first device: only its name may be another.
    ///
    /// # Errors
    /// A journal that cannot be read, or another device than the one that is asked for.
    pub fn open_all(
        database: &JournalDatabase,
        first: NewDevice,
        rules: &EmulationSettings,
        wall: Timestamp,
    ) -> Result<Vec<Self>, OpenError> {
        let mut snapshots = Vec::new();
        for known in database.known()? {
            // Of a device without a snapshot nothing was ever written: its making was cut off.
            if let Some(json) = known.snapshot {
                snapshots.push(serde_json::from_str::<DeviceSnapshot>(&json).map_err(OpenError::Snapshot)?);
            }
        }
        let Some(oldest) = snapshots.first() else {
            return Ok(vec![Self::make(database, first, rules, wall)?]);
        };
        let mut commands = changes(first, &oldest.identity)?;
        let mut opened = Vec::with_capacity(snapshots.len());
        for snapshot in snapshots {
            opened.push(Self::resume(database, snapshot, std::mem::take(&mut commands), rules, wall)?);
        }
        Ok(opened)
    }

    /// A new device.
    ///
    /// # Errors
    /// The journal cannot be written, or the system has no random bits for its id.
    pub fn make(
        database: &JournalDatabase,
        new: NewDevice,
        rules: &EmulationSettings,
        wall: Timestamp,
    ) -> Result<Self, OpenError> {
        let identity = identity(new, random_bits().map_err(OpenError::Random)?);
        let (journal, recovered) = database.device(identity.id, wall)?;
        let device = Device::out_of_the_box(identity, rules.clone(), wall);
        let recovery = recovery(&recovered, &journal)?;
        Ok(Self { device, recovery, commands: Vec::new(), reader: journal.reader()?, journal })
    }

    fn resume(
        database: &JournalDatabase,
        snapshot: DeviceSnapshot,
        commands: Vec<DeviceCommand>,
        rules: &EmulationSettings,
        wall: Timestamp,
    ) -> Result<Self, OpenError> {
        // In device time, by which the journal prunes and the device judges; a device whose clock was advanced would
        // find itself in its own past otherwise.
        let now = wall.plus_millis(snapshot.condition.clock_ahead_millis);
        let (journal, recovered) = database.device(snapshot.identity.id, now)?;
        let reader = journal.reader()?;
        let recent = recent_messages(&reader, rules, now)?;
        let resumption = ResumePoint { recent, ..resumption(&recovered)? };
        let device = Device::resume(snapshot, resumption, rules.clone());
        let recovery = recovery(&recovered, &journal)?;
        Ok(Self { device, recovery, commands, journal, reader })
    }

    /// Which device it is.
    pub fn identity(&self) -> &DeviceIdentity {
        &self.device.snapshot().identity
    }

    /// Its id.
    pub fn id(&self) -> DeviceId {
        self.identity().id
    }
}

fn random_bits() -> Result<u128, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}

fn recovery(recovered: &RecoveredDevice, journal: &DeviceJournal) -> Result<Recovery, JournalError> {
    let RecoveredDevice { published_through, redelivered, .. } = *recovered;
    Ok(Recovery { published_through, redelivered, used_ids: journal.used_id_filter()? })
}

/// Where a device goes on, from what the journal holds of it.
///
/// # Errors
/// What the journal holds cannot be read.
pub fn resumption(recovered: &RecoveredDevice) -> Result<ResumePoint, OpenError> {
    let held = recovered.held.iter().map(|(_, json)| serde_json::from_str::<HeldPush>(json));
    Ok(ResumePoint {
        held: held.collect::<Result<_, _>>().map_err(OpenError::Snapshot)?,
        last_sequence: recovered.last_sequence,
        last_decided_at: recovered.last_decided_at,
        next_held_key: HeldKey(recovered.next_held_key),
        recent: Vec::new(),
        last_action: recovered
            .last_action
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(OpenError::Snapshot)?,
    })
}

/// What FCM knows of the last days; nothing where it does not matter.
fn recent_messages(
    reader: &JournalReader,
    rules: &EmulationSettings,
    now: Timestamp,
) -> Result<Vec<RecentMessage>, OpenError> {
    if !Device::remembers_messages(rules) {
        return Ok(Vec::new());
    }
    let since = Some(Device::remembers_messages_since(now));
    let receipts = reader.log(&LogQuery { outcome: None, id: None, since, limit: REMEMBERED_MESSAGES })?;
    Ok(receipts.iter().filter_map(|listed| RecentMessage::of(&listed.receipt)).collect())
}
