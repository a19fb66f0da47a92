//! `status`: the whole picture of the device.

use axum::Json;
use portal_contract::StatusReport;

use super::api::OwnDevice;
use super::{ApiError, RunningDevice, RunningHost};

pub(super) async fn show<H: RunningHost>(OwnDevice(device): OwnDevice<H>) -> Result<Json<StatusReport>, ApiError> {
    device.status().await.map(Json)
}
