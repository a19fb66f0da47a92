//! Any command that can be given to a device, drawn at random.
//!
//! Lives here: the commands and what they take. Does not live here: what else can happen (`steps`).

use std::collections::BTreeSet;

use portal_contract::command::SetUpRequest;
use portal_contract::status::PromptChoice;
use portal_contract::{
    DeviceEnrollmentType, DeviceRegistrationState, GroupId, ManagedDeviceOwnerType, ManagementState,
    NotificationPermission, StandbyBucket,
};
use proptest::prelude::*;

use super::sent::{group, user};
use crate::{AppCommand, ConditionCommand, DeviceCommand, EnrollCommand, PermissionCommand, Removal, RemovalStage};

pub(super) const USERS: [&str; 2] = ["adele", "bob"];

fn app_command() -> impl Strategy<Value = AppCommand> {
    let version = proptest::option::of(prop_oneof!["[0-9]{1,2}(\\.[0-9]{1,4}){0,2}", "[0-9.x]{0,4}"]);
    prop_oneof![
        4 => Just(AppCommand::Install { version: None, target_sdk: None }),
        1 => (version.clone(), target_sdk()).prop_map(|(version, target_sdk)| AppCommand::Install { version, target_sdk }),
        2 => (version, target_sdk()).prop_map(|(version, target_sdk)| AppCommand::Update { version, target_sdk }),
        1 => Just(AppCommand::Uninstall),
        1 => Just(AppCommand::Open),
        1 => Just(AppCommand::Close),
        1 => Just(AppCommand::ForceStop),
        1 => Just(AppCommand::Refresh),
        1 => any::<bool>().prop_map(|signed_in| if signed_in { AppCommand::SignIn } else { AppCommand::SignOut }),
    ]
}

fn target_sdk() -> impl Strategy<Value = Option<u32>> {
    proptest::option::weighted(0.4, 31..35_u32)
}

pub(super) fn choice() -> impl Strategy<Value = PromptChoice> {
    proptest::sample::select(vec![PromptChoice::Allow, PromptChoice::AllowInSummary, PromptChoice::Deny])
}

fn permission_command() -> impl Strategy<Value = PermissionCommand> {
    prop_oneof![
        3 => Just(PermissionCommand::Prompt),
        4 => Just(PermissionCommand::Allow),
        3 => Just(PermissionCommand::Deny),
        1 => Just(PermissionCommand::AllowInSummary),
        1 => Just(PermissionCommand::Reset),
        1 => Just(PermissionCommand::PromptProvisional),
        1 => Just(PermissionCommand::Dismiss),
        1 => any::<bool>().prop_map(|in_summary| PermissionCommand::Keep { in_summary }),
        1 => Just(PermissionCommand::TurnOff),
    ]
}

fn condition_command() -> impl Strategy<Value = ConditionCommand> {
    prop_oneof![
        any::<bool>().prop_map(ConditionCommand::Locked),
        any::<bool>().prop_map(ConditionCommand::Offline),
        any::<bool>().prop_map(ConditionCommand::Focus),
        any::<bool>().prop_map(ConditionCommand::Doze),
        any::<bool>().prop_map(ConditionCommand::WorkProfilePaused),
        any::<bool>().prop_map(ConditionCommand::BatteryOptimisationExempt),
    ]
}

fn setting() -> impl Strategy<Value = DeviceCommand> {
    const NAMES: [&str; 10] = [
        "scheduledDelivery",
        "timeSensitive",
        "alert",
        "lockScreen",
        "notificationCenter",
        "sound",
        "showPreviews",
        "channelGroup",
        "channelImportance",
        "x",
    ];
    const VALUES: [&str; 10] = ["on", "off", "never", "NONE", "LOW", "HIGH", "PRIVATE", "SECRET", "PUBLIC", "x"];
    (proptest::sample::select(&NAMES[..]), proptest::sample::select(&VALUES[..]))
        .prop_map(|(name, value)| DeviceCommand::SettingsSet { name: name.to_owned(), value: value.to_owned() })
}

fn enroll(groups: impl Strategy<Value = Option<BTreeSet<GroupId>>>) -> impl Strategy<Value = EnrollCommand> {
    let kind = proptest::option::weighted(0.3, proptest::sample::select(DeviceEnrollmentType::ALL));
    let owner = proptest::option::weighted(0.2, proptest::sample::select(ManagedDeviceOwnerType::ALL));
    (0..2_usize, groups, kind, owner, any::<bool>()).prop_map(|(n, groups, enrollment_type, owner_type, supervised)| {
        EnrollCommand { user: user(USERS[n]), groups, enrollment_type, owner_type, supervised }
    })
}

fn removal() -> impl Strategy<Value = DeviceCommand> {
    const REMOVALS: [Removal; 3] = [Removal::Retire, Removal::Wipe, Removal::Delete];
    const STAGES: [RemovalStage; 3] = [RemovalStage::Pending, RemovalStage::Issued, RemovalStage::Done];
    (proptest::sample::select(&REMOVALS[..]), proptest::sample::select(&STAGES[..]))
        .prop_map(|(removal, stage)| DeviceCommand::Removal { removal, stage })
}

fn enrollment_state() -> impl Strategy<Value = DeviceCommand> {
    let management = ManagementState::ALL.iter().map(|state| ("managementState", state.word()));
    let registration = DeviceRegistrationState::ALL.iter().map(|state| ("deviceRegistrationState", state.word()));
    let states: Vec<_> = management.chain(registration).chain([("managementState", "x"), ("x", "x")]).collect();
    proptest::sample::select(states)
        .prop_map(|(name, value)| DeviceCommand::EnrollmentSet { name: name.to_owned(), value: value.to_owned() })
}

fn policy() -> impl Strategy<Value = DeviceCommand> {
    const NAMES: [&str; 8] = [
        "NotificationsEnabled",
        "ShowInLockScreen",
        "AlertType",
        "PreviewType",
        "PermissionGrantState",
        "workProfileDefaultAppPermissionPolicy",
        "workProfileBlockNotificationsWhileDeviceLocked",
        "x",
    ];
    const VALUES: [&str; 9] =
        ["true", "false", "0", "2", "granted", "denied", "autoGrant", "autoDeny", "deviceDefault"];
    prop_oneof![
        4 => (proptest::sample::select(&NAMES[..]), proptest::sample::select(&VALUES[..]))
            .prop_map(|(name, value)| DeviceCommand::PolicySet { name: name.to_owned(), value: value.to_owned() }),
        1 => Just(DeviceCommand::PolicyClear),
    ]
}

fn set_up() -> impl Strategy<Value = DeviceCommand> {
    use NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};
    let permission = proptest::sample::select(&[Authorized, Denied, NotDetermined, Provisional][..]);
    (proptest::option::of(permission), 0..2_usize).prop_map(|(permission, n)| {
        DeviceCommand::SetUp(SetUpRequest { platform: None, permission, user: Some(user(USERS[n])) })
    })
}

pub(super) fn command() -> impl Strategy<Value = DeviceCommand> {
    let groups = proptest::option::of(proptest::collection::btree_set((0..3_u8).prop_map(group), 0..3));
    prop_oneof![
        6 => app_command().prop_map(DeviceCommand::App),
        6 => permission_command().prop_map(DeviceCommand::Permission),
        6 => condition_command().prop_map(DeviceCommand::Condition),
        4 => enroll(groups).prop_map(DeviceCommand::Enroll),
        3 => removal(),
        1 => enrollment_state(),
        3 => policy(),
        1 => proptest::sample::select(StandbyBucket::ALL).prop_map(|bucket| DeviceCommand::Standby { bucket }),
        1 => Just(DeviceCommand::Restore),
        2 => any::<bool>().prop_map(|installed| DeviceCommand::PlayServices { installed }),
        1 => (12..20_u32).prop_map(|major| DeviceCommand::OsUpdate { version: major.to_string().parse().unwrap() }),
        3 => setting(),
        1 => (0..200_000_u64).prop_map(|millis| DeviceCommand::ClockAdvance { millis }),
        1 => "[ab]".prop_map(|name| DeviceCommand::Rename { name }),
        1 => Just(DeviceCommand::Reset),
        1 => set_up(),
    ]
}
