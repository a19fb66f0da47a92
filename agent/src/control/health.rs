//! `GET /livez` and `GET /readyz`: for containers and scripts, without a token (contract 6).
//!
//! Lives here: both answers, which say `ok` or what is not ready and nothing more.

use axum::extract::State;
use axum::http::StatusCode;

use super::RunningDevice;
use super::api::Api;

/// The paths that need no token.
pub(super) const PATHS: [&str; 2] = ["/livez", "/readyz"];

pub(super) async fn livez() -> &'static str {
    "ok\n"
}

pub(super) async fn readyz<D: RunningDevice>(State(api): State<Api<D>>) -> (StatusCode, &'static str) {
    match api.device.status().await {
        Ok(status) if status.broker.connected => (StatusCode::OK, "ok\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "broker\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "device\n"),
    }
}
