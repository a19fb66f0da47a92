//! Calls that read: devices, users, groups, the caller.
//!
//! Lives here: what each list holds. Does not live here: options and pages (`odata`), members (`records`).

use serde_json::{Value, json};

use super::{device_of, group_of, user_of};
use crate::answer::GraphError;
use crate::gateway::GraphRequest;
use crate::odata::{ListOptions, Record};
use crate::records::{self, DEVICE_MEMBERS, GROUP_MEMBERS, MEMBER_MEMBERS, USER_MEMBERS};
use crate::route::DevicePath;
use crate::tenant::TenantState;
use crate::tokens::Caller;

/// What Graph calls the metadata of something.
pub(super) fn context(request: &GraphRequest<'_>, what: &str) -> String {
    let version = request.path.split('/').nth(1).unwrap_or_default();
    format!("{}/{version}/$metadata#{what}", request.base)
}

fn list<'a>(
    request: &GraphRequest<'_>,
    records: impl IntoIterator<Item = &'a Record>,
    members: &[&str],
    what: &str,
) -> Result<Value, GraphError> {
    let options = ListOptions::parse(request.query, members)?;
    Ok(options.page(records, &format!("{}{}", request.base, request.path), &context(request, what)))
}

fn single(request: &GraphRequest<'_>, record: &Record, members: &[&str], what: &str) -> Result<Value, GraphError> {
    let mut body = ListOptions::parse(request.query, members)?.selected(record);
    body["@odata.context"] = json!(context(request, &format!("{what}/$entity")));
    Ok(body)
}

pub(super) fn devices(
    state: &TenantState,
    request: &GraphRequest<'_>,
    user: Option<&str>,
) -> Result<Value, GraphError> {
    let user = user.map(|key| user_of(state, key)).transpose()?;
    let is_theirs = |known: &&crate::tenant::KnownDevice| user.is_none() || known.state.user_principal_name == user;
    let records = state.devices().filter(is_theirs).map(|known| &known.record);
    list(request, records, DEVICE_MEMBERS, "deviceManagement/managedDevices")
}

pub(super) fn device(state: &TenantState, request: &GraphRequest<'_>, path: &DevicePath) -> Result<Value, GraphError> {
    let id = device_of(state, path)?;
    let known = state.device(id).ok_or_else(|| GraphError::not_found("Managed device", &path.device))?;
    single(request, &known.record, DEVICE_MEMBERS, "deviceManagement/managedDevices")
}

pub(super) fn users(state: &TenantState, request: &GraphRequest<'_>) -> Result<Value, GraphError> {
    let records: Vec<Record> = state.users().into_iter().map(records::user).collect();
    list(request, &records, USER_MEMBERS, "users")
}

pub(super) fn user(state: &TenantState, request: &GraphRequest<'_>, key: &str) -> Result<Value, GraphError> {
    single(request, &records::user(&user_of(state, key)?), USER_MEMBERS, "users")
}

/// The caller, as a user of its role's name: a token names nobody.
pub(super) fn me(caller: &Caller, request: &GraphRequest<'_>) -> Result<Value, GraphError> {
    let name = format!("{}@{}.example", caller.role.word(), caller.tenant).parse();
    let name = name.map_err(|_| GraphError::new(500, "InternalError", "The caller has no name."))?;
    single(request, &records::user(&name), USER_MEMBERS, "users")
}

pub(super) fn groups(state: &TenantState, request: &GraphRequest<'_>) -> Result<Value, GraphError> {
    let records: Vec<Record> = state.directory.groups.iter().map(|(id, group)| records::group(*id, group)).collect();
    list(request, &records, GROUP_MEMBERS, "groups")
}

pub(super) fn group(state: &TenantState, request: &GraphRequest<'_>, key: &str) -> Result<Value, GraphError> {
    let id = group_of(state, key)?;
    let group = state.directory.groups.get(&id).ok_or_else(|| GraphError::not_found("Group", key))?;
    single(request, &records::group(id, group), GROUP_MEMBERS, "groups")
}

pub(super) fn members(
    state: &TenantState,
    request: &GraphRequest<'_>,
    key: &str,
    transitive: bool,
) -> Result<Value, GraphError> {
    let id = group_of(state, key)?;
    let groups = &state.directory.groups;
    let within = if transitive { state.directory.with_nested(&[id]) } else { [id].into() };
    let outer: Vec<_> = within.iter().filter_map(|id| groups.get(id)).collect();
    let mut found: Vec<Record> =
        state.directory.users_of(&within).into_iter().map(|user| records::typed(records::user(user), "user")).collect();
    let inner: std::collections::BTreeSet<_> = outer.iter().flat_map(|group| &group.groups).collect();
    let inner = inner.into_iter().filter_map(|id| Some(records::typed(records::group(*id, groups.get(id)?), "group")));
    found.extend(inner);
    let devices: std::collections::BTreeSet<_> = outer.iter().flat_map(|group| &group.devices).collect();
    found.extend(devices.into_iter().filter_map(|device| {
        let Value::Object(record) = json!({"id": device, "displayName": state.name_of(*device)}) else { return None };
        Some(records::typed(record, "device"))
    }));
    list(request, &found, MEMBER_MEMBERS, "directoryObjects")
}
