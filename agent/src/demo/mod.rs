//! The demo: the whole thing on one machine with nothing installed (contract 5).
//!
//! Lives here: what is shown, in which order, and the words around it. Does not live here: any part of the program itself;
//! it starts a daemon as `run` does, and pushes to it as `push` does.

mod answer;
mod folders;
mod words;

use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use portal_contract::{
    CustomNotification, NewDevice, NotificationPermission, OperatingSystem, Outcome, Receipt, SettingsInForce,
};
use tokio::sync::mpsc;

use crate::broker::{BrokerError, EmbeddedOptions, SessionSettings};
use crate::control::{ApiError, RunningDevice};
use crate::daemon::{Daemon, Options, StartError, interrupted};
use crate::desktop::{self, NativeNotifier, Notifier};
use crate::host::{DeviceHandle, HostError};
use crate::journal::Retention;
use crate::library_error::os_reason;
use crate::sender::{FollowScope, PushAddress, PushSender, SenderError, SenderOptions};
use crate::settings::NotifierKind;
use answer::TypedAnswer;
use folders::DemoFolder;
use portal_device::{AppCommand, DeviceCommand, EmulationSettings, EnrollCommand, PermissionCommand};

/// The user of the demo's device.
const USER: &str = "adele@contoso.example";
/// How long the desktop may take to say whether it has a notification server.
const PROBE: Duration = Duration::from_millis(700);
/// How long anything else of the demo may take before it is said that something is wrong.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

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

/// Runs the demo until Ctrl-C, `stop`, or an error. Prints to standard output.
///
/// # Errors
/// What a person has to put right, in a sentence.
pub async fn run(platform: OperatingSystem, binary: &Path) -> Result<(), DemoError> {
    // Listened to from here on, so that a Ctrl-C which comes while the daemon still starts is not lost.
    let interrupted = interrupted();
    let folder = DemoFolder::make().map_err(DemoError::TemporaryDirectory)?;
    let state_dir = folder.state_dir();
    let missing = desktop_problem(folder.path()).await;
    let notifier = if missing.is_none() { NotifierKind::Native } else { NotifierKind::Console };
    let daemon = Daemon::start(options(platform, state_dir.clone(), notifier)).await?;
    words::beginning(daemon.identity(), missing.as_deref());

    let agent = words::agent(binary, &state_dir);
    let handle = daemon.first_device().clone();
    let broker = daemon.embedded_broker().map(|broker| SenderOptions {
        credentials: broker.credentials().cloned(),
        ..SenderOptions::new(broker.own_url())
    });
    let told = async {
        match walk(&handle, broker, missing.is_none(), &agent).await {
            Ok(receipt) => words::ending(&receipt, &agent),
            Err(error) => return Err(error),
        }
        std::future::pending().await
    };
    // Whatever ends first, the daemon is ended in order before the folder goes.
    let (failed, failure) = tokio::sync::oneshot::channel();
    let ended = async {
        tokio::select! {
            () = interrupted => {}
            error = told => {
                let error: Result<std::convert::Infallible, DemoError> = error;
                let _ = failed.send(error);
            }
        }
    };
    daemon.run_until(ended).await?;
    words::ended();
    match failure.await {
        Ok(Err(error)) => Err(error),
        _ => Ok(()),
    }
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

/// Enrolls, installs, asks, pushes; gives the push's receipt.
async fn walk(
    handle: &DeviceHandle,
    broker: Option<SenderOptions>,
    has_desktop: bool,
    agent: &str,
) -> Result<Receipt, DemoError> {
    wait_until(handle, "the connection to the embedded broker", |status| status.broker.connected).await?;
    // A constant of the right form.
    if let Ok(user) = USER.parse() {
        handle.apply(DeviceCommand::Enroll(EnrollCommand::by(user))).await?;
    }
    words::enrolled(USER);
    handle.apply(DeviceCommand::App(AppCommand::Install { version: None, target_sdk: None })).await?;
    words::installed();
    ask(handle, has_desktop, agent).await?;
    let status = handle.status().await?;
    words::permission(status.device.notification_permission);
    push(handle, broker).await
}

/// The permission: answered on the desktop, in the terminal, or, where there is neither, granted.
async fn ask(handle: &DeviceHandle, has_desktop: bool, agent: &str) -> Result<(), DemoError> {
    if handle.status().await?.prompt.is_none() {
        return Ok(());
    }
    let terminal = std::io::stdin().is_terminal();
    if !has_desktop && !terminal {
        words::granted_by_itself();
        handle.apply(DeviceCommand::Permission(PermissionCommand::Allow)).await?;
        return Ok(());
    }
    words::prompt(has_desktop, terminal, agent);
    let answered = wait_for_answer(handle);
    if !terminal {
        return answered.await;
    }
    tokio::select! {
        answered = answered => answered,
        answer = answer::from_terminal() => {
            let command = match answer {
                TypedAnswer::Allow => PermissionCommand::Allow,
                TypedAnswer::Deny => PermissionCommand::Deny,
            };
            handle.apply(DeviceCommand::Permission(command)).await?;
            Ok(())
        }
    }
}

/// The prompt waits for a person: as long as it takes.
async fn wait_for_answer(handle: &DeviceHandle) -> Result<(), DemoError> {
    let mut changes = handle.changes();
    loop {
        let status = handle.status().await?;
        if status.prompt.is_none() {
            return Ok(());
        }
        if changes.changed().await.is_err() {
            return Ok(());
        }
    }
}

async fn wait_until(
    handle: &DeviceHandle,
    what: &'static str,
    holds: impl Fn(&portal_contract::StatusReport) -> bool,
) -> Result<(), DemoError> {
    let mut changes = handle.changes();
    let held = async {
        loop {
            if holds(&handle.status().await?) || changes.changed().await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(STEP_TIMEOUT, held).await.unwrap_or(Err(DemoError::TimedOut(what)))
}

async fn push(handle: &DeviceHandle, broker: Option<SenderOptions>) -> Result<Receipt, DemoError> {
    let Some(settings) = broker else { return Err(DemoError::TimedOut("the embedded broker")) };
    let sender = PushSender::connect(settings).await?;
    // Followed before it is sent: receipts are not retained, and what was published earlier is not told.
    let mut receipts = sender.follow(FollowScope::Device(handle.id())).await?;
    let notification = words::first_push();
    sender.push(PushAddress::Device(handle.id()), &notification).await?;
    words::pushed(&notification);
    let receipt = tokio::time::timeout(STEP_TIMEOUT, receipts.next_of(&notification.id)).await;
    sender.stop().await;
    Ok(receipt.map_err(|_| DemoError::TimedOut("the receipt"))??)
}
