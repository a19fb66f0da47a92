//! Enrollment, the group list and remote actions (contract 2, 5; facts 1.4).
//!
//! Lives here: whose groups count, and which actions are carried out. Does not live here: topics and payloads (shared).

use std::collections::BTreeSet;

use portal_contract::device_state::ActionResult;
use portal_contract::{Action, ActionKind, GroupId, GroupList, LastAction};

use super::bench::{Bench, IPHONE, RETIRE};
use super::sent::{group, user};
use crate::{Command, Effect, EnrollCommand, Event, Rules};

fn groups(of: impl IntoIterator<Item = u8>) -> BTreeSet<GroupId> {
    of.into_iter().map(group).collect()
}

impl Bench {
    fn hears(&mut self, name: Option<&str>, of: impl IntoIterator<Item = u8>) -> Vec<Effect> {
        let list = GroupList { user_principal_name: name.map(user), groups: groups(of) };
        self.happens(Event::GroupsHeard(list))
    }

    fn enroll_with(&mut self, name: &str, given: Option<BTreeSet<GroupId>>) {
        self.command(Command::Enroll(EnrollCommand { groups: given, ..EnrollCommand::by(user(name)) }));
    }

    fn subscribed(&self) -> BTreeSet<GroupId> {
        self.snapshot().enrollment.subscribed_groups()
    }

    fn action(&mut self, id: &str, action: &str, sent_seconds_ago: Option<i64>) -> Vec<Effect> {
        let sent_at = sent_seconds_ago.map(|seconds| self.now.plus_seconds(-seconds));
        self.happens(Event::ActionArrived(Action { id: id.to_owned(), action: action.to_owned(), sent_at }))
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
    let mut bench = Bench::ready(IPHONE);
    assert!(bench.hears(Some("adele"), [2, 3]).contains(&Effect::GroupsChanged));
    assert_eq!(bench.subscribed(), groups([2, 3]));
    bench.hears(None, [4]);
    assert_eq!(bench.subscribed(), groups([4]));
    assert_eq!(bench.hears(None, [4]), [], "heard again at each connect");
    bench.hears(None, []);
    assert_eq!(bench.subscribed(), groups([]));
}

#[test]
fn a_list_of_another_user_is_ignored_until_that_user_enrolls() {
    let mut bench = Bench::ready(IPHONE);
    let effects = bench.hears(Some("bob"), [2]);
    assert!(matches!(&effects[..], [Effect::Ignored(why), Effect::StateChanged] if why.contains("bob")), "{effects:?}");
    assert_eq!(bench.subscribed(), groups([1]));
    bench.command(RETIRE);
    assert_eq!(bench.subscribed(), groups([]), "a device that is not enrolled subscribes to no group");
    bench.enroll_with("bob", None);
    assert_eq!(bench.subscribed(), groups([2]));
}

#[test]
fn the_list_last_heard_is_kept_for_an_enrollment_that_names_none() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.hears(Some("adele"), [2]);
    assert_eq!(bench.subscribed(), groups([]));
    bench.enroll_with("adele", None);
    assert_eq!(bench.subscribed(), groups([2]));
    bench.command(RETIRE);
    bench.restart();
    bench.enroll_with("adele", None);
    assert_eq!(bench.subscribed(), groups([2]));
    // The broker's word stands, whatever happened to the device.
    bench.command(Command::Reset);
    bench.enroll_with("adele", None);
    assert_eq!(bench.subscribed(), groups([2]));
}

#[test]
fn given_groups_hold_until_the_brokers_list_says_otherwise() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.hears(Some("adele"), [2]);
    bench.enroll_with("adele", Some(groups([7])));
    assert_eq!(bench.subscribed(), groups([7]));
    bench.hears(Some("bob"), [3]);
    assert_eq!(bench.subscribed(), groups([7]));
    // The same list as before, heard at the next connect, is the broker's word all the same.
    bench.hears(Some("adele"), [2]);
    assert_eq!(bench.subscribed(), groups([2]));
}

#[test]
fn an_enrollment_without_any_list_has_no_groups() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.enroll_with("adele", None);
    assert_eq!(bench.subscribed(), groups([]));
}

#[test]
fn retire_ends_the_enrollment_and_leaves_app_and_permission() {
    let mut bench = Bench::ready(IPHONE);
    let effects = bench.action("1", "retire", None);
    assert!(effects.contains(&Effect::GroupsChanged) && effects.contains(&Effect::StateChanged));
    assert!(!bench.is_enrolled() && bench.snapshot().app.is_installed());
    assert_eq!(bench.last_action(), LastAction::done("1".to_owned(), ActionKind::Retire));
    let state = bench.snapshot().device_state();
    assert_eq!((state.user_principal_name, state.device_enrollment_type), (None, None));
}

#[test]
fn a_sync_publishes_the_state() {
    let mut bench = Bench::ready(IPHONE);
    let effects = bench.action("1", "syncDevice", None);
    assert!(effects.contains(&Effect::StateChanged), "its result is a change of the state: it is published");
    assert_eq!(bench.last_action().result, ActionResult::Done);
}

#[test]
fn what_is_not_known_or_not_allowed_is_refused_by_name() {
    let mut bench =
        Bench::ready_with(IPHONE, Rules { allowed_actions: vec![ActionKind::SyncDevice], ..Rules::default() });
    bench.action("1", "rebootNow", None);
    let last = bench.last_action();
    assert_eq!((last.action.as_str(), last.result), ("rebootNow", ActionResult::Refused));
    assert!(last.problem.unwrap().contains("\"rebootNow\""));
    bench.action("2", "retire", None);
    let last = bench.last_action();
    assert_eq!((last.id.as_str(), last.result), ("2", ActionResult::Refused));
    assert!(last.problem.unwrap().contains("retire is not in the setting actions.allow"));
    assert!(bench.is_enrolled());
    bench.command(RETIRE);
    bench.action("3", "syncDevice", None);
    assert_eq!(bench.last_action().result, ActionResult::Refused);
}

#[test]
fn an_action_is_carried_out_once_over_a_restart_too() {
    let mut bench = Bench::ready(IPHONE);
    bench.action("1", "retire", None);
    bench.enroll("adele");
    bench.restart();
    bench.connect(true);
    bench.fence();
    assert!(matches!(bench.action("1", "retire", None)[..], [Effect::Ignored(_)]));
    assert!(bench.is_enrolled());
    // contract 2: ids are remembered, by a device that was reset too.
    bench.command(Command::Reset);
    bench.enroll("adele");
    assert!(matches!(bench.action("1", "retire", None)[..], [Effect::Ignored(_)]));
}

#[test]
fn the_last_thousand_ids_are_remembered() {
    let mut bench = Bench::ready(IPHONE);
    for n in 0..=1000 {
        bench.action(&n.to_string(), "syncDevice", None);
    }
    assert!(matches!(bench.action("1", "syncDevice", None)[..], [Effect::Ignored(_)]));
    assert!(!matches!(bench.action("0", "syncDevice", None)[..], [Effect::Ignored(_)]), "the oldest is forgotten");
}

#[test]
fn an_action_older_than_the_enrollment_is_ignored() {
    let mut bench = Bench::ready(IPHONE);
    bench.advance(60_000);
    bench.action("before", "retire", Some(61));
    assert_eq!(bench.last_action().result, ActionResult::Ignored);
    assert!(bench.last_action().problem.unwrap().contains("before the present enrollment"));
    bench.action("after", "retire", Some(59));
    assert_eq!(bench.last_action().result, ActionResult::Done);
}

#[test]
fn an_action_without_a_time_is_ignored_until_the_first_fence_after_enrolling() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.enroll("adele");
    bench.connect(true);
    bench.action("1", "retire", None);
    assert_eq!(bench.last_action().result, ActionResult::Ignored);
    bench.fence();
    bench.action("2", "retire", None);
    assert_eq!(bench.last_action().result, ActionResult::Done);
    // Enrolled behind a fence, everything that was sent before has arrived.
    bench.enroll("adele");
    bench.action("3", "retire", None);
    assert_eq!(bench.last_action().result, ActionResult::Done);
}

#[test]
fn a_clock_that_was_set_back_does_not_make_an_action_older() {
    let mut bench = Bench::ready(IPHONE);
    let enrolled_at = bench.now;
    bench.step_back(3_600_000);
    let sent_at = Some(enrolled_at.plus_seconds(1));
    bench.happens(Event::ActionArrived(Action { id: "1".to_owned(), action: "retire".to_owned(), sent_at }));
    assert_eq!(bench.last_action().result, ActionResult::Done);
}

#[test]
fn a_fence_of_a_connection_that_is_gone_counts_for_nothing() {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.enroll("adele");
    bench.connect(true);
    bench.disconnect();
    bench.fence();
    bench.connect(true);
    bench.action("1", "retire", None);
    assert_eq!(bench.last_action().result, ActionResult::Ignored);
}
