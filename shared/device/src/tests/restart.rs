//! A daemon that stops and goes on from its journal: held pushes end as if it had not (contract 4).
//!
//! Lives here: restarts by example. Does not live here: restarts at random (`properties`), the journal.

use super::rig::{ANDROID, DesktopBehaviour, DeviceRig, IPHONE};
use super::sent::sent;
use crate::{ConditionCommand, DeviceCommand, DocumentationYear, EmulationSettings, PushServiceEmulation};

#[test]
fn a_push_in_doze_is_shown_after_a_restart() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::Doze(true));
    rig.push_all(["a", "b"]);
    rig.restart();
    rig.push(sent("a"));
    rig.condition(ConditionCommand::Doze(false));
    assert_eq!((rig.ids_of("presented"), rig.ids_of("duplicate")), (vec!["a", "b"], vec!["a"]));
    let sequences: Vec<u64> = rig.receipts.iter().map(|receipt| receipt.sequence).collect();
    assert_eq!(sequences, [1, 2, 3]);
}

#[test]
fn a_paced_push_goes_on_after_a_restart_without_any_event() {
    let mut rig =
        DeviceRig::ready_with(IPHONE, EmulationSettings { pace_per_second: 1, ..EmulationSettings::default() });
    rig.push_all(["a", "b", "c"]);
    rig.restart();
    assert!(rig.device.next_deadline().is_some(), "no broker need be there");
    rig.advance(5_000);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_new_push_after_a_restart_stays_behind_those_that_were_held() {
    let mut rig = DeviceRig::ready_with(
        IPHONE,
        EmulationSettings {
            pace_per_second: 1,
            push_service: PushServiceEmulation::off(),
            ..EmulationSettings::default()
        },
    );
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.push_all(["a", "b"]);
    rig.restart();
    rig.desktop = DesktopBehaviour::Shows;
    rig.push(sent("c"));
    rig.advance(5_000);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn a_timeout_goes_on_over_a_restart() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    rig.push(sent("a"));
    rig.restart();
    rig.advance(19_999);
    assert_eq!(rig.receipts.len(), 0);
    rig.advance(1);
    assert_eq!(rig.word("a"), "failed");
}

#[test]
fn a_timeout_that_passed_while_the_daemon_was_down_is_tried_once_more() {
    for (desktop, word) in [(DesktopBehaviour::Shows, "presented"), (DesktopBehaviour::ServerAway, "failed")] {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.desktop = DesktopBehaviour::ServerAway;
        rig.push(sent("a"));
        rig.now = rig.now.plus_seconds(60);
        rig.restart();
        rig.desktop = desktop;
        rig.advance(0);
        assert_eq!(rig.word("a"), word);
    }
}

#[test]
fn what_waited_for_the_fence_waits_for_the_next_one() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.go_offline();
    rig.come_back();
    rig.push_all(["a", "b"]);
    rig.restart();
    rig.connect(true);
    rig.push(sent("c"));
    rig.fence();
    assert_eq!((rig.ids_of("dropped"), rig.ids_of("presented")), (vec!["a", "b"], vec!["c"]));
}

#[test]
fn the_push_service_switched_off_at_a_restart_delivers_what_had_waited() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.go_offline();
    rig.come_back();
    rig.push_all(["a", "b", "c"]);
    rig.settings.push_service.emulate = false;
    rig.desktop = DesktopBehaviour::Thinks;
    rig.restart();
    rig.connect(true);
    rig.fence();
    rig.desktop(DesktopBehaviour::Shows);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c"]);
}

#[test]
fn another_documentation_holds_from_the_restart_on() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.command(DeviceCommand::PlayServices { installed: false });
    rig.push(sent("2019"));
    rig.settings.documentation = DocumentationYear::Y2025;
    rig.restart();
    rig.push(sent("2025"));
    rig.connect(true);
    rig.fence();
    assert_eq!((rig.word("2019"), rig.word("2025")), ("withheld", "presented"));
}

#[test]
fn another_timeout_holds_from_the_restart_on() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.desktop = DesktopBehaviour::ServerAway;
    let received_at = rig.now;
    rig.push(sent("a"));
    for server_timeout_millis in [5_000, 60_000] {
        rig.settings.server_timeout_millis = server_timeout_millis;
        rig.restart();
        rig.advance(1_000);
        let until = rig.held.values().next().unwrap().until;
        assert_eq!(until, Some(received_at.plus_millis(server_timeout_millis)));
    }
    rig.advance(60_000);
    assert_eq!(rig.receipt("a").decided_at, received_at.plus_millis(60_000));
}
