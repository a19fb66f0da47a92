//! What lingers of an ended enrollment: the group's pushes in its grace, and the retained message for who joins late (facts 1.6).
//!
//! Lives here: the grace. Does not live here: how an enrollment ends (`removal`).

use std::collections::BTreeSet;

use portal_contract::{ChecklistEntry, GroupList, Outcome, Prerequisite};

use super::rig::{DesktopBehaviour, DeviceRig, IPHONE, PROFILES, RETIRE};
use super::sent::{group, sent, user};
use crate::{
    AppCommand, DeviceCommand, DeviceEffect, DeviceInput, DocumentationYear, EmulationSettings, EnrollCommand, Removal,
    RemovalStage,
};

const DAY_MILLIS: i64 = 24 * 3_600_000;

fn with_grace(documentation: DocumentationYear) -> DeviceRig {
    DeviceRig::ready_with(
        IPHONE,
        EmulationSettings { documentation, grace_millis: DAY_MILLIS, ..EmulationSettings::default() },
    )
}

impl DeviceRig {
    fn has_group(&self, n: u8) -> bool {
        self.snapshot().enrollment.subscribed_groups().contains(&group(n))
    }

    fn leave_every_group(&mut self) {
        self.happens(DeviceInput::GroupsHeard(GroupList { user_principal_name: None, groups: BTreeSet::new() }));
    }
}

#[test]
fn without_a_grace_what_is_sent_to_a_group_ends_with_the_enrollment() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.command(RETIRE);
    assert!(!rig.has_group(1));
    rig.ends_as(sent("late").for_group(1), "late", "withheld");
}

#[test]
fn in_its_grace_a_device_still_receives_what_is_sent_to_its_group() {
    for documentation in PROFILES {
        let mut rig = with_grace(documentation);
        rig.command(RETIRE);
        assert!(rig.has_group(1));
        rig.ends_as(sent("to the group").for_group(1), "to the group", "presented");
        rig.ends_as(sent("to the device"), "to the device", "withheld");
        rig.ends_as(sent("to another").for_group(2), "to another", "withheld");
        assert_eq!(rig.device.next_deadline(), Some(rig.now.plus_millis(DAY_MILLIS)));
        rig.advance(DAY_MILLIS - 1);
        rig.ends_as(sent("at the end").for_group(1), "at the end", "presented");
        rig.advance(1);
        assert!(!rig.has_group(1), "the subscription ends with it");
        rig.ends_as(sent("after").for_group(1), "after", "withheld");
    }
}

#[test]
fn a_push_that_the_desktop_gives_back_after_the_grace_is_judged_without_it() {
    let mut rig = with_grace(DocumentationYear::Y2026);
    rig.leave_every_group();
    rig.desktop = DesktopBehaviour::Thinks;
    rig.push(sent("a").for_group(1));
    rig.deny();
    rig.advance(DAY_MILLIS);
    rig.desktop(DesktopBehaviour::ServerAway);
    let Outcome::Withheld { unmet } = &rig.receipt("a").outcome else { panic!("{:?}", rig.receipt("a")) };
    let both = [Prerequisite::EnrolledByTargetedUser, Prerequisite::NotificationsPermitted];
    assert_eq!(unmet.iter().collect::<Vec<_>>(), both);
}

#[test]
fn explain_says_that_a_grace_counts_as_met() {
    let mut rig = with_grace(DocumentationYear::Y2023);
    rig.command(RETIRE);
    rig.push(sent("a").for_group(1));
    let push = crate::ReceivedPush {
        notification: sent("a").arrival.payload.unwrap(),
        target: portal_contract::PushTarget::Group { id: group(1) },
        received_at: rig.now,
        expires_at: None,
        priority_lowered: false,
    };
    let entries = rig.snapshot().checklist_entries(Some(&push));
    for code in [Prerequisite::DeviceEnrolled, Prerequisite::EnrolledByTargetedUser] {
        let ChecklistEntry { met, detail, source, .. } =
            entries.iter().find(|entry| entry.code == code).unwrap().clone();
        assert!(met && detail.contains("counts as met") && source == "facts 1.6", "{code:?}: {detail} [{source}]");
    }
}

#[test]
fn who_left_a_group_still_receives_what_is_sent_to_it_in_the_grace() {
    for documentation in PROFILES {
        let mut rig = with_grace(documentation);
        rig.leave_every_group();
        rig.ends_as(sent("in the grace").for_group(1), "in the grace", "presented");
        rig.advance(DAY_MILLIS);
        assert!(!rig.has_group(1));
    }
}

#[test]
fn a_new_enrollment_ends_the_grace_of_the_old_one() {
    let mut rig = with_grace(DocumentationYear::Y2023);
    rig.command(RETIRE);
    let effects = rig.command(DeviceCommand::Enroll(EnrollCommand::by(user("bob"))));
    assert!(effects.contains(&DeviceEffect::GroupsChanged));
    assert!(!rig.has_group(1));
    rig.ends_as(sent("a").for_group(1), "a", "withheld");
}

#[test]
fn a_wiped_device_lingers_in_its_groups_and_can_show_nothing_without_the_app() {
    let mut rig = with_grace(DocumentationYear::Y2019);
    rig.command(DeviceCommand::Removal { removal: Removal::Wipe, stage: RemovalStage::Done });
    assert!(rig.has_group(1));
    rig.ends_as(sent("a").for_group(1), "a", "withheld");
    rig.app(AppCommand::Install { version: None, target_sdk: None });
    rig.allow();
    rig.ends_as(sent("b").for_group(1), "b", "presented");
}

#[test]
fn a_late_joiner_receives_the_retained_message_where_the_setting_says_so() {
    for late_joiner in [true, false] {
        let mut rig = DeviceRig::ready_with(IPHONE, EmulationSettings { late_joiner, ..EmulationSettings::default() });
        rig.push(sent("to the group").for_group(1).retained());
        rig.push(sent("to the device").retained());
        let words: Vec<&str> = rig.receipts.iter().map(|receipt| receipt.outcome.kind().word()).collect();
        assert_eq!(words, [if late_joiner { "presented" } else { "rejected" }, "rejected"]);
    }
}
