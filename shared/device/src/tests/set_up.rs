//! One command that makes a device ready, and what it refuses.
//!
//! Lives here: how the device stands afterwards. Does not live here: what the steps do one by one (their own files).

use portal_contract::command::{DeviceCommand, SetUpRequest};
use portal_contract::{NotificationPermission, OperatingSystem};

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPAD, IPHONE};
use super::sent::sent;
use crate::{ApplePermissionRequest, ConditionCommand, DeviceEffect, EmulationSettings};
use NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};

fn to(permission: NotificationPermission) -> DeviceCommand {
    DeviceCommand::SetUp(SetUpRequest { permission: Some(permission), ..SetUpRequest::default() })
}

#[test]
fn whatever_was_before_the_device_is_ready_and_the_permission_as_asked() {
    for platform in [IPHONE, IPAD, ANDROID, ANDROID_12] {
        for permission in [Authorized, Denied] {
            let mut rig = DeviceRig::ready(platform);
            rig.condition(ConditionCommand::Locked(true));
            rig.push(sent("before"));
            let effects = rig.command(to(permission));
            let device = rig.snapshot().device_state();
            assert_eq!(device.notification_permission, permission, "{platform:?}");
            assert_eq!(device.user_principal_name.unwrap().to_string(), "adele@contoso.example");
            assert!(rig.snapshot().app.is_installed() && !rig.snapshot().condition.locked);
            let draws = |effect: &DeviceEffect| matches!(effect, DeviceEffect::ShowPrompt { .. });
            assert!(!effects.iter().any(draws), "a prompt that is answered already is not drawn: {effects:?}");
            assert!(rig.snapshot().permission.prompt.is_none());
            rig.push(sent("before"));
            let expected = if permission == Authorized { "presented" } else { "withheld" };
            assert_eq!(rig.outcomes("before").last().unwrap().kind().word(), expected, "{platform:?}");
        }
    }
}

#[test]
fn not_determined_leaves_the_prompt_for_somebody_to_answer() {
    for platform in [IPHONE, ANDROID] {
        let mut rig = DeviceRig::ready(platform);
        rig.command(to(NotDetermined));
        assert_eq!(rig.snapshot().acting_permission(), NotDetermined);
        assert!(rig.snapshot().permission.prompt.is_some());
        rig.deny();
        assert_eq!(rig.snapshot().acting_permission(), Denied);
    }
}

#[test]
fn what_the_platform_cannot_be_is_refused_with_the_reason_and_changes_nothing() {
    let quiet =
        EmulationSettings { apple_request: ApplePermissionRequest::Provisional, ..EmulationSettings::default() };
    let rows = [
        (DeviceRig::ready(ANDROID_12), to(NotDetermined), "Android 12", "device set-up --permission authorized"),
        (DeviceRig::ready(ANDROID), to(Provisional), "Apple's", "permission prompt"),
        (
            DeviceRig::ready_with(IPHONE, quiet),
            to(NotDetermined),
            "provisional",
            "device set-up --permission provisional",
        ),
        (
            DeviceRig::ready(IPHONE),
            DeviceCommand::SetUp(SetUpRequest { platform: Some(OperatingSystem::Android), ..SetUpRequest::default() }),
            "runs iOS",
            "device add --platform android",
        ),
    ];
    for (mut rig, command, words, hint) in rows {
        let before = rig.snapshot().clone();
        let refusal = rig.refused(command);
        assert!(refusal.message.contains(words), "{refusal:?}");
        assert_eq!((refusal.hint.as_str(), rig.snapshot()), (hint, &before));
    }
}

#[test]
fn an_iphone_can_be_provisional_and_a_device_that_is_so_already_stays_as_it_is() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.command(to(Provisional));
    assert_eq!(rig.snapshot().acting_permission(), Provisional);
    let mut rig = DeviceRig::new(ANDROID_12, EmulationSettings::default());
    rig.command(to(Authorized));
    assert_eq!(rig.note(to(Authorized)), "already set up so");
}
