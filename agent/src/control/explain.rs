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
    let message = match &id {
        Some(id) => format!("the journal has no receipt of {:?}, and it is not held", id.as_str()),
        None => "no push has arrived yet".to_owned(),
    };
    let hint = if id.is_some() { "portal-agent log lists the receipts" } else { "portal-agent push --here sends one" };
    device.explain(id).await?.map(Json).ok_or_else(|| ApiError::new("noReceipt", message, hint))
}
