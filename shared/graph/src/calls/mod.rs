//! The calls, each from its request to what is published and answered.
//!
//! Lives here: choosing the call's function, and what waits between its halves. Does not live here: who may call (`role`).

mod acting;
mod grouping;
mod reading;
mod sending;

use portal_contract::{DeviceId, GroupId, UserPrincipalName};

use crate::answer::{GraphAnswer, GraphError, RefusalReason};
use crate::directory::{Group, Member};
use crate::gateway::{GraphRequest, PendingCall, Step};
use crate::records::user_id;
use crate::role::{Permission, Role};
use crate::route::{Call, DevicePath};
use crate::tenant::TenantState;
use crate::tokens::Caller;

/// What is done once a call's messages were published, or were not.
#[derive(Debug)]
pub(crate) enum PendingKind {
    /// A send to one device.
    DeviceSend(DeviceId),
    /// A send to groups.
    GroupSend,
    /// One action on several devices, each with a message of its own.
    Bulk(acting::BulkResult),
    /// An action on one device; one that is deleted is hidden.
    Act { hide: Option<DeviceId> },
    /// A change of the groups, with its answer and its undoing.
    Groups { undo: GroupUndo, answer: GraphAnswer },
}

/// What takes a change of the groups back.
#[derive(Debug)]
pub(crate) enum GroupUndo {
    Delete(GroupId),
    Restore { id: GroupId, group: Group, parents: Vec<GroupId> },
    Remove(GroupId, Member),
    Add(GroupId, Member),
}

/// Carries a call out as far as it goes before something is published.
pub(crate) fn carry_out(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    call: Call,
) -> Result<Step, GraphError> {
    let answer = match call {
        Call::SendToDevice(path) => return sending::to_device(state, caller, request, &path),
        Call::SendToGroups => return sending::to_groups(state, caller, request),
        Call::ExecuteAction { user } => return acting::bulk(state, caller, request, user.as_deref()),
        Call::Act(path, action) => return acting::one(state, caller, request, &path, action),
        Call::DeleteDevice(path) => {
            return acting::one(state, caller, request, &path, portal_contract::ActionKind::Delete);
        }
        Call::CreateGroup => return grouping::create(state, caller, request),
        Call::DeleteGroup(group) => return grouping::delete(state, caller, request, &group),
        Call::AddMember(group) => return grouping::add(state, caller, request, &group),
        Call::RemoveMember { group, member } => return grouping::remove(state, caller, request, &group, &member),
        Call::ListDevices { user } => reading::devices(state, request, user.as_deref()),
        Call::GetDevice(path) => reading::device(state, request, &path),
        Call::ListUsers => reading::users(state, request),
        Call::GetUser(key) => reading::user(state, request, &key),
        Call::Me => reading::me(caller, request),
        Call::ListGroups => reading::groups(state, request),
        Call::GetGroup(group) => reading::group(state, request, &group),
        Call::ListMembers { group, transitive } => reading::members(state, request, &group, transitive),
    };
    answer.map(|body| Step::Answer(GraphAnswer::json(200, body)))
}

/// The answer once the messages were published; what was not is taken back.
pub(crate) fn finish(
    state: &mut TenantState,
    call: PendingCall,
    published: &[bool],
) -> Result<GraphAnswer, GraphError> {
    let all = published.len() == call.count && published.iter().all(|done| *done);
    let none = !published.contains(&true);
    let away = || GraphError::broker_away("the broker did not take the message; try again");
    match call.kind {
        PendingKind::Bulk(result) => Ok(acting::bulk_answer(state, &call.ids, result, published)),
        PendingKind::DeviceSend(device) if !all => {
            state.limits.give_back_device(device, call.ids.now);
            state.sends.forget(&call.ids.request_id);
            Err(away())
        }
        PendingKind::GroupSend if !all => {
            // What reached one of the groups is sent, and counts.
            if none {
                state.limits.give_back_group(call.ids.now);
                state.sends.forget(&call.ids.request_id);
            }
            Err(away())
        }
        PendingKind::Groups { undo, .. } if !all => {
            grouping::undo(state, undo);
            Err(away())
        }
        PendingKind::Act { .. } if !all => Err(away()),
        PendingKind::Act { hide } => {
            if let Some(device) = hide {
                state.hide(device);
            }
            Ok(GraphAnswer::no_content())
        }
        PendingKind::Groups { answer, .. } => Ok(answer),
        PendingKind::DeviceSend(_) | PendingKind::GroupSend => Ok(GraphAnswer::no_content()),
    }
}

/// Graph's 403.
pub(crate) fn forbidden(role: Role, permission: Permission) -> GraphError {
    let message = format!("The role {} does not permit it; it needs {}.", role.word(), permission.words());
    GraphError::new(403, "Forbidden", message).counted(RefusalReason::NotPermitted)
}

/// A device of the tenant, and of its user where the path names one.
fn device_of(state: &TenantState, path: &DevicePath) -> Result<DeviceId, GraphError> {
    let missing = || GraphError::not_found("Managed device", &path.device).counted(RefusalReason::UnknownDevice);
    let id = path.device.parse().map_err(|_| missing())?;
    let known = state.device(id).ok_or_else(missing)?;
    if let Some(key) = &path.user {
        let user = user_of(state, key)?;
        if known.state.user_principal_name.as_ref() != Some(&user) {
            return Err(missing());
        }
    }
    Ok(id)
}

/// A user by UPN or id.
fn user_of(state: &TenantState, key: &str) -> Result<UserPrincipalName, GraphError> {
    let upn = key.parse::<UserPrincipalName>().ok();
    let is_it = |user: &&&UserPrincipalName| match &upn {
        Some(upn) => **user == upn,
        None => user_id(user).eq_ignore_ascii_case(key),
    };
    let users = state.users();
    let found = users.iter().find(is_it).copied();
    found.cloned().ok_or_else(|| GraphError::not_found("User", key))
}

fn group_of(state: &TenantState, key: &str) -> Result<GroupId, GraphError> {
    let id = key.parse().ok().filter(|id| state.directory.groups.contains_key(id));
    id.ok_or_else(|| GraphError::not_found("Group", key))
}
