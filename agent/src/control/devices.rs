//! `GET /v1/devices` and what adds and removes one: which devices run here.

use axum::Json;
use axum::extract::{Request, State};
use portal_contract::{DeviceList, DeviceState, NewDevice};

use super::api::{ApiState, OwnDevice};
use super::{ApiError, RunningDevice, RunningHost, body};

pub(super) async fn list<H: RunningHost>(State(api): State<ApiState<H>>) -> Json<DeviceList> {
    let hosted = api.host.devices();
    Json(DeviceList { devices: hosted.iter().map(|device| device.device_id).collect(), hosted })
}

pub(super) async fn add<H: RunningHost>(
    State(api): State<ApiState<H>>,
    request: Request,
) -> Result<Json<DeviceState>, ApiError> {
    let new: NewDevice = body::read_as(request, "a new device").await?;
    let device = api.host.add(new).await?;
    Ok(Json(device.status().await?.device))
}

pub(super) async fn remove<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
) -> Result<Json<DeviceList>, ApiError> {
    api.host.remove(device.id()).await?;
    Ok(list(State(api)).await)
}
