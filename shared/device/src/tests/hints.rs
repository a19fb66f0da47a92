//! Every hint leads somewhere: whoever types what it says gets further, until every prerequisite is met.
//!
//! Lives here: hints followed on any device that can be reached. Does not live here: their words (`reasons::words`).

use portal_contract::command::{COMMANDS, read_line};
use portal_contract::{ChecklistEntry, PushTarget};
use proptest::prelude::*;

use super::rig::{DeviceRig, PLATFORMS, PlatformCase};
use super::sent::{group, sent, user};
use super::steps::{rigs, settings, steps};
use crate::{DeviceCommand, DeviceInput, EmulationSettings, ReceivedPush, Refusal};

/// More hints than any device needs.
const ENOUGH: usize = 12;

/// The commands that a hint says; none where it says something else.
fn commands(hint: &str) -> Option<Vec<DeviceCommand>> {
    hint.split(", then ").map(|line| read_line(&line.replace("UPN", "adele@contoso.example")).ok()).collect()
}

fn first_unmet(rig: &DeviceRig, push: Option<&ReceivedPush>) -> Option<ChecklistEntry> {
    rig.snapshot().checklist_entries(push).into_iter().find(|entry| !entry.met)
}

fn follow(rig: &mut DeviceRig, push: Option<&ReceivedPush>) -> Result<(), TestCaseError> {
    for _ in 0..ENOUGH {
        let Some(entry) = first_unmet(rig, push) else { return Ok(()) };
        let commands = commands(&entry.hint);
        prop_assert!(commands.is_some(), "no line of commands: {entry:?}");
        for command in commands.unwrap_or_default() {
            let refused = rig.apply(DeviceInput::Command(command.clone())).err();
            prop_assert!(refused.is_none(), "{entry:?} leads to {command:?}, which is refused: {refused:?}");
        }
        prop_assert!(first_unmet(rig, push).as_ref() != Some(&entry), "following it changes nothing: {entry:?}");
    }
    prop_assert!(false, "hints without an end: {:?}", first_unmet(rig, push));
    Ok(())
}

fn rig((platform, ready): (PlatformCase, bool), settings: EmulationSettings) -> DeviceRig {
    let rig = DeviceRig::new(platform, settings);
    if ready { rig.made_ready() } else { rig }
}

/// A push that arrives now.
fn push(rig: &DeviceRig, group_number: Option<u8>, user_name: Option<&str>) -> ReceivedPush {
    let mut built = sent("n");
    if let Some(number) = group_number {
        built = built.for_group(number);
    }
    if let Some(name) = user_name {
        built = built.for_user(name);
    }
    let notification = built.arrival.payload.clone().unwrap();
    let target = group_number.map_or(PushTarget::Device, |number| PushTarget::Group { id: group(number) });
    ReceivedPush { notification, target, received_at: rig.now, expires_at: None, priority_lowered: false }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whoever_follows_the_hints_meets_every_prerequisite(
        start in rigs(),
        settings in settings(),
        steps in steps(),
        group_number in proptest::option::of(0..3_u8),
        user_name in proptest::option::of(proptest::sample::select(vec!["adele", "bob"])),
    ) {
        let mut rig = rig(start, settings);
        steps.iter().for_each(|step| rig.take(step));
        rig.release();
        let push = push(&rig, group_number, user_name);
        follow(&mut rig.clone(), None)?;
        follow(&mut rig, Some(&push))?;
    }
}

/// The commands that a refusal's hint says: the first of several ways, without what explains it; none where it is prose.
fn way_out(refusal: &Refusal) -> Option<Vec<DeviceCommand>> {
    commands(refusal.hint.split(", or ").next()?.split(':').next()?)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_commands_in_the_hint_of_a_refusal_are_not_refused_and_lead_out_of_it(
        start in rigs(),
        settings in settings(),
        steps in steps(),
    ) {
        let mut rig = rig(start, settings);
        steps.iter().for_each(|step| rig.take(step));
        rig.release();
        for line in COMMANDS.iter().flat_map(|row| row.examples).filter_map(|example| read_line(example.line).ok()) {
            let mut rig = rig.clone();
            let Err(refusal) = rig.apply(DeviceInput::Command(line.clone())) else { continue };
            let Some(commands) = way_out(&refusal) else { continue };
            for command in commands {
                let refused = rig.apply(DeviceInput::Command(command.clone())).err();
                prop_assert!(refused.is_none(), "{line:?}: {refusal:?} leads to {command:?}, refused: {refused:?}");
            }
            // What the platform never has is not led to, but to what it has instead.
            if ["notOnThisPlatform", "permissionNotPossible"].contains(&refusal.code) {
                continue;
            }
            let again = rig.apply(DeviceInput::Command(line.clone())).err();
            prop_assert!(again.as_ref() != Some(&refusal), "{line:?}: following it changes nothing: {refusal:?}");
        }
    }
}

#[test]
fn an_enrollment_that_does_not_count_is_led_back_by_its_states_and_not_by_enrolling() {
    for platform in PLATFORMS {
        let mut rig = DeviceRig::ready(platform);
        rig.command(read_line("enrollment set deviceRegistrationState=revoked").unwrap());
        let hints: Vec<String> = rig.snapshot().checklist_entries(None).into_iter().map(|entry| entry.hint).collect();
        assert!(hints.iter().all(|hint| !hint.contains("enroll ")), "{hints:?}");
        follow(&mut rig, None).unwrap();
        assert_eq!(rig.snapshot().enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user), Some(&user("adele")));
    }
}
