//! What the emulated push service does with what was sent while the device itself was away (facts 5; contract 4).
//!
//! Lives here: keep one, keep a hundred, and when neither holds. Does not live here: Doze and the rest (`waiting`).

use portal_contract::{Delay, Outcome, Problem};

use super::bench::{ANDROID, Bench, IPAD, IPHONE, Platform};
use super::sent::sent;
use crate::{AppCommand, Command, ConditionCommand, Event, HoldReason, PushService, Rules};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

/// A device that was away while `count` pushes were sent, and is connected again; its fence is not back.
fn back_from_away(platform: Platform, count: usize, rules: Rules) -> Bench {
    let mut bench = Bench::ready_with(platform, rules);
    bench.go_offline();
    bench.come_back();
    bench.push_all(ids(count).iter().map(String::as_str));
    bench
}

fn delivers_all() -> Rules {
    Rules { push_service: PushService::off(), ..Rules::default() }
}

#[test]
fn apple_keeps_the_latest_and_drops_the_others_as_collapsed() {
    for platform in [IPHONE, IPAD] {
        let mut bench = back_from_away(platform, 4, Rules::default());
        assert_eq!((bench.held.len(), bench.receipts.len()), (4, 0), "nothing is decided before the fence");
        bench.fence();
        assert_eq!(bench.ids_of("presented"), ["n3"]);
        assert_eq!(bench.ids_of("dropped"), ["n0", "n1", "n2"]);
        assert_eq!(bench.receipt("n0").outcome, Outcome::Dropped { problem: Problem::Collapsed });
        assert!(bench.receipts.iter().all(|receipt| receipt.delay == Some(Delay::DelayedDeviceOffline)));
    }
}

#[test]
fn google_keeps_a_hundred_and_discards_all_at_a_hundred_and_one() {
    let mut bench = back_from_away(ANDROID, 100, Rules::default());
    bench.fence();
    bench.advance(2_000);
    assert_eq!(bench.ids_of("presented"), ids(100));
    let mut bench = back_from_away(ANDROID, 101, Rules::default());
    bench.fence();
    assert_eq!(bench.ids_of("dropped"), ids(101));
    let dropped = Outcome::Dropped { problem: Problem::DroppedTooManyPendingMessages };
    assert_eq!(bench.receipt("n100").outcome, dropped);
}

#[test]
fn what_waited_for_the_fence_says_so_even_if_its_turn_came_late() {
    let mut bench = back_from_away(ANDROID, 5, Rules { pace_per_second: 2, ..Rules::default() });
    bench.fence();
    bench.advance(10_000);
    assert_eq!(bench.ids_of("presented"), ids(5));
    assert!(bench.receipts.iter().all(|receipt| receipt.delay == Some(Delay::DelayedDeviceOffline)));
}

#[test]
fn with_the_push_service_off_everything_is_delivered() {
    for platform in [IPHONE, ANDROID] {
        let mut bench = back_from_away(platform, 150, delivers_all());
        bench.fence();
        bench.advance(5_000);
        assert_eq!(bench.ids_of("presented"), ids(150));
    }
}

#[test]
fn a_connection_that_broke_by_itself_delivers_all() {
    for platform in [IPHONE, ANDROID] {
        let mut bench = Bench::ready(platform);
        bench.disconnect();
        bench.connect(true);
        bench.push_all(ids(3).iter().map(String::as_str));
        bench.fence();
        assert_eq!(bench.ids_of("presented"), ids(3));
    }
}

#[test]
fn without_the_session_nothing_was_held() {
    let mut bench = Bench::ready(IPHONE);
    bench.go_offline();
    bench.condition(ConditionCommand::Offline(false));
    bench.connect(false);
    bench.push_all(["a", "b"]);
    bench.fence();
    assert_eq!(bench.ids_of("presented"), ["a", "b"]);
}

#[test]
fn a_daemon_that_was_not_running_was_away() {
    let mut bench = Bench::ready(IPHONE);
    bench.restart();
    bench.connect(true);
    bench.push_all(["a", "b"]);
    bench.fence();
    assert_eq!((bench.ids_of("dropped"), bench.ids_of("presented")), (vec!["a"], vec!["b"]));
    bench.push_all(["c", "d"]);
    assert_eq!(bench.ids_of("presented"), ["b", "c", "d"], "behind the fence it is live");
}

#[test]
fn being_away_ends_with_the_fence_and_not_with_a_connection_that_breaks_before_it() {
    let mut bench = back_from_away(IPHONE, 2, Rules::default());
    bench.disconnect();
    bench.connect(true);
    bench.push(sent("late"));
    bench.fence();
    assert_eq!((bench.ids_of("dropped"), bench.ids_of("presented")), (vec!["n0", "n1"], vec!["late"]));
}

#[test]
fn what_waited_is_decided_when_the_session_turns_out_to_be_gone() {
    let mut bench = back_from_away(IPHONE, 3, Rules::default());
    bench.disconnect();
    bench.connect(false);
    assert_eq!((bench.ids_of("dropped"), bench.ids_of("presented")), (vec!["n0", "n1"], vec!["n2"]));
}

#[test]
fn what_a_prerequisite_withholds_does_not_wait_for_the_fence() {
    let mut bench = Bench::ready(IPHONE);
    bench.deny();
    bench.go_offline();
    bench.come_back();
    bench.push_all(["a", "b"]);
    assert_eq!(bench.ids_of("withheld"), ["a", "b"]);
    assert!(bench.receipts.iter().all(|receipt| receipt.delay.is_none()));
}

#[test]
fn the_first_outcome_that_applies_stands_before_dropped() {
    let mut bench = back_from_away(IPHONE, 2, Rules::default());
    let soon = bench.now.plus_seconds(5);
    bench.push(sent("expired").expires_at(soon));
    bench.push(sent("last"));
    bench.now = soon;
    bench.deny();
    bench.fence();
    assert_eq!(bench.ids_of("expired"), ["expired"]);
    assert_eq!(bench.ids_of("withheld"), ["n0", "n1", "last"]);
}

#[test]
fn a_force_stopped_app_loses_what_is_let_go_while_it_is_stopped() {
    let mut bench = Bench::ready(ANDROID);
    bench.app(AppCommand::ForceStop);
    bench.push(sent("live"));
    assert_eq!(bench.receipt("live").outcome, Outcome::Dropped { problem: Problem::DroppedAppForceStopped });
    bench.go_offline();
    bench.come_back();
    bench.push_all(["a", "b"]);
    // facts 5: nothing until reopened; what the push service still keeps is delivered then
    bench.app(AppCommand::Open);
    bench.fence();
    assert_eq!(bench.ids_of("presented"), ["a", "b"]);
}

#[test]
fn a_push_of_a_breaking_connection_waits_while_the_device_is_offline() {
    for emulate in [true, false] {
        let push_service = PushService { emulate, ..PushService::default() };
        let mut bench = Bench::ready_with(IPHONE, Rules { push_service, ..Rules::default() });
        bench.condition(ConditionCommand::Offline(true));
        bench.push(sent("in flight"));
        assert_eq!(bench.held.values().next().unwrap().reason, HoldReason::DeviceOffline);
        bench.happens(Event::FenceReturned);
        bench.disconnect();
        assert_eq!(bench.receipts.len(), 0);
        bench.come_back();
        bench.push(sent("later"));
        bench.fence();
        let presented: &[&str] = if emulate { &["later"] } else { &["in flight", "later"] };
        assert_eq!(bench.ids_of("presented"), presented);
    }
}

#[test]
fn what_came_through_one_fence_is_not_counted_at_the_next() {
    let rules = Rules { pace_per_second: 1, ..Rules::default() };
    let mut bench = back_from_away(ANDROID, 60, rules);
    bench.fence();
    bench.go_offline();
    bench.come_back();
    let more: Vec<String> = (0..60).map(|n| format!("m{n}")).collect();
    bench.push_all(more.iter().map(String::as_str));
    bench.fence();
    bench.advance(200_000);
    assert_eq!(bench.ids_of("presented").len(), 120);
}

#[test]
fn a_duplicate_of_a_push_that_waits_is_one_at_once() {
    let mut bench = back_from_away(IPHONE, 1, Rules::default());
    bench.push(sent("n0"));
    assert_eq!(bench.ids_of("duplicate"), ["n0"]);
    bench.fence();
    assert_eq!(bench.ids_of("presented"), ["n0"]);
}

#[test]
fn a_reset_while_pushes_wait_withholds_them_at_the_fence() {
    let mut bench = back_from_away(ANDROID, 2, Rules::default());
    bench.command(Command::Reset);
    bench.fence();
    assert_eq!(bench.ids_of("withheld"), ["n0", "n1"]);
}
