//! Reading a request's body: bounded in size and in time.
//!
//! Lives here: from bytes to JSON. Does not live here: what the members mean (the table of commands).

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use portal_contract::command::read_body;
use portal_contract::json_payload;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ApiError;

/// The largest body in bytes.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;
/// How many characters of the parser's own words an answer repeats: it quotes what was sent, however long that is.
const MOST_OF_AN_ERROR: usize = 400;
/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn too_large() -> ApiError {
    let message = format!("the request's body is over {MAX_BODY_BYTES} bytes");
    ApiError::new("bodyTooLarge", message, "no command needs so much: GET /v1/openapi.json lists their bodies")
}

/// Reads the body of a request to `what`; an empty one counts as `{}`.
pub(super) async fn read(request: Request, what: &str) -> Result<Value, ApiError> {
    let reading = to_bytes(request.into_body(), MAX_BODY_BYTES);
    let bytes = tokio::time::timeout(BODY_TIMEOUT, reading).await.map_err(|_| too_slow())?;
    let bytes = bytes.map_err(|_| too_large())?;
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    json_payload::read(&bytes).map_err(|error| wrong(&format!("the body of {what} {error}")))
}

/// Reads the body of a request to `what` as a value of this type, by its schema.
pub(super) async fn read_as<T: JsonSchema + DeserializeOwned>(request: Request, what: &str) -> Result<T, ApiError> {
    let body = read(request, what).await?;
    read_body(&format!("the body of {what}"), body).map_err(|sentence| wrong(&sentence))
}

/// A body that is not right.
pub(super) fn wrong(sentence: &str) -> ApiError {
    let sentence: String = sentence.chars().take(MOST_OF_AN_ERROR).collect();
    ApiError::bad_request(sentence, "GET /v1/openapi.json lists each command's body")
}

fn too_slow() -> ApiError {
    let message = format!("the request's body did not arrive within {} s", BODY_TIMEOUT.as_secs());
    ApiError::new("requestTooSlow", message, "send it in one go")
}
