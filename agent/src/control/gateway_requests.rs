//! The request for what was sent through the daemon's gateway.
//!
//! Lives here: its path and its answer. Does not live here: the list (`gateway_sends`).

use axum::Json;
use axum::extract::State;

use super::api::ApiState;
use super::{GatewaySendList, RunningHost};

/// Where the list is.
pub(super) const PATH: &str = "/v1/gateway/sends";

pub(super) async fn list<H: RunningHost>(State(api): State<ApiState<H>>) -> Json<GatewaySendList> {
    Json(GatewaySendList { sends: api.gateway_sends.follow().borrow().clone() })
}
