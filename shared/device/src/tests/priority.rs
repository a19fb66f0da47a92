//! What FCM does by priority, by standby bucket, by time: and what becomes of a registration (facts 4.2, 5).
//!
//! Lives here: each rule by a table. Does not live here: keep one, keep a hundred (`push_service`).

use portal_contract::{Delay, Outcome, Problem, StandbyBucket};

use super::bench::{ANDROID, ANDROID_12, Bench, IPHONE, Platform};
use super::sent::sent;
use crate::{
    AppCommand, Command, ConditionCommand, Documentation, FcmMessage, HoldReason, Priority, PushService, Rules,
};

const DAY_MILLIS: i64 = 24 * 3_600_000;
const DOZE: ConditionCommand = ConditionCommand::Doze(true);

fn ready(platform: Platform, push_service: PushService) -> Bench {
    Bench::ready_with(platform, Rules { push_service, ..Rules::default() })
}

fn high() -> PushService {
    PushService { android_priority: Priority::High, ..PushService::default() }
}

fn dropped(problem: Problem) -> Outcome {
    Outcome::Dropped { problem }
}

impl Bench {
    fn bucket(&mut self, bucket: StandbyBucket) {
        self.command(Command::Standby { bucket });
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
    assert_eq!(ready(ANDROID, PushService::default()).pass_doze(3), 0);
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
            let mut bench = ready(platform, high());
            bench.bucket(bucket);
            let expected = if caps { cap.unwrap_or(12) } else { 12 };
            assert_eq!(bench.pass_doze(12), expected, "{bucket:?} {platform:?}");
            bench.condition(ConditionCommand::Doze(false));
            let lowered = bench.receipts.iter().filter(|receipt| receipt.priority_lowered).count();
            assert_eq!(lowered, 12 - expected, "{bucket:?} {platform:?}");
            bench.advance(DAY_MILLIS);
            assert_eq!(bench.pass_doze(1), 1, "a new day");
        }
    }
}

#[test]
fn messages_that_nobody_could_see_lower_the_next_ones() {
    let service = PushService { lower_priority_after: 3, ..high() };
    for (seen, passes) in [(false, 0), (true, 1)] {
        let mut bench = ready(ANDROID, service.clone());
        if seen {
            bench.push(sent("seen"));
        }
        bench.deny();
        bench.push_all(["a", "b", "c"]);
        bench.allow();
        assert_eq!(bench.pass_doze(1), passes, "seen before: {seen}");
        let mut later = bench.clone();
        later.restart();
        later.connect(true);
        later.fence();
        assert_eq!(later.pass_doze(1), passes, "a restart remembers");
        bench.advance(7 * DAY_MILLIS);
        assert_eq!(bench.pass_doze(1), 1, "after seven days it is forgotten");
    }
}

#[test]
fn from_2025_battery_optimisation_keeps_messages_from_a_restricted_app() {
    for documentation in [Documentation::Y2019, Documentation::Y2023, Documentation::Y2025] {
        let mut bench = Bench::following(ANDROID, documentation).made_ready();
        bench.bucket(StandbyBucket::Restricted);
        bench.push(sent("a"));
        if documentation != Documentation::Y2025 {
            assert_eq!(bench.word("a"), "presented", "{documentation:?}");
            continue;
        }
        assert_eq!(bench.held.values().next().unwrap().reason, HoldReason::BatteryOptimisation);
        bench.condition(ConditionCommand::BatteryOptimisationExempt(true));
        assert_eq!(bench.receipt("a").delay, Some(Delay::DelayedBatteryOptimisation));
    }
}

#[test]
fn what_waits_longer_than_its_time_to_live_is_dropped_at_that_moment() {
    for (platform, default) in [(IPHONE, 30 * DAY_MILLIS), (ANDROID, 28 * DAY_MILLIS)] {
        let mut bench = Bench::ready(platform);
        bench.go_offline();
        let sent_at = bench.now;
        bench.advance(default);
        bench.come_back();
        bench.push(sent("old").sent_at(sent_at));
        bench.push(sent("young").sent_at(sent_at.plus_millis(1)));
        bench.fence();
        assert_eq!(bench.receipt("old").outcome, dropped(Problem::DroppedTtlExpired), "{platform:?}");
        assert_eq!(bench.word("young"), "presented");
    }
    let service = PushService { time_to_live_millis: Some(60_000), ..PushService::default() };
    let mut bench = ready(ANDROID, service);
    bench.condition(DOZE);
    bench.push(sent("a"));
    bench.advance(59_999);
    assert_eq!(bench.receipts.len(), 0);
    bench.advance(1);
    let receipt = bench.receipt("a");
    assert_eq!(
        (&receipt.outcome, receipt.delay),
        (&dropped(Problem::DroppedTtlExpired), Some(Delay::DelayedDeviceDoze))
    );
}

#[test]
fn a_time_to_live_of_zero_is_now_or_never() {
    let service = PushService { time_to_live_millis: Some(0), ..PushService::default() };
    let mut bench = ready(ANDROID, service);
    bench.push(sent("now"));
    bench.condition(DOZE);
    bench.push(sent("never"));
    assert_eq!((bench.word("now"), bench.word("never")), ("presented", "dropped"));
}

#[test]
fn notification_messages_collapse_to_the_newest() {
    let service = PushService { android_message: FcmMessage::Notification, ..PushService::default() };
    let mut bench = ready(ANDROID, service);
    bench.go_offline();
    bench.come_back();
    bench.push_all(["a", "b", "c"]);
    bench.fence();
    assert_eq!((bench.ids_of("dropped"), bench.ids_of("presented")), (vec!["a", "b"], vec!["c"]));
    assert_eq!(bench.receipt("a").outcome, dropped(Problem::Collapsed));
}

#[test]
fn after_270_days_away_the_registration_has_expired() {
    for (platform, problem) in [(ANDROID, Some(Problem::DroppedDeviceInactive)), (IPHONE, None)] {
        let mut bench = Bench::ready(platform);
        bench.go_offline();
        bench.advance(271 * DAY_MILLIS);
        let yesterday = bench.now.plus_millis(-DAY_MILLIS / 2);
        bench.come_back();
        bench.push(sent("a").sent_at(yesterday));
        bench.fence();
        match problem {
            Some(problem) => assert_eq!(bench.receipt("a").outcome, dropped(problem)),
            None => assert_eq!(bench.word("a"), "presented"),
        }
    }
}

#[test]
fn what_was_sent_to_an_installation_that_is_gone_does_not_reach_the_next() {
    for (platform, word) in [(ANDROID, "dropped"), (IPHONE, "presented")] {
        let mut bench = Bench::ready(platform);
        bench.go_offline();
        let sent_at = bench.now;
        bench.advance(1000);
        bench.uninstall();
        bench.app(AppCommand::Install { version: None, target_sdk: None });
        bench.allow();
        bench.come_back();
        bench.push(sent("a").sent_at(sent_at));
        bench.fence();
        assert_eq!(bench.word("a"), word, "{platform:?}");
    }
}

#[test]
fn with_the_push_service_off_nothing_is_lowered_held_or_dropped() {
    let service = PushService { emulate: false, time_to_live_millis: Some(0), ..high() };
    let mut bench = Bench::ready_with(
        ANDROID,
        Rules { push_service: service, documentation: Documentation::Y2025, ..Rules::default() },
    );
    bench.bucket(StandbyBucket::Restricted);
    assert_eq!(bench.pass_doze(20), 20);
    assert!(bench.receipts.iter().all(|receipt| !receipt.priority_lowered));
}
