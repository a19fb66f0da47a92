//! `GET /v1/devices`: which devices run here; one in a daemon, many in a fleet.

use axum::Json;
use axum::extract::State;
use portal_contract::DeviceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RunningDevice;
use super::api::Api;

/// The devices that run here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Devices {
    /// Their ids.
    pub devices: Vec<DeviceId>,
}

pub(super) async fn list<D: RunningDevice>(State(api): State<Api<D>>) -> Json<Devices> {
    Json(Devices { devices: vec![api.device.id()] })
}
