//! Provisional authorization and what a quiet notification offers (facts 4.1); apps with an older target (facts 4.2).
//!
//! Lives here: both through the whole device. Does not live here: each platform's table (beside its code).

use portal_contract::NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};
use portal_contract::{DeliveryDelay, NotificationPermission, Outcome, Presentation, Surface};

use super::rig::{ANDROID, DeviceRig, IPHONE};
use super::sent::sent;
use crate::{
    AppCommand, ApplePermissionRequest, ConditionCommand, DeviceCommand, EmulationSettings, HoldReason,
    PermissionCommand,
};

fn provisional() -> EmulationSettings {
    EmulationSettings { apple_request: ApplePermissionRequest::Provisional, ..EmulationSettings::default() }
}

fn install(target_sdk: u32) -> AppCommand {
    AppCommand::Install { version: None, target_sdk: Some(target_sdk) }
}

impl DeviceRig {
    fn permission_is(&self, status: NotificationPermission, prompts: usize) {
        assert_eq!((self.snapshot().permission.status(), self.prompts.len()), (status, prompts));
    }

    fn showing_of(&mut self, id: &str) -> Presentation {
        self.push(sent(id));
        match self.receipt(id).outcome {
            Outcome::Presented(shown) => shown,
            ref other => panic!("{id}: {other:?}"),
        }
    }
}

/// An enrolled iPhone whose app was granted provisional authorization at its first launch.
fn quiet() -> DeviceRig {
    let mut rig = DeviceRig::new(IPHONE, provisional());
    rig.connect(true);
    rig.fence();
    rig.enroll("adele");
    rig.install();
    rig
}

#[test]
fn a_provisional_request_prompts_nobody_and_delivers_to_the_list_alone() {
    let mut rig = quiet();
    rig.permission_is(Provisional, 0);
    for locked in [false, true] {
        rig.condition(ConditionCommand::Locked(locked));
        let shown = rig.showing_of(if locked { "locked" } else { "unlocked" });
        assert_eq!((shown.surface, shown.sound, shown.badge), (Surface::NotificationCenter, Some(false), Some(false)));
    }
    rig.permission(PermissionCommand::Prompt);
    rig.permission_is(Provisional, 0);
    rig.set("notificationCenter", "off");
    rig.push(sent("nowhere"));
    assert_eq!(rig.word("nowhere"), "withheld");
}

#[test]
fn keep_allows_and_stays_quiet_until_settings_say_otherwise() {
    for in_summary in [false, true] {
        let mut rig = quiet();
        rig.permission(PermissionCommand::Keep { in_summary });
        rig.permission_is(Authorized, 0);
        rig.push(sent("kept"));
        if in_summary {
            assert_eq!(rig.held.values().next().unwrap().reason, HoldReason::ScheduledSummary);
            rig.advance(9 * 3_600_000);
            assert_eq!(rig.receipt("kept").delay, Some(DeliveryDelay::DelayedScheduledSummary));
        }
        let Outcome::Presented(shown) = rig.receipt("kept").outcome else { panic!() };
        assert_eq!((shown.surface, shown.sound), (Surface::NotificationCenter, Some(false)));
        rig.set("alert", "on");
        rig.set("scheduledDelivery", "off");
        assert_eq!(rig.showing_of("after").surface, Surface::Banner);
    }
}

#[test]
fn turn_off_denies_and_an_update_does_not_ask_again() {
    let mut rig = quiet();
    rig.permission(PermissionCommand::TurnOff);
    rig.app(AppCommand::Update { version: None, target_sdk: None });
    rig.permission_is(Denied, 0);
}

#[test]
fn one_request_may_be_provisional_whatever_the_setting() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.install();
    rig.permission(PermissionCommand::Reset);
    rig.permission(PermissionCommand::PromptProvisional);
    rig.permission_is(Provisional, 1);
}

#[test]
fn an_explicit_request_while_provisional_asks_where_the_setting_says_so() {
    for provisional_may_prompt in [true, false] {
        let mut rig =
            DeviceRig::new(IPHONE, EmulationSettings { provisional_may_prompt, ..EmulationSettings::default() });
        rig.install();
        rig.permission(PermissionCommand::Reset);
        rig.permission(PermissionCommand::PromptProvisional);
        rig.permission(PermissionCommand::Prompt);
        rig.permission_is(Provisional, if provisional_may_prompt { 2 } else { 1 });
    }
}

#[test]
fn what_is_apples_is_refused_on_android_and_the_other_way_round() {
    let mut android = DeviceRig::ready(ANDROID);
    for command in [
        PermissionCommand::PromptProvisional,
        PermissionCommand::Keep { in_summary: false },
        PermissionCommand::TurnOff,
    ] {
        assert_eq!(android.refused(DeviceCommand::Permission(command)).code, "notOnThisPlatform", "{command:?}");
    }
    let mut iphone = DeviceRig::ready(IPHONE);
    for command in [DeviceCommand::Permission(PermissionCommand::Dismiss), DeviceCommand::App(install(33))] {
        if let DeviceCommand::App(_) = command {
            iphone.uninstall();
        }
        assert_eq!(iphone.refused(command.clone()).code, "notOnThisPlatform", "{command:?}");
    }
}

#[test]
fn a_restored_iphone_forgets_the_permission_and_asks_again() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.command(DeviceCommand::Restore);
    rig.permission_is(NotDetermined, 1);
    rig.app(AppCommand::Update { version: None, target_sdk: None });
    rig.permission_is(NotDetermined, 2);
}

#[test]
fn the_system_asks_once_for_an_app_with_an_older_target() {
    let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
    rig.app(install(32));
    rig.deny();
    rig.app(AppCommand::Update { version: None, target_sdk: None });
    rig.permission_is(Denied, 1);
    rig.app(AppCommand::Update { version: None, target_sdk: Some(33) });
    rig.permission_is(Denied, 2);
    rig.deny();
    rig.app(AppCommand::Update { version: None, target_sdk: None });
    rig.permission_is(Denied, 2);
    rig.uninstall();
    rig.app(install(32));
    rig.permission_is(NotDetermined, 3);
}

#[test]
fn swiping_the_prompt_away_is_no_denial_by_command_either() {
    let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
    rig.install();
    for prompts in 1..=3 {
        rig.permission_is(NotDetermined, prompts);
        rig.permission(PermissionCommand::Dismiss);
        rig.permission(PermissionCommand::Prompt);
    }
    rig.permission(PermissionCommand::Dismiss);
    assert_eq!(rig.note(DeviceCommand::Permission(PermissionCommand::Dismiss)), "already without a prompt");
}

#[test]
fn a_push_needs_nobody_to_be_signed_in() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.push(sent("signed out"));
    rig.app(AppCommand::SignIn);
    rig.push(sent("signed in"));
    assert_eq!(rig.ids_of("presented"), ["signed out", "signed in"]);
    assert!(rig.snapshot().app_status().signed_in);
}

#[test]
fn a_new_installation_has_the_switches_of_a_new_installation() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.set("channelImportance", "NONE");
    rig.uninstall();
    rig.install();
    rig.allow();
    assert_eq!(rig.showing_of("a").surface, Surface::Banner);
    // iOS remembers for a day (facts 4.1).
    let mut rig = DeviceRig::ready(IPHONE);
    rig.set("alert", "off");
    rig.uninstall();
    rig.install();
    assert_eq!(rig.showing_of("a").surface, Surface::NotificationCenter);
}
