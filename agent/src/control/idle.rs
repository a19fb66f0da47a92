//! `quiet`: answers once nothing is on its way to the device, on it, or from it, and nothing is due.
//!
//! Lives here: the answer and the wait's limit. Does not live here: how it is proved (the device's owner).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use portal_contract::{IdleReport, duration};

use super::api::{ApiState, OwnDevice};
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, RunningDevice, RunningHost};

/// Where nothing is said: a fence that does not come back has given up by then.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const PARAMETERS: &[QueryParameter] =
    &[QueryParameter::one("timeout", "how long to wait (90s); 30s where absent")];

pub(super) async fn until_idle<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<IdleReport>, ApiError> {
    let given = QueryValues::read(&uri, PARAMETERS)?;
    let timeout = given.one("timeout", duration::parse)?.unwrap_or(DEFAULT_TIMEOUT);
    let _place = api.places.begin_long()?;
    tokio::select! {
        () = api.ending.cancelled() => Err(ApiError::new("daemonIsEnding", "the daemon ended meanwhile", "portal-agent run")),
        idle = tokio::time::timeout(timeout, device.until_idle()) => match idle {
            Ok(idle) => idle.map(Json),
            Err(_) => Err(not_idle(&device, timeout).await),
        },
    }
}

async fn not_idle<D: RunningDevice>(device: &D, timeout: Duration) -> ApiError {
    let problem = device.status().await.ok().and_then(|status| status.broker.problem);
    let why = problem.unwrap_or_else(|| "pushes or receipts are still on their way".to_owned());
    let message = format!("the device did not come to rest within {}: {why}", duration::write(timeout));
    ApiError::new("notQuiet", message, "portal-agent status and doctor say how things stand")
}
