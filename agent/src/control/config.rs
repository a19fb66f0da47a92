//! `config show`, of the running daemon.

use axum::Json;
use axum::extract::State;
use portal_contract::SettingsInForce;

use super::RunningHost;
use super::api::ApiState;

/// Where the settings are.
pub(super) const PATH: &str = "/v1/config";

pub(super) async fn show<H: RunningHost>(State(api): State<ApiState<H>>) -> Json<SettingsInForce> {
    Json(SettingsInForce::clone(&api.settings))
}
