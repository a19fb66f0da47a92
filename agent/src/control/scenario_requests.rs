//! The requests about a scenario that runs on the device: what a runner reports, what somebody who watches asks and orders.
//!
//! Lives here: a function for each. Does not live here: the report, and who waits for which (`scenario_run`).

use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};

use super::api::{ApiState, OwnDevice};
use super::body;
use super::{ApiError, RunningDevice, RunningHost, ScenarioAnswer, ScenarioReport, WatchedRun, WatcherRequest};

fn no_run() -> ApiError {
    let hint = "portal-agent scenario run --attach runs one here";
    ApiError::new("noScenario", "no scenario runs on the device", hint)
}

pub(super) async fn show<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
) -> Result<Json<WatchedRun>, ApiError> {
    api.scenarios.run(device.id(), Instant::now()).map(Json).ok_or_else(no_run)
}

pub(super) async fn report<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<ScenarioAnswer>, ApiError> {
    let report: ScenarioReport = body::read_as(request, "scenario").await?;
    let _place = api.places.begin_long()?;
    let order = api.scenarios.report(device.id(), report, &api.ending).await;
    Ok(Json(ScenarioAnswer { order }))
}

pub(super) async fn order<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<WatcherRequest>, ApiError> {
    let request: WatcherRequest = body::read_as(request, "scenario/order").await?;
    if api.scenarios.obey(device.id(), request.order) { Ok(Json(request)) } else { Err(no_run()) }
}
