//! How a device stands × platform × documentation profile → the outcome, with exactly what is unmet.
//!
//! Lives here: the table. Does not live here: random walks through it (`properties`).

use portal_contract::Prerequisite::{
    CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, GooglePlayServicesInstalled,
    NotificationsPermitted, PlatformSupported,
};
use portal_contract::{DeviceEnrollmentType, ManagedDeviceOwnerType, Outcome, Prerequisite, Timestamp};

use super::oracle;
use super::rig::{ANDROID, DeviceRig, PLATFORMS, PROFILES, PlatformCase, RETIRE};
use super::sent::{PushBuilder, sent};
use crate::{AppCommand, ConditionCommand, Device, DeviceCommand, DocumentationYear, PermissionCommand, ResumePoint};

/// One way in which a device stands when a push arrives.
struct PrerequisiteCase {
    name: &'static str,
    on: fn(PlatformCase) -> bool,
    stands: fn(&mut DeviceRig),
    push: fn() -> PushBuilder,
    /// Unmet on every such platform.
    unmet: &'static [Prerequisite],
    /// Unmet too where the platform prompts: there a permission is off until it is given (facts 4.1, 4.2).
    where_it_asks: &'static [Prerequisite],
    /// Unmet too on Android where the documentation names Play Services.
    with_play_services: &'static [Prerequisite],
    /// Unmet too where the documentation names the targeted user.
    with_targeted_user: &'static [Prerequisite],
}

const EVERY: fn(PlatformCase) -> bool = |_| true;
const APPLE: fn(PlatformCase) -> bool = PlatformCase::is_apple;
const GOOGLE: fn(PlatformCase) -> bool = |platform| !platform.is_apple();
const ASKING: fn(PlatformCase) -> bool = PlatformCase::asks;
const ANDROID_13: fn(PlatformCase) -> bool = |platform| platform == ANDROID;

const MET: PrerequisiteCase = PrerequisiteCase {
    name: "ready",
    on: EVERY,
    stands: ready,
    push: || sent("a"),
    unmet: &[],
    where_it_asks: &[],
    with_play_services: &[],
    with_targeted_user: &[],
};

fn ready(rig: &mut DeviceRig) {
    rig.install();
    rig.allow();
    rig.enroll("adele");
}

fn all_surfaces_off(rig: &mut DeviceRig) {
    ready(rig);
    for name in ["alert", "lockScreen", "notificationCenter"] {
        rig.set(name, "off");
    }
}

fn denied_twice(rig: &mut DeviceRig) {
    rig.install();
    rig.deny();
    rig.permission(PermissionCommand::Prompt);
    rig.deny();
    rig.enroll("adele");
}

const ROWS: &[PrerequisiteCase] = &[
    MET,
    PrerequisiteCase {
        name: "out of the box",
        stands: |_| {},
        unmet: &[CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "installed, the prompt showing where there is one",
        stands: DeviceRig::install,
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        where_it_asks: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "enrolled only",
        stands: |rig| rig.enroll("adele"),
        unmet: &[CompanyPortalInstalled, NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "allowed, but not enrolled",
        stands: |rig| {
            rig.install();
            rig.allow();
        },
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        ..MET
    },
    PrerequisiteCase {
        name: "retired, on iOS: app and permission stay",
        on: APPLE,
        stands: |rig| {
            ready(rig);
            rig.command(RETIRE);
        },
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        ..MET
    },
    PrerequisiteCase {
        name: "retired, on Android: the work profile is gone, and the app with it",
        on: GOOGLE,
        stands: |rig| {
            ready(rig);
            rig.command(RETIRE);
        },
        unmet: &[CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "the app removed, whatever permission is remembered",
        stands: |rig| {
            ready(rig);
            rig.uninstall();
        },
        unmet: &[CompanyPortalInstalled, NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "denied",
        stands: |rig| {
            rig.install();
            rig.deny();
            rig.enroll("adele");
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "allowed, then turned off in Settings",
        stands: |rig| {
            ready(rig);
            rig.deny();
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "denied for good",
        on: ANDROID_13,
        stands: denied_twice,
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "never asked",
        on: ASKING,
        stands: |rig| {
            ready(rig);
            rig.permission(PermissionCommand::Reset);
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "every surface off",
        on: APPLE,
        stands: all_surfaces_off,
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "one surface on",
        on: APPLE,
        stands: |rig| {
            all_surfaces_off(rig);
            rig.set("lockScreen", "on");
        },
        ..MET
    },
    PrerequisiteCase {
        name: "the channel group off",
        on: GOOGLE,
        stands: |rig| {
            ready(rig);
            rig.set("channelGroup", "off");
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "the channel off",
        on: GOOGLE,
        stands: |rig| {
            ready(rig);
            rig.set("channelImportance", "NONE");
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    PrerequisiteCase {
        name: "no Play Services",
        on: GOOGLE,
        stands: |rig| {
            ready(rig);
            rig.command(DeviceCommand::PlayServices { installed: false });
        },
        with_play_services: &[GooglePlayServicesInstalled],
        ..MET
    },
    PrerequisiteCase {
        name: "everything missing on Android",
        on: GOOGLE,
        stands: |rig| drop(rig.command(DeviceCommand::PlayServices { installed: false })),
        unmet: &[CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, NotificationsPermitted],
        with_play_services: &[GooglePlayServicesInstalled],
        ..MET
    },
    PrerequisiteCase { name: "targets its user", push: || sent("a").for_user("Adele"), ..MET },
    PrerequisiteCase {
        name: "targets another user",
        push: || sent("a").for_user("bob"),
        with_targeted_user: &[EnrolledByTargetedUser],
        ..MET
    },
    PrerequisiteCase { name: "to a group of its user", push: || sent("a").for_group(1), ..MET },
    PrerequisiteCase {
        name: "to another group",
        push: || sent("a").for_group(2),
        unmet: &[EnrolledByTargetedUser],
        ..MET
    },
    PrerequisiteCase {
        name: "to a group, and not enrolled",
        on: APPLE,
        stands: |rig| {
            ready(rig);
            rig.command(RETIRE);
        },
        push: || sent("a").for_group(1),
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        ..MET
    },
    PrerequisiteCase {
        name: "open, locked and focused: none of them a prerequisite",
        stands: |rig| {
            ready(rig);
            rig.app(AppCommand::Open);
            rig.condition(ConditionCommand::Locked(true));
            rig.condition(ConditionCommand::Focus(true));
        },
        ..MET
    },
];

fn expected(row: &PrerequisiteCase, platform: PlatformCase, documentation: DocumentationYear) -> Vec<Prerequisite> {
    let play_services = !platform.is_apple() && documentation < DocumentationYear::Y2025;
    let targeted_user = documentation >= DocumentationYear::Y2023;
    let more = [
        (row.unmet, true),
        (row.where_it_asks, platform.asks()),
        (row.with_play_services, play_services),
        (row.with_targeted_user, targeted_user),
    ];
    let mut expected: Vec<_> =
        more.into_iter().filter(|(_, holds)| *holds).flat_map(|(codes, _)| codes).copied().collect();
    expected.sort_unstable();
    expected
}

#[test]
fn each_standing_has_its_outcome_on_each_platform_in_each_year() {
    for row in ROWS {
        for platform in PLATFORMS.into_iter().filter(|platform| (row.on)(*platform)) {
            for documentation in PROFILES {
                let mut rig = DeviceRig::following(platform, documentation);
                (row.stands)(&mut rig);
                rig.push((row.push)());
                let place = format!("{}, {platform:?}, {documentation:?}", row.name);
                match &rig.receipt("a").outcome {
                    Outcome::Withheld { unmet } => {
                        assert_eq!(unmet.iter().collect::<Vec<_>>(), expected(row, platform, documentation), "{place}");
                    }
                    Outcome::Presented(_) => assert_eq!(expected(row, platform, documentation), [], "{place}"),
                    other => panic!("{place}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn the_device_state_lists_each_prerequisite_that_applies_and_no_other() {
    for row in ROWS {
        for platform in PLATFORMS.into_iter().filter(|platform| (row.on)(*platform)) {
            for documentation in PROFILES {
                let mut rig = DeviceRig::following(platform, documentation);
                (row.stands)(&mut rig);
                let device = rig.snapshot();
                let listed: Vec<_> = device.device_state().prerequisites.into_iter().collect();
                let unmet = oracle::unmet(device, None);
                let applying = Prerequisite::ALL.iter().copied().filter(|code| oracle::applies(device, *code));
                let expected: Vec<_> = applying.map(|code| (code, !unmet.contains(&code))).collect();
                assert_eq!(listed, expected, "{}, {platform:?}, {documentation:?}", row.name);
            }
        }
    }
}

/// No command enrolls a fully managed device yet; a snapshot can hold one (facts 1.2).
#[test]
fn from_2025_on_android_is_limited_to_personally_owned_work_profiles() {
    let kinds = [
        (DeviceEnrollmentType::AndroidEnterpriseFullyManaged, ManagedDeviceOwnerType::Company),
        (DeviceEnrollmentType::UserEnrollment, ManagedDeviceOwnerType::Company),
        (DeviceEnrollmentType::AndroidEnterpriseDedicatedDevice, ManagedDeviceOwnerType::Personal),
    ];
    for platform in PLATFORMS {
        for documentation in PROFILES {
            for (enrollment_type, owner_type) in kinds {
                let rig = DeviceRig::following(platform, documentation).made_ready();
                let mut snapshot = rig.snapshot().clone();
                let enrolled = snapshot.enrollment.enrolled.as_mut().unwrap();
                (enrolled.enrollment_type, enrolled.owner_type) = (enrollment_type, owner_type);
                let device = Device::resume(snapshot, ResumePoint::default(), rig.settings.clone());
                let unmet: Vec<_> = device.snapshot().unmet(None).iter().collect();
                let limited = !platform.is_apple() && documentation >= DocumentationYear::Y2025;
                assert_eq!(unmet == [PlatformSupported], limited, "{platform:?} {documentation:?} {unmet:?}");
                assert_eq!(unmet.is_empty(), !limited);
            }
        }
    }
}

#[test]
fn a_member_of_the_state_counts_from_the_moment_of_its_change() {
    let mut rig = DeviceRig::following(ANDROID, DocumentationYear::Y2019);
    let out_of_the_box: Timestamp = rig.snapshot().device_state().updated_at;
    rig.advance(5_000);
    rig.install();
    assert_eq!(rig.snapshot().device_state().updated_at, out_of_the_box.plus_millis(5_000));
    rig.advance(5_000);
    rig.note(DeviceCommand::App(AppCommand::Install { version: None, target_sdk: None }));
    assert_eq!(rig.snapshot().device_state().updated_at, out_of_the_box.plus_millis(5_000));
}
