//! Calls that change groups and their members. Each keeps the lists of the devices concerned (contract 2).
//!
//! Lives here: reading references to members, changing, undoing. Does not live here: the groups themselves (`directory`).

use std::collections::BTreeSet;

use portal_contract::{GroupId, UserPrincipalName};
use serde_json::{Value, json};

use super::reading::context;
use super::{GroupUndo, PendingKind, group_of, user_of};
use crate::answer::{GraphAnswer, GraphError};
use crate::body::JsonBody;
use crate::directory::{Group, Member};
use crate::gateway::{GraphRequest, PendingCall, Step};
use crate::records;
use crate::tenant::TenantState;
use crate::tokens::Caller;

/// What a reference such as `https://graph.microsoft.com/v1.0/users/adele@contoso.example` names.
fn member(state: &TenantState, reference: &str) -> Result<Member, GraphError> {
    let mut parts = reference.trim_end_matches('/').rsplit('/');
    let (key, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let missing = || GraphError::not_found("Resource", key);
    let user = || match key.parse::<UserPrincipalName>() {
        // A user need not have a device yet.
        Ok(user) => Ok(user),
        Err(_) => user_of(state, key),
    };
    let group = || key.parse().ok().filter(|id| state.directory.groups.contains_key(id));
    let device = || key.parse().ok().filter(|id| state.device(*id).is_some());
    match kind {
        "users" => user().map(Member::User),
        "groups" => group().map(Member::Group).ok_or_else(missing),
        "devices" => device().map(Member::Device).ok_or_else(missing),
        "directoryObjects" => match (group(), device()) {
            (Some(group), _) => Ok(Member::Group(group)),
            (None, Some(device)) => Ok(Member::Device(device)),
            (None, None) => user().map(Member::User),
        },
        _ => Err(GraphError::bad_request(
            "A member is referred to as …/users/{id}, …/groups/{id} or …/directoryObjects/{id}.",
        )),
    }
}

/// The lists of the users concerned, then the answer.
fn publish(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    users: &BTreeSet<UserPrincipalName>,
    (undo, answer): (GroupUndo, GraphAnswer),
) -> Step {
    let messages = state.lists_of(users);
    Step::Publish(Box::new(PendingCall::new(messages, request, caller, PendingKind::Groups { undo, answer })))
}

fn add_to(state: &mut TenantState, id: GroupId, member: &Member) -> Result<bool, GraphError> {
    state.directory.add(id, member).map_err(|most| {
        GraphError::new(
            400,
            "Request_BadRequest",
            format!("The user is in {most} groups, which is as many as there may be."),
        )
    })
}

pub(super) fn create(state: &mut TenantState, caller: &Caller, request: &GraphRequest<'_>) -> Result<Step, GraphError> {
    let new = JsonBody::parse(request.body)?.new_group()?;
    // Of the request's own id where the caller names none: it was drawn for this request alone.
    let id = match new.id {
        Some(id) => id,
        None => request.ids.request_id.parse().map_err(|error| GraphError::bad_request(format!("{error}")))?,
    };
    if state.directory.groups.contains_key(&id) {
        let message = "Another object with the same value for property id already exists.";
        return Err(GraphError::new(400, "Request_BadRequest", message));
    }
    let references = new.members.iter().map(|reference| member(state, reference));
    let members: Vec<Member> = references.collect::<Result<_, _>>()?;
    let group = Group { description: new.description, ..Group::named(&new.display_name) };
    let mut body = Value::Object(records::group(id, &group));
    body["@odata.context"] = json!(context(request, "groups/$entity"));
    state.directory.groups.insert(id, group);
    let mut users = BTreeSet::new();
    for member in &members {
        if let Err(error) = add_to(state, id, member) {
            state.directory.delete(id);
            return Err(error);
        }
        users.extend(match member {
            Member::User(user) => Some(user.clone()),
            _ => None,
        });
    }
    Ok(publish(state, caller, request, &users, (GroupUndo::Delete(id), GraphAnswer::json(201, body))))
}

pub(super) fn delete(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    key: &str,
) -> Result<Step, GraphError> {
    let id = group_of(state, key)?;
    let groups = &state.directory.groups;
    let parents = groups.iter().filter(|(_, group)| group.groups.contains(&id)).map(|(parent, _)| *parent).collect();
    let group = groups.get(&id).cloned().ok_or_else(|| GraphError::not_found("Group", key))?;
    let users = state.directory.delete(id).unwrap_or_default();
    let undo = GroupUndo::Restore { id, group, parents };
    Ok(publish(state, caller, request, &users, (undo, GraphAnswer::no_content())))
}

pub(super) fn add(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    key: &str,
) -> Result<Step, GraphError> {
    let id = group_of(state, key)?;
    let reference = JsonBody::parse(request.body)?.required("@odata.id")?;
    let member = member(state, &reference)?;
    if !add_to(state, id, &member)? {
        let message =
            "One or more added object references already exist for the following modified properties: 'members'.";
        return Err(GraphError::new(400, "Request_BadRequest", message));
    }
    let users = user_in(&member);
    Ok(publish(state, caller, request, &users, (GroupUndo::Remove(id, member), GraphAnswer::no_content())))
}

pub(super) fn remove(
    state: &mut TenantState,
    caller: &Caller,
    request: &GraphRequest<'_>,
    key: &str,
    named: &str,
) -> Result<Step, GraphError> {
    let id = group_of(state, key)?;
    let member = member(state, &format!("directoryObjects/{named}"))?;
    if !state.directory.remove(id, &member) {
        return Err(GraphError::not_found("Resource", named));
    }
    let users = user_in(&member);
    Ok(publish(state, caller, request, &users, (GroupUndo::Add(id, member), GraphAnswer::no_content())))
}

fn user_in(member: &Member) -> BTreeSet<UserPrincipalName> {
    match member {
        Member::User(user) => [user.clone()].into(),
        _ => BTreeSet::new(),
    }
}

/// Takes a change back whose lists the broker did not take; the lists are written anew with the next change or connection.
pub(super) fn undo(state: &mut TenantState, undo: GroupUndo) {
    match undo {
        GroupUndo::Delete(id) => drop(state.directory.delete(id)),
        GroupUndo::Restore { id, group, parents } => {
            state.directory.groups.insert(id, group);
            for parent in parents {
                state.directory.groups.get_mut(&parent).map(|outer| outer.groups.insert(id));
            }
        }
        GroupUndo::Remove(id, member) => drop(state.directory.remove(id, &member)),
        GroupUndo::Add(id, member) => drop(state.directory.add(id, &member)),
    }
    state.forget_lists();
}
