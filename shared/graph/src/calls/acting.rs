//! Remote actions, on one device and on up to a hundred (facts 2.2).
//!
//! Lives here: which kind of enrollment has which action, and the four lists of a bulk action. Does not live here: what a device
//! does about an action (`portal_device`).

use portal_contract::{ActionKind, DeviceEnrollmentType, DeviceId, DeviceState, RemoteAction};
use serde_json::json;

use super::{PendingKind, device_of, forbidden, sending, user_of};
use crate::answer::{GraphAnswer, GraphError, RequestIds};
use crate::body::{BulkAction, JsonBody};
use crate::gateway::{GraphRequest, PendingCall, Step};
use crate::role::Permission;
use crate::route::DevicePath;
use crate::sends::SendTarget;
use crate::tenant::{OutgoingMessage, TenantState};
use crate::tokens::Caller;

/// What came of a bulk action so far; `sent` are the devices with a message, in the messages' order.
#[derive(Debug)]
pub(crate) struct BulkResult {
    sent: Vec<DeviceId>,
    failed: Vec<DeviceId>,
    not_found: Vec<String>,
    not_supported: Vec<DeviceId>,
    action: BulkAction,
}

impl BulkResult {
    pub(crate) fn is_send(&self) -> bool {
        matches!(self.action, BulkAction::Send(_))
    }
}

/// Whether a device of this kind of enrollment has the action (contract 7, "Removal").
fn has(state: &DeviceState, action: ActionKind) -> bool {
    let is_apple = state.operating_system.is_apple();
    let kind = state.device_enrollment_type;
    let personal = kind == Some(DeviceEnrollmentType::UserEnrollment);
    let administrator = kind == Some(DeviceEnrollmentType::DeviceEnrollmentManager);
    match action {
        ActionKind::SyncDevice | ActionKind::Delete => true,
        ActionKind::Retire => is_apple || personal || administrator,
        ActionKind::Wipe => is_apple || !(personal || administrator),
    }
}

fn permission(action: ActionKind) -> Permission {
    if action == ActionKind::Delete { Permission::DeleteDevice } else { Permission::RemoteTask }
}

fn message(state: &TenantState, device: DeviceId, action: ActionKind, id: String, ids: &RequestIds) -> OutgoingMessage {
    let action = RemoteAction { id, action: action.word().to_owned(), sent_at: Some(ids.now) };
    // Texts and times in a flat object: nothing in it could fail to be written.
    let payload = serde_json::to_vec(&action).unwrap_or_default();
    OutgoingMessage { topic: state.topics(device).actions(), payload, retain: false }
}

/// An action on one device. It answers as Graph does, which does not wait for the device: what the device refuses shows in its
/// state (contract 7).
pub(super) fn one(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    path: &DevicePath,
    action: ActionKind,
) -> Result<Step, GraphError> {
    // The parameters of a wipe (keepUserData and such) are read as JSON, and change nothing on an emulated device.
    JsonBody::parse(request.body)?;
    let device = device_of(state, path)?;
    let messages = vec![message(state, device, action, request.ids.request_id.to_string(), request.ids)];
    let hide = (action == ActionKind::Delete).then_some(device);
    Ok(Step::Publish(Box::new(PendingCall::new(messages, request, caller, PendingKind::Act { hide }))))
}

pub(super) fn bulk(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    user: Option<&str>,
) -> Result<Step, GraphError> {
    let (action, named) = JsonBody::parse(request.body)?.bulk()?;
    let needed = match &action {
        BulkAction::Send(_) => Permission::SendToDevice,
        BulkAction::Act(action) => permission(*action),
    };
    if !caller.role.may(needed) {
        return Err(forbidden(caller.role, needed));
    }
    let user = user.map(|key| user_of(state, key)).transpose()?;
    let ids = request.ids;
    let (mut messages, mut sent, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut not_found, mut not_supported) = (Vec::new(), Vec::new());
    for device in named {
        let known = device.as_ref().ok().and_then(|id| state.device(*id));
        let known = known.filter(|known| user.is_none() || known.state.user_principal_name == user);
        let (id, known) = match (device, known) {
            (Ok(id), Some(known)) => (id, known),
            (Ok(id), None) => {
                not_found.push(id.to_string());
                continue;
            }
            (Err(text), _) => {
                not_found.push(text);
                continue;
            }
        };
        match &action {
            BulkAction::Act(action) if !has(&known.state, *action) => not_supported.push(id),
            BulkAction::Act(action) => {
                // Each device's own id, or the second would be a repetition of the first.
                messages.push(message(state, id, *action, format!("{}-{}", ids.request_id, sent.len()), ids));
                sent.push(id);
            }
            BulkAction::Send(text) => {
                if state.limits.take_device(id, ids.now).is_err() {
                    state.refusals.count(crate::answer::RefusalReason::DeviceLimit);
                    failed.push(id);
                    continue;
                }
                let payload = sending::payload(text, ids, user.clone())?;
                messages.push(OutgoingMessage { topic: state.topics(id).notifications(), payload, retain: false });
                sent.push(id);
            }
        }
    }
    if let BulkAction::Send(text) = &action
        && !sent.is_empty()
    {
        let target = SendTarget::Devices(sent.clone());
        state.sends.add(sending::record(text, ids, caller.role, target, sent.len()));
    }
    let result = BulkResult { sent, failed, not_found, not_supported, action };
    Ok(Step::Publish(Box::new(PendingCall::new(messages, request, caller, PendingKind::Bulk(result)))))
}

/// The four lists. They stand at the top of the body, where the SDKs read them (facts 2.2).
pub(super) fn bulk_answer(
    state: &mut TenantState,
    ids: &RequestIds,
    result: BulkResult,
    published: &[bool],
) -> GraphAnswer {
    let BulkResult { sent, mut failed, not_found, not_supported, action } = result;
    let mut successful = Vec::new();
    for (index, device) in sent.into_iter().enumerate() {
        if published.get(index) == Some(&true) {
            if action == BulkAction::Act(ActionKind::Delete) {
                state.hide(device);
            }
            successful.push(device);
        } else {
            if matches!(action, BulkAction::Send(_)) {
                state.limits.give_back_device(device, ids.now);
            }
            failed.push(device);
        }
    }
    if successful.is_empty() {
        state.sends.forget(&ids.request_id);
    }
    GraphAnswer::json(
        200,
        json!({
            "@odata.type": "#microsoft.graph.bulkManagedDeviceActionResult",
            "successfulDeviceIds": successful, "failedDeviceIds": failed,
            "notFoundDeviceIds": not_found, "notSupportedDeviceIds": not_supported,
        }),
    )
}
