//! How an enrollment ends and what lingers of it: retire, wipe, delete, their stages (facts 1.6, 3).
//!
//! Lives here: the ways out of management. Does not live here: whose groups count while enrolled
//! (`enrollment`), what lingers of an enrollment that ended (`grace`).

use portal_contract::device_state::ActionResult;
use portal_contract::{ActionKind, DeviceRegistrationState, ManagementState, NotificationPermission, RemoteAction};

use super::rig::{ANDROID, DeviceRig, IPHONE, PlatformCase, RETIRE};
use super::sent::{PushBuilder, sent, user};
use crate::{ConditionCommand, DeviceCommand, DeviceInput, EmulationSettings, EnrollCommand, Removal, RemovalStage};

fn removal(removal: Removal, stage: RemovalStage) -> DeviceCommand {
    DeviceCommand::Removal { removal, stage }
}

fn state(name: &str, value: &str) -> DeviceCommand {
    DeviceCommand::EnrollmentSet { name: name.to_owned(), value: value.to_owned() }
}

impl DeviceRig {
    fn registration(&self) -> DeviceRegistrationState {
        self.snapshot().device_state().device_registration_state
    }

    fn management(&self) -> Option<ManagementState> {
        self.snapshot().device_state().management_state
    }

    pub(super) fn ends_as(&mut self, push: PushBuilder, id: &str, word: &str) {
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
        let mut rig = DeviceRig::ready(IPHONE);
        assert_eq!(rig.registration(), DeviceRegistrationState::Registered);
        rig.command(removal(which, RemovalStage::Done));
        assert_eq!((rig.management(), rig.registration()), (None, registration), "{which:?}");
        assert_eq!(rig.snapshot().app.is_installed(), stays, "{which:?}");
        let permission = rig.snapshot().device_state().notification_permission;
        assert_eq!(permission == NotificationPermission::Authorized, stays, "{which:?}");
        rig.ends_as(sent("a"), "a", "withheld");
        let again = rig.note(removal(which, RemovalStage::Done));
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
            let mut rig = DeviceRig::ready(IPHONE);
            let Some(word) = word else {
                assert_eq!(rig.refused(removal(which, stage)).code, "noSuchState");
                continue;
            };
            rig.command(removal(which, stage));
            assert_eq!(rig.management(), Some(word));
            rig.ends_as(sent("to the group").for_group(1), "to the group", "presented");
            rig.ends_as(sent("to the device"), "to the device", "dropped");
            rig.go_offline();
            rig.come_back();
            rig.push(sent("while away"));
            rig.push(sent("to the group, while away").for_group(1));
            rig.fence();
            // facts 1.6: it takes precedence, and what is no device action finds a device that is not enrolled
            let words = (rig.word("while away"), rig.word("to the group, while away"));
            assert_eq!((rig.management(), words), (None, ("dropped", "withheld")), "{which:?} {stage:?}");
        }
    }
}

#[test]
fn a_sync_is_a_check_in_too() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.command(removal(Removal::Retire, RemovalStage::Pending));
    let action = RemoteAction { id: "1".to_owned(), action: ActionKind::SyncDevice.word().to_owned(), sent_at: None };
    rig.action_arrives(action);
    assert_eq!(rig.registration(), DeviceRegistrationState::Revoked);
}

#[test]
fn a_removal_that_was_called_off_is_carried_out_no_more() {
    for called_off in ["retireCanceled", "retireFailed", "managed", "unhealthy"] {
        let mut rig = DeviceRig::ready(IPHONE);
        rig.command(removal(Removal::Retire, RemovalStage::Pending));
        rig.command(state("managementState", called_off));
        rig.disconnect();
        rig.connect(true);
        rig.fence();
        assert!(rig.management().is_some());
        rig.ends_as(sent("a"), "a", "presented");
    }
}

#[test]
fn a_wipe_cannot_reach_a_device_that_is_offline() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.go_offline();
    let refusal = rig.refused(removal(Removal::Wipe, RemovalStage::Done));
    assert_eq!((refusal.code, refusal.hint.as_str()), ("deviceOffline", "wipe --pending, then device online"));
}

#[test]
fn the_service_may_wipe_and_delete_only_where_the_settings_list_it() {
    for (kind, registration) in [
        (ActionKind::Wipe, DeviceRegistrationState::Revoked),
        (ActionKind::Delete, DeviceRegistrationState::NotRegistered),
    ] {
        for allowed in [true, false] {
            let allowed_actions = if allowed { vec![kind] } else { EmulationSettings::default().allowed_actions };
            let mut rig =
                DeviceRig::ready_with(IPHONE, EmulationSettings { allowed_actions, ..EmulationSettings::default() });
            let action = RemoteAction { id: "1".to_owned(), action: kind.word().to_owned(), sent_at: None };
            rig.action_arrives(action);
            let expected = if allowed { registration } else { DeviceRegistrationState::Registered };
            assert_eq!(rig.registration(), expected, "{kind:?}");
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
        let mut rig = DeviceRig::ready(IPHONE);
        rig.command(state(name, value));
        rig.ends_as(sent("a"), "a", if counts { "presented" } else { "withheld" });
        assert_eq!(rig.note(state(name, value)), format!("already {name}={value}"));
    }
}

#[test]
fn graph_words_that_the_platform_cannot_have_are_refused() {
    let enroll = |kind: &str, supervised: bool| {
        DeviceCommand::Enroll(EnrollCommand {
            enrollment_type: Some(kind.parse().unwrap()),
            supervised,
            ..EnrollCommand::by(user("adele"))
        })
    };
    let rows: [(PlatformCase, DeviceCommand, &str); 6] = [
        (IPHONE, enroll("androidEnterpriseFullyManaged", false), "notOnThisPlatform"),
        (ANDROID, enroll("appleBulkWithUser", false), "notOnThisPlatform"),
        (ANDROID, enroll("userEnrollment", true), "notOnThisPlatform"),
        (IPHONE, state("managementState", "retirePending"), "notEnrolled"),
        (ANDROID, DeviceCommand::PolicyClear, ""),
        (ANDROID, DeviceCommand::Restore, "notOnThisPlatform"),
    ];
    for (platform, command, code) in rows {
        let mut rig = DeviceRig::new(platform, EmulationSettings::default());
        let refused = rig.apply(DeviceInput::Command(command.clone())).err().map_or("", |refusal| refusal.code);
        assert_eq!(refused, code, "{command:?}");
    }
    let mut rig = DeviceRig::ready(IPHONE);
    assert_eq!(rig.refused(state("managementState", "gone")).code, "invalidValue");
    assert_eq!(rig.refused(state("isEncrypted", "true")).code, "unknownSetting");
    assert_eq!(rig.refused(state("deviceEnrollmentType", "androidEnterpriseFullyManaged")).code, "notOnThisPlatform");
}

#[test]
fn a_work_profile_is_there_where_the_enrollment_made_one() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::WorkProfilePaused(true));
    rig.command(RETIRE);
    assert!(!rig.snapshot().condition.work_profile_paused, "it went with the enrollment");
    rig.command(DeviceCommand::Enroll(EnrollCommand {
        enrollment_type: Some("androidEnterpriseFullyManaged".parse().unwrap()),
        ..EnrollCommand::by(user("adele"))
    }));
    let pause = DeviceCommand::Condition(ConditionCommand::WorkProfilePaused(true));
    assert_eq!(rig.refused(pause.clone()).code, "noWorkProfile");
    let mut old = DeviceRig::new(PlatformCase(ANDROID.0, "6"), EmulationSettings::default());
    assert_eq!(old.refused(pause).code, "notOnThisVersion");
}

#[test]
fn every_way_out_takes_the_policy_along() {
    let ways_out = [
        ("userEnrollment", Removal::Retire),
        ("userEnrollment", Removal::Delete),
        ("androidEnterpriseFullyManaged", Removal::Wipe),
        ("androidEnterpriseFullyManaged", Removal::Delete),
    ];
    for (kind, which) in ways_out {
        let mut rig = enrolled_as(ANDROID, kind);
        rig.command(DeviceCommand::PolicySet { name: "PermissionGrantState".to_owned(), value: "denied".to_owned() });
        rig.command(removal(which, RemovalStage::Done));
        assert!(rig.snapshot().policy.is_empty(), "{which:?}");
    }
}

/// A device with the app on it, enrolled in this way.
fn enrolled_as(platform: PlatformCase, kind: &str) -> DeviceRig {
    let settings = EmulationSettings { allowed_actions: ActionKind::ALL.to_vec(), ..EmulationSettings::default() };
    let mut rig = DeviceRig::new(platform, settings);
    rig.connect(true);
    rig.fence();
    rig.install();
    rig.allow();
    rig.command(DeviceCommand::Enroll(EnrollCommand {
        enrollment_type: Some(kind.parse().unwrap()),
        ..EnrollCommand::by(user("adele"))
    }));
    rig
}

/// The platform lists of the pages on retire, wipe and delete (facts 1.6).
#[test]
fn which_removal_there_is_depends_on_the_kind_of_enrollment() {
    // The kind, whether there is a retire and a wipe, whether a delete wipes, whether a retire takes the app.
    let rows: [(PlatformCase, &str, bool, bool, bool, bool); 9] = [
        (IPHONE, "userEnrollment", true, true, false, false),
        (IPHONE, "appleBulkWithUser", true, true, false, false),
        (ANDROID, "userEnrollment", true, false, false, true),
        (ANDROID, "deviceEnrollmentManager", true, false, false, false),
        (ANDROID, "androidEnterpriseFullyManaged", false, true, true, false),
        (ANDROID, "androidEnterpriseDedicatedDevice", false, true, true, false),
        (ANDROID, "androidEnterpriseCorporateWorkProfile", false, true, true, false),
        (ANDROID, "androidAOSPUserOwnedDeviceEnrollment", false, true, true, false),
        (ANDROID, "androidAOSPUserlessDeviceEnrollment", false, true, true, false),
    ];
    for (platform, kind, retires, wipes, delete_wipes, takes_the_app) in rows {
        for (which, there_is, app_is_gone) in [
            (Removal::Retire, retires, takes_the_app),
            (Removal::Wipe, wipes, true),
            (Removal::Delete, true, takes_the_app || delete_wipes),
        ] {
            for stage in [RemovalStage::Pending, RemovalStage::Done] {
                let mut rig = enrolled_as(platform, kind);
                if !there_is {
                    let refusal = rig.refused(removal(which, stage));
                    let other = if which == Removal::Retire { "wipe" } else { "retire" };
                    assert_eq!((refusal.code, refusal.hint.as_str()), ("notForThisEnrollment", other), "{kind}");
                    continue;
                }
                rig.command(removal(which, stage));
                rig.disconnect();
                rig.connect(true);
                rig.fence();
                let left = (rig.management(), rig.snapshot().app.is_installed());
                assert_eq!(left, (None, !app_is_gone), "{kind} {which:?} {stage:?}");
            }
            let mut rig = enrolled_as(platform, kind);
            let word = which.word().to_owned();
            let action = RemoteAction { id: "1".to_owned(), action: word, sent_at: None };
            rig.happens(DeviceInput::ActionArrived { action, id_used: false });
            let last = rig.snapshot().device_state().last_action.unwrap();
            assert_eq!((last.result == ActionResult::Done, last.problem.is_some()), (there_is, !there_is), "{kind}");
            assert_eq!(rig.management().is_none(), there_is, "{kind} {which:?}");
        }
    }
}

#[test]
fn a_removal_that_the_kind_does_not_have_fails_where_the_kind_changed_meanwhile() {
    let mut rig = enrolled_as(ANDROID, "userEnrollment");
    assert_eq!(rig.refused(state("managementState", "wipePending")).code, "notForThisEnrollment");
    rig.command(removal(Removal::Retire, RemovalStage::Pending));
    rig.command(state("deviceEnrollmentType", "androidEnterpriseFullyManaged"));
    rig.disconnect();
    rig.connect(true);
    rig.fence();
    assert_eq!(rig.management(), Some(ManagementState::RetireFailed));
}

#[test]
fn what_is_on_the_device_already_is_no_pending_action() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::Doze(true));
    rig.push(sent("in Doze"));
    rig.command(removal(Removal::Retire, RemovalStage::Pending));
    rig.condition(ConditionCommand::Doze(false));
    assert_eq!(rig.word("in Doze"), "presented");
}

#[test]
fn beside_a_removal_an_expired_push_is_expired_and_nothing_of_the_device_is_asked() {
    let mut rig = DeviceRig::ready(IPHONE);
    rig.deny();
    rig.go_offline();
    rig.come_back();
    rig.command(removal(Removal::Retire, RemovalStage::Pending));
    rig.push(sent("denied"));
    rig.push(sent("expired").expires_at(rig.now));
    rig.fence();
    assert_eq!(["denied", "expired"].map(|id| rig.word(id)), ["dropped", "expired"]);
}
