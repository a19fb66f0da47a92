//! Starting a daemon and ending it, each in the one order that loses nothing.
//!
//! Lives here: which edge is made when, and who owns which task. Does not live here: what the loop does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::open_files;
use super::panel_pages::PanelPages;
use super::service_manager::ServiceNotice;
use super::sleep::SleepWatch;
use crate::broker::{
    BrokerError, EmbeddedBroker, EmbeddedError, EmbeddedOptions, SessionSettings, keep_credentials, kept_credentials,
};
use crate::control::{ControlError, ControlFile, ControlServer, GatewaySends, RunningHost};
use crate::desktop::{self, ConsoleNotifier, DesktopEvent, DesktopShare, NativeNotifier, Notifier};
use crate::host::{
    AddDeviceError, Clock, DeviceHandle, Host, HostError, HostHandle, HostSetup, OpenError, OpenedDevice, SystemClock,
    journal_options,
};
use crate::journal::{JournalDatabase, JournalError, Retention};
use crate::settings::NotifierKind;
use crate::state_dir::{OPEN_CARDS, StateDir, StateDirError, StateDirLock};
use crate::wall_clock;
use portal_contract::{NewDevice, SettingsInForce};
use portal_device::{DeviceIdentity, EmulationSettings};

/// How many desktop events may wait; the desktop's own task waits beyond.
const DESKTOP_EVENTS: usize = 1024;

/// Everything that a daemon is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept.
    pub state_dir: PathBuf,
    /// Which device is asked for.
    pub asked: NewDevice,
    /// What the rules take as given.
    pub rules: EmulationSettings,
    /// Whether a journal that is damaged is set aside, so that the daemon starts on a new one.
    pub set_damaged_journal_aside: bool,
    /// How long the journal is kept.
    pub retention: Retention,
    /// The session, but for device and tenant, which the state directory knows.
    pub session: SessionSettings,
    /// An embedded broker, which the session then uses.
    pub embedded: Option<EmbeddedOptions>,
    /// How notifications are shown.
    pub notifier: NotifierKind,
    /// Whether the cards that are open at the end are withdrawn, as the demo does; else the user dismisses them.
    pub withdraw_cards: bool,
    /// Where the control API listens.
    pub control_listen: SocketAddr,
    /// The settings that all of this comes from, for whoever asks; none where it comes from none.
    pub settings_in_force: SettingsInForce,
    /// What tells this daemon's cards from those of another one on the same desktop; empty where nothing has to.
    pub label: String,
    /// How a person in another terminal calls this program for this daemon; cards on the console say so.
    pub called_by: String,
}

impl Options {
    /// Whether a daemon could be started with these, as far as that can be told without starting one.
    ///
    /// # Errors
    /// What a person has to put right in the settings.
    pub fn check(&self) -> Result<(), StartError> {
        match &self.embedded {
            Some(embedded) => embedded.check()?,
            None => self.session.check_all()?,
        }
        Ok(())
    }
}

/// Why a daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// hyper looks at the date for each request, and panics where HTTP's form has no room for the year.
    #[error("the computer's clock stands past the year 9999; set it, then start again")]
    Clock,
    /// The state directory.
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    /// A device cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A device's session cannot be made.
    #[error(transparent)]
    Device(#[from] AddDeviceError),
    /// The broker's session.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The embedded broker.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The control API.
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl StartError {
    /// Whether arguments or settings are to be put right, rather than the machine.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Embedded(error) => error.is_configuration(),
            Self::Open(OpenError::Contradiction(_)) | Self::Broker(_) | Self::Device(AddDeviceError::Broker(_)) => true,
            _ => false,
        }
    }
}

/// A running daemon; it owns every task, and ends them in order.
pub struct Daemon {
    host: Host,
    /// The device that a fresh state directory begins with.
    first: DeviceHandle,
    server: ControlServer,
    embedded: Option<EmbeddedBroker>,
    state_dir: StateDir,
    service: ServiceNotice,
    _sleep: SleepWatch,
    /// Held for as long as the daemon runs: it keeps a second one out.
    _lock: StateDirLock,
}

fn open_journal(state_dir: &StateDir, options: &Options, clock: &dyn Clock) -> Result<JournalDatabase, StartError> {
    let make = |path: &Path| JournalDatabase::make(path).map_err(StartError::from);
    let path = state_dir.journal(make)?;
    let open = |path: &Path| JournalDatabase::open(path, journal_options(options.retention));
    match open(&path) {
        Err(JournalError::Damaged { path, reason }) if options.set_damaged_journal_aside => {
            let aside = state_dir.set_journal_aside(clock.now())?;
            let (journal, aside) = (path.display(), aside.display());
            warn!("the journal {journal} was damaged ({reason}); it is {aside} now, and a new one begins");
            Ok(open(&state_dir.journal(make)?)?)
        }
        opened => Ok(opened?),
    }
}

fn start_notifier(options: &Options, state_dir: &StateDir) -> (Arc<dyn Notifier>, mpsc::Receiver<DesktopEvent>) {
    let settings = desktop::NotifierOptions {
        icon_directory: state_dir.path().to_owned(),
        open_cards_file: Some(state_dir.path().join(OPEN_CARDS)),
        withdraw_at_stop: options.withdraw_cards,
        called_by: options.called_by.clone(),
    };
    notifier(options.notifier, settings)
}

/// The desktop of this computer, or the console in its place.
pub(super) fn notifier(
    kind: NotifierKind,
    settings: desktop::NotifierOptions,
) -> (Arc<dyn Notifier>, mpsc::Receiver<DesktopEvent>) {
    let (events, receiver) = mpsc::channel(DESKTOP_EVENTS);
    let notifier: Arc<dyn Notifier> = match kind {
        NotifierKind::Native => Arc::new(NativeNotifier::start(settings, events)),
        NotifierKind::Console => Arc::new(ConsoleNotifier::start(settings, events)),
    };
    (notifier, receiver)
}

/// Among the daemons of this user that show cards on the same desktop.
fn join_desktop(label: &str) -> DesktopShare {
    sharing_folder().map_or_else(DesktopShare::alone, |folder| DesktopShare::join(&folder, label.to_owned()))
}

/// Where daemons tell each other that they show cards on one desktop. A session ends with its desktop, and so does the
/// folder; where the system names none for sessions, the user's cache takes its place.
pub(super) fn sharing_folder() -> Option<PathBuf> {
    let directories = directories::BaseDirs::new()?;
    Some(directories.runtime_dir().unwrap_or(directories.cache_dir()).join("portal-agent"))
}

/// The session's settings, with the embedded broker in them where there is one.
async fn start_broker(
    options: &Options,
    state_dir: &StateDir,
) -> Result<(SessionSettings, Option<EmbeddedBroker>), StartError> {
    let mut settings = options.session.clone();
    let Some(embedded) = &options.embedded else { return Ok((settings, None)) };
    let kept = kept_credentials(state_dir.path())?;
    let broker = EmbeddedBroker::start(embedded, kept).await?;
    // Only now: with port 0 the address is not known before it listens.
    keep_credentials(state_dir, &broker)?;
    settings.brokers = vec![broker.own_url()];
    settings.credentials = broker.credentials().cloned();
    Ok((settings, Some(broker)))
}

impl Daemon {
    /// Starts a daemon; it answers commands when this returns, and connects to its broker meanwhile.
    ///
    /// # Errors
    /// Anything that a person has to put right first; nothing is left running then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if wall_clock::is_past_the_year_9999() {
            return Err(StartError::Clock);
        }
        let clock = Arc::new(SystemClock);
        let state_dir = StateDir::open(&options.state_dir)?;
        // Before anything is read: a second daemon on this directory must leave no trace in it.
        let lock = state_dir.lock()?;
        let database = open_journal(&state_dir, &options, &*clock)?;
        let opened = OpenedDevice::open_all(&database, options.asked.clone(), &options.rules, clock.now())?;
        state_dir.note_computer()?;
        let (session, embedded) = start_broker(&options, &state_dir).await?;
        let (notifier, desktop_events) = start_notifier(&options, &state_dir);
        let embedded_broker = embedded.as_ref().map(|broker| broker.url().to_string());
        let (control_url_sender, control_url) = watch::channel(String::new());
        let rules = options.rules.clone();
        let setup = HostSetup {
            clock,
            database,
            notifier,
            desktop_events,
            session,
            rules,
            embedded_broker,
            control_url,
            state_dir: state_dir.path().to_owned(),
            share: join_desktop(&options.label),
            most_devices: open_files::most_devices(),
        };
        let host = Host::start(setup)?;
        let begun = async {
            // It listens before the devices are hosted, so that a port that is taken ends the start in order, with no
            // session made yet.
            let (listen, settings) = (options.control_listen, options.settings_in_force);
            let pages = Arc::new(PanelPages(state_dir.clone()));
            let server = ControlServer::start_with(listen, host.handle().clone(), settings, pages).await?;
            control_url_sender.send_replace(server.url().to_owned());
            let first = host_all(&host, opened).await?;
            // Last: whoever finds this file finds a daemon that answers.
            state_dir.write_private(ControlFile::NAME, &server.control_file().to_json())?;
            Ok::<_, StartError>((server, first))
        };
        let (server, first) = match begun.await {
            Ok(begun) => begun,
            Err(error) => {
                // The sessions that stand already say `offline` as after any end.
                if let Err(error) = host.end(None).await {
                    warn!("{error}");
                }
                return Err(error);
            }
        };
        let devices = host.handle().devices().len();
        info!(device = %first.identity().id, devices, control = server.url(), "the daemon is running");
        let service = ServiceNotice::ready(host.handle());
        Ok(Self { host, first, server, embedded, state_dir, service, _sleep: SleepWatch::start(), _lock: lock })
    }

    /// The hosted devices.
    pub fn host(&self) -> &HostHandle {
        self.host.handle()
    }

    /// Where a gateway in this daemon tells what was sent through it, for the page.
    pub fn gateway_sends(&self) -> GatewaySends {
        self.server.gateway_sends().clone()
    }

    /// The device that a fresh state directory begins with.
    pub fn first_device(&self) -> &DeviceHandle {
        &self.first
    }

    /// Which device that is.
    pub fn identity(&self) -> &DeviceIdentity {
        self.first.identity()
    }

    /// The embedded broker, where there is one.
    pub fn embedded_broker(&self) -> Option<&EmbeddedBroker> {
        self.embedded.as_ref()
    }

    /// Runs until `stop` is asked for, `interrupted` comes, or the host ends by itself; then ends everything in order.
    ///
    /// # Errors
    /// See [`HostError`].
    pub async fn run_until(mut self, interrupted: impl Future<Output = ()>) -> Result<(), HostError> {
        let ending = self.host().ending();
        let by_itself = tokio::select! {
            () = ending.cancelled() => None,
            () = interrupted => None,
            ended = self.host.ends_by_itself() => Some(ended),
        };
        self.end(by_itself).await
    }

    async fn end(self, by_itself: Option<Result<(), HostError>>) -> Result<(), HostError> {
        self.service.stopping();
        // First, so that no new command finds a daemon that is ending.
        if let Err(error) = self.state_dir.remove(ControlFile::NAME) {
            warn!("{error}");
        }
        self.server.stop().await;
        let ended = self.host.end(by_itself).await;
        // Behind the sessions, which still say `offline` by it.
        if let Some(broker) = self.embedded {
            broker.stop().await;
        }
        ended
    }
}

/// Hosts every device of the journal; the first of them.
async fn host_all(host: &Host, opened: Vec<OpenedDevice>) -> Result<DeviceHandle, StartError> {
    let mut first = None;
    for device in opened {
        let handle = host.add(device).await?;
        first.get_or_insert(handle);
    }
    first.ok_or(StartError::Device(AddDeviceError::Ending))
}
