//! Devices, users and groups as Graph shows them (facts 3).
//!
//! Lives here: their members. Does not live here: which of them there are (`tenant`), lists (`odata`).

use portal_contract::{DeviceState, GroupId, OperatingSystem, UserPrincipalName};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::directory::Group;
use crate::odata::Record;

/// A managed device's members.
pub(crate) const DEVICE_MEMBERS: &[&str] = &[
    "id",
    "userId",
    "deviceName",
    "managedDeviceName",
    "managedDeviceOwnerType",
    "enrolledDateTime",
    "lastSyncDateTime",
    "operatingSystem",
    "osVersion",
    "complianceState",
    "jailBroken",
    "managementAgent",
    "azureADDeviceId",
    "deviceEnrollmentType",
    "deviceRegistrationState",
    "isSupervised",
    "userPrincipalName",
    "emailAddress",
    "userDisplayName",
    "model",
    "manufacturer",
    "serialNumber",
    "managementState",
];
/// A user's members.
pub(crate) const USER_MEMBERS: &[&str] = &["id", "userPrincipalName", "displayName", "mail", "accountEnabled"];
/// A group's members.
pub(crate) const GROUP_MEMBERS: &[&str] =
    &["id", "displayName", "description", "securityEnabled", "mailEnabled", "groupTypes"];
/// What members of a group, users and groups alike, may be filtered and ordered by.
pub(crate) const MEMBER_MEMBERS: &[&str] = &["id", "displayName", "userPrincipalName", "mail", "accountEnabled"];

/// A user's id: made of its UPN, so that every gateway gives it the same one.
pub(crate) fn user_id(user: &UserPrincipalName) -> String {
    let digest = Sha256::digest(user.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

fn display_name(user: &UserPrincipalName) -> &str {
    user.as_str().split('@').next().unwrap_or_default()
}

fn record(value: Value) -> Record {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A managed device. What no device state tells is null; nothing is made up.
pub(crate) fn device(state: &DeviceState) -> Record {
    let user = state.user_principal_name.as_ref();
    let model = match state.operating_system {
        OperatingSystem::Ios => Some("iPhone"),
        OperatingSystem::IpadOs => Some("iPad"),
        OperatingSystem::Android => None,
    };
    record(json!({
        "id": state.device_id,
        "userId": user.map(user_id),
        "deviceName": state.device_name,
        "managedDeviceName": state.device_name,
        "managedDeviceOwnerType": state.managed_device_owner_type,
        "enrolledDateTime": null,
        "lastSyncDateTime": state.updated_at,
        "operatingSystem": state.operating_system,
        "osVersion": state.os_version,
        "complianceState": "unknown",
        "jailBroken": "Unknown",
        "managementAgent": "mdm",
        "azureADDeviceId": null,
        "deviceEnrollmentType": state.device_enrollment_type,
        "deviceRegistrationState": state.device_registration_state,
        "isSupervised": state.is_supervised,
        "userPrincipalName": user,
        "emailAddress": user,
        "userDisplayName": user.map(display_name),
        "model": model,
        "manufacturer": model.map(|_| "Apple"),
        "serialNumber": null,
        "managementState": state.management_state,
    }))
}

/// A user.
pub(crate) fn user(user: &UserPrincipalName) -> Record {
    record(json!({
        "id": user_id(user),
        "userPrincipalName": user,
        "displayName": display_name(user),
        "mail": user,
        "accountEnabled": true,
    }))
}

/// A group.
pub(crate) fn group(id: GroupId, group: &Group) -> Record {
    record(json!({
        "id": id,
        "displayName": group.display_name,
        "description": group.description,
        "securityEnabled": true,
        "mailEnabled": false,
        "groupTypes": [],
    }))
}

/// The same as a member of a list of several kinds.
pub(crate) fn typed(mut record: Record, kind: &str) -> Record {
    record.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.{kind}")));
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_members_are_what_the_records_have() {
        let adele: UserPrincipalName = "adele@contoso.example".parse().unwrap();
        let group_record = group(GroupId::from_random(1), &Group::named("Sales"));
        for (record, members) in [(user(&adele), USER_MEMBERS), (group_record, GROUP_MEMBERS)] {
            let mut expected = members.to_vec();
            expected.sort_unstable();
            let mut names: Vec<&str> = record.keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, expected);
        }
        assert_eq!(user_id(&adele), user_id(&"Adele@contoso.example".parse().unwrap()));
        assert!(uuid::Uuid::parse_str(&user_id(&adele)).is_ok());
    }
}
