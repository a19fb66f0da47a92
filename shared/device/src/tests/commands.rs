//! Every command that changes nothing says so, and every refusal says what, why and what instead (contract 5).
//!
//! Lives here: the tables of notes and refusals. Does not live here: what the commands do when they do something.

use portal_contract::command::COMMANDS;

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPAD, IPHONE, PLATFORMS, PlatformCase, RETIRE};
use super::sent::{group, user};
use crate::{AppCommand, ConditionCommand, DeviceCommand, DeviceInput, EnrollCommand, PermissionCommand};

fn install(version: Option<&str>) -> DeviceCommand {
    DeviceCommand::App(AppCommand::Install { version: version.map(str::to_owned), target_sdk: None })
}

fn update(version: Option<&str>) -> DeviceCommand {
    DeviceCommand::App(AppCommand::Update { version: version.map(str::to_owned), target_sdk: None })
}

fn enroll(name: &str) -> DeviceCommand {
    DeviceCommand::Enroll(EnrollCommand::by(user(name)))
}

fn set(name: &str, value: &str) -> DeviceCommand {
    DeviceCommand::SettingsSet { name: name.to_owned(), value: value.to_owned() }
}

fn os(version: &str) -> DeviceCommand {
    DeviceCommand::OsUpdate { version: version.parse().unwrap() }
}

const PROMPT: DeviceCommand = DeviceCommand::Permission(PermissionCommand::Prompt);
const ALLOW: DeviceCommand = DeviceCommand::Permission(PermissionCommand::Allow);
const DENY: DeviceCommand = DeviceCommand::Permission(PermissionCommand::Deny);
const FORGET: DeviceCommand = DeviceCommand::Permission(PermissionCommand::Reset);

type Setup = fn(&mut DeviceRig);
const NEW: Setup = |_| {};
const INSTALLED: Setup = DeviceRig::install;
const READY: Setup = |rig| {
    rig.install();
    rig.allow();
    rig.enroll("adele");
};
const DENIED: Setup = |rig| {
    rig.install();
    rig.deny();
};
const DENIED_TWICE: Setup = |rig| {
    DENIED(rig);
    rig.command(PROMPT);
    rig.deny();
};
const TURNED_OFF: Setup = |rig| {
    READY(rig);
    rig.deny();
};
const FORCE_STOPPED: Setup = |rig| {
    READY(rig);
    rig.app(AppCommand::ForceStop);
};
const OPEN: Setup = |rig| {
    READY(rig);
    rig.app(AppCommand::Open);
};

#[test]
fn a_command_that_changes_nothing_says_so() {
    let condition = DeviceCommand::Condition;
    let rows: Vec<(PlatformCase, Setup, DeviceCommand, &str)> = vec![
        (IPHONE, INSTALLED, install(None), "already installed, version 5.2311.1"),
        (ANDROID, INSTALLED, install(Some("5.0.5291")), "already installed, version 5.0.5291.0"),
        (IPHONE, INSTALLED, update(Some("5.2311.1")), "already at version 5.2311.1"),
        (IPHONE, NEW, DeviceCommand::App(AppCommand::Uninstall), "already not installed"),
        (IPHONE, OPEN, DeviceCommand::App(AppCommand::Open), "already open"),
        (IPHONE, READY, DeviceCommand::App(AppCommand::Close), "already closed"),
        (ANDROID, FORCE_STOPPED, DeviceCommand::App(AppCommand::ForceStop), "already force-stopped"),
        (IPHONE, INSTALLED, DeviceCommand::App(AppCommand::Refresh), "the section lists at once what comes in the app"),
        (IPHONE, READY, enroll("adele"), "already enrolled by adele@contoso.example"),
        (IPHONE, NEW, RETIRE, "already not enrolled"),
        (IPHONE, READY, ALLOW, "already allowed"),
        (IPHONE, DENIED, DENY, "already denied"),
        (ANDROID, READY, ALLOW, "already allowed"),
        (ANDROID, DENIED, DENY, "already denied"),
        (ANDROID, TURNED_OFF, DENY, "already denied"),
        (ANDROID_12, INSTALLED, ALLOW, "already allowed"),
        (IPHONE, INSTALLED, PROMPT, "already showing the prompt"),
        (IPHONE, READY, PROMPT, "already authorized: iOS and iPadOS prompt once and never again (facts 4.1: "),
        (IPAD, DENIED, PROMPT, "already denied: iOS and iPadOS prompt once and never again (facts 4.1: "),
        (ANDROID, READY, PROMPT, "already authorized: the permission is granted, so Android does not ask (facts 4.2: "),
        (
            ANDROID,
            DENIED_TWICE,
            PROMPT,
            "already denied: a second Don't allow is permanent, the switch in Settings counting as the first: no dialog until the app is reinstalled or that switch is used (facts 4.2: ",
        ),
        (ANDROID_12, INSTALLED, PROMPT, "already authorized: Android asks from version 13 on (facts 4.2: "),
        (IPHONE, NEW, FORGET, "already as before the first prompt"),
        (ANDROID_12, INSTALLED, FORGET, "already as before the first prompt"),
        (ANDROID, NEW, DeviceCommand::PlayServices { installed: true }, "already installed"),
        (IPHONE, NEW, condition(ConditionCommand::Locked(false)), "already unlocked"),
        (IPHONE, NEW, condition(ConditionCommand::Offline(false)), "already online"),
        (IPHONE, NEW, condition(ConditionCommand::Focus(false)), "already not focused"),
        (ANDROID, NEW, condition(ConditionCommand::Doze(false)), "already awake"),
        (ANDROID, NEW, condition(ConditionCommand::WorkProfilePaused(false)), "already running"),
        (ANDROID, NEW, condition(ConditionCommand::BatteryOptimisationExempt(false)), "already optimised"),
        (IPHONE, NEW, os("26"), "already on iOS 26"),
        (IPHONE, NEW, os("26.0"), "already on iOS 26"),
        (ANDROID, NEW, os("16"), "already on Android 16"),
        (IPHONE, NEW, set("alert", "on"), "already alert=on"),
        (ANDROID, NEW, set("channelImportance", "high"), "already channelImportance=HIGH"),
        (IPHONE, NEW, DeviceCommand::ClockAdvance { millis: 0 }, "already at that time"),
        (ANDROID, NEW, DeviceCommand::Reset, "already out of its box"),
        (IPHONE, NEW, DeviceCommand::Rename { name: "Adele's phone".to_owned() }, "already named Adele's phone"),
    ];
    for (platform, stands, command, note) in rows {
        let mut rig = DeviceRig::new(platform, Default::default());
        stands(&mut rig);
        let said = rig.note(command.clone());
        // Behind the section stand the documents.
        let is_it = if note.ends_with(": ") { said.starts_with(note) && said.ends_with(')') } else { said == note };
        assert!(is_it, "{platform:?} {command:?}: {said}");
    }
}

#[test]
fn each_condition_that_is_on_already_says_so() {
    let rows: Vec<(ConditionCommand, &str)> = vec![
        (ConditionCommand::Locked(true), "already locked"),
        (ConditionCommand::Offline(true), "already offline"),
        (ConditionCommand::Focus(true), "already focused"),
        (ConditionCommand::Doze(true), "already dozing"),
        (ConditionCommand::WorkProfilePaused(true), "already paused"),
        (ConditionCommand::BatteryOptimisationExempt(true), "already exempt"),
    ];
    for (command, note) in rows {
        let mut rig = DeviceRig::ready(ANDROID);
        rig.condition(command);
        assert_eq!(rig.note(DeviceCommand::Condition(command)), note);
    }
    let mut rig = DeviceRig::ready(ANDROID);
    rig.command(DeviceCommand::PlayServices { installed: false });
    assert_eq!(rig.note(DeviceCommand::PlayServices { installed: false }), "already removed");
}

/// Platform, how it stands, the command; then the code, a piece of the message, a piece of the hint.
type Refused = (PlatformCase, Setup, DeviceCommand, &'static str, &'static str, &'static str);

fn refusals() -> Vec<Refused> {
    let app = DeviceCommand::App;
    let no_app = "companyPortalNotInstalled";
    let not_here = "notOnThisPlatform";
    let elsewhere = "--platform android";
    vec![
        (IPHONE, NEW, update(None), no_app, "app update needs Company Portal", "app install"),
        (IPHONE, NEW, app(AppCommand::Open), no_app, "app open needs Company Portal", "app install"),
        (ANDROID, NEW, app(AppCommand::ForceStop), no_app, "app force-stop needs Company Portal", "app install"),
        (IPHONE, NEW, app(AppCommand::Refresh), no_app, "app notifications needs Company Portal", "app install"),
        (IPHONE, NEW, ALLOW, no_app, "permission needs Company Portal", "app install"),
        (ANDROID, NEW, DENY, no_app, "permission needs Company Portal", "app install"),
        (ANDROID, NEW, PROMPT, no_app, "permission needs Company Portal", "app install"),
        (IPHONE, READY, app(AppCommand::ForceStop), not_here, "force-stop is Android's", "app close"),
        (IPHONE, NEW, install(Some("new")), "invalidVersion", "\"new\" is no app version", "digits and dots"),
        (IPHONE, NEW, install(Some("5..1")), "invalidVersion", "\"5..1\" is no app version", "digits and dots"),
        (IPHONE, NEW, install(Some("")), "invalidVersion", "\"\" is no app version", "digits and dots"),
        (IPHONE, READY, update(Some("5.2311.0")), "olderVersion", "5.2311.0 is older than 5.2311.1", "app uninstall"),
        (IPHONE, READY, update(Some("5.999.9")), "olderVersion", "5.999.9 is older than 5.2311.1", "app uninstall"),
        (IPHONE, READY, enroll("bob"), "alreadyEnrolled", "enrolled by adele@contoso.example", "retire, then enroll"),
        (
            IPAD,
            NEW,
            DeviceCommand::PlayServices { installed: false },
            not_here,
            "Google Play Services is Android's",
            elsewhere,
        ),
        (IPHONE, NEW, DeviceCommand::Condition(ConditionCommand::Doze(true)), not_here, "Doze is Android's", elsewhere),
        (
            IPHONE,
            NEW,
            DeviceCommand::Condition(ConditionCommand::WorkProfilePaused(true)),
            not_here,
            "the work profile is Android's",
            elsewhere,
        ),
        (
            IPHONE,
            NEW,
            DeviceCommand::Condition(ConditionCommand::BatteryOptimisationExempt(true)),
            not_here,
            "battery optimisation is Android's; this device runs iOS",
            elsewhere,
        ),
        (
            IPHONE,
            |rig| {
                INSTALLED(rig);
                rig.command(FORGET);
            },
            ALLOW,
            "switchDoesNotExistYet",
            "until it has asked once (facts 4.1: ",
            "permission prompt",
        ),
        (IPHONE, NEW, set("channelImportance", "HIGH"), "unknownSetting", "no notification switch", "alert, badge"),
        (ANDROID, NEW, set("alert", "on"), "unknownSetting", "no notification switch", "channelGroup"),
        (IPHONE, NEW, set("alert", "perhaps"), "invalidValue", "\"perhaps\" is no value of alert", "on, off"),
        (ANDROID, NEW, set("lockScreen", "on"), "invalidValue", "\"on\" is no value", "PUBLIC, PRIVATE, SECRET"),
        (IPHONE, NEW, os("18.7"), "olderVersion", "runs iOS 26, and 18.7 is older", "--os-version"),
        (ANDROID, NEW, os("12L"), "olderVersion", "runs Android 16, and 12L is older", "--os-version"),
        (
            IPHONE,
            NEW,
            DeviceCommand::ClockAdvance { millis: u64::MAX },
            "clockTooFarAhead",
            "a century",
            "device reset --clock",
        ),
        (
            ANDROID,
            INSTALLED,
            install(Some("9.9")),
            "alreadyInstalled",
            "5.0.5291.0 is installed",
            "app update --version 9.9",
        ),
    ]
}

#[test]
fn what_the_platform_cannot_do_is_refused_with_the_reason_and_the_hint() {
    for (platform, stands, command, code, message, hint) in refusals() {
        let mut rig = DeviceRig::new(platform, Default::default());
        stands(&mut rig);
        // That a refusal changes nothing is checked at every event (`checks`).
        let refusal = rig.refused(command.clone());
        assert_eq!(refusal.code, code, "{command:?}");
        assert!(refusal.message.contains(message), "{command:?}: {}", refusal.message);
        assert!(refusal.hint.contains(hint), "{command:?}: {}", refusal.hint);
    }
}

#[test]
fn the_clock_goes_a_century_ahead_in_all_and_no_further() {
    let mut rig = DeviceRig::new(IPHONE, Default::default());
    let half = DeviceCommand::ClockAdvance { millis: 60 * 366 * 24 * 3_600_000 };
    rig.command(half.clone());
    assert_eq!(rig.refused(half).code, "clockTooFarAhead");
}

#[test]
fn an_update_goes_one_step_on_or_to_the_version_named_and_leaves_the_app_closed() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.app(AppCommand::Open);
    rig.command(update(None));
    assert_eq!(rig.snapshot().app.version.as_deref(), Some("5.2311.2"));
    assert!(!rig.snapshot().app.foreground);
    rig.command(update(Some("5.2400")));
    assert_eq!(rig.snapshot().app.version.as_deref(), Some("5.2400"));
}

#[test]
fn a_reset_device_is_out_of_its_box_but_for_its_name_its_clock_and_its_journal() {
    for platform in [IPHONE, ANDROID, ANDROID_12] {
        let mut rig = DeviceRig::ready(platform);
        rig.push_all(["a", "b"]);
        rig.command(DeviceCommand::ClockAdvance { millis: 5_000 });
        rig.command(DeviceCommand::Rename { name: "Other".to_owned() });
        rig.go_offline();
        let effects = rig.command(DeviceCommand::Reset);
        assert!(effects.contains(&crate::DeviceEffect::GoOnline), "out of its box it is online");
        let fresh = DeviceRig::new(platform, Default::default());
        let (reset, fresh) = (rig.snapshot(), fresh.snapshot());
        assert_eq!(reset.identity.name, "Other");
        assert_eq!((reset.condition.clock_ahead_millis, reset.condition.offline), (5_000, false));
        let (its, freshs) = (reset.device_state(), fresh.device_state());
        assert_eq!(its.notification_permission, freshs.notification_permission);
        assert_eq!((its.prompts_shown, &reset.switches), (0, &fresh.switches));
        assert!(!reset.app.is_installed() && reset.enrollment.enrolled.is_none());
        assert!(reset.enrollment.subscribed_groups().is_empty());
        assert_eq!(rig.device.last_sequence(), 2);
        assert!(rig.open.is_empty(), "its cards are gone");
    }
}

#[test]
fn groups_that_were_given_again_are_no_change_and_others_are() {
    let mut rig = DeviceRig::ready(IPHONE);
    let again =
        DeviceCommand::Enroll(EnrollCommand { groups: Some([group(1)].into()), ..EnrollCommand::by(user("adele")) });
    assert_eq!(rig.note(again), "already enrolled by adele@contoso.example");
    rig.command(DeviceCommand::Enroll(EnrollCommand {
        groups: Some([group(2)].into()),
        ..EnrollCommand::by(user("adele"))
    }));
    assert_eq!(rig.snapshot().enrollment.groups, [group(2)].into());
}

#[test]
fn what_the_table_gives_to_one_platform_is_refused_on_the_others_and_nowhere_else() {
    for row in COMMANDS {
        let of_another = |platform: &&PlatformCase| !row.platforms.has(platform.0);
        let words: Vec<&str> = row.examples[0].line[row.name.len()..].split_whitespace().collect();
        let command = row.read(row.body_of_words(&words).unwrap()).unwrap();
        for platform in PLATFORMS.iter().filter(of_another) {
            let mut rig = DeviceRig::ready(*platform);
            assert_eq!(rig.refused(command.clone()).code, "notOnThisPlatform", "{} on {platform:?}", row.name);
        }
        for platform in PLATFORMS.iter().filter(|platform| !of_another(platform)) {
            let mut rig = DeviceRig::ready(*platform);
            let refusal = rig.apply(DeviceInput::Command(command.clone())).err();
            assert!(refusal.is_none_or(|refusal| refusal.code != "notOnThisPlatform"), "{} on {platform:?}", row.name);
        }
    }
}
