//! The service of systemd's user manager.
//!
//! Lives here: asking it, by `systemctl --user`. Does not live here: the unit's text (`definition`).

use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::definition::{UNIT, unit};
use super::{ServiceError, ServicePlan, ServiceStatus, ask, first_line, is_ours, must, write};

const MANAGER: &str = "systemd's user manager";
/// The desktop session, as systemd knows it.
const SESSION: &str = "graphical-session.target";
/// Where packages put the unit.
const PACKAGED: &str = "/usr/lib/systemd/user/portal-agent.service";
/// What the package's unit starts.
const PACKAGED_PROGRAM: &str = "/usr/bin/portal-agent";

/// Installs the service, and starts it where the desktop session stands.
///
/// # Errors
/// See [`ServiceError`].
pub fn install(plan: &ServicePlan) -> Result<ServiceStatus, ServiceError> {
    check_manager()?;
    let path = users_unit()?;
    let foreign = path.exists() && !is_ours(&path)?;
    if !foreign && !packaged_unit_does(plan) {
        write(&path, &unit(plan))?;
    } else if foreign && (plan.state_dir.is_some() || plan.config.is_some()) {
        return Err(ServiceError::Foreign(path));
    }
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", UNIT])?;
    if session_stands()? {
        // A daemon that runs already goes on with what it was started with, unless it is started anew.
        systemctl(&["restart", UNIT])?;
    }
    status()
}

/// Starts it now.
///
/// # Errors
/// See [`ServiceError`].
pub fn start() -> Result<ServiceStatus, ServiceError> {
    check_installed()?;
    systemctl(&["start", UNIT])?;
    status()
}

/// Stops it, until the next start of the desktop session.
///
/// # Errors
/// See [`ServiceError`].
pub fn stop() -> Result<ServiceStatus, ServiceError> {
    check_installed()?;
    systemctl(&["stop", UNIT])?;
    status()
}

/// Stops it and takes it away; what a package put there stays, and is not started any more.
///
/// # Errors
/// See [`ServiceError`].
pub fn uninstall() -> Result<ServiceStatus, ServiceError> {
    check_installed()?;
    systemctl(&["disable", "--now", UNIT])?;
    let path = users_unit()?;
    if path.exists() && is_ours(&path)? {
        std::fs::remove_file(&path).map_err(|reason| ServiceError::File { path, reason })?;
        systemctl(&["daemon-reload"])?;
    }
    status()
}

/// How it stands.
///
/// # Errors
/// See [`ServiceError`].
pub fn status() -> Result<ServiceStatus, ServiceError> {
    check_manager()?;
    let properties = systemctl(&["show", UNIT, "--property=LoadState,FragmentPath,UnitFileState,ActiveState,MainPID"])?;
    let mut status = read_status(&properties);
    if status.installed && !status.running && !session_stands()? {
        let words = format!("{SESSION} is not active: it starts with a desktop session that systemd knows of");
        status.note = Some(words);
    }
    Ok(status)
}

/// What `systemctl show` printed.
fn read_status(properties: &str) -> ServiceStatus {
    let value = |name: &str| {
        let of = |line: &str| line.split_once('=').filter(|(its, _)| *its == name).map(|(_, value)| value.to_owned());
        properties.lines().find_map(of).unwrap_or_default()
    };
    let running = ["active", "activating", "reloading"].contains(&value("ActiveState").as_str());
    ServiceStatus {
        installed: value("LoadState") == "loaded",
        enabled: value("UnitFileState") == "enabled",
        running,
        pid: value("MainPID").parse().ok().filter(|pid| running && *pid != 0),
        definition: Some(value("FragmentPath")).filter(|path| !path.is_empty()),
        log: format!("journalctl --user --unit {UNIT}"),
        note: (value("ActiveState") == "failed").then(|| "it failed; its log says why".to_owned()),
        only_daemon_knows: false,
    }
}

fn check_installed() -> Result<(), ServiceError> {
    if status()?.installed { Ok(()) } else { Err(ServiceError::NotInstalled) }
}

fn session_stands() -> Result<bool, ServiceError> {
    Ok(ask(MANAGER, "systemctl", &["--user", "is-active", SESSION])?.0)
}

/// Whether there is one that answers.
///
/// # Errors
/// See [`ServiceError`].
pub fn check_manager() -> Result<(), ServiceError> {
    let (answers, printed, complaint) = ask(MANAGER, "systemctl", &["--user", "show-environment"])?;
    if answers {
        return Ok(());
    }
    Err(ServiceError::NoManager { manager: MANAGER, reason: first_line(&complaint, &printed) })
}

fn systemctl(arguments: &[&str]) -> Result<String, ServiceError> {
    must(MANAGER, "systemctl", &[&["--user"], arguments].concat())
}

fn users_unit() -> Result<PathBuf, ServiceError> {
    let directories = BaseDirs::new().ok_or(ServiceError::NoHome)?;
    Ok(directories.config_dir().join("systemd/user").join(UNIT))
}

/// Whether the unit of an installed package starts just this.
fn packaged_unit_does(plan: &ServicePlan) -> bool {
    let is_plain = plan.state_dir.is_none() && plan.config.is_none();
    is_plain && plan.program == Path::new(PACKAGED_PROGRAM) && Path::new(PACKAGED).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemctl_shows_is_read_by_name() {
        let running = "MainPID=812\nLoadState=loaded\nActiveState=active\nFragmentPath=/x/portal-agent.service\nUnitFileState=enabled\n";
        let status = read_status(running);
        assert!(status.installed && status.enabled && status.running && status.note.is_none());
        assert_eq!((status.pid, status.definition.as_deref()), (Some(812), Some("/x/portal-agent.service")));
        let none = read_status("MainPID=0\nLoadState=not-found\nActiveState=inactive\nFragmentPath=\nUnitFileState=\n");
        assert!(!none.installed && !none.enabled && !none.running && none.pid.is_none() && none.definition.is_none());
        assert!(read_status("LoadState=loaded\nActiveState=failed\n").note.is_some());
    }
}
