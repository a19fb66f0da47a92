//! The service of Linux and other Unixes: of systemd's user manager where that answers, else of the desktop's list of programs.
//!
//! Lives here: which of the two. Does not live here: how each is asked (`systemd`, `autostart`).

use super::{ServiceError, ServicePlan, ServiceStatus, autostart, systemd};

fn has_systemd() -> bool {
    systemd::check_manager().is_ok()
}

/// Installs the service, and starts it.
///
/// # Errors
/// See [`ServiceError`].
pub fn install(plan: &ServicePlan) -> Result<ServiceStatus, ServiceError> {
    if !has_systemd() {
        return autostart::install(plan);
    }
    let status = systemd::install(plan)?;
    // Of a time without systemd: the two would start one daemon each.
    autostart::remove()?;
    Ok(status)
}

/// Starts it now.
///
/// # Errors
/// See [`ServiceError`].
pub fn start() -> Result<ServiceStatus, ServiceError> {
    if has_systemd() { systemd::start() } else { autostart::start() }
}

/// Stops it, until the next start of the desktop session.
///
/// # Errors
/// See [`ServiceError`].
pub fn stop() -> Result<ServiceStatus, ServiceError> {
    if has_systemd() { systemd::stop() } else { autostart::stop() }
}

/// Stops it and takes it away.
///
/// # Errors
/// See [`ServiceError`].
pub fn uninstall() -> Result<ServiceStatus, ServiceError> {
    if !has_systemd() {
        return autostart::uninstall();
    }
    let had_entry = autostart::remove()?;
    match systemd::uninstall() {
        Err(ServiceError::NotInstalled) if had_entry => systemd::status(),
        other => other,
    }
}

/// How it stands.
///
/// # Errors
/// See [`ServiceError`].
pub fn status() -> Result<ServiceStatus, ServiceError> {
    if has_systemd() { systemd::status() } else { autostart::status() }
}
