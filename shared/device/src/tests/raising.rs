//! The desktop as the device sees it: one card in hand, pace, patience, open cards (contract 4).
//!
//! Lives here: what the answers of the desktop come to. Does not live here: the desktop's own edge.

use portal_contract::{Delay, DesktopVerdict, Interaction, Outcome, OutcomeKind, Problem};

use super::bench::{ANDROID, Bench, Desktop, IPHONE};
use super::sent::sent;
use crate::{AppCommand, Command, ConditionCommand, Event, HoldReason, RaiseFailure, Rules};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

#[test]
fn two_thousand_at_once_show_in_order_a_hundred_a_second() {
    let mut bench = Bench::ready(IPHONE);
    let ids = ids(2000);
    let start = bench.now;
    bench.push_all(ids.iter().map(String::as_str));
    assert_eq!(bench.shown.len(), 100);
    bench.advance(18_999);
    assert_eq!(bench.shown.len(), 1900);
    bench.advance(1);
    assert_eq!(bench.ids_of("presented"), ids);
    assert_eq!(bench.receipts.last().unwrap().decided_at, start.plus_seconds(19));
    assert_eq!((bench.held.len(), bench.device.next_deadline(), bench.open.len()), (0, None, 20));
    assert_eq!(bench.receipt("n100").delay, Some(Delay::DelayedMessageThrottled));
    assert_eq!(bench.receipt("n99").delay, None);
}

#[test]
fn what_comes_behind_a_paced_push_stays_behind_it() {
    let mut bench = Bench::ready_with(IPHONE, Rules { pace_per_second: 1, ..Rules::default() });
    bench.push_all(["a", "b"]);
    bench.advance(999);
    bench.push(sent("c"));
    assert_eq!((bench.device.held(), bench.device.paced()), (2, 2));
    bench.advance(5_000);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_clock_that_is_set_back_frees_the_pace_instead_of_blocking_it_for_as_long() {
    let mut bench = Bench::ready_with(IPHONE, Rules { pace_per_second: 2, ..Rules::default() });
    bench.push_all(["a", "b", "c"]);
    bench.step_back(3_600_000);
    bench.push(sent("d"));
    bench.advance(2_000);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c", "d"]);
}

#[test]
fn what_comes_behind_a_card_in_hand_waits_for_its_turn() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::Thinks;
    bench.push_all(["a", "b", "c"]);
    assert!(bench.device.has_push_in_hand());
    assert_eq!((bench.device.held(), bench.device.next_deadline()), (2, None));
    bench.desktop(Desktop::Shows);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_push_in_hand_is_judged_when_it_was_let_go_and_says_so() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::Thinks;
    let let_go = bench.now;
    bench.push(sent("a"));
    bench.advance(500);
    bench.deny();
    bench.push(sent("b"));
    bench.advance(500);
    bench.desktop(Desktop::Shows);
    assert_eq!(bench.word("a"), "presented");
    assert_eq!(bench.word("b"), "withheld");
    // contract 4: `decidedAt` speaks of that moment, unless it would go back.
    assert_eq!(bench.receipt("a").decided_at, bench.receipt("b").decided_at);
    let mut alone = Bench::ready(IPHONE);
    alone.desktop = Desktop::Thinks;
    alone.push(sent("a"));
    alone.advance(700);
    alone.desktop(Desktop::Shows);
    assert_eq!(alone.receipt("a").decided_at, let_go);
}

#[test]
fn the_id_of_a_push_in_hand_is_used() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::Thinks;
    bench.push_all(["a", "a"]);
    bench.desktop(Desktop::Shows);
    assert_eq!((bench.ids_of("duplicate"), bench.ids_of("presented")), (vec!["a"], vec!["a"]));
}

#[test]
fn a_card_of_an_app_that_went_meanwhile_is_taken_back() {
    for gone in [Command::App(AppCommand::Uninstall), Command::Reset] {
        let mut bench = Bench::ready(IPHONE);
        bench.desktop = Desktop::Thinks;
        bench.push(sent("a"));
        bench.command(gone);
        bench.desktop(Desktop::Shows);
        assert!(bench.open.is_empty());
        assert_eq!((bench.word("a"), &bench.interactions[..]), ("presented", &[(1, Interaction::Withdrawn)][..]));
    }
}

#[test]
fn answers_to_another_card_are_no_answers() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::Thinks;
    bench.push(sent("a"));
    assert_eq!(bench.happens(Event::Raised { card: 99, desktop: None }), []);
    assert!(bench.device.has_push_in_hand());
}

#[test]
fn patience_with_an_absent_server_ends_in_failed_at_its_deadline() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    let until = bench.now.plus_seconds(20);
    bench.push(sent("a"));
    let held = bench.held.values().next().unwrap();
    assert_eq!((held.reason, held.until), (HoldReason::NotificationServerAway, Some(until)));
    assert_eq!(bench.device.next_deadline(), Some(until));
    bench.advance(19_999);
    assert_eq!(bench.receipts.len(), 0);
    bench.advance(1);
    let detail = "no notification server is running".to_owned();
    assert_eq!(bench.receipt("a").outcome, Outcome::Failed { problem: Problem::NoNotificationServer, detail });
    assert_eq!(bench.receipt("a").decided_at, until);
    assert_eq!(bench.shown.len(), 0);
}

#[test]
fn each_push_has_its_own_patience_and_a_server_that_appears_shows_what_still_waits() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    bench.push(sent("a"));
    bench.advance(10_000);
    bench.push_all(["b", "c"]);
    bench.advance(10_000);
    assert_eq!(bench.ids_of("failed"), ["a"]);
    bench.desktop(Desktop::Shows);
    assert_eq!(bench.ids_of("presented"), ["b", "c"]);
    assert_eq!(bench.receipt("c").delay, Some(Delay::DelayedNotificationServer));
}

#[test]
fn with_no_patience_it_fails_at_once() {
    let mut bench = Bench::ready_with(IPHONE, Rules { patience_millis: 0, ..Rules::default() });
    bench.desktop = Desktop::ServerAway;
    bench.push(sent("a"));
    assert_eq!((bench.word("a"), bench.receipt("a").delay), ("failed", None));
}

#[test]
fn the_next_push_looks_whether_a_server_came_without_a_word() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    bench.push(sent("a"));
    bench.desktop = Desktop::Shows;
    bench.push(sent("b"));
    assert_eq!(bench.ids_of("presented"), ["a", "b"]);
}

#[test]
fn only_a_push_that_would_show_looks_for_the_server_again() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    bench.push(sent("a"));
    bench.push(sent("b").expires_at(bench.now));
    assert_eq!(bench.asked, 1);
    bench.push(sent("c"));
    assert_eq!(bench.asked, 2, "one try a push, however many wait");
}

#[test]
fn the_pace_remembers_no_more_than_its_second() {
    let mut bench = Bench::ready_with(IPHONE, Rules { pace_per_second: 3, ..Rules::default() });
    for id in ids(9) {
        bench.push(sent(&id));
        bench.advance(400);
    }
    assert_eq!((bench.ids_of("presented"), bench.asked), (ids(9).iter().map(String::as_str).collect(), 9));
    assert!(bench.receipts.iter().all(|receipt| receipt.delay.is_none()));
}

#[test]
fn a_call_that_timed_out_is_never_repeated() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::DoesNotAnswer;
    bench.push(sent("a"));
    let detail = "it may still appear".to_owned();
    let problem = Problem::NotificationServerDidNotAnswer;
    assert_eq!(bench.receipt("a").outcome, Outcome::Failed { problem, detail });
    bench.desktop(Desktop::Shows);
    bench.happens(Event::NotificationServerAppeared);
    bench.advance(60_000);
    assert_eq!((bench.shown.len(), bench.receipts.len()), (0, 1));
    bench.push(sent("a"));
    assert_eq!(bench.ids_of("duplicate"), ["a"], "its id is used up");
}

#[test]
fn a_refusal_of_the_server_fails_the_push_and_not_the_next() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::Refuses;
    bench.push(sent("a"));
    bench.desktop = Desktop::Shows;
    bench.push(sent("b"));
    assert_eq!((bench.word("a"), bench.word("b")), ("failed", "presented"));
}

#[test]
fn at_most_twenty_cards_are_open_and_the_oldest_makes_room() {
    let mut bench = Bench::ready(IPHONE);
    bench.push_all(ids(22).iter().map(String::as_str));
    assert_eq!(bench.open.len(), 20);
    assert_eq!(bench.interactions, [(1, Interaction::Withdrawn), (2, Interaction::Withdrawn)]);
}

#[test]
fn what_the_user_does_with_a_card_is_told_once_by_its_receipt() {
    let mut bench = Bench::ready(IPHONE);
    bench.push_all(["a", "b"]);
    let (card, _) = bench.shown[1];
    bench.happens(Event::CardInteraction { card, interaction: Interaction::Clicked });
    bench.happens(Event::CardInteraction { card, interaction: Interaction::Dismissed });
    assert_eq!(bench.interactions, [(2, Interaction::Clicked)]);
    bench.happens(Event::CardsLost);
    bench.uninstall();
    assert_eq!(bench.interactions.len(), 1, "cards that went with their server are not withdrawn");
}

#[test]
fn in_the_app_nothing_waits_for_the_desktop() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    bench.app(AppCommand::Open);
    bench.push_all(ids(200).iter().map(String::as_str));
    assert_eq!(bench.ids_of("presented").len(), 200);
}

#[test]
fn a_server_that_is_away_when_doze_ends_is_waited_for_from_the_receipt_on() {
    let mut bench = Bench::ready(ANDROID);
    bench.desktop = Desktop::ServerAway;
    bench.condition(ConditionCommand::Doze(true));
    bench.push(sent("early"));
    bench.advance(15_000);
    bench.push(sent("late"));
    bench.advance(10_000);
    bench.condition(ConditionCommand::Doze(false));
    assert_eq!(bench.ids_of("failed"), ["early"]);
    bench.desktop(Desktop::Shows);
    assert_eq!(bench.ids_of("presented"), ["late"]);
}

#[test]
fn the_receipt_says_what_was_known_of_the_desktop_and_no_rule_heeds_it() {
    for desktop in [None, Some(DesktopVerdict::Accepted), Some(DesktopVerdict::DoNotDisturb)] {
        let mut bench = Bench::ready(IPHONE);
        bench.desktop = Desktop::Thinks;
        bench.push(sent("a"));
        bench.happens(Event::Raised { card: 1, desktop });
        let receipt = bench.receipt("a");
        assert_eq!(receipt.outcome.kind(), OutcomeKind::Presented);
        assert_eq!(receipt.desktop, desktop);
    }
}

#[test]
fn a_failure_says_it_of_the_desktop_too_and_what_was_withheld_says_nothing() {
    let failed = |problem, detail: &str| {
        let mut bench = Bench::ready(IPHONE);
        bench.desktop = Desktop::Thinks;
        bench.push(sent("a"));
        let failure = RaiseFailure { problem, detail: detail.to_owned() };
        bench.happens(Event::RaiseFailed { card: 1, failure });
        bench.receipt("a").desktop
    };
    assert_eq!(failed(Problem::NotificationServerRefused, "it refused"), Some(DesktopVerdict::Refused));
    assert_eq!(failed(Problem::NotificationServerDidNotAnswer, "no answer"), Some(DesktopVerdict::Unknown));

    let mut bench = Bench::ready(IPHONE);
    bench.desktop(Desktop::ServerAway);
    bench.push(sent("away"));
    bench.advance(20_000);
    assert_eq!(bench.receipt("away").desktop, Some(DesktopVerdict::NoNotificationServer));
    bench.desktop(Desktop::Shows);
    bench.deny();
    bench.push(sent("withheld"));
    assert_eq!(bench.receipt("withheld").desktop, None);
}
