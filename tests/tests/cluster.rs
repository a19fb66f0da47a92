//! Three RabbitMQ nodes with quorum queues (Debian's package, MQTT 3.1.1): what a node's sudden death costs.
//!
//! Lives here: kills while pushes flow, and what the agent knows afterwards. Does not live here: what it does on each
//! broker while that is well (`interop`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto_clients::BrokerArguments;
use portal_tests::rabbitmq::{ClusterSetup, RabbitCluster};
use portal_tests::steady::SteadyPublisher;
use portal_tests::test_rig::custom_notification;
use portal_tests::wait::LIMIT;
use serde_json::{Value, json};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const GROUP: &str = "11111111-2222-4333-8444-555555555555";
const USER: &str = "adele@contoso.example";
/// How many pushes a second flow: the agent shows about 800 a second, a card and a commit each.
const RATE: u32 = 400;
/// How long the agent may take to another node (issue 10).
const MOVED_WITHIN: Duration = Duration::from_secs(2);

fn full() -> bool {
    std::env::var_os("PORTAL_TESTS_FULL").is_some()
}

fn topic(leaf: &str) -> String {
    format!("portal/v1/contoso/devices/{DEVICE}/{leaf}")
}

fn clients(cluster: &RabbitCluster, node: usize) -> BrokerArguments {
    BrokerArguments::port(cluster.port(node)).with(&["-V", "mqttv311"])
}

/// An agent that knows all three nodes.
fn agent_on(cluster: &RabbitCluster) -> Result<Agent> {
    let mut agent = Agent::new("")?
        .with("PORTAL_AGENT__BROKER__PROTOCOL", "3.1.1")
        .with("PORTAL_AGENT__NOTIFIER__PACE_PER_SECOND", "10000");
    let urls: Vec<String> = (0..3).flat_map(|node| ["--broker".to_owned(), cluster.url(node)]).collect();
    let mut arguments = vec!["--device-id", DEVICE, "--notifier", "console"];
    arguments.extend(urls.iter().map(String::as_str));
    agent.start(&arguments)?;
    agent.make_ready()?;
    Ok(agent)
}

/// The node that the agent is on.
fn node_of(agent: &Agent, cluster: &RabbitCluster) -> Result<usize> {
    let url = agent.json(&["status"])?["broker"]["url"].as_str().context("a URL")?.to_owned();
    cluster.node_of(&url).with_context(|| format!("{url} is no node"))
}

/// Waits until the agent is online on another node than this, and says how long it took since `killed`.
fn moved_away(agent: &Agent, cluster: &RabbitCluster, dead: usize, killed: Instant) -> Result<Duration> {
    loop {
        let status = agent.json(&["status"])?;
        let url = status["broker"]["url"].as_str().unwrap_or_default();
        if status["broker"]["connected"] == true && cluster.node_of(url).is_some_and(|node| node != dead) {
            return Ok(killed.elapsed());
        }
        ensure!(killed.elapsed() < Duration::from_secs(30), "still away: {status}\n{}", agent.log());
    }
}

/// How often each push was shown: its title stands on a line of the console.
fn shown(agent: &Agent, round: usize) -> BTreeMap<String, usize> {
    let mut shown = BTreeMap::new();
    let mark = format!("push {round}-");
    for line in agent.log().lines() {
        if let Some(at) = line.find(&mark) {
            let id: String = line[at..].chars().take_while(|c| !matches!(c, '.' | '"')).collect();
            *shown.entry(id).or_insert(0) += 1;
        }
    }
    shown
}

/// Waits until the agent has settled this push, as long as it goes on settling others: a busy computer may lag behind.
fn caught_up(agent: &Agent, id: &str) -> Result<()> {
    let (mut progress, mut since) = (Value::Null, Instant::now());
    while agent.receipts(&["--id", id])?.is_empty() {
        let latest = agent.receipts(&["--limit", "1"])?.pop().unwrap_or_default()["sequence"].clone();
        if latest != progress {
            (progress, since) = (latest, Instant::now());
        }
        ensure!(since.elapsed() < LIMIT, "no receipt of {id} behind the {progress} that there are");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Pushes flow, the agent's node is killed in the middle; nothing is lost, nothing is shown twice.
async fn round(agent: &Agent, cluster: &mut RabbitCluster, round: usize, count: usize) -> Result<Duration> {
    let home = node_of(agent, cluster)?;
    let publishers = [1, 2].map(|step| cluster.port((home + step) % 3));
    let ids: Vec<String> = (0..count).map(|number| format!("push {round}-{number}")).collect();
    let pushes = ids.iter().map(|id| {
        json!({"id": id, "notificationTitle": format!("{id}."), "notificationBody": "Work from home."}).to_string()
    });
    let stream = SteadyPublisher::start(&publishers, topic("notifications"), pushes.collect(), RATE).await?;
    stream.wait_for(count / 2).await?;
    let killed = Instant::now();
    cluster.kill(home)?;
    let moved = moved_away(agent, cluster, home, killed)?;
    stream.wait_for(count).await?;
    caught_up(agent, &ids[count - 1])?;
    cluster.restart(home)?;
    let shown = shown(agent, round);
    let lost = ids.iter().filter(|id| !shown.contains_key(*id)).count();
    let twice = shown.values().filter(|times| **times > 1).count();
    let redelivered = agent.json(&["status"])?["redelivered"].clone();
    println!(
        "round {round}: {count} pushes, node {} killed, moved to node {} in {} ms, lost {lost}, shown twice {twice}, \
         redelivered so far {redelivered}",
        home + 1,
        node_of(agent, cluster)? + 1,
        moved.as_millis()
    );
    ensure!(lost == 0 && twice == 0, "lost {lost}, shown twice {twice} of {count}");
    Ok(moved)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_loses_nothing_and_the_agent_goes_on_at_another() -> Result<()> {
    let mut cluster =
        RabbitCluster::start(&ClusterSetup { nodes: 3, more: "mqtt.allow_anonymous = true\n".to_owned() })?;
    let agent = agent_on(&cluster)?;
    let (rounds, count) = if full() { (5, 20_000) } else { (2, 1_000) };
    let mut slowest = Duration::ZERO;
    for number in 0..rounds {
        slowest = slowest.max(round(&agent, &mut cluster, number, count).await?);
    }
    ensure!(slowest < MOVED_WITHIN, "the slowest move took {slowest:?}\n{}", agent.log());
    groups_and_state_survive(&agent, &mut cluster)
}

/// The node that kept the retained messages dies, and its wills with it: the agent still knows its groups, says its
/// state and connection again, and explains.
fn groups_and_state_survive(agent: &Agent, cluster: &mut RabbitCluster) -> Result<()> {
    let home = node_of(agent, cluster)?;
    let other = (home + 1) % 3;
    let list = json!({"userPrincipalName": USER, "groups": [GROUP]}).to_string();
    clients(cluster, home).retain(&topic("groups"), &list)?;
    agent.wait(&["online", &format!("groups=[\"{GROUP}\"]")])?;
    let state = clients(cluster, other).subscribe(&topic("state"))?;
    let connection = clients(cluster, other).subscribe(&topic("connection"))?;
    let receipts = clients(cluster, other).subscribe(&topic("receipts"))?;
    cluster.kill(home)?;
    moved_away(agent, cluster, home, Instant::now())?;
    assert_eq!(connection.until(|payload| payload["connection"] == "online")?, json!({"connection": "online"}));
    let said = state.until(|state| state["userPrincipalName"] == USER)?;
    assert_eq!(said["prerequisites"]["deviceEnrolled"], true);

    let to_group = format!("portal/v1/contoso/groups/{GROUP}/notifications");
    clients(cluster, other).publish(&to_group, &custom_notification("to-the-group").to_string())?;
    let receipt = receipts.until(|receipt| receipt["notificationId"] == "to-the-group")?;
    assert_eq!((&receipt["outcome"], &receipt["target"]["id"]), (&json!("presented"), &json!(GROUP)));
    agent.command(&["permission", "deny"])?;
    clients(cluster, other).publish(&topic("notifications"), &custom_notification("withheld").to_string())?;
    agent.wait_for_receipt("withheld")?;
    let explanation = agent.json(&["explain", "withheld"])?;
    assert_eq!(explanation["outcome"], "withheld");
    let unmet = explanation["prerequisites"].as_array().context("a checklist")?.iter();
    let unmet: Vec<&Value> = unmet.filter(|one| one["met"] == false).map(|one| &one["code"]).collect();
    assert_eq!(unmet, [&json!("notificationsPermitted")]);
    // A list that is sent to another node while the device's node is dead reaches it all the same.
    clients(cluster, other).publish_with(&topic("groups"), "", &["-r"])?;
    agent.wait(&["groups=[]"])?;
    cluster.restart(home)
}
