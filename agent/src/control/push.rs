//! `push`: a sender for tests, for programs that have no MQTT client of their own.
//!
//! Lives here: the request and its answer. Does not live here: publishing (the daemon); what becomes of the push is in its
//! receipt, which `wait` and `receipts` have.

use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use portal_contract::timestamp::millis;
use portal_contract::{CustomNotification, IdError, NotificationId, UserPrincipalName, duration};
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

/// What a person says of a push, by the API or on the command line: without times, and perhaps without an id.
#[derive(Debug)]
pub struct NotificationDraft {
    /// The title.
    pub title: String,
    /// The body.
    pub body: String,
    /// The id; a new UUID where none is given.
    pub id: Option<NotificationId>,
    /// Worth showing no longer than this.
    pub expires_in: Option<Duration>,
    /// The user that it targets.
    pub target_user: Option<UserPrincipalName>,
    /// FCM's collapse key.
    pub collapse_key: Option<String>,
}

impl NotificationDraft {
    /// The notification, sent now by a clock that is ahead of the computer's by so much: a push to the daemon's own device is
    /// stamped in device time (contract 5).
    ///
    /// # Errors
    /// None is known: a UUID is an id of the right form.
    pub fn stamped(self, clock_ahead_millis: i64) -> Result<CustomNotification, IdError> {
        let now = crate::wall_clock::now().plus_millis(clock_ahead_millis);
        Ok(CustomNotification {
            id: self.id.map_or_else(|| uuid::Uuid::new_v4().to_string().parse(), Ok)?,
            notification_title: self.title,
            notification_body: self.body,
            sent_at: Some(now),
            expires_at: self.expires_in.map(|duration| now.plus_millis(millis(duration))),
            target_user_principal_name: self.target_user,
            collapse_key: self.collapse_key,
        })
    }
}

pub(super) async fn push<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<SentNotification>, ApiError> {
    let request: PushRequest = body::read_as(request, "push").await?;
    let expires_in = request.expires_in.as_deref().map(duration::parse).transpose();
    let expires_in = expires_in
        .map_err(|sentence| ApiError::bad_request(format!("expiresIn: {sentence}"), "such as 90s, 4h, 1h30m or 2d"))?;
    let draft = NotificationDraft {
        title: request.notification_title,
        body: request.notification_body,
        id: request.id,
        expires_in,
        target_user: request.target_user_principal_name,
        collapse_key: request.collapse_key,
    };
    let notification = draft
        .stamped(device.status().await?.condition.clock_ahead_millis)
        .map_err(|_| ApiError::new("internal", "a new UUID is no id of a notification", "name one in the member id"))?;
    let id = notification.id.clone();
    device.publish(notification).await?;
    Ok(Json(SentNotification { id }))
}
