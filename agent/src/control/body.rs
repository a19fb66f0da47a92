//! Reading a request's body: bounded in size and in time, strict about its members.
//!
//! Lives here: the extractor. Does not live here: what the members mean (one file a verb).

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};

use super::{Call, Fault};

/// The largest body in bytes.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;
/// How many characters of the parser's own words an answer repeats.
const MOST_OF_AN_ERROR: usize = 400;
/// How long a client may take to send its body.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// A command, read from the request's body; an empty body counts as `{}`.
pub(super) struct Body<C>(pub(super) C);

pub(super) fn too_large() -> Fault {
    let message = format!("the request's body is over {MAX_BODY_BYTES} bytes");
    Fault::new("bodyTooLarge", message, "no command needs so much: GET /v1/openapi.json lists their bodies")
}

impl<C: Call, S: Send + Sync> FromRequest<S> for Body<C> {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &S) -> Result<Self, Fault> {
        let reading = to_bytes(request.into_body(), MAX_BODY_BYTES);
        let bytes = tokio::time::timeout(BODY_PATIENCE, reading).await.map_err(|_| too_slow())?;
        let bytes = bytes.map_err(|_| too_large())?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            // It quotes what was sent, however long that is.
            let error: String = error.to_string().chars().take(MOST_OF_AN_ERROR).collect();
            let message = format!("the body of {} {} is not right: {error}", C::METHOD, C::PATH);
            Fault::bad_request(message, "GET /v1/openapi.json lists each command's body")
        })
    }
}

fn too_slow() -> Fault {
    let message = format!("the request's body did not arrive within {} s", BODY_PATIENCE.as_secs());
    Fault::new("requestTooSlow", message, "send it in one go")
}
