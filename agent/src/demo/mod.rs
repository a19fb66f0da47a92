//! The demo: the whole thing on one machine with nothing installed (contract 5).
//!
//! Lives here: starting and ending it. Does not live here: what is done in it (`session`), any part of the program itself; it
//! starts a daemon as `run` does, and pushes to it as `push` does.

mod folders;
mod keys;
mod session;
mod words;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use portal_contract::{NewDevice, OperatingSystem, SettingsInForce};
use tokio::sync::mpsc;

use crate::broker::{BrokerError, EmbeddedOptions, SessionSettings};
use crate::control::ApiError;
use crate::daemon::{Daemon, Options, StartError, interrupted};
use crate::desktop::{self, NativeNotifier, Notifier};
use crate::host::HostError;
use crate::invocation;
use crate::journal::Retention;
use crate::library_error::os_reason;
use crate::sender::SenderError;
use crate::settings::NotifierKind;
use folders::DemoFolder;
use keys::KeyReader;
use portal_device::EmulationSettings;
use session::DemoSession;

/// How long the desktop may take to say whether it has a notification server.
const PROBE: Duration = Duration::from_millis(700);

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No place for a temporary state directory.
    #[error("cannot make a temporary state directory: {}; set TMPDIR to a folder that you may write", os_reason(.0))]
    TemporaryDirectory(std::io::Error),
    /// The daemon did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The device refused a step.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The push could not be sent.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The daemon ended by itself.
    #[error(transparent)]
    Loop(#[from] HostError),
    /// The session's settings.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Something did not come in time.
    #[error("{0} did not come within half a minute; portal-agent doctor may say why")]
    TimedOut(&'static str),
}

/// Runs the demo until Ctrl-C, its key q, `stop`, or an error. Prints to standard output.
///
/// # Errors
/// What a person has to put right, in a sentence.
pub async fn run(platform: OperatingSystem) -> Result<(), DemoError> {
    let interrupted = interrupted();
    let folder = DemoFolder::make().map_err(DemoError::TemporaryDirectory)?;
    let state_dir = folder.state_dir();
    let missing = desktop_problem(folder.path()).await;
    let notifier = if missing.is_none() { NotifierKind::Native } else { NotifierKind::Console };
    let daemon = Daemon::start(options(platform, state_dir.clone(), notifier)).await?;
    let keys = KeyReader::start();
    let mut session = DemoSession::new(&daemon, keys, invocation::program());
    words::beginning(daemon.identity(), missing.as_deref(), &invocation::export(&state_dir));
    let mut failure = None;
    let ended = async {
        tokio::select! {
            () = interrupted => {}
            ended = session.run() => failure = ended.err(),
        }
    };
    // Whatever ends first, the daemon is ended in order before the folder goes.
    let ended = daemon.run_until(ended).await;
    // The terminal is as it was before anything more is said.
    drop(session);
    ended?;
    words::ended();
    failure.map_or(Ok(()), Err)
}

fn options(platform: OperatingSystem, state_dir: PathBuf, notifier: NotifierKind) -> Options {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let asked = NewDevice { platform: Some(platform), ..NewDevice::default() };
    // The daemon puts in its own broker and device.
    let nobody = portal_contract::DeviceId::from_random(0);
    Options {
        state_dir,
        asked,
        rules: EmulationSettings::default(),
        set_damaged_journal_aside: false,
        retention: Retention::default(),
        session: SessionSettings::new(Vec::new(), nobody),
        embedded: Some(EmbeddedOptions::on_loopback()),
        notifier,
        // Nobody is to clear away after a demo.
        withdraw_cards: true,
        control_listen: loopback,
        settings_in_force: SettingsInForce::default(),
        // Whoever reads a card has read the line that tells the shell which daemon is meant.
        called_by: invocation::program(),
        label: "demo".to_owned(),
    }
}

/// Why this machine's desktop cannot show notifications; `None` where it can.
async fn desktop_problem(icon_directory: &Path) -> Option<String> {
    let (events, mut changes) = mpsc::channel(16);
    let settings =
        desktop::NotifierOptions { icon_directory: icon_directory.to_owned(), ..desktop::NotifierOptions::default() };
    // One for this question alone: which notifier the daemon is started with follows from the answer.
    let notifier = NativeNotifier::start(settings, events);
    let known = async {
        while notifier.state().notification_server.is_none() && notifier.state().problem.is_none() {
            if changes.recv().await.is_none() {
                break;
            }
        }
    };
    let in_time = tokio::time::timeout(PROBE, known).await.is_ok();
    let state = notifier.state();
    notifier.stop().await;
    match state.notification_server {
        Some(_) => None,
        None if in_time => state.problem,
        None => Some("the notification server does not answer".to_owned()),
    }
}
