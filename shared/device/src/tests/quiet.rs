//! Provisional authorization and what a quiet notification offers (facts 4.1); apps with an older target (facts 4.2).
//!
//! Lives here: both through the whole device. Does not live here: each platform's table (beside its code).

use portal_contract::NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};
use portal_contract::{NotificationPermission, Outcome, Presentation, Surface};

use super::bench::{ANDROID, Bench, IPHONE};
use super::sent::sent;
use crate::{AppCommand, AppleRequest, Command, ConditionCommand, PermissionCommand, Rules};

fn provisional() -> Rules {
    Rules { apple_request: AppleRequest::Provisional, ..Rules::default() }
}

fn install(target_sdk: u32) -> AppCommand {
    AppCommand::Install { version: None, target_sdk: Some(target_sdk) }
}

impl Bench {
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
fn quiet() -> Bench {
    let mut bench = Bench::new(IPHONE, provisional());
    bench.connect(true);
    bench.fence();
    bench.enroll("adele");
    bench.install();
    bench
}

#[test]
fn a_provisional_request_prompts_nobody_and_delivers_to_the_list_alone() {
    let mut bench = quiet();
    bench.permission_is(Provisional, 0);
    for locked in [false, true] {
        bench.condition(ConditionCommand::Locked(locked));
        let shown = bench.showing_of(if locked { "locked" } else { "unlocked" });
        assert_eq!((shown.surface, shown.sound, shown.badge), (Surface::NotificationCenter, Some(false), Some(false)));
    }
    bench.permission(PermissionCommand::Prompt);
    bench.permission_is(Provisional, 0);
}

#[test]
fn keep_allows_and_stays_quiet_until_settings_say_otherwise() {
    for in_summary in [false, true] {
        let mut bench = quiet();
        bench.permission(PermissionCommand::Keep { in_summary });
        bench.permission_is(Authorized, 0);
        assert_eq!(bench.showing_of("kept").surface, Surface::NotificationCenter);
        bench.set("alert", "on");
        bench.set("scheduledDelivery", "off");
        assert_eq!(bench.showing_of("after").surface, Surface::Banner);
    }
}

#[test]
fn turn_off_denies_and_an_update_does_not_ask_again() {
    let mut bench = quiet();
    bench.permission(PermissionCommand::TurnOff);
    bench.app(AppCommand::Update { version: None, target_sdk: None });
    bench.permission_is(Denied, 0);
}

#[test]
fn one_request_may_be_provisional_whatever_the_setting() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.install();
    bench.permission(PermissionCommand::Reset);
    bench.permission(PermissionCommand::PromptProvisional);
    bench.permission_is(Provisional, 1);
}

#[test]
fn an_explicit_request_while_provisional_asks_where_the_setting_says_so() {
    for provisional_may_prompt in [true, false] {
        let mut bench = Bench::new(IPHONE, Rules { provisional_may_prompt, ..Rules::default() });
        bench.install();
        bench.permission(PermissionCommand::Reset);
        bench.permission(PermissionCommand::PromptProvisional);
        bench.permission(PermissionCommand::Prompt);
        bench.permission_is(Provisional, if provisional_may_prompt { 2 } else { 1 });
    }
}

#[test]
fn what_is_apples_is_refused_on_android_and_the_other_way_round() {
    let mut android = Bench::ready(ANDROID);
    for command in [
        PermissionCommand::PromptProvisional,
        PermissionCommand::Keep { in_summary: false },
        PermissionCommand::TurnOff,
    ] {
        assert_eq!(android.refused(Command::Permission(command)).code, "notOnThisPlatform", "{command:?}");
    }
    let mut iphone = Bench::ready(IPHONE);
    for command in [Command::Permission(PermissionCommand::Dismiss), Command::App(install(33))] {
        if let Command::App(_) = command {
            iphone.uninstall();
        }
        assert_eq!(iphone.refused(command.clone()).code, "notOnThisPlatform", "{command:?}");
    }
}

#[test]
fn a_restored_iphone_forgets_the_permission_and_asks_again() {
    let mut bench = Bench::ready(IPHONE);
    bench.command(Command::Restore);
    bench.permission_is(NotDetermined, 1);
    bench.app(AppCommand::Update { version: None, target_sdk: None });
    bench.permission_is(NotDetermined, 2);
}

#[test]
fn the_system_asks_once_for_an_app_with_an_older_target() {
    let mut bench = Bench::new(ANDROID, Rules::default());
    bench.app(install(32));
    bench.deny();
    bench.app(AppCommand::Update { version: None, target_sdk: None });
    bench.permission_is(Denied, 1);
    bench.app(AppCommand::Update { version: None, target_sdk: Some(33) });
    bench.permission_is(Denied, 2);
    bench.deny();
    bench.app(AppCommand::Update { version: None, target_sdk: None });
    bench.permission_is(Denied, 2);
    bench.uninstall();
    bench.app(install(32));
    bench.permission_is(NotDetermined, 3);
}

#[test]
fn swiping_the_prompt_away_is_no_denial_by_command_either() {
    let mut bench = Bench::new(ANDROID, Rules::default());
    bench.install();
    for prompts in 1..=3 {
        bench.permission_is(NotDetermined, prompts);
        bench.permission(PermissionCommand::Dismiss);
        bench.permission(PermissionCommand::Prompt);
    }
    bench.permission(PermissionCommand::Dismiss);
    assert_eq!(bench.note(Command::Permission(PermissionCommand::Dismiss)), "already without a prompt");
}

#[test]
fn a_push_needs_nobody_to_be_signed_in() {
    let mut bench = Bench::ready(IPHONE);
    bench.push(sent("signed out"));
    bench.app(AppCommand::SignIn);
    bench.push(sent("signed in"));
    assert_eq!(bench.ids_of("presented"), ["signed out", "signed in"]);
    assert!(bench.snapshot().app_status().signed_in);
}

#[test]
fn a_new_installation_has_the_switches_of_a_new_installation() {
    let mut bench = Bench::ready(ANDROID);
    bench.set("channelImportance", "NONE");
    bench.uninstall();
    bench.install();
    bench.allow();
    assert_eq!(bench.showing_of("a").surface, Surface::Banner);
    // iOS remembers for a day (facts 4.1).
    let mut bench = Bench::ready(IPHONE);
    bench.set("alert", "off");
    bench.uninstall();
    bench.install();
    assert_eq!(bench.showing_of("a").surface, Surface::NotificationCenter);
}
