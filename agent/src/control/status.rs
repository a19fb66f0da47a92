//! `status`: the whole picture of the device.

use axum::Json;
use axum::extract::State;
use portal_contract::StatusReport;

use super::api::{Api, OwnDevice};
use super::{Fault, RunningDevice};

pub(super) async fn show<D: RunningDevice>(
    State(api): State<Api<D>>,
    _: OwnDevice,
) -> Result<Json<StatusReport>, Fault> {
    api.device.status().await.map(Json)
}
