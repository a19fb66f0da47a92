//! `gesture`: what a person does with the prompt or a card on the desktop, done by the API: for desktops that nobody sits at.
//!
//! Lives here: the words. Does not live here: what each comes to; it goes the way of the desktop's own answers.

use axum::Json;
use axum::extract::Request;
use portal_contract::DesktopInteraction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::body;
use super::{ApiError, CommandResult, RunningDevice, RunningHost};

/// The body of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InteractionRequest {
    /// What is done.
    pub gesture: DesktopInteraction,
}

pub(super) async fn interact<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<CommandResult>, ApiError> {
    let request: InteractionRequest = body::read_as(request, "gesture").await?;
    device.interact(request.gesture).await.map(Json)
}
