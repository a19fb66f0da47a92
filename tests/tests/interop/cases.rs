//! What holds on every broker, with `mosquitto_pub` and `mosquitto_sub` at the other end: nothing of it is ours.
//!
//! Lives here: topics, retained messages, the last will, groups, actions, both protocol versions. Does not live here:
//! any broker (`site`).

use anyhow::{Context, Result, ensure};
use portal_tests::test_rig::custom_notification;
use serde_json::{Value, json};

use super::site::BrokerSite;

const GROUP: &str = "11111111-2222-4333-8444-555555555555";
const USER: &str = "adele@contoso.example";

fn group_topic() -> String {
    format!("portal/v1/contoso/groups/{GROUP}/notifications")
}

/// A case, by its name.
pub type InteropCase = (&'static str, fn(&dyn BrokerSite) -> Result<()>);

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        /// Every case.
        pub const ALL: &[InteropCase] = &[$((stringify!($name), $name)),*];
    };
}

cases!(
    a_push_by_mosquitto_pub_gives_a_receipt_to_mosquitto_sub,
    a_packet_over_every_limit_neither_ends_the_connection_nor_the_daemon,
    a_retained_push_is_for_nobody,
    the_message_expiry_that_the_broker_forwards_counts,
    the_retained_state_follows_each_change,
    the_connection_is_told_at_each_end,
    group_pushes_follow_the_groups_topic_and_the_enrollment,
    remote_actions_are_carried_out_once_or_refused_by_name,
    an_action_that_the_settings_do_not_allow_is_refused,
);

/// Runs every case on one broker; an error names the case.
pub fn run_all(site: &dyn BrokerSite) -> Result<()> {
    for (name, case) in ALL {
        case(site).with_context(|| format!("{name}, on {}", site.name()))?;
    }
    Ok(())
}

pub fn a_push_by_mosquitto_pub_gives_a_receipt_to_mosquitto_sub(site: &dyn BrokerSite) -> Result<()> {
    for &protocol in site.protocols() {
        let pair = site.pair(&[("PORTAL_AGENT__BROKER__PROTOCOL", protocol)])?;
        pair.agent.make_ready()?;
        let receipts = pair.sender.subscribe(&pair.topic("receipts"))?;
        pair.sender.publish(&pair.topic("notifications"), &custom_notification("a").to_string())?;
        let receipt = receipts.next_json()?;
        assert_eq!((&receipt["outcome"], &receipt["notificationId"]), (&json!("presented"), &json!("a")));
        assert_eq!((&receipt["sequence"], &receipt["deviceId"]), (&json!(1), &json!(pair.device)));
        for time in ["receivedAt", "decidedAt"] {
            let text = receipt[time].as_str().context("a time")?;
            ensure!(text.len() == 24 && text.ends_with('Z'), "UTC with milliseconds (contract 3): {text}");
        }
        pair.sender.publish(&pair.topic("notifications"), "not JSON")?;
        assert_eq!(receipts.next_json()?["outcome"], "rejected");
        // The cards of both went to the console.
        ensure!(pair.agent.log().contains("Office closed"), "{}", pair.agent.log());
    }
    Ok(())
}

pub fn a_packet_over_every_limit_neither_ends_the_connection_nor_the_daemon(site: &dyn BrokerSite) -> Result<()> {
    for &protocol in site.protocols() {
        let pair = site.pair(&[("PORTAL_AGENT__BROKER__PROTOCOL", protocol)])?;
        let receipts = pair.sender.subscribe(&pair.topic("receipts"))?;
        pair.sender.publish(&pair.topic("notifications"), &"x".repeat(70_000))?;
        pair.sender.publish(&pair.topic("notifications"), &custom_notification("behind").to_string())?;
        let mut receipt = receipts.next_json()?;
        if protocol == "3.1.1" {
            // 3.1.1 cannot announce a limit: it arrives, and is rejected unread (contract 2).
            assert_eq!(receipt["problem"], "payloadTooLarge");
            receipt = receipts.next_json()?;
        }
        assert_eq!(receipt["notificationId"], "behind");
        let status = pair.agent.json(&["status"])?;
        assert_eq!((&status["broker"]["connected"], &status["broker"]["problem"]), (&json!(true), &Value::Null));
    }
    Ok(())
}

pub fn a_retained_push_is_for_nobody(site: &dyn BrokerSite) -> Result<()> {
    if !site.outlives_the_agent() {
        return Ok(());
    }
    for &protocol in site.protocols() {
        let mut pair = site.pair(&[("PORTAL_AGENT__BROKER__PROTOCOL", protocol)])?;
        pair.agent.stop()?;
        // Retained while nobody is there; then one behind it, by whose receipt the first would have been judged.
        pair.sender.retain(&pair.topic("notifications"), &custom_notification("retained").to_string())?;
        let receipts = pair.sender.subscribe(&pair.topic("receipts"))?;
        pair.start_again()?;
        pair.agent.wait(&["online"])?;
        pair.sender.publish(&pair.topic("notifications"), &custom_notification("behind").to_string())?;
        let settled = [receipts.next_json()?, receipts.next_json()?];
        // The session was kept: it arrives once as an ordinary push. Over 3.1.1 the retained copy comes too.
        assert_eq!(settled[0]["notificationId"], "retained", "{settled:?}");
        if protocol == "5" {
            assert_eq!((&settled[0]["outcome"], &settled[1]["notificationId"]), (&json!("withheld"), &json!("behind")));
        } else {
            // Which of the two copies comes first is the broker's matter: RabbitMQ has been seen to do either.
            assert!(settled.iter().any(|receipt| receipt["problem"] == "retained"), "{settled:?}");
        }
    }
    Ok(())
}

pub fn the_message_expiry_that_the_broker_forwards_counts(site: &dyn BrokerSite) -> Result<()> {
    if !site.protocols().contains(&"5") {
        return Ok(()); // 3.1.1 has no expiry
    }
    let pair = site.pair(&[])?;
    pair.agent.make_ready()?;
    let receipts = pair.sender.subscribe(&pair.topic("receipts"))?;
    pair.agent.command(&["app", "close"])?;
    pair.agent.command(&["device", "lock"])?;
    let expiry = ["-D", "publish", "message-expiry-interval", "3600"];
    pair.sender.publish_with(&pair.topic("notifications"), &custom_notification("fresh").to_string(), &expiry)?;
    assert_eq!(receipts.next_json()?["outcome"], "presented");
    Ok(())
}

pub fn the_retained_state_follows_each_change(site: &dyn BrokerSite) -> Result<()> {
    let pair = site.pair(&[])?;
    let state = pair.sender.subscribe(&pair.topic("state"))?;
    let holds = |command: &[&str], what: &dyn Fn(&Value) -> bool| -> Result<()> {
        pair.agent.command(command)?;
        state.until(what).map(drop)
    };
    holds(&["enroll", "--user", USER], &|state| state["userPrincipalName"] == USER)?;
    holds(&["app", "install"], &|state| state["promptsShown"] == 1)?;
    holds(&["permission", "allow"], &|state| state["notificationPermission"] == "authorized")?;
    holds(&["permission", "deny"], &|state| state["prerequisites"]["notificationsPermitted"] == false)?;
    holds(&["retire"], &|state| state.get("userPrincipalName").is_none())?;
    // Retained: a subscriber that comes later has the last one at once, and it is what `status` says.
    let retained = pair.sender.subscribe(&pair.topic("state"))?.next_json()?;
    let status = pair.agent.json(&["status"])?;
    for (member, value) in retained.as_object().context("an object")? {
        assert_eq!(*value, status[member], "{member}");
    }
    assert_eq!(retained["deviceId"], pair.device);
    Ok(())
}

pub fn the_connection_is_told_at_each_end(site: &dyn BrokerSite) -> Result<()> {
    if !site.outlives_the_agent() {
        return Ok(());
    }
    let mut pair = site.pair(&[])?;
    let connection = pair.sender.subscribe(&pair.topic("connection"))?;
    let next =
        || -> Result<String> { Ok(connection.next_json()?["connection"].as_str().context("a word")?.to_owned()) };
    assert_eq!(next()?, "online", "retained");
    // Killed: the broker publishes the last will. Cleanly ended: the agent says so itself.
    pair.agent.kill()?;
    assert_eq!(next()?, "offline");
    pair.start_again()?;
    assert_eq!(next()?, "online");
    pair.agent.wait(&["online"])?;
    pair.agent.command(&["device", "offline"])?;
    assert_eq!(next()?, "offline");
    pair.agent.command(&["device", "online"])?;
    assert_eq!(next()?, "online");
    pair.agent.wait(&["online"])?;
    pair.agent.stop()?;
    assert_eq!(next()?, "offline");
    ensure!(!pair.agent.state_dir().join("control.json").exists(), "a clean end leaves no control.json");
    assert_eq!(pair.sender.subscribe(&pair.topic("connection"))?.next_json()?, json!({"connection": "offline"}));
    Ok(())
}

pub fn group_pushes_follow_the_groups_topic_and_the_enrollment(site: &dyn BrokerSite) -> Result<()> {
    let pair = site.pair(&[])?;
    pair.agent.make_ready()?;
    let receipts = pair.sender.subscribe(&pair.topic("receipts"))?;
    let list = json!({"userPrincipalName": USER, "groups": [GROUP, "no group"]}).to_string();
    pair.service.retain(&pair.topic("groups"), &list)?;
    pair.agent.wait(&["online", &format!("groups=[\"{GROUP}\"]")])?;
    pair.sender.publish(&group_topic(), &custom_notification("to-the-group").to_string())?;
    let receipt = receipts.next_json()?;
    assert_eq!(
        (&receipt["outcome"], &receipt["target"]),
        (&json!("presented"), &json!({"kind": "group", "id": GROUP}))
    );
    ensure!(pair.agent.log().contains("no group"), "a bad entry is ignored by name: {}", pair.agent.log());

    // Retired, the device subscribes to no group; the next receipt is that of the device's own push.
    pair.agent.command(&["retire"])?;
    pair.agent.wait(&["online", "groups=[]"])?;
    pair.sender.publish(&group_topic(), &custom_notification("after-the-end").to_string())?;
    pair.sender.publish(&pair.topic("notifications"), &custom_notification("own").to_string())?;
    assert_eq!(receipts.next_json()?["notificationId"], "own");

    // Enrolled again, the list last heard counts; a list that names another user does not.
    pair.agent.command(&["enroll", "--user", USER])?;
    pair.agent.wait(&["online", &format!("groups=[\"{GROUP}\"]")])?;
    pair.service.retain(
        &pair.topic("groups"),
        &json!({"userPrincipalName": "megan@contoso.example", "groups": []}).to_string(),
    )?;
    pair.sender.publish(&group_topic(), &custom_notification("again").to_string())?;
    assert_eq!(receipts.next_json()?["notificationId"], "again");
    // An empty payload: no groups.
    pair.service.publish_with(&pair.topic("groups"), "", &["-r"])?;
    pair.agent.wait(&["groups=[]"])
}

pub fn remote_actions_are_carried_out_once_or_refused_by_name(site: &dyn BrokerSite) -> Result<()> {
    let pair = site.pair(&[])?;
    pair.agent.make_ready()?;
    let state = pair.sender.subscribe(&pair.topic("state"))?;
    let act = |id: &str, action: &str| {
        pair.service.publish(&pair.topic("actions"), &json!({"id": id, "action": action}).to_string())
    };
    let result_of =
        |id: &str| -> Result<Value> { Ok(state.until(|state| state["lastAction"]["id"] == id)?["lastAction"].clone()) };
    let (sync, wipe) = ("a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002");
    let (retire, late) = ("a0000000-0000-4000-8000-000000000003", "a0000000-0000-4000-8000-000000000004");
    act(sync, "syncDevice")?;
    assert_eq!(result_of(sync)?["result"], "done");
    act(wipe, "wipe")?;
    let refused = result_of(wipe)?;
    assert_eq!((&refused["result"], &refused["action"]), (&json!("refused"), &json!("wipe")));
    ensure!(refused["problem"].as_str().is_some_and(|problem| problem.contains("wipe")), "{refused}");
    act(retire, "retire")?;
    assert_eq!(result_of(retire)?["result"], "done");
    let status = pair.agent.json(&["status"])?;
    assert_eq!((&status["userPrincipalName"], &status["app"]["installed"]), (&Value::Null, &json!(true)));

    // The same id again does nothing; one that was sent before the present enrollment is ignored by name.
    pair.agent.command(&["enroll", "--user", USER])?;
    act(retire, "retire")?;
    let sent_at = "2020-01-01T00:00:00Z";
    let old = json!({"id": late, "action": "retire", "sentAt": sent_at}).to_string();
    pair.service.publish(&pair.topic("actions"), &old)?;
    assert_eq!(result_of(late)?["result"], "ignored");
    assert_eq!(pair.agent.json(&["status"])?["userPrincipalName"], USER);
    Ok(())
}

pub fn an_action_that_the_settings_do_not_allow_is_refused(site: &dyn BrokerSite) -> Result<()> {
    let pair = site.pair(&[("PORTAL_AGENT__ACTIONS__ALLOW", "syncDevice")])?;
    pair.agent.make_ready()?;
    let id = "a0000000-0000-4000-8000-000000000001";
    pair.service.publish(&pair.topic("actions"), &json!({"id": id, "action": "retire"}).to_string())?;
    pair.agent.wait(&["lastAction.result=refused"])?;
    let problem = pair.agent.json(&["status"])?["lastAction"]["problem"].clone();
    ensure!(problem.as_str().is_some_and(|problem| problem.contains("actions.allow")), "{problem}");
    pair.agent.wait(&["prerequisites.deviceEnrolled=true"])
}
