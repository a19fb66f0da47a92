//! `enroll` and `enrollment set`: the device's enrollment with Intune.

use std::collections::BTreeSet;

use axum::http::Method;
use portal_contract::{DeviceEnrollmentType, GroupId, ManagedDeviceOwnerType, UserPrincipalName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Fault};
use portal_device::{DeviceCommand, EnrollCommand};

/// Enrolls the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Enroll {
    /// Who enrolls it.
    pub user: UserPrincipalName,
    /// The user's groups, until the broker's list says otherwise; the list last heard where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<GroupId>>,
    /// How; user enrollment where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_enrollment_type: Option<DeviceEnrollmentType>,
    /// Who owns the device; what fits the kind of enrollment where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_device_owner_type: Option<ManagedDeviceOwnerType>,
    /// Whether it is supervised (iOS, iPadOS).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supervised: bool,
}

impl Enroll {
    /// The user's own device, enrolled by that user, with the groups last heard.
    pub fn by(user: UserPrincipalName) -> Self {
        Self { user, groups: None, device_enrollment_type: None, managed_device_owner_type: None, supervised: false }
    }
}

impl Call for Enroll {
    const PATH: &'static str = "enroll";
    const SUMMARY: &'static str = "Enroll the device with Intune";

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::Enroll(EnrollCommand {
            user: self.user,
            groups: self.groups,
            enrollment_type: self.device_enrollment_type,
            owner_type: self.managed_device_owner_type,
            supervised: self.supervised,
        }))
    }
}

/// Changes one of the enrollment's states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The state, by Graph's name.
    pub name: String,
    /// Its new value, in Graph's word.
    pub value: String,
}

impl Call for Set {
    const PATH: &'static str = "enrollment";
    const SUMMARY: &'static str = "Change one of the enrollment's states, by Graph's name";
    const METHOD: Method = Method::PUT;

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::EnrollmentSet { name: self.name, value: self.value })
    }
}
