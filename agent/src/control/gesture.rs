//! `gesture`: what a person does with the prompt or a card on the desktop, done by the API: for desktops that nobody sits at.
//!
//! Lives here: the words. Does not live here: what each comes to; it goes the way of the desktop's own answers.

use axum::Json;
use axum::extract::{Request, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::{Api, OwnDevice};
use super::body;
use super::{Applied, Fault, RunningDevice};

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Gesture {
    /// Presses Allow on the permission prompt.
    AllowPrompt,
    /// Presses Don't Allow on the permission prompt.
    DenyPrompt,
    /// Closes the permission prompt's card.
    ClosePrompt,
    /// Clicks the newest card.
    ClickCard,
    /// Dismisses the newest card.
    DismissCard,
}

/// The body of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GestureRequest {
    /// What is done.
    pub gesture: Gesture,
}

pub(super) async fn gesture<D: RunningDevice>(
    State(api): State<Api<D>>,
    _: OwnDevice,
    request: Request,
) -> Result<Json<Applied>, Fault> {
    let body = body::read(request, "gesture").await?;
    let request: GestureRequest = serde_json::from_value(body)
        .map_err(|error| body::wrong(&format!("the body of gesture is not right: {error}")))?;
    api.device.gesture(request.gesture).await.map(Json)
}
