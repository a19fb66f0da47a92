//! `GET /livez` and `GET /readyz`: for containers and scripts, without a token (contract 6).
//!
//! Lives here: both answers, which say `ok` or what is not ready and nothing more.

use axum::extract::State;
use axum::http::StatusCode;

use super::RunningHost;
use super::api::ApiState;

/// The paths that need no token.
pub(super) const PATHS: [&str; 2] = ["/livez", READY];

/// The one that may answer 503.
pub(super) const READY: &str = "/readyz";

pub(super) async fn livez() -> &'static str {
    "ok\n"
}

pub(super) async fn readyz<H: RunningHost>(State(api): State<ApiState<H>>) -> (StatusCode, &'static str) {
    if api.host.is_ready() { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "broker\n") }
}
