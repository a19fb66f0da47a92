//! The ways to show, against the device that they were found on.
//!
//! Lives here: that each suffices, that none has a step too many, that there is one. Does not live here: hints (`hints`).

use portal_contract::command::read_line;
use portal_contract::way_to_show::{StepOwner, WayToShow};
use portal_contract::{Outcome, PushProblem, PushTarget};
use proptest::prelude::*;

use super::rig::{ANDROID, DeviceRig, IPHONE};
use super::sent::{PushBuilder, group, sent};
use super::steps::{rigs, settings, steps};
use crate::{
    AppCommand, ConditionCommand, Device, DeviceInput, DocumentationYear, EmulationSettings, PushVerdict, ReceivedPush,
    ResumePoint, ways_to_show,
};

pub(super) fn received(rig: &DeviceRig, sent: PushBuilder) -> ReceivedPush {
    let notification = sent.arrival.payload.unwrap();
    let expires_at = notification.expires_at;
    ReceivedPush {
        notification,
        target: sent.arrival.target,
        received_at: rig.now,
        expires_at,
        priority_lowered: false,
    }
}

fn ways(rig: &DeviceRig, push: &ReceivedPush, outcome: Option<&Outcome>) -> Vec<WayToShow> {
    ways_to_show(rig.snapshot(), &rig.settings, push, outcome, rig.now)
}

/// Who takes which step, as one line for each way.
fn lines(rig: &DeviceRig, sent: PushBuilder) -> Vec<String> {
    lines_of(&ways(rig, &received(rig, sent), None))
}

fn lines_of(ways: &[WayToShow]) -> Vec<String> {
    let step = |way: &WayToShow| {
        let steps = way.steps.iter().map(|step| match &step.command {
            Some(command) => format!("{}: {command}", step.by.word()),
            None => format!("{}: {}", step.by.word(), step.detail),
        });
        steps.collect::<Vec<_>>().join("; ")
    };
    ways.iter().map(step).collect()
}

#[test]
fn a_denied_permission_is_allowed_by_the_user_or_by_the_administrator() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.deny();
    assert_eq!(lines(&rig, sent("n")), ["user: permission allow"]);
    let mut rig = DeviceRig::ready(ANDROID);
    rig.deny();
    assert_eq!(
        lines(&rig, sent("n")),
        ["user: permission allow", "administrator: policy set PermissionGrantState=granted"]
    );
}

#[test]
fn every_obstacle_of_one_set_is_in_it() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.connect(false);
    rig.condition(ConditionCommand::Offline(true));
    let found = lines(&rig, sent("n"));
    assert_eq!(found, ["user: app install; user: permission allow; user: device online; user: enroll --user UPN"]);
}

#[test]
fn each_of_several_switches_is_a_way_of_its_own() {
    let mut rig = DeviceRig::ready(IPHONE);
    for name in ["alert", "lockScreen", "notificationCenter"] {
        rig.set(name, "off");
    }
    assert_eq!(
        lines(&rig, sent("n")),
        ["user: settings set alert=on", "user: settings set lockScreen=on", "user: settings set notificationCenter=on"]
    );
}

#[test]
fn what_waits_is_let_go_by_what_ends_the_wait() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::Doze(true));
    assert_eq!(
        lines(&rig, sent("n")),
        [
            "user: device doze off",
            "user: device battery exempt",
            "impossible: have the message sent with high priority, which Intune decides"
        ]
    );
}

#[test]
fn a_push_for_another_user_is_the_senders_or_the_enrollments() {
    let mut rig = DeviceRig::ready_with(
        IPHONE,
        EmulationSettings { documentation: DocumentationYear::Y2023, ..EmulationSettings::default() },
    );
    assert_eq!(
        lines(&rig, sent("n").for_user("bob")),
        [
            "sender: send it to the user who enrolled the device, or to no user in particular",
            "administrator: retire; user: enroll --user bob@contoso.example"
        ]
    );
    let of_the_group = lines(&rig, sent("n").for_group(9));
    let join = format!("administrator: enroll --user adele@contoso.example --group {} --group {}", group(1), group(9));
    assert_eq!(of_the_group, ["sender: send it to the device instead of to the group", &join]);
    rig.app(AppCommand::Uninstall);
    assert!(lines(&rig, sent("n").for_user("bob")).iter().all(|line| line.contains("app install")));
}

#[test]
fn what_the_push_service_dropped_is_to_be_sent_anew() {
    let rig = DeviceRig::ready(IPHONE);
    let push = received(&rig, sent("n"));
    let dropped = Outcome::Dropped { problem: PushProblem::Collapsed };
    let found = lines_of(&ways(&rig, &push, Some(&dropped)));
    assert_eq!(found, ["sender: send it anew, as a notification of its own"]);
    let expired = received(&rig, sent("n").expires_at(rig.now));
    assert_eq!(lines_of(&ways(&rig, &expired, None)), ["sender: send it with a later expiry, or with none"]);
    assert_eq!(ways(&rig, &push, None), []);
}

#[test]
fn without_play_services_nobody_can_do_anything() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.command(crate::DeviceCommand::PlayServices { installed: false });
    let found = ways(&rig, &received(&rig, sent("n")), None);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].steps[0].by, StepOwner::Impossible);
}

/// Whether a push shows once these lines are typed, each as far as the device takes it.
fn shows_after<'a>(rig: &DeviceRig, push: &ReceivedPush, lines: impl Iterator<Item = &'a str>) -> bool {
    let mut device = Device::resume(rig.snapshot().clone(), ResumePoint::default(), rig.settings.clone());
    device.apply(DeviceInput::Connected { session_present: false }, rig.now).unwrap();
    for line in lines {
        let command = read_line(&line.replace("UPN", "adele@contoso.example")).unwrap();
        let _ = device.apply(DeviceInput::Command(command), rig.now);
    }
    // Back online, it is connected again.
    device.apply(DeviceInput::Connected { session_present: false }, rig.now).unwrap();
    matches!(device.verdict(push, rig.now), PushVerdict::Shows(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_way_suffices_has_no_step_too_many_and_there_is_one(
        start in rigs(),
        settings in settings(),
        steps in steps(),
        group_number in proptest::option::of(0..3_u8),
        user_name in proptest::option::of(proptest::sample::select(vec!["adele", "bob"])),
    ) {
        let (platform, ready) = start;
        let mut rig = DeviceRig::new(platform, settings);
        if ready {
            rig = rig.made_ready();
        }
        steps.iter().for_each(|step| rig.take(step));
        rig.release();
        let mut push = received(&rig, user_name.map_or(sent("n"), |name| sent("n").for_user(name)));
        push.target = group_number.map_or(PushTarget::Device, |number| PushTarget::Group { id: group(number) });
        let found = ways(&rig, &push, None);
        prop_assert_eq!(found.is_empty(), shows_after(&rig, &push, std::iter::empty()));
        for way in &found {
            let commands: Option<Vec<&str>> = way.steps.iter().map(|step| step.command.as_deref()).collect();
            let Some(commands) = commands else { continue };
            prop_assert!(shows_after(&rig, &push, commands.iter().copied()), "{:?}", way);
            for left_out in 0..commands.len() {
                // The emulator's command that puts a user into a group enrolls as well, where nobody did.
                if commands[left_out + 1..].iter().any(|later| later.starts_with(commands[left_out])) {
                    continue;
                }
                let others = commands.iter().enumerate().filter(|(place, _)| *place != left_out);
                let without = shows_after(&rig, &push, others.map(|(_, line)| *line));
                prop_assert!(!without, "{:?} does without {}", way, commands[left_out]);
            }
        }
    }
}
