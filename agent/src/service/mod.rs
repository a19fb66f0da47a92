//! The daemon as something that the computer starts with the desktop: installed, started, stopped, taken away.
//!
//! Lives here: the words, and which system does it. Does not live here: the text that each system reads (`definition`), how it
//! is asked (`systemd`, `autostart`, `launchd`, `run_key`), what the daemon tells its service manager (`daemon`).

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::input_file::{self, FileReadError};
use crate::library_error::os_reason;

#[cfg(all(unix, not(target_os = "macos")))]
mod autostart;
pub mod definition;
#[cfg(target_os = "macos")]
#[path = "launchd.rs"]
mod platform;
#[cfg(all(unix, not(target_os = "macos")))]
#[path = "linux.rs"]
mod platform;
#[cfg(windows)]
#[path = "run_key.rs"]
mod platform;
#[cfg(all(unix, not(target_os = "macos")))]
mod systemd;

pub use definition::ServicePlan;
pub use platform::{install, start, status, stop, uninstall};

/// Bytes of a definition that may be one of ours: these have one or two thousand.
#[cfg_attr(windows, allow(dead_code, reason = "there the definition is a value of the registry"))]
const LARGEST_DEFINITION: usize = 64 * 1024;

/// Why the service is not as it was asked to be.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Nobody keeps services of this user here.
    #[error("{manager} does not answer here ({reason}), so nothing can start the daemon with the desktop")]
    NoManager {
        /// Who would.
        manager: &'static str,
        /// What was found.
        reason: String,
    },
    /// Whoever keeps them refused.
    #[error("{command}: {reason}")]
    Refused {
        /// What was asked.
        command: String,
        /// What it said.
        reason: String,
    },
    /// Something cannot be found out or written.
    #[error("{}: {}", path.display(), os_reason(reason))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The definition that is there cannot be read.
    #[error("{} {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: FileReadError,
    },
    /// The system names no home for this user.
    #[error("this system names no home directory for this user (is HOME set?)")]
    NoHome,
    /// There is no service.
    #[error("the service is not installed")]
    NotInstalled,
    /// Something else has the place of its definition.
    #[error("{} is there already, and this program did not write it", .0.display())]
    Foreign(PathBuf),
}

impl ServiceError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoManager { .. } => {
                "start portal-agent run by your desktop's own list of programs to start, or in a terminal"
            }
            Self::Refused { .. } => "portal-agent service status, and the log that it names, say more",
            Self::File { .. } => "make it writable, then again",
            Self::Unreadable { .. } => "look at it, and remove it or move it away first",
            Self::NoHome => "set HOME",
            Self::NotInstalled => "portal-agent service install",
            Self::Foreign(_) => "look at it, and remove it or move it away first",
        }
    }
}

/// How the service stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// Whether there is a definition.
    pub installed: bool,
    /// Whether it starts with the desktop session.
    pub enabled: bool,
    /// Whether it runs now.
    pub running: bool,
    /// Its process, while it runs and that is known.
    pub pid: Option<u32>,
    /// Where the definition is.
    pub definition: Option<String>,
    /// How its log is read.
    pub log: String,
    /// What else a person has to know, in a sentence.
    pub note: Option<String>,
    /// Whether the system does not know if it runs, so that the daemon has to be asked.
    #[serde(skip)]
    pub only_daemon_knows: bool,
}

/// Asks a program of the system, and gives what it printed.
fn ask(manager: &'static str, program: &str, arguments: &[&str]) -> Result<(bool, String, String), ServiceError> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| ServiceError::NoManager { manager, reason: os_reason(&error) })?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    Ok((output.status.success(), text(output.stdout), text(output.stderr)))
}

/// The same where it must not fail.
fn must(manager: &'static str, program: &str, arguments: &[&str]) -> Result<String, ServiceError> {
    let (succeeded, printed, complaint) = ask(manager, program, arguments)?;
    if succeeded {
        return Ok(printed);
    }
    let reason = first_line(&complaint, &printed);
    Err(ServiceError::Refused { command: format!("{program} {}", arguments.join(" ")), reason })
}

fn first_line(complaint: &str, printed: &str) -> String {
    let said = complaint.lines().chain(printed.lines()).find(|line| !line.trim().is_empty());
    said.unwrap_or("it failed without a word").trim().to_owned()
}

/// Writes a definition in place of one that this program wrote before.
#[cfg_attr(windows, allow(dead_code, reason = "there the definition is a value of the registry"))]
fn write(path: &Path, text: &str) -> Result<(), ServiceError> {
    let wrong = |reason| ServiceError::File { path: path.to_owned(), reason };
    if path.exists() && !is_ours(path)? {
        return Err(ServiceError::Foreign(path.to_owned()));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    std::fs::write(path, text).map_err(wrong)
}

/// Whether this program wrote the file.
#[cfg_attr(windows, allow(dead_code, reason = "there the definition is a value of the registry"))]
fn is_ours(path: &Path) -> Result<bool, ServiceError> {
    let unreadable = |reason| ServiceError::Unreadable { path: path.to_owned(), reason };
    let bytes = input_file::read(path, LARGEST_DEFINITION).map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).contains(definition::MARK))
}
