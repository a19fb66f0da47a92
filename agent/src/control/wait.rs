//! `wait`: answers when every condition holds, or when time is up. Driven by the device's changes; nothing polls.
//!
//! Lives here: the waiting, and conditions on receipts. Does not live here: conditions on `status` (`condition`).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use portal_contract::{DeviceState, ListedReceipt, NotificationId, OutcomeKind, StatusReport, duration};
use tokio::time::Instant;

use super::api::{ApiState, OwnDevice};
use super::condition::{ConditionState, WaitCondition};
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, LogQuery, RunningDevice, RunningHost};

/// Beyond this a time-out says no more than none.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) const PARAMETERS: &[QueryParameter] = &[
    QueryParameter::many(
        "condition",
        "online, prompt-showing, permission=…, outcome=…, or PATH=VALUE into status; repeated: all must hold",
    ),
    QueryParameter::one("notification", "the notification that outcome=… speaks of; the next receipt where absent"),
    QueryParameter::one("timeout", "how long to wait (90s); without an end where absent"),
];

/// What to wait for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitRequest {
    /// The conditions, all of which must hold at once.
    pub conditions: Vec<String>,
    /// The notification that `outcome=…` speaks of; the next receipt where absent.
    pub notification: Option<NotificationId>,
    /// How long; without an end where absent.
    pub timeout: Option<Duration>,
}

impl WaitRequest {
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let conditions = self.conditions.iter().map(|condition| ("condition", condition.clone()));
        let notification = self.notification.iter().map(|id| ("notification", id.to_string()));
        let timeout = self.timeout.map(|timeout| ("timeout", duration::write(timeout)));
        conditions.chain(notification).chain(timeout).collect()
    }
}

/// One request's waiting.
struct WaitState<D> {
    device: D,
    conditions: Vec<WaitCondition>,
    notification: Option<NotificationId>,
    /// Receipts up to here were there before.
    newest_at_start: u64,
}

pub(super) async fn wait<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<DeviceState>, ApiError> {
    let given = QueryValues::read(&uri, PARAMETERS)?;
    let timeout = given.one("timeout", duration::parse)?.map(|timeout| timeout.min(LONGEST));
    let _place = api.places.begin_long()?;
    let waiting = WaitState {
        conditions: conditions(&given)?,
        notification: given.one("notification", str::parse)?,
        // Before the first look at anything: the next receipt is the one behind this request.
        newest_at_start: *device.settled().borrow(),
        device: device.clone(),
    };
    tokio::select! {
        () = api.ending.cancelled() => Err(ending()),
        answer = waiting.run(timeout) => answer.map(Json),
    }
}

fn conditions(given: &QueryValues) -> Result<Vec<WaitCondition>, ApiError> {
    let read = |text| {
        WaitCondition::parse(text).map_err(|why| ApiError::bad_request(why, "portal-agent wait --help has examples"))
    };
    let conditions: Vec<WaitCondition> = given.all("condition").map(read).collect::<Result<_, _>>()?;
    if conditions.is_empty() {
        return Err(ApiError::bad_request("no condition is given", "give at least one, such as online"));
    }
    Ok(conditions)
}

fn ending() -> ApiError {
    ApiError::new("daemonIsEnding", "the daemon ended while this waited for it", "portal-agent run")
}

impl<D: RunningDevice> WaitState<D> {
    async fn run(&self, timeout: Option<Duration>) -> Result<DeviceState, ApiError> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let (mut changes, mut settled) = (self.device.changes(), self.device.settled());
        loop {
            // Marked as seen before the look, so that what changes during it is looked at again.
            changes.borrow_and_update();
            settled.borrow_and_update();
            let status = self.device.status().await?;
            let unmet = self.unmet(&status).await?;
            if unmet.is_empty() {
                return Ok(status.device);
            }
            if unmet.iter().any(|(_, standing)| matches!(standing, ConditionState::Never(_))) {
                return Err(not_met(&unmet, "cannot hold any more".to_owned()));
            }
            let changed = async {
                tokio::select! { changed = changes.changed() => changed, changed = settled.changed() => changed }
            };
            tokio::select! {
                () = at(deadline) => {
                    return Err(not_met(&unmet, format!("did not hold within {}", timeout_words(timeout))));
                }
                changed = changed => changed.map_err(|_| ending())?,
            }
        }
    }

    async fn unmet(&self, status: &StatusReport) -> Result<Vec<(&WaitCondition, ConditionState)>, ApiError> {
        let members = serde_json::to_value(status).map_err(|error| {
            let message =
                format!("the status cannot be written as JSON: {}", crate::library_error::json_reason(&error));
            ApiError::new("internal", message, "portal-agent status shows how the device stands")
        })?;
        let mut unmet = Vec::new();
        for condition in &self.conditions {
            let standing = match condition {
                WaitCondition::Outcome(wanted) => self.outcome(*wanted).await?,
                other => other.in_status(status, &members),
            };
            if standing != ConditionState::Holds {
                unmet.push((condition, standing));
            }
        }
        Ok(unmet)
    }

    async fn outcome(&self, wanted: OutcomeKind) -> Result<ConditionState, ApiError> {
        match &self.notification {
            Some(id) => self.outcome_of(id, wanted).await,
            None => self.next_outcome(wanted).await,
        }
    }

    async fn next_outcome(&self, wanted: OutcomeKind) -> Result<ConditionState, ApiError> {
        let next = self.device.receipts_after(self.newest_at_start, 1).await?;
        Ok(match next.first() {
            None => ConditionState::NotYet("there is no receipt yet".to_owned()),
            Some(next) if next.receipt.outcome.kind() == wanted => ConditionState::Holds,
            // `outcome=` without an id means the next receipt: it has come, and no later one can take its place.
            Some(ListedReceipt { receipt, .. }) => {
                ConditionState::Never(format!("the next receipt, {}, is {}", receipt.sequence, receipt.outcome.kind()))
            }
        })
    }

    /// An id has one outcome that uses it up; besides, it may be `rejected` before and `duplicate` after (contract 3).
    async fn outcome_of(&self, id: &NotificationId, wanted: OutcomeKind) -> Result<ConditionState, ApiError> {
        let of = |outcome, limit| LogQuery { outcome, id: Some(id.clone()), since: None, limit };
        if !self.device.log(of(Some(wanted), 1)).await?.is_empty() {
            return Ok(ConditionState::Holds);
        }
        // Not the wanted one once more: it may have settled between the two looks, and the next look will find it.
        for kind in OutcomeKind::ALL.iter().copied().filter(|kind| uses_id(*kind) && *kind != wanted) {
            if uses_id(wanted) && !self.device.log(of(Some(kind), 1)).await?.is_empty() {
                return Ok(ConditionState::Never(format!("its outcome is {kind}")));
            }
        }
        Ok(ConditionState::NotYet("there is no receipt of it yet".to_owned()))
    }
}

fn uses_id(kind: OutcomeKind) -> bool {
    !matches!(kind, OutcomeKind::Rejected | OutcomeKind::Duplicate)
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn timeout_words(timeout: Option<Duration>) -> String {
    timeout.map(|timeout| format!("{} s", timeout.as_secs_f64())).unwrap_or_default()
}

fn not_met(unmet: &[(&WaitCondition, ConditionState)], what: String) -> ApiError {
    let each: Vec<String> = unmet
        .iter()
        .map(|(condition, standing)| match standing {
            ConditionState::NotYet(how) | ConditionState::Never(how) => format!("{condition} ({how})"),
            ConditionState::Holds => condition.to_string(),
        })
        .collect();
    let message = format!("{what}: {}", each.join(", "));
    ApiError::new(
        "conditionNotMet",
        message,
        "portal-agent status shows how the device stands, portal-agent log what came",
    )
}
