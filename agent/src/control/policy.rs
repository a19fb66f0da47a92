//! `policy set|clear`: what device management enforces.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::plain_calls;
use super::{Call, Fault};
use portal_device::DeviceCommand;

/// Enforces one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The key, by the payload's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Call for Set {
    const PATH: &'static str = "policy";
    const SUMMARY: &'static str = "Enforce one key of the notifications payload, or Android's permission grant";
    const METHOD: Method = Method::PUT;

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::PolicySet { name: self.name, value: self.value })
    }
}

plain_calls! {
    Clear: "policy/clear", "Enforce nothing any more" => DeviceCommand::PolicyClear;
}
