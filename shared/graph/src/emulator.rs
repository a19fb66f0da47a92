//! What Graph never gave: sends and their receipts, the sender's report, the gateway's clock.
//!
//! Lives here: the calls below `/emulator`, but the stream of a send, which HTTP makes of the same. Does not live here: what is
//! counted (`sends`, `report`).

use portal_contract::duration;
use portal_contract::timestamp::millis;
use serde_json::{Value, json};

use crate::answer::{GraphAnswer, GraphError};
use crate::body::JsonBody;
use crate::calls::forbidden;
use crate::gateway::GraphRequest;
use crate::openapi;
use crate::report::report;
use crate::role::{Permission, Role};
use crate::sends::SendRecord;
use crate::tenant::TenantState;

/// Answers a call below `/emulator`.
pub(crate) fn answer(
    state: &TenantState,
    role: Role,
    request: &GraphRequest<'_>,
    ahead_millis: &mut i64,
) -> Result<GraphAnswer, GraphError> {
    let parts: Vec<&str> = request.path.split('/').skip(2).collect();
    let body = match (request.method, &parts[..]) {
        ("GET", ["notifications"]) => json!({"value": state.sends.all().map(SendRecord::summary).collect::<Vec<_>>()}),
        ("GET", ["notifications", id]) => send(state, id)?,
        ("GET", ["openapi.json"]) => openapi::document(request.base),
        ("GET", ["report"]) => report(&state.sends, &state.refusals, &state.refused_actions),
        ("POST", ["clock"]) => {
            if !role.may(Permission::MoveClock) {
                return Err(forbidden(role, Permission::MoveClock));
            }
            let text = JsonBody::parse(request.body)?.required("advance")?;
            let span = duration::parse(&text).map_err(|why| GraphError::bad_request(format!("advance: {why}")))?;
            *ahead_millis = ahead_millis.saturating_add(millis(span));
            json!({"now": request.ids.now.plus_millis(millis(span))})
        }
        (_, ["clock"]) => return Err(GraphError::not_allowed(&["POST"])),
        (_, ["notifications"] | ["notifications", _] | ["report"] | ["openapi.json"]) => {
            return Err(GraphError::not_allowed(&["GET"]));
        }
        (_, rest) => return Err(GraphError::no_such_segment(rest.last().copied().unwrap_or_default())),
    };
    Ok(GraphAnswer::json(200, body))
}

fn send(state: &TenantState, id: &str) -> Result<Value, GraphError> {
    let send = state.sends.get(id).ok_or_else(|| GraphError::not_found("Send", id))?;
    Ok(send.details(|device| state.name_of(device)))
}
