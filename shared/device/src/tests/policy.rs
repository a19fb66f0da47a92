//! What device management enforces over the user's choice (facts 4.1, 4.2).
//!
//! Lives here: to whom a policy applies, and that it wins. Does not live here: the user's own switches (`surfaces`).

use portal_contract::NotificationPermission::{Authorized, Denied, NotDetermined};
use portal_contract::{Outcome, Prerequisite, Surface};

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPHONE};
use super::sent::{sent, user};
use crate::{DeviceCommand, EmulationSettings, EnrollCommand, PermissionCommand};

fn policy(name: &str, value: &str) -> DeviceCommand {
    DeviceCommand::PolicySet { name: name.to_owned(), value: value.to_owned() }
}

/// A device whose permission was never asked, enrolled in this way.
fn enrolled(kind: &str, supervised: bool) -> DeviceRig {
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    rig.connect(true);
    rig.fence();
    rig.command(DeviceCommand::Enroll(EnrollCommand {
        enrollment_type: Some(kind.parse().unwrap()),
        supervised,
        ..EnrollCommand::by(user("adele"))
    }));
    rig
}

fn supervised() -> DeviceRig {
    let mut rig = enrolled("appleBulkWithUser", true);
    rig.install();
    rig
}

#[test]
fn the_payload_reaches_supervised_devices_only_and_none_in_user_enrollment() {
    for (kind, is_supervised, reached) in [
        ("appleBulkWithUser", true, true),
        ("userEnrollment", true, true),
        ("appleBulkWithUser", false, false),
        ("appleUserEnrollment", true, false),
        ("appleAccountDrivenUserEnrollment", true, false),
    ] {
        let mut rig = enrolled(kind, is_supervised);
        let refused = rig.apply(crate::DeviceInput::Command(policy("NotificationsEnabled", "true"))).err();
        assert_eq!(refused.map(|refusal| refusal.code), (!reached).then_some("notSupervised"), "{kind}");
    }
    let mut rig = DeviceRig::new(IPHONE, EmulationSettings::default());
    assert_eq!(rig.refused(policy("NotificationsEnabled", "true")).code, "notEnrolled");
}

#[test]
fn the_payload_allows_without_a_prompt_and_forbids_whatever_the_user_chose() {
    let mut rig = supervised();
    rig.command(policy("NotificationsEnabled", "true"));
    assert_eq!(rig.snapshot().acting_permission(), Authorized);
    rig.push(sent("never asked"));
    rig.deny();
    assert_eq!(rig.refused(DeviceCommand::Permission(PermissionCommand::Deny)).code, "enforcedByPolicy");
    rig.push(sent("denied by the user"));
    rig.command(policy("NotificationsEnabled", "false"));
    rig.push(sent("forbidden"));
    rig.command(DeviceCommand::PolicyClear);
    assert_eq!(rig.snapshot().acting_permission(), Denied, "the user's own answer");
    let words = ["never asked", "denied by the user", "forbidden"].map(|id| rig.word(id));
    assert_eq!(words, ["presented", "presented", "withheld"]);
}

#[test]
fn explain_names_the_policy() {
    let mut rig = supervised();
    rig.command(policy("NotificationsEnabled", "false"));
    let entries = rig.snapshot().checklist_entries(None);
    let permitted = entries.iter().find(|one| one.code == Prerequisite::NotificationsPermitted).unwrap();
    assert_eq!(
        (permitted.met, permitted.hint.as_str(), permitted.source.as_str()),
        (false, "policy clear", "facts 4.1")
    );
    assert!(permitted.detail.contains("a policy forbids"), "{}", permitted.detail);
}

#[test]
fn each_key_stands_over_the_users_switch() {
    /// The policy, whether the device is locked, the surface, sound, badge, hidden content.
    type Row = (&'static str, &'static str, bool, Surface, bool, bool, bool);
    let rows: [Row; 7] = [
        ("NotificationsEnabled", "true", false, Surface::Banner, true, true, false),
        ("AlertType", "0", false, Surface::NotificationCenter, true, true, false),
        ("SoundsEnabled", "false", false, Surface::Banner, false, true, false),
        ("BadgesEnabled", "false", false, Surface::Banner, true, false, false),
        ("ShowInLockScreen", "true", true, Surface::LockScreen, true, true, false),
        ("PreviewType", "2", false, Surface::Banner, true, true, true),
        ("PreviewType", "1", true, Surface::LockScreen, true, true, true),
    ];
    for (name, value, locked, surface, sound, badge, hidden) in rows {
        let mut rig = supervised();
        rig.command(policy(name, value));
        if locked {
            rig.condition(crate::ConditionCommand::Locked(true));
        }
        rig.push(sent("a"));
        let Outcome::Presented(shown) = rig.receipt("a").outcome else { panic!("{name}={value}") };
        let looks = (shown.surface, shown.sound, shown.badge, shown.content_hidden);
        assert_eq!(looks, (surface, Some(sound), Some(badge), hidden), "{name}={value}");
    }
}

#[test]
fn every_surface_off_by_policy_is_an_unmet_prerequisite() {
    let mut rig = supervised();
    for (name, value) in [("AlertType", "0"), ("ShowInLockScreen", "false"), ("ShowInNotificationCenter", "false")] {
        rig.command(policy(name, value));
    }
    rig.push(sent("a"));
    assert_eq!(rig.word("a"), "withheld");
}

#[test]
fn android_grants_and_denies_by_policy_from_13_on() {
    for (state, status) in [("granted", Authorized), ("denied", Denied)] {
        let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
        rig.enroll("adele");
        rig.command(policy("PermissionGrantState", state));
        rig.install();
        assert_eq!(rig.prompts.len(), 0, "what a policy decides nobody is asked");
        assert_eq!((rig.snapshot().acting_permission(), rig.snapshot().permission.status()), (status, NotDetermined));
        let note = rig.note(DeviceCommand::Permission(PermissionCommand::Prompt));
        assert!(note.contains("a policy decides"), "{note}");
    }
    let mut rig = DeviceRig::ready(ANDROID_12);
    assert_eq!(rig.refused(policy("PermissionGrantState", "denied")).code, "notOnThisVersion");
}

#[test]
fn a_key_or_a_value_that_is_none_is_refused_with_the_list() {
    let mut rig = supervised();
    let unknown = rig.refused(policy("PermissionGrantState", "granted"));
    assert!(unknown.code == "unknownPolicy" && unknown.hint.contains("NotificationsEnabled"), "{unknown:?}");
    let invalid = rig.refused(policy("AlertType", "3"));
    assert!(invalid.code == "invalidValue" && invalid.hint.contains("0, 1, 2"), "{invalid:?}");
    rig.command(policy("AlertType", "1"));
    assert_eq!(rig.note(policy("AlertType", "1")), "already AlertType=1");
}

#[test]
fn what_the_payload_leaves_out_has_apples_default_and_is_enforced() {
    let mut rig = supervised();
    rig.allow();
    for name in ["alert", "lockScreen", "notificationCenter", "sound", "badge"] {
        rig.set(name, "off");
    }
    rig.set("showPreviews", "never");
    rig.command(policy("SoundsEnabled", "true"));
    rig.push(sent("a"));
    let Outcome::Presented(shown) = rig.receipt("a").outcome else { panic!() };
    assert_eq!((shown.surface, shown.sound, shown.badge), (Surface::Banner, Some(true), Some(true)));
    assert!(shown.content_hidden, "PreviewType has no default: left out, the user's holds");
    rig.command(DeviceCommand::PolicyClear);
    rig.push(sent("b"));
    assert_eq!(rig.word("b"), "withheld", "the user's own switches are back");
}

#[test]
fn android_keeps_what_a_policy_had_granted_or_denied() {
    for (before, state, after) in
        [(PermissionCommand::Deny, "granted", Authorized), (PermissionCommand::Allow, "denied", Denied)]
    {
        let mut rig = DeviceRig::ready(ANDROID);
        rig.permission(PermissionCommand::Reset);
        rig.permission(before);
        rig.command(policy("PermissionGrantState", state));
        rig.command(DeviceCommand::PolicyClear);
        assert_eq!(rig.snapshot().acting_permission(), after, "{state}");
    }
    let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
    rig.enroll("adele");
    rig.command(policy("PermissionGrantState", "granted"));
    rig.command(DeviceCommand::PolicyClear);
    rig.install();
    assert_eq!(rig.prompts, [1], "an app that was not there was granted nothing");
}

#[test]
fn default_app_permissions_answer_in_the_users_place() {
    const KEY: &str = "workProfileDefaultAppPermissionPolicy";
    for (value, status, prompts) in [
        ("deviceDefault", NotDetermined, 1),
        ("prompt", NotDetermined, 1),
        ("autoGrant", Authorized, 0),
        ("autoDeny", Denied, 0),
    ] {
        let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
        rig.enroll("adele");
        rig.command(policy(KEY, value));
        rig.install();
        assert_eq!((rig.snapshot().acting_permission(), rig.prompts.len()), (status, prompts), "{value}");
        if prompts == 0 {
            assert_eq!(rig.refused(DeviceCommand::Permission(PermissionCommand::Allow)).code, "enforcedByPolicy");
            assert_eq!(rig.snapshot().rationale_status(), Some(false), "{value}: fixed by policy");
            rig.command(policy(KEY, "prompt"));
            assert_eq!(rig.snapshot().acting_permission() == Authorized, value == "autoGrant", "it stays");
            rig.permission(if value == "autoGrant" { PermissionCommand::Deny } else { PermissionCommand::Allow });
            assert_eq!(rig.snapshot().acting_permission() == Denied, value == "autoGrant", "and is the user's again");
        }
    }
}

#[test]
fn default_app_permissions_answer_what_is_asked_and_leave_what_was_answered() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.command(policy("workProfileDefaultAppPermissionPolicy", "autoDeny"));
    assert_eq!(rig.snapshot().acting_permission(), Authorized, "granted before: nothing is asked");
    rig.deny();
    rig.permission(PermissionCommand::Prompt);
    assert_eq!((rig.prompts.len(), rig.snapshot().acting_permission()), (1, Denied));
    let hint = rig.snapshot().hints(None).remove(&Prerequisite::NotificationsPermitted);
    assert_eq!(hint.as_deref(), Some("policy clear"));
}

#[test]
fn intunes_own_settings_are_those_of_a_work_profile() {
    let mut rig = DeviceRig::new(ANDROID, EmulationSettings::default());
    rig.command(DeviceCommand::Enroll(EnrollCommand {
        enrollment_type: Some("androidEnterpriseFullyManaged".parse().unwrap()),
        ..EnrollCommand::by(user("adele"))
    }));
    for (name, value) in [
        ("workProfileDefaultAppPermissionPolicy", "autoGrant"),
        ("workProfileBlockNotificationsWhileDeviceLocked", "true"),
    ] {
        let refusal = rig.refused(policy(name, value));
        assert_eq!((refusal.code, refusal.hint.as_str()), ("notForThisEnrollment", "wipe, then enroll --user UPN"));
    }
    rig.command(policy("PermissionGrantState", "granted"));
    let mut old = DeviceRig::ready(ANDROID_12);
    assert_eq!(old.refused(policy("workProfileDefaultAppPermissionPolicy", "autoGrant")).code, "notOnThisVersion");
    old.command(policy("workProfileBlockNotificationsWhileDeviceLocked", "true"));
}

#[test]
fn a_locked_work_profile_shows_none_where_it_is_blocked() {
    for (value, surface) in [("true", Surface::NotificationCenter), ("false", Surface::LockScreen)] {
        let mut rig = DeviceRig::ready(ANDROID);
        rig.command(policy("workProfileBlockNotificationsWhileDeviceLocked", value));
        rig.push(sent("unlocked"));
        rig.condition(crate::ConditionCommand::Locked(true));
        rig.push(sent("locked"));
        let surfaces = ["unlocked", "locked"].map(|id| match rig.receipt(id).outcome {
            Outcome::Presented(shown) => shown.surface,
            ref other => panic!("{other:?}"),
        });
        assert_eq!(surfaces, [Surface::Banner, surface], "{value}");
    }
}
