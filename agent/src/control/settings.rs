//! `settings show`: the platform's own notification switches.

use std::collections::BTreeMap;

use axum::Json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::{ApiError, RunningDevice, RunningHost};

/// Each switch by name with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SwitchList {
    /// The switches.
    pub settings: BTreeMap<String, String>,
}

pub(super) async fn show<H: RunningHost>(OwnDevice(device): OwnDevice<H>) -> Result<Json<SwitchList>, ApiError> {
    Ok(Json(SwitchList { settings: device.status().await?.settings }))
}
