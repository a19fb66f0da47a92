//! A process that dies at the worst moments, and the next one.
//!
//! Lives here: each moment of one push's way, by example. Does not live here: all the others (`properties`).

use portal_contract::OutcomeKind;
use portal_device::{ConditionCommand, DeviceCommand, PermissionCommand};

use super::desktop::Answer;
use super::rig::Rig;
use crate::{Action, Input, JournalEntry, PublishId};

#[test]
fn killed_while_a_card_is_shown_the_push_comes_again_and_shows_once_more() {
    for reached_desktop in [false, true] {
        let mut rig = Rig::ready();
        let serial = rig.push_now("1");
        rig.answer_ids();
        if reached_desktop {
            rig.desktop_answers(Answer::Shows);
        }
        rig.crash(0);
        rig.connect_fully();
        rig.answer_ids();
        rig.advance(0);
        assert!(rig.settle());
        rig.check_the_end();
        assert_eq!((rig.desktop.appeared[&serial], rig.journal.durable.receipts.len()), (2, 1));
    }
}

#[test]
fn killed_between_commit_and_acknowledgement_it_is_not_shown_again() {
    let mut rig = Rig::ready();
    let serial = rig.push_now("1");
    rig.answer_ids();
    rig.desktop_answers(Answer::Shows);
    rig.crash(1);
    assert!(rig.settle());
    rig.check_the_end();
    assert_eq!(rig.desktop.appeared[&serial], 1);
    assert_eq!(rig.journal.durable.outcomes[&serial], [OutcomeKind::Presented]);
    assert_eq!(rig.delivery.redelivered(), 1);
}

#[test]
fn killed_between_publishing_and_the_puback_the_receipt_is_published_again() {
    let mut rig = Rig::ready();
    rig.push_through("1");
    rig.push_through("2");
    let taken = rig.broker.take(0);
    rig.session(taken);
    rig.crash(usize::MAX);
    rig.connect_fully();
    let page = rig.journal.page().unwrap();
    rig.handle(Input::ReceiptsRead(page));
    let receipts: Vec<_> = rig.broker.publishes().into_iter().filter(|id| *id != PublishId::State).collect();
    assert_eq!(receipts, [PublishId::Receipt(2)]);
}

#[test]
fn a_held_push_is_held_after_a_start_and_ends_in_one_outcome() {
    let mut rig =
        Rig::ready_with(portal_contract::OperatingSystem::Android, portal_device::EmulationSettings::default());
    rig.apply(DeviceCommand::Condition(ConditionCommand::Doze(true)));
    let serial = rig.push_now("1");
    rig.answer_ids();
    rig.commit();
    rig.crash(0);
    assert_eq!(rig.delivery.device().held(), 1);
    rig.connect_fully();
    rig.ask(DeviceCommand::Condition(ConditionCommand::Doze(false)));
    assert!(rig.settle());
    rig.check_the_end();
    assert_eq!(rig.journal.durable.outcomes[&serial], [OutcomeKind::Presented]);
}

#[test]
fn a_command_that_was_answered_survives() {
    let mut rig = Rig::ready();
    rig.apply(DeviceCommand::Permission(PermissionCommand::Deny));
    rig.crash(0);
    let state = rig.delivery.device().snapshot().device_state();
    assert_eq!(state.notification_permission, portal_contract::NotificationPermission::Denied);
}

#[test]
fn a_device_that_was_taken_offline_stays_so() {
    let mut rig = Rig::ready();
    rig.apply(DeviceCommand::Condition(ConditionCommand::Offline(true)));
    rig.disconnect();
    rig.done.clear();
    rig.crash(0);
    assert!(rig.done.contains(&Action::GoOffline));
    assert!(rig.broker.is_unwanted);
}

#[test]
fn each_start_writes_a_snapshot_and_what_it_changes_and_tells_nobody_before_both_are_durable() {
    let mut rig = Rig::ready();
    let device = rig.delivery.device().clone();
    rig.delivery = crate::Delivery::new(device, crate::Recovery::default());
    rig.journal.crash();
    rig.broker.crash();
    rig.done.clear();
    rig.handle(Input::Started(vec![DeviceCommand::Rename { name: "Another".to_owned() }]));
    rig.connect_fully();
    assert!(!rig.done.iter().any(|action| matches!(action, Action::Publish(_))), "the state is not durable");
    let [JournalEntry::Changed { event: first, .. }, JournalEntry::Changed { event: second, .. }] =
        &rig.journal.appended.entries[rig.journal.durable.entries.len()..]
    else {
        panic!("{:?}", rig.journal.appended.entries);
    };
    assert!(first.contains("started") && second.contains("rename"), "{first} {second}");
    rig.commit();
    rig.take_all_publishes();
    assert_eq!(rig.broker.state.as_ref().map(|state| state.device_name.as_str()), Some("Another"));
}

/// What was held for the session comes before its own connection's fence; that of an earlier one says nothing of it.
#[test]
fn a_fence_of_a_connection_that_is_gone_counts_for_nothing() {
    let mut rig = Rig::ready();
    for input in rig.desktop.go_away() {
        rig.handle(Input::Desktop(input));
    }
    rig.push_through("1");
    rig.crash(0);
    rig.desktop.is_away = false;
    // Held for a notification server, it is shown at once: what the session brings waits behind it.
    rig.advance(0);
    rig.commit();
    assert!(rig.desktop.asked.is_some());
    rig.connect_fully();
    rig.disconnect();
    let connected = rig.broker.connect();
    rig.session(connected);
    rig.desktop_answers(Answer::Shows);
    let serial = rig.push_now("2");
    rig.commit();
    rig.answer_ids();
    assert_eq!(rig.delivery.device().held(), 1, "it was sent while the device was away, as far as can be told");
    assert!(rig.settle());
    rig.check_the_end();
    assert_eq!(rig.journal.durable.outcomes[&serial], [OutcomeKind::Presented]);
}
