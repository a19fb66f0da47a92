//! `stop`: ends the daemon cleanly.

use axum::Json;
use axum::extract::State;

use super::api::Api;
use super::{Applied, Fault, RunningDevice};

/// The answer is written before the server ends: ending lets answers under way finish.
pub(super) async fn stop<D: RunningDevice>(State(api): State<Api<D>>) -> Result<Json<Applied>, Fault> {
    let state = api.device.status().await.map(|status| status.device);
    api.device.stop();
    Ok(Json(Applied { state: state?, note: Some("stopping".to_owned()) }))
}
