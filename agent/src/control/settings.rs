//! `settings show|set`: the platform's own notification switches.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::{Api, OwnDevice};
use super::{Call, Fault, RunningDevice};
use portal_device::DeviceCommand;

/// Turns one switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The switch, by the platform's name.
    pub name: String,
    /// Its new value.
    pub value: String,
}

impl Call for Set {
    const PATH: &'static str = "settings";
    const SUMMARY: &'static str = "Turn one of the platform's notification switches";
    const METHOD: Method = Method::PUT;

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::SettingsSet { name: self.name, value: self.value })
    }
}

/// Each switch by name with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// The switches.
    pub settings: BTreeMap<String, String>,
}

pub(super) async fn show<D: RunningDevice>(State(api): State<Api<D>>, _: OwnDevice) -> Result<Json<Settings>, Fault> {
    Ok(Json(Settings { settings: api.device.status().await?.settings }))
}
