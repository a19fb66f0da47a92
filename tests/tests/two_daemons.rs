//! Two daemons of one user on one desktop, and what `doctor` says of the computer.
//!
//! Lives here: cards that say whose they are, checks that no unit test can make. Does not live here: several devices of one daemon
//! (`several_devices`).

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::session_bus::SessionBus;
use portal_tests::test_rig::LIMIT;
use serde_json::Value;

fn check(doctor: &Value, name: &str) -> Result<Value> {
    let checks = doctor["checks"].as_array().context("checks")?;
    checks.iter().find(|check| check["name"] == name).cloned().with_context(|| format!("{name} in {doctor}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_of_two_daemons_on_one_desktop_say_whose_they_are() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let folder = tempfile::tempdir()?;
    let runtime = folder.path().join("runtime");
    std::fs::create_dir(&runtime)?;
    let agent = |name: &str| {
        let state = folder.path().join(name);
        Agent::in_state_dir(&bus.address(), &state).with("XDG_RUNTIME_DIR", &runtime.display().to_string())
    };
    let (mut first, mut second) = (agent("kiosk"), agent("desk"));
    let push = ["push", "--here", "--wait", "--title", "Hello", "--body", "World"];
    first.start(&["--embedded-broker"])?;
    first.wait(&["online"])?;
    first.command(&["device", "set-up"])?;
    first.command(&push)?;
    assert_eq!(server.wait_for(1, LIMIT).await?[0].title, "Hello", "alone, nobody has to be named");

    second.start(&["--embedded-broker"])?;
    second.wait(&["online"])?;
    second.command(&["device", "set-up"])?;
    second.command(&push)?;
    let shown = server.wait_for(2, LIMIT).await?;
    assert_eq!(shown[1].title, "Hello (iPhone, desk)");
    let doctor: Value = serde_json::from_slice(&second.output(&["--json", "doctor"])?.stdout)?;
    let others = check(&doctor, "otherDaemons")?["detail"].to_string();
    ensure!(others.contains("kiosk (process "), "{others}");
    first.kill()?;
    // What was found holds for a second.
    tokio::time::timeout(LIMIT, async {
        loop {
            let doctor: Value = serde_json::from_slice(&second.output(&["--json", "doctor"])?.stdout)?;
            if check(&doctor, "otherDaemons")?["detail"].to_string().contains("no other daemon") {
                return anyhow::Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await??;
    second.command(&push)?;
    assert_eq!(server.wait_for(3, LIMIT).await?[2].title, "Hello");
    second.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_on_a_card_proves_the_way_to_the_eye() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let agent = Agent::running(&bus.address(), &["--embedded-broker"])?;
    agent.wait(&["online"])?;
    let unready = agent.output(&["--json", "doctor", "--see"])?;
    let seen = check(&serde_json::from_slice(&unready.stdout)?, "seen")?;
    ensure!(seen["ok"] == false && seen["hint"].to_string().contains("device set-up"), "{seen}");
    agent.command(&["device", "set-up"])?;
    for (types_it, ok) in [(true, true), (false, false)] {
        let before = server.notifications().len();
        let mut command = agent.prepare(&["--json", "doctor", "--see"])?;
        let mut doctor = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let shown = server.wait_for(before + 1, LIMIT).await?;
        let body = &shown[before].body;
        let code = body.rsplit(' ').next().context("a code")?.to_owned();
        let typed = if types_it { code } else { String::new() };
        writeln!(doctor.stdin.take().context("its input")?, "{typed}")?;
        let output = doctor.wait_with_output()?;
        assert_eq!(check(&serde_json::from_slice(&output.stdout)?, "seen")?["ok"], ok);
    }
    Ok(())
}

#[test]
fn the_search_for_a_broker_ends_at_the_step_that_fails() -> Result<()> {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = closed.local_addr()?.port();
    let listening = std::net::TcpListener::bind("127.0.0.1:0")?;
    drop(closed);
    for (url, name, known) in [
        ("mqtt://no-such-host.invalid:1883".to_owned(), "brokerName", true),
        (format!("mqtt://127.0.0.1:{port}"), "brokerPort", true),
        (format!("mqtts://localhost:{}", listening.local_addr()?.port()), "brokerTls", false),
    ] {
        let agent = Agent::running("", &["--broker", &url, "--notifier", "console"])?;
        let output = agent.output(&["--json", "doctor"])?;
        assert_eq!(output.status.code(), Some(1));
        let found = check(&serde_json::from_slice(&output.stdout)?, name)?;
        assert_eq!((&found["ok"], &found["known"]), (&(!known).into(), &known.into()), "{found}");
        ensure!(!known || !found["hint"].to_string().is_empty());
    }
    Ok(())
}

#[test]
fn what_could_not_be_found_out_has_no_tick() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    let page = agent.output(&["doctor"])?;
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    ensure!(!page.lines().any(|line| line.contains('✓') && line.contains("unknown")), "{page}");
    for words in ["disk", "permissions", "is this user's alone", "session", "desktopEntry"] {
        ensure!(page.contains(words), "{words} in {page}");
    }
    Ok(())
}
