//! One device wired to its edges: what a daemon and a scenario's stage run alike.
//!
//! Lives here: making the loop, its session and its handle of what the journal kept, and ending them in order. Does not live
//! here: the state directory, the control API (`start`), time (`clock`).

use std::sync::Arc;

use portal_contract::Timestamp;
use portal_contract::status;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::clock::Clock;
use super::device_loop::{Beginning, DeviceLoop, Edges, Inputs, LoopError, Watched};
use super::first_start::Asked;
use super::handle::{About, Handle};
use super::start::StartError;
use crate::broker::{Session, SessionSettings};
use crate::desktop::{DesktopEvent, Notifier};
use crate::journal::{self, DeviceJournal, JournalDatabase, RecoveredDevice, Retention};
use portal_device::{
    Device, DeviceIdentity, DeviceSnapshot, EmulationSettings, HeldKey, HeldPush, RecentMessage, ResumePoint,
};

/// The version of the device's rules, written beside each event.
const RULES_VERSION: u32 = 2;
/// How many requests of the control API may wait for the loop; one more waits in its own task.
const REQUESTS: usize = 64;
/// How many of the latest receipts tell what FCM knows of the last days.
const REMEMBERED_MESSAGES: usize = 1000;

/// How the journal of a wired device is kept.
pub fn journal_options(retention: Retention) -> journal::JournalOptions {
    journal::JournalOptions { retention, rules: RULES_VERSION }
}

/// The device and its journal, as the database holds them, or new.
pub struct Kept {
    device: Device,
    beginning: Beginning,
    journal: DeviceJournal,
    database: JournalDatabase,
}

impl Kept {
    /// The database's device; a new one as `asked` where it holds none. Blocks.
    ///
    /// # Errors
    /// A journal that cannot be read, or another device than the one that is asked for.
    pub fn open(
        database: JournalDatabase,
        asked: Asked,
        rules: EmulationSettings,
        wall: Timestamp,
    ) -> Result<Self, StartError> {
        let known = database.known()?.into_iter().next().and_then(|known| known.snapshot);
        let (device, journal, recovered, commands) = match known {
            Some(json) => {
                let snapshot: DeviceSnapshot = serde_json::from_str(&json).map_err(StartError::Snapshot)?;
                let commands = asked.against(&snapshot.identity)?;
                let now = wall.plus_millis(snapshot.condition.clock_ahead_millis);
                let (journal, recovered) = database.device(snapshot.identity.id, now)?;
                let recent = recent_messages(&journal, &rules, now)?;
                let resumption = ResumePoint { recent, ..resumption(&recovered)? };
                (Device::resume(snapshot, resumption, rules), journal, recovered, commands)
            }
            None => {
                let identity = asked.new_device(random_bits().map_err(StartError::Random)?);
                let (journal, recovered) = database.device(identity.id, wall)?;
                (Device::out_of_the_box(identity, rules, wall), journal, recovered, Vec::new())
            }
        };
        let beginning =
            Beginning { published_through: recovered.published_through, redelivered: recovered.redelivered, commands };
        Ok(Self { device, beginning, journal, database })
    }

    /// Which device it is.
    pub fn identity(&self) -> &DeviceIdentity {
        &self.device.snapshot().identity
    }
}

fn random_bits() -> Result<u128, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}

fn resumption(recovered: &RecoveredDevice) -> Result<ResumePoint, StartError> {
    let held = recovered.held.iter().map(|(_, json)| serde_json::from_str::<HeldPush>(json));
    Ok(ResumePoint {
        held: held.collect::<Result<_, _>>().map_err(StartError::Snapshot)?,
        last_sequence: recovered.last_sequence,
        last_decided_at: recovered.last_decided_at,
        next_held_key: HeldKey(recovered.next_held_key),
        recent: Vec::new(),
    })
}

/// What FCM knows of the last days; nothing where it does not matter.
fn recent_messages(
    journal: &DeviceJournal,
    rules: &EmulationSettings,
    now: Timestamp,
) -> Result<Vec<RecentMessage>, StartError> {
    if !Device::remembers_messages(rules) {
        return Ok(Vec::new());
    }
    let since = Some(Device::remembers_messages_since(now));
    let query = journal::ReceiptFilter { outcome: None, id: None, since, limit: REMEMBERED_MESSAGES };
    let receipts = journal.reader()?.log(&query)?;
    Ok(receipts.iter().filter_map(RecentMessage::of).collect())
}

/// The edges that a device is wired to beside its journal and its session.
pub struct Around {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where cards are raised.
    pub notifier: Arc<dyn Notifier>,
    /// Where the notifier's answers are heard.
    pub desktop_events: mpsc::Receiver<DesktopEvent>,
    /// Where the embedded broker listens, where this process has one of its own.
    pub embedded_broker: Option<String>,
}

/// A device with its edges, whose loop does not run yet: what may fail is behind it.
pub struct Wiring {
    handle: Handle,
    identity: DeviceIdentity,
    device_loop: DeviceLoop,
    inputs: Inputs,
    session: Session,
    database: JournalDatabase,
}

impl Wiring {
    /// Wires the device; its session connects from here on. `control_url` tells where the control API listens.
    ///
    /// # Errors
    /// Settings of the session that cannot work, a journal that cannot be read.
    pub fn new(
        kept: Kept,
        session: SessionSettings,
        around: Around,
        control_url: watch::Receiver<String>,
    ) -> Result<Self, StartError> {
        let Kept { device, beginning, journal, database } = kept;
        let Around { clock, notifier, desktop_events, embedded_broker } = around;
        let identity = device.snapshot().identity.clone();
        let settings = SessionSettings { device: identity.id, tenant: identity.tenant.clone(), ..session };
        let (events, session_events) = mpsc::channel(settings.event_capacity());
        let session = Session::start(settings, events)?;
        let (requests, request_receiver) = mpsc::channel(REQUESTS);
        let (page_sender, pages) = mpsc::channel(1);
        let watched = Watched { changes: watch::Sender::new(0), settled: watch::Sender::new(device.last_sequence()) };
        let reader = journal.reader()?;
        let handle = Handle {
            about: Arc::new(About { device: identity.id, daemon: this_process(clock.now()), embedded_broker }),
            control_url,
            requests,
            watched: watched.clone(),
            sessions: Arc::new(session.handle()),
            notifier: Arc::clone(&notifier),
            journal: Arc::new(journal),
            reader: reader.clone(),
            ending: CancellationToken::new(),
        };
        let (journal, sessions) = (Arc::clone(&handle.journal), Arc::clone(&handle.sessions));
        let edges = Edges { clock, journal, reader, sessions, notifier };
        let inputs = Inputs { session: session_events, desktop: desktop_events, requests: request_receiver, pages };
        let device_loop = DeviceLoop::new(beginning, device, edges, watched, page_sender);
        Ok(Self { handle, identity, device_loop, inputs, session, database })
    }

    /// The device, to be asked once it runs.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs the loop, in a task of its own. Nothing here can fail.
    pub fn run(self) -> Wired {
        let Self { handle, identity, device_loop, inputs, session, database } = self;
        let stop_loop = CancellationToken::new();
        let looping = tokio::spawn(device_loop.run(inputs, stop_loop.clone()));
        Wired { handle, identity, looping, stop_loop, session, database }
    }
}

/// A running device with its edges; owns its tasks, and ends them in order.
pub struct Wired {
    handle: Handle,
    identity: DeviceIdentity,
    looping: JoinHandle<Result<(), LoopError>>,
    stop_loop: CancellationToken,
    session: Session,
    database: JournalDatabase,
}

impl Wired {
    /// The running device.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Which device it is.
    pub fn identity(&self) -> &DeviceIdentity {
        &self.identity
    }

    /// Waits until the loop ends by itself, which it does only in trouble. Not to be asked again once it has answered.
    pub(super) async fn ends_by_itself(&mut self) -> Result<(), LoopError> {
        (&mut self.looping).await.unwrap_or(Err(LoopError::Panicked))
    }

    /// Ends the loop, unless it `ended` by itself, then the session, the notifier and the journal.
    ///
    /// # Errors
    /// What the loop ended in.
    pub async fn end(self, ended: Option<Result<(), LoopError>>) -> Result<(), LoopError> {
        self.stop_loop.cancel();
        let ended = match ended {
            Some(ended) => ended,
            None => self.looping.await.unwrap_or(Err(LoopError::Panicked)),
        };
        self.session.stop().await;
        self.handle.notifier.stop().await;
        let closed = tokio::task::spawn_blocking(move || self.database.close()).await;
        if let Ok(Err(error)) = closed {
            warn!("{error}");
        }
        ended
    }
}

fn this_process(now: Timestamp) -> status::DaemonStatus {
    status::DaemonStatus { pid: std::process::id(), version: env!("CARGO_PKG_VERSION").to_owned(), started_at: now }
}
