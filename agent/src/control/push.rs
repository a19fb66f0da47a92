//! `push` and `push/raw`: a sender for tests, for programs that have no MQTT client of their own.
//!
//! Lives here: the requests and their answers. Does not live here: publishing (the daemon); what becomes of a push is in its
//! receipt, which `wait` and `receipts` have.

use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use bytes::Bytes;
use portal_contract::timestamp::millis;
use portal_contract::{CustomNotification, GroupId, IdError, NotificationId, UserPrincipalName, duration};
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
    /// To the users of this group in the device's tenant, and not to the device alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// So many of them, each with an id of its own: 1 where absent, at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub count: Option<usize>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentNotification {
    /// The id by which its receipt is known; of many, the last one's.
    pub id: NotificationId,
    /// The ids of many, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<NotificationId>,
}

/// The body of `push/raw`: bytes that are sent as they are, for what is no custom notification. One of `text` and `bytes` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawPushRequest {
    /// The bytes as text, in UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes as numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Vec<u8>>,
    /// To the users of this group in the device's tenant, and not to the device alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// So many times: 1 where absent, at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub count: Option<usize>,
}

/// What was sent by `push/raw`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentBytes {
    /// The id in the bytes, by which a receipt is known; null where they hold no valid one.
    pub id: Option<NotificationId>,
    /// How many bytes each had.
    pub size: usize,
}

/// How many pushes one request sends at most, and how many bytes in all.
const MOST_PUSHES: usize = 10_000;
const MOST_PUSH_BYTES: usize = 32 * 1024 * 1024;

/// What a person says of a push, by the API or on the command line: without times, and perhaps without an id.
#[derive(Debug, Clone)]
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
    let count = count(request.count)?;
    if request.count.is_some() && request.id.is_some() {
        return Err(ApiError::bad_request("id with count: each has an id of its own", "leave out one of the two"));
    }
    let draft = NotificationDraft {
        title: request.notification_title,
        body: request.notification_body,
        id: request.id,
        expires_in,
        target_user: request.target_user_principal_name,
        collapse_key: request.collapse_key,
    };
    let ahead = device.status().await?.condition.clock_ahead_millis;
    let (mut ids, mut payloads) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let notification = draft.clone().stamped(ahead).map_err(|_| {
            ApiError::new("internal", "a new UUID is no id of a notification", "name one in the member id")
        })?;
        let payload = serde_json::to_vec(&notification).map_err(|_| {
            ApiError::new("internal", "the notification cannot be written as JSON", "send it by another sender")
        })?;
        has_room(count, payload.len())?;
        payloads.push(Bytes::from(payload));
        ids.push(notification.id);
    }
    device.publish(request.group, payloads).await?;
    let id = ids.last().cloned().ok_or_else(|| too_few_or_many(0))?;
    Ok(Json(SentNotification { id, ids: if count > 1 { ids } else { Vec::new() } }))
}

pub(super) async fn raw<H: RunningHost>(
    OwnDevice(device): OwnDevice<H>,
    request: Request,
) -> Result<Json<SentBytes>, ApiError> {
    let request: RawPushRequest = body::read_as(request, "push/raw").await?;
    let count = count(request.count)?;
    let payload = match (request.text, request.bytes) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(bytes)) => bytes,
        _ => return Err(ApiError::bad_request("one of text and bytes is sent", r#"such as {"text":"{}"}"#)),
    };
    let value = serde_json::from_slice::<serde_json::Value>(&payload).unwrap_or_default();
    let id = value["id"].as_str().and_then(|id| id.parse().ok());
    let size = payload.len();
    has_room(count, size)?;
    device.publish(request.group, vec![Bytes::from(payload); count]).await?;
    Ok(Json(SentBytes { id, size }))
}

fn count(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked.unwrap_or(1) {
        count @ 1..=MOST_PUSHES => Ok(count),
        count => Err(too_few_or_many(count)),
    }
}

fn has_room(count: usize, size: usize) -> Result<(), ApiError> {
    if count.saturating_mul(size) <= MOST_PUSH_BYTES {
        return Ok(());
    }
    let message = format!("{count} pushes of {size} bytes are over {MOST_PUSH_BYTES} bytes in all");
    Err(ApiError::bad_request(message, "send them in several requests"))
}

fn too_few_or_many(count: usize) -> ApiError {
    ApiError::bad_request(format!("count: {count} is not within 1 and {MOST_PUSHES}"), "send them in several requests")
}
