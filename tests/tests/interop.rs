//! Against Debian's mosquitto, with `mosquitto_pub` and `mosquitto_sub` at the other end: nothing of it is ours.
//!
//! Lives here: topics, retained messages, the last will, groups, actions, both protocol versions, a broker that goes away.
//! Does not live here: certificates and passwords (`interop_security`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, Setup};
use portal_tests::mosquitto_clients::Reach;
use portal_tests::station::{custom_notification, embedded_port};
use portal_tests::wait::until;
use serde_json::{Value, json};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const GROUP: &str = "11111111-2222-4333-8444-555555555555";
const USER: &str = "adele@contoso.example";

fn topic(leaf: &str) -> String {
    format!("portal/v1/contoso/devices/{DEVICE}/{leaf}")
}

fn group_topic() -> String {
    format!("portal/v1/contoso/groups/{GROUP}/notifications")
}

/// An agent on a broker of its own; cards go to its standard output.
struct Pair {
    agent: Agent,
    broker: Mosquitto,
    clients: Reach,
}

fn arguments(url: &str) -> [&str; 6] {
    ["--device-id", DEVICE, "--notifier", "console", "--broker", url]
}

fn pair(environment: &[(&str, &str)]) -> Result<Pair> {
    let broker = Mosquitto::start(&Setup { persistent: true, ..Setup::default() })?;
    let mut agent = Agent::new("")?;
    for (name, value) in environment {
        agent = agent.with(name, value);
    }
    agent.start(&arguments(&broker.url()))?;
    agent.wait(&["online"])?;
    let clients = Reach::port(broker.port());
    Ok(Pair { agent, broker, clients })
}

#[test]
fn a_push_by_mosquitto_pub_gives_a_receipt_to_mosquitto_sub() -> Result<()> {
    for protocol in ["5", "3.1.1"] {
        let Pair { agent, clients, broker: _broker } = pair(&[("PORTAL_AGENT__BROKER__PROTOCOL", protocol)])?;
        agent.make_ready()?;
        let receipts = clients.subscribe(&topic("receipts"))?;
        clients.publish(&topic("notifications"), &custom_notification("a").to_string())?;
        let receipt = receipts.next_json()?;
        assert_eq!((&receipt["outcome"], &receipt["notificationId"]), (&json!("presented"), &json!("a")));
        assert_eq!((&receipt["sequence"], &receipt["deviceId"]), (&json!(1), &json!(DEVICE)));
        for time in ["receivedAt", "decidedAt"] {
            let text = receipt[time].as_str().context("a time")?;
            ensure!(text.len() == 24 && text.ends_with('Z'), "UTC with milliseconds (contract 3): {text}");
        }
        clients.publish(&topic("notifications"), "not JSON")?;
        assert_eq!(receipts.next_json()?["outcome"], "rejected");
        // The cards of both went to the console.
        ensure!(agent.log().contains("Office closed"), "{}", agent.log());
    }
    Ok(())
}

#[test]
fn a_packet_over_every_limit_neither_ends_the_connection_nor_the_daemon() -> Result<()> {
    for protocol in ["5", "3.1.1"] {
        let Pair { agent, clients, broker: _broker } = pair(&[("PORTAL_AGENT__BROKER__PROTOCOL", protocol)])?;
        let receipts = clients.subscribe(&topic("receipts"))?;
        clients.publish(&topic("notifications"), &"x".repeat(70_000))?;
        clients.publish(&topic("notifications"), &custom_notification("behind").to_string())?;
        let mut receipt = receipts.next_json()?;
        if protocol == "3.1.1" {
            // 3.1.1 cannot announce a limit: it arrives, and is rejected unread (contract 2).
            assert_eq!(receipt["problem"], "payloadTooLarge");
            receipt = receipts.next_json()?;
        }
        assert_eq!(receipt["notificationId"], "behind");
        let status = agent.json(&["status"])?;
        assert_eq!((&status["broker"]["connected"], &status["broker"]["problem"]), (&json!(true), &Value::Null));
    }
    Ok(())
}

#[test]
fn a_retained_push_is_for_nobody() -> Result<()> {
    for protocol in ["5", "3.1.1"] {
        let Pair { mut agent, clients, broker } = pair(&[("PORTAL_AGENT__BROKER__PROTOCOL", protocol)])?;
        agent.stop()?;
        // Retained while nobody is there; then one behind it, by whose receipt the first would have been judged.
        clients.retain(&topic("notifications"), &custom_notification("retained").to_string())?;
        let receipts = clients.subscribe(&topic("receipts"))?;
        agent.start(&arguments(&broker.url()))?;
        agent.wait(&["online"])?;
        clients.publish(&topic("notifications"), &custom_notification("behind").to_string())?;
        let settled = [receipts.next_json()?, receipts.next_json()?];
        // The session was kept: it arrives once as an ordinary push. Over 3.1.1 the retained copy comes too.
        assert_eq!(settled[0]["notificationId"], "retained", "{settled:?}");
        if protocol == "5" {
            assert_eq!((&settled[0]["outcome"], &settled[1]["notificationId"]), (&json!("withheld"), &json!("behind")));
        } else {
            assert_eq!(settled[1]["problem"], "retained", "{settled:?}");
        }
    }
    Ok(())
}

#[test]
fn the_message_expiry_that_the_broker_forwards_counts() -> Result<()> {
    let Pair { agent, clients, broker: _broker } = pair(&[])?;
    agent.make_ready()?;
    let receipts = clients.subscribe(&topic("receipts"))?;
    agent.command(&["app", "close"])?;
    agent.command(&["device", "lock"])?;
    let expiry = ["-D", "publish", "message-expiry-interval", "3600"];
    clients.publish_with(&topic("notifications"), &custom_notification("fresh").to_string(), &expiry)?;
    assert_eq!(receipts.next_json()?["outcome"], "presented");
    Ok(())
}

#[test]
fn the_retained_state_follows_each_change() -> Result<()> {
    let Pair { agent, clients, broker: _broker } = pair(&[])?;
    let state = clients.subscribe(&topic("state"))?;
    let holds = |command: &[&str], what: &dyn Fn(&Value) -> bool| -> Result<()> {
        agent.command(command)?;
        state.until(what).map(drop)
    };
    holds(&["enroll", "--user", USER], &|state| state["userPrincipalName"] == USER)?;
    holds(&["app", "install"], &|state| state["promptsShown"] == 1)?;
    holds(&["permission", "allow"], &|state| state["notificationPermission"] == "authorized")?;
    holds(&["permission", "deny"], &|state| state["prerequisites"]["notificationsPermitted"] == false)?;
    holds(&["retire"], &|state| state.get("userPrincipalName").is_none())?;
    // Retained: a subscriber that comes later has the last one at once, and it is what `status` says.
    let retained = clients.subscribe(&topic("state"))?.next_json()?;
    let status = agent.json(&["status"])?;
    for (member, value) in retained.as_object().context("an object")? {
        assert_eq!(*value, status[member], "{member}");
    }
    assert_eq!(retained["deviceId"], DEVICE);
    Ok(())
}

#[test]
fn the_connection_is_told_at_each_end() -> Result<()> {
    let Pair { mut agent, broker, clients } = pair(&[])?;
    let connection = clients.subscribe(&topic("connection"))?;
    let next =
        || -> Result<String> { Ok(connection.next_json()?["connection"].as_str().context("a word")?.to_owned()) };
    assert_eq!(next()?, "online", "retained");
    // Killed: the broker publishes the last will. Cleanly ended: the agent says so itself.
    agent.kill()?;
    assert_eq!(next()?, "offline");
    agent.start(&arguments(&broker.url()))?;
    assert_eq!(next()?, "online");
    agent.wait(&["online"])?;
    agent.command(&["device", "offline"])?;
    assert_eq!(next()?, "offline");
    agent.command(&["device", "online"])?;
    assert_eq!(next()?, "online");
    agent.wait(&["online"])?;
    agent.stop()?;
    assert_eq!(next()?, "offline");
    ensure!(!agent.state_dir().join("control.json").exists(), "a clean end leaves no control.json");
    assert_eq!(clients.subscribe(&topic("connection"))?.next_json()?, json!({"connection": "offline"}));
    Ok(())
}

#[test]
fn group_pushes_follow_the_groups_topic_and_the_enrollment() -> Result<()> {
    let Pair { agent, clients, broker: _broker } = pair(&[])?;
    agent.make_ready()?;
    let receipts = clients.subscribe(&topic("receipts"))?;
    let list = json!({"userPrincipalName": USER, "groups": [GROUP, "no group"]}).to_string();
    clients.retain(&topic("groups"), &list)?;
    agent.wait(&["online", &format!("groups=[\"{GROUP}\"]")])?;
    clients.publish(&group_topic(), &custom_notification("to-the-group").to_string())?;
    let receipt = receipts.next_json()?;
    assert_eq!(
        (&receipt["outcome"], &receipt["target"]),
        (&json!("presented"), &json!({"kind": "group", "id": GROUP}))
    );
    ensure!(agent.log().contains("no group"), "a bad entry is ignored by name: {}", agent.log());

    // Retired, the device subscribes to no group; the next receipt is that of the device's own push.
    agent.command(&["retire"])?;
    agent.wait(&["online", "groups=[]"])?;
    clients.publish(&group_topic(), &custom_notification("after-the-end").to_string())?;
    clients.publish(&topic("notifications"), &custom_notification("own").to_string())?;
    assert_eq!(receipts.next_json()?["notificationId"], "own");

    // Enrolled again, the list last heard counts; a list that names another user does not.
    agent.command(&["enroll", "--user", USER])?;
    agent.wait(&["online", &format!("groups=[\"{GROUP}\"]")])?;
    clients
        .retain(&topic("groups"), &json!({"userPrincipalName": "megan@contoso.example", "groups": []}).to_string())?;
    clients.publish(&group_topic(), &custom_notification("again").to_string())?;
    assert_eq!(receipts.next_json()?["notificationId"], "again");
    // An empty payload: no groups.
    clients.publish_with(&topic("groups"), "", &["-r"])?;
    agent.wait(&["groups=[]"])
}

#[test]
fn remote_actions_are_carried_out_once_or_refused_by_name() -> Result<()> {
    let Pair { agent, clients, broker: _broker } = pair(&[])?;
    agent.make_ready()?;
    let state = clients.subscribe(&topic("state"))?;
    let act =
        |id: &str, action: &str| clients.publish(&topic("actions"), &json!({"id": id, "action": action}).to_string());
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
    let status = agent.json(&["status"])?;
    assert_eq!((&status["userPrincipalName"], &status["app"]["installed"]), (&Value::Null, &json!(true)));

    // The same id again does nothing; one that was sent before the present enrollment is ignored by name.
    agent.command(&["enroll", "--user", USER])?;
    act(retire, "retire")?;
    let sent_at = "2020-01-01T00:00:00Z";
    let old = json!({"id": late, "action": "retire", "sentAt": sent_at}).to_string();
    clients.publish(&topic("actions"), &old)?;
    assert_eq!(result_of(late)?["result"], "ignored");
    assert_eq!(agent.json(&["status"])?["userPrincipalName"], USER);
    Ok(())
}

#[test]
fn an_action_that_the_settings_do_not_allow_is_refused() -> Result<()> {
    let Pair { agent, clients, broker: _broker } = pair(&[("PORTAL_AGENT__ACTIONS__ALLOW", "syncDevice")])?;
    agent.make_ready()?;
    let id = "a0000000-0000-4000-8000-000000000001";
    clients.publish(&topic("actions"), &json!({"id": id, "action": "retire"}).to_string())?;
    agent.wait(&["lastAction.result=refused"])?;
    let problem = agent.json(&["status"])?["lastAction"]["problem"].clone();
    ensure!(problem.as_str().is_some_and(|problem| problem.contains("actions.allow")), "{problem}");
    agent.wait(&["prerequisites.deviceEnrolled=true"])
}

#[test]
fn what_is_sent_while_the_broker_restarts_arrives_afterwards() -> Result<()> {
    let Pair { agent, mut broker, clients } = pair(&[])?;
    agent.make_ready()?;
    broker.kill()?;
    agent.wait(&["connection=offline"])?;
    let problem = agent.json(&["status"])?["broker"]["problem"].clone();
    ensure!(problem.as_str().is_some_and(|problem| problem.contains(&broker.port().to_string())), "{problem}");
    broker.restart()?;
    agent.wait(&["online"])?;
    clients.publish(&topic("notifications"), &custom_notification("afterwards").to_string())?;
    agent.wait_for_receipt("afterwards")?;
    assert_eq!(agent.json(&["status"])?["broker"]["problem"], Value::Null);
    let complaints = agent.log().lines().filter(|line| line.contains("WARN") && line.contains("refused")).count();
    ensure!(complaints <= 2, "a broker that is away is told once: {}", agent.log());
    Ok(())
}

#[test]
fn the_brokers_of_the_list_are_tried_in_turn() -> Result<()> {
    let (mut first, second) = (Mosquitto::start(&Setup::default())?, Mosquitto::start(&Setup::default())?);
    let (first_url, second_url) = (first.url(), second.url());
    let mut agent = Agent::new("")?;
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &first_url, "--broker", &second_url])?;
    agent.wait(&["online"])?;
    assert_eq!(agent.json(&["status"])?["broker"]["url"], json!(first_url));
    first.kill()?;
    agent.wait(&["online", &format!("broker.url={second_url}")])?;
    agent.make_ready()?;
    let receipts = Reach::port(second.port()).subscribe(&topic("receipts"))?;
    Reach::port(second.port()).publish(&topic("notifications"), &custom_notification("a").to_string())?;
    assert_eq!(receipts.next_json()?["outcome"], "presented");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_of_the_same_device_is_named_as_the_likely_cause() -> Result<()> {
    let Pair { agent, broker, clients: _clients } = pair(&[])?;
    let mut second = Agent::new("")?;
    second.start(&arguments(&broker.url()))?;
    // This mosquitto only closes the connection that it gives away (stack-mqtt), so it takes three to be sure.
    let problem_of = |agent: &Agent| agent.json(&["status"]).unwrap_or_default()["broker"]["problem"].to_string();
    let problems = || [problem_of(&agent), problem_of(&second)];
    until("a second client", problems, |all| all.iter().any(|one| one.contains("second client"))).await;
    Ok(())
}

#[test]
fn the_embedded_broker_serves_mosquittos_clients() -> Result<()> {
    let mut agent = Agent::new("")?;
    agent.start(&["--device-id", DEVICE, "--notifier", "console", "--embedded-broker", "127.0.0.1:0"])?;
    agent.make_ready()?;
    let clients = Reach::port(embedded_port(&agent.json(&["status"])?)?);
    let receipts = clients.subscribe(&topic("receipts"))?;
    clients.publish(&topic("notifications"), &custom_notification("a").to_string())?;
    assert_eq!(receipts.next_json()?["outcome"], "presented");
    assert_eq!(clients.subscribe(&topic("connection"))?.next_json()?, json!({"connection": "online"}));
    Ok(())
}
