//! Pushes that wait for the device: Doze, the work profile, their own expiry (facts 4.2, 5; contract 3, 4).
//!
//! Lives here: what each condition holds and in what order it lets go. Does not live here: the fence (`push_service`), the
//! desktop (`raising`).

use portal_contract::Delay;

use super::bench::{ANDROID, Bench, IPHONE};
use super::sent::{nonsense, sent};
use crate::{Command, ConditionCommand, HoldReason, PushService, Rules};

const DOZE: ConditionCommand = ConditionCommand::Doze(true);
const AWAKE: ConditionCommand = ConditionCommand::Doze(false);
const PAUSED: ConditionCommand = ConditionCommand::WorkProfilePaused(true);
const RESUMED: ConditionCommand = ConditionCommand::WorkProfilePaused(false);

fn reasons(bench: &Bench) -> Vec<HoldReason> {
    bench.held.values().map(|held| held.reason).collect()
}

#[test]
fn doze_holds_and_its_end_lets_go_in_order() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.push_all(["a", "b", "c"]);
    assert_eq!(reasons(&bench), [HoldReason::Doze; 3]);
    bench.advance(3_600_000);
    assert_eq!(bench.receipts.len(), 0);
    bench.condition(AWAKE);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c"]);
    assert!(bench.receipts.iter().all(|receipt| receipt.delay == Some(Delay::DelayedDeviceDoze)));
    let receipt = bench.receipt("a");
    assert_eq!(receipt.decided_at.millis_since(receipt.received_at), 3_600_000);
}

#[test]
fn an_exempt_app_does_not_wait_for_the_end_of_doze() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.push(sent("a"));
    bench.condition(ConditionCommand::BatteryOptimisationExempt(true));
    assert_eq!(bench.word("a"), "presented");
    bench.push(sent("b"));
    assert_eq!(bench.receipt("b").delay, None);
}

#[test]
fn a_paused_profile_holds_and_its_resumption_is_a_burst_in_order() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(PAUSED);
    let ids: Vec<String> = (0..50).map(|n| format!("n{n}")).collect();
    bench.push_all(ids.iter().map(String::as_str));
    assert_eq!(reasons(&bench), [HoldReason::WorkProfilePaused; 50]);
    bench.condition(RESUMED);
    assert_eq!(bench.ids_of("presented"), ids);
    assert!(bench.receipts.iter().all(|receipt| receipt.delay == Some(Delay::DelayedUserStopped)));
}

#[test]
fn one_condition_after_the_other_holds_a_push_until_none_does() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.condition(PAUSED);
    bench.push(sent("a"));
    bench.condition(RESUMED);
    assert_eq!(reasons(&bench), [HoldReason::Doze]);
    bench.condition(PAUSED);
    bench.condition(AWAKE);
    assert_eq!(reasons(&bench), [HoldReason::WorkProfilePaused]);
    bench.condition(RESUMED);
    assert_eq!(bench.word("a"), "presented");
}

#[test]
fn a_held_push_is_judged_by_the_moment_when_it_is_let_go() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.push_all(["a", "b"]);
    bench.push(sent("g").for_group(1));
    bench.deny();
    assert_eq!(bench.receipts.len(), 0, "held, it is not judged anew at each change");
    bench.condition(AWAKE);
    assert_eq!(bench.ids_of("withheld"), ["a", "b", "g"]);
}

#[test]
fn what_a_prerequisite_withholds_never_waits() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.deny();
    bench.push(sent("a"));
    assert_eq!(bench.word("a"), "withheld");
}

#[test]
fn a_push_expires_at_its_moment_even_while_it_waits() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    let at = bench.now.plus_seconds(60);
    bench.push(sent("a").expires_at(at));
    bench.push(sent("b").expires_at(bench.now.plus_seconds(90)).broker_expiry(60));
    assert_eq!(bench.device.next_deadline(), Some(at));
    bench.advance(59_999);
    assert_eq!(bench.receipts.len(), 0);
    bench.advance(1);
    assert_eq!(bench.ids_of("expired"), ["a", "b"]);
    assert_eq!((bench.receipt("a").delay, bench.receipt("a").decided_at), (Some(Delay::DelayedDeviceDoze), at));
}

#[test]
fn the_clock_that_is_advanced_expires_what_waits() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.push(sent("a").broker_expiry(60));
    bench.command(Command::ClockAdvance { millis: 61_000 });
    bench.advance(0);
    assert_eq!(bench.word("a"), "expired");
}

#[test]
fn what_is_past_its_expiry_when_it_arrives_is_expired_before_anything_is_unmet() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.push(sent("at").expires_at(bench.now));
    bench.push(sent("past").expires_at(bench.now.plus_millis(-1)));
    bench.push(sent("broker").broker_expiry(0));
    bench.push(sent("later").expires_at(bench.now.plus_millis(1)));
    assert_eq!(bench.ids_of("expired"), ["at", "past", "broker"]);
    assert_eq!(bench.word("later"), "withheld");
}

#[test]
fn a_push_older_than_the_memory_of_ids_is_expired() {
    let mut bench = Bench::ready(IPHONE);
    let age = bench.rules.ids_age_millis;
    bench.push(sent("old").sent_at(bench.now.plus_millis(-age - 1)));
    bench.push(sent("not yet").sent_at(bench.now.plus_millis(-age)));
    bench.push(sent("from the future").sent_at(bench.now.plus_seconds(86_400)));
    assert_eq!(bench.ids_of("expired"), ["old"]);
    assert_eq!(bench.ids_of("presented"), ["not yet", "from the future"]);
}

#[test]
fn a_held_push_becomes_too_old_at_a_deadline_of_its_own() {
    let push_service = PushService { time_to_live_millis: Some(i64::MAX), ..PushService::default() };
    let mut bench = Bench::ready_with(ANDROID, Rules { push_service, ..Rules::default() });
    bench.condition(DOZE);
    bench.push(sent("a").sent_at(bench.now));
    bench.advance(bench.rules.ids_age_millis);
    assert_eq!(bench.receipts.len(), 0);
    bench.advance(1);
    assert_eq!(bench.word("a"), "expired");
}

#[test]
fn rejected_comes_before_duplicate_and_duplicate_before_expired() {
    let mut bench = Bench::ready(IPHONE);
    bench.push(sent("a"));
    bench.push(sent("a").retained());
    bench.push(sent("a").expires_at(bench.now));
    bench.push(nonsense());
    let words: Vec<&str> = bench.receipts.iter().map(|receipt| receipt.outcome.kind().word()).collect();
    assert_eq!(words, ["presented", "rejected", "duplicate", "rejected"]);
    bench.push(sent("b").retained());
    bench.push(sent("b"));
    assert_eq!(bench.receipts.last().unwrap().outcome.kind().word(), "presented", "rejected uses no id up");
}

#[test]
fn the_same_id_by_device_and_by_group_is_a_duplicate_of_a_push_that_waits_too() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(DOZE);
    bench.push(sent("a"));
    bench.push(sent("a").for_group(1));
    assert_eq!(bench.ids_of("duplicate"), ["a"]);
    bench.condition(AWAKE);
    assert_eq!(bench.outcomes("a").len(), 2);
}

#[test]
fn the_emulation_switched_off_knows_no_doze() {
    let mut bench = Bench::ready_with(ANDROID, Rules { push_service: PushService::off(), ..Rules::default() });
    bench.condition(DOZE);
    bench.push(sent("a"));
    assert_eq!(bench.word("a"), "presented");
    // The profile is the device's own, not the push service's.
    bench.condition(PAUSED);
    bench.push(sent("b"));
    assert_eq!(reasons(&bench), [HoldReason::WorkProfilePaused]);
}
