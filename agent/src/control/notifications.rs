//! `app notifications`: what Company Portal's own Notifications section lists.

use axum::Json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::{ApiError, InAppMessage, RunningDevice, RunningHost};

/// The section's messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InAppMessages {
    /// The messages, oldest first.
    pub notifications: Vec<InAppMessage>,
}

pub(super) async fn list<H: RunningHost>(OwnDevice(device): OwnDevice<H>) -> Result<Json<InAppMessages>, ApiError> {
    Ok(Json(InAppMessages { notifications: device.in_app().await? }))
}
