//! Where `log`, `explain` and `status` read: from the daemon, or from its journal where none runs (contract 7).
//!
//! Lives here: the choice, and the same questions to both. Does not live here: the pages, the journal (`at_rest`).

use portal_contract::{
    Explanation, HeldNotification, ListedReceipt, LogQuery, NotificationId, StatusReport, Timestamp,
};
use serde::Serialize;

use super::{CommandContext, CommandFailure, short_id};
use crate::at_rest::{AtRestError, StoppedDevice};
use crate::control::log::{DEFAULT_LIMIT, LogRequest};
use crate::control::{ApiError, ClientAnswer, ClientError, ControlClient, MOST_IDS, explain_missing};
use crate::daemon::rules;
use crate::wall_clock;

/// Where a device's past is read.
pub enum DeviceSource {
    /// A daemon's.
    Running(ControlClient),
    /// Its journal, which no daemon has open.
    AtRest(Box<StoppedDevice>),
}

impl DeviceSource {
    /// The daemon of the state directory or, where none runs, the journal in it, which is said on standard error.
    ///
    /// # Errors
    /// There is neither, a daemon runs and does not answer, or it is not clear which device is meant.
    pub fn find(context: &mut CommandContext) -> Result<Self, CommandFailure> {
        let absent = match context.client() {
            Ok(client) => return Ok(Self::Running(client)),
            Err(CommandFailure::Client(ClientError::NoDaemon(directory))) => directory,
            Err(other) => return Err(other),
        };
        let named = context.global.device();
        let rules = |context: &CommandContext| Ok::<_, CommandFailure>(rules(&context.settings(Vec::new())?.settings)?);
        // A state directory that is not there needs no settings to be told so.
        if !absent.exists() {
            return Err(ClientError::NoDaemon(absent).into());
        }
        match StoppedDevice::open(&absent, named.as_deref(), &rules(context)?, wall_clock::now()) {
            Ok(device) => {
                let directory = absent.display();
                context.note(&format!("no daemon runs on {directory}; this is what its journal holds"));
                Ok(Self::AtRest(Box::new(device)))
            }
            Err(AtRestError::NoDevice) => Err(ClientError::NoDaemon(absent).into()),
            Err(error) => Err(failure(&absent.display().to_string(), &error)),
        }
    }

    /// The id that is meant by what was typed.
    ///
    /// # Errors
    /// Several begin so, or the journal cannot be read.
    pub fn meant(&self, typed: Option<&NotificationId>) -> Result<Option<NotificationId>, CommandFailure> {
        let Some(typed) = typed else { return Ok(None) };
        let ids = match self {
            Self::Running(client) => client.ids_beginning(typed.as_str())?,
            Self::AtRest(device) => device.ids_beginning(typed.as_str(), MOST_IDS).map_err(unreadable)?,
        };
        short_id::meant(typed, &ids).map(Some)
    }

    /// The receipts that are asked for, oldest first.
    ///
    /// # Errors
    /// The daemon does not answer, or the journal cannot be read.
    pub fn receipts(&self, request: &LogRequest) -> Result<Vec<ListedReceipt>, CommandFailure> {
        match self {
            Self::Running(client) => Ok(client.receipts(request)?),
            Self::AtRest(device) => {
                let query = LogQuery {
                    outcome: request.outcome,
                    id: request.id.clone(),
                    since: request.since.map(|since| since.moment(device.now())),
                    limit: request.limit.unwrap_or(DEFAULT_LIMIT),
                };
                device.log(&query).map_err(unreadable)
            }
        }
    }

    /// The pushes that wait, in the order of arrival.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn held(&self, id: Option<&NotificationId>) -> Result<Vec<HeldNotification>, CommandFailure> {
        match self {
            Self::Running(client) => Ok(client.held(id)?),
            Self::AtRest(device) => Ok(device.held(id)),
        }
    }

    /// The device's present.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn now(&self) -> Result<Timestamp, CommandFailure> {
        match self {
            // The device's present is the computer's and what its clock is ahead.
            Self::Running(client) => {
                Ok(wall_clock::now().plus_millis(client.status()?.value.condition.clock_ahead_millis))
            }
            Self::AtRest(device) => Ok(device.now()),
        }
    }

    /// Why a push did or did not show; the latest without an id.
    ///
    /// # Errors
    /// There is none, the daemon does not answer, or the journal cannot be read.
    pub fn explanation(&self, id: Option<&NotificationId>) -> Result<ClientAnswer<Explanation>, CommandFailure> {
        match self {
            Self::Running(client) => Ok(client.explanation(id)?),
            Self::AtRest(device) => match device.explain(id).map_err(unreadable)? {
                Some(explanation) => answer(explanation),
                None => Err(ClientError::Api(explain_missing(id)).into()),
            },
        }
    }

    /// The whole picture.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn status(&self) -> Result<ClientAnswer<StatusReport>, CommandFailure> {
        match self {
            Self::Running(client) => Ok(client.status()?),
            Self::AtRest(device) => answer(device.status()),
        }
    }
}

/// The answer that a daemon would have given.
fn answer<T: Serialize>(value: T) -> Result<ClientAnswer<T>, CommandFailure> {
    let json = serde_json::to_string(&value).map_err(anyhow::Error::from)?;
    Ok(ClientAnswer { json, value })
}

fn unreadable(error: AtRestError) -> CommandFailure {
    // The sentences of the journal's errors say themselves what to do about it.
    CommandFailure::operation("journalUnreadable", error.to_string(), "")
}

fn failure(directory: &str, error: &AtRestError) -> CommandFailure {
    match error {
        AtRestError::DaemonRuns => CommandFailure::Operation(ApiError::new(
            "daemonLost",
            format!("a daemon runs on the state directory {directory} and does not answer; it may be starting"),
            "try again in a moment; if it stays so, end its process and start it again",
        )),
        AtRestError::UnknownDevice { .. } => {
            CommandFailure::configuration(error.to_string(), "name one of them with --device")
        }
        AtRestError::SeveralDevices(_) => CommandFailure::configuration(
            error.to_string(),
            "name it with --device NAME, or in the variable PORTAL_AGENT_DEVICE",
        ),
        AtRestError::NoDevice | AtRestError::Journal(_) | AtRestError::Open(_) => {
            CommandFailure::operation("journalUnreadable", error.to_string(), "")
        }
    }
}
