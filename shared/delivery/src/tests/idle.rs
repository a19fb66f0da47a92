//! When the device says that it is idle, and when it does not.
//!
//! Lives here: idle detection through everything that may be pending. Does not live here: the proof itself (`crate::idle`).

use portal_device::{ConditionCommand, DeviceCommand, EmulationSettings, PermissionCommand};

use super::desktop::Answer;
use super::rig::Rig;
use crate::Input;

#[test]
fn with_nothing_to_do_one_probe_proves_it() {
    let mut rig = Rig::ready();
    rig.await_idle();
    assert_eq!(rig.idle, None, "the probe is on its way");
    rig.deliver();
    let idle = rig.idle.expect("the probe came back");
    assert_eq!((idle.now, idle.next_deadline), (rig.wall, None));
}

#[test]
fn each_stage_of_a_push_is_work() {
    let mut rig = Rig::ready();
    rig.push("1");
    rig.await_idle();
    // The push comes before the probe, and asks for its id.
    rig.deliver();
    rig.answer_ids();
    rig.deliver();
    assert_eq!(rig.idle, None, "a card is being shown");
    rig.desktop_answers(Answer::Shows);
    rig.deliver();
    assert_eq!(rig.idle, None, "the outcome is not durable");
    rig.commit();
    rig.deliver();
    assert_eq!(rig.idle, None, "the receipt has no PUBACK");
    rig.take_all_publishes();
    assert_eq!(rig.idle, None, "a probe that was sent while there was work says nothing");
    rig.deliver();
    assert!(rig.idle.is_some());
}

#[test]
fn a_push_that_was_sent_before_the_probe_came_back_is_waited_for() {
    let mut rig = Rig::ready();
    rig.await_idle();
    // On the wire behind the probe: whoever asked had sent it, but not before asking.
    rig.push("1");
    let probe_alone = rig.broker.deliver(1);
    rig.session(probe_alone);
    assert!(rig.idle.is_some());
    rig.await_idle();
    rig.deliver();
    assert_eq!(rig.idle, None);
    assert!(rig.settle());
}

#[test]
fn a_command_disturbs_the_proof() {
    let mut rig = Rig::ready();
    rig.await_idle();
    rig.ask(DeviceCommand::Permission(PermissionCommand::Deny));
    rig.deliver();
    assert_eq!(rig.idle, None);
    rig.commit();
    rig.take_all_publishes();
    rig.deliver();
    assert!(rig.idle.is_some());
}

#[test]
fn without_a_connection_nothing_is_proved_until_the_fence_is_back() {
    let mut rig = Rig::ready();
    rig.disconnect();
    rig.await_idle();
    assert_eq!(rig.idle, None);
    let connected = rig.broker.connect();
    rig.session(connected);
    let online = rig.broker.go_online();
    rig.session(online);
    rig.take_all_publishes();
    assert_eq!(rig.idle, None, "what was held for the session may still come");
    rig.deliver();
    rig.deliver();
    rig.commit();
    rig.take_all_publishes();
    rig.deliver();
    assert!(rig.idle.is_some());
}

#[test]
fn offline_by_command_it_is_idle_once_the_connection_has_ended_whatever_is_unpublished() {
    let mut rig = Rig::ready();
    rig.push_through("1");
    rig.apply(DeviceCommand::Condition(ConditionCommand::Offline(true)));
    rig.await_idle();
    assert_eq!(rig.idle, None);
    rig.disconnect();
    assert!(rig.idle.is_some());
}

#[test]
fn held_for_its_turn_a_push_is_no_work_until_its_time_has_come() {
    let rules = EmulationSettings { pace_per_second: 1, ..EmulationSettings::default() };
    let mut rig = Rig::ready_with(portal_contract::OperatingSystem::Ios, rules);
    rig.push_through("1");
    rig.push_through("2");
    rig.take_all_publishes();
    rig.await_idle();
    rig.deliver();
    let idle = rig.idle.expect("it waits on time alone");
    assert_eq!(idle.next_deadline, Some(rig.wall.plus_millis(1000)));
    rig.wall = rig.wall.plus_millis(1000);
    rig.await_idle();
    rig.deliver();
    assert_eq!(rig.idle, None, "its time has come");
    rig.handle(Input::DeadlineReached);
    rig.desktop_answers(Answer::Shows);
    rig.commit();
    rig.take_all_publishes();
    rig.deliver();
    assert!(rig.idle.is_some());
}
