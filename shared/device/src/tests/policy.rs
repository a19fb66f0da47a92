//! What device management enforces over the user's choice (facts 4.1, 4.2).
//!
//! Lives here: to whom a policy applies, and that it wins. Does not live here: the user's own switches (`surfaces`).

use portal_contract::NotificationPermission::{Authorized, Denied, NotDetermined};
use portal_contract::{Outcome, Prerequisite, Surface};

use super::bench::{ANDROID, ANDROID_12, Bench, IPHONE};
use super::sent::{sent, user};
use crate::{Command, EnrollCommand, PermissionCommand, Rules};

fn policy(name: &str, value: &str) -> Command {
    Command::PolicySet { name: name.to_owned(), value: value.to_owned() }
}

/// A device whose permission was never asked, enrolled in this way.
fn enrolled(kind: &str, supervised: bool) -> Bench {
    let mut bench = Bench::new(IPHONE, Rules::default());
    bench.connect(true);
    bench.fence();
    bench.command(Command::Enroll(EnrollCommand {
        enrollment_type: Some(kind.parse().unwrap()),
        supervised,
        ..EnrollCommand::by(user("adele"))
    }));
    bench
}

fn supervised() -> Bench {
    let mut bench = enrolled("appleBulkWithUser", true);
    bench.install();
    bench
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
        let mut bench = enrolled(kind, is_supervised);
        let refused = bench.apply(crate::Event::Command(policy("NotificationsEnabled", "true"))).err();
        assert_eq!(refused.map(|refusal| refusal.code), (!reached).then_some("notSupervised"), "{kind}");
    }
    let mut bench = Bench::new(IPHONE, Rules::default());
    assert_eq!(bench.refused(policy("NotificationsEnabled", "true")).code, "notEnrolled");
}

#[test]
fn the_payload_allows_without_a_prompt_and_forbids_whatever_the_user_chose() {
    let mut bench = supervised();
    bench.command(policy("NotificationsEnabled", "true"));
    assert_eq!(bench.snapshot().acting_permission(), Authorized);
    bench.push(sent("never asked"));
    bench.deny();
    assert_eq!(bench.refused(Command::Permission(PermissionCommand::Deny)).code, "enforcedByPolicy");
    bench.push(sent("denied by the user"));
    bench.command(policy("NotificationsEnabled", "false"));
    bench.push(sent("forbidden"));
    bench.command(Command::PolicyClear);
    assert_eq!(bench.snapshot().acting_permission(), Denied, "the user's own answer");
    let words = ["never asked", "denied by the user", "forbidden"].map(|id| bench.word(id));
    assert_eq!(words, ["presented", "presented", "withheld"]);
}

#[test]
fn explain_names_the_policy() {
    let mut bench = supervised();
    bench.command(policy("NotificationsEnabled", "false"));
    let standings = bench.snapshot().standings(None);
    let permitted = standings.iter().find(|one| one.code == Prerequisite::NotificationsPermitted).unwrap();
    assert_eq!(
        (permitted.met, permitted.mend.as_str(), permitted.source.as_str()),
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
        ("AlertType", "0", false, Surface::NotificationCenter, false, true, false),
        ("SoundsEnabled", "false", false, Surface::Banner, false, true, false),
        ("BadgesEnabled", "false", false, Surface::Banner, true, false, false),
        ("ShowInLockScreen", "true", true, Surface::LockScreen, true, true, false),
        ("PreviewType", "2", false, Surface::Banner, true, true, true),
        ("PreviewType", "1", true, Surface::LockScreen, true, true, true),
    ];
    for (name, value, locked, surface, sound, badge, hidden) in rows {
        let mut bench = supervised();
        bench.command(policy(name, value));
        if locked {
            bench.condition(crate::ConditionCommand::Locked(true));
        }
        bench.push(sent("a"));
        let Outcome::Presented(shown) = bench.receipt("a").outcome else { panic!("{name}={value}") };
        let looks = (shown.surface, shown.sound, shown.badge, shown.content_hidden);
        assert_eq!(looks, (surface, Some(sound), Some(badge), hidden), "{name}={value}");
    }
}

#[test]
fn every_surface_off_by_policy_is_an_unmet_prerequisite() {
    let mut bench = supervised();
    for (name, value) in [("AlertType", "0"), ("ShowInLockScreen", "false"), ("ShowInNotificationCenter", "false")] {
        bench.command(policy(name, value));
    }
    bench.push(sent("a"));
    assert_eq!(bench.word("a"), "withheld");
}

#[test]
fn android_grants_and_denies_by_policy_from_13_on() {
    for (state, status) in [("granted", Authorized), ("denied", Denied)] {
        let mut bench = Bench::new(ANDROID, Rules::default());
        bench.enroll("adele");
        bench.command(policy("PermissionGrantState", state));
        bench.install();
        assert_eq!(bench.prompts.len(), 0, "what a policy decides nobody is asked");
        assert_eq!(
            (bench.snapshot().acting_permission(), bench.snapshot().permission.status()),
            (status, NotDetermined)
        );
        let note = bench.note(Command::Permission(PermissionCommand::Prompt));
        assert!(note.contains("a policy decides"), "{note}");
    }
    let mut bench = Bench::ready(ANDROID_12);
    assert_eq!(bench.refused(policy("PermissionGrantState", "denied")).code, "notOnThisVersion");
}

#[test]
fn a_key_or_a_value_that_is_none_is_refused_with_the_list() {
    let mut bench = supervised();
    let unknown = bench.refused(policy("PermissionGrantState", "granted"));
    assert!(unknown.code == "unknownPolicy" && unknown.mend.contains("NotificationsEnabled"), "{unknown:?}");
    let invalid = bench.refused(policy("AlertType", "3"));
    assert!(invalid.code == "invalidValue" && invalid.mend.contains("0, 1, 2"), "{invalid:?}");
    bench.command(policy("AlertType", "1"));
    assert_eq!(bench.note(policy("AlertType", "1")), "already AlertType=1");
}
