//! `push`: a sender for tests, for programs that have no MQTT client of their own.
//!
//! Lives here: the request and its answer. Does not live here: publishing (the daemon); what becomes of the push is in its
//! receipt, which `wait` and `receipts` have.

use axum::Json;
use axum::extract::Request;
use portal_contract::timestamp::millis;
use portal_contract::{CustomNotification, NotificationId, UserPrincipalName, duration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::OwnDevice;
use super::body;
use super::{ApiError, RunningDevice, RunningHost};

/// The body of the request: a custom notification as people write one. Its lengths are not checked here: the device says what is
/// wrong with it, in its receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushRequest {
    /// The title.
    pub notification_title: String,
    /// The body.
    pub notification_body: String,
    /// The notification's id; a new UUID where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<NotificationId>,
    /// Worth showing no longer than this: `90s`, `4h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<String>,
    /// The user that it targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_user_principal_name: Option<UserPrincipalName>,
    /// FCM's collapse key: of the pushes with one that wait for a device that is away, the newest replaces the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentNotification {
    /// The id by which its receipt is known.
    pub id: NotificationId,
}

pub(super) async fn push<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<SentNotification>, ApiError> {
    let request: PushRequest = body::read_as(request, "push").await?;
    let expires_in = request.expires_in.as_deref().map(duration::parse).transpose();
    let expires_in = expires_in
        .map_err(|sentence| ApiError::bad_request(format!("expiresIn: {sentence}"), "such as 90s, 4h, 1h30m or 2d"))?;
    let id = match request.id {
        Some(id) => id,
        None => uuid::Uuid::new_v4().to_string().parse().map_err(|_| {
            ApiError::new("internal", "a new UUID is no id of a notification", "name one in the member id")
        })?,
    };
    // contract 5: a push to the daemon's own device is stamped in device time
    let ahead = device.status().await?.condition.clock_ahead_millis;
    let now = crate::wall_clock::now().plus_millis(ahead);
    let notification = CustomNotification {
        id: id.clone(),
        notification_title: request.notification_title,
        notification_body: request.notification_body,
        sent_at: Some(now),
        expires_at: expires_in.map(|duration| now.plus_millis(millis(duration))),
        target_user_principal_name: request.target_user_principal_name,
        collapse_key: request.collapse_key,
    };
    device.publish(notification).await?;
    Ok(Json(SentNotification { id }))
}
