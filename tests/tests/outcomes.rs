//! What becomes of a push: every outcome but `withheld`, as the receipt, the desktop and the journal show it.
//!
//! Lives here: rejected, duplicate, expired, dropped, failed, presented on each surface, and what a user then does.
//! Does not live here: prerequisites (`prerequisites`).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portal_tests::notification_server::{ServerBehaviour, ServerProfile};
use portal_tests::test_rig::{RigSetup, TestRig, custom_notification, custom_notification_with};
use portal_tests::wait::until;
use serde_json::{Value, json};

const SERVER_TIMEOUT: (&str, &str) = ("PORTAL_AGENT__NOTIFIER__PATIENCE", "400ms");

/// Payloads that are no custom notifications, and the code that names each.
fn rejected() -> Vec<(Vec<u8>, &'static str)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let with = |members: Value| custom_notification_with("bad", &members);
    vec![
        (text("{"), "notJson"),
        (text(""), "notJson"),
        (text("[]"), "notAnObject"),
        (text("\"text\""), "notAnObject"),
        (text("{}"), "missingMember"),
        (text(r#"{"id":"bad","notificationTitle":"t"}"#), "missingMember"),
        (with(json!({"notificationTitle": null})), "missingMember"),
        (with(json!({"notificationTitle": 7})), "wrongType"),
        (with(json!({"notificationBody": ["b"]})), "wrongType"),
        (with(json!({"expiresAt": 7})), "wrongType"),
        (with(json!({"targetUserPrincipalName": {}})), "wrongType"),
        (with(json!({"id": ""})), "invalidId"),
        (with(json!({"id": "x".repeat(129)})), "invalidId"),
        (with(json!({"id": "line\nbreak"})), "invalidId"),
        (with(json!({"notificationTitle": ""})), "titleLength"),
        (with(json!({"notificationTitle": "t".repeat(51)})), "titleLength"),
        // Lengths are counted in UTF-16 code units: 26 of these are 52.
        (with(json!({"notificationTitle": "😀".repeat(26)})), "titleLength"),
        (with(json!({"notificationBody": ""})), "bodyLength"),
        (with(json!({"notificationBody": "b".repeat(501)})), "bodyLength"),
        (with(json!({"sentAt": "yesterday"})), "invalidTime"),
        (with(json!({"targetUserPrincipalName": "adele"})), "invalidUserPrincipalName"),
        (vec![b'{', 0xff, b'}'], "notUtf8"),
        (vec![b' '; 4097], "payloadTooLarge"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_custom_notification_is_rejected_by_name_and_uses_no_id_up() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    for (number, (payload, problem)) in rejected().into_iter().enumerate() {
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(80)]).into_owned();
        let receipt = rig.settle(payload).await?;
        assert_eq!((&receipt["outcome"], &receipt["problem"]), (&json!("rejected"), &json!(problem)), "{shown}");
        ensure!(receipt["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{receipt}");
        assert_eq!(receipt["sequence"], number + 1);
    }
    assert_eq!(rig.shown()?.len(), 0);
    // Three rejected ones bore this id.
    assert_eq!(rig.settle(custom_notification("bad").to_string()).await?["outcome"], "presented");
    let words = rig.agent.command(&["explain", "bad"])?;
    ensure!(words.contains("banner"), "the newest receipt of an id is explained: {words}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_that_is_allowed_is_shown_whole() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    let members = json!({"notificationTitle": "😀".repeat(25), "notificationBody": "b".repeat(500)});
    rig.settle(custom_notification_with(&"i".repeat(128), &members)).await?;
    let shown = rig.wait_for_shown(1).await?;
    assert_eq!((shown[0].title.chars().count(), shown[0].body.len()), (25, 500));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_shows_once_whatever_way_it_comes() -> Result<()> {
    let group = "11111111-2222-4333-8444-555555555555";
    let rig = TestRig::ready(&RigSetup::default()).await?;
    let enroll = ["enroll", "--user", "adele@contoso.example", "--group", group];
    rig.agent.command(&enroll)?;
    rig.agent.wait(&["online"])?;
    let by_group = format!("portal/v1/contoso/groups/{group}/notifications");
    rig.publish(&by_group, custom_notification("a").to_string()).await?;
    let receipt = rig.next_receipt().await?;
    assert_eq!(
        (&receipt["outcome"], &receipt["target"]),
        (&json!("presented"), &json!({"kind": "group", "id": group}))
    );
    let receipt = rig.settle(custom_notification("a").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["target"]), (&json!("duplicate"), &json!({"kind": "device"})));
    rig.agent.command(&["permission", "deny"])?;
    assert_eq!(rig.settle(custom_notification("b").to_string()).await?["outcome"], "withheld");
    rig.agent.command(&["permission", "allow"])?;
    assert_eq!(rig.settle(custom_notification("b").to_string()).await?["outcome"], "duplicate");
    assert_eq!(rig.shown()?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn past_its_expiry_it_is_expired_by_the_devices_own_clock() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    let past = json!({"expiresAt": "2020-01-01T00:00:00+02:00"});
    assert_eq!(rig.settle(custom_notification_with("past", &past)).await?["outcome"], "expired");
    let in_an_hour = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string();
    let later = json!({"expiresAt": in_an_hour});
    assert_eq!(rig.settle(custom_notification_with("now", &later)).await?["outcome"], "presented");
    rig.agent.command(&["clock", "advance", "2h"])?;
    assert_eq!(rig.settle(custom_notification_with("later", &later)).await?["outcome"], "expired");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_notification_server_within_the_timeout_fails_and_the_daemon_goes_on() -> Result<()> {
    let mut rig =
        TestRig::ready(&RigSetup { profile: None, environment: &[SERVER_TIMEOUT], ..RigSetup::default() }).await?;
    let receipt = rig.settle(custom_notification("nobody").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["problem"]), (&json!("failed"), &json!("noNotificationServer")));
    ensure!(receipt["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{receipt}");
    let doctor = rig.agent.output(&["--json", "doctor"])?;
    assert_eq!(doctor.status.code(), Some(1));
    let doctor: Value = serde_json::from_slice(&doctor.stdout)?;
    let check =
        doctor["checks"].as_array().and_then(|checks| checks.iter().find(|one| one["name"] == "notificationServer"));
    let check = check.context("a check of the notification server")?;
    ensure!(check["ok"] == false && check["hint"] != "", "{check}");

    rig.start_server(ServerProfile::xfce()).await?;
    rig.agent.wait(&["desktop.notificationServer.name=xfce4-notifyd"])?;
    assert_eq!(rig.settle(custom_notification("somebody").to_string()).await?["outcome"], "presented");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_within_the_timeout_shows_what_waited() -> Result<()> {
    let mut rig = TestRig::ready(&RigSetup::default()).await?;
    rig.stop_server().await?;
    rig.push(custom_notification("waits").to_string()).await?;
    rig.agent.wait(&["held=1"])?;
    rig.start_server(ServerProfile::xfce()).await?;
    let receipt = rig.next_receipt().await?;
    assert_eq!(
        (&receipt["outcome"], &receipt["delay"]),
        (&json!("presented"), &json!("delayedNotificationServerAway"))
    );
    assert_eq!(rig.wait_for_shown(1).await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_bus_at_all_fails_the_same_way() -> Result<()> {
    // A bus of the test's own for the rig's other parts, and an address where none is for the agent.
    let environment = [SERVER_TIMEOUT, ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")];
    let rig = TestRig::ready(&RigSetup { profile: None, environment: &environment, ..RigSetup::default() }).await?;
    let receipt = rig.settle(custom_notification("a").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["problem"]), (&json!("failed"), &json!("noNotificationServer")));
    assert_eq!(rig.settle(custom_notification("a").to_string()).await?["outcome"], "duplicate");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_fails_that_push_alone() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    rig.server()?.behave(ServerBehaviour::Refuse);
    let receipt = rig.settle(custom_notification("refused").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["problem"]), (&json!("failed"), &json!("notificationServerRefused")));
    rig.server()?.behave(ServerBehaviour::Answer);
    assert_eq!(rig.settle(custom_notification("taken").to_string()).await?["outcome"], "presented");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_fails_the_one_in_hand_and_nothing_hangs_with_it() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    rig.server()?.behave(ServerBehaviour::Hang);
    rig.push(custom_notification("in-hand").to_string()).await?;
    // `status` never waits for the desktop (contract 4).
    let asked = std::time::Instant::now();
    rig.agent.json(&["status"])?;
    ensure!(asked.elapsed() < Duration::from_secs(2), "status waited for the desktop: {:?}", asked.elapsed());
    let receipt = rig.next_receipt().await?;
    assert_eq!(
        (&receipt["outcome"], &receipt["problem"]),
        (&json!("failed"), &json!("notificationServerDidNotAnswer"))
    );
    ensure!(receipt["detail"].as_str().is_some_and(|detail| detail.contains("may still appear")), "{receipt}");
    rig.server()?.behave(ServerBehaviour::Answer);
    let receipt = rig.settle(custom_notification("afterwards").to_string()).await?;
    assert_eq!(receipt["outcome"], "presented");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_app_open_it_shows_in_the_app_after_a_pull() -> Result<()> {
    let environment = &[("PORTAL_AGENT__DEVICE__DOCUMENTATION", "2023")];
    let rig = TestRig::ready(&RigSetup { environment, ..RigSetup::default() }).await?;
    rig.agent.command(&["app", "open"])?;
    let receipt = rig.settle(custom_notification("inside").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["surface"]), (&json!("presented"), &json!("inApp")));
    assert_eq!(rig.shown()?.len(), 0, "nothing is shown");
    let listed = |arguments: &[&str]| -> Result<Vec<Value>> {
        let answer = rig.agent.json(arguments)?;
        Ok(answer["notifications"].as_array().or(answer.as_array()).context("a list")?.clone())
    };
    assert_eq!(listed(&["app", "notifications"])?.len(), 0, "facts 1.6: the user pulls to refresh");
    let refreshed = listed(&["app", "notifications", "--refresh"])?;
    assert_eq!((refreshed.len(), &refreshed[0]["id"]), (1, &json!("inside")));
    rig.agent.command(&["device", "lock"])?;
    assert_eq!(rig.settle(custom_notification("locked").to_string()).await?["surface"], "lockScreen");
    assert_eq!(rig.wait_for_shown(1).await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_focus_it_is_listed_quietly() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    rig.agent.command(&["device", "focus", "on"])?;
    assert_eq!(rig.settle(custom_notification("quiet").to_string()).await?["surface"], "notificationCenter");
    let shown = rig.wait_for_shown(1).await?;
    assert_eq!(shown[0].hints["urgency"], 0);
    assert_eq!(shown[0].hints["suppress-sound"], true);
    assert!(!shown[0].hints.contains_key("sound-name"), "{:?}", shown[0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_doze_is_held_and_let_go_at_its_end() -> Result<()> {
    let rig = TestRig::ready(&RigSetup { arguments: &["--platform", "android"], ..RigSetup::default() }).await?;
    for (begin, end, delay) in [
        (["device", "doze", "on"], ["device", "doze", "off"], "delayedDeviceDoze"),
        (["device", "work-profile", "pause"], ["device", "work-profile", "resume"], "delayedUserStopped"),
    ] {
        rig.agent.command(&begin)?;
        rig.push(custom_notification(delay).to_string()).await?;
        rig.agent.wait(&["held=1"])?;
        rig.agent.command(&end)?;
        let receipt = rig.next_receipt().await?;
        assert_eq!((&receipt["outcome"], &receipt["delay"]), (&json!("presented"), &json!(delay)));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_device_is_offline_apns_keeps_one() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    rig.agent.command(&["device", "offline"])?;
    rig.agent.wait(&["connection=offline"])?;
    for id in ["one", "two", "three"] {
        rig.push(custom_notification(id).to_string()).await?;
    }
    rig.agent.command(&["device", "online"])?;
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        let receipt = rig.next_receipt().await?;
        outcomes.push(format!("{} {}", receipt["notificationId"], receipt["outcome"]).replace('"', ""));
    }
    // facts 5: one notification per app and device, the latest.
    assert_eq!(outcomes, ["one dropped", "two dropped", "three presented"]);
    assert_eq!(rig.wait_for_shown(1).await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_twenty_are_open_and_the_oldest_makes_room() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    for number in 0..22 {
        rig.push(custom_notification(&number.to_string()).to_string()).await?;
    }
    let shown = rig.wait_for_shown(22).await?;
    let prompt_and_two = rig.server()?.wait_for_closed(3, portal_tests::test_rig::LIMIT).await?;
    assert_eq!(prompt_and_two[1..], [shown[0].id, shown[1].id]);
    let withdrawn = || {
        let receipts = rig.agent.json_lines(&["log"]).unwrap_or_default();
        receipts.iter().map(|receipt| receipt["interaction"] == "withdrawn").collect::<Vec<bool>>()
    };
    until("two withdrawn", withdrawn, |all| all.len() == 22 && *all == (0..22).map(|n| n < 2).collect::<Vec<_>>())
        .await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_paced_and_keeps_its_order() -> Result<()> {
    let environment = [("PORTAL_AGENT__NOTIFIER__PACE_PER_SECOND", "5")];
    let rig = TestRig::ready(&RigSetup { environment: &environment, ..RigSetup::default() }).await?;
    for number in 0..12 {
        rig.push(custom_notification_with(&number.to_string(), &json!({"notificationTitle": number.to_string()})))
            .await?;
    }
    let shown = rig.wait_for_shown(12).await?;
    let titles: Vec<String> = shown.iter().map(|card| card.title.clone()).collect();
    assert_eq!(titles, (0..12).map(|number| number.to_string()).collect::<Vec<_>>());
    let within =
        |window: &[portal_tests::notification_server::ReceivedNotification]| window[5].received - window[0].received;
    let shortest = shown.windows(6).map(within).min().context("windows")?;
    ensure!(shortest > Duration::from_millis(900), "six were shown within {shortest:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_push_whose_expiry_passes_is_expired() -> Result<()> {
    let rig = TestRig::ready(&RigSetup { arguments: &["--platform", "android"], ..RigSetup::default() }).await?;
    rig.agent.command(&["device", "doze", "on"])?;
    let in_an_hour = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string();
    rig.push(custom_notification_with("held", &json!({"expiresAt": in_an_hour}))).await?;
    rig.agent.wait(&["held=1"])?;
    rig.agent.command(&["clock", "advance", "2h"])?;
    assert_eq!(rig.next_receipt().await?["outcome"], "expired");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_does_with_it_stands_in_the_journal() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    for id in ["clicked", "dismissed"] {
        rig.settle(custom_notification(id).to_string()).await?;
    }
    let shown = rig.wait_for_shown(2).await?;
    rig.server()?.invoke(shown[0].id, "default", false).await?;
    rig.server()?.close(shown[1].id, 2).await?;
    let interactions = || -> Vec<Value> {
        let receipts = rig.agent.json_lines(&["log"]).unwrap_or_default();
        receipts.iter().map(|receipt| receipt["interaction"].clone()).collect()
    };
    until("both interactions", interactions, |found| *found == [json!("clicked"), json!("dismissed")]).await;
    Ok(())
}
