//! Sends: to one device, and to groups (facts 1.3, 1.4).
//!
//! Lives here: limits, expansion of groups, the payload. Does not live here: bulk sends (`acting`), what becomes of a send (`sends`).

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{CustomNotification, DeviceId, NotificationId};

use super::{PendingKind, device_of, user_of};
use crate::answer::{GraphError, RefusalReason, RequestIds};
use crate::body::{JsonBody, MessageText};
use crate::gateway::{GraphRequest, PendingCall, Step};
use crate::role::Role;
use crate::route::DevicePath;
use crate::sends::{SendRecord, SendTarget};
use crate::tenant::{OutgoingMessage, TenantState};
use crate::tokens::Caller;

/// The payload of a custom notification; the request's id is the notification's (contract 7).
pub(super) fn payload(
    message: &MessageText,
    ids: &RequestIds,
    target: Option<portal_contract::UserPrincipalName>,
) -> Result<Vec<u8>, GraphError> {
    let id: NotificationId =
        ids.request_id.parse().map_err(|_| GraphError::new(500, "InternalError", "The request has no id."))?;
    let notification = CustomNotification {
        id,
        notification_title: message.title.clone(),
        notification_body: message.body.clone(),
        sent_at: Some(ids.now),
        expires_at: None,
        target_user_principal_name: target,
        collapse_key: None,
    };
    // Room for all of it: what is beside the texts has fewer than 256 bytes.
    let mut payload = Vec::with_capacity(256 + message.title.len() + message.body.len());
    // An empty message in its place would count as sent.
    serde_json::to_writer(&mut payload, &notification)
        .map_err(|_| GraphError::new(500, "InternalError", "The message cannot be written."))?;
    Ok(payload)
}

pub(super) fn record(
    message: &MessageText,
    ids: &RequestIds,
    role: Role,
    target: SendTarget,
    addressed: usize,
) -> SendRecord {
    SendRecord {
        id: ids.request_id.clone(),
        title: message.title.clone(),
        sent_at: ids.now,
        role: role.word(),
        target,
        addressed,
        receipts: BTreeMap::new(),
    }
}

/// The limit for a device is reached. Undocumented: the answer; chosen: 429, in Intune's form.
fn device_limit(seconds: u64) -> GraphError {
    let message = "Too many custom notifications were sent to this device; at most 10 an hour are allowed";
    GraphError::new(429, "TooManyRequests", message).of_intune().retry_in(seconds).counted(RefusalReason::DeviceLimit)
}

pub(super) fn to_device(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    path: &DevicePath,
) -> Result<Step, GraphError> {
    let message = JsonBody::parse(request.body)?.message()?;
    let device = device_of(state, path)?;
    let user = path.user.as_deref().map(|key| user_of(state, key)).transpose()?;
    let payload = payload(&message, request.ids, user)?;
    state.limits.take_device(device, request.ids.now).map_err(device_limit)?;
    // Before it is published: a receipt may come before the broker's acknowledgement.
    state.sends.add(record(&message, request.ids, caller.role, SendTarget::Devices(vec![device]), 1));
    let topic = state.topics(device).notifications();
    let messages = vec![OutgoingMessage { topic, payload, retain: false }];
    Ok(Step::Publish(Box::new(PendingCall::new(messages, request, caller, PendingKind::DeviceSend(device)))))
}

pub(super) fn to_groups(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
) -> Result<Step, GraphError> {
    let mut body = JsonBody::parse(request.body)?;
    let message = body.message()?;
    let named = body.groups_to_notify()?;
    if let Some(unknown) = named.iter().find(|id| !state.directory.groups.contains_key(id)) {
        // Undocumented: what Intune does with an id that is no group's. Chosen: refusal, so that a mistyped id is noticed.
        return Err(GraphError::not_found("Group", &unknown.to_string()).counted(RefusalReason::UnknownGroup));
    }
    let groups = state.directory.with_nested(&named);
    let users: BTreeSet<_> = state.directory.users_of(&groups);
    let is_theirs = |user: Option<&portal_contract::UserPrincipalName>| user.is_some_and(|user| users.contains(user));
    let addressed = state.devices().filter(|known| is_theirs(known.state.user_principal_name.as_ref())).count();
    let payload = payload(&message, request.ids, None)?;
    state.limits.take_group(request.ids.now).map_err(|seconds| {
        let message =
            "Too many custom notifications were sent to groups; at most 25 an hour are allowed for the tenant";
        let error = GraphError::new(429, "TooManyRequests", message).of_intune().retry_in(seconds);
        error.counted(RefusalReason::TenantLimit)
    })?;
    state.sends.add(record(&message, request.ids, caller.role, SendTarget::Groups(named), addressed));
    // The topic of a group has no device in it.
    let topics = state.topics(DeviceId::from_bytes([0; 16]));
    let message =
        |group| OutgoingMessage { topic: topics.group_notifications(group), payload: payload.clone(), retain: false };
    let messages = groups.into_iter().map(message).collect();
    Ok(Step::Publish(Box::new(PendingCall::new(messages, request, caller, PendingKind::GroupSend))))
}
