//! Starting a daemon and ending it, each in the one order that loses nothing.
//!
//! Lives here: which edge is made when, and who owns which task. Does not live here: what the loop does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use portal_shared::Timestamp;
use portal_shared::status;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::clock::{Clock, SystemClock};
use super::device_loop::{Beginning, DeviceLoop, Edges, Inputs, LoopError, Watched};
use super::first_start::{Asked, Contradiction};
use super::handle::{About, Handle};
use crate::broker::{
    BrokerError, BrokerUrl, Credentials, EmbeddedBroker, EmbeddedError, Session, SessionEvent, SessionSettings,
};
use crate::control::{ControlError, ControlFile, Server};
use crate::desktop::{self, Console, DesktopEvent, Native, Notifier};
use crate::device::{Device, HeldPush, Identity, RecentMessage, Resumption, Rules, Snapshot};
use crate::journal::{self, Database, DeviceJournal, JournalError, Recovered, Retention};
use crate::state_dir::{Lock, StateDir, StateDirError};

/// The version of the device room's rules, written beside each event.
const RULES_VERSION: u32 = 2;
/// How many requests of the control API may wait for the loop; one more waits in its own task.
const REQUESTS: usize = 64;
/// How many of the latest receipts tell what FCM knows of the last days.
const REMEMBERED_MESSAGES: usize = 1000;
/// How many desktop events may wait; the desktop's own task waits beyond.
const DESKTOP_EVENTS: usize = 1024;

/// How notifications are raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifierKind {
    /// On the desktop.
    Native,
    /// Printed to standard output.
    Console,
}

/// An embedded broker to start beside the device.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Who may connect; demanded on an address that is not loopback (contract 6).
    pub credentials: Option<Credentials>,
}

/// Everything that a daemon is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept.
    pub state_dir: PathBuf,
    /// Which device is asked for.
    pub asked: Asked,
    /// What the rules take as given.
    pub rules: Rules,
    /// How long the journal is kept.
    pub retention: Retention,
    /// The session, but for device and tenant, which the state directory knows.
    pub session: SessionSettings,
    /// An embedded broker, which the session then uses.
    pub embedded: Option<Embedded>,
    /// How notifications are raised.
    pub notifier: NotifierKind,
    /// Where the control API listens.
    pub control_listen: SocketAddr,
}

impl Options {
    /// Whether a daemon could be started with these, as far as that can be told without starting one.
    ///
    /// # Errors
    /// What a person has to mend in the settings.
    pub fn check(&self) -> Result<(), StartError> {
        match &self.embedded {
            Some(Embedded { listen, credentials }) => EmbeddedBroker::check(*listen, credentials.as_ref())?,
            None => self.session.check_all()?,
        }
        Ok(())
    }
}

/// Why a daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state directory.
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    /// Another device is asked for than is kept.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What the journal kept of the device is of a newer version.
    #[error(
        "what the journal kept of the device cannot be read ({0}); use the portal-agent that wrote it, or another --state-dir"
    )]
    Snapshot(serde_json::Error),
    /// The broker's session.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The embedded broker.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The control API.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The operating system gave no random bits.
    #[error("this computer gave no random bits: {0}")]
    Random(getrandom::Error),
}

impl StartError {
    /// Whether arguments or settings are to be mended, rather than the machine.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Contradiction(_) | Self::Broker(_) | Self::Embedded(EmbeddedError::NeedsPassword(_)))
    }
}

/// A running daemon; it owns every task, and ends them in order.
pub struct Daemon {
    handle: Handle,
    identity: Identity,
    looping: JoinHandle<Result<(), LoopError>>,
    stop_loop: CancellationToken,
    server: Server,
    session: Session,
    embedded: Option<EmbeddedBroker>,
    database: Database,
    state_dir: StateDir,
    /// Held for as long as the daemon runs: it keeps a second one out.
    _lock: Lock,
}

/// The device and its journal, as the state directory holds them.
struct Kept {
    device: Device,
    beginning: Beginning,
    journal: DeviceJournal,
    database: Database,
}

fn open_device(state_dir: &StateDir, options: &Options, wall: Timestamp) -> Result<Kept, StartError> {
    let path = state_dir.journal(|path| Database::make(path).map_err(StartError::from))?;
    let database = Database::open(&path, journal::Options { retention: options.retention, rules: RULES_VERSION })?;
    let (asked, rules) = (options.asked.clone(), options.rules.clone());
    let known = database.known()?.into_iter().next().and_then(|known| known.snapshot);
    let (device, journal, recovered, commands) = match known {
        Some(json) => {
            let snapshot: Snapshot = serde_json::from_str(&json).map_err(StartError::Snapshot)?;
            let commands = asked.against(&snapshot.identity)?;
            let now = wall.plus_millis(snapshot.condition.clock_ahead_millis);
            let (journal, recovered) = database.device(snapshot.identity.id, now)?;
            let recent = recent_messages(&journal, &rules, now)?;
            let resumption = Resumption { recent, ..resumption(&recovered)? };
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
    Ok(Kept { device, beginning, journal, database })
}

fn random_bits() -> Result<u128, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}

fn resumption(recovered: &Recovered) -> Result<Resumption, StartError> {
    let held = recovered.held.iter().map(|(_, json)| serde_json::from_str::<HeldPush>(json));
    Ok(Resumption {
        held: held.collect::<Result<_, _>>().map_err(StartError::Snapshot)?,
        last_sequence: recovered.last_sequence,
        last_decided_at: recovered.last_decided_at,
        next_held_key: recovered.next_held_key,
        recent: Vec::new(),
    })
}

/// What FCM knows of the last days; nothing where it does not matter.
fn recent_messages(journal: &DeviceJournal, rules: &Rules, now: Timestamp) -> Result<Vec<RecentMessage>, StartError> {
    if !Device::remembers_messages(rules) {
        return Ok(Vec::new());
    }
    let since = Some(Device::remembers_messages_since(now));
    let query = journal::LogQuery { outcome: None, id: None, since, limit: REMEMBERED_MESSAGES };
    let receipts = journal.reader()?.log(&query)?;
    Ok(receipts.iter().filter_map(RecentMessage::of).collect())
}

fn start_notifier(options: &Options, state_dir: &StateDir) -> (Arc<dyn Notifier>, mpsc::Receiver<DesktopEvent>) {
    let (events, receiver) = mpsc::channel(DESKTOP_EVENTS);
    let settings = desktop::Settings { icon_directory: state_dir.path().to_owned() };
    let notifier: Arc<dyn Notifier> = match options.notifier {
        NotifierKind::Native => Arc::new(Native::start(settings, events)),
        NotifierKind::Console => Arc::new(Console::start(settings, events)),
    };
    (notifier, receiver)
}

/// The edges that were started, and where they are heard.
struct Started {
    embedded: Option<EmbeddedBroker>,
    session: Session,
    session_events: mpsc::Receiver<SessionEvent>,
    notifier: Arc<dyn Notifier>,
    desktop_events: mpsc::Receiver<DesktopEvent>,
}

async fn start_edges(options: &Options, identity: &Identity, state_dir: &StateDir) -> Result<Started, StartError> {
    let mut settings =
        SessionSettings { device: identity.id, tenant: identity.tenant.clone(), ..options.session.clone() };
    let mut embedded = None;
    if let Some(Embedded { listen, credentials }) = options.embedded.clone() {
        let broker = EmbeddedBroker::start(listen, credentials.clone()).await?;
        settings.brokers = vec![broker.url()];
        settings.credentials = credentials;
        embedded = Some(broker);
    }
    let (events, session_events) = mpsc::channel(settings.event_capacity());
    let session = Session::start(settings, events)?;
    let (notifier, desktop_events) = start_notifier(options, state_dir);
    Ok(Started { embedded, session, session_events, notifier, desktop_events })
}

impl Daemon {
    /// Starts a daemon; it answers commands when this returns, and connects to its broker meanwhile.
    ///
    /// # Errors
    /// Anything that a person has to mend first; nothing is left running then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let clock = SystemClock;
        let state_dir = StateDir::open(&options.state_dir)?;
        let lock = state_dir.lock()?;
        let kept = open_device(&state_dir, &options, clock.now())?;
        let identity = kept.device.snapshot().identity.clone();
        let started = start_edges(&options, &identity, &state_dir).await?;

        let (requests, request_receiver) = mpsc::channel(REQUESTS);
        let (control_url, control_url_receiver) = watch::channel(String::new());
        let watched =
            Watched { changes: watch::Sender::new(0), settled: watch::Sender::new(kept.device.last_sequence()) };
        let handle = Handle {
            about: Arc::new(About {
                device: identity.id,
                daemon: this_process(clock.now()),
                embedded_broker: started.embedded.as_ref().map(|broker| broker.url().to_string()),
            }),
            control_url: control_url_receiver,
            requests,
            watched: watched.clone(),
            sessions: Arc::new(started.session.handle()),
            notifier: Arc::clone(&started.notifier),
            journal: Arc::new(kept.journal.clone()),
            reader: kept.journal.reader()?,
            ending: CancellationToken::new(),
        };
        let server = Server::start(options.control_listen, handle.clone()).await?;
        control_url.send_replace(server.url().to_owned());
        state_dir.write_private(ControlFile::NAME, &server.control_file().to_json())?;

        // Last: from here on nothing can fail, so that nothing has to be taken back.
        let (page_sender, pages) = mpsc::channel(1);
        let edges = Edges {
            clock: Arc::new(clock),
            journal: Arc::clone(&handle.journal),
            reader: handle.reader.clone(),
            sessions: Arc::clone(&handle.sessions),
            notifier: started.notifier,
        };
        let inputs = Inputs {
            session: started.session_events,
            desktop: started.desktop_events,
            requests: request_receiver,
            pages,
        };
        let stop_loop = CancellationToken::new();
        let device_loop = DeviceLoop::new(kept.beginning, kept.device, edges, watched, page_sender);
        let looping = tokio::spawn(device_loop.run(inputs, stop_loop.clone()));
        info!(device = %identity.id, control = server.url(), "the daemon is running");
        Ok(Self {
            handle,
            identity,
            looping,
            stop_loop,
            server,
            session: started.session,
            embedded: started.embedded,
            database: kept.database,
            state_dir,
            _lock: lock,
        })
    }

    /// The running device.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Which device it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the embedded broker listens, where there is one.
    pub fn embedded_broker(&self) -> Option<BrokerUrl> {
        self.embedded.as_ref().map(EmbeddedBroker::url)
    }

    /// Runs until `stop` is asked for, `interrupted` comes, or the loop ends by itself; then ends everything in order.
    ///
    /// # Errors
    /// See [`LoopError`].
    pub async fn run_until(mut self, interrupted: impl Future<Output = ()>) -> Result<(), LoopError> {
        let by_itself = tokio::select! {
            () = self.handle.ending.cancelled() => None,
            () = interrupted => None,
            ended = &mut self.looping => Some(ended),
        };
        self.end(by_itself).await
    }

    async fn end(
        self,
        by_itself: Option<Result<Result<(), LoopError>, tokio::task::JoinError>>,
    ) -> Result<(), LoopError> {
        if let Err(error) = self.state_dir.remove(ControlFile::NAME) {
            warn!("{error}");
        }
        self.server.stop().await;
        self.stop_loop.cancel();
        let ended = match by_itself {
            Some(ended) => ended,
            None => self.looping.await,
        };
        self.session.stop().await;
        self.handle.notifier.stop().await;
        if let Some(broker) = self.embedded {
            broker.stop().await;
        }
        let closed = tokio::task::spawn_blocking(move || self.database.close()).await;
        if let Ok(Err(error)) = closed {
            warn!("{error}");
        }
        ended.unwrap_or(Err(LoopError::Panicked))
    }
}

fn this_process(now: Timestamp) -> status::Daemon {
    status::Daemon { pid: std::process::id(), version: env!("CARGO_PKG_VERSION").to_owned(), started_at: now }
}
