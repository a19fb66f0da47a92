//! `settings show`: the platform's own notification switches.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::{Api, OwnDevice};
use super::{Fault, RunningDevice};

/// Each switch by name with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// The switches.
    pub settings: BTreeMap<String, String>,
}

pub(super) async fn show<D: RunningDevice>(State(api): State<Api<D>>, _: OwnDevice) -> Result<Json<Settings>, Fault> {
    Ok(Json(Settings { settings: api.device.status().await?.settings }))
}
