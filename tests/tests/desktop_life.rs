//! Lives of the daemon beside those of the desktop: what a killed daemon left, and a desktop that is not there.
//!
//! Lives here: what is closed, kept and said. Does not live here: pushes over such faults (`faults`), signals (`signals`).

use std::os::unix::net::UnixListener;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::session_bus::SessionBus;
use portal_tests::test_rig::LIMIT;
use portal_tests::wait::until;
use serde_json::Value;

fn push(agent: &Agent, id: &str) -> Result<()> {
    agent.command(&["push", "--here", "--title", id, "--body", "b", "--id", id, "--wait"]).map(drop)
}

/// Waits until the daemon has noted which cards are open: it does that behind its calls, and one that is killed before it has
/// knows nothing of them afterwards.
async fn until_noted(agent: &Agent, cards: &[u32]) {
    let file = agent.state_dir().join("desktop-cards.json");
    let noted = || std::fs::read(&file).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    let has = |noted: &Value, card: &u32| noted["ids"].as_array().is_some_and(|ids| ids.contains(&Value::from(*card)));
    until("the cards to be noted", noted, |noted| {
        noted.as_ref().is_some_and(|noted| cards.iter().all(|card| has(noted, card)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_of_a_daemon_that_was_killed_are_closed_and_those_of_one_that_ended_stay() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let mut agent = Agent::running(&bus.address(), &["--embedded-broker"])?;
    agent.make_ready()?;
    let prompts = server.notifications().len();
    push(&agent, "first")?;
    push(&agent, "second")?;
    let open = server.open();
    assert_eq!(open.len(), 2, "{open:?}");
    until_noted(&agent, &open).await;
    agent.kill()?;
    let before = server.closed().len();
    agent.start(&["--embedded-broker"])?;
    until("both to be closed", || server.closed(), |closed| open.iter().all(|id| closed[before..].contains(id))).await;

    agent.wait(&["online"])?;
    push(&agent, "third")?;
    let shown = server.wait_for(prompts + 3, LIMIT).await?;
    let third = shown.last().context("the third")?.id;
    agent.stop()?;
    agent.start(&["--embedded-broker"])?;
    agent.wait(&["online", "desktop.notificationServer.name=xfce4-notifyd"])?;
    push(&agent, "fourth")?;
    ensure!(server.open().contains(&third), "what a clean end left for the user was taken away");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_of_a_daemon_that_was_killed_is_closed_and_shown_anew() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let mut agent = Agent::running(&bus.address(), &["--embedded-broker"])?;
    agent.command(&["app", "install"])?;
    let dead = server.wait_for(1, LIMIT).await?[0].id;
    until_noted(&agent, &[dead]).await;
    agent.kill()?;
    agent.start(&["--embedded-broker"])?;
    let shown = server.wait_for(2, LIMIT).await?;
    until("the dead one to go", || server.open(), |open| *open == [shown[1].id]).await;
    ensure!(server.closed() == [dead]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_desktop_is_said_at_the_start_and_at_each_push_that_fails_for_it() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker"])?;
    until("word of it", || agent.log(), |log| log.contains("notifications cannot be shown: no session bus")).await;
    agent.make_ready()?;
    for (count, id) in ["one", "two"].iter().enumerate() {
        agent.command(&["push", "--here", "--title", "t", "--body", "b", "--id", id])?;
        let told = |log: &String| log.matches("a notification was not shown: no session bus").count() > count;
        until("word of the push", || agent.log(), told).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_went_and_came_again_is_said() -> Result<()> {
    let mut bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let agent = Agent::running(&bus.address(), &["--embedded-broker"])?;
    agent.make_ready()?;
    push(&agent, "before")?;
    server.stop().await?;
    until("word that it went", || agent.log(), |log| log.contains("cannot be shown: no notification server")).await;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    until("word that it came", || agent.log(), |log| log.contains("can show notifications again")).await;
    drop(server);
    bus.restart()?;
    until("word of the session's end", || agent.log(), |log| log.contains("the desktop session has ended")).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_of_another_user_is_named_with_who_it_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("bus");
    let listener = UnixListener::bind(&socket)?;
    // As root, who is who calls sudo; a session bus lets nobody else in.
    std::os::unix::fs::chown(&socket, Some(65534), None)?;
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let address = format!("unix:path={}", socket.display());
    let agent = Agent::new(&address)?.with("SUDO_UID", "65534").with("SUDO_USER", "adele");
    let mut agent = agent;
    agent.start(&["--embedded-broker"])?;
    let told = until("whose it is", || agent.log(), |log| log.contains("belongs to user adele")).await;
    ensure!(told.contains("run it without sudo"), "{told}");
    Ok(())
}
