//! The walk that the project is about: ask, allow, push and see; deny, push, see nothing and be told why.
//!
//! Lives here: the permission and its prompt, as a person meets them. Does not live here: the other prerequisites (`outcomes`).

use anyhow::{Context, Result, ensure};
use portal_tests::notification_server::{ReceivedNotification, ServerProfile};
use portal_tests::test_rig::{LIMIT, RigSetup, TestRig, USER, custom_notification};
use serde_json::{Value, json};

/// The key of the action with this label.
fn key<'a>(prompt: &'a ReceivedNotification, label: &str) -> Result<&'a str> {
    let action = prompt.actions.iter().find(|(_, shown)| shown == label);
    Ok(action.with_context(|| format!("no {label} among {:?}", prompt.actions))?.0.as_str())
}

/// The prompt's card, which must have exactly its two actions, in its platform's order and words.
fn as_prompt(card: &ReceivedNotification) -> Result<&ReceivedNotification> {
    let labels: Vec<&str> = card.actions.iter().map(|(_, label)| label.as_str()).collect();
    ensure!(
        [["Don't Allow", "Allow"], ["Allow", "Don't allow"]].iter().any(|own| labels == own),
        "not a permission prompt: {card:?}"
    );
    ensure!(card.app == "Company Portal" && card.timeout == 0, "{card:?}");
    Ok(card)
}

/// A rig whose device's permission prompt is showing.
async fn asking(setup: &RigSetup<'_>) -> Result<TestRig> {
    let rig = TestRig::start(setup).await?;
    rig.agent.command(&["enroll", "--user", USER])?;
    rig.agent.command(&["app", "install"])?;
    Ok(rig)
}

fn standing<'a>(explanation: &'a Value, code: &str) -> Result<&'a Value> {
    let list = explanation["prerequisites"].as_array().context("prerequisites")?;
    list.iter().find(|one| one["code"] == code).with_context(|| format!("{code} in {explanation}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permission_denied_walk() -> Result<()> {
    let rig = asking(&RigSetup::default()).await?;
    let agent = &rig.agent;
    let status = agent.json(&["status"])?;
    assert_eq!(status["prompt"]["actions"], json!(["Don't Allow", "Allow"]));
    assert_eq!((&status["notificationPermission"], &status["promptsShown"]), (&json!("notDetermined"), &json!(1)));
    assert_eq!(status["prerequisites"]["notificationsPermitted"], false);

    let shown = rig.server()?.wait_for(1, LIMIT).await?;
    let prompt = as_prompt(&shown[0])?;
    rig.server()?.invoke(prompt.id, key(prompt, "Allow")?, false).await?;
    agent.wait(&["permission=authorized", "prompt=null", "prerequisites.notificationsPermitted=true"])?;

    let receipt = rig.settle(custom_notification("first").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["surface"]), (&json!("presented"), &json!("banner")));
    let shown = rig.wait_for_shown(1).await?;
    check_card(&shown[0])?;

    agent.command(&["permission", "deny"])?;
    let receipt = rig.settle(custom_notification("second").to_string()).await?;
    assert_eq!((&receipt["outcome"], &receipt["unmet"]), (&json!("withheld"), &json!(["notificationsPermitted"])));
    assert_eq!(rig.shown()?.len(), 1, "a withheld push shows nothing");
    check_explanation(&rig)?;

    agent.command(&["permission", "allow"])?;
    let receipt = rig.settle(custom_notification("third").to_string()).await?;
    assert_eq!(receipt["outcome"], "presented");
    assert_eq!(rig.wait_for_shown(2).await?.len(), 2);
    assert_eq!(agent.json(&["status"])?["promptsShown"], 1);
    Ok(())
}

fn check_card(card: &ReceivedNotification) -> Result<()> {
    assert_eq!((card.title.as_str(), card.body.as_str()), ("Office closed", "Work from home on Friday."));
    assert_eq!(card.app, "Company Portal");
    // facts 1.6: "The notification remains until the user dismisses it"
    assert_eq!((card.timeout, card.replaces_id), (0, 0));
    assert!(card.actions.len() <= 1 && card.actions.iter().all(|(key, _)| key == "default"), "{card:?}");
    assert_eq!(card.hints["urgency"], 1);
    assert!(card.hints.contains_key("desktop-entry"), "{card:?}");
    let icon = card.hints.get("image-path").and_then(Value::as_str).unwrap_or(&card.icon);
    let file = icon.strip_prefix("file://").unwrap_or(icon);
    ensure!(std::path::Path::new(file).is_file(), "the icon {icon:?} is no file");
    Ok(())
}

fn check_explanation(rig: &TestRig) -> Result<()> {
    let explanation = rig.agent.json(&["explain"])?;
    assert_eq!((&explanation["notificationId"], &explanation["outcome"]), (&json!("second"), &json!("withheld")));
    let unmet = standing(&explanation, "notificationsPermitted")?;
    assert_eq!(unmet["met"], false);
    for member in ["detail", "hint", "source"] {
        ensure!(unmet[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {unmet}");
    }
    for code in ["companyPortalInstalled", "deviceEnrolled", "enrolledByTargetedUser"] {
        assert_eq!(standing(&explanation, code)?["met"], true, "{code}");
    }
    // The moment that counts is that of the push, whatever came after it.
    assert_eq!(standing(&rig.agent.json(&["explain", "first"])?, "notificationsPermitted")?["met"], true);
    let words = rig.agent.command(&["explain"])?;
    ensure!(words.contains("permission allow") && words.contains("facts"), "{words}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_press_on_dont_allow_denies_and_no_prompt_comes_again() -> Result<()> {
    let rig = asking(&RigSetup::default()).await?;
    let shown = rig.server()?.wait_for(1, LIMIT).await?;
    rig.server()?.invoke(shown[0].id, key(&shown[0], "Don't Allow")?, false).await?;
    rig.agent.wait(&["permission=denied", "prompt=null"])?;
    let words = rig.agent.command(&["permission", "prompt"])?;
    ensure!(words.contains("already denied") && words.contains("facts 4.1"), "{words}");
    // facts 4.1: an update asks again, and iOS answers without a prompt.
    rig.agent.command(&["app", "update"])?;
    let status = rig.agent.json(&["status"])?;
    assert_eq!((&status["promptsShown"], &status["prompt"]), (&json!(1), &Value::Null));
    assert_eq!(rig.server()?.notifications().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_the_asking_connection_only_is_heard_too() -> Result<()> {
    for profile in [ServerProfile::dunst(), ServerProfile::gnome()] {
        let rig = asking(&RigSetup { profile: Some(profile), ..RigSetup::default() }).await?;
        let shown = rig.server()?.wait_for(1, LIMIT).await?;
        let prompt = as_prompt(&shown[0])?;
        // The agent begins to listen once it has the card's id; a person is slower than that.
        rig.agent.wait(&["prompt-showing"])?;
        let allow = key(prompt, "Allow")?;
        let authorised = || {
            rig.agent.json(&["permission", "show"]).is_ok_and(|state| state["notificationPermission"] == "authorized")
        };
        for _ in 0..100 {
            rig.server()?.invoke(prompt.id, allow, true).await?;
            if authorised() {
                break;
            }
        }
        rig.agent.wait(&["permission=authorized"])?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn answering_by_command_withdraws_the_card() -> Result<()> {
    for (answer, permission) in [("allow", "authorized"), ("deny", "denied")] {
        let rig = asking(&RigSetup::default()).await?;
        let prompt = rig.server()?.wait_for(1, LIMIT).await?[0].id;
        let state = rig.agent.json(&["permission", answer])?;
        assert_eq!(state["notificationPermission"], permission);
        assert_eq!(rig.server()?.wait_for_closed(1, LIMIT).await?, [prompt]);
        assert_eq!(rig.agent.json(&["status"])?["prompt"], Value::Null);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_card_leaves_an_ios_prompt_showing() -> Result<()> {
    let mut rig = asking(&RigSetup::default()).await?;
    let prompt = rig.server()?.wait_for(1, LIMIT).await?[0].id;
    rig.server()?.close(prompt, 2).await?;
    // Behind the closing, on the same bus: another server comes, and a prompt that still shows gets a card there.
    rig.stop_server().await?;
    rig.start_server(ServerProfile::xfce()).await?;
    let shown = rig.server()?.wait_for(1, LIMIT).await?;
    let prompt = as_prompt(&shown[0])?;
    let status = rig.agent.json(&["status"])?;
    assert_eq!((&status["promptsShown"], &status["notificationPermission"]), (&json!(1), &json!("notDetermined")));
    assert!(status["prompt"].is_object());
    rig.server()?.invoke(prompt.id, key(prompt, "Allow")?, false).await?;
    rig.agent.wait(&["permission=authorized"])
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_card_dismisses_an_android_prompt_which_is_no_denial() -> Result<()> {
    let rig = asking(&RigSetup { arguments: &["--platform", "android"], ..RigSetup::default() }).await?;
    let prompt = rig.server()?.wait_for(1, LIMIT).await?[0].id;
    rig.server()?.close(prompt, 2).await?;
    rig.agent.wait(&["prompt=null"])?;
    assert_eq!(rig.agent.json(&["status"])?["notificationPermission"], "notDetermined");
    // facts 4.2: swiped away, it may be asked for again.
    assert_eq!(rig.agent.json(&["permission", "prompt"])?["promptsShown"], 2);
    as_prompt(&rig.server()?.wait_for(2, LIMIT).await?[1])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_shown_anew_after_a_restart_and_not_counted() -> Result<()> {
    let mut rig = asking(&RigSetup::default()).await?;
    rig.server()?.wait_for(1, LIMIT).await?;
    rig.agent.stop()?;
    rig.start_again()?;
    rig.server()?.wait_for(2, LIMIT).await?;
    rig.agent.kill()?;
    rig.start_again()?;
    let shown = rig.server()?.wait_for(3, LIMIT).await?;
    let status = rig.agent.json(&["status"])?;
    assert_eq!((&status["promptsShown"], &status["notificationPermission"]), (&json!(1), &json!("notDetermined")));
    let prompt = as_prompt(&shown[2])?;
    rig.server()?.invoke(prompt.id, key(prompt, "Don't Allow")?, false).await?;
    rig.agent.wait(&["permission=denied"])
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_on_the_bus_cannot_answer_the_prompt() -> Result<()> {
    let rig = asking(&RigSetup::default()).await?;
    let shown = rig.server()?.wait_for(1, LIMIT).await?;
    let prompt = as_prompt(&shown[0])?;
    let forger = zbus::connection::Builder::address(rig.bus.address().as_str()).build().await?;
    let path = "/org/freedesktop/Notifications";
    let interface = "org.freedesktop.Notifications";
    for forged in ["allow", "Allow", "default"] {
        forger.emit_signal(None::<&str>, path, interface, "ActionInvoked", &(prompt.id, forged)).await?;
    }
    // An answer from the forger means that the bus has passed its signals on.
    zbus::fdo::DBusProxy::new(&forger).await?.get_id().await?;
    rig.server()?.invoke(prompt.id, key(prompt, "Don't Allow")?, false).await?;
    rig.agent.wait(&["permission=denied"])
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_notification_server_the_prompt_shows_in_status_and_is_answered_by_command() -> Result<()> {
    let mut rig = asking(&RigSetup { profile: None, ..RigSetup::default() }).await?;
    rig.agent.wait(&["prompt-showing", "desktop.notificationServer=null"])?;
    rig.start_server(ServerProfile::xfce()).await?;
    let prompt = rig.server()?.wait_for(1, LIMIT).await?[0].id;
    rig.agent.command(&["permission", "allow"])?;
    assert_eq!(rig.server()?.wait_for_closed(1, LIMIT).await?, [prompt]);
    Ok(())
}
