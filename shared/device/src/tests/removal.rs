//! How an enrollment ends and what lingers of it: retire, wipe, delete, their stages, the grace (facts 1.6, 3).
//!
//! Lives here: the ways out of management. Does not live here: whose groups count while enrolled (`enrollment`).

use std::collections::BTreeSet;

use portal_contract::{
    Action, ActionKind, DeviceRegistrationState, GroupList, ManagementState, NotificationPermission, Prerequisite,
    Standing,
};

use super::bench::{ANDROID, Bench, IPHONE, PROFILES, Platform, RETIRE};
use super::sent::{Sent, group, sent, user};
use crate::{
    AppCommand, Command, ConditionCommand, Documentation, Effect, EnrollCommand, Event, Removal, RemovalStage, Rules,
};

const DAY_MILLIS: i64 = 24 * 3_600_000;
const REMOVALS: [Removal; 3] = [Removal::Retire, Removal::Wipe, Removal::Delete];

fn removal(removal: Removal, stage: RemovalStage) -> Command {
    Command::Removal { removal, stage }
}

fn state(name: &str, value: &str) -> Command {
    Command::EnrollmentSet { name: name.to_owned(), value: value.to_owned() }
}

fn with_grace(documentation: Documentation) -> Bench {
    Bench::ready_with(IPHONE, Rules { documentation, grace_millis: DAY_MILLIS, ..Rules::default() })
}

impl Bench {
    fn registration(&self) -> DeviceRegistrationState {
        self.snapshot().device_state().device_registration_state
    }

    fn management(&self) -> Option<ManagementState> {
        self.snapshot().device_state().management_state
    }

    fn has_group(&self, n: u8) -> bool {
        self.snapshot().enrollment.subscribed_groups().contains(&group(n))
    }

    fn leave_every_group(&mut self) {
        self.happens(Event::GroupsHeard(GroupList { user_principal_name: None, groups: BTreeSet::new() }));
    }

    fn ends_as(&mut self, push: Sent, id: &str, word: &str) {
        self.push(push);
        assert_eq!(self.word(id), word, "{id}");
    }
}

#[test]
fn each_removal_leaves_what_is_documented_of_it() {
    // Which, how the device is registered afterwards, whether app and permission stay.
    let rows = [
        (Removal::Retire, DeviceRegistrationState::Revoked, true),
        (Removal::Wipe, DeviceRegistrationState::Revoked, false),
        (Removal::Delete, DeviceRegistrationState::NotRegistered, true),
    ];
    for (which, registration, stays) in rows {
        let mut bench = Bench::ready(IPHONE);
        assert_eq!(bench.registration(), DeviceRegistrationState::Registered);
        bench.command(removal(which, RemovalStage::Done));
        assert_eq!((bench.management(), bench.registration()), (None, registration), "{which:?}");
        assert_eq!(bench.snapshot().app.is_installed(), stays, "{which:?}");
        let permission = bench.snapshot().device_state().notification_permission;
        assert_eq!(permission == NotificationPermission::Authorized, stays, "{which:?}");
        bench.ends_as(sent("a"), "a", "withheld");
        let again = bench.note(removal(which, RemovalStage::Done));
        assert_eq!(again, "already not enrolled");
    }
}

#[test]
fn what_waits_is_carried_out_at_the_next_check_in_and_not_before() {
    for (which, waits) in [
        (Removal::Retire, [Some(ManagementState::RetirePending), Some(ManagementState::RetireIssued)]),
        (Removal::Wipe, [Some(ManagementState::WipePending), Some(ManagementState::WipeIssued)]),
        (Removal::Delete, [Some(ManagementState::DeletePending), None]),
    ] {
        for (stage, word) in [RemovalStage::Pending, RemovalStage::Issued].into_iter().zip(waits) {
            let mut bench = Bench::ready(ANDROID);
            let Some(word) = word else {
                assert_eq!(bench.refused(removal(which, stage)).code, "noSuchState");
                continue;
            };
            bench.command(removal(which, stage));
            assert_eq!(bench.management(), Some(word));
            bench.ends_as(sent("before"), "before", "presented");
            bench.go_offline();
            bench.come_back();
            bench.push(sent("while away"));
            bench.fence();
            // facts 1.6: they take precedence
            assert_eq!((bench.management(), bench.word("while away")), (None, "withheld"), "{which:?} {stage:?}");
        }
    }
}

#[test]
fn a_sync_is_a_check_in_too() {
    let mut bench = Bench::ready(IPHONE);
    bench.command(removal(Removal::Retire, RemovalStage::Pending));
    let action = Action { id: "1".to_owned(), action: ActionKind::SyncDevice.word().to_owned(), sent_at: None };
    bench.happens(Event::ActionArrived(action));
    assert_eq!(bench.registration(), DeviceRegistrationState::Revoked);
}

#[test]
fn a_removal_that_was_called_off_is_carried_out_no_more() {
    for called_off in ["retireCanceled", "retireFailed", "managed", "unhealthy"] {
        let mut bench = Bench::ready(IPHONE);
        bench.command(removal(Removal::Retire, RemovalStage::Pending));
        bench.command(state("managementState", called_off));
        bench.disconnect();
        bench.connect(true);
        bench.fence();
        assert!(bench.management().is_some());
        bench.ends_as(sent("a"), "a", "presented");
    }
}

#[test]
fn a_wipe_cannot_reach_a_device_that_is_offline() {
    let mut bench = Bench::ready(IPHONE);
    bench.go_offline();
    let refusal = bench.refused(removal(Removal::Wipe, RemovalStage::Done));
    assert_eq!((refusal.code, refusal.mend.as_str()), ("deviceOffline", "wipe --pending, then device online"));
}

#[test]
fn the_service_may_wipe_and_delete_only_where_the_settings_list_it() {
    for (kind, registration) in [
        (ActionKind::Wipe, DeviceRegistrationState::Revoked),
        (ActionKind::Delete, DeviceRegistrationState::NotRegistered),
    ] {
        for allowed in [true, false] {
            let allowed_actions = if allowed { vec![kind] } else { Rules::default().allowed_actions };
            let mut bench = Bench::ready_with(IPHONE, Rules { allowed_actions, ..Rules::default() });
            let action = Action { id: "1".to_owned(), action: kind.word().to_owned(), sent_at: None };
            bench.happens(Event::ActionArrived(action));
            let expected = if allowed { registration } else { DeviceRegistrationState::Registered };
            assert_eq!(bench.registration(), expected, "{kind:?}");
        }
    }
}

#[test]
fn states_that_mean_no_enrollment_are_none() {
    let rows = [
        ("managementState", "discovered", false),
        ("managementState", "unhealthy", true),
        ("deviceRegistrationState", "revoked", false),
        ("deviceRegistrationState", "notRegistered", false),
        ("deviceRegistrationState", "notRegisteredPendingEnrollment", false),
        ("deviceRegistrationState", "keyConflict", true),
        ("deviceRegistrationState", "approvalPending", true),
        ("deviceRegistrationState", "certificateReset", true),
    ];
    for (name, value, counts) in rows {
        let mut bench = Bench::ready(IPHONE);
        bench.command(state(name, value));
        bench.ends_as(sent("a"), "a", if counts { "presented" } else { "withheld" });
        assert_eq!(bench.note(state(name, value)), format!("already {name}={value}"));
    }
}

#[test]
fn graph_words_that_the_platform_cannot_have_are_refused() {
    let enroll = |kind: &str, supervised: bool| {
        Command::Enroll(EnrollCommand {
            enrollment_type: Some(kind.parse().unwrap()),
            supervised,
            ..EnrollCommand::by(user("adele"))
        })
    };
    let rows: [(Platform, Command, &str); 6] = [
        (IPHONE, enroll("androidEnterpriseFullyManaged", false), "notOnThisPlatform"),
        (ANDROID, enroll("appleBulkWithUser", false), "notOnThisPlatform"),
        (ANDROID, enroll("userEnrollment", true), "notOnThisPlatform"),
        (IPHONE, state("managementState", "retirePending"), "notEnrolled"),
        (ANDROID, Command::PolicyClear, ""),
        (ANDROID, Command::Restore, "notOnThisPlatform"),
    ];
    for (platform, command, code) in rows {
        let mut bench = Bench::new(platform, Rules::default());
        let refused = bench.apply(Event::Command(command.clone())).err().map_or("", |refusal| refusal.code);
        assert_eq!(refused, code, "{command:?}");
    }
    let mut bench = Bench::ready(IPHONE);
    assert_eq!(bench.refused(state("managementState", "gone")).code, "invalidValue");
    assert_eq!(bench.refused(state("isEncrypted", "true")).code, "unknownSetting");
    assert_eq!(bench.refused(state("deviceEnrollmentType", "androidEnterpriseFullyManaged")).code, "notOnThisPlatform");
}

#[test]
fn a_work_profile_is_there_where_the_enrollment_made_one() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(ConditionCommand::WorkProfilePaused(true));
    bench.command(RETIRE);
    assert!(!bench.snapshot().condition.work_profile_paused, "it went with the enrollment");
    bench.command(Command::Enroll(EnrollCommand {
        enrollment_type: Some("androidEnterpriseFullyManaged".parse().unwrap()),
        ..EnrollCommand::by(user("adele"))
    }));
    let pause = Command::Condition(ConditionCommand::WorkProfilePaused(true));
    assert_eq!(bench.refused(pause.clone()).code, "noWorkProfile");
    let mut old = Bench::new(Platform(ANDROID.0, "6"), Rules::default());
    assert_eq!(old.refused(pause).code, "notOnThisVersion");
}

#[test]
fn without_a_grace_what_is_sent_to_a_group_ends_with_the_enrollment() {
    let mut bench = Bench::ready(IPHONE);
    bench.command(RETIRE);
    assert!(!bench.has_group(1));
    bench.ends_as(sent("late").for_group(1), "late", "withheld");
}

#[test]
fn in_its_grace_a_device_still_receives_what_is_sent_to_its_group() {
    for documentation in PROFILES {
        let mut bench = with_grace(documentation);
        bench.command(RETIRE);
        assert!(bench.has_group(1));
        bench.ends_as(sent("to the group").for_group(1), "to the group", "presented");
        bench.ends_as(sent("to the device"), "to the device", "withheld");
        bench.ends_as(sent("to another").for_group(2), "to another", "withheld");
        assert_eq!(bench.device.next_deadline(), Some(bench.now.plus_millis(DAY_MILLIS)));
        bench.advance(DAY_MILLIS - 1);
        bench.ends_as(sent("at the end").for_group(1), "at the end", "presented");
        bench.advance(1);
        assert!(!bench.has_group(1), "the subscription ends with it");
        bench.ends_as(sent("after").for_group(1), "after", "withheld");
    }
}

#[test]
fn explain_says_that_a_grace_counts_as_met() {
    let mut bench = with_grace(Documentation::Y2023);
    bench.command(RETIRE);
    bench.push(sent("a").for_group(1));
    let push = crate::Push {
        notification: sent("a").arrival.payload.unwrap(),
        target: portal_contract::Target::Group { id: group(1) },
        received_at: bench.now,
        expires_at: None,
        priority_lowered: false,
    };
    let standings = bench.snapshot().standings(Some(&push));
    for code in [Prerequisite::DeviceEnrolled, Prerequisite::EnrolledByTargetedUser] {
        let Standing { met, detail, source, .. } =
            standings.iter().find(|standing| standing.code == code).unwrap().clone();
        assert!(met && detail.contains("counts as met") && source == "facts 1.6", "{code:?}: {detail} [{source}]");
    }
}

#[test]
fn who_left_a_group_still_receives_what_is_sent_to_it_in_the_grace() {
    for documentation in PROFILES {
        let mut bench = with_grace(documentation);
        bench.leave_every_group();
        bench.ends_as(sent("in the grace").for_group(1), "in the grace", "presented");
        bench.advance(DAY_MILLIS);
        assert!(!bench.has_group(1));
    }
}

#[test]
fn a_new_enrollment_ends_the_grace_of_the_old_one() {
    let mut bench = with_grace(Documentation::Y2023);
    bench.command(RETIRE);
    let effects = bench.command(Command::Enroll(EnrollCommand::by(user("bob"))));
    assert!(effects.contains(&Effect::GroupsChanged));
    assert!(!bench.has_group(1));
    bench.ends_as(sent("a").for_group(1), "a", "withheld");
}

#[test]
fn a_wiped_device_lingers_in_its_groups_and_can_show_nothing_without_the_app() {
    let mut bench = with_grace(Documentation::Y2019);
    bench.command(removal(Removal::Wipe, RemovalStage::Done));
    assert!(bench.has_group(1));
    bench.ends_as(sent("a").for_group(1), "a", "withheld");
    bench.app(AppCommand::Install { version: None, target_sdk: None });
    bench.allow();
    bench.ends_as(sent("b").for_group(1), "b", "presented");
}

#[test]
fn a_late_joiner_receives_the_retained_message_where_the_setting_says_so() {
    for late_joiner in [true, false] {
        let mut bench = Bench::ready_with(IPHONE, Rules { late_joiner, ..Rules::default() });
        bench.push(sent("to the group").for_group(1).retained());
        bench.push(sent("to the device").retained());
        let words: Vec<&str> = bench.receipts.iter().map(|receipt| receipt.outcome.kind().word()).collect();
        assert_eq!(words, [if late_joiner { "presented" } else { "rejected" }, "rejected"]);
    }
}

#[test]
fn every_way_out_takes_the_policy_along() {
    for which in REMOVALS {
        let mut bench = Bench::ready(ANDROID);
        bench.command(Command::PolicySet { name: "PermissionGrantState".to_owned(), value: "denied".to_owned() });
        bench.command(removal(which, RemovalStage::Done));
        assert!(bench.snapshot().policy.is_empty(), "{which:?}");
    }
}
