//! The service of Windows: what its Run key starts at the log-in of this user, and the name under which it shows toasts.
//!
//! Lives here: the values, by `reg`, and a daemon that is started by hand. Does not live here: the command (`definition`). A Windows
//! service would have no desktop to show notifications on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::definition::{RUN_VALUE, run_command};
use super::{ServiceError, ServicePlan, ServiceStatus, ask, must};

const MANAGER: &str = "the registry";
const KEY: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
/// The application as the desktop edge names it: without this key Windows shows no toast of it.
const APPLICATION: &str = r"HKCU\Software\Classes\AppUserModelId\PortalAgent.CompanyPortal";
/// What starts the program beside it without a console window (`agent/packaging/windows`).
const WITHOUT_WINDOW: &str = "portal-agentw.exe";
/// What the setup leaves beside the program; it takes the application's key away itself.
const SETUP: &str = "uninstall.exe";

/// Installs the service, and starts it.
///
/// # Errors
/// See [`ServiceError`].
pub fn install(plan: &ServicePlan) -> Result<ServiceStatus, ServiceError> {
    let plan = ServicePlan { program: without_window(&plan.program), ..plan.clone() };
    add(APPLICATION, "DisplayName", "Company Portal")?;
    let icon = plan.program.with_file_name("company-portal.png");
    if icon.exists() {
        add(APPLICATION, "IconUri", &icon.display().to_string())?;
    }
    add(KEY, RUN_VALUE, &run_command(&plan))?;
    start()
}

/// The program that is started at the log-in. A console program would open a window, and end with it when somebody closes it.
fn without_window(program: &Path) -> PathBuf {
    let starter = program.with_file_name(WITHOUT_WINDOW);
    if starter.exists() { starter } else { program.to_owned() }
}

fn add(key: &str, name: &str, value: &str) -> Result<(), ServiceError> {
    must(MANAGER, "reg", &["add", key, "/v", name, "/t", "REG_SZ", "/d", value, "/f"]).map(drop)
}

/// Starts it now, by what the key says.
///
/// # Errors
/// See [`ServiceError`].
pub fn start() -> Result<ServiceStatus, ServiceError> {
    use std::os::windows::process::CommandExt;
    /// CREATE_NO_WINDOW: a window that is closed would end the daemon.
    const NO_WINDOW: u32 = 0x0800_0000;
    let command = command()?.ok_or(ServiceError::NotInstalled)?;
    let started = Command::new("cmd")
        .raw_arg(format!("/s /c \"{command}\""))
        .creation_flags(NO_WINDOW)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    started.map_err(|reason| ServiceError::File { path: "cmd".into(), reason })?;
    status()
}

/// Does nothing: the daemon is ended by its own command, which asks it.
///
/// # Errors
/// There is no service.
pub fn stop() -> Result<ServiceStatus, ServiceError> {
    if command()?.is_none() {
        return Err(ServiceError::NotInstalled);
    }
    status()
}

/// Takes it away.
///
/// # Errors
/// See [`ServiceError`].
pub fn uninstall() -> Result<ServiceStatus, ServiceError> {
    stop()?;
    must(MANAGER, "reg", &["delete", KEY, "/v", RUN_VALUE, "/f"])?;
    let from_setup = std::env::current_exe().is_ok_and(|program| program.with_file_name(SETUP).exists());
    if !from_setup && ask(MANAGER, "reg", &["query", APPLICATION])?.0 {
        must(MANAGER, "reg", &["delete", APPLICATION, "/f"])?;
    }
    status()
}

/// How it stands; whether the daemon runs, only the daemon knows.
///
/// # Errors
/// See [`ServiceError`].
pub fn status() -> Result<ServiceStatus, ServiceError> {
    let installed = command()?.is_some();
    Ok(ServiceStatus {
        installed,
        enabled: installed,
        definition: installed.then(|| format!(r"{KEY}\{RUN_VALUE}")),
        log: "the file that its --log-file names".to_owned(),
        only_daemon_knows: true,
        ..ServiceStatus::default()
    })
}

fn command() -> Result<Option<String>, ServiceError> {
    let (found, printed, _) = ask(MANAGER, "reg", &["query", KEY, "/v", RUN_VALUE])?;
    let value = |line: &str| line.split_once("REG_SZ").map(|(_, value)| value.trim().to_owned());
    Ok(if found { printed.lines().find_map(value) } else { None })
}
