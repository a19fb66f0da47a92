//! The documented tables that speak of the whole device, row by row, each with the row's own text (facts 1.1, 1.6, 4.1,
//! 4.2, 5).
//!
//! Lives here: what each row says becomes of a push, of a prompt, of the permission. Does not live here: the transitions
//! of one platform's machine alone, whose tables stand beside their code (`permission/apple`, `permission/android`).

use portal_contract::NotificationPermission::{Authorized, Denied, NotDetermined};
use portal_contract::{NotificationPermission, Outcome, Presentation, Surface};

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPHONE, PlatformCase, RETIRE};
use super::sent::sent;
use crate::{AppCommand, ConditionCommand, DeviceCommand, DocumentationYear, PermissionCommand};
use DocumentationYear::{Y2019, Y2023, Y2025};

const UPDATE: AppCommand = AppCommand::Update { version: None, target_sdk: None };

impl DeviceRig {
    fn shows(&mut self, id: &str) -> Option<Presentation> {
        self.push(sent(id));
        match self.receipt(id).outcome {
            Outcome::Presented(shown) => Some(shown),
            _ => None,
        }
    }

    fn surface_of(&mut self, id: &str) -> Option<Surface> {
        self.shows(id).map(|shown| shown.surface)
    }
}

#[test]
fn facts_1_1_the_device_prerequisites() {
    // The row, the documentation, the platform, what takes the requirement away, the unmet code or none.
    type Row = (&'static str, DocumentationYear, PlatformCase, fn(&mut DeviceRig), &'static str);
    let no_app: fn(&mut DeviceRig) = |rig| rig.uninstall();
    let denied: fn(&mut DeviceRig) = |rig| rig.deny();
    let no_play: fn(&mut DeviceRig) = |rig| drop(rig.command(DeviceCommand::PlayServices { installed: false }));
    let retired: fn(&mut DeviceRig) = |rig| drop(rig.command(RETIRE));
    let rows: [Row; 9] = [
        ("App | Company Portal (CP)", Y2019, IPHONE, no_app, "companyPortalInstalled"),
        ("App | CP \"or the Microsoft Intune app\"", Y2023, ANDROID, no_app, "companyPortalInstalled"),
        ("Push permission | granted by the user", Y2025, IPHONE, denied, "notificationsPermitted"),
        ("Google Play Services | \"required dependency\"", Y2019, ANDROID, no_play, "googlePlayServicesInstalled"),
        ("Google Play Services | \"required dependency\"", Y2023, ANDROID, no_play, "googlePlayServicesInstalled"),
        ("Google Play Services | not mentioned any more", Y2025, ANDROID, no_play, ""),
        ("Enrollment | \"The device must be MDM enrolled\"", Y2019, IPHONE, retired, "deviceEnrolled"),
        ("Enrollment | same", Y2023, ANDROID, retired, "deviceEnrolled"),
        ("Enrollment | implied by targeting rule", Y2025, IPHONE, retired, "deviceEnrolled"),
    ];
    for (text, documentation, platform, take_away, code) in rows {
        let mut rig = DeviceRig::following(platform, documentation).made_ready();
        take_away(&mut rig);
        rig.push(sent("a"));
        match &rig.receipt("a").outcome {
            Outcome::Withheld { unmet } => assert!(unmet.iter().any(|unmet| unmet.code() == code), "{text}: {unmet:?}"),
            other => assert!(code.is_empty() && matches!(other, Outcome::Presented(_)), "{text}: {other:?}"),
        }
    }
}

#[test]
fn facts_1_6_the_app_state_when_the_message_arrives() {
    let rows: [(&str, PlatformCase, bool, bool, [Surface; 3]); 6] = [
        ("App closed / background | iOS: system notification", IPHONE, false, false, [Surface::Banner; 3]),
        ("App closed / background | Android: system notification", ANDROID, false, false, [Surface::Banner; 3]),
        ("App open, device locked | iOS: system notification", IPHONE, true, true, [Surface::LockScreen; 3]),
        ("App open, device locked | Android", ANDROID, true, true, [Surface::LockScreen; 3]),
        ("App open, unlocked | iOS: in the app, not a system push (A–E)", IPHONE, true, false, [Surface::InApp; 3]),
        (
            "App open, unlocked | Android: A–C no exception; E \"displays in-app rather than as a push notification\"",
            ANDROID,
            true,
            false,
            [Surface::Banner, Surface::Banner, Surface::InApp],
        ),
    ];
    for (text, platform, open, locked, surfaces) in rows {
        for (documentation, surface) in DocumentationYear::ALL.iter().copied().zip(surfaces) {
            let mut rig = DeviceRig::following(platform, documentation).made_ready();
            if open {
                rig.app(AppCommand::Open);
            }
            if locked {
                rig.condition(ConditionCommand::Locked(true));
            }
            assert_eq!(rig.surface_of("a"), Some(surface), "{documentation:?}: {text}");
        }
    }
}

#[test]
fn facts_4_1_rows_that_need_the_app_and_the_device() {
    type Row = (&'static str, fn(&mut DeviceRig), NotificationPermission, usize);
    let rows: [Row; 4] = [
        ("any | app updated | unchanged | no prompt", |rig| drop(rig.app(UPDATE)), Denied, 1),
        (
            "any | device restored | notDetermined | next request prompts",
            |rig| drop(rig.command(DeviceCommand::Restore)),
            NotDetermined,
            1,
        ),
        (
            "any | app uninstalled ≥ 1 day then reinstalled | notDetermined",
            |rig| {
                rig.uninstall();
                rig.advance(24 * 3_600_000);
                rig.install();
            },
            NotDetermined,
            2,
        ),
        (
            "denied | user flips Settings > app > Allow Notifications | authorized",
            |rig| drop(rig.permission(PermissionCommand::Allow)),
            Authorized,
            1,
        ),
    ];
    for (text, happens, status, prompts) in rows {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.permission(PermissionCommand::Deny);
        happens(&mut rig);
        assert_eq!((rig.snapshot().permission.status(), rig.prompts.len()), (status, prompts), "{text}");
    }
}

#[test]
fn facts_4_2_rows_that_need_the_app_and_the_device() {
    type Row = (&'static str, PlatformCase, fn(&mut DeviceRig), bool);
    let rows: [Row; 7] = [
        ("any | user turns off in settings (app) | blocked", ANDROID, |rig| rig.deny(), false),
        (
            "any | user turns off in settings (channel group) | blocked",
            ANDROID,
            |rig| rig.set("channelGroup", "off"),
            false,
        ),
        (
            "any | user turns off in settings (channel) | blocked",
            ANDROID,
            |rig| rig.set("channelImportance", "NONE"),
            false,
        ),
        ("≤ 12L | install | enabled (opt-out); no prompt ever", ANDROID_12, |_| {}, true),
        (
            "13+ upgrade from ≤ 12L | user had not disabled | pre-granted",
            ANDROID_12,
            |rig| drop(rig.os_update("13")),
            true,
        ),
        (
            "13+ upgrade from ≤ 12L | user had disabled | stays off",
            ANDROID_12,
            |rig| {
                rig.deny();
                rig.os_update("13");
            },
            false,
        ),
        (
            "13+ | device policy setPermissionGrantState | denied by admin",
            ANDROID,
            |rig| {
                let (name, value) = ("PermissionGrantState".to_owned(), "denied".to_owned());
                rig.command(DeviceCommand::PolicySet { name, value });
            },
            false,
        ),
    ];
    for (text, platform, happens, shows) in rows {
        let mut rig = DeviceRig::ready(platform);
        happens(&mut rig);
        assert_eq!(rig.shows("a").is_some(), shows, "{text}");
    }
}

#[test]
fn facts_4_2_channels_by_importance() {
    // Importance, sound, heads-up, in the shade (which the status bar only announces).
    let rows = [
        ("NONE", false, false, false),
        ("MIN", false, false, true),
        ("LOW", false, false, true),
        ("DEFAULT", true, false, true),
        ("HIGH", true, true, true),
    ];
    for (importance, sound, heads_up, in_the_shade) in rows {
        let mut rig = DeviceRig::ready(ANDROID);
        rig.set("channelImportance", importance);
        let shown = rig.shows("a");
        assert_eq!(shown.is_some(), in_the_shade, "{importance}");
        let looks = shown.map_or((false, false), |shown| (shown.sound == Some(true), shown.heads_up == Some(true)));
        assert_eq!(looks, (sound, heads_up), "{importance}");
        if in_the_shade {
            rig.set("channelGroup", "off");
            assert_eq!(rig.shows("b"), None, "a channel above NONE is still hidden if its group is blocked");
        }
    }
}

#[test]
fn facts_4_2_lock_screen_visibility() {
    for (visibility, surface, hidden) in [
        ("PUBLIC", Surface::LockScreen, false),
        ("PRIVATE", Surface::LockScreen, true),
        ("SECRET", Surface::NotificationCenter, false),
    ] {
        let mut rig = DeviceRig::ready(ANDROID);
        rig.condition(ConditionCommand::Locked(true));
        rig.set("lockScreen", visibility);
        let shown = rig.shows("a").unwrap();
        assert_eq!((shown.surface, shown.content_hidden), (surface, hidden), "{visibility}");
    }
}

#[test]
fn facts_5_what_is_held_while_the_device_is_offline() {
    let rows: [(&str, PlatformCase, usize, usize); 4] = [
        ("APNs | one notification per bundle id per device, usually the latest", IPHONE, 3, 1),
        ("FCM | up to 100 non-collapsible", ANDROID, 100, 100),
        ("FCM | overflow: all held discarded", ANDROID, 101, 0),
        ("APNs | overflow: older replaced", IPHONE, 101, 1),
    ];
    for (text, platform, sent_while_away, shown) in rows {
        let mut rig = DeviceRig::ready(platform);
        rig.go_offline();
        rig.come_back();
        let ids: Vec<String> = (0..sent_while_away).map(|n| format!("n{n}")).collect();
        rig.push_all(ids.iter().map(String::as_str));
        rig.fence();
        rig.advance(5_000);
        assert_eq!(rig.ids_of("presented").len(), shown, "{text}");
    }
}
