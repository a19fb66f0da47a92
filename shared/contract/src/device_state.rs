//! The retained device state (contract 3).
//!
//! Lives here: what others may know of the device. Does not live here: the device's own, fuller state (`portal_device`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, UserPrincipalName};
use crate::managed_device::{DeviceEnrollmentType, DeviceRegistrationState, ManagedDeviceOwnerType, ManagementState};
use crate::prerequisite::Prerequisite;
use crate::service::ActionKind;
use crate::timestamp::Timestamp;

/// The platform, in Graph's spelling.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumString,
)]
#[strum(ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_platform)]
pub enum OperatingSystem {
    /// iPhone.
    #[serde(rename = "iOS")]
    #[strum(serialize = "iOS")]
    Ios,
    /// iPad.
    #[serde(rename = "iPadOS")]
    #[strum(serialize = "iPadOS")]
    IpadOs,
    /// Android.
    Android,
}

impl OperatingSystem {
    /// Whether Apple's rules hold on it.
    pub fn is_apple(self) -> bool {
        !matches!(self, Self::Android)
    }

    /// Graph's spelling.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown_platform(text: &str) -> String {
    format!("{text:?} is no platform; choose ios, ipados or android")
}

fn unknown_permission(text: &str) -> String {
    format!("{text:?} is no state of the permission; choose authorized, denied, notDetermined or provisional")
}

/// The platform's authorization status for Company Portal's notifications, in Apple's words on every platform.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase", ascii_case_insensitive)]
#[strum(parse_err_ty = String, parse_err_fn = unknown_permission)]
pub enum NotificationPermission {
    /// Never asked.
    NotDetermined,
    /// Not allowed.
    Denied,
    /// Allowed.
    Authorized,
    /// Allowed quietly (iOS).
    Provisional,
}

impl NotificationPermission {
    /// The word as payloads spell it.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// What came of the latest remote action (contract 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastAction {
    /// The action's id.
    pub id: String,
    /// The action's name, as sent.
    pub action: String,
    /// `done`, `refused` or `ignored`.
    pub result: ActionResult,
    /// Why it was refused or ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What came of a remote action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionResult {
    /// Carried out.
    Done,
    /// Not allowed or not known here.
    Refused,
    /// Sent before the present enrollment.
    Ignored,
}

impl LastAction {
    /// The record of an action that was carried out.
    pub fn done(id: String, action: ActionKind) -> Self {
        Self { id, action: action.word().to_owned(), result: ActionResult::Done, problem: None }
    }
}

/// What the device tells others of itself: retained, at each change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceState {
    /// The device.
    pub device_id: DeviceId,
    /// Its name.
    pub device_name: String,
    /// Who enrolled it; absent when it is not enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<UserPrincipalName>,
    /// The platform.
    pub operating_system: OperatingSystem,
    /// The platform's version.
    pub os_version: String,
    /// Who owns it.
    pub managed_device_owner_type: ManagedDeviceOwnerType,
    /// How it was enrolled; absent when it is not enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_enrollment_type: Option<DeviceEnrollmentType>,
    /// What management is about to do with it; absent when it is not enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_state: Option<ManagementState>,
    /// How it is registered; `revoked` once it was retired or wiped.
    pub device_registration_state: DeviceRegistrationState,
    /// Whether it is supervised (iOS and iPadOS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_supervised: Option<bool>,
    /// Each prerequisite that applies, met or not.
    pub prerequisites: BTreeMap<Prerequisite, bool>,
    /// The platform's status for Company Portal's notifications.
    pub notification_permission: NotificationPermission,
    /// How often the permission prompt was shown.
    pub prompts_shown: u32,
    /// What came of the latest remote action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_action: Option<LastAction>,
    /// When this was last changed, in device time.
    pub updated_at: Timestamp,
}
