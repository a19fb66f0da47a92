//! How a device stands × platform × documentation profile → the outcome, with exactly what is unmet.
//!
//! Lives here: the table. Does not live here: random walks through it (`properties`).

use portal_contract::Prerequisite::{
    CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, GooglePlayServicesInstalled,
    NotificationsPermitted, PlatformSupported,
};
use portal_contract::{DeviceEnrollmentType, ManagedDeviceOwnerType, Outcome, Prerequisite, Timestamp};

use super::bench::{ANDROID, Bench, PLATFORMS, PROFILES, Platform, RETIRE};
use super::oracle;
use super::sent::{Sent, sent};
use crate::{AppCommand, Command, ConditionCommand, Device, Documentation, PermissionCommand, Resumption};

/// One way in which a device stands when a push arrives.
struct Row {
    name: &'static str,
    on: fn(Platform) -> bool,
    stands: fn(&mut Bench),
    push: fn() -> Sent,
    /// Unmet on every such platform.
    unmet: &'static [Prerequisite],
    /// Unmet too where the platform prompts: there a permission is off until it is given (facts 4.1, 4.2).
    where_it_asks: &'static [Prerequisite],
    /// Unmet too on Android where the documentation names Play Services.
    with_play_services: &'static [Prerequisite],
    /// Unmet too where the documentation names the targeted user.
    with_targeted_user: &'static [Prerequisite],
}

const EVERY: fn(Platform) -> bool = |_| true;
const APPLE: fn(Platform) -> bool = Platform::is_apple;
const GOOGLE: fn(Platform) -> bool = |platform| !platform.is_apple();
const ASKING: fn(Platform) -> bool = Platform::asks;
const ANDROID_13: fn(Platform) -> bool = |platform| platform == ANDROID;

const MET: Row = Row {
    name: "ready",
    on: EVERY,
    stands: ready,
    push: || sent("a"),
    unmet: &[],
    where_it_asks: &[],
    with_play_services: &[],
    with_targeted_user: &[],
};

fn ready(bench: &mut Bench) {
    bench.install();
    bench.allow();
    bench.enroll("adele");
}

fn all_surfaces_off(bench: &mut Bench) {
    ready(bench);
    for name in ["alert", "lockScreen", "notificationCenter"] {
        bench.set(name, "off");
    }
}

fn denied_twice(bench: &mut Bench) {
    bench.install();
    bench.deny();
    bench.permission(PermissionCommand::Prompt);
    bench.deny();
    bench.enroll("adele");
}

const ROWS: &[Row] = &[
    MET,
    Row {
        name: "out of the box",
        stands: |_| {},
        unmet: &[CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, NotificationsPermitted],
        ..MET
    },
    Row {
        name: "installed, the prompt showing where there is one",
        stands: Bench::install,
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        where_it_asks: &[NotificationsPermitted],
        ..MET
    },
    Row {
        name: "enrolled only",
        stands: |bench| bench.enroll("adele"),
        unmet: &[CompanyPortalInstalled, NotificationsPermitted],
        ..MET
    },
    Row {
        name: "allowed, but not enrolled",
        stands: |bench| {
            bench.install();
            bench.allow();
        },
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        ..MET
    },
    Row {
        name: "retired: app and permission stay",
        stands: |bench| {
            ready(bench);
            bench.command(RETIRE);
        },
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        ..MET
    },
    Row {
        name: "the app removed, whatever permission is remembered",
        stands: |bench| {
            ready(bench);
            bench.uninstall();
        },
        unmet: &[CompanyPortalInstalled, NotificationsPermitted],
        ..MET
    },
    Row {
        name: "denied",
        stands: |bench| {
            bench.install();
            bench.deny();
            bench.enroll("adele");
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    Row {
        name: "allowed, then turned off in Settings",
        stands: |bench| {
            ready(bench);
            bench.deny();
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    Row { name: "denied for good", on: ANDROID_13, stands: denied_twice, unmet: &[NotificationsPermitted], ..MET },
    Row {
        name: "never asked",
        on: ASKING,
        stands: |bench| {
            ready(bench);
            bench.permission(PermissionCommand::Reset);
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    Row { name: "every surface off", on: APPLE, stands: all_surfaces_off, unmet: &[NotificationsPermitted], ..MET },
    Row {
        name: "one surface on",
        on: APPLE,
        stands: |bench| {
            all_surfaces_off(bench);
            bench.set("lockScreen", "on");
        },
        ..MET
    },
    Row {
        name: "the channel group off",
        on: GOOGLE,
        stands: |bench| {
            ready(bench);
            bench.set("channelGroup", "off");
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    Row {
        name: "the channel off",
        on: GOOGLE,
        stands: |bench| {
            ready(bench);
            bench.set("channelImportance", "NONE");
        },
        unmet: &[NotificationsPermitted],
        ..MET
    },
    Row {
        name: "no Play Services",
        on: GOOGLE,
        stands: |bench| {
            ready(bench);
            bench.command(Command::PlayServices { installed: false });
        },
        with_play_services: &[GooglePlayServicesInstalled],
        ..MET
    },
    Row {
        name: "everything missing on Android",
        on: GOOGLE,
        stands: |bench| drop(bench.command(Command::PlayServices { installed: false })),
        unmet: &[CompanyPortalInstalled, DeviceEnrolled, EnrolledByTargetedUser, NotificationsPermitted],
        with_play_services: &[GooglePlayServicesInstalled],
        ..MET
    },
    Row { name: "targets its user", push: || sent("a").for_user("Adele"), ..MET },
    Row {
        name: "targets another user",
        push: || sent("a").for_user("bob"),
        with_targeted_user: &[EnrolledByTargetedUser],
        ..MET
    },
    Row { name: "to a group of its user", push: || sent("a").for_group(1), ..MET },
    Row {
        name: "to another group",
        push: || sent("a").for_group(2),
        with_targeted_user: &[EnrolledByTargetedUser],
        ..MET
    },
    Row {
        name: "to a group, and not enrolled",
        stands: |bench| {
            ready(bench);
            bench.command(RETIRE);
        },
        push: || sent("a").for_group(1),
        unmet: &[DeviceEnrolled, EnrolledByTargetedUser],
        ..MET
    },
    Row {
        name: "open, locked and focused: none of them a prerequisite",
        stands: |bench| {
            ready(bench);
            bench.app(AppCommand::Open);
            bench.condition(ConditionCommand::Locked(true));
            bench.condition(ConditionCommand::Focus(true));
        },
        ..MET
    },
];

fn expected(row: &Row, platform: Platform, documentation: Documentation) -> Vec<Prerequisite> {
    let play_services = !platform.is_apple() && documentation < Documentation::Y2025;
    let targeted_user = documentation >= Documentation::Y2023;
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
                let mut bench = Bench::following(platform, documentation);
                (row.stands)(&mut bench);
                bench.push((row.push)());
                let place = format!("{}, {platform:?}, {documentation:?}", row.name);
                match &bench.receipt("a").outcome {
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
                let mut bench = Bench::following(platform, documentation);
                (row.stands)(&mut bench);
                let device = bench.snapshot();
                let listed: Vec<_> = device.device_state().prerequisites.into_iter().collect();
                let unmet = oracle::unmet(device, None);
                let applying = Prerequisite::ALL.into_iter().filter(|code| oracle::applies(device, *code));
                let expected: Vec<_> = applying.map(|code| (code, !unmet.contains(&code))).collect();
                assert_eq!(listed, expected, "{}, {platform:?}, {documentation:?}", row.name);
            }
        }
    }
}

/// No command enrolls a fully managed device yet; a snapshot can hold one (facts 1.2).
#[test]
fn only_2025_limits_android_to_personally_owned_work_profiles() {
    let kinds = [
        (DeviceEnrollmentType::AndroidEnterpriseFullyManaged, ManagedDeviceOwnerType::Company),
        (DeviceEnrollmentType::UserEnrollment, ManagedDeviceOwnerType::Company),
        (DeviceEnrollmentType::AndroidEnterpriseDedicatedDevice, ManagedDeviceOwnerType::Personal),
    ];
    for platform in PLATFORMS {
        for documentation in PROFILES {
            for (enrollment_type, owner_type) in kinds {
                let bench = Bench::following(platform, documentation).made_ready();
                let mut snapshot = bench.snapshot().clone();
                let enrolled = snapshot.enrollment.enrolled.as_mut().unwrap();
                (enrolled.enrollment_type, enrolled.owner_type) = (enrollment_type, owner_type);
                let device = Device::resume(snapshot, Resumption::default(), bench.rules.clone());
                let unmet: Vec<_> = device.snapshot().unmet(None).iter().collect();
                let limited = !platform.is_apple() && documentation == Documentation::Y2025;
                assert_eq!(unmet == [PlatformSupported], limited, "{platform:?} {documentation:?} {unmet:?}");
                assert_eq!(unmet.is_empty(), !limited);
            }
        }
    }
}

#[test]
fn a_member_of_the_state_counts_from_the_moment_of_its_change() {
    let mut bench = Bench::following(ANDROID, Documentation::Y2019);
    let out_of_the_box: Timestamp = bench.snapshot().device_state().updated_at;
    bench.advance(5_000);
    bench.install();
    assert_eq!(bench.snapshot().device_state().updated_at, out_of_the_box.plus_millis(5_000));
    bench.advance(5_000);
    bench.note(Command::App(AppCommand::Install { version: None, target_sdk: None }));
    assert_eq!(bench.snapshot().device_state().updated_at, out_of_the_box.plus_millis(5_000));
}
