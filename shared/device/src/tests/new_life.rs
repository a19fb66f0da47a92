//! What a reset ends, and commands that ask for something else than what is there.
//!
//! Lives here: held pushes and the clock at a reset, a clock that is set back, installs and enrollments that are asked for
//! otherwise. Does not live here: removal (`removal`).

use portal_contract::command::read_line;
use portal_contract::{Outcome, PushProblem};

use super::rig::{ANDROID, DeviceRig, IPHONE, PlatformCase};
use super::sent::sent;
use crate::{ConditionCommand, DeviceCommand, DeviceEffect, DeviceInput, EmulationSettings, SettledPush};

#[test]
fn what_is_held_ends_with_the_life_that_it_was_sent_to_before_its_id_may_be_used_again() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::Doze(true));
    rig.push_all(["a", "b"]);
    let effects = rig.command(DeviceCommand::Reset);
    let place = |wanted: fn(&DeviceEffect) -> bool| effects.iter().position(wanted).unwrap();
    let last_settled = effects.iter().rposition(|effect| matches!(effect, DeviceEffect::Settle(_))).unwrap();
    assert!(last_settled < place(|effect| *effect == DeviceEffect::IdsForgotten));
    assert!(last_settled < place(|effect| *effect == DeviceEffect::StateChanged));
    let dropped = Outcome::Dropped { problem: PushProblem::Unregistered };
    assert_eq!((rig.outcomes("a"), rig.outcomes("b"), rig.device.held()), (vec![&dropped], vec![&dropped], 0));
    let held =
        effects.iter().filter(|effect| matches!(effect, DeviceEffect::Settle(SettledPush { held: Some(_), .. })));
    assert_eq!(held.count(), 2);
    rig.push(sent("a"));
    assert_eq!(rig.outcomes("a").len(), 2, "the id may be used again");
    rig.command(DeviceCommand::Reset);
    assert_eq!(rig.note(DeviceCommand::Reset), "already out of its box");
}

#[test]
fn a_reset_takes_the_clock_back_only_where_it_is_asked_to() {
    let ahead = 3_600_000;
    let mut rig = DeviceRig::ready(IPHONE);
    rig.push(sent("before"));
    rig.command(DeviceCommand::ClockAdvance { millis: ahead });
    rig.push(sent("ahead"));
    rig.command(DeviceCommand::Reset);
    assert_eq!(rig.snapshot().condition.clock_ahead_millis, 3_600_000);
    rig.command(DeviceCommand::ResetWithClock);
    rig.now = rig.now.plus_millis(-3_600_000);
    assert_eq!((rig.snapshot().condition.clock_ahead_millis, rig.snapshot().updated_at), (0, rig.now));
    rig.restart();
    rig.push(sent("after"));
    assert_eq!(rig.receipt("after").decided_at, rig.now, "over a restart, too");
    assert!(rig.receipt("after").decided_at < rig.receipt("ahead").decided_at);
    rig.restart();
    rig.push(sent("later"));
    assert_eq!(rig.receipt("later").decided_at, rig.now);
    rig.command(DeviceCommand::ResetWithClock);
    assert_eq!(rig.note(DeviceCommand::ResetWithClock), "already out of its box");
}

#[test]
fn a_clock_that_is_set_back_while_pushes_are_paced_holds_none_of_them_up() {
    let mut rig =
        DeviceRig::ready_with(IPHONE, EmulationSettings { pace_per_second: 2, ..EmulationSettings::default() });
    rig.push_all(["a", "b", "c", "d", "e"]);
    assert_eq!(rig.device.paced(), 3);
    rig.step_back(3_600_000);
    // The host wakes by the time that it slept, whatever the clock says by then.
    rig.happens(DeviceInput::DeadlineReached);
    assert_eq!(rig.ids_of("presented"), ["a", "b", "c", "d"]);
    let next = rig.device.next_deadline().unwrap();
    assert!(next.millis_since(rig.now) <= 1000, "the next waits for a second at most");
    rig.advance(1000);
    assert_eq!(rig.device.paced(), 0);
}

#[test]
fn a_command_that_asks_for_something_else_than_what_is_there_is_refused_with_what_does_it() {
    let rows: &[(PlatformCase, &str, &str, Option<&str>)] = &[
        (IPHONE, "app install", "app install", None),
        (IPHONE, "app install", "app install --version 5.2311.1", None),
        (IPHONE, "app install", "app install --version 5.2401.0", Some("app update --version 5.2401.0")),
        (IPHONE, "app install", "app install --version 5.1.0", Some("app uninstall, then app install --version 5.1.0")),
        (ANDROID, "app install", "app install --target-sdk 33", None),
        (ANDROID, "app install", "app install --target-sdk 32", Some("app update --target-sdk 32")),
        (ANDROID, "app install", "app update --version 5.0.5291.0 --target-sdk 34", Some("app update --target-sdk 34")),
        (IPHONE, "enroll adele@contoso.example", "enroll adele@contoso.example --type userEnrollment", None),
        (
            IPHONE,
            "enroll adele@contoso.example",
            "enroll adele@contoso.example --type appleBulkWithUser --supervised",
            Some("retire, then enroll --user adele@contoso.example --type appleBulkWithUser --supervised"),
        ),
        (
            IPHONE,
            "enroll adele@contoso.example",
            "enroll adele@contoso.example --supervised",
            Some("retire, then enroll --user adele@contoso.example --supervised"),
        ),
        (
            IPHONE,
            "enroll adele@contoso.example",
            "enroll adele@contoso.example --owner company",
            Some("enrollment set managedDeviceOwnerType=company"),
        ),
        (
            ANDROID,
            "enroll adele@contoso.example --type androidEnterpriseFullyManaged",
            "enroll adele@contoso.example --type userEnrollment",
            Some("wipe, then enroll --user adele@contoso.example --type userEnrollment"),
        ),
    ];
    for (platform, first, second, hint) in rows {
        let mut rig = DeviceRig::new(*platform, EmulationSettings::default());
        rig.connect(false);
        rig.fence();
        rig.command(read_line(first).unwrap());
        let before = rig.snapshot().clone();
        match hint {
            None => assert!(rig.note(read_line(second).unwrap()).starts_with("already"), "{second}"),
            Some(hint) => {
                assert_eq!(rig.refused(read_line(second).unwrap()).hint, *hint, "{second}");
                assert_eq!(*rig.snapshot(), before, "{second}");
                hint.split(", then ").for_each(|line| drop(rig.command(read_line(line).unwrap())));
            }
        }
    }
}
