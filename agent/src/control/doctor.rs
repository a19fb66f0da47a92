//! `doctor`: what on this computer could keep a notification from showing.

use axum::Json;
use portal_contract::DoctorReport;

use super::api::OwnDevice;
use super::{ApiError, RunningDevice, RunningHost};

pub(super) async fn examine<H: RunningHost>(OwnDevice(device): OwnDevice<H>) -> Result<Json<DoctorReport>, ApiError> {
    device.doctor().await.map(Json)
}
