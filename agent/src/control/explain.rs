//! `explain`: why a push did or did not show.

use axum::Json;
use axum::http::Uri;
use portal_contract::{Explanation, NotificationId};

use super::api::OwnDevice;
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, RunningDevice, RunningHost};

// A parameter and no part of the path: a notification's id may hold any character.
pub(super) const PARAMETERS: &[QueryParameter] =
    &[QueryParameter::one("id", "the notification's id; the latest where absent")];

pub(super) async fn explain<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    uri: Uri,
) -> Result<Json<Explanation>, ApiError> {
    let id = QueryValues::read(&uri, PARAMETERS)?.one("id", str::parse::<NotificationId>)?;
    let explanation = device.explain(id.clone()).await?;
    explanation.map(Json).ok_or_else(|| missing(id.as_ref()))
}

/// That there is nothing to explain.
pub fn missing(id: Option<&NotificationId>) -> ApiError {
    match id {
        Some(id) => {
            let message = format!("the journal has no receipt of {:?}, and it is not held", id.as_str());
            ApiError::new("noReceipt", message, "portal-agent log lists the receipts")
        }
        None => ApiError::new("noReceipt", "no push has arrived yet", "portal-agent push TITLE BODY sends one"),
    }
}
