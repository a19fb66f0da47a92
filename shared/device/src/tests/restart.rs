//! A daemon that stops and goes on from its journal: held pushes end as if it had not (contract 4).
//!
//! Lives here: restarts by example. Does not live here: restarts at random (`properties`), the journal.

use super::bench::{ANDROID, Bench, Desktop, IPHONE};
use super::sent::sent;
use crate::{Command, ConditionCommand, Documentation, PushService, Rules};

#[test]
fn a_push_in_doze_is_shown_after_a_restart() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(ConditionCommand::Doze(true));
    bench.push_all(["a", "b"]);
    bench.restart();
    bench.push(sent("a"));
    bench.condition(ConditionCommand::Doze(false));
    assert_eq!((bench.ids_of("presented"), bench.ids_of("duplicate")), (vec!["a", "b"], vec!["a"]));
    let sequences: Vec<u64> = bench.receipts.iter().map(|receipt| receipt.sequence).collect();
    assert_eq!(sequences, [1, 2, 3]);
}

#[test]
fn a_paced_push_goes_on_after_a_restart_without_any_event() {
    let mut bench = Bench::ready_with(IPHONE, Rules { pace_per_second: 1, ..Rules::default() });
    bench.push_all(["a", "b", "c"]);
    bench.restart();
    assert!(bench.device.next_deadline().is_some(), "no broker need be there");
    bench.advance(5_000);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_new_push_after_a_restart_stays_behind_those_that_were_held() {
    let mut bench =
        Bench::ready_with(IPHONE, Rules { pace_per_second: 1, push_service: PushService::off(), ..Rules::default() });
    bench.desktop = Desktop::ServerAway;
    bench.push_all(["a", "b"]);
    bench.restart();
    bench.desktop = Desktop::Shows;
    bench.push(sent("c"));
    bench.advance(5_000);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn patience_goes_on_over_a_restart() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    bench.push(sent("a"));
    bench.restart();
    bench.advance(19_999);
    assert_eq!(bench.receipts.len(), 0);
    bench.advance(1);
    assert_eq!(bench.word("a"), "failed");
}

#[test]
fn patience_that_passed_while_the_daemon_was_down_is_tried_once_more() {
    for (desktop, word) in [(Desktop::Shows, "presented"), (Desktop::ServerAway, "failed")] {
        let mut bench = Bench::ready(IPHONE);
        bench.desktop = Desktop::ServerAway;
        bench.push(sent("a"));
        bench.now = bench.now.plus_seconds(60);
        bench.restart();
        bench.desktop = desktop;
        bench.advance(0);
        assert_eq!(bench.word("a"), word);
    }
}

#[test]
fn what_waited_for_the_fence_waits_for_the_next_one() {
    let mut bench = Bench::ready(IPHONE);
    bench.go_offline();
    bench.come_back();
    bench.push_all(["a", "b"]);
    bench.restart();
    bench.connect(true);
    bench.push(sent("c"));
    bench.fence();
    assert_eq!((bench.ids_of("dropped"), bench.ids_of("presented")), (vec!["a", "b"], vec!["c"]));
}

#[test]
fn the_push_service_switched_off_at_a_restart_delivers_what_had_waited() {
    let mut bench = Bench::ready(IPHONE);
    bench.go_offline();
    bench.come_back();
    bench.push_all(["a", "b", "c"]);
    bench.rules.push_service.emulate = false;
    bench.desktop = Desktop::Thinks;
    bench.restart();
    bench.connect(true);
    bench.fence();
    bench.desktop(Desktop::Shows);
    assert_eq!(bench.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn another_documentation_holds_from_the_restart_on() {
    let mut bench = Bench::ready(ANDROID);
    bench.command(Command::PlayServices { installed: false });
    bench.push(sent("2019"));
    bench.rules.documentation = Documentation::Y2025;
    bench.restart();
    bench.push(sent("2025"));
    bench.connect(true);
    bench.fence();
    assert_eq!((bench.word("2019"), bench.word("2025")), ("withheld", "presented"));
}

#[test]
fn another_patience_holds_from_the_restart_on() {
    let mut bench = Bench::ready(IPHONE);
    bench.desktop = Desktop::ServerAway;
    let received_at = bench.now;
    bench.push(sent("a"));
    for patience_millis in [5_000, 60_000] {
        bench.rules.patience_millis = patience_millis;
        bench.restart();
        bench.advance(1_000);
        let until = bench.held.values().next().unwrap().until;
        assert_eq!(until, Some(received_at.plus_millis(patience_millis)));
    }
    bench.advance(60_000);
    assert_eq!(bench.receipt("a").decided_at, received_at.plus_millis(60_000));
}
