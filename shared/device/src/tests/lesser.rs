//! Why a push showed with less than it could, against the circumstances that a test makes.
//!
//! Lives here: a table of them, and that ending every cause ends what was less. Does not live here: surfaces (`surfaces`).

use portal_contract::command::read_line;
use portal_contract::lesser_showing::ShowingAspect;
use proptest::prelude::*;

use super::rig::{ANDROID, DeviceRig, IPHONE, PlatformCase};
use super::sent::sent;
use super::steps::{rigs, settings, steps};
use crate::{Device, DeviceInput, DocumentationYear, EmulationSettings, PushVerdict, explain};

/// What is said of a push after these commands: each cause with its aspects.
fn said(platform: PlatformCase, documentation: DocumentationYear, lines: &[&str]) -> Vec<String> {
    let settings = EmulationSettings { documentation, ..EmulationSettings::default() };
    let mut rig = DeviceRig::ready_with(platform, settings);
    for line in lines {
        rig.command(read_line(line).unwrap());
    }
    rig.push(sent("n"));
    // What is left to the scheduled summary comes within a day.
    rig.advance(24 * 3_600_000);
    let explanation = explain(rig.receipt("n"), None, rig.snapshot(), &rig.settings);
    let said = explanation.lesser_showing.iter().map(|cause| {
        assert!(!cause.detail.is_empty() && !cause.hint.is_empty());
        assert_eq!(cause.source.is_empty(), cause.sources.is_empty(), "{cause:?}");
        let aspects: Vec<&str> = cause.aspects.iter().map(|aspect| aspect.word()).collect();
        format!("{}: {}", aspects.join(" "), cause.detail)
    });
    said.collect()
}

#[test]
fn the_switch_the_mode_the_channel_or_the_schedule_is_named() {
    let rows: &[(PlatformCase, &[&str], &[&str])] = &[
        (IPHONE, &[], &[]),
        (ANDROID, &[], &[]),
        (IPHONE, &["device focus on"], &["surface sound: Focus is on"]),
        (ANDROID, &["device focus on"], &["surface sound: Do Not Disturb is on"]),
        (IPHONE, &["app open"], &["surface: Company Portal is open on the screen"]),
        (IPHONE, &["settings set sound=off"], &["sound: Sounds are off"]),
        (IPHONE, &["settings set badge=off"], &["badge: Badges are off"]),
        (IPHONE, &["settings set showPreviews=never"], &["content: Show Previews is never"]),
        (IPHONE, &["settings set scheduledDelivery=on"], &["surface sound: Scheduled Summary delivers it"]),
        (IPHONE, &["settings set alert=off"], &["surface: Banners are off"]),
        (ANDROID, &["settings set channelImportance=LOW"], &["surface sound: the channel's importance is LOW"]),
        (
            ANDROID,
            &["settings set lockScreen=PRIVATE", "device lock"],
            &["content: the device is locked", "content: the lock screen's visibility is PRIVATE"],
        ),
        (
            IPHONE,
            &["device focus on", "settings set alert=off"],
            &["surface sound: Focus is on", "surface: Banners are off"],
        ),
        (
            IPHONE,
            &["permission reset", "permission prompt --provisional"],
            &["surface sound badge: the permission is provisional, which delivers quietly"],
        ),
    ];
    for (platform, lines, expected) in rows {
        assert_eq!(said(*platform, DocumentationYear::Y2019, lines), *expected, "{lines:?}");
    }
    let old = ["app uninstall", "app install --version 5.0.1", "permission allow"];
    let said = said(ANDROID, DocumentationYear::Y2023, &old);
    assert!(said[0].starts_with("text: Company Portal is of before"), "{said:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whoever_ends_every_cause_has_nothing_lesser_left(start in rigs(), settings in settings(), steps in steps()) {
        let (platform, ready) = start;
        let mut rig = DeviceRig::new(platform, settings);
        if ready {
            rig = rig.made_ready();
        }
        steps.iter().for_each(|step| rig.take(step));
        rig.release();
        let mut device = Device::connected_as(rig.snapshot().clone(), rig.settings.clone());
        let push = super::ways::received(&rig, sent("n"));
        prop_assume!(matches!(device.verdict(&push, rig.now), PushVerdict::Shows(_)));
        // What is under one cause may be another: the app open hides a channel that is quiet.
        for _ in 0..4 {
            for cause in device.lesser_showing(rig.now) {
                for line in cause.hint.split(", then ") {
                    let done = device.apply(DeviceInput::Command(read_line(line).unwrap()), rig.now);
                    prop_assert!(done.is_ok(), "{}: {:?}", line, done);
                }
            }
        }
        let left = device.lesser_showing(rig.now);
        prop_assert!(left.is_empty(), "{left:?}");
        let PushVerdict::Shows(shown) = device.verdict(&push, rig.now) else { return Ok(()) };
        prop_assert!(shown.sound != Some(false) && !shown.content_hidden, "{shown:?}");
    }
}

#[test]
fn every_aspect_has_its_word() {
    for aspect in ShowingAspect::ALL.iter().copied() {
        assert_eq!(serde_json::to_value(aspect).unwrap(), aspect.word());
    }
}
