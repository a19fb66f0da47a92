//! Each documented prerequisite unmet, alone and with the others, on both platforms: what the receipt names and `explain` says.
//!
//! Lives here: `withheld`. Does not live here: the other outcomes (`outcomes`), the permission's own life (`permission_denied`).

use anyhow::{Context, Result, ensure};
use portal_tests::test_rig::{RigSetup, TestRig, USER, custom_notification, custom_notification_with};
use serde_json::{Value, json};

/// What makes a device unfit, and what its receipt then names.
struct PrerequisiteCase {
    commands: &'static [&'static [&'static str]],
    unmet: &'static [&'static str],
}

const ENROLL: &[&str] = &["enroll", "--user", USER];
const INSTALL: &[&str] = &["app", "install"];
const ALLOW: &[&str] = &["permission", "allow"];
const REMOVE_PLAY_SERVICES: &[&str] = &["play-services", "remove"];

/// The cases in turn on one device, each from out of its box.
async fn check(platform: &str, cases: &[PrerequisiteCase]) -> Result<()> {
    let rig = TestRig::start(&RigSetup { arguments: &["--platform", platform], ..RigSetup::default() }).await?;
    for (number, case) in cases.iter().enumerate() {
        rig.agent.command(&["device", "reset"])?;
        for command in case.commands {
            rig.agent.command(command)?;
        }
        let id = format!("{platform}-{number}");
        let receipt = rig.settle(custom_notification(&id).to_string()).await?;
        if case.unmet.is_empty() {
            assert_eq!(receipt["outcome"], "presented", "{:?}", case.commands);
        } else {
            assert_eq!((&receipt["outcome"], &receipt["unmet"]), (&json!("withheld"), &json!(case.unmet)));
        }
        let state = rig.agent.json(&["status"])?;
        let prerequisites = state["prerequisites"].as_object().context("prerequisites")?;
        for (code, met) in prerequisites {
            assert_eq!(*met, !case.unmet.contains(&code.as_str()), "{code} after {:?}", case.commands);
        }
        check_explanation(&rig.agent.json(&["explain", &id])?, case.unmet)?;
    }
    let presented = cases.iter().filter(|case| case.unmet.is_empty()).count();
    assert_eq!(rig.wait_for_shown(presented).await?.len(), presented);
    Ok(())
}

fn check_explanation(explanation: &Value, unmet: &[&str]) -> Result<()> {
    for standing in explanation["prerequisites"].as_array().context("prerequisites")? {
        let code = standing["code"].as_str().context("a code")?;
        assert_eq!(standing["met"], !unmet.contains(&code), "{standing}");
        for member in ["detail", "source"] {
            ensure!(standing[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {standing}");
        }
        assert_eq!(standing["hint"] == "", standing["met"] == true, "{standing}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_ios() -> Result<()> {
    let cases = [
        PrerequisiteCase {
            commands: &[],
            unmet: &["companyPortalInstalled", "deviceEnrolled", "enrolledByTargetedUser", "notificationsPermitted"],
        },
        // Without the app there is no effective permission, whatever is remembered (contract 3).
        PrerequisiteCase { commands: &[ENROLL], unmet: &["companyPortalInstalled", "notificationsPermitted"] },
        PrerequisiteCase {
            commands: &[ENROLL, INSTALL, ALLOW, &["app", "uninstall"]],
            unmet: &["companyPortalInstalled", "notificationsPermitted"],
        },
        PrerequisiteCase { commands: &[INSTALL, ALLOW], unmet: &["deviceEnrolled", "enrolledByTargetedUser"] },
        PrerequisiteCase {
            commands: &[ENROLL, INSTALL, ALLOW, &["retire"]],
            unmet: &["deviceEnrolled", "enrolledByTargetedUser"],
        },
        PrerequisiteCase { commands: &[ENROLL, INSTALL], unmet: &["notificationsPermitted"] },
        PrerequisiteCase { commands: &[ENROLL, INSTALL, &["permission", "deny"]], unmet: &["notificationsPermitted"] },
        PrerequisiteCase {
            commands: &[
                ENROLL,
                INSTALL,
                ALLOW,
                &["settings", "set", "alert=off"],
                &["settings", "set", "lockScreen=off"],
                &["settings", "set", "notificationCenter=off"],
            ],
            unmet: &["notificationsPermitted"],
        },
        PrerequisiteCase { commands: &[ENROLL, INSTALL, ALLOW], unmet: &[] },
    ];
    check("ios", &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_android() -> Result<()> {
    let cases = [
        PrerequisiteCase {
            commands: &[REMOVE_PLAY_SERVICES],
            unmet: &[
                "companyPortalInstalled",
                "googlePlayServicesInstalled",
                "deviceEnrolled",
                "enrolledByTargetedUser",
                "notificationsPermitted",
            ],
        },
        PrerequisiteCase {
            commands: &[ENROLL, INSTALL, ALLOW, REMOVE_PLAY_SERVICES],
            unmet: &["googlePlayServicesInstalled"],
        },
        PrerequisiteCase { commands: &[ENROLL], unmet: &["companyPortalInstalled", "notificationsPermitted"] },
        PrerequisiteCase { commands: &[INSTALL, ALLOW], unmet: &["deviceEnrolled", "enrolledByTargetedUser"] },
        PrerequisiteCase { commands: &[ENROLL, INSTALL, &["permission", "deny"]], unmet: &["notificationsPermitted"] },
        PrerequisiteCase {
            commands: &[ENROLL, INSTALL, ALLOW, &["settings", "set", "channelGroup=off"]],
            unmet: &["notificationsPermitted"],
        },
        PrerequisiteCase {
            commands: &[ENROLL, INSTALL, ALLOW, &["settings", "set", "channelImportance=NONE"]],
            unmet: &["notificationsPermitted"],
        },
        PrerequisiteCase { commands: &[ENROLL, INSTALL, ALLOW], unmet: &[] },
    ];
    check("android", &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_android_before_13_never_asks() -> Result<()> {
    let arguments = &["--platform", "android", "--os-version", "12"];
    let rig = TestRig::start(&RigSetup { arguments, ..RigSetup::default() }).await?;
    rig.agent.command(ENROLL)?;
    let state = rig.agent.json(INSTALL)?;
    assert_eq!((&state["notificationPermission"], &state["promptsShown"]), (&json!("authorized"), &json!(0)));
    assert_eq!(rig.settle(custom_notification("a").to_string()).await?["outcome"], "presented");
    rig.agent.command(&["permission", "deny"])?;
    assert_eq!(rig.settle(custom_notification("b").to_string()).await?["unmet"], json!(["notificationsPermitted"]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_targeted_user_counts_from_2023_on() -> Result<()> {
    for (documentation, outcome) in [("2019", "presented"), ("2023", "withheld"), ("2025", "withheld")] {
        let environment = [("PORTAL_AGENT__DEVICE__DOCUMENTATION", documentation)];
        let rig = TestRig::ready(&RigSetup { environment: &environment, ..RigSetup::default() }).await?;
        let other = custom_notification_with("other", &json!({"targetUserPrincipalName": "Megan@contoso.example"}));
        let receipt = rig.settle(other).await?;
        assert_eq!(receipt["outcome"], outcome, "{documentation}");
        if outcome == "withheld" {
            assert_eq!(receipt["unmet"], json!(["enrolledByTargetedUser"]));
        }
        let own = custom_notification_with("own", &json!({"targetUserPrincipalName": "Adele@contoso.example"}));
        assert_eq!(rig.settle(own).await?["outcome"], "presented", "{documentation}");
        let supported = rig.agent.json(&["status"])?["prerequisites"]["platformSupported"].clone();
        assert_eq!(supported, if documentation == "2025" { json!(true) } else { Value::Null });
    }
    Ok(())
}
