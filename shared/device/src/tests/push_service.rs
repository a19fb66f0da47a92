//! What the emulated push service does with what was sent while the device itself was away (facts 5; contract 4).
//!
//! Lives here: keep one, keep a hundred, and when neither holds. Does not live here: Doze and the rest (`waiting`).

use portal_contract::{DeliveryDelay, Outcome, PushProblem};

use super::rig::{ANDROID, DeviceRig, IPAD, IPHONE, PlatformCase};
use super::sent::sent;
use crate::{
    AppCommand, ConditionCommand, DeviceCommand, DeviceEffect, DeviceInput, DocumentationYear, EmulationSettings,
    HoldReason, PushServiceEmulation,
};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

/// A device that was away while `count` pushes were sent, and is connected again; its fence is not back.
fn back_from_away(platform: PlatformCase, count: usize, settings: EmulationSettings) -> DeviceRig {
    let mut rig = DeviceRig::ready_with(platform, settings);
    rig.go_offline();
    rig.come_back();
    rig.push_all(ids(count).iter().map(String::as_str));
    rig
}

fn delivers_all() -> EmulationSettings {
    EmulationSettings { push_service: PushServiceEmulation::off(), ..EmulationSettings::default() }
}

#[test]
fn apple_keeps_the_latest_and_drops_the_others_as_collapsed() {
    for platform in [IPHONE, IPAD] {
        let mut rig = back_from_away(platform, 4, EmulationSettings::default());
        assert_eq!((rig.held.len(), rig.receipts.len()), (4, 0), "nothing is decided before the fence");
        rig.fence();
        assert_eq!(rig.ids_of("presented"), ["n3"]);
        assert_eq!(rig.ids_of("dropped"), ["n0", "n1", "n2"]);
        assert_eq!(rig.receipt("n0").outcome, Outcome::Dropped { problem: PushProblem::Collapsed });
        assert!(rig.receipts.iter().all(|receipt| receipt.delay == Some(DeliveryDelay::DelayedDeviceOffline)));
    }
}

#[test]
fn google_keeps_a_hundred_and_discards_all_at_a_hundred_and_one() {
    let mut rig = back_from_away(ANDROID, 100, EmulationSettings::default());
    rig.fence();
    rig.advance(2_000);
    assert_eq!(rig.ids_of("presented"), ids(100));
    let mut rig = back_from_away(ANDROID, 101, EmulationSettings::default());
    rig.fence();
    assert_eq!(rig.ids_of("dropped"), ids(101));
    let dropped = Outcome::Dropped { problem: PushProblem::DroppedTooManyPendingMessages };
    assert_eq!(rig.receipt("n100").outcome, dropped);
}

#[test]
fn what_waited_for_the_fence_says_so_even_if_its_turn_came_late() {
    let mut rig = back_from_away(ANDROID, 5, EmulationSettings { pace_per_second: 2, ..EmulationSettings::default() });
    rig.fence();
    rig.advance(10_000);
    assert_eq!(rig.ids_of("presented"), ids(5));
    assert!(rig.receipts.iter().all(|receipt| receipt.delay == Some(DeliveryDelay::DelayedDeviceOffline)));
}

/// facts 5: the push service knows nothing of users, groups and enrollments.
#[test]
fn what_a_prerequisite_withholds_takes_its_place_all_the_same() {
    for platform in [IPHONE, IPAD, ANDROID] {
        let mut rig = DeviceRig::following(platform, DocumentationYear::Y2023).made_ready();
        rig.go_offline();
        rig.come_back();
        rig.push(sent("older").for_user("adele"));
        if platform.is_apple() {
            rig.push(sent("newer").for_user("bob"));
        } else {
            for id in ids(100) {
                rig.push(sent(&id).for_user("bob"));
            }
        }
        assert_eq!(rig.receipts.len(), 0, "nothing is decided before the fence");
        rig.fence();
        let problem = match platform.is_apple() {
            true => PushProblem::Collapsed,
            false => PushProblem::DroppedTooManyPendingMessages,
        };
        assert_eq!(rig.receipt("older").outcome, Outcome::Dropped { problem }, "{platform:?}");
        assert_eq!(rig.ids_of("withheld").len(), if platform.is_apple() { 1 } else { 100 });
        assert!(rig.receipts.iter().all(|receipt| receipt.delay == Some(DeliveryDelay::DelayedDeviceOffline)));
    }
}

#[test]
fn what_is_past_its_expiry_takes_no_place_among_the_hundred_and_took_one_at_apns() {
    let mut rig = back_from_away(ANDROID, 0, EmulationSettings::default());
    let soon = rig.now.plus_seconds(1);
    for id in ids(60) {
        let sent_at = rig.now;
        rig.push(sent(&id).sent_at(sent_at).expires_at(soon));
    }
    rig.now = soon;
    for n in 0..60 {
        rig.push(sent(&format!("m{n}")).sent_at(soon));
    }
    rig.fence();
    assert_eq!((rig.ids_of("expired").len(), rig.ids_of("presented").len()), (60, 60));

    let mut rig = back_from_away(IPHONE, 1, EmulationSettings::default());
    rig.push(sent("newer").expires_at(soon));
    rig.now = soon;
    rig.fence();
    assert_eq!((rig.ids_of("dropped"), rig.ids_of("expired")), (vec!["n0"], vec!["newer"]));
}

#[test]
fn collapse_keys_keep_the_newest_of_each_and_four_of_them() {
    let mut rig = back_from_away(ANDROID, 1, EmulationSettings::default());
    for (id, key) in [("a1", "a"), ("b", "b"), ("a2", "a"), ("c", "c"), ("d", "d"), ("e", "e")] {
        rig.push(sent(id).collapsing(key));
    }
    rig.fence();
    assert_eq!(rig.ids_of("dropped"), ["a1", "b"]);
    assert_eq!(rig.ids_of("presented"), ["n0", "a2", "c", "d", "e"]);
    assert_eq!(rig.receipt("a1").outcome, Outcome::Dropped { problem: PushProblem::Collapsed });
    let live = &mut DeviceRig::ready(ANDROID);
    live.push(sent("a1").collapsing("a"));
    live.push(sent("a2").collapsing("a"));
    assert_eq!(live.ids_of("presented"), ["a1", "a2"], "what is delivered is not replaced");
}

#[test]
fn discarded_messages_are_told_to_the_app_as_on_deleted_messages() {
    for count in [100, 101] {
        let mut rig = back_from_away(ANDROID, count, EmulationSettings::default());
        let told = rig.happens(DeviceInput::FenceReturned).into_iter().any(
            |effect| matches!(effect, DeviceEffect::Noted(note) if note.contains("101") && note.contains("onDeletedMessages")),
        );
        assert_eq!(told, count > 100);
    }
    let push_service = PushServiceEmulation { pending_limit: 99, ..PushServiceEmulation::default() };
    let mut rig = back_from_away(ANDROID, 100, EmulationSettings { push_service, ..EmulationSettings::default() });
    rig.fence();
    assert_eq!(rig.ids_of("dropped").len(), 100, "discarded once there are 100, as the other document has it");
}

#[test]
fn with_the_push_service_off_everything_is_delivered() {
    for platform in [IPHONE, ANDROID] {
        let mut rig = back_from_away(platform, 150, delivers_all());
        rig.fence();
        rig.advance(5_000);
        assert_eq!(rig.ids_of("presented"), ids(150));
    }
}

#[test]
fn a_connection_that_broke_by_itself_delivers_all() {
    for platform in [IPHONE, ANDROID] {
        let mut rig = DeviceRig::ready(platform);
        rig.disconnect();
        rig.connect(true);
        rig.push_all(ids(3).iter().map(String::as_str));
        rig.fence();
        assert_eq!(rig.ids_of("presented"), ids(3));
    }
}

#[test]
fn without_the_session_nothing_was_held() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.go_offline();
    rig.condition(ConditionCommand::Offline(false));
    rig.connect(false);
    rig.push_all(["a", "b"]);
    rig.fence();
    assert_eq!(rig.ids_of("presented"), ["a", "b"]);
}

#[test]
fn a_daemon_that_was_not_running_was_away() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.restart();
    rig.connect(true);
    rig.push_all(["a", "b"]);
    rig.fence();
    assert_eq!((rig.ids_of("dropped"), rig.ids_of("presented")), (vec!["a"], vec!["b"]));
    rig.push_all(["c", "d"]);
    assert_eq!(rig.ids_of("presented"), ["b", "c", "d"], "behind the fence it is live");
}

#[test]
fn being_away_ends_with_the_fence_and_not_with_a_connection_that_breaks_before_it() {
    let mut rig = back_from_away(IPHONE, 2, EmulationSettings::default());
    rig.disconnect();
    rig.connect(true);
    rig.push(sent("late"));
    rig.fence();
    assert_eq!((rig.ids_of("dropped"), rig.ids_of("presented")), (vec!["n0", "n1"], vec!["late"]));
}

#[test]
fn what_waited_is_decided_when_the_session_turns_out_to_be_gone() {
    let mut rig = back_from_away(IPHONE, 3, EmulationSettings::default());
    rig.disconnect();
    rig.connect(false);
    assert_eq!((rig.ids_of("dropped"), rig.ids_of("presented")), (vec!["n0", "n1"], vec!["n2"]));
}

#[test]
fn what_a_prerequisite_withholds_does_not_wait_for_the_fence() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.deny();
    rig.go_offline();
    rig.come_back();
    rig.push_all(["a", "b"]);
    assert_eq!(rig.ids_of("withheld"), ["a", "b"]);
    assert!(rig.receipts.iter().all(|receipt| receipt.delay.is_none()));
}

#[test]
fn the_first_outcome_that_applies_stands_before_dropped() {
    let mut rig = back_from_away(IPHONE, 2, EmulationSettings::default());
    let soon = rig.now.plus_seconds(5);
    rig.push(sent("expired").expires_at(soon));
    rig.push(sent("last"));
    rig.now = soon;
    rig.deny();
    rig.fence();
    assert_eq!(rig.ids_of("expired"), ["expired"]);
    assert_eq!(rig.ids_of("withheld"), ["n0", "n1", "last"]);
}

#[test]
fn a_force_stopped_app_loses_what_is_let_go_while_it_is_stopped() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.app(AppCommand::ForceStop);
    rig.push(sent("live"));
    assert_eq!(rig.receipt("live").outcome, Outcome::Dropped { problem: PushProblem::DroppedAppForceStopped });
    rig.go_offline();
    rig.come_back();
    rig.push_all(["a", "b"]);
    // facts 5: nothing until reopened; what the push service still keeps is delivered then
    rig.app(AppCommand::Open);
    rig.fence();
    assert_eq!(rig.ids_of("presented"), ["a", "b"]);
}

#[test]
fn a_push_of_a_breaking_connection_waits_while_the_device_is_offline() {
    for emulate in [true, false] {
        let push_service = PushServiceEmulation { emulate, ..PushServiceEmulation::default() };
        let mut rig = DeviceRig::ready_with(IPHONE, EmulationSettings { push_service, ..EmulationSettings::default() });
        rig.condition(ConditionCommand::Offline(true));
        rig.push(sent("in flight"));
        assert_eq!(rig.held.values().next().unwrap().reason, HoldReason::DeviceOffline);
        rig.happens(DeviceInput::FenceReturned);
        rig.disconnect();
        assert_eq!(rig.receipts.len(), 0);
        rig.come_back();
        rig.push(sent("later"));
        rig.fence();
        let presented: &[&str] = if emulate { &["later"] } else { &["in flight", "later"] };
        assert_eq!(rig.ids_of("presented"), presented);
    }
}

#[test]
fn what_came_through_one_fence_is_not_counted_at_the_next() {
    let settings = EmulationSettings { pace_per_second: 1, ..EmulationSettings::default() };
    let mut rig = back_from_away(ANDROID, 60, settings);
    rig.fence();
    rig.go_offline();
    rig.come_back();
    let more: Vec<String> = (0..60).map(|n| format!("m{n}")).collect();
    rig.push_all(more.iter().map(String::as_str));
    rig.fence();
    rig.advance(200_000);
    assert_eq!(rig.ids_of("presented").len(), 120);
}

#[test]
fn a_duplicate_of_a_push_that_waits_is_one_at_once() {
    let mut rig = back_from_away(IPHONE, 1, EmulationSettings::default());
    rig.push(sent("n0"));
    assert_eq!(rig.ids_of("duplicate"), ["n0"]);
    rig.fence();
    assert_eq!(rig.ids_of("presented"), ["n0"]);
}

#[test]
fn a_reset_while_pushes_wait_ends_them_with_the_life_that_they_were_sent_to() {
    let mut rig = back_from_away(ANDROID, 2, EmulationSettings::default());
    rig.command(DeviceCommand::Reset);
    assert_eq!(rig.ids_of("dropped"), ["n0", "n1"]);
    rig.fence();
    assert_eq!(rig.receipts.len(), 2);
}
