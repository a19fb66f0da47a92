//! `held`: the pushes that have arrived and wait.

use axum::Json;
use axum::http::Uri;
use portal_contract::{HeldNotification, NotificationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, RunningDevice, RunningHost};

pub(super) const PARAMETERS: &[QueryParameter] = &[QueryParameter::one("id", "only this notification")];

/// Held pushes, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldList {
    /// The pushes.
    pub held: Vec<HeldNotification>,
}

pub(super) async fn list<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<HeldList>, ApiError> {
    let id = QueryValues::read(&uri, PARAMETERS)?.one("id", str::parse::<NotificationId>)?;
    Ok(Json(HeldList { held: device.held(id).await? }))
}
