//! `doctor`: what on this computer could keep a notification from showing.

use axum::Json;
use axum::extract::State;
use portal_contract::DoctorReport;

use super::api::{Api, OwnDevice};
use super::{Fault, RunningDevice};

pub(super) async fn examine<D: RunningDevice>(
    State(api): State<Api<D>>,
    _: OwnDevice,
) -> Result<Json<DoctorReport>, Fault> {
    api.device.doctor().await.map(Json)
}
