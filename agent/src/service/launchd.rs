//! The service of macOS: a LaunchAgent of this user, in the desktop session.
//!
//! Lives here: asking launchd, by `launchctl`. Does not live here: the property list's text (`definition`).

use std::path::PathBuf;

use directories::BaseDirs;

use super::definition::{LABEL, launch_agent};
use super::{ServiceError, ServicePlan, ServiceStatus, ask, is_ours, must, write};

const MANAGER: &str = "launchd";

/// Installs the service and starts it.
///
/// # Errors
/// See [`ServiceError`].
pub fn install(plan: &ServicePlan) -> Result<ServiceStatus, ServiceError> {
    let path = agent_file()?;
    write(&path, &launch_agent(plan))?;
    if is_loaded()? {
        must(MANAGER, "launchctl", &["bootout", &target()])?;
    }
    must(MANAGER, "launchctl", &["bootstrap", &domain(), &path.display().to_string()])?;
    status()
}

/// Starts it now.
///
/// # Errors
/// See [`ServiceError`].
pub fn start() -> Result<ServiceStatus, ServiceError> {
    let path = agent_file()?;
    if !path.exists() {
        return Err(ServiceError::NotInstalled);
    }
    if is_loaded()? {
        must(MANAGER, "launchctl", &["kickstart", &target()])?;
    } else {
        must(MANAGER, "launchctl", &["bootstrap", &domain(), &path.display().to_string()])?;
    }
    status()
}

/// Stops it, until the next log-in.
///
/// # Errors
/// See [`ServiceError`].
pub fn stop() -> Result<ServiceStatus, ServiceError> {
    if !agent_file()?.exists() {
        return Err(ServiceError::NotInstalled);
    }
    if is_loaded()? {
        must(MANAGER, "launchctl", &["bootout", &target()])?;
    }
    status()
}

/// Stops it and takes it away.
///
/// # Errors
/// See [`ServiceError`].
pub fn uninstall() -> Result<ServiceStatus, ServiceError> {
    stop()?;
    let path = agent_file()?;
    if !is_ours(&path)? {
        return Err(ServiceError::Foreign(path));
    }
    std::fs::remove_file(&path).map_err(|reason| ServiceError::File { path, reason })?;
    status()
}

/// How it stands.
///
/// # Errors
/// See [`ServiceError`].
pub fn status() -> Result<ServiceStatus, ServiceError> {
    let path = agent_file()?;
    let (loaded, printed, _) = ask(MANAGER, "launchctl", &["print", &target()])?;
    let pid = printed.lines().find_map(|line| line.trim().strip_prefix("pid = ")?.parse().ok());
    let installed = path.exists();
    Ok(ServiceStatus {
        installed,
        enabled: installed,
        running: loaded && pid.is_some(),
        pid,
        definition: installed.then(|| path.display().to_string()),
        log: "the file that its --log-file names".to_owned(),
        note: None,
        only_daemon_knows: false,
    })
}

fn is_loaded() -> Result<bool, ServiceError> {
    Ok(ask(MANAGER, "launchctl", &["print", &target()])?.0)
}

fn domain() -> String {
    format!("gui/{}", rustix::process::getuid().as_raw())
}

fn target() -> String {
    format!("{}/{LABEL}", domain())
}

fn agent_file() -> Result<PathBuf, ServiceError> {
    let directories = BaseDirs::new().ok_or(ServiceError::NoHome)?;
    Ok(directories.home_dir().join("Library/LaunchAgents").join(format!("{LABEL}.plist")))
}
