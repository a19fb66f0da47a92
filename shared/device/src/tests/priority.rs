//! What FCM does by priority, by standby bucket, by time: and what becomes of a registration (facts 4.2, 5).
//!
//! Lives here: each rule by a table. Does not live here: keep one, keep a hundred (`push_service`).

use portal_contract::{CardInteraction, DeliveryDelay, Outcome, PushProblem, StandbyBucket};

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPHONE, PlatformCase};
use super::sent::sent;
use crate::{
    AppCommand, ConditionCommand, DeviceCommand, DeviceInput, DocumentationYear, EmulationSettings, FcmMessageKind,
    FcmPriority, HoldReason, PushServiceEmulation,
};

const DAY_MILLIS: i64 = 24 * 3_600_000;
const DOZE: ConditionCommand = ConditionCommand::Doze(true);

fn ready(platform: PlatformCase, push_service: PushServiceEmulation) -> DeviceRig {
    DeviceRig::ready_with(platform, EmulationSettings { push_service, ..EmulationSettings::default() })
}

fn high() -> PushServiceEmulation {
    PushServiceEmulation { android_priority: FcmPriority::High, ..PushServiceEmulation::default() }
}

fn dropped(problem: PushProblem) -> Outcome {
    Outcome::Dropped { problem }
}

impl DeviceRig {
    fn bucket(&mut self, bucket: StandbyBucket) {
        self.command(DeviceCommand::Standby { bucket });
    }

    /// How many of `count` pushes, all while dozing, pass it.
    fn pass_doze(&mut self, count: usize) -> usize {
        self.condition(DOZE);
        let before = self.receipts.len();
        for n in 0..count {
            let used = self.used.len();
            self.push(sent(&format!("{used}-{n}")));
        }
        self.receipts.len() - before
    }
}

#[test]
fn high_priority_passes_doze_and_normal_waits() {
    assert_eq!(ready(ANDROID, high()).pass_doze(3), 3);
    assert_eq!(ready(ANDROID, PushServiceEmulation::default()).pass_doze(3), 0);
}

#[test]
fn before_13_the_bucket_caps_high_priority_a_day() {
    let rows = [
        (StandbyBucket::Active, None),
        (StandbyBucket::WorkingSet, None),
        (StandbyBucket::Frequent, Some(10)),
        (StandbyBucket::Rare, Some(5)),
        (StandbyBucket::Restricted, Some(5)),
    ];
    for (bucket, cap) in rows {
        for (platform, caps) in [(ANDROID_12, true), (ANDROID, false)] {
            let mut rig = ready(platform, high());
            rig.bucket(bucket);
            let expected = if caps { cap.unwrap_or(12) } else { 12 };
            assert_eq!(rig.pass_doze(12), expected, "{bucket:?} {platform:?}");
            rig.condition(ConditionCommand::Doze(false));
            let lowered = rig.receipts.iter().filter(|receipt| receipt.priority_lowered).count();
            assert_eq!(lowered, 12 - expected, "{bucket:?} {platform:?}");
            rig.advance(DAY_MILLIS);
            assert_eq!(rig.pass_doze(1), 1, "a new day");
        }
    }
}

#[test]
fn messages_that_nobody_could_see_lower_the_next_ones() {
    let service = PushServiceEmulation { lower_priority_after: 3, ..high() };
    for (seen, passes) in [(false, 0), (true, 1)] {
        let mut rig = ready(ANDROID, service.clone());
        if seen {
            rig.push(sent("seen"));
        }
        rig.deny();
        rig.push_all(["a", "b", "c"]);
        rig.allow();
        assert_eq!(rig.pass_doze(1), passes, "seen before: {seen}");
        let mut later = rig.clone();
        later.restart();
        later.connect(true);
        later.fence();
        assert_eq!(later.pass_doze(1), passes, "a restart remembers");
        rig.advance(7 * DAY_MILLIS);
        assert_eq!(rig.pass_doze(1), 1, "after seven days it is forgotten");
    }
}

#[test]
fn from_2025_battery_optimisation_keeps_messages_from_a_restricted_app() {
    for documentation in [DocumentationYear::Y2019, DocumentationYear::Y2023, DocumentationYear::Y2025] {
        let mut rig = DeviceRig::following(ANDROID, documentation).made_ready();
        rig.bucket(StandbyBucket::Restricted);
        rig.push(sent("a"));
        if documentation != DocumentationYear::Y2025 {
            assert_eq!(rig.word("a"), "presented", "{documentation:?}");
            continue;
        }
        assert_eq!(rig.held.values().next().unwrap().reason, HoldReason::BatteryOptimisation);
        rig.condition(ConditionCommand::BatteryOptimisationExempt(true));
        assert_eq!(rig.receipt("a").delay, Some(DeliveryDelay::DelayedBatteryOptimisation));
    }
}

#[test]
fn what_waits_longer_than_its_time_to_live_is_dropped_at_that_moment() {
    for (platform, default) in [(IPHONE, 30 * DAY_MILLIS), (ANDROID, 28 * DAY_MILLIS)] {
        let mut rig = DeviceRig::ready(platform);
        rig.go_offline();
        let sent_at = rig.now;
        rig.advance(default);
        rig.come_back();
        rig.push(sent("old").sent_at(sent_at));
        // At APNs a younger one would have taken its place before.
        rig.push(sent("young").sent_at(if platform.is_apple() { rig.now } else { sent_at.plus_millis(1) }));
        rig.fence();
        assert_eq!(rig.receipt("old").outcome, dropped(PushProblem::DroppedTtlExpired), "{platform:?}");
        assert_eq!(rig.word("young"), "presented");
    }
    let service = PushServiceEmulation { time_to_live_millis: Some(60_000), ..PushServiceEmulation::default() };
    let mut rig = ready(ANDROID, service);
    rig.condition(DOZE);
    rig.push(sent("a"));
    rig.advance(59_999);
    assert_eq!(rig.receipts.len(), 0);
    rig.advance(1);
    let receipt = rig.receipt("a");
    assert_eq!(
        (&receipt.outcome, receipt.delay),
        (&dropped(PushProblem::DroppedTtlExpired), Some(DeliveryDelay::DelayedDeviceDoze))
    );
}

#[test]
fn a_time_to_live_of_zero_is_now_or_never() {
    let service = PushServiceEmulation { time_to_live_millis: Some(0), ..PushServiceEmulation::default() };
    let mut rig = ready(ANDROID, service);
    rig.push(sent("now"));
    rig.condition(DOZE);
    rig.push(sent("never"));
    assert_eq!((rig.word("now"), rig.word("never")), ("presented", "dropped"));
}

#[test]
fn a_maintenance_window_lets_through_what_waits_in_doze() {
    for (doze_window_millis, window) in [(3_600_000, true), (0, false)] {
        let service = PushServiceEmulation { doze_window_millis, ..PushServiceEmulation::default() };
        let mut rig = ready(ANDROID, service);
        rig.condition(DOZE);
        rig.advance(1_800_000);
        rig.push_all(["a", "b"]);
        rig.advance(1_799_999);
        assert_eq!(rig.receipts.len(), 0);
        rig.restart();
        rig.connect(true);
        rig.fence();
        rig.advance(1);
        assert_eq!(rig.ids_of("presented").len(), if window { 2 } else { 0 });
        rig.push(sent("c"));
        rig.advance(DAY_MILLIS);
        assert_eq!(rig.ids_of("presented").len(), if window { 3 } else { 0 });
        rig.condition(ConditionCommand::Doze(false));
        assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
        assert!(rig.receipts.iter().all(|receipt| receipt.delay == Some(DeliveryDelay::DelayedDeviceDoze)));
    }
}

#[test]
fn from_13_on_an_app_that_nobody_uses_is_restricted_after_8_days_until_it_is_used_or_the_device_charges() {
    let bucket = |rig: &DeviceRig| rig.snapshot().condition.standby_bucket;
    for (platform, falls) in [(ANDROID, true), (ANDROID_12, false), (IPHONE, false)] {
        let mut rig = DeviceRig::following(platform, DocumentationYear::Y2025).made_ready();
        rig.advance(8 * DAY_MILLIS - 1);
        assert_eq!(bucket(&rig), StandbyBucket::Active, "{platform:?}");
        rig.advance(1);
        assert_eq!(bucket(&rig) == StandbyBucket::Restricted, falls, "{platform:?}");
        if !falls {
            continue;
        }
        rig.push(sent("a"));
        assert_eq!(rig.held.values().next().unwrap().reason, HoldReason::BatteryOptimisation);
        rig.condition(ConditionCommand::Charging(true));
        assert_eq!(rig.word("a"), "presented", "charging lifts it");
        rig.condition(ConditionCommand::Charging(false));
        rig.push(sent("b"));
        assert_eq!(rig.held.len(), 1);
        rig.app(AppCommand::Open);
        assert_eq!((rig.word("b"), bucket(&rig)), ("presented", StandbyBucket::Active));
        rig.app(AppCommand::Close);
        rig.push(sent("c"));
        rig.advance(5 * DAY_MILLIS);
        let card = rig.shown.last().unwrap().0;
        let clicked = CardInteraction::Clicked;
        rig.happens(DeviceInput::CardInteraction { card, interaction: clicked });
        rig.advance(5 * DAY_MILLIS);
        assert_eq!(bucket(&rig), StandbyBucket::Active, "a click is a use");
        rig.advance(3 * DAY_MILLIS);
        assert_eq!(bucket(&rig), StandbyBucket::Restricted);
    }
}

#[test]
fn no_bucket_holds_a_message_of_high_priority_in_2025_either() {
    let settings = EmulationSettings {
        push_service: high(),
        documentation: DocumentationYear::Y2025,
        ..EmulationSettings::default()
    };
    for platform in [ANDROID, ANDROID_12] {
        let mut rig = DeviceRig::ready_with(platform, settings.clone());
        rig.bucket(StandbyBucket::Restricted);
        rig.push(sent("a"));
        assert_eq!(rig.word("a"), "presented", "{platform:?}");
    }
}

#[test]
fn there_is_no_work_profile_to_pause_before_one_was_enrolled() {
    let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
    let pause = DeviceCommand::Condition(ConditionCommand::WorkProfilePaused(true));
    assert_eq!(rig.refused(pause.clone()).code, "noWorkProfile");
    rig.enroll("adele");
    rig.command(pause);
}

#[test]
fn notification_messages_collapse_to_the_newest() {
    let service =
        PushServiceEmulation { android_message: FcmMessageKind::Notification, ..PushServiceEmulation::default() };
    let mut rig = ready(ANDROID, service);
    rig.go_offline();
    rig.come_back();
    rig.push_all(["a", "b", "c"]);
    rig.fence();
    assert_eq!((rig.ids_of("dropped"), rig.ids_of("presented")), (vec!["a", "b"], vec!["c"]));
    assert_eq!(rig.receipt("a").outcome, dropped(PushProblem::Collapsed));
}

#[test]
fn after_270_days_away_the_registration_has_expired() {
    for (platform, problem) in [(ANDROID, Some(PushProblem::DroppedDeviceInactive)), (IPHONE, None)] {
        let mut rig = DeviceRig::ready(platform);
        rig.go_offline();
        rig.advance(271 * DAY_MILLIS);
        let yesterday = rig.now.plus_millis(-DAY_MILLIS / 2);
        rig.come_back();
        rig.push(sent("a").sent_at(yesterday));
        rig.fence();
        match problem {
            Some(problem) => assert_eq!(rig.receipt("a").outcome, dropped(problem)),
            None => assert_eq!(rig.word("a"), "presented"),
        }
    }
}

#[test]
fn what_was_sent_to_an_installation_that_is_gone_does_not_reach_the_next() {
    for (platform, word) in [(ANDROID, "dropped"), (IPHONE, "presented")] {
        let mut rig = DeviceRig::ready(platform);
        rig.go_offline();
        let sent_at = rig.now;
        rig.advance(1000);
        rig.uninstall();
        rig.app(AppCommand::Install { version: None, target_sdk: None });
        rig.allow();
        rig.come_back();
        rig.push(sent("a").sent_at(sent_at));
        rig.fence();
        assert_eq!(rig.word("a"), word, "{platform:?}");
    }
}

#[test]
fn with_the_push_service_off_nothing_is_lowered_held_or_dropped() {
    let service = PushServiceEmulation { emulate: false, time_to_live_millis: Some(0), ..high() };
    let mut rig = DeviceRig::ready_with(
        ANDROID,
        EmulationSettings {
            push_service: service,
            documentation: DocumentationYear::Y2025,
            ..EmulationSettings::default()
        },
    );
    rig.bucket(StandbyBucket::Restricted);
    assert_eq!(rig.pass_doze(20), 20);
    assert!(rig.receipts.iter().all(|receipt| !receipt.priority_lowered));
}
