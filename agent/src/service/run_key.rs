//! The service of Windows: what its Run key starts at the log-in of this user.
//!
//! Lives here: the value, by `reg`, and a daemon that is started by hand. Does not live here: the command (`definition`). A Windows
//! service would have no desktop to show notifications on.

use std::process::{Command, Stdio};

use super::definition::{RUN_VALUE, run_command};
use super::{ServiceError, ServicePlan, ServiceStatus, ask, must};

const MANAGER: &str = "the registry";
const KEY: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";

/// Installs the service, and starts it.
///
/// # Errors
/// See [`ServiceError`].
pub fn install(plan: &ServicePlan) -> Result<ServiceStatus, ServiceError> {
    let command = run_command(plan);
    must(MANAGER, "reg", &["add", KEY, "/v", RUN_VALUE, "/t", "REG_SZ", "/d", &command, "/f"])?;
    start()
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
        ..ServiceStatus::default()
    })
}

fn command() -> Result<Option<String>, ServiceError> {
    let (found, printed, _) = ask(MANAGER, "reg", &["query", KEY, "/v", RUN_VALUE])?;
    let value = |line: &str| line.split_once("REG_SZ").map(|(_, value)| value.trim().to_owned());
    Ok(if found { printed.lines().find_map(value) } else { None })
}
