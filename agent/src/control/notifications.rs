//! `app notifications`: what Company Portal's own Notifications section lists.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::{Api, OwnDevice};
use super::{Fault, InAppMessage, RunningDevice};

/// The section's messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Notifications {
    /// The messages, oldest first.
    pub notifications: Vec<InAppMessage>,
}

pub(super) async fn list<D: RunningDevice>(
    State(api): State<Api<D>>,
    _: OwnDevice,
) -> Result<Json<Notifications>, Fault> {
    Ok(Json(Notifications { notifications: api.device.in_app().await? }))
}
