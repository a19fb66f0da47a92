//! `stop`: ends the daemon cleanly.

use axum::Json;
use axum::extract::State;

use super::api::ApiState;
use super::{ApiError, CommandResult, RunningDevice, RunningHost};

pub(super) async fn stop<H: RunningHost>(State(api): State<ApiState<H>>) -> Result<Json<CommandResult>, ApiError> {
    let first = api.host.devices().first().and_then(|device| api.host.device(device.device_id));
    let state = match first {
        Some(device) => device.status().await.map(|status| status.device),
        None => Err(ApiError::new("noDevice", "no device is hosted", "portal-agent device add")),
    };
    // Before the answer is written, which it still is: ending lets the answers under way finish.
    api.host.stop();
    Ok(Json(CommandResult { state: state?, note: Some("stopping".to_owned()) }))
}
