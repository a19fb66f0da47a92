//! Where a push shows, how loud, and how much of it (facts 1.6, 4.1, 4.2; contract 3).
//!
//! Lives here: the tables of surfaces. Does not live here: whether it shows at all (`prerequisites`).

use portal_contract::{OperatingSystem, Outcome, Prerequisite, Presentation, Surface};

use super::rig::{ANDROID, DeviceRig, IPAD, IPHONE, PROFILES, PlatformCase};
use super::sent::sent;
use crate::{AppCommand, CardContent, ConditionCommand, DeviceCommand, DocumentationYear};

/// How the device stands: words like `locked`, `focus`, `open`, or a switch such as `alert=off`.
fn stand(rig: &mut DeviceRig, words: &str) {
    for word in words.split_whitespace() {
        match word {
            "locked" => rig.condition(ConditionCommand::Locked(true)),
            "focus" => rig.condition(ConditionCommand::Focus(true)),
            "open" => drop(rig.app(AppCommand::Open)),
            switch => {
                let (name, value) = switch.split_once('=').unwrap();
                rig.set(name, value);
            }
        }
    }
}

fn surface_of(platform: PlatformCase, words: &str) -> (Surface, Option<CardContent>) {
    let mut rig = DeviceRig::ready(platform);
    stand(&mut rig, words);
    rig.push(sent("a"));
    match rig.receipt("a").outcome {
        Outcome::Presented(Presentation { surface, .. }) => (surface, rig.shown.pop().map(|(_, shown)| shown)),
        ref other => panic!("{platform:?} {words}: {other:?}"),
    }
}

#[test]
fn each_standing_has_its_surface_and_sound() {
    use Surface::{Banner, InApp, LockScreen, NotificationCenter};
    let rows: &[(PlatformCase, &str, Surface, bool)] = &[
        (IPHONE, "", Banner, true),
        (IPAD, "", Banner, true),
        (ANDROID, "", Banner, true),
        (IPHONE, "sound=off", Banner, false),
        (IPHONE, "alert=off", NotificationCenter, true),
        (IPHONE, "alert=off sound=off", NotificationCenter, false),
        (IPHONE, "locked", LockScreen, true),
        (IPHONE, "locked lockScreen=off", NotificationCenter, true),
        (IPHONE, "alert=off notificationCenter=off", LockScreen, true),
        (IPHONE, "badge=off", Banner, true),
        (IPHONE, "focus", NotificationCenter, false),
        (IPHONE, "focus locked", NotificationCenter, false),
        (IPHONE, "open", InApp, false),
        (IPHONE, "open focus", InApp, false),
        (IPHONE, "open locked", LockScreen, true),
        (IPHONE, "open focus notificationCenter=off", InApp, false),
        (ANDROID, "channelImportance=DEFAULT", NotificationCenter, true),
        (ANDROID, "channelImportance=LOW", NotificationCenter, false),
        (ANDROID, "channelImportance=MIN", NotificationCenter, false),
        (ANDROID, "locked", LockScreen, true),
        (ANDROID, "locked channelImportance=DEFAULT", LockScreen, true),
        (ANDROID, "locked channelImportance=LOW", NotificationCenter, false),
        (ANDROID, "locked lockScreen=SECRET", NotificationCenter, true),
        (ANDROID, "locked lockScreen=SECRET channelImportance=LOW", NotificationCenter, false),
        (ANDROID, "focus", NotificationCenter, false),
        // facts 1.6: document C19 knows no exception on Android for an app that is open
        (ANDROID, "open", Banner, true),
    ];
    for (platform, words, surface, sound) in rows {
        let (its, shown) = surface_of(*platform, words);
        assert_eq!(its, *surface, "{platform:?} {words}");
        assert_eq!(shown.is_none(), its == InApp, "only what is in the app is not shown on the desktop");
        assert_eq!(shown.is_some_and(|shown| shown.sound), *sound, "{platform:?} {words}");
    }
}

/// facts 4.1: a locked iPhone has no banner; what is quiet is in Notification Center alone.
#[test]
fn where_no_surface_is_left_nothing_shows_until_the_hint_is_followed() {
    let rows = [
        ("locked lockScreen=off notificationCenter=off", "device unlock"),
        ("focus notificationCenter=off", "device focus off"),
        ("focus locked notificationCenter=off", "device focus off"),
        ("scheduledDelivery=on notificationCenter=off", "settings set scheduledDelivery=off"),
        ("lockScreen=off alert=off notificationCenter=off", "settings set alert=on"),
    ];
    for (words, hint) in rows {
        for platform in [IPHONE, IPAD] {
            let mut rig = DeviceRig::ready(platform);
            stand(&mut rig, words);
            rig.push(sent("a"));
            let unmet = [Prerequisite::NotificationsPermitted].into_iter().collect();
            assert_eq!(rig.receipt("a").outcome, Outcome::Withheld { unmet }, "{words}");
            assert_eq!(rig.snapshot().hints(None)[&Prerequisite::NotificationsPermitted], hint, "{words}");
        }
    }
}

/// facts 4.2, Android 16: hints alone, nothing that is shown differs.
#[test]
fn from_16_on_android_lowers_a_sound_close_behind_another_and_groups() {
    let hints = |rig: &mut DeviceRig, id: &str| {
        rig.push(sent(id));
        match rig.receipt(id).outcome {
            Outcome::Presented(shown) => (shown.sound_lowered, shown.grouped),
            ref other => panic!("{id}: {other:?}"),
        }
    };
    for (platform, both) in [(ANDROID, true), (PlatformCase(OperatingSystem::Android, "15"), false), (IPHONE, false)] {
        let mut rig = DeviceRig::ready(platform);
        assert_eq!(hints(&mut rig, "a"), (false, false));
        rig.advance(119_999);
        assert_eq!(hints(&mut rig, "b"), (both, both), "{platform:?}");
        rig.advance(120_000);
        assert_eq!(hints(&mut rig, "c"), (false, both));
        assert!(rig.shown.iter().all(|(_, shown)| shown.sound), "the desktop sounds all the same");
    }
}

#[test]
fn an_open_app_shows_it_itself_from_2025_on_android_too() {
    for documentation in PROFILES {
        for platform in [IPHONE, ANDROID] {
            let mut rig = DeviceRig::following(platform, documentation).made_ready();
            rig.app(AppCommand::Open);
            rig.push(sent("a"));
            let in_app =
                matches!(rig.receipt("a").outcome, Outcome::Presented(shown) if shown.surface == Surface::InApp);
            assert_eq!(in_app, platform.is_apple() || documentation >= DocumentationYear::Y2025, "{platform:?}");
        }
    }
}

#[test]
fn hidden_content_is_hidden_and_nothing_else_is() {
    let rows: &[(PlatformCase, &str, bool)] = &[
        (IPHONE, "locked", false),
        (IPHONE, "showPreviews=whenAuthenticated", false),
        (IPHONE, "locked showPreviews=whenAuthenticated", true),
        (IPHONE, "showPreviews=never", true),
        (ANDROID, "locked", false),
        (ANDROID, "lockScreen=PRIVATE", false),
        (ANDROID, "locked lockScreen=PRIVATE", true),
    ];
    for (platform, words, hidden) in rows {
        let shown = surface_of(*platform, words).1.unwrap();
        let content = (shown.title.as_str(), shown.body.as_str());
        let expected = if *hidden { ("Company Portal", "Notification") } else { ("Title of a", "Body of a") };
        assert_eq!(content, expected, "{platform:?} {words}");
    }
}

/// facts 1.1, the version gate of document C23: instead of the message, "a notification telling them to update their app".
#[test]
fn in_2023_an_old_android_app_asks_to_be_updated_instead() {
    for documentation in PROFILES {
        for platform in [IPHONE, ANDROID] {
            let mut rig = DeviceRig::following(platform, documentation);
            rig.app(AppCommand::Install { version: Some("4.9.6000".to_owned()), target_sdk: None });
            rig.allow();
            rig.enroll("adele");
            rig.push(sent("a"));
            let (_, shown) = rig.shown.pop().unwrap();
            let gated = platform == ANDROID && documentation == DocumentationYear::Y2023;
            let expected = if gated { "Update Company Portal to view this notification." } else { "Body of a" };
            assert_eq!((shown.body.as_str(), shown.title == "Company Portal"), (expected, gated));
        }
    }
}

#[test]
fn a_card_goes_with_the_app_that_showed_it() {
    for gone in [DeviceCommand::App(AppCommand::Uninstall), DeviceCommand::Reset] {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.push_all(["a", "b"]);
        assert_eq!(rig.open.len(), 2);
        rig.command(gone);
        assert!(rig.open.is_empty());
        assert_eq!(rig.interactions.len(), 2);
    }
}
