//! The permission prompt as state of the device, and each platform's rules for it (contract 5; facts 4.1, 4.2).
//!
//! Lives here: prompts through the whole device. Does not live here: each platform's machine alone (beside its code).

use portal_contract::NotificationPermission::{self, Authorized, Denied, NotDetermined};
use portal_contract::status::PromptChoice;
use portal_contract::{Outcome, Surface};

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPAD, IPHONE, PlatformCase};
use super::sent::sent;
use crate::{
    AppCommand, ChannelCreation, DeviceCommand, DeviceEffect, DeviceInput, EmulationSettings, PermissionCommand,
    PromptNumber,
};

const DAY: i64 = 24 * 3_600_000;

impl DeviceRig {
    fn status(&self) -> NotificationPermission {
        self.snapshot().device_state().notification_permission
    }

    fn rationale(&self) -> Option<bool> {
        self.snapshot().rationale_status()
    }

    fn prompt(&self) -> Option<u32> {
        self.snapshot().permission.prompt.map(|prompt| prompt.number.0)
    }

    fn press(&mut self, number: u32, allow: bool) -> Vec<DeviceEffect> {
        self.happens(DeviceInput::PromptAnswered { number: PromptNumber(number), choice: allow.into() })
    }

    fn close_prompt(&mut self, number: u32) {
        self.happens(DeviceInput::PromptClosed { number: PromptNumber(number) });
    }

    fn update(&mut self) {
        self.app(AppCommand::Update { version: None, target_sdk: None });
    }
}

fn new(platform: super::rig::PlatformCase) -> DeviceRig {
    DeviceRig::new(platform, EmulationSettings::default())
}

#[test]
fn an_install_answers_with_the_prompt_showing_where_the_platform_asks() {
    for platform in [IPHONE, IPAD, ANDROID] {
        let mut rig = new(platform);
        let effects = rig.app(AppCommand::Install { version: None, target_sdk: None });
        assert!(effects.contains(&DeviceEffect::ShowPrompt { number: PromptNumber(1) }));
        let prompt = rig.device.prompt_status().unwrap();
        let buttons = if platform.is_apple() { ["Don't Allow", "Allow"] } else { ["Allow", "Don't allow"] };
        assert_eq!((prompt.shown_at, prompt.actions), (rig.now, buttons.map(str::to_owned).to_vec()));
        assert_eq!((rig.status(), rig.snapshot().device_state().prompts_shown), (NotDetermined, 1));
    }
    let mut rig = new(ANDROID_12);
    rig.install();
    assert_eq!((rig.status(), rig.prompt(), rig.prompts.len()), (Authorized, None, 0));
}

#[test]
fn the_card_and_the_command_answer_the_same_prompt_and_only_one_of_them() {
    for platform in [IPHONE, ANDROID] {
        for (allow, status) in [(true, Authorized), (false, Denied)] {
            let mut by_card = new(platform);
            by_card.install();
            by_card.press(1, allow);
            assert_eq!((by_card.status(), by_card.prompt()), (status, None));
            assert_eq!(by_card.press(1, !allow), [], "a second answer comes too late");

            let mut by_command = new(platform);
            by_command.install();
            let command = if allow { PermissionCommand::Allow } else { PermissionCommand::Deny };
            let effects = by_command.permission(command);
            assert!(effects.contains(&DeviceEffect::WithdrawPrompt { number: PromptNumber(1) }));
            assert_eq!(by_command.snapshot().permission, by_card.snapshot().permission);
            assert_eq!(by_command.press(1, !allow), []);
        }
    }
}

#[test]
fn a_third_button_allows_in_the_scheduled_summary_where_the_setting_says_that_there_is_one() {
    let settings = EmulationSettings { apple_summary_button: true, ..EmulationSettings::default() };
    for by_card in [true, false] {
        let mut rig = DeviceRig::new(IPHONE, settings.clone());
        rig.install();
        rig.enroll("adele");
        let buttons = rig.device.prompt_status().unwrap().actions;
        assert_eq!(buttons, ["Allow", "Allow in Scheduled Summary", "Don't Allow"]);
        if by_card {
            let choice = PromptChoice::AllowInSummary;
            rig.happens(DeviceInput::PromptAnswered { number: PromptNumber(1), choice });
        } else {
            rig.permission(PermissionCommand::AllowInSummary);
        }
        rig.connect(true);
        rig.fence();
        rig.push(sent("a"));
        rig.advance(9 * 3_600_000);
        let Outcome::Presented(shown) = rig.receipt("a").outcome else { panic!() };
        assert_eq!((rig.status(), shown.surface), (Authorized, Surface::NotificationCenter));
        assert_eq!(rig.refused(DeviceCommand::Permission(PermissionCommand::AllowInSummary)).code, "noPrompt");
    }
    let mut before = DeviceRig::new(PlatformCase(IPHONE.0, "14.8"), settings);
    before.install();
    assert_eq!(before.device.prompt_status().unwrap().actions.len(), 2, "14 has no summary");
    let mut unset = new(IPHONE);
    unset.install();
    assert_eq!(unset.refused(DeviceCommand::Permission(PermissionCommand::AllowInSummary)).code, "noSuchButton");
}

#[test]
fn a_closed_card_leaves_an_ios_prompt_showing_and_dismisses_androids_which_is_no_denial() {
    let mut rig = new(IPHONE);
    rig.install();
    rig.close_prompt(1);
    assert_eq!(rig.prompt(), Some(1));
    let mut rig = new(ANDROID);
    rig.install();
    for number in 1..=3 {
        rig.close_prompt(number);
        assert_eq!((rig.prompt(), rig.status()), (None, NotDetermined));
        rig.permission(PermissionCommand::Prompt);
        assert_eq!(rig.prompt(), Some(number + 1));
    }
}

#[test]
fn an_answer_of_an_older_prompt_is_no_answer() {
    let mut rig = new(ANDROID);
    rig.install();
    rig.close_prompt(1);
    rig.permission(PermissionCommand::Prompt);
    assert_eq!(rig.press(1, true), []);
    rig.close_prompt(1);
    assert_eq!(rig.prompt(), Some(2));
}

#[test]
fn ios_prompts_once_whatever_the_update() {
    for allow in [true, false] {
        let mut rig = new(IPHONE);
        rig.install();
        rig.press(1, allow);
        rig.update();
        assert_eq!(rig.prompt(), None);
        rig.os_update("27");
        rig.update();
        assert_eq!(rig.prompts, [1]);
    }
}

#[test]
fn an_update_asks_again_while_ios_was_never_answered_only_after_a_reset() {
    let mut rig = new(IPHONE);
    rig.install();
    rig.update();
    assert_eq!((rig.prompt(), rig.prompts.len()), (Some(1), 1), "the prompt that shows stays the one");
    rig.permission(PermissionCommand::Reset);
    rig.update();
    assert_eq!(rig.prompt(), Some(2));
}

#[test]
fn android_asks_again_after_one_denial_and_never_after_two() {
    let mut rig = new(ANDROID);
    rig.install();
    rig.deny();
    rig.update();
    assert_eq!(rig.prompt(), Some(2));
    rig.deny();
    rig.update();
    assert_eq!(rig.prompt(), None);
    rig.uninstall();
    rig.install();
    assert_eq!((rig.prompt(), rig.status()), (Some(3), NotDetermined), "a new installation, a new life");
}

#[test]
fn a_day_without_the_app_makes_ios_forget_and_less_does_not() {
    for (without, remembered) in [(DAY - 1, true), (DAY, false)] {
        let mut rig = new(IPHONE);
        rig.install();
        rig.deny();
        rig.uninstall();
        rig.advance(without);
        rig.install();
        assert_eq!(rig.status() == Denied, remembered);
        assert_eq!(rig.prompt().is_none(), remembered);
    }
}

#[test]
fn the_prompt_goes_with_the_app_and_with_a_reset() {
    for goes in [
        DeviceCommand::App(AppCommand::Uninstall),
        DeviceCommand::Permission(PermissionCommand::Reset),
        DeviceCommand::Reset,
    ] {
        for platform in [IPHONE, ANDROID] {
            let mut rig = new(platform);
            rig.install();
            let effects = rig.command(goes.clone());
            assert!(effects.contains(&DeviceEffect::WithdrawPrompt { number: PromptNumber(1) }), "{goes:?}");
            assert_eq!(rig.press(1, true), [], "{goes:?}");
            assert_eq!((rig.prompt(), rig.status()), (None, NotDetermined), "{goes:?}");
        }
    }
}

#[test]
fn a_late_answer_to_a_prompt_of_before_a_reset_answers_no_prompt_of_after() {
    let mut rig = new(IPHONE);
    rig.install();
    rig.command(DeviceCommand::Reset);
    rig.install();
    assert_eq!(rig.press(1, true), []);
    assert_eq!(rig.status(), NotDetermined);
    assert_eq!(rig.snapshot().device_state().prompts_shown, 1, "counted since the box");
}

#[test]
fn a_restart_keeps_the_prompt_and_does_not_count_it_anew() {
    for platform in [IPHONE, ANDROID] {
        let mut rig = new(platform);
        rig.install();
        rig.restart();
        assert_eq!((rig.prompt(), rig.snapshot().permission.prompts_shown), (Some(1), 1));
        rig.press(1, true);
        assert_eq!(rig.status(), Authorized);
    }
}

#[test]
fn with_none_showing_allow_and_deny_turn_the_switch_in_settings() {
    for platform in [IPHONE, ANDROID, ANDROID_12] {
        let mut rig = DeviceRig::ready(platform);
        rig.deny();
        assert_eq!(rig.status(), Denied);
        rig.allow();
        assert_eq!((rig.status(), rig.prompts.len()), (Authorized, usize::from(platform.asks())));
    }
    // Android's switch is there from the install on.
    let mut rig = new(ANDROID);
    rig.install();
    rig.close_prompt(1);
    rig.allow();
    assert_eq!(rig.status(), Authorized);
}

#[test]
fn turning_the_switch_off_on_android_counts_as_the_first_denial_and_as_no_more() {
    let mut rig = DeviceRig::ready(ANDROID);
    for _ in 0..3 {
        rig.deny();
        rig.allow();
    }
    rig.deny();
    rig.permission(PermissionCommand::Prompt);
    assert!(rig.prompt().is_some(), "one dialog is left");
    rig.deny();
    rig.permission(PermissionCommand::Prompt);
    assert_eq!((rig.prompt(), rig.rationale()), (None, Some(false)), "its Don't allow was final");
    rig.allow();
    rig.deny();
    assert_eq!(rig.rationale(), Some(true), "until the switch is used");
    rig.permission(PermissionCommand::Prompt);
    assert!(rig.prompt().is_some());
}

#[test]
fn the_rationale_is_told_where_android_has_the_permission_and_the_app_is_there() {
    let mut rig = new(ANDROID);
    assert_eq!(rig.rationale(), None, "no app to tell it to");
    rig.install();
    assert_eq!(rig.rationale(), Some(false), "never asked");
    rig.deny();
    assert_eq!(rig.rationale(), Some(true));
    for platform in [IPHONE, ANDROID_12] {
        assert_eq!(DeviceRig::ready(platform).rationale(), None, "{platform:?}");
    }
}

/// An app that creates its channel with its first message has none before it: an upgrade grants nothing then.
#[test]
fn android_13_grants_beforehand_only_what_has_a_channel() {
    let settings = EmulationSettings { android_channel: ChannelCreation::FirstMessage, ..EmulationSettings::default() };
    for has_notified in [true, false] {
        let mut rig = DeviceRig::ready_with(ANDROID_12, settings.clone());
        if has_notified {
            rig.push(sent("a"));
        }
        rig.os_update("13");
        assert_eq!(rig.status(), if has_notified { Authorized } else { NotDetermined });
    }
}

/// Where the app's target is too old to ask by itself the system asks, once there is a channel and the app is started.
#[test]
fn the_system_asks_for_an_older_target_when_it_starts_with_a_channel() {
    let settings = EmulationSettings {
        android_channel: ChannelCreation::FirstMessage,
        android_target_sdk: 32,
        ..EmulationSettings::default()
    };
    let mut rig = DeviceRig::new(ANDROID, settings);
    rig.install();
    rig.enroll("adele");
    rig.app(AppCommand::Open);
    assert_eq!(rig.prompt(), None, "no channel yet");
    rig.app(AppCommand::Close);
    rig.push(sent("a"));
    rig.app(AppCommand::Open);
    assert_eq!((rig.word("a"), rig.prompt()), ("withheld", Some(1)), "the dropped notification made the channel");
    rig.deny();
    rig.app(AppCommand::Close);
    rig.app(AppCommand::Open);
    assert_eq!(rig.prompt(), None, "seen once");
}

#[test]
fn android_13_grants_what_12_had_on_and_keeps_off_what_was_off() {
    let mut rig = new(ANDROID_12);
    rig.install();
    rig.os_update("13");
    assert_eq!((rig.status(), rig.prompt()), (Authorized, None));

    let mut rig = new(ANDROID_12);
    rig.install();
    rig.deny();
    rig.os_update("13");
    assert_eq!(rig.status(), Denied);

    let mut rig = new(ANDROID_12);
    rig.os_update("13");
    rig.install();
    assert_eq!((rig.status(), rig.prompt()), (NotDetermined, Some(1)), "a fresh install on 13 asks");

    let mut rig = new(ANDROID);
    rig.install();
    rig.deny();
    rig.os_update("17");
    assert_eq!(rig.status(), Denied, "from 13 on an update changes nothing");
}

#[test]
fn a_denied_push_and_an_allowed_one_are_told_apart() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.deny();
    rig.push(sent("denied"));
    rig.allow();
    rig.push(sent("allowed"));
    assert_eq!((rig.word("denied"), rig.word("allowed")), ("withheld", "presented"));
}
