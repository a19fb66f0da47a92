//! Used ids: redeliveries, second copies, duplicates, a disk that is slow to answer, a reset.
//!
//! Lives here: what becomes of a push whose id was there before. Does not live here: how an id is remembered (`used_ids`).

use portal_contract::OutcomeKind;
use portal_device::{DeviceCommand, PermissionCommand};

use super::desktop::Answer;
use super::rig::Rig;
use crate::{Action, Input, JournalEntry};

fn denied() -> Rig {
    let mut rig = Rig::ready();
    rig.apply(DeviceCommand::Permission(PermissionCommand::Deny));
    rig.take_all_publishes();
    rig.done.clear();
    rig
}

fn acknowledged(rig: &Rig) -> Vec<u64> {
    let position = |action: &Action| match action {
        Action::Acknowledge(ack) => Some(ack.position),
        _ => None,
    };
    rig.done.iter().filter_map(position).collect()
}

#[test]
fn a_redelivered_push_of_a_used_id_is_acknowledged_without_a_receipt() {
    let mut rig = Rig::ready();
    rig.push_now("1");
    rig.answer_ids();
    rig.desktop_answers(Answer::Shows);
    rig.disconnect();
    rig.connect_fully();
    rig.commit();
    rig.answer_ids();
    assert_eq!(acknowledged(&rig), [1, 1], "the first goes nowhere: its connection is gone");
    assert_eq!((rig.journal.appended.redelivered, rig.delivery.redelivered()), (1, 1));
    assert_eq!((rig.desktop.times_asked, rig.journal.durable.receipts.len()), (1, 1));
}

/// A connection that broke while a push was in flight brings it again, and a cluster that lost a node may deliver again what
/// it had only just delivered.
#[test]
fn a_second_copy_that_waits_behind_the_first_is_not_shown() {
    let mut rig = Rig::ready();
    rig.push_now("1");
    rig.answer_ids();
    for is_marked in [true, false] {
        let again = rig.broker.deliver_again(is_marked);
        rig.session(again);
    }
    assert_eq!(rig.journal.appended.receipts.len(), 0, "they wait for the one in flight");
    rig.desktop_answers(Answer::Shows);
    assert_eq!(rig.journal.appended.outcome_kinds(), [OutcomeKind::Presented, OutcomeKind::Duplicate]);
    assert_eq!((rig.journal.appended.redelivered, rig.desktop.times_asked), (1, 1));
    rig.commit();
    assert_eq!(acknowledged(&rig), [1, 2, 3]);
}

#[test]
fn of_two_copies_that_are_taken_at_once_the_second_is_a_duplicate() {
    let mut rig = denied();
    for id in ["1", "1", "2"] {
        rig.push(id);
    }
    rig.deliver();
    rig.answer_ids();
    let outcomes = [OutcomeKind::Withheld, OutcomeKind::Duplicate, OutcomeKind::Withheld];
    assert_eq!(rig.journal.appended.outcome_kinds(), outcomes);
}

#[test]
fn the_same_id_is_a_duplicate_after_a_start_too() {
    let mut rig = denied();
    rig.push_now("1");
    rig.answer_ids();
    rig.commit();
    rig.crash(0);
    rig.connect_fully();
    rig.push_now("1");
    rig.answer_ids();
    assert_eq!(rig.journal.appended.outcome_kinds(), [OutcomeKind::Withheld, OutcomeKind::Duplicate]);
}

#[test]
fn a_disk_that_does_not_answer_stops_the_pushes_and_nothing_else() {
    let mut rig = Rig::ready();
    for id in ["1", "2", "3"] {
        rig.push(id);
    }
    rig.deliver();
    rig.apply(DeviceCommand::Permission(PermissionCommand::Deny));
    assert_eq!((rig.desktop.times_asked, rig.journal.appended.receipts.len()), (0, 0));
    assert_eq!(rig.journal.times_asked, 1, "one question for all of them");
    rig.answer_ids();
    rig.commit();
    assert_eq!(rig.journal.durable.outcome_kinds(), [OutcomeKind::Withheld; 3]);
    assert_eq!(acknowledged(&rig), [1, 2, 3]);
}

#[test]
fn an_answer_from_before_a_reset_does_not_count() {
    let mut rig = denied();
    rig.push_now("1");
    rig.answer_ids();
    rig.commit();
    rig.push_now("1");
    assert_eq!(rig.journal.times_asked, 2);
    // The disk read that the id is used, and its answer is on its way.
    let answer = rig.journal.answer(true).unwrap();
    assert!(answer[0].1);
    rig.apply(DeviceCommand::Reset);
    rig.handle(Input::IdsLookedUp(answer));
    rig.answer_ids();
    assert_eq!(
        rig.journal.appended.outcome_kinds(),
        [OutcomeKind::Withheld; 2],
        "not a duplicate: the id is free again"
    );
}

#[test]
fn an_answer_from_before_an_id_was_used_does_not_count() {
    let mut rig = denied();
    rig.push("1");
    rig.push_now("1");
    let answer = rig.journal.answer(true).unwrap();
    assert!(!answer[0].1);
    rig.handle(Input::IdsLookedUp(answer));
    rig.commit();
    rig.push_now("1");
    rig.answer_ids();
    let outcomes = [OutcomeKind::Withheld, OutcomeKind::Duplicate, OutcomeKind::Duplicate];
    assert_eq!(rig.journal.appended.outcome_kinds(), outcomes);
}

#[test]
fn the_journal_is_asked_only_for_an_id_that_may_be_used() {
    let mut rig = denied().restarted_with_new_ids_told();
    rig.push_now("1");
    rig.push_now("2");
    assert_eq!((rig.journal.times_asked, rig.journal.appended.receipts.len()), (0, 2));
    rig.commit();
    rig.push_now("1");
    assert_eq!((rig.journal.times_asked, rig.journal.appended.receipts.len()), (1, 2));
    rig.answer_ids();
    let outcomes = [OutcomeKind::Withheld, OutcomeKind::Withheld, OutcomeKind::Duplicate];
    assert_eq!(rig.journal.appended.outcome_kinds(), outcomes);
}

#[test]
fn what_the_journal_said_of_an_id_counts_for_one_push() {
    let mut rig = denied().restarted_with_new_ids_told();
    rig.push_now("1");
    rig.commit();
    rig.push_now("1");
    rig.answer_ids();
    rig.commit();
    // Pruned by its age.
    rig.journal.durable.used.clear();
    rig.journal.appended.used.clear();
    rig.push_now("1");
    rig.answer_ids();
    let outcomes = [OutcomeKind::Withheld, OutcomeKind::Duplicate, OutcomeKind::Withheld];
    assert_eq!((rig.journal.times_asked, rig.journal.appended.outcome_kinds()), (2, outcomes.to_vec()));
}

#[test]
fn a_reset_makes_every_id_new_without_a_question() {
    let mut rig = denied().restarted_with_new_ids_told();
    rig.push_now("1");
    rig.commit();
    rig.apply(DeviceCommand::Reset);
    rig.commit();
    rig.push_now("1");
    assert_eq!((rig.journal.times_asked, rig.journal.appended.outcome_kinds()), (0, vec![OutcomeKind::Withheld; 2]));
}

#[test]
fn a_push_that_cannot_be_read_uses_no_id_and_asks_for_none() {
    let mut rig = Rig::ready();
    let payload = "{}".to_owned();
    let target = portal_contract::PushTarget::Device;
    rig.broker.send(super::broker::Sent::new(portal_contract::IncomingTopic::Notification(target), payload, None));
    rig.deliver();
    assert_eq!((rig.journal.times_asked, rig.journal.appended.outcome_kinds()), (0, vec![OutcomeKind::Rejected]));
}

#[test]
fn an_action_is_carried_out_once_and_its_id_outlives_a_reset() {
    let mut rig = Rig::ready();
    let action = |rig: &mut Rig, id: &str, name: &str| {
        let payload = serde_json::json!({ "id": id, "action": name }).to_string();
        rig.broker.send(super::broker::Sent::new(portal_contract::IncomingTopic::Action, payload, None));
        rig.deliver();
        rig.answer_ids();
        rig.commit();
    };
    let snapshots = |rig: &Rig| {
        rig.journal.durable.entries.iter().filter(|entry| matches!(entry, JournalEntry::Changed { .. })).count()
    };
    let before = snapshots(&rig);
    for number in 0..3_000 {
        action(&mut rig, &number.to_string(), "rebootNow");
    }
    assert_eq!(snapshots(&rig), before, "what is refused is no change of the device");
    action(&mut rig, "a", "retire");
    assert!(rig.delivery.device().snapshot().enrollment.enrolled.is_none());
    rig.apply(DeviceCommand::Reset);
    rig.apply(DeviceCommand::Enroll(portal_device::EnrollCommand {
        user: "adele@contoso.example".parse().unwrap(),
        groups: None,
        enrollment_type: None,
        owner_type: None,
        supervised: false,
    }));
    for again in ["0", "a"] {
        action(&mut rig, again, "retire");
        assert!(rig.delivery.device().snapshot().enrollment.enrolled.is_some(), "{again}");
    }
}
