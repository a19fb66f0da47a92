//! Show, commit, acknowledge, publish: the order of one push, seen from all sides at once.
//!
//! Lives here: the order, and what waits for what. Does not live here: ids (`ids`), starts (`recovery`).

use portal_contract::{DeviceEventKind, OutcomeKind, PushTarget};
use portal_device::{
    AckToken, ConditionCommand, DeviceCommand, DocumentationYear, EmulationSettings, PermissionCommand,
};

use super::desktop::Answer;
use super::rig::{Rig, group};
use crate::{Action, Input, JournalEntry, PublishId};

/// What is done about the outside world, in short.
fn outside(rig: &mut Rig) -> Vec<String> {
    let done = std::mem::take(&mut rig.done);
    let word = |action: Action| match action {
        Action::ShowCard { card, .. } => Some(format!("show {}", card.0)),
        Action::Append { batch, .. } => batch.map(|_| "append".to_owned()),
        Action::Acknowledge(ack) => Some(format!("acknowledge {}", ack.position)),
        Action::Publish(publish) => Some(match publish.id {
            PublishId::State => "publish the state".to_owned(),
            PublishId::Receipt(sequence) => format!("publish receipt {sequence}"),
        }),
        Action::Answer { .. } => Some("answer".to_owned()),
        _ => None,
    };
    done.into_iter().filter_map(word).collect()
}

fn marks(rig: &Rig) -> Vec<u64> {
    let mark = |entry: &JournalEntry| match entry {
        JournalEntry::Published { through } => Some(*through),
        _ => None,
    };
    rig.journal.appended.entries.iter().filter_map(mark).collect()
}

#[test]
fn a_push_is_shown_then_committed_then_acknowledged_then_its_receipt_is_published() {
    let mut rig = Rig::ready();
    rig.push_now("1");
    rig.answer_ids();
    assert_eq!(outside(&mut rig), ["show 1"]);
    rig.desktop_answers(Answer::Shows);
    assert_eq!(outside(&mut rig), ["append"], "nothing leaves before the commit is durable");
    rig.commit();
    assert_eq!(outside(&mut rig), ["acknowledge 1", "publish receipt 1"]);
}

#[test]
fn one_notification_that_showed_is_committed_before_the_next_is_shown() {
    let mut rig = Rig::ready();
    rig.push("1");
    rig.push_now("2");
    rig.answer_ids();
    rig.desktop_answers(Answer::Shows);
    assert_eq!(rig.desktop.times_asked, 1);
    rig.commit();
    assert_eq!(outside(&mut rig), ["show 1", "append", "acknowledge 1", "show 2", "publish receipt 1"]);
}

#[test]
fn outcomes_that_show_nothing_share_a_commit() {
    let mut rig = Rig::ready();
    rig.apply(DeviceCommand::Permission(PermissionCommand::Deny));
    rig.take_all_publishes();
    rig.done.clear();
    for id in ["1", "2", "3"] {
        rig.push(id);
    }
    rig.deliver();
    rig.answer_ids();
    assert_eq!(outside(&mut rig), ["append"]);
    rig.commit();
    assert_eq!(outside(&mut rig)[..4], ["acknowledge 1", "acknowledge 2", "acknowledge 3", "publish receipt 1"]);
}

#[test]
fn a_command_waits_for_the_push_in_flight_and_its_answer_for_the_commit() {
    let mut rig = Rig::ready();
    rig.push_now("1");
    rig.answer_ids();
    rig.ask(DeviceCommand::Permission(PermissionCommand::Deny));
    assert_eq!(outside(&mut rig), ["show 1"]);
    rig.desktop_answers(Answer::Shows);
    // The journal was given the outcome first: its receipt speaks of the device as it was judged. The rig looks at that.
    let written = rig.journal.appended.entries.iter().rev().take(2);
    assert!(matches!(written.collect::<Vec<_>>()[..], [JournalEntry::Changed { .. }, JournalEntry::Settled { .. }]));
    assert_eq!(outside(&mut rig), ["append"]);
    rig.commit();
    let then = ["acknowledge 1", "answer", "publish the state", "publish receipt 1"];
    assert_eq!(outside(&mut rig), then);
}

#[test]
fn a_command_that_is_refused_is_answered_at_once() {
    let mut rig = Rig::ready();
    rig.ask(DeviceCommand::Condition(ConditionCommand::Doze(true)));
    assert_eq!(outside(&mut rig), ["answer"]);
    assert_eq!(rig.refusals.len(), 1);
}

#[test]
fn a_held_push_is_acknowledged_as_held_and_ends_in_one_outcome() {
    let mut rig = Rig::ready_with(portal_contract::OperatingSystem::Android, EmulationSettings::default());
    rig.apply(DeviceCommand::Condition(ConditionCommand::Doze(true)));
    rig.take_all_publishes();
    rig.done.clear();
    let serial = rig.push_now("1");
    rig.answer_ids();
    assert_eq!(outside(&mut rig), ["append"]);
    rig.commit();
    assert_eq!(outside(&mut rig), ["acknowledge 1"], "nothing to publish yet");
    rig.ask(DeviceCommand::Condition(ConditionCommand::Doze(false)));
    rig.commit();
    rig.desktop_answers(Answer::Shows);
    rig.commit();
    assert_eq!(rig.journal.durable.outcomes[&serial], [OutcomeKind::Presented]);
    assert!(rig.journal.durable.held.is_empty());
}

#[test]
fn what_the_desktop_does_not_answer_is_never_repeated_and_what_it_has_no_server_for_waits() {
    let mut rig = Rig::ready();
    let hangs = rig.push_now("1");
    rig.answer_ids();
    rig.desktop_answers(Answer::Hangs);
    rig.commit();
    assert_eq!(rig.journal.durable.outcomes[&hangs], [OutcomeKind::Failed]);
    for input in rig.desktop.go_away() {
        rig.handle(Input::Desktop(input));
    }
    let waits = rig.push_now("2");
    rig.answer_ids();
    rig.desktop_answers(Answer::Shows);
    rig.commit();
    assert_eq!(rig.journal.durable.held.len(), 1);
    let back = rig.desktop.come_back();
    rig.handle(Input::Desktop(back));
    rig.desktop_answers(Answer::Shows);
    rig.commit();
    assert_eq!(rig.journal.durable.outcomes[&waits], [OutcomeKind::Presented]);
    assert_eq!(rig.desktop.times_asked, 3);
}

#[test]
fn the_mark_stays_before_a_receipt_that_the_broker_refused() {
    let mut rig = Rig::ready();
    rig.push_through("1");
    rig.push_through("2");
    assert_eq!(rig.broker.publishes(), [PublishId::Receipt(1), PublishId::Receipt(2)]);
    let refused = rig.broker.refuse(0, false);
    rig.session(refused);
    rig.take_all_publishes();
    assert_eq!(marks(&rig), [0; 0]);
    rig.disconnect();
    rig.connect_fully();
    let page = rig.journal.page().expect("both are read again");
    rig.handle(Input::ReceiptsRead(page));
    rig.take_all_publishes();
    assert_eq!(marks(&rig), [1, 2]);
}

#[test]
fn a_receipt_that_can_never_be_published_is_passed_over() {
    let mut rig = Rig::ready();
    rig.push_through("1");
    let refused = rig.broker.refuse(0, true);
    rig.session(refused);
    assert_eq!(marks(&rig), [1]);
}

#[test]
fn what_the_user_did_with_a_card_is_not_published() {
    let mut rig = Rig::ready();
    rig.disconnect();
    rig.connect_fully();
    rig.take_all_publishes();
    rig.push_through("1");
    let clicked = rig.desktop.close_newest(portal_contract::CardInteraction::Clicked).unwrap();
    rig.handle(Input::Desktop(clicked));
    rig.commit();
    assert!(rig.journal.durable.receipts[0].interaction.is_some());
    // Published once more, read from memory or the journal; the rig looks at what it says.
    rig.disconnect();
    rig.connect_fully();
    let page = rig.journal.page();
    rig.handle(Input::ReceiptsRead(page.unwrap()));
    assert_eq!(rig.broker.publishes().last(), Some(&PublishId::Receipt(1)));
}

#[test]
fn an_acknowledgement_of_a_connection_that_is_gone_goes_nowhere_and_the_push_comes_again() {
    let mut rig = Rig::ready();
    rig.push_now("1");
    rig.answer_ids();
    rig.desktop_answers(Answer::Shows);
    rig.disconnect();
    rig.commit();
    assert_eq!(rig.broker.backlog(), 1);
    rig.done.clear();
    rig.connect_fully();
    rig.answer_ids();
    let ack = AckToken { connection: 2, position: 1 };
    assert!(rig.done.contains(&Action::Acknowledge(ack)), "{:?}", rig.done);
    assert_eq!((rig.broker.backlog(), rig.delivery.redelivered()), (0, 1));
}

#[test]
fn going_back_waits_for_the_push_in_flight_and_is_recorded_as_the_command_that_it_is() {
    let mut rig = Rig::ready();
    let past = Box::new(rig.delivery.device().snapshot().clone());
    rig.apply(DeviceCommand::Permission(PermissionCommand::Deny));
    rig.apply(DeviceCommand::Permission(PermissionCommand::Allow));
    rig.apply(DeviceCommand::Condition(ConditionCommand::Locked(true)));
    rig.push_now("1");
    rig.answer_ids();
    rig.return_to(7, past);
    assert!(rig.delivery.device().snapshot().condition.locked, "its receipt speaks of the device as it was judged");
    rig.desktop_answers(Answer::Shows);
    assert!(!rig.delivery.device().snapshot().condition.locked);
    assert!(rig.desktop.open.is_empty(), "the card that was in flight is withdrawn with the others");
    rig.commit();
    assert!(rig.unanswered.is_empty(), "answered once it is durable");
    let of_command = |entry: &JournalEntry| match entry {
        JournalEntry::Changed { event, .. } => event == r#"{"command":{"return":{"event":7}}}"#,
        _ => false,
    };
    assert!(rig.journal.durable.entries.iter().any(of_command));
}

#[test]
fn followers_are_told_behind_the_commit_and_in_order() {
    let mut rig = Rig::ready();
    let first = rig.delivery.begin_following(rig.wall);
    assert_eq!((first.number, first.what), (0, DeviceEventKind::Following {}));
    rig.push_now("1");
    rig.answer_ids();
    rig.desktop_answers(Answer::Shows);
    let before = rig.told.len();
    rig.commit();
    let kinds: Vec<_> = rig.told.iter().map(|event| std::mem::discriminant(&event.what)).collect();
    let is_settled = |event: &portal_contract::DeviceEvent| matches!(event.what, DeviceEventKind::Settled { .. });
    assert_eq!((before, kinds.len()), (2, 3), "that it arrived and is shown needs no commit");
    assert!(rig.told.last().is_some_and(is_settled));
    rig.delivery.end_following();
    rig.push_through("2");
    assert_eq!(rig.told.len(), 3);
}

#[test]
fn a_grace_that_ends_while_a_push_is_being_shown_ends_behind_it() {
    let rules = EmulationSettings {
        documentation: DocumentationYear::Y2023,
        grace_millis: 5_000,
        ..EmulationSettings::default()
    };
    let mut rig = Rig::ready_with(portal_contract::OperatingSystem::Ios, rules);
    let mut enroll = portal_device::EnrollCommand::by("adele@contoso.example".parse().unwrap());
    enroll.groups = Some([group(2)].into());
    rig.apply(DeviceCommand::Enroll(enroll));
    let serial = rig.push_to(PushTarget::Group { id: group(1) }, "1", "");
    rig.deliver();
    rig.answer_ids();
    assert_eq!(rig.desktop.times_asked, 1);
    rig.advance(6_000);
    rig.desktop_answers(Answer::Shows);
    // The rig looks whether the receipt agrees with the snapshot that `explain` would read.
    rig.advance(0);
    rig.commit();
    assert_eq!(rig.journal.durable.outcomes[&serial], [OutcomeKind::Presented]);
    assert_eq!(rig.groups, [group(2)].into());
}
