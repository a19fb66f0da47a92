//! `run` for people who only type that, for scripts that wait for it, and for a service manager.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

/// A daemon with its standard output in a pipe.
fn piped(agent: &Agent, arguments: &[&str]) -> Result<Child> {
    let mut command = agent.prepare(&[&["run", "--notifier", "console"], arguments].concat())?;
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?)
}

#[test]
fn without_a_broker_it_brings_its_own_and_prints_what_happens() -> Result<()> {
    let agent = Agent::new("")?;
    let mut daemon = piped(&agent, &[])?;
    agent.command(&["status", "--wait", "20s"])?;
    agent.command(&["enroll", "--user", "adele@contoso.example"])?;
    agent.command(&["app", "install"])?;
    agent.command(&["permission", "deny"])?;
    agent.command(&["push", "--here", "--wait", "--title", "a", "--body", "b"]).map(drop).or_else(|error| {
        // Withheld, which is an exit code of its own; the receipt has come all the same.
        ensure!(error.to_string().contains("withheld"), "{error}");
        Ok(())
    })?;
    agent.command(&["stop"])?;
    ensure!(daemon.wait()?.success());
    let printed = std::io::read_to_string(daemon.stdout.take().context("its output")?)?;
    for part in [
        "No broker is named",
        "changed    enroll user=adele@contoso.example",
        "changed    app install",
        "prompt     shows",
        "changed    permission deny",
        "withheld   ",
    ] {
        ensure!(printed.contains(part), "{part:?} is not in:\n{printed}");
    }
    Ok(())
}

#[test]
fn quiet_it_prints_nothing_but_cards() -> Result<()> {
    let agent = Agent::new("")?;
    let mut daemon = piped(&agent, &["--quiet", "--embedded-broker"])?;
    agent.command(&["status", "--wait", "20s"])?;
    agent.command(&["enroll", "--user", "adele@contoso.example"])?;
    agent.command(&["stop"])?;
    ensure!(daemon.wait()?.success());
    ensure!(std::io::read_to_string(daemon.stdout.take().context("its output")?)?.is_empty());
    Ok(())
}

#[test]
fn a_script_waits_for_the_first_line_or_for_the_file() -> Result<()> {
    let agent = Agent::new("")?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ready.json");
    std::fs::write(&file, "of an earlier daemon")?;
    let name = file.to_string_lossy().into_owned();
    let mut daemon = piped(&agent, &["--json", "--ready-file", &name])?;
    let mut first = String::new();
    BufReader::new(daemon.stdout.take().context("its output")?).read_line(&mut first)?;
    let ready: Value = serde_json::from_str(&first)?;
    let status = agent.json(&["status"])?;
    assert_eq!(ready["ready"], true);
    assert_eq!((&ready["control"], &ready["broker"]), (&status["control"]["url"], &status["broker"]["url"]));
    assert_eq!(ready["devices"], serde_json::json!([status["deviceId"]]));
    assert_eq!(status["connection"], "online");
    // The file is written behind the line; stopping waits for both.
    agent.command(&["stop"])?;
    ensure!(daemon.wait()?.success());
    ensure!(!file.exists(), "what says that a daemon is ready goes with it");
    Ok(())
}

#[test]
fn a_ready_file_that_cannot_be_written_is_told_before_the_start() -> Result<()> {
    let agent = Agent::new("")?;
    let folder = tempfile::tempdir()?;
    let inside = folder.path().join("missing/ready.json");
    for (path, why) in [(folder.path(), "folder"), (inside.as_path(), "does not exist")] {
        let line = agent.failure(2, &["run", "--ready-file", &path.to_string_lossy()])?;
        ensure!(line.contains(why) && line.contains("hint:"), "{line}");
    }
    ensure!(!agent.state_dir().join("journal.db").exists(), "nothing was started");
    Ok(())
}

#[test]
fn a_service_manager_hears_that_it_is_ready_lives_and_ends() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket)?;
    manager.set_read_timeout(Some(LIMIT))?;
    let told = || -> Result<String> {
        let mut room = [0; 256];
        let length = manager.recv(&mut room)?;
        Ok(String::from_utf8_lossy(&room[..length]).trim().to_owned())
    };
    let agent = Agent::new("")?;
    let mut command = agent.prepare(&["run", "--quiet", "--notifier", "console"])?;
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "200000").env_remove("WATCHDOG_PID");
    let mut daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    assert_eq!(told()?, "READY=1");
    assert_eq!(told()?, "WATCHDOG=1");
    assert_eq!(told()?, "WATCHDOG=1");
    agent.command(&["stop"])?;
    loop {
        match told()?.as_str() {
            "WATCHDOG=1" => {}
            "STOPPING=1" => break,
            other => anyhow::bail!("{other}"),
        }
    }
    ensure!(daemon.wait()?.success());
    Ok(())
}
