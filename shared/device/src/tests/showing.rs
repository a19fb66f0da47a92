//! The desktop as the device sees it: one card being shown, pace, timeout, open cards (contract 4).
//!
//! Lives here: what the answers of the desktop come to. Does not live here: the desktop's own edge.

use portal_contract::{CardInteraction, DeliveryDelay, DesktopVerdict, Outcome, OutcomeKind, PushProblem};

use super::rig::{ANDROID, DesktopBehaviour, DeviceRig, IPHONE};
use super::sent::sent;
use crate::{
    AppCommand, CardFailure, CardNumber, ConditionCommand, DeviceCommand, DeviceInput, EmulationSettings, HoldReason,
};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

#[test]
fn two_thousand_at_once_show_in_order_a_hundred_a_second() {
    let mut rig = DeviceRig::ready(IPHONE);
    let ids = ids(2000);
    let start = rig.now;
    rig.push_all(ids.iter().map(String::as_str));
    assert_eq!(rig.shown.len(), 100);
    rig.advance(18_999);
    assert_eq!(rig.shown.len(), 1900);
    rig.advance(1);
    assert_eq!(rig.ids_of("presented"), ids);
    assert_eq!(rig.receipts.last().unwrap().decided_at, start.plus_seconds(19));
    assert_eq!((rig.held.len(), rig.device.next_deadline(), rig.open.len()), (0, None, 20));
    assert_eq!(rig.receipt("n100").delay, Some(DeliveryDelay::DelayedDesktopPace));
    assert_eq!(rig.receipt("n99").delay, None);
}

#[test]
fn what_comes_behind_a_paced_push_stays_behind_it() {
    let mut rig =
        DeviceRig::ready_with(IPHONE, EmulationSettings { pace_per_second: 1, ..EmulationSettings::default() });
    rig.push_all(["a", "b"]);
    rig.advance(999);
    rig.push(sent("c"));
    assert_eq!((rig.device.held(), rig.device.paced()), (2, 2));
    rig.advance(5_000);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_clock_that_is_set_back_frees_the_pace_instead_of_blocking_it_for_as_long() {
    let mut rig =
        DeviceRig::ready_with(IPHONE, EmulationSettings { pace_per_second: 2, ..EmulationSettings::default() });
    rig.push_all(["a", "b", "c"]);
    rig.step_back(3_600_000);
    rig.push(sent("d"));
    rig.advance(2_000);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c", "d"]);
}

#[test]
fn what_comes_behind_a_card_in_hand_waits_for_its_turn() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::Thinks;
    rig.push_all(["a", "b", "c"]);
    assert!(rig.device.is_showing_push());
    assert_eq!((rig.device.held(), rig.device.next_deadline()), (2, None));
    rig.desktop(DesktopBehaviour::Shows);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_push_in_hand_is_judged_when_it_was_let_go_and_says_so() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::Thinks;
    let let_go = rig.now;
    rig.push(sent("a"));
    rig.advance(500);
    rig.deny();
    rig.push(sent("b"));
    rig.advance(500);
    rig.desktop(DesktopBehaviour::Shows);
    assert_eq!(rig.word("a"), "presented");
    assert_eq!(rig.word("b"), "withheld");
    // contract 4: `decidedAt` speaks of that moment, unless it would go back.
    assert_eq!(rig.receipt("a").decided_at, rig.receipt("b").decided_at);
    let mut alone = DeviceRig::ready(IPHONE);
    alone.desktop = DesktopBehaviour::Thinks;
    alone.push(sent("a"));
    alone.advance(700);
    alone.desktop(DesktopBehaviour::Shows);
    assert_eq!(alone.receipt("a").decided_at, let_go);
}

#[test]
fn the_id_of_a_push_in_hand_is_used() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::Thinks;
    rig.push_all(["a", "a"]);
    rig.desktop(DesktopBehaviour::Shows);
    assert_eq!((rig.ids_of("duplicate"), rig.ids_of("presented")), (vec!["a"], vec!["a"]));
}

#[test]
fn a_card_of_an_app_that_went_meanwhile_is_taken_back() {
    for gone in [DeviceCommand::App(AppCommand::Uninstall), DeviceCommand::Reset] {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.desktop = DesktopBehaviour::Thinks;
        rig.push(sent("a"));
        rig.command(gone);
        rig.desktop(DesktopBehaviour::Shows);
        assert!(rig.open.is_empty());
        assert_eq!((rig.word("a"), &rig.interactions[..]), ("presented", &[(1, CardInteraction::Withdrawn)][..]));
    }
}

#[test]
fn answers_to_another_card_are_no_answers() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::Thinks;
    rig.push(sent("a"));
    assert_eq!(rig.happens(DeviceInput::CardShown { card: CardNumber(99), desktop: None }), []);
    assert!(rig.device.is_showing_push());
}

#[test]
fn waiting_for_an_absent_server_ends_in_failed_at_its_deadline() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    let until = rig.now.plus_seconds(20);
    rig.push(sent("a"));
    let held = rig.held.values().next().unwrap();
    assert_eq!((held.reason, held.until), (HoldReason::NotificationServerAway, Some(until)));
    assert_eq!(rig.device.next_deadline(), Some(until));
    rig.advance(19_999);
    assert_eq!(rig.receipts.len(), 0);
    rig.advance(1);
    let detail = "no notification server is running".to_owned();
    assert_eq!(rig.receipt("a").outcome, Outcome::Failed { problem: PushProblem::NoNotificationServer, detail });
    assert_eq!(rig.receipt("a").decided_at, until);
    assert_eq!(rig.shown.len(), 0);
}

#[test]
fn each_push_has_its_own_timeout_and_a_server_that_appears_shows_what_still_waits() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.push(sent("a"));
    rig.advance(10_000);
    rig.push_all(["b", "c"]);
    rig.advance(10_000);
    assert_eq!(rig.ids_of("failed"), ["a"]);
    rig.desktop(DesktopBehaviour::Shows);
    assert_eq!(rig.ids_of("presented"), ["b", "c"]);
    assert_eq!(rig.receipt("c").delay, Some(DeliveryDelay::DelayedNotificationServerAway));
}

#[test]
fn without_a_timeout_it_fails_at_once() {
    let mut rig =
        DeviceRig::ready_with(IPHONE, EmulationSettings { server_timeout_millis: 0, ..EmulationSettings::default() });
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.push(sent("a"));
    assert_eq!((rig.word("a"), rig.receipt("a").delay), ("failed", None));
}

#[test]
fn the_next_push_looks_whether_a_server_came_without_a_word() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.push(sent("a"));
    rig.desktop = DesktopBehaviour::Shows;
    rig.push(sent("b"));
    assert_eq!(rig.ids_of("presented"), ["a", "b"]);
}

#[test]
fn only_a_push_that_would_show_looks_for_the_server_again() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.push(sent("a"));
    rig.push(sent("b").expires_at(rig.now));
    assert_eq!(rig.asked, 1);
    rig.push(sent("c"));
    assert_eq!(rig.asked, 2, "one try a push, however many wait");
}

#[test]
fn the_pace_remembers_no_more_than_its_second() {
    let mut rig =
        DeviceRig::ready_with(IPHONE, EmulationSettings { pace_per_second: 3, ..EmulationSettings::default() });
    for id in ids(9) {
        rig.push(sent(&id));
        rig.advance(400);
    }
    assert_eq!((rig.ids_of("presented"), rig.asked), (ids(9).iter().map(String::as_str).collect(), 9));
    assert!(rig.receipts.iter().all(|receipt| receipt.delay.is_none()));
}

#[test]
fn a_call_that_timed_out_is_never_repeated() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::DoesNotAnswer;
    rig.push(sent("a"));
    let detail = "it may still appear".to_owned();
    let problem = PushProblem::NotificationServerDidNotAnswer;
    assert_eq!(rig.receipt("a").outcome, Outcome::Failed { problem, detail });
    rig.desktop(DesktopBehaviour::Shows);
    rig.happens(DeviceInput::NotificationServerAppeared);
    rig.advance(60_000);
    assert_eq!((rig.shown.len(), rig.receipts.len()), (0, 1));
    rig.push(sent("a"));
    assert_eq!(rig.ids_of("duplicate"), ["a"], "its id is used up");
}

#[test]
fn a_refusal_of_the_server_fails_the_push_and_not_the_next() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::Refuses;
    rig.push(sent("a"));
    rig.desktop = DesktopBehaviour::Shows;
    rig.push(sent("b"));
    assert_eq!((rig.word("a"), rig.word("b")), ("failed", "presented"));
}

#[test]
fn at_most_twenty_cards_are_open_and_the_oldest_makes_room() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.push_all(ids(22).iter().map(String::as_str));
    assert_eq!(rig.open.len(), 20);
    assert_eq!(rig.interactions, [(1, CardInteraction::Withdrawn), (2, CardInteraction::Withdrawn)]);
}

#[test]
fn what_the_user_does_with_a_card_is_told_once_by_its_receipt() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.push_all(["a", "b"]);
    let (card, _) = rig.shown[1];
    rig.happens(DeviceInput::CardInteraction { card, interaction: CardInteraction::Clicked });
    rig.happens(DeviceInput::CardInteraction { card, interaction: CardInteraction::Dismissed });
    assert_eq!(rig.interactions, [(2, CardInteraction::Clicked)]);
    rig.happens(DeviceInput::CardsLost);
    rig.uninstall();
    assert_eq!(rig.interactions.len(), 1, "cards that went with their server are not withdrawn");
}

#[test]
fn in_the_app_nothing_waits_for_the_desktop() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.app(AppCommand::Open);
    rig.push_all(ids(200).iter().map(String::as_str));
    assert_eq!(rig.ids_of("presented").len(), 200);
}

#[test]
fn a_server_that_is_away_when_doze_ends_is_waited_for_from_the_receipt_on() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.condition(ConditionCommand::Doze(true));
    rig.push(sent("early"));
    rig.advance(15_000);
    rig.push(sent("late"));
    rig.advance(10_000);
    rig.condition(ConditionCommand::Doze(false));
    assert_eq!(rig.ids_of("failed"), ["early"]);
    rig.desktop(DesktopBehaviour::Shows);
    assert_eq!(rig.ids_of("presented"), ["late"]);
}

#[test]
fn the_receipt_says_what_was_known_of_the_desktop_and_no_rule_heeds_it() {
    for desktop in [None, Some(DesktopVerdict::Accepted), Some(DesktopVerdict::DoNotDisturb)] {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.desktop = DesktopBehaviour::Thinks;
        rig.push(sent("a"));
        rig.happens(DeviceInput::CardShown { card: CardNumber(1), desktop });
        let receipt = rig.receipt("a");
        assert_eq!(receipt.outcome.kind(), OutcomeKind::Presented);
        assert_eq!(receipt.desktop, desktop);
    }
}

#[test]
fn a_failure_says_it_of_the_desktop_too_and_what_was_withheld_says_nothing() {
    let failed = |problem, detail: &str| {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.desktop = DesktopBehaviour::Thinks;
        rig.push(sent("a"));
        let failure = CardFailure { problem, detail: detail.to_owned() };
        rig.happens(DeviceInput::CardFailed { card: CardNumber(1), failure });
        rig.receipt("a").desktop
    };
    assert_eq!(failed(PushProblem::NotificationServerRefused, "it refused"), Some(DesktopVerdict::Refused));
    assert_eq!(failed(PushProblem::NotificationServerDidNotAnswer, "no answer"), Some(DesktopVerdict::Unknown));

    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop(DesktopBehaviour::ServerAway);
    rig.push(sent("away"));
    rig.advance(20_000);
    assert_eq!(rig.receipt("away").desktop, Some(DesktopVerdict::NoNotificationServer));
    rig.desktop(DesktopBehaviour::Shows);
    rig.deny();
    rig.push(sent("withheld"));
    assert_eq!(rig.receipt("withheld").desktop, None);
}
