//! An error as the control API answers it: three parts, and the HTTP status that fits.
//!
//! Lives here: which code has which status. Does not live here: the sentences (they stand where the error arises).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use portal_device::Refusal;

/// Why a request could not be answered, in the three parts that every error has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// A stable code.
    pub code: String,
    /// What happened, to what.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The form of every error: `{"error":{…}}` (contract 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ApiError,
}

impl ApiError {
    /// An error with its three parts.
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }

    /// What was asked is not well-formed; `hint` says what would be.
    pub fn bad_request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("badRequest", message, hint)
    }

    /// The HTTP status that fits the code. A code that is not listed is a refusal by the device: 409.
    pub fn status(&self) -> u16 {
        match self.code.as_str() {
            "badRequest" | "unknownSetting" | "invalidValue" | "invalidVersion" => 400,
            "unauthorized" => 401,
            "foreignHost" | "foreignOrigin" => 403,
            "unknownDevice" | "unknownPath" | "unknownPlace" | "noReceipt" | "noScenario" | "noRecording" => 404,
            "methodNotAllowed" => 405,
            "requestTooSlow" => 408,
            "bodyTooLarge" => 413,
            "journalUnreadable" | "internal" => 500,
            "daemonIsEnding" | "journalUnwritable" | "tooManyConnections" | "tooManyFollowers" => 503,
            _ => 409,
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message, refusal.hint)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(ErrorBody { error: self })).into_response()
    }
}
