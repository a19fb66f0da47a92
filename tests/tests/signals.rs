//! The signals that end `run` and `demo`: each leaves nothing behind, and nohup is heeded.
//!
//! Lives here: what a signal leaves. Does not live here: what a kill leaves (`durability`, `faults`).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::session_bus::SessionBus;
use portal_tests::test_rig::LIMIT;
use portal_tests::wait::until;
use rustix::process::{Pid, Signal, kill_process};

fn send(process: u32, signal: Signal) -> Result<()> {
    let process = Pid::from_raw(process.cast_signed()).context("a process id")?;
    Ok(kill_process(process, signal)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_ends_the_daemon_as_a_service_manager_does() -> Result<()> {
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        let bus = SessionBus::start()?;
        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
        let mut agent = Agent::running(&bus.address(), &["--embedded-broker"])?;
        agent.wait(&["online"])?;
        agent.command(&["app", "install"])?;
        server.wait_for(1, LIMIT).await?;
        send(agent.pid().context("it runs")?, signal)?;
        let ended = until("the daemon's end", || agent.ended().ok().flatten(), Option::is_some).await;
        ensure!(ended.is_some_and(|status| status.success()), "{signal:?}: {ended:?}\n{}", agent.log());
        ensure!(!agent.state_dir().join("control.json").exists(), "{signal:?}: control.json stays");
        until("the prompt's card to go", || server.open().len(), |open| *open == 0).await;
    }
    Ok(())
}

#[test]
fn nohup_keeps_the_daemon_running() -> Result<()> {
    let mut agent = Agent::new("")?;
    // `nohup` writes to a terminal's stead; what it does to the signal is what counts.
    agent.start_under(
        &["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"],
        &["--notifier", "console", "--embedded-broker"],
    )?;
    send(agent.pid().context("it runs")?, Signal::HUP)?;
    agent.wait(&["online"])?;
    ensure!(agent.ended()?.is_none(), "{}", agent.log());
    agent.stop()
}

#[test]
fn a_closed_terminal_ends_the_demo_and_its_folder_goes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(portal_tests::agent::binary()?);
    command.arg("demo").env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").env("NO_COLOR", "1");
    command.env_remove("DISPLAY").env("XDG_RUNTIME_DIR", "/dev/null/none").env("TMPDIR", folder.path());
    let mut demo = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let lines = BufReader::new(demo.stdout.take().context("its output")?).lines();
    ensure!(lines.map_while(Result::ok).any(|line| line.contains("Ctrl-C ends the demo")), "it ended before");
    send(demo.id(), Signal::HUP)?;
    let status = demo.wait()?;
    ensure!(status.success(), "{status}");
    ensure!(is_empty(folder.path())?, "the demo leaves its folder behind");
    Ok(())
}

fn is_empty(folder: &Path) -> Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}
