//! Pushes that wait for the device: Doze, the work profile, their own expiry (facts 4.2, 5; contract 3, 4).
//!
//! Lives here: what each condition holds and in what order it lets go. Does not live here: the fence (`push_service`), the
//! desktop (`showing`).

use portal_contract::DeliveryDelay;

use super::rig::{ANDROID, DeviceRig, IPHONE};
use super::sent::{nonsense, sent};
use crate::{AppCommand, ConditionCommand, DeviceCommand, EmulationSettings, HoldReason, PushServiceEmulation};

const DOZE: ConditionCommand = ConditionCommand::Doze(true);
const AWAKE: ConditionCommand = ConditionCommand::Doze(false);
const PAUSED: ConditionCommand = ConditionCommand::WorkProfilePaused(true);
const RESUMED: ConditionCommand = ConditionCommand::WorkProfilePaused(false);

fn reasons(rig: &DeviceRig) -> Vec<HoldReason> {
    rig.held.values().map(|held| held.reason).collect()
}

#[test]
fn doze_holds_and_its_end_lets_go_in_order() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.push_all(["a", "b", "c"]);
    assert_eq!(reasons(&rig), [HoldReason::Doze; 3]);
    rig.advance(3_600_000);
    assert_eq!(rig.receipts.len(), 0);
    rig.condition(AWAKE);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
    assert!(rig.receipts.iter().all(|receipt| receipt.delay == Some(DeliveryDelay::DelayedDeviceDoze)));
    let receipt = rig.receipt("a");
    assert_eq!(receipt.decided_at.millis_since(receipt.received_at), 3_600_000);
}

#[test]
fn an_exempt_app_does_not_wait_for_the_end_of_doze() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.push(sent("a"));
    rig.condition(ConditionCommand::BatteryOptimisationExempt(true));
    assert_eq!(rig.word("a"), "presented");
    rig.push(sent("b"));
    assert_eq!(rig.receipt("b").delay, None);
}

#[test]
fn a_paused_profile_holds_and_its_resumption_is_a_burst_in_order() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(PAUSED);
    let ids: Vec<String> = (0..50).map(|n| format!("n{n}")).collect();
    rig.push_all(ids.iter().map(String::as_str));
    assert_eq!(reasons(&rig), [HoldReason::WorkProfilePaused; 50]);
    rig.condition(RESUMED);
    assert_eq!(rig.ids_of("presented"), ids);
    assert!(rig.receipts.iter().all(|receipt| receipt.delay == Some(DeliveryDelay::DelayedUserStopped)));
}

#[test]
fn one_condition_after_the_other_holds_a_push_until_none_does() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.condition(PAUSED);
    rig.push(sent("a"));
    rig.condition(RESUMED);
    assert_eq!(reasons(&rig), [HoldReason::Doze]);
    rig.condition(PAUSED);
    rig.condition(AWAKE);
    assert_eq!(reasons(&rig), [HoldReason::WorkProfilePaused]);
    rig.condition(RESUMED);
    assert_eq!(rig.word("a"), "presented");
}

#[test]
fn a_held_push_is_judged_by_the_moment_when_it_is_let_go() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.push_all(["a", "b"]);
    rig.push(sent("g").for_group(1));
    rig.deny();
    assert_eq!(rig.receipts.len(), 0, "held, it is not evaluated anew at each change");
    rig.condition(AWAKE);
    assert_eq!(rig.ids_of("withheld"), ["a", "b", "g"]);
}

#[test]
fn what_a_prerequisite_withholds_never_waits() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.deny();
    rig.push(sent("a"));
    assert_eq!(rig.word("a"), "withheld");
}

#[test]
fn a_push_expires_at_its_moment_even_while_it_waits() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    let at = rig.now.plus_seconds(60);
    rig.push(sent("a").expires_at(at));
    rig.push(sent("b").expires_at(rig.now.plus_seconds(90)).broker_expiry(60));
    assert_eq!(rig.device.next_deadline(), Some(at));
    rig.advance(59_999);
    assert_eq!(rig.receipts.len(), 0);
    rig.advance(1);
    assert_eq!(rig.ids_of("expired"), ["a", "b"]);
    assert_eq!((rig.receipt("a").delay, rig.receipt("a").decided_at), (Some(DeliveryDelay::DelayedDeviceDoze), at));
}

#[test]
fn the_clock_that_is_advanced_expires_what_waits() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.push(sent("a").broker_expiry(60));
    rig.command(DeviceCommand::ClockAdvance { millis: 61_000 });
    rig.advance(0);
    assert_eq!(rig.word("a"), "expired");
}

#[test]
fn what_is_past_its_expiry_when_it_arrives_is_expired_before_anything_is_unmet() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.push(sent("at").expires_at(rig.now));
    rig.push(sent("past").expires_at(rig.now.plus_millis(-1)));
    rig.push(sent("broker").broker_expiry(0));
    rig.push(sent("later").expires_at(rig.now.plus_millis(1)));
    assert_eq!(rig.ids_of("expired"), ["at", "past", "broker"]);
    assert_eq!(rig.word("later"), "withheld");
}

#[test]
fn a_push_older_than_the_memory_of_ids_is_expired() {
    let mut rig = DeviceRig::ready(IPHONE);
    let age = rig.settings.ids_age_millis;
    rig.push(sent("old").sent_at(rig.now.plus_millis(-age - 1)));
    rig.push(sent("not yet").sent_at(rig.now.plus_millis(-age)));
    rig.push(sent("from the future").sent_at(rig.now.plus_seconds(86_400)));
    assert_eq!(rig.ids_of("expired"), ["old"]);
    assert_eq!(rig.ids_of("presented"), ["not yet", "from the future"]);
}

#[test]
fn what_is_left_to_the_summary_comes_with_it_or_once_it_is_taken_out_of_it() {
    for (apple_summary_times, comes) in [(vec![8 * 60, 18 * 60], true), (Vec::new(), false)] {
        let settings = EmulationSettings { apple_summary_times, ..EmulationSettings::default() };
        let mut rig = DeviceRig::ready_with(IPHONE, settings);
        rig.set("scheduledDelivery", "on");
        rig.push_all(["a", "b"]);
        assert_eq!(rig.held.len(), if comes { 2 } else { 0 }, "without times it is listed at once");
        rig.advance(9 * 3_600_000 - 1);
        assert_eq!(rig.receipts.len(), if comes { 0 } else { 2 });
        rig.restart();
        rig.connect(true);
        rig.fence();
        rig.advance(1);
        assert_eq!(rig.ids_of("presented"), ["a", "b"]);
        rig.app(AppCommand::Open);
        rig.push(sent("open"));
        assert_eq!(rig.word("open"), "presented", "what is in the app does not wait");
        rig.app(AppCommand::Close);
        rig.push(sent("c"));
        rig.app(AppCommand::Open);
        assert_eq!(rig.held.len(), usize::from(comes), "what waits does not come with the app");
        rig.app(AppCommand::Close);
        rig.set("scheduledDelivery", "off");
        assert_eq!(rig.word("c"), "presented");
    }
}

#[test]
fn a_held_push_becomes_too_old_at_a_deadline_of_its_own() {
    let push_service = PushServiceEmulation {
        time_to_live_millis: Some(i64::MAX),
        doze_window_millis: 0,
        ..PushServiceEmulation::default()
    };
    let mut rig = DeviceRig::ready_with(ANDROID, EmulationSettings { push_service, ..EmulationSettings::default() });
    rig.condition(DOZE);
    rig.push(sent("a").sent_at(rig.now));
    rig.advance(rig.settings.ids_age_millis);
    assert_eq!(rig.receipts.len(), 0);
    rig.advance(1);
    assert_eq!(rig.word("a"), "expired");
}

#[test]
fn rejected_comes_before_duplicate_and_duplicate_before_expired() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.push(sent("a"));
    rig.push(sent("a").retained());
    rig.push(sent("a").expires_at(rig.now));
    rig.push(nonsense());
    let words: Vec<&str> = rig.receipts.iter().map(|receipt| receipt.outcome.kind().word()).collect();
    assert_eq!(words, ["presented", "rejected", "duplicate", "rejected"]);
    rig.push(sent("b").retained());
    rig.push(sent("b"));
    assert_eq!(rig.receipts.last().unwrap().outcome.kind().word(), "presented", "rejected uses no id up");
}

#[test]
fn the_same_id_by_device_and_by_group_is_a_duplicate_of_a_push_that_waits_too() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(DOZE);
    rig.push(sent("a"));
    rig.push(sent("a").for_group(1));
    assert_eq!(rig.ids_of("duplicate"), ["a"]);
    rig.condition(AWAKE);
    assert_eq!(rig.outcomes("a").len(), 2);
}

#[test]
fn the_emulation_switched_off_knows_no_doze() {
    let mut rig = DeviceRig::ready_with(
        ANDROID,
        EmulationSettings { push_service: PushServiceEmulation::off(), ..EmulationSettings::default() },
    );
    rig.condition(DOZE);
    rig.push(sent("a"));
    assert_eq!(rig.word("a"), "presented");
    // The profile is the device's own, not the push service's.
    rig.condition(PAUSED);
    rig.push(sent("b"));
    assert_eq!(reasons(&rig), [HoldReason::WorkProfilePaused]);
}
