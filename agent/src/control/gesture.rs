//! `gesture`: what a person does with the prompt or a card on the desktop, done by the API: for desktops that nobody sits at.
//!
//! Lives here: the words. Does not live here: what each comes to; it goes the way of the desktop's own answers.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::{Api, OwnDevice};
use super::body::{Body, Form};
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

impl Form for GestureRequest {
    const PATH: &'static str = "gesture";
}

pub(super) async fn gesture<D: RunningDevice>(
    State(api): State<Api<D>>,
    _: OwnDevice,
    Body(request): Body<GestureRequest>,
) -> Result<Json<Applied>, Fault> {
    api.device.gesture(request.gesture).await.map(Json)
}
