//! Enrollment, the group list and remote actions (contract 2, 5; facts 1.4).
//!
//! Lives here: whose groups count, and which actions are carried out. Does not live here: topics and payloads (shared).

use std::collections::BTreeSet;

use portal_contract::device_state::ActionResult;
use portal_contract::{ActionKind, GroupId, GroupList, LastAction, RemoteAction};

use super::rig::{DeviceRig, IPHONE, RETIRE};
use super::sent::{group, user};
use crate::{
    Device, DeviceCommand, DeviceEffect, DeviceInput, DeviceSnapshot, EmulationSettings, EnrollCommand, ResumePoint,
};

fn groups(of: impl IntoIterator<Item = u8>) -> BTreeSet<GroupId> {
    of.into_iter().map(group).collect()
}

impl DeviceRig {
    fn hears(&mut self, name: Option<&str>, of: impl IntoIterator<Item = u8>) -> Vec<DeviceEffect> {
        let list = GroupList { user_principal_name: name.map(user), groups: groups(of) };
        self.happens(DeviceInput::GroupsHeard(list))
    }

    fn enroll_with(&mut self, name: &str, given: Option<BTreeSet<GroupId>>) {
        self.command(DeviceCommand::Enroll(EnrollCommand { groups: given, ..EnrollCommand::by(user(name)) }));
    }

    fn subscribed(&self) -> BTreeSet<GroupId> {
        self.snapshot().enrollment.subscribed_groups()
    }

    fn action(&mut self, id: &str, action: &str, sent_seconds_ago: Option<i64>) -> Vec<DeviceEffect> {
        let sent_at = sent_seconds_ago.map(|seconds| self.now.plus_seconds(-seconds));
        self.action_arrives(RemoteAction { id: id.to_owned(), action: action.to_owned(), sent_at })
    }

    /// The device after a restart, from a snapshot and the note of the action that came last.
    fn resumed_from_the_note(&self, before: DeviceSnapshot, effects: &[DeviceEffect]) -> Device {
        let note = effects.iter().find_map(|effect| match effect {
            DeviceEffect::ActionSeen { note, .. } => note.clone(),
            _ => None,
        });
        let from = ResumePoint { last_action: note.map(|note| *note), ..ResumePoint::default() };
        Device::resume(before, from, self.settings.clone())
    }

    fn last_action(&self) -> LastAction {
        self.snapshot().device_state().last_action.unwrap()
    }

    fn is_enrolled(&self) -> bool {
        self.snapshot().enrollment.enrolled.is_some()
    }
}

#[test]
fn a_list_of_the_enrolled_user_or_of_nobody_in_particular_replaces_the_whole_list() {
    let mut rig = DeviceRig::ready(IPHONE);
    assert!(rig.hears(Some("adele"), [2, 3]).contains(&DeviceEffect::GroupsChanged));
    assert_eq!(rig.subscribed(), groups([2, 3]));
    rig.hears(None, [4]);
    assert_eq!(rig.subscribed(), groups([4]));
    assert_eq!(rig.hears(None, [4]), [], "heard again at each connect");
    rig.hears(None, []);
    assert_eq!(rig.subscribed(), groups([]));
}

#[test]
fn a_list_of_another_user_is_ignored_until_that_user_enrolls() {
    let mut rig = DeviceRig::ready(IPHONE);
    let effects = rig.hears(Some("bob"), [2]);
    assert!(
        matches!(&effects[..], [DeviceEffect::Ignored(why), DeviceEffect::StateChanged] if why.contains("bob")),
        "{effects:?}"
    );
    assert_eq!(rig.subscribed(), groups([1]));
    rig.command(RETIRE);
    assert_eq!(rig.subscribed(), groups([]), "a device that is not enrolled subscribes to no group");
    rig.enroll_with("bob", None);
    assert_eq!(rig.subscribed(), groups([2]));
}

#[test]
fn the_list_last_heard_is_kept_for_an_enrollment_that_names_none() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.hears(Some("adele"), [2]);
    assert_eq!(rig.subscribed(), groups([]));
    rig.enroll_with("adele", None);
    assert_eq!(rig.subscribed(), groups([2]));
    rig.command(RETIRE);
    rig.restart();
    rig.enroll_with("adele", None);
    assert_eq!(rig.subscribed(), groups([2]));
    // The broker's word stands, whatever happened to the device.
    rig.command(DeviceCommand::Reset);
    rig.enroll_with("adele", None);
    assert_eq!(rig.subscribed(), groups([2]));
}

#[test]
fn given_groups_hold_until_the_brokers_list_says_otherwise() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.hears(Some("adele"), [2]);
    rig.enroll_with("adele", Some(groups([7])));
    assert_eq!(rig.subscribed(), groups([7]));
    rig.hears(Some("bob"), [3]);
    assert_eq!(rig.subscribed(), groups([7]));
    // The same list as before, heard at the next connect, is the broker's word all the same.
    rig.hears(Some("adele"), [2]);
    assert_eq!(rig.subscribed(), groups([2]));
}

#[test]
fn an_enrollment_without_any_list_has_no_groups() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.enroll_with("adele", None);
    assert_eq!(rig.subscribed(), groups([]));
}

#[test]
fn retire_ends_the_enrollment_and_leaves_app_and_permission() {
    let mut rig = DeviceRig::ready(IPHONE);
    let effects = rig.action("1", "retire", None);
    assert!(effects.contains(&DeviceEffect::GroupsChanged) && effects.contains(&DeviceEffect::StateChanged));
    assert!(!rig.is_enrolled() && rig.snapshot().app.is_installed());
    assert_eq!(rig.last_action(), LastAction::done("1".to_owned(), ActionKind::Retire));
    let state = rig.snapshot().device_state();
    assert_eq!((state.user_principal_name, state.device_enrollment_type), (None, None));
}

#[test]
fn a_sync_publishes_the_state() {
    let mut rig = DeviceRig::ready(IPHONE);
    let effects = rig.action("1", "syncDevice", None);
    let is_noted = |effect: &DeviceEffect| matches!(effect, DeviceEffect::ActionSeen { note: Some(_), .. });
    assert!(effects.iter().any(is_noted), "its result is a change of the state: it is published");
    assert_eq!(rig.last_action().result, ActionResult::Done);
}

#[test]
fn what_is_not_known_or_not_allowed_is_refused_by_name() {
    let mut rig = DeviceRig::ready_with(
        IPHONE,
        EmulationSettings { allowed_actions: vec![ActionKind::SyncDevice], ..EmulationSettings::default() },
    );
    rig.action("1", "rebootNow", None);
    let last = rig.last_action();
    assert_eq!((last.action.as_str(), last.result), ("rebootNow", ActionResult::Refused));
    assert!(last.problem.unwrap().contains("\"rebootNow\""));
    rig.action("2", "retire", None);
    let last = rig.last_action();
    assert_eq!((last.id.as_str(), last.result), ("2", ActionResult::Refused));
    assert!(last.problem.unwrap().contains("retire is not in the setting actions.allow"));
    assert!(rig.is_enrolled());
    rig.command(RETIRE);
    rig.action("3", "syncDevice", None);
    assert_eq!(rig.last_action().result, ActionResult::Refused);
}

#[test]
fn an_action_is_carried_out_once_over_a_restart_too() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.action("1", "retire", None);
    rig.enroll("adele");
    rig.restart();
    rig.connect(true);
    rig.fence();
    assert!(matches!(rig.action("1", "retire", None)[..], [DeviceEffect::Ignored(_)]));
    assert!(rig.is_enrolled());
    // contract 2: ids are remembered, by a device that was reset too.
    rig.command(DeviceCommand::Reset);
    rig.enroll("adele");
    assert!(matches!(rig.action("1", "retire", None)[..], [DeviceEffect::Ignored(_)]));
}

#[test]
fn an_action_that_changes_nothing_else_writes_no_snapshot() {
    let mut rig = DeviceRig::ready(IPHONE);
    for (id, action) in [("1", "syncDevice"), ("2", "rebootNow"), ("3", "wipe")] {
        let effects = rig.action(id, action, None);
        assert!(!effects.contains(&DeviceEffect::StateChanged), "{action}: {effects:?}");
        assert_eq!(rig.last_action().id, id);
    }
    assert!(rig.action("4", "retire", None).contains(&DeviceEffect::StateChanged));
}

#[test]
fn what_came_of_an_action_survives_a_restart_without_a_snapshot() {
    let mut rig = DeviceRig::ready(IPHONE);
    let before = rig.snapshot().clone();
    rig.advance(60_000);
    let effects = rig.action("1", "rebootNow", None);
    assert_eq!(rig.resumed_from_the_note(before, &effects).snapshot(), rig.snapshot());
}

#[test]
fn a_clock_that_was_set_back_between_two_actions_moves_no_state_back_over_a_restart() {
    let mut rig = DeviceRig::ready(IPHONE);
    let before = rig.snapshot().clone();
    rig.advance(60_000);
    rig.action("1", "rebootNow", None);
    rig.step_back(30_000);
    let effects = rig.action("2", "rebootNow", None);
    // The journal keeps the newest note only.
    assert_eq!(rig.resumed_from_the_note(before, &effects).snapshot(), rig.snapshot());
}

#[test]
fn an_action_older_than_the_enrollment_is_ignored() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.advance(60_000);
    rig.action("before", "retire", Some(61));
    assert_eq!(rig.last_action().result, ActionResult::Ignored);
    assert!(rig.last_action().problem.unwrap().contains("before the present enrollment"));
    rig.action("after", "retire", Some(59));
    assert_eq!(rig.last_action().result, ActionResult::Done);
}

#[test]
fn an_action_without_a_time_is_ignored_until_the_first_fence_after_enrolling() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.enroll("adele");
    rig.connect(true);
    rig.action("1", "retire", None);
    assert_eq!(rig.last_action().result, ActionResult::Ignored);
    rig.fence();
    rig.action("2", "retire", None);
    assert_eq!(rig.last_action().result, ActionResult::Done);
    // Enrolled behind a fence, everything that was sent before has arrived.
    rig.enroll("adele");
    rig.action("3", "retire", None);
    assert_eq!(rig.last_action().result, ActionResult::Done);
}

#[test]
fn a_clock_that_was_set_back_does_not_make_an_action_older() {
    let mut rig = DeviceRig::ready(IPHONE);
    let enrolled_at = rig.now;
    rig.step_back(3_600_000);
    let sent_at = Some(enrolled_at.plus_seconds(1));
    rig.action_arrives(RemoteAction { id: "1".to_owned(), action: "retire".to_owned(), sent_at });
    assert_eq!(rig.last_action().result, ActionResult::Done);
}

#[test]
fn a_fence_of_a_connection_that_is_gone_counts_for_nothing() {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.enroll("adele");
    rig.connect(true);
    rig.disconnect();
    rig.fence();
    rig.connect(true);
    rig.action("1", "retire", None);
    assert_eq!(rig.last_action().result, ActionResult::Ignored);
}

#[test]
fn no_way_leads_to_more_than_a_thousand_groups() {
    let many = |from: usize, count: usize| -> BTreeSet<GroupId> {
        (from..from + count).map(|number| GroupId::from_random(number as u128)).collect()
    };
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings { grace_millis: 3_600_000, ..EmulationSettings::default() });
    let enroll = |groups| {
        DeviceCommand::Enroll(EnrollCommand {
            user: user("adele"),
            groups: Some(groups),
            enrollment_type: None,
            owner_type: None,
            supervised: false,
        })
    };
    assert_eq!(rig.refused(enroll(many(0, 1001))).code, "tooManyGroups");
    rig.command(enroll(many(0, 1000)));
    // List after list, each of other groups, all within their grace.
    for number in 1..20 {
        let groups = many(number * 1000, 1000);
        rig.happens(DeviceInput::GroupsHeard(GroupList { user_principal_name: None, groups }));
        assert!(rig.subscribed().len() <= 2000, "{}", rig.subscribed().len());
    }
}

#[test]
fn a_group_list_that_changes_nothing_does_nothing() {
    let mut rig = DeviceRig::ready(IPHONE);
    for named in [None, Some(user("adele")), Some(user("bob"))] {
        let list = || GroupList { user_principal_name: named.clone(), groups: [group(1), group(2)].into() };
        rig.happens(DeviceInput::GroupsHeard(list()));
        let effects = rig.happens(DeviceInput::GroupsHeard(list()));
        assert!(effects.iter().all(|effect| matches!(effect, DeviceEffect::Ignored(_))), "{named:?}: {effects:?}");
    }
}
