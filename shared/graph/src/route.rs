//! Paths: which call a method and a path are.
//!
//! Lives here: the table of calls and reading a path by it; names are case-sensitive, as Intune's are (facts 2.2). Does not
//! live here: what a call does.

use std::borrow::Cow;

use portal_contract::ActionKind;

use crate::answer::GraphError;
use crate::role::Permission;

/// A call, with the ids of its path as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    ListDevices { user: Option<String> },
    GetDevice(DevicePath),
    DeleteDevice(DevicePath),
    SendToDevice(DevicePath),
    SendToGroups,
    ExecuteAction { user: Option<String> },
    Act(DevicePath, ActionKind),
    ListGroups,
    CreateGroup,
    GetGroup(String),
    DeleteGroup(String),
    ListMembers { group: String, transitive: bool },
    AddMember(String),
    RemoveMember { group: String, member: String },
    ListUsers,
    GetUser(String),
    Me,
}

/// A device, perhaps below its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DevicePath {
    pub(crate) user: Option<String>,
    pub(crate) device: String,
}

/// Where a call exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// `beta`.
    Beta,
    /// `v1.0`, which has no custom notifications (facts 2.1).
    V1,
}

/// A row of the table of calls, for the OpenAPI document.
#[derive(Debug, Clone, Copy)]
pub struct CallRow {
    /// The method.
    pub method: &'static str,
    /// The path behind the version, ids in braces.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Whether `v1.0` has it, too.
    pub in_v1: bool,
    /// The status of success.
    pub success: u16,
}

const fn row(method: &'static str, path: &'static str, summary: &'static str, in_v1: bool, success: u16) -> CallRow {
    CallRow { method, path, summary, in_v1, success }
}

const SEND: &str = "Send a custom notification to one device";

/// Every call below a version, but `$batch`.
pub const CALLS: &[CallRow] = &[
    row("GET", "/deviceManagement/managedDevices", "List the managed devices", true, 200),
    row("GET", "/deviceManagement/managedDevices/{device}", "One managed device", true, 200),
    row("DELETE", "/deviceManagement/managedDevices/{device}", "Delete a managed device", true, 204),
    row("POST", "/deviceManagement/managedDevices/{device}/retire", "Retire a device", true, 204),
    row("POST", "/deviceManagement/managedDevices/{device}/wipe", "Wipe a device", true, 204),
    row("POST", "/deviceManagement/managedDevices/{device}/syncDevice", "Have a device check in", true, 204),
    row("POST", "/deviceManagement/managedDevices/{device}/sendCustomNotificationToCompanyPortal", SEND, false, 204),
    row("POST", "/deviceManagement/managedDevices/executeAction", "One action on up to 100 devices", false, 200),
    row("GET", "/deviceManagement/comanagedDevices", "The same list", false, 200),
    row("GET", "/deviceManagement/comanagedDevices/{device}", "One of them", false, 200),
    row("POST", "/deviceManagement/comanagedDevices/{device}/sendCustomNotificationToCompanyPortal", SEND, false, 204),
    row("DELETE", "/deviceManagement/comanagedDevices/{device}", "Delete one of them", false, 204),
    row("POST", "/deviceManagement/comanagedDevices/{device}/retire", "Retire one of them", false, 204),
    row("POST", "/deviceManagement/comanagedDevices/{device}/wipe", "Wipe one of them", false, 204),
    row("POST", "/deviceManagement/comanagedDevices/{device}/syncDevice", "Have one of them check in", false, 204),
    row("POST", "/deviceManagement/comanagedDevices/executeAction", "One action on up to 100 devices", false, 200),
    row("POST", "/deviceManagement/sendCustomNotificationToCompanyPortal", "Send to up to 25 groups", false, 204),
    row("GET", "/users", "List the users", true, 200),
    row("GET", "/users/{user}", "One user", true, 200),
    row("GET", "/users/{user}/managedDevices", "A user's managed devices", true, 200),
    row("GET", "/users/{user}/managedDevices/{device}", "One of them", true, 200),
    row("DELETE", "/users/{user}/managedDevices/{device}", "Delete a user's device", true, 204),
    row("POST", "/users/{user}/managedDevices/{device}/retire", "Retire a user's device", true, 204),
    row("POST", "/users/{user}/managedDevices/{device}/wipe", "Wipe a user's device", true, 204),
    row("POST", "/users/{user}/managedDevices/{device}/syncDevice", "Have a user's device check in", true, 204),
    row("POST", "/users/{user}/managedDevices/{device}/sendCustomNotificationToCompanyPortal", SEND, false, 204),
    row("POST", "/users/{user}/managedDevices/executeAction", "One action on up to 100 devices", false, 200),
    row("GET", "/me", "Who the caller is", true, 200),
    row("GET", "/groups", "List the groups", true, 200),
    row("POST", "/groups", "Make a group", true, 201),
    row("GET", "/groups/{group}", "One group", true, 200),
    row("DELETE", "/groups/{group}", "Delete a group", true, 204),
    row("GET", "/groups/{group}/members", "A group's members", true, 200),
    row("GET", "/groups/{group}/transitiveMembers", "Its members and those of the groups in it", true, 200),
    row("POST", "/groups/{group}/members/$ref", "Add a member", true, 204),
    row("DELETE", "/groups/{group}/members/{member}/$ref", "Remove a member", true, 204),
];

impl Call {
    /// What the caller's role must permit.
    pub(crate) fn permission(&self) -> Permission {
        match self {
            Self::SendToDevice(_) => Permission::SendToDevice,
            Self::SendToGroups => Permission::SendToGroups,
            // Each action has its own, which the body tells.
            Self::ExecuteAction { .. } => Permission::Read,
            Self::Act(..) => Permission::RemoteTask,
            Self::DeleteDevice(_) => Permission::DeleteDevice,
            Self::CreateGroup | Self::DeleteGroup(_) | Self::AddMember(_) | Self::RemoveMember { .. } => {
                Permission::WriteGroups
            }
            _ => Permission::Read,
        }
    }

    /// Reads a path such as `/beta/users/adele@contoso.example`.
    ///
    /// # Errors
    /// Graph's 404 for a path that leads nowhere, 405 for one that has not the method.
    pub(crate) fn parse(method: &str, path: &str) -> Result<(ApiVersion, Self), GraphError> {
        let segments = segments(path)?;
        let names: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let (version, rest) = match names[..] {
            ["beta", ref rest @ ..] => (ApiVersion::Beta, rest),
            ["v1.0", ref rest @ ..] => (ApiVersion::V1, rest),
            [first, ..] => return Err(GraphError::no_such_segment(first)),
            [] => return Err(GraphError::no_such_segment("")),
        };
        match Self::of_segments(method, rest) {
            Some(call) if !call.is_in(version, rest) => {
                let last = rest.last().copied().unwrap_or_default();
                Err(GraphError::no_such_segment(last))
            }
            Some(call) => Ok((version, call)),
            // What a batch is made of are calls; the batch itself is none.
            None if rest == ["$batch"] => Err(GraphError::not_allowed(&["POST"])),
            None => {
                let has = |other: &&str| Self::of_segments(other, rest).is_some_and(|call| call.is_in(version, rest));
                let methods: Vec<&str> = METHODS.into_iter().filter(has).collect();
                if methods.is_empty() {
                    return Err(GraphError::no_such_segment(rest.last().copied().unwrap_or_default()));
                }
                Err(GraphError::not_allowed(&methods))
            }
        }
    }

    fn is_in(&self, version: ApiVersion, rest: &[&str]) -> bool {
        let is_of_beta = matches!(self, Self::SendToDevice(_) | Self::SendToGroups | Self::ExecuteAction { .. });
        version == ApiVersion::Beta || !(is_of_beta || rest.contains(&"comanagedDevices"))
    }

    fn of_segments(method: &str, rest: &[&str]) -> Option<Self> {
        let own = |text: &&str| (*text).to_owned();
        match (method, rest) {
            (_, ["deviceManagement", "managedDevices" | "comanagedDevices", below @ ..]) => {
                Self::of_devices(method, None, below)
            }
            (_, ["users", user, "managedDevices", below @ ..]) => Self::of_devices(method, Some(own(user)), below),
            ("POST", ["deviceManagement", action]) if is_send(action) => Some(Self::SendToGroups),
            ("GET", ["users"]) => Some(Self::ListUsers),
            ("GET", ["users", user]) => Some(Self::GetUser(own(user))),
            ("GET", ["me"]) => Some(Self::Me),
            ("GET", ["groups"]) => Some(Self::ListGroups),
            ("POST", ["groups"]) => Some(Self::CreateGroup),
            ("GET", ["groups", group]) => Some(Self::GetGroup(own(group))),
            ("DELETE", ["groups", group]) => Some(Self::DeleteGroup(own(group))),
            ("GET", ["groups", group, list @ ("members" | "transitiveMembers")]) => {
                Some(Self::ListMembers { group: own(group), transitive: *list == "transitiveMembers" })
            }
            ("POST", ["groups", group, "members", "$ref"]) => Some(Self::AddMember(own(group))),
            ("DELETE", ["groups", group, "members", member, "$ref"]) => {
                Some(Self::RemoveMember { group: own(group), member: own(member) })
            }
            _ => None,
        }
    }

    fn of_devices(method: &str, user: Option<String>, below: &[&str]) -> Option<Self> {
        let path = |device: &str, user| DevicePath { user, device: device.to_owned() };
        match (method, below) {
            ("GET", []) => Some(Self::ListDevices { user }),
            ("POST", [action]) if unqualified(action) == "executeAction" => Some(Self::ExecuteAction { user }),
            ("GET", [device]) if unqualified(device) != "executeAction" => Some(Self::GetDevice(path(device, user))),
            ("DELETE", [device]) if unqualified(device) != "executeAction" => {
                Some(Self::DeleteDevice(path(device, user)))
            }
            ("POST", [device, action]) if is_send(action) => Some(Self::SendToDevice(path(device, user))),
            ("POST", [device, action]) => {
                let action = unqualified(action).parse().ok().filter(|action| *action != ActionKind::Delete)?;
                Some(Self::Act(path(device, user), action))
            }
            _ => None,
        }
    }
}

const METHODS: [&str; 3] = ["GET", "POST", "DELETE"];

/// Older SDKs qualify an action with its namespace (facts 2.2).
fn unqualified(segment: &str) -> &str {
    segment.strip_prefix("microsoft.graph.").unwrap_or(segment)
}

fn is_send(segment: &str) -> bool {
    unqualified(segment) == "sendCustomNotificationToCompanyPortal"
}

/// A path's segments, decoded; `name('key')` is two of them.
fn segments(path: &str) -> Result<Vec<Cow<'_, str>>, GraphError> {
    // As many as the longest call has, and one for a key in parentheses.
    let mut found = Vec::with_capacity(8);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = percent_decoded(segment).ok_or_else(|| {
            GraphError::bad_request("The path is not UTF-8, or has % without two hexadecimal digits.")
        })?;
        match segment.strip_suffix("')").and_then(|rest| rest.split_once("('")) {
            Some((name, key)) => found.extend([Cow::Owned(name.to_owned()), Cow::Owned(key.replace("''", "'"))]),
            None => found.push(segment),
        }
    }
    Ok(found)
}

fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let (byte, left) = match (first, others) {
            (b'%', [high, low, left @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                (digit(high)? * 16 + digit(low)?, left)
            }
            (b'%', _) => return None,
            (byte, left) => (*byte, left),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_row_of_the_table_is_a_call_and_says_where_it_is() {
        for row in CALLS {
            let path = row.path.replace("{device}", "d").replace("{user}", "u").replace("{group}", "g");
            let path = path.replace("{member}", "m");
            assert!(Call::parse(row.method, &format!("/beta{path}")).is_ok(), "{}", row.path);
            assert_eq!(Call::parse(row.method, &format!("/v1.0{path}")).is_ok(), row.in_v1, "{}", row.path);
            let error = Call::parse("PUT", &format!("/beta{path}")).unwrap_err();
            assert_eq!(error.status, 405, "{}", row.path);
            let elsewhere = Call::parse("PUT", &format!("/v1.0{path}")).unwrap_err();
            assert!(!row.in_v1 || elsewhere.status == 405, "{}", row.path);
        }
    }

    #[test]
    fn names_may_be_qualified_and_keys_may_stand_in_parentheses() {
        let call = |path: &str| Call::parse("POST", path).map(|(_, call)| call);
        assert_eq!(
            call("/beta/deviceManagement/microsoft.graph.sendCustomNotificationToCompanyPortal"),
            Ok(Call::SendToGroups)
        );
        let device = DevicePath { user: Some("adele@contoso.example".to_owned()), device: "d".to_owned() };
        assert_eq!(
            call("/beta/users/adele%40contoso.example/managedDevices('d')/microsoft.graph.retire"),
            Ok(Call::Act(device, ActionKind::Retire))
        );
    }

    #[test]
    fn case_matters_and_a_path_that_leads_nowhere_is_not_found() {
        for path in ["/beta/devicemanagement/managedDevices", "/", "/v2/me", "/beta", "/beta/me/x"] {
            assert_eq!(Call::parse("GET", path).unwrap_err().status, 404, "{path}");
        }
        assert_eq!(Call::parse("GET", "/beta/users/%f").unwrap_err().status, 400);
        assert_eq!(Call::parse("POST", "/beta/deviceManagement/managedDevices/d/delete").unwrap_err().status, 404);
    }

    proptest! {
        #[test]
        fn no_path_panics_the_reader(path in ".{0,80}") {
            let _ = Call::parse("GET", &path);
            let _ = Call::parse("POST", &format!("/beta/{path}"));
        }
    }
}
