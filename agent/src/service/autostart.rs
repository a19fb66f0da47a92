//! The service where systemd keeps none of this user's: an entry in the desktop's list of programs to start.
//!
//! Lives here: the entry, and a daemon that is started by hand. Does not live here: the entry's text (`definition`); whether the
//! daemon runs, which only the daemon knows.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use directories::BaseDirs;

use super::definition::{AUTOSTART, autostart_entry, autostart_words};
use super::{LARGEST_DEFINITION, ServiceError, ServicePlan, ServiceStatus, input_file, is_ours, write};

/// Installs the service, and starts it.
///
/// # Errors
/// See [`ServiceError`].
pub fn install(plan: &ServicePlan) -> Result<ServiceStatus, ServiceError> {
    write(&entry()?, &autostart_entry(plan))?;
    start()
}

/// Starts it now, by what the entry says.
///
/// # Errors
/// See [`ServiceError`].
pub fn start() -> Result<ServiceStatus, ServiceError> {
    let path = entry()?;
    if !path.exists() {
        return Err(ServiceError::NotInstalled);
    }
    // By what the entry says, and so not what somebody else wrote there: it would be run as the user.
    if !is_ours(&path)? {
        return Err(ServiceError::Foreign(path));
    }
    let bytes = input_file::read(&path, LARGEST_DEFINITION);
    let bytes = bytes.map_err(|reason| ServiceError::Unreadable { path: path.clone(), reason })?;
    let words = autostart_words(&String::from_utf8_lossy(&bytes));
    let [program, arguments @ ..] = words.as_slice() else { return Err(ServiceError::Foreign(path)) };
    // In a group of its own: Ctrl-C in the terminal that it is started from is not meant for it.
    let started = Command::new(program)
        .args(arguments)
        .process_group(0)
        // Nothing of the terminal: closed, it would end a daemon that still writes to it.
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    started.map_err(|reason| ServiceError::File { path: program.into(), reason })?;
    status()
}

/// Does nothing: the daemon is ended by its own command, which asks it.
///
/// # Errors
/// There is no service.
pub fn stop() -> Result<ServiceStatus, ServiceError> {
    if entry()?.exists() { status() } else { Err(ServiceError::NotInstalled) }
}

/// Takes it away.
///
/// # Errors
/// See [`ServiceError`].
pub fn uninstall() -> Result<ServiceStatus, ServiceError> {
    if remove()? { status() } else { Err(ServiceError::NotInstalled) }
}

/// Takes the entry away where there is one, and says whether there was.
///
/// # Errors
/// See [`ServiceError`].
pub fn remove() -> Result<bool, ServiceError> {
    let path = entry()?;
    if !path.exists() {
        return Ok(false);
    }
    if !is_ours(&path)? {
        return Err(ServiceError::Foreign(path));
    }
    std::fs::remove_file(&path).map_err(|reason| ServiceError::File { path, reason })?;
    Ok(true)
}

/// How it stands.
///
/// # Errors
/// See [`ServiceError`].
pub fn status() -> Result<ServiceStatus, ServiceError> {
    let path = entry()?;
    let installed = path.exists();
    Ok(ServiceStatus {
        installed,
        enabled: installed,
        definition: installed.then(|| path.display().to_string()),
        log: "the file that its --log-file names".to_owned(),
        note: installed.then(|| {
            "systemd keeps no services of this user here: the desktop starts it, and nothing does again when it fails"
                .to_owned()
        }),
        // No manager watches it, so that only its lock on the state directory tells whether it runs.
        only_daemon_knows: true,
        ..ServiceStatus::default()
    })
}

fn entry() -> Result<PathBuf, ServiceError> {
    let directories = BaseDirs::new().ok_or(ServiceError::NoHome)?;
    Ok(directories.config_dir().join("autostart").join(AUTOSTART))
}
