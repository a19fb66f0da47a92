//! Why a command failed, in one line that says what and what to do about it (contract 5).
//!
//! Lives here: the three parts of every error, and reporting them. Does not live here: exit codes (`exit_code`).

use std::io::{self, Write};

use super::page::{harmless, harmless_json};
use crate::control::{ApiError, ClientError, ControlFileError, ErrorBody};
use crate::daemon::{ConfigurationError, StartError};
use crate::demo::DemoError;
use crate::host::HostError;
use crate::library_error::os_reason;
use crate::scenario::runner::RunError;
use crate::sender::SenderError;
use crate::service::ServiceError;
use crate::settings::SettingsError;
use crate::state_dir::StateDirError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// The daemon did not answer as hoped.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The arguments or the settings are not right.
    #[error("{0}")]
    Configuration(ApiError),
    /// The operation failed.
    #[error("{0}")]
    Operation(ApiError),
    /// The result is printed, and it is not good.
    #[error("not as it should be")]
    NotOk,
    /// The push is printed, and it is held on this device: it has no outcome yet.
    #[error("the push is held on the device")]
    Held,
    /// The daemon ended while it was followed.
    #[error("the daemon ended")]
    DaemonEnded,
    /// Standard output cannot be written.
    #[error("the output cannot be written: {}", os_reason(.0))]
    Output(#[from] io::Error),
    /// The settings cannot be started with.
    #[error(transparent)]
    Settings(#[from] ConfigurationError),
    /// The service is not as it was asked to be.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The daemon did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The demo ended early.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// A push was not sent.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// No scenario could be run.
    #[error(transparent)]
    Scenarios(#[from] RunError),
    /// The daemon ended by itself.
    #[error(transparent)]
    Loop(#[from] HostError),
    /// Several things, each by itself; the first tells the exit code.
    #[error("{0}")]
    Several(Box<CommandFailure>, Vec<CommandFailure>),
    /// What nobody but this program can be the cause of; the cause is logged.
    #[error("portal-agent failed within, by a fault of its own; please report it, with what --log-level debug shows")]
    Other(#[from] anyhow::Error),
}

impl CommandFailure {
    /// A usage or configuration error.
    pub fn configuration(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Configuration(ApiError::new("configuration", message, hint))
    }

    /// An operation that failed.
    pub fn operation(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Operation(ApiError::new(code, message, hint))
    }

    /// All of these; there is at least one.
    pub fn all(failures: impl IntoIterator<Item = Self>) -> Self {
        let mut failures = failures.into_iter();
        match (failures.next(), failures.collect::<Vec<_>>()) {
            (Some(only), rest) if rest.is_empty() => only,
            (Some(first), rest) => Self::Several(Box::new(first), rest),
            // Nobody calls it with none.
            (None, _) => Self::NotOk,
        }
    }

    /// The asynchronous runtime could not be made.
    pub(super) fn runtime(error: io::Error) -> Self {
        Self::operation(
            "runtime",
            format!("this system gave no threads to run in: {}", os_reason(&error)),
            "close other programs",
        )
    }

    /// Whether there is nothing to report: it is said already, or nobody reads any more.
    pub fn is_silent(&self) -> bool {
        match self {
            Self::NotOk | Self::Held => true,
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            _ => false,
        }
    }

    /// The error's three parts.
    pub fn parts(&self) -> ApiError {
        let message = self.to_string();
        match self {
            Self::Client(ClientError::Api(error)) | Self::Configuration(error) | Self::Operation(error) => {
                error.clone()
            }
            Self::Several(first, _) => first.parts(),
            Self::Client(error) => ApiError::new(client_code(error), message, client_hint(error)),
            Self::DaemonEnded => ApiError::new("daemonEnded", message, "portal-agent run starts it again"),
            Self::Output(_) => ApiError::new("output", message, "look at where standard output leads to"),
            // These sentences say themselves what to do about it.
            Self::Settings(_) => ApiError::new("configuration", message, ""),
            Self::Service(error) => ApiError::new("service", message, error.hint()),
            Self::Start(_) | Self::Demo(_) => ApiError::new("notStarted", message, ""),
            Self::Sender(_) => ApiError::new("notSent", message, ""),
            Self::Scenarios(_) => ApiError::new("notRun", message, ""),
            Self::Loop(_) => ApiError::new("daemonFailed", message, ""),
            Self::NotOk | Self::Held | Self::Other(_) => ApiError::new("failed", message, ""),
        }
    }

    /// Writes the error: one line, or one JSON object.
    pub fn report(&self, json: bool, stderr: &mut dyn Write) {
        if let Self::Several(first, rest) = self {
            first.report(json, stderr);
            rest.iter().for_each(|failure| failure.report(json, stderr));
        } else if !self.is_silent() {
            if let Self::Other(error) = self {
                // The cause's own words come from a library and may name what a person cannot act on; they are for a
                // report to the developers.
                tracing::debug!(?error, "failed within");
            }
            report(self.parts(), json, stderr);
        }
    }
}

/// Writes an error's three parts: one line, or one JSON object.
pub fn report(error: ApiError, json: bool, stderr: &mut dyn Write) {
    let line = if json {
        let text = serde_json::to_string(&ErrorBody { error }).unwrap_or_default();
        // A message may repeat what a broker, a file or an argument said, and standard error is a terminal.
        harmless_json(&text)
    } else {
        let hint = if error.hint.is_empty() { String::new() } else { format!("; hint: {}", error.hint) };
        format!("error: {}", harmless(&format!("{}{hint}", error.message)))
    };
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(stderr, "{line}");
}

fn client_code(error: &ClientError) -> &'static str {
    match error {
        ClientError::NoDaemon(_) => "noDaemon",
        ClientError::File(ControlFileError::OtherApi { .. }) | ClientError::OtherApi { .. } => "otherApiVersion",
        ClientError::File(_) => "controlFile",
        ClientError::UnknownDevice { .. } => "unknownDevice",
        ClientError::SeveralDevices { .. } => "severalDevices",
        ClientError::Lost(_) | ClientError::Api(_) => "daemonLost",
    }
}

fn client_hint(error: &ClientError) -> &'static str {
    match error {
        ClientError::NoDaemon(_) => "start one with portal-agent run, or name its directory with --state-dir",
        ClientError::File(ControlFileError::OtherApi { .. }) | ClientError::OtherApi { .. } => {
            "use the portal-agent that started the daemon, or stop it and start it with this one"
        }
        ClientError::File(ControlFileError::NotPrivate { .. }) => {
            "stop the daemon, remove the file, and start it again"
        }
        ClientError::File(ControlFileError::OtherOwner { .. }) => {
            "run this as the user whose daemon it is, or name another directory with --state-dir"
        }
        ClientError::File(ControlFileError::NotLoopback { .. } | ControlFileError::NotAFile { .. }) => {
            "no daemon wrote this: find out who did, remove it, and start the daemon again"
        }
        ClientError::File(_) => "check the directory's permissions, or stop the daemon and start it again",
        ClientError::UnknownDevice { .. } => "portal-agent device list",
        ClientError::SeveralDevices { .. } => "name it with --device NAME, or in the variable PORTAL_AGENT_DEVICE",
        ClientError::Lost(_) | ClientError::Api(_) => "portal-agent status tells whether it still runs",
    }
}

impl From<StateDirError> for CommandFailure {
    fn from(error: StateDirError) -> Self {
        Self::configuration(error.to_string(), "")
    }
}

impl From<SettingsError> for CommandFailure {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error.into())
    }
}
