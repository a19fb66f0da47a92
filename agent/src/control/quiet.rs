//! `quiet`: answers once nothing is on its way to the device, on it, or from it, and nothing is due.
//!
//! Lives here: the answer and the wait's limit. Does not live here: how quiet is proved (the device's owner).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use portal_contract::{IdleReport, duration};

use super::api::{ApiState, OwnDevice};
use super::parameters::{QueryParameter, QueryValues};
use super::{Fault, RunningDevice, RunningHost};

/// Where nothing is said: a fence that does not come back has given up by then.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const PARAMETERS: &[QueryParameter] =
    &[QueryParameter::one("timeout", "how long to wait (90s); 30s where absent")];

pub(super) async fn quiet<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<IdleReport>, Fault> {
    let given = QueryValues::read(&uri, PARAMETERS)?;
    let timeout = given.one("timeout", duration::parse)?.unwrap_or(DEFAULT_TIMEOUT);
    tokio::select! {
        () = api.ending.cancelled() => Err(Fault::new("daemonIsEnding", "the daemon ended meanwhile", "portal-agent run")),
        quiet = tokio::time::timeout(timeout, device.quiet()) => match quiet {
            Ok(quiet) => quiet.map(Json),
            Err(_) => Err(not_quiet(&device, timeout).await),
        },
    }
}

async fn not_quiet<D: RunningDevice>(device: &D, timeout: Duration) -> Fault {
    let problem = device.status().await.ok().and_then(|status| status.broker.problem);
    let why = problem.unwrap_or_else(|| "pushes or receipts are still on their way".to_owned());
    let message = format!("the device did not come to rest within {}: {why}", duration::write(timeout));
    Fault::new("notQuiet", message, "portal-agent status and doctor say how things stand")
}
