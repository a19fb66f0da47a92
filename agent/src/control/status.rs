//! `status`: the whole picture of the device.

use axum::Json;
use portal_contract::StatusReport;

use super::api::OwnDevice;
use super::{Fault, RunningDevice, RunningHost};

pub(super) async fn show<H: RunningHost>(OwnDevice(device): OwnDevice<H>) -> Result<Json<StatusReport>, Fault> {
    device.status().await.map(Json)
}
