//! A real notification server on a real screen: dunst under Xvfb, by its own history and by pixels.
//!
//! Lives here: what only a real server can show. Does not live here: what each card says (`permission_denied`, `outcomes`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::dunst::DunstSession;
use portal_tests::test_rig::{RigSetup, TestRig, custom_notification, custom_notification_with};
use portal_tests::wait::until;
use serde_json::{Value, json};

/// A device that would show a push, on a screen where nothing shows yet.
async fn desktop() -> Result<(TestRig, DunstSession)> {
    let rig = TestRig::ready(&RigSetup { profile: None, ..RigSetup::default() }).await?;
    let session = DunstSession::start(&rig.bus.address()).await?;
    rig.agent.wait(&["desktop.notificationServer.name=dunst"])?;
    session.wait_for_displayed(0).await?;
    session.wait_until_lit(false).await;
    Ok((rig, session))
}

/// A member of the newest card in dunst's history.
fn newest(history: &Value, member: &str) -> Result<String> {
    let text = history.pointer(&format!("/data/0/0/{member}/data")).and_then(Value::as_str);
    Ok(text.with_context(|| format!("{member} in {history}"))?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_seen_and_a_denied_one_is_not() -> Result<()> {
    let (rig, session) = desktop().await?;
    assert_eq!(rig.settle(custom_notification("seen").to_string()).await?["outcome"], "presented");
    session.wait_for_displayed(1).await?;
    session.wait_until_lit(true).await;

    // Dismissed by the user, it goes into dunst's history and our journal.
    session.control("NotificationCloseLast").await?;
    session.wait_until_lit(false).await;
    let history = session.history()?;
    assert_eq!(newest(&history, "appname")?, "Company Portal");
    assert_eq!(newest(&history, "summary")?, "Office closed");
    assert_eq!(newest(&history, "body")?, "Work from home on Friday.");
    let interaction = || rig.agent.json_lines(&["log"]).ok().map(|log| log[0]["interaction"].clone());
    until("dismissed", interaction, |found| *found == Some(json!("dismissed"))).await;

    rig.agent.command(&["permission", "deny"])?;
    assert_eq!(rig.settle(custom_notification("unseen").to_string()).await?["outcome"], "withheld");
    assert_eq!(session.displayed().await?, 0);
    ensure!(session.lit()? < 0.001, "something is on the screen");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_is_shown_literally_however_dunst_reads_it() -> Result<()> {
    let body = "<b>bold</b> <a href='https://evil.example'>link</a> & <img src='file:///etc/hosts'/>";
    for markup in ["full", "strip", "", "no"] {
        let rig = TestRig::ready(&RigSetup { profile: None, ..RigSetup::default() }).await?;
        let session = DunstSession::start_reading_markup(&rig.bus.address(), markup).await?;
        rig.agent.wait(&["desktop.notificationServer.name=dunst"])?;
        rig.settle(custom_notification_with("a", &json!({"notificationBody": body}))).await?;
        session.wait_for_displayed(1).await?;
        session.control("NotificationCloseAll").await?;
        // What dunst hands to its renderer, in Pango's markup; the title's own is dunst's.
        let drawn = newest(&session.history()?, "message")?;
        let drawn = drawn.strip_prefix("<b>Office closed</b>\n").context("the title")?;
        ensure!(!drawn.contains('<'), "{markup}: {drawn}");
        let quotes = drawn.replace("&apos;", "'").replace("&#39;", "'");
        let read = quotes.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        // Told to read no markup, dunst shows the entities that keep every other setting from obeying it.
        let entities = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert_eq!(read, if markup == "no" { entities } else { body.to_owned() }, "{markup}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_and_is_back_in_time_shows_what_waited() -> Result<()> {
    let (rig, mut session) = desktop().await?;
    session.kill_dunst()?;
    rig.push(custom_notification("waits").to_string()).await?;
    rig.agent.wait(&["held=1", "desktop.notificationServer=null"])?;
    session.start_dunst().await?;
    assert_eq!(rig.next_receipt().await?["outcome"], "presented");
    session.wait_for_displayed(1).await?;
    session.wait_until_lit(true).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_fails_what_was_in_hand_and_shows_the_next() -> Result<()> {
    let (rig, session) = desktop().await?;
    session.signal_dunst("STOP")?;
    let receipt = rig.settle(custom_notification("in-hand").to_string()).await?;
    assert_eq!(
        (&receipt["outcome"], &receipt["problem"]),
        (&json!("failed"), &json!("notificationServerDidNotAnswer"))
    );
    rig.agent.command(&["status"])?;
    session.signal_dunst("CONT")?;
    // Another text: dunst stacks what reads the same.
    let next = custom_notification_with("next", &json!({"notificationTitle": "Office open"}));
    assert_eq!(rig.settle(next).await?["outcome"], "presented");
    // The one that was in hand may appear after all, as its receipt says; it was called for once.
    session.wait_for_displayed(2).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_is_closed_on_the_screen_still_waits() -> Result<()> {
    let rig = TestRig::start(&RigSetup { profile: None, ..RigSetup::default() }).await?;
    let session = DunstSession::start(&rig.bus.address()).await?;
    rig.agent.command(&["app", "install"])?;
    session.wait_for_displayed(1).await?;
    session.wait_until_lit(true).await;
    // Without a menu program dunst offers no choice; closing it is no answer (contract 5).
    session.control("NotificationCloseAll").await?;
    session.wait_for_displayed(0).await?;
    let status = rig.agent.json(&["status"])?;
    ensure!(status["prompt"].is_object() && status["notificationPermission"] == "notDetermined", "{status}");
    rig.agent.command(&["permission", "allow"])?;
    rig.agent.wait(&["permission=authorized"])
}

/// The check of this name in `doctor`.
fn check(rig: &TestRig, name: &str) -> Result<Value> {
    let doctor: Value = serde_json::from_slice(&rig.agent.output(&["--json", "doctor"])?.stdout)?;
    let checks = doctor["checks"].as_array().context("checks")?;
    Ok(checks.iter().find(|check| check["name"] == name).context("the check")?.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_doctor_says_so_and_examines_the_desktop_all_the_same() -> Result<()> {
    let (rig, _session) = desktop().await?;
    let stopped = Agent::new("")?;
    let doctor = stopped.prepare(&["--json", "doctor"])?.env("DBUS_SESSION_BUS_ADDRESS", rig.bus.address()).output()?;
    assert_eq!(doctor.status.code(), Some(3));
    let doctor: Value = serde_json::from_slice(&doctor.stdout)?;
    let check = |name: &str| {
        let checks = doctor["checks"].as_array().into_iter().flatten();
        checks.into_iter().find(|check| check["name"] == name).cloned().with_context(|| format!("{name} in {doctor}"))
    };
    assert_eq!(check("daemon")?["ok"], false);
    let server = check("notificationServer")?;
    ensure!(
        server["ok"] == true && server["detail"].as_str().is_some_and(|text| text.starts_with("dunst")),
        "{server}"
    );
    assert_eq!(check("doNotDisturb")?["known"], true);
    ensure!(!stopped.state_dir().exists(), "asking makes no state directory");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_in_do_not_disturb_is_told_beside_the_device_and_never_as_its_own() -> Result<()> {
    let (rig, session) = desktop().await?;
    let receipt = rig.settle(custom_notification("heard").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["desktop"]), (&json!("presented"), &json!("accepted")));
    session.wait_for_displayed(1).await?;
    session.control("NotificationCloseAll").await?;
    session.wait_until_lit(false).await;

    session.set_paused(true).await?;
    rig.agent.wait(&["desktop.verdict=doNotDisturb"])?;
    let receipt = rig.settle(custom_notification("unheard").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["desktop"]), (&json!("presented"), &json!("doNotDisturb")));
    assert_eq!((session.displayed().await?, receipt["surface"].as_str()), (0, Some("banner")), "{receipt}");

    let status = rig.agent.json(&["status"])?;
    assert_eq!(status["condition"]["focus"], false);
    assert!(status["desktop"]["problem"].is_null() && status["prerequisites"]["notificationsPermitted"] == true);
    let explanation = rig.agent.json(&["explain"])?;
    assert_eq!(explanation["desktop"], "doNotDisturb");
    let sentence = explanation["desktopDetail"].as_str().context("a sentence")?;
    assert!(sentence.contains("this computer's own setting, not the device's Focus"), "{sentence}");
    let prerequisites = explanation["prerequisites"].as_array().context("prerequisites")?;
    assert!(prerequisites.iter().all(|standing| standing["met"] == true), "{explanation}");
    let disturbed = check(&rig, "doNotDisturb")?;
    assert_eq!((&disturbed["ok"], &disturbed["hint"]), (&json!(false), &json!("dunstctl set-paused false")));
    assert_eq!(check(&rig, "notificationServer")?["ok"], true);

    session.set_paused(false).await?;
    rig.agent.wait(&["desktop.verdict=accepted"])?;
    assert_eq!(check(&rig, "doNotDisturb")?["ok"], true);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_is_signalled_nowhere_is_known_at_the_next_push() -> Result<()> {
    let (rig, session) = desktop().await?;
    session.signal_dunst("USR1")?;
    let receipt = rig.settle(custom_notification("a").to_string()).await?;
    assert_eq!(receipt["desktop"], "doNotDisturb");
    assert_eq!(rig.agent.json(&["log"])?["desktop"], "doNotDisturb", "and the journal keeps it");
    session.signal_dunst("USR2")?;
    assert_eq!(check(&rig, "doNotDisturb")?["ok"], true, "doctor asks anew");
    Ok(())
}
