//! The order of the contract's section 4, seen from all sides of the loop at once.

mod bench;

use portal_contract::{OutcomeKind, Receipt};

use self::bench::{Bench, LIMIT};
use crate::broker::{Recorded, SessionEvent};
use crate::desktop::{CardId, DesktopEvent, RecordedCall as AskedOfDesktop, RecordingBehaviour};
use crate::journal::JournalEntry;
use portal_device::{DeviceCommand, PermissionCommand};

fn raised(asked: &[AskedOfDesktop]) -> usize {
    asked.iter().filter(|asked| matches!(asked, AskedOfDesktop::Raise(_))).count()
}

fn settled(id: &str) -> impl Fn(&JournalEntry) -> bool {
    move |entry| {
        let is = |receipt: &Receipt| receipt.notification_id.as_ref().is_some_and(|own| own.as_str() == id);
        matches!(entry, JournalEntry::Settled { receipt, .. } if is(receipt))
    }
}

fn is_receipt(call: &Recorded) -> bool {
    matches!(call, Recorded::Publish { topic, .. } if topic.ends_with("/receipts"))
}

#[tokio::test]
async fn a_push_is_raised_then_committed_then_acknowledged_then_answered() {
    let bench = Bench::ready().await;
    bench.push(1, false).await;
    bench.wait_for_raises(1).await;
    bench.journal.wait_for(settled("1")).await;
    assert_eq!(bench.sessions.take(), [], "nothing leaves before the commit is durable");
    bench.journal.commit();
    let calls = bench.wait_for_calls(2).await;
    assert_eq!(calls[0], Recorded::Ack(1));
    assert!(is_receipt(&calls[1]), "{calls:?}");
    bench.end().await;
}

#[tokio::test]
async fn the_mark_stays_before_a_receipt_that_the_broker_refused() {
    let bench = Bench::ready().await;
    let mut ids = Vec::new();
    for number in [1, 2] {
        let calls = bench.push_through(number).await;
        let Recorded::Publish { id: Some(id), .. } = calls[1] else { panic!("{calls:?}") };
        ids.push(id);
    }
    let detail = "NotAuthorized".to_owned();
    bench.session.send(SessionEvent::PublishRefused { id: ids[0], detail, for_good: false }).await.unwrap();
    bench.session.send(SessionEvent::Published { id: ids[1] }).await.unwrap();
    // As answered after the next connect.
    bench.session.send(SessionEvent::Published { id: ids[0] }).await.unwrap();
    bench.journal.wait_for(|entry| *entry == JournalEntry::Published { through: ids[1].0 }).await;
    let marks = |entry: &&JournalEntry| matches!(entry, JournalEntry::Published { .. });
    assert_eq!(bench.journal.entries.lock().unwrap().iter().filter(marks).count(), 1);
    bench.end().await;
}

#[tokio::test]
async fn a_receipt_that_can_never_be_sent_is_passed_over() {
    let bench = Bench::ready().await;
    let calls = bench.push_through(1).await;
    let Recorded::Publish { id: Some(id), .. } = calls[1] else { panic!("{calls:?}") };
    let detail = "too large".to_owned();
    bench.session.send(SessionEvent::PublishRefused { id, detail, for_good: true }).await.unwrap();
    bench.journal.wait_for(|entry| *entry == JournalEntry::Published { through: id.0 }).await;
    bench.end().await;
}

#[tokio::test]
async fn one_raised_notification_is_committed_before_the_next_is_raised() {
    let bench = Bench::ready().await;
    bench.push(1, false).await;
    bench.push(2, false).await;
    bench.journal.wait_for(settled("1")).await;
    // A status is answered behind everything that the loop had to do: had it raised the second, it would show.
    bench.status().await;
    assert_eq!(raised(&bench.notifier.asked()), 1);
    bench.journal.commit();
    bench.wait_for_raises(2).await;
    bench.end().await;
}

#[tokio::test]
async fn a_redelivered_push_of_a_used_id_is_acknowledged_without_a_receipt() {
    let bench = Bench::ready().await;
    bench.push_through(1).await;
    bench.push(1, true).await;
    bench.journal.wait_for(|entry| *entry == JournalEntry::Redelivered { count: 1 }).await;
    bench.journal.commit();
    assert_eq!(bench.wait_for_calls(1).await, [Recorded::Ack(1)]);
    assert_eq!(raised(&bench.notifier.asked()), 1);
    bench.end().await;
}

#[tokio::test]
async fn a_command_waits_for_the_push_in_hand() {
    let bench = Bench::ready().await;
    bench.notifier.behave(RecordingBehaviour::Wait);
    bench.push(1, false).await;
    bench.wait_for_raises(1).await;
    let denied = bench.ask(DeviceCommand::Permission(PermissionCommand::Deny)).await;
    bench.notifier.answer(DesktopEvent::Raised { card: CardId(1), verdict: None }).await;
    bench.journal.wait_for(settled("1")).await;
    bench
        .journal
        .wait_for(|entry| matches!(entry, JournalEntry::Changed { event, .. } if event.contains("deny")))
        .await;
    {
        let entries = bench.journal.entries.lock().unwrap();
        let place = |wanted: &dyn Fn(&JournalEntry) -> bool| entries.iter().position(wanted);
        let push = place(&settled("1"));
        let deny = place(&|entry| matches!(entry, JournalEntry::Changed { event, .. } if event.contains("deny")));
        assert!(push < deny, "the receipt speaks of the device as it was judged");
    }
    bench.journal.commit();
    assert!(denied.await.unwrap().is_ok());
    bench.end().await;
}

/// A connection that broke while a push was in hand brings it again, and a cluster that lost a node may deliver again what
/// it had only just delivered.
#[tokio::test]
async fn a_second_copy_that_waits_behind_the_first_is_not_raised() {
    let bench = Bench::ready().await;
    bench.notifier.behave(RecordingBehaviour::Wait);
    bench.push(1, true).await;
    bench.wait_for_raises(1).await;
    bench.push(1, true).await;
    bench.push(1, false).await;
    bench.wait_until_taken().await;
    bench.notifier.answer(DesktopEvent::Raised { card: CardId(1), verdict: None }).await;
    let is_duplicate = |receipt: &Receipt| receipt.outcome.kind() == OutcomeKind::Duplicate;
    let duplicate =
        |entry: &JournalEntry| matches!(entry, JournalEntry::Settled { receipt, .. } if is_duplicate(receipt));
    bench.journal.wait_for(duplicate).await;
    bench.journal.wait_for(|entry| *entry == JournalEntry::Redelivered { count: 1 }).await;
    assert_eq!(raised(&bench.notifier.asked()), 1);
    bench.end().await;
}

#[tokio::test]
async fn a_disk_that_does_not_answer_stops_no_status_and_loses_no_push() {
    let bench = Bench::ready().await;
    let silent = bench.journal.disk.write().await;
    for number in 1..=3 {
        bench.push(number, false).await;
    }
    bench.wait_until_asked(1).await;
    let status = bench.status().await;
    assert_eq!((status.held, raised(&bench.notifier.asked())), (0, 0));
    drop(silent);
    for number in 1..=3 {
        bench.journal.wait_for(settled(&number.to_string())).await;
        bench.journal.commit();
    }
    bench.end().await;
}

#[tokio::test]
async fn an_answer_from_before_a_reset_does_not_count() {
    let bench = Bench::ready().await;
    bench.apply(DeviceCommand::Permission(PermissionCommand::Deny)).await;
    for number in 1..=2 {
        bench.push(number, false).await;
        bench.journal.wait_for(settled(&number.to_string())).await;
    }
    let silent = bench.journal.disk.write().await;
    bench.push(1, false).await;
    bench.wait_until_asked(3).await;
    bench.apply(DeviceCommand::Reset).await;
    drop(silent);
    let mut appended = bench.journal.appended.subscribe();
    let third = async {
        while bench.outcomes().len() < 3 {
            appended.changed().await.unwrap();
        }
    };
    tokio::time::timeout(LIMIT, third).await.expect("the third push has its outcome");
    assert_eq!(bench.outcomes(), [OutcomeKind::Withheld; 3], "not a duplicate: the id is free again");
    bench.end().await;
}

#[tokio::test]
async fn of_two_copies_that_are_taken_at_once_the_second_is_a_duplicate() {
    let bench = Bench::ready().await;
    bench.apply(DeviceCommand::Permission(PermissionCommand::Deny)).await;
    for _ in 0..2 {
        bench.push(1, false).await;
    }
    bench.push(2, false).await;
    bench.journal.wait_for(settled("2")).await;
    assert_eq!(bench.outcomes(), [OutcomeKind::Withheld, OutcomeKind::Duplicate, OutcomeKind::Withheld]);
    bench.end().await;
}
