//! Going back to an earlier event: what is as it was then, what goes on, and how the device behaves afterwards.
//!
//! Lives here: the property for any walk, and the cases by hand. Does not live here: what holds after every event (`checks`).

use portal_contract::{CardInteraction, Outcome};
use proptest::prelude::*;

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPHONE, RETIRE};
use super::sent::{group, sent, user};
use super::steps::{RandomStep, rigs, settings, steps_with_a_quick_desktop};
use crate::{
    ConditionCommand, DeviceCommand, DeviceEffect, DeviceInput, DeviceSnapshot, EmulationSettings, PermissionState,
};
use portal_contract::GroupList;

/// The members that going back restores, each with what of it goes on taken from `present`. Written member by member, so
/// that a member that is added to the device has to be decided on here.
fn as_of(past: &DeviceSnapshot, present: &DeviceSnapshot, last_sequence: u64, fence_is_back: bool) -> DeviceSnapshot {
    let mut identity = present.identity.clone();
    identity.os_version = past.identity.os_version.clone();
    let mut app = past.app.clone();
    app.in_app_from = last_sequence;
    let mut enrollment = past.enrollment.clone();
    enrollment.heard = present.enrollment.heard.clone();
    if let Some(enrolled) = &mut enrollment.enrolled {
        enrolled.fenced |= fence_is_back;
    }
    let mut condition = past.condition.clone();
    condition.clock_ahead_millis = present.condition.clock_ahead_millis;
    condition.clock_taken_back_after = present.condition.clock_taken_back_after;
    DeviceSnapshot {
        identity,
        documentation: present.documentation,
        app,
        enrollment,
        permission: past.permission.clone(),
        switches: past.switches.clone(),
        policy: past.policy.clone(),
        condition,
        actions: present.actions.clone(),
        updated_at: present.updated_at,
    }
}

/// Apart from the numbers of prompts, which go on.
fn without_numbers(permission: &PermissionState) -> (serde_json::Value, bool) {
    let mut json = serde_json::to_value(permission).unwrap();
    json["prompt"].take();
    json["shownBeforeReset"].take();
    (json, permission.prompt.is_some())
}

/// What means the same to both devices: one has withdrawn cards by an event and the other has not, which a click and a place in
/// the history would tell apart.
fn tells_nothing_apart(step: &&RandomStep) -> bool {
    !matches!(step, RandomStep::Interact { interaction: CardInteraction::Clicked, .. } | RandomStep::Return(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever happened, the device is as it was then, nothing that was is gone, and from there on it does what a device in
    /// that state does.
    #[test]
    fn the_device_is_as_it_was_then_and_goes_on_from_there(
        start in rigs(),
        settings in settings(),
        before in steps_with_a_quick_desktop(),
        choice in any::<prop::sample::Index>(),
        after in steps_with_a_quick_desktop(),
    ) {
        let settings = EmulationSettings { pace_per_second: 100_000, ..settings };
        let mut rig = DeviceRig::new(start.0, settings);
        if start.1 { rig = rig.made_ready() }
        before.iter().for_each(|step| rig.take(step));
        let (event, past) = rig.history[choice.index(rig.history.len())].clone();
        let present = rig.snapshot().clone();
        let (receipts, used) = (rig.receipts.clone(), rig.used.clone());
        let (sequence, fence) = (rig.device.last_sequence(), rig.device.pushes.fence_is_back());
        let expected = as_of(&past, &present, sequence, fence);

        // A device that is in that state by no event of its own.
        let mut other = rig.clone();
        let mut permission = past.permission.clone();
        permission.number_anew(&present.permission);
        other.put_into(DeviceSnapshot { permission, ..expected });
        other.prompts.extend(other.snapshot().permission.prompt.map(|prompt| prompt.number.0));
        let mut withdrawn = Vec::new();
        other.device.pushes.withdraw_all(&mut withdrawn);
        other.open.clear();
        match (present.condition.offline, past.condition.offline) {
            (true, false) => other.device.pushes.away_since = present.condition.offline_since,
            (false, true) => other.device.pushes.went_away(),
            _ => {}
        }
        other.happens(DeviceInput::DeadlineReached);

        let effects = rig.return_to(event, past);
        prop_assert!(!effects.contains(&DeviceEffect::IdsForgotten) && !effects.contains(&DeviceEffect::EnrollmentBegan));
        prop_assert_eq!(&rig.receipts[..receipts.len()], &receipts[..]);
        prop_assert!(rig.used.is_superset(&used) && rig.device.last_sequence() >= sequence);
        prop_assert_eq!(rig.snapshot().condition.clock_ahead_millis, present.condition.clock_ahead_millis);
        prop_assert!(rig.snapshot().updated_at >= present.updated_at);
        let unchanged = effects.iter().any(|effect| matches!(effect, DeviceEffect::Unchanged(_)));
        if !unchanged {
            prop_assert!(rig.device.pushes.open_cards.iter().all(|(_, shown)| *shown > sequence), "its cards are withdrawn");
            if let Some(prompt) = rig.snapshot().permission.prompt {
                let asks = DeviceEffect::ShowPrompt { number: prompt.number };
                prop_assert!(effects.contains(&asks));
                prop_assert!(rig.prompts.iter().filter(|number| **number == prompt.number.0).count() == 1);
            }
        }
        for rig in [&mut rig, &mut other] {
            rig.happens(DeviceInput::NotificationServerAppeared);
            rig.disconnect();
            rig.connect(true);
            rig.fence();
        }
        let same_but_numbers = |rig: &DeviceRig| {
            let of = rig.snapshot();
            let mut state = of.clone();
            (state.permission, state.updated_at) = (past_of(&present), present.updated_at);
            (state, without_numbers(&of.permission))
        };
        prop_assert_eq!(same_but_numbers(&rig), same_but_numbers(&other));
        for step in after.iter().filter(tells_nothing_apart) {
            rig.take(step);
            other.take(step);
        }
        prop_assert_eq!(outcomes_of(&rig, sequence), outcomes_of(&other, sequence));
        prop_assert_eq!(same_but_numbers(&rig), same_but_numbers(&other));
    }
}

fn past_of(present: &DeviceSnapshot) -> PermissionState {
    present.permission.clone()
}

fn outcomes_of(rig: &DeviceRig, after: u64) -> Vec<(u64, Outcome)> {
    let newer = rig.receipts.iter().filter(|receipt| receipt.sequence > after);
    newer.map(|receipt| (receipt.sequence, receipt.outcome.clone())).collect()
}

/// The rig's latest event so far.
fn now(rig: &DeviceRig) -> (u64, DeviceSnapshot) {
    rig.history.last().cloned().unwrap()
}

#[test]
fn a_denial_is_taken_back_and_the_next_push_shows() {
    for platform in [IPHONE, ANDROID, ANDROID_12] {
        let mut rig = DeviceRig::ready(platform);
        let (event, allowed) = now(&rig);
        rig.deny();
        rig.push(sent("denied"));
        rig.return_to(event, allowed);
        rig.push(sent("allowed"));
        assert_eq!((rig.word("denied"), rig.word("allowed")), ("withheld", "presented"), "{platform:?}");
        assert_eq!(rig.receipt("allowed").sequence, 2);
        rig.push(sent("denied"));
        assert_eq!(rig.outcomes("denied").len(), 2, "its id stays used");
        assert_eq!(*rig.outcomes("denied")[1], Outcome::Duplicate);
    }
}

#[test]
fn a_prompt_of_then_is_asked_anew_under_a_number_of_its_own() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.connect(true);
    rig.fence();
    rig.enroll("adele");
    rig.install();
    let (event, asking) = now(&rig);
    let shown = rig.snapshot().permission.prompt.unwrap();
    rig.deny();
    let effects = rig.return_to(event, asking.clone());
    let again = rig.snapshot().permission.prompt.unwrap();
    assert!(again.number > shown.number && effects.contains(&DeviceEffect::ShowPrompt { number: again.number }));
    assert_eq!(rig.snapshot().permission.prompts_shown, 1, "it was shown once, as then");
    rig.happens(DeviceInput::PromptAnswered {
        number: shown.number,
        choice: portal_contract::status::PromptChoice::Allow,
    });
    assert!(rig.snapshot().permission.prompt.is_some(), "a late answer to the earlier prompt answers none");
    let effects = rig.return_to(event, asking);
    assert!(matches!(&effects[..], [DeviceEffect::WithdrawPrompt { .. }, ..]), "{effects:?}");
}

#[test]
fn a_wipe_is_taken_back_with_enrollment_and_groups_and_the_cards_go() {
    let mut rig = DeviceRig::ready(IPHONE);
    let (event, enrolled) = now(&rig);
    rig.push(sent("before"));
    rig.command(RETIRE);
    rig.command(DeviceCommand::Reset);
    let effects = rig.return_to(event, enrolled.clone());
    assert!(effects.contains(&DeviceEffect::GroupsChanged));
    assert_eq!(rig.snapshot().enrollment.subscribed_groups(), enrolled.enrollment.subscribed_groups());
    rig.push(sent("after").for_group(1));
    assert_eq!(rig.word("after"), "presented");
    assert_eq!(rig.open.len(), 1);
    let effects = rig.return_to(event, enrolled);
    assert!(rig.open.is_empty() && effects.iter().any(|effect| matches!(effect, DeviceEffect::WithdrawCard { .. })));
}

#[test]
fn what_is_held_is_judged_again_and_the_connection_follows() {
    let mut rig = DeviceRig::ready(ANDROID);
    let (event, awake) = now(&rig);
    rig.condition(ConditionCommand::Doze(true));
    rig.push(sent("dozed"));
    assert_eq!(rig.device.held(), 1);
    rig.return_to(event, awake.clone());
    assert_eq!((rig.device.held(), rig.word("dozed")), (0, "presented"));
    rig.condition(ConditionCommand::Offline(true));
    let (offline, away) = now(&rig);
    assert!(rig.return_to(event, awake).contains(&DeviceEffect::GoOnline));
    assert!(rig.return_to(offline, away).contains(&DeviceEffect::GoOffline));
}

#[test]
fn the_services_word_on_groups_holds_again_once_it_is_heard() {
    let mut rig = DeviceRig::ready(IPHONE);
    let (event, in_one) = now(&rig);
    let list = GroupList { user_principal_name: Some(user("adele")), groups: [group(2)].into() };
    rig.happens(DeviceInput::GroupsHeard(list.clone()));
    rig.return_to(event, in_one.clone());
    assert_eq!(rig.snapshot().enrollment.groups, in_one.enrollment.groups);
    rig.happens(DeviceInput::GroupsHeard(list));
    assert_eq!(rig.snapshot().enrollment.groups, [group(2)].into());
}

#[test]
fn an_older_system_comes_back_with_its_permission_and_where_one_is_nothing_changes() {
    let mut rig = DeviceRig::ready(ANDROID_12);
    let (event, twelve) = now(&rig);
    let effects = rig.return_to(event, twelve.clone());
    assert_eq!(effects, [DeviceEffect::Unchanged(format!("already as it was after event {event}"))]);
    rig.command(DeviceCommand::OsUpdate { version: "16".parse().unwrap() });
    rig.return_to(event, twelve);
    assert_eq!(rig.snapshot().identity.os_version.to_string(), "12");
    rig.push(sent("a"));
    assert_eq!(rig.word("a"), "presented");
}

#[test]
fn without_a_history_there_is_nothing_to_return_to() {
    let refusal = DeviceRig::ready(IPHONE).refused(DeviceCommand::Return { event: 3 });
    assert_eq!(refusal.code, "noHistory");
}
