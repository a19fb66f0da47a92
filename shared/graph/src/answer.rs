//! Answers as Graph forms them (facts 2.4).
//!
//! Lives here: status, body and headers of an answer; the two forms of an error. Does not live here: when which is given.

use std::sync::Arc;

use portal_contract::Timestamp;
use serde_json::{Value, json};

/// What tells one request from another, and when it came.
#[derive(Debug, Clone)]
pub struct RequestIds {
    /// The id that this side gives it: the answer's `request-id`, and the id of what it sends.
    pub request_id: Arc<str>,
    /// The caller's own, echoed.
    pub client_request_id: Option<Arc<str>>,
    /// When it came, by the gateway's clock.
    pub now: Timestamp,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; none with 204.
    pub body: Option<Value>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `Allow`: the methods that the path has, where it has not the one that was asked for.
    pub allow: Option<String>,
}

impl GraphAnswer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), retry_after: None, allow: None }
    }

    pub(crate) fn no_content() -> Self {
        Self { status: 204, body: None, retry_after: None, allow: None }
    }
}

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// The HTTP status.
    pub status: u16,
    /// The code, by which a client is to decide.
    pub code: &'static str,
    /// What happened and what to do, in a sentence.
    pub message: String,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The methods that the path has, where it has not the one that was asked for.
    allow: Option<String>,
    /// Whether Intune itself would answer, whose message is JSON in a string (facts 2.4).
    intune: bool,
    /// What the sender's report counts it as.
    pub(crate) refusal: Option<RefusalReason>,
}

/// Why a send was refused, for the sender's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub(crate) enum RefusalReason {
    TitleLength,
    BodyLength,
    TooManyGroups,
    TenantLimit,
    DeviceLimit,
    NotPermitted,
    UnknownDevice,
    UnknownGroup,
    BrokerAway,
}

impl GraphError {
    /// An error of Graph itself.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, allow: None, intune: false, refusal: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A path that leads nowhere. Undocumented: Graph's status for it; 404 is what HTTP has.
    pub(crate) fn no_such_segment(segment: &str) -> Self {
        let shown: String = segment.chars().take(64).collect();
        Self::new(404, "ResourceNotFound", format!("Resource not found for the segment '{shown}'."))
    }

    /// A path that has only these methods.
    pub(crate) fn not_allowed(methods: &[&str]) -> Self {
        let message = "Specified HTTP method is not allowed for the request target.";
        Self { allow: Some(methods.join(", ")), ..Self::new(405, "Request_BadRequest", message) }
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        let shown: String = id.chars().take(128).collect();
        Self::new(404, "ResourceNotFound", format!("{what} '{shown}' does not exist."))
    }

    /// No broker: nothing was sent.
    pub fn broker_away(detail: &str) -> Self {
        let message = format!("The broker is not there, and nothing was sent: {detail}");
        Self::new(503, "ServiceUnavailable", message).retry_in(5).counted(RefusalReason::BrokerAway)
    }

    /// A token that is missing, wrong or expired.
    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// Intune's own form of it.
    pub(crate) fn of_intune(self) -> Self {
        Self { intune: true, ..self }
    }

    /// With `Retry-After`.
    #[must_use]
    pub fn retry_in(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub(crate) fn counted(self, refusal: RefusalReason) -> Self {
        Self { refusal: Some(refusal), ..self }
    }

    /// The answer to the request with these ids.
    pub fn answer(&self, ids: &RequestIds) -> GraphAnswer {
        let message = if self.intune { self.intune_message(ids) } else { self.message.clone() };
        let moment = ids.now.to_string();
        let client = ids.client_request_id.as_deref().unwrap_or(&ids.request_id);
        let body = json!({"error": {
            "code": self.code,
            "message": message,
            // The date has neither fraction nor zone, as in Graph's own.
            "innerError": {"date": &moment[..19], "request-id": &*ids.request_id, "client-request-id": client},
        }});
        GraphAnswer { status: self.status, body: Some(body), retry_after: self.retry_after, allow: self.allow.clone() }
    }

    fn intune_message(&self, ids: &RequestIds) -> String {
        let sentence = format!(
            "{} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: {} - Url: \
             https://emulator.invalid/",
            self.message, ids.request_id
        );
        let message = json!({
            "_version": 3, "Message": sentence, "CustomApiErrorPhrase": "", "RetryAfter": self.retry_after,
            "ErrorSourceService": "", "HttpHeaders": "{}",
        });
        message.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> RequestIds {
        let client_request_id = Some(Arc::from("mine"));
        RequestIds { request_id: Arc::from("r"), client_request_id, now: Timestamp::from_millis(0) }
    }

    #[test]
    fn an_error_has_graphs_shape() {
        let answer = GraphError::bad_request("No.").answer(&ids());
        let expected = json!({"error": {"code": "BadRequest", "message": "No.", "innerError":
            {"date": "1970-01-01T00:00:00", "request-id": "r", "client-request-id": "mine"}}});
        assert_eq!((answer.status, answer.body), (400, Some(expected)));
    }

    #[test]
    fn intunes_message_is_json_in_a_string() {
        let answer = GraphError::bad_request("Too long.").of_intune().retry_in(7).answer(&ids());
        let body = answer.body.unwrap();
        let inner: Value = serde_json::from_str(body["error"]["message"].as_str().unwrap()).unwrap();
        assert_eq!((&inner["_version"], &inner["RetryAfter"]), (&json!(3), &json!(7)));
        assert!(inner["Message"].as_str().unwrap().starts_with("Too long. - Operation ID"));
    }
}
