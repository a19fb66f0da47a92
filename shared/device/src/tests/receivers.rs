//! The Microsoft Intune app beside Company Portal, and the devices of 2026 (facts 1.1).
//!
//! Lives here: which app receives, what an enrollment of 2026 brings, who looks for messages without Google's services. Does
//! not live here: the permission that each app asks for (`permission`).

use portal_contract::{DeliveryDelay, Prerequisite};

use super::rig::{ANDROID, DeviceRig, IPHONE, PROFILES, PlatformCase};
use super::sent::{sent, user};
use crate::{
    AppCommand, DeviceCommand, DocumentationYear, EmulationSettings, EnrollCommand, PermissionCommand, ReceiverApp,
};

const MINUTE: i64 = 60_000;

fn with_intune(platform: PlatformCase, documentation: DocumentationYear) -> DeviceRig {
    let settings =
        EmulationSettings { documentation, android_receiver: ReceiverApp::Intune, ..EmulationSettings::default() };
    DeviceRig::new(platform, settings)
}

fn enrolled_as(rig: &mut DeviceRig, kind: &str) {
    rig.command(DeviceCommand::Enroll(EnrollCommand {
        enrollment_type: Some(kind.parse().unwrap()),
        ..EnrollCommand::by(user("adele"))
    }));
}

#[test]
fn the_intune_app_will_do_on_android_from_2023_on() {
    for documentation in PROFILES {
        for platform in [IPHONE, ANDROID] {
            let mut rig = with_intune(platform, documentation);
            rig.install();
            let is_intune = platform == ANDROID && documentation >= DocumentationYear::Y2023;
            let name = if is_intune { "Microsoft Intune" } else { "Company Portal" };
            assert_eq!(rig.snapshot().app_status().name, name, "{documentation:?}");
            assert!(rig.snapshot().prompt_words().0.contains(name), "{documentation:?}");
            let met = rig.snapshot().device_state().prerequisites[&Prerequisite::CompanyPortalInstalled];
            assert!(met, "{documentation:?}");
        }
    }
}

#[test]
fn in_2019_the_intune_app_does_not_count_and_the_hint_leads_to_company_portal() {
    let mut rig = with_intune(ANDROID, DocumentationYear::Y2023).made_ready();
    rig.settings.documentation = DocumentationYear::Y2019;
    rig.restart();
    rig.connect(true);
    rig.fence();
    rig.push(sent("a"));
    assert_eq!(rig.word("a"), "withheld");
    let hint = rig.snapshot().hints(None).remove(&Prerequisite::CompanyPortalInstalled);
    assert_eq!(hint.as_deref(), Some("app uninstall, then app install"));
    rig.uninstall();
    rig.install();
    rig.allow();
    rig.push(sent("b"));
    assert_eq!(rig.word("b"), "presented");
}

#[test]
fn each_app_has_its_own_version_gate() {
    for (version, title) in [("2021.09.03", "Microsoft Intune"), ("2021.09.04", "Office closed")] {
        let mut rig = with_intune(ANDROID, DocumentationYear::Y2023);
        rig.connect(true);
        rig.fence();
        rig.app(AppCommand::Install { version: Some(version.to_owned()), target_sdk: None });
        rig.allow();
        rig.enroll("adele");
        rig.push(sent("a"));
        let shown = rig.shown.last().unwrap().1.title.clone();
        assert_eq!(shown == "Microsoft Intune", title == "Microsoft Intune", "{version}: {shown}");
    }
}

#[test]
fn a_work_profile_of_2026_needs_play_services_and_no_other_enrollment_or_year_does() {
    for documentation in PROFILES {
        for kind in ["userEnrollment", "androidEnterpriseFullyManaged"] {
            let mut rig = DeviceRig::following(ANDROID, documentation);
            rig.command(DeviceCommand::PlayServices { installed: false });
            let enroll = DeviceCommand::Enroll(EnrollCommand {
                enrollment_type: Some(kind.parse().unwrap()),
                ..EnrollCommand::by(user("adele"))
            });
            let refused = rig.apply(crate::DeviceInput::Command(enroll)).err().map(|refusal| refusal.code);
            let needs_them = documentation == DocumentationYear::Y2026 && kind == "userEnrollment";
            assert_eq!(refused, needs_them.then_some("playServicesMissing"), "{documentation:?} {kind}");
        }
    }
}

#[test]
fn an_enrollment_of_2026_brings_the_intune_app_which_is_as_never_opened_and_stays() {
    let mut rig = with_intune(ANDROID, DocumentationYear::Y2026);
    rig.connect(true);
    rig.fence();
    rig.enroll("adele");
    assert_eq!((rig.snapshot().app_status().installed, rig.prompts.len()), (true, 0), "installed silently");
    rig.push(sent("never asked"));
    assert_eq!(rig.word("never asked"), "withheld");
    rig.app(AppCommand::Open);
    assert_eq!(rig.prompts, [1], "it asks when it is opened");
    rig.allow();
    rig.app(AppCommand::Close);
    rig.push(sent("allowed"));
    assert_eq!(rig.word("allowed"), "presented");
    let refusal = rig.refused(DeviceCommand::App(AppCommand::Uninstall));
    assert_eq!((refusal.code, refusal.hint.as_str()), ("requiredApp", "retire"));
}

#[test]
fn company_portal_stays_the_receiver_in_2026_unless_it_is_set() {
    let mut rig = DeviceRig::following(ANDROID, DocumentationYear::Y2026);
    rig.install();
    rig.allow();
    rig.enroll("adele");
    assert_eq!(rig.snapshot().app_status().name, "Company Portal");
    rig.uninstall();
    let mut rig = with_intune(ANDROID, DocumentationYear::Y2025);
    rig.enroll("adele");
    assert!(!rig.snapshot().app.is_installed(), "2025 knows no such enrollment");
}

#[test]
fn the_intune_app_takes_the_place_of_company_portal_and_is_asked_for_anew() {
    let mut rig = DeviceRig::following(ANDROID, DocumentationYear::Y2026);
    rig.install();
    rig.permission(PermissionCommand::Allow);
    rig.settings.android_receiver = ReceiverApp::Intune;
    rig.restart();
    rig.enroll("adele");
    let state = rig.snapshot().device_state();
    assert_eq!(rig.snapshot().app.kind, ReceiverApp::Intune);
    assert!(!state.prerequisites[&Prerequisite::NotificationsPermitted], "another app, another permission");
}

#[test]
fn without_play_services_who_looks_for_messages_gets_them_within_15_minutes() {
    for (kind, receiver, version, looks) in [
        ("deviceEnrollmentManager", ReceiverApp::CompanyPortal, "5.0.5655.0", true),
        ("deviceEnrollmentManager", ReceiverApp::CompanyPortal, "5.0.5654.0", false),
        ("androidAOSPUserOwnedDeviceEnrollment", ReceiverApp::Intune, "24.02.4", true),
        ("androidAOSPUserlessDeviceEnrollment", ReceiverApp::Intune, "24.02.4", true),
        ("androidAOSPUserOwnedDeviceEnrollment", ReceiverApp::Intune, "24.02.3", false),
        ("androidAOSPUserOwnedDeviceEnrollment", ReceiverApp::CompanyPortal, "5.0.6000.0", false),
    ] {
        let settings = EmulationSettings {
            documentation: DocumentationYear::Y2026,
            android_receiver: receiver,
            ..EmulationSettings::default()
        };
        let mut rig = DeviceRig::new(ANDROID, settings);
        rig.connect(true);
        rig.fence();
        rig.command(DeviceCommand::PlayServices { installed: false });
        rig.app(AppCommand::Install { version: Some(version.to_owned()), target_sdk: None });
        rig.allow();
        enrolled_as(&mut rig, kind);
        rig.advance(MINUTE);
        rig.push(sent("a"));
        if !looks {
            assert_eq!(rig.word("a"), "withheld", "{kind} {version}");
            continue;
        }
        rig.advance(14 * MINUTE - 1);
        assert_eq!(rig.receipts.len(), 0, "{kind}");
        rig.advance(1);
        assert_eq!((rig.word("a"), rig.receipt("a").delay), ("presented", Some(DeliveryDelay::DelayedNextLook)));
        rig.command(DeviceCommand::PlayServices { installed: true });
        rig.push(sent("b"));
        assert_eq!(rig.word("b"), "withheld", "with them these kinds are not supported");
    }
}
