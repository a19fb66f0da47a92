//! `service`: the daemon as something that starts with the desktop.
//!
//! Lives here: the commands and what is said of them. Does not live here: how each system is asked (`service`).

use std::time::{Duration, Instant};

use portal_contract::DeviceTopics;
use serde_json::json;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, stop as stop_command};
use crate::control::{ClientError, ControlClient};
use crate::daemon::Options;
use crate::invocation::quoted;
use crate::service::{self, ServicePlan, ServiceStatus};
use crate::state_dir::LOG;

/// Arguments of `service`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Broker and everything else come from the settings file (portal-agent config show); --config and --state-dir, given to install,
hold for the service, too. It runs in the desktop session, which notifications need, and not before it.

Examples:
  portal-agent service install
  portal-agent service status
  portal-agent --config test.toml service install")]
pub struct ServiceArgs {
    #[command(subcommand)]
    what: ServiceSubcommand,
}

/// What is done with the service.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum ServiceSubcommand {
    /// Have the daemon start with the desktop session, and start it now
    #[command(after_help = "Example:\n  portal-agent service install")]
    Install,
    /// Start it now
    #[command(after_help = "Example:\n  portal-agent service start")]
    Start,
    /// Stop it, until the desktop session starts again
    #[command(after_help = "Example:\n  portal-agent service stop")]
    Stop,
    /// Whether it is installed and runs, and where its log is: exit code 1 where it does not run
    #[command(after_help = "Example:\n  portal-agent service status")]
    Status,
    /// Stop it and have it start no more; devices and journals stay
    #[command(after_help = "Example:\n  portal-agent service uninstall")]
    Uninstall,
}

/// Runs `service`.
pub fn run(context: &mut CommandContext, args: &ServiceArgs) -> Result<(), CommandFailure> {
    match args.what {
        ServiceSubcommand::Install => install(context),
        ServiceSubcommand::Start => start(context),
        ServiceSubcommand::Stop => stop(context),
        ServiceSubcommand::Status => {
            let status = with_daemon(context, service::status()?)?;
            show(context, &status)?;
            if status.running { Ok(()) } else { Err(CommandFailure::NotOk) }
        }
        ServiceSubcommand::Uninstall => uninstall(context),
    }
}

fn install(context: &mut CommandContext) -> Result<(), CommandFailure> {
    // A service that cannot start is found out here, and not in a log.
    let loaded = context.settings(Vec::new())?;
    Options::from_settings(&loaded.settings, context.global.state_dir()?)?.check()?;
    let before = with_daemon(context, service::status()?)?;
    refuse_beside_another(context, &before)?;
    let plan = plan(context)?;
    // Systemd and launchd start it anew themselves.
    end_daemon(context, &before)?;
    let status = started(context, service::install(&plan)?)?;
    show(context, &status)
}

fn start(context: &mut CommandContext) -> Result<(), CommandFailure> {
    let before = with_daemon(context, service::status()?)?;
    if before.running {
        return note(context, &before, "already running");
    }
    refuse_beside_another(context, &before)?;
    let status = started(context, service::start()?)?;
    show(context, &status)
}

fn stop(context: &mut CommandContext) -> Result<(), CommandFailure> {
    let before = with_daemon(context, service::status()?)?;
    if before.installed && !before.running {
        return note(context, &before, "already stopped");
    }
    let status = service::stop()?;
    end_daemon(context, &status)?;
    let status = with_daemon(context, status)?;
    show(context, &status)
}

fn uninstall(context: &mut CommandContext) -> Result<(), CommandFailure> {
    // Asked before it ends: who else knows which devices there were.
    let topics = topics(context);
    let status = service::uninstall()?;
    end_daemon(context, &status)?;
    let state_dir = context.global.state_dir()?;
    if context.global.json {
        let result = json!({
            "service": status, "stateDirectory": state_dir, "retainedTopics": topics.as_deref().unwrap_or_default(),
        });
        return context.json_line(&result.to_string());
    }
    let mut page = TextPage::of(PageLine::new().plain("the service is gone"));
    if let Some(definition) = &status.definition {
        page.push(PageLine::new().plain(format!("{definition} is a package's and stays; nothing starts it any more")));
    }
    page.push(PageLine::new().plain("Devices and journals stay; to remove them too:"));
    let remove = if cfg!(windows) { "Remove-Item -Recurse" } else { "rm -r" };
    page.push(PageLine::new().plain("  ").strong(format!("{remove} {}", quoted(&state_dir.display().to_string()))));
    page.push(
        PageLine::new()
            .plain("What a broker keeps of each device: an empty retained message takes it away, and the session"),
    );
    page.push(
        PageLine::new()
            .plain("ends by itself (broker.session_expiry), or by portal-agent device remove while a daemon runs."),
    );
    let of_a_kind = || vec!["portal/v1/TENANT/devices/ID/state, …/connection and …/groups".to_owned()];
    for topic in topics.unwrap_or_else(of_a_kind) {
        page.push(PageLine::new().plain("  ").dim(topic));
    }
    context.page(&page)
}

fn plan(context: &CommandContext) -> Result<ServicePlan, CommandFailure> {
    let absolute = |path: std::path::PathBuf| std::path::absolute(&path).unwrap_or(path);
    let state_dir = context.global.state_dir()?;
    let default = crate::state_dir::StateDir::default_path().ok();
    let program = std::env::current_exe()?;
    Ok(ServicePlan {
        program,
        log_file: absolute(state_dir.join(LOG)),
        state_dir: Some(absolute(state_dir)).filter(|path| Some(path) != default.as_ref()),
        config: context.global.named_settings_file().map(absolute),
    })
}

/// Two daemons cannot have one state directory: the service would fail, again and again.
fn refuse_beside_another(context: &CommandContext, status: &ServiceStatus) -> Result<(), CommandFailure> {
    match daemon(context)? {
        Some(client) if status.pid != Some(client.pid()) => {
            let message = format!(
                "a daemon (process {}) that is not the service runs on the state directory {}",
                client.pid(),
                context.global.state_dir()?.display()
            );
            Err(CommandFailure::operation("daemonRuns", message, "portal-agent stop, then again"))
        }
        _ => Ok(()),
    }
}

fn daemon(context: &CommandContext) -> Result<Option<ControlClient>, CommandFailure> {
    match context.daemon() {
        Ok(client) => Ok(Some(client)),
        Err(CommandFailure::Client(ClientError::NoDaemon(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the system starts the daemon and knows no more of it, the daemon is asked.
fn with_daemon(context: &CommandContext, mut status: ServiceStatus) -> Result<ServiceStatus, CommandFailure> {
    if status.only_daemon_knows && status.installed {
        status.pid = daemon(context)?.map(|client| client.pid());
        status.running = status.pid.is_some();
    }
    Ok(status)
}

/// The same of one that was started just now, once it answers or has had its time.
fn started(context: &CommandContext, status: ServiceStatus) -> Result<ServiceStatus, CommandFailure> {
    const PATIENCE: Duration = Duration::from_secs(5);
    let begun = Instant::now();
    let mut status = with_daemon(context, status)?;
    while status.only_daemon_knows && !status.running && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
        status = with_daemon(context, status)?;
    }
    Ok(status)
}

fn end_daemon(context: &CommandContext, status: &ServiceStatus) -> Result<(), CommandFailure> {
    if status.only_daemon_knows
        && let Some(client) = daemon(context)?
    {
        client.stop()?;
        // What comes next may be another daemon on the same state directory.
        stop_command::wait_for_end(context, &client)?;
    }
    Ok(())
}

/// The retained topics of the devices that the running daemon hosts; none where no daemon tells.
fn topics(context: &CommandContext) -> Option<Vec<String>> {
    let devices = context.daemon().ok()?.devices().ok()?.value.hosted;
    Some(devices.iter().flat_map(|device| DeviceTopics::new(&device.tenant, device.device_id).retained()).collect())
}

fn note(context: &mut CommandContext, status: &ServiceStatus, note: &str) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json_line(&json!({ "service": status, "note": note }).to_string());
    }
    context.page(&TextPage::of(PageLine::new().plain(note)))
}

fn show(context: &mut CommandContext, status: &ServiceStatus) -> Result<(), CommandFailure> {
    if context.global.json {
        return context.json_line(&json!({ "service": status }).to_string());
    }
    context.page(&page(status))
}

fn page(status: &ServiceStatus) -> TextPage {
    if !status.installed {
        let line =
            PageLine::new().mark(false).plain("not installed").dim("  hint: ").strong("portal-agent service install");
        return TextPage::of(line);
    }
    let mut page = TextPage::new();
    let process = status.pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    let running = if status.running { format!("running{process}") } else { "not running".to_owned() };
    page.push(PageLine::new().mark(status.running).plain(running));
    let enabled = if status.enabled { "starts with the desktop session" } else { "does not start by itself" };
    page.push(PageLine::new().mark(status.enabled).plain(enabled));
    if let Some(definition) = &status.definition {
        page.push(PageLine::named("defined by").plain(definition));
    }
    page.push(PageLine::named("log").plain(&status.log));
    if let Some(note) = &status.note {
        page.push(PageLine::named("note").plain(note));
    }
    page
}
