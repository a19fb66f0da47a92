//! Files that are none, that others may touch, or that are taken away: named, narrowed, noticed.
//!
//! Lives here: what the binary does with them. Does not live here: which encodings a file may have (`configuration`).

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::publish::{TestPublisher, notification};
use portal_tests::wait::until;

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
const RUN: [&str; 3] = ["--notifier", "console", "--embedded-broker"];

fn mode(path: &Path) -> Result<u32> {
    Ok(path.metadata().with_context(|| path.display().to_string())?.permissions().mode() & 0o777)
}

fn pipe(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    ensure!(Command::new("mkfifo").arg(&path).status()?.success());
    Ok(path)
}

#[test]
fn a_pipe_without_a_writer_is_named_wherever_a_file_is_asked_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pipe = pipe(folder.path(), "pipe.yaml")?.display().to_string();
    let state = folder.path().join("state");
    fs::create_dir(&state)?;
    let commands: [&[&str]; 3] = [
        &["--config", &pipe, "config", "check"],
        &["push", "--device", DEVICE, "--raw", &pipe],
        &["scenario", "check", &pipe],
    ];
    std::thread::scope(|scope| {
        let ends = commands.map(|command| {
            let state = &state;
            let agent = Agent::in_state_dir("", state).with("PORTAL_AGENT__BROKER__URLS", "mqtt://127.0.0.1:1");
            scope.spawn(move || agent.output(command))
        });
        for (end, command) in ends.into_iter().zip(commands) {
            let output = end.join().ok().context("a thread")??;
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(!output.status.success(), "{command:?}");
            ensure!(said.contains("pipe.yaml") && said.contains("if it is a pipe"), "{command:?}: {said}");
        }
        Ok(())
    })
}

#[test]
fn a_pipe_in_place_of_control_json_is_named_at_once() -> Result<()> {
    let agent = Agent::new("")?;
    fs::create_dir(agent.state_dir())?;
    pipe(agent.state_dir(), "control.json")?;
    let said = agent.failure(1, &["status"]).or_else(|_| agent.failure(2, &["status"]))?;
    ensure!(said.contains("control.json is not a file"), "{said}");
    Ok(())
}

#[test]
fn a_payload_comes_through_a_pipe_with_a_writer() -> Result<()> {
    let agent = Agent::running("", &RUN)?;
    agent.make_ready()?;
    let folder = tempfile::tempdir()?;
    let pipe = pipe(folder.path(), "payload")?;
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, notification("through-a-pipe"))
    });
    agent.command(&["push", "--here", "--raw", &pipe.display().to_string(), "--wait"])?;
    writer.join().ok().context("the writer")??;
    agent.wait_for_receipt("through-a-pipe")
}

#[test]
fn a_report_goes_to_standard_output_where_that_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let scenario = folder.path().join("a.yaml");
    fs::write(&scenario, "name: a\ndevice: {platform: ios}\nsteps:\n  - expect: nothing\n")?;
    let scenario = scenario.display().to_string();
    let printed = Agent::new("")?.command(&["scenario", "run", &scenario, "--junit", "/dev/stdout"])?;
    ensure!(printed.contains("<testsuites"), "{printed}");
    Ok(())
}

#[test]
fn whatever_the_umask_is_the_state_is_its_users_alone() -> Result<()> {
    for umask in ["000", "022", "077"] {
        let mut agent = Agent::new("")?;
        let under = format!("umask {umask}; exec \"$@\"");
        agent.start_under(&["sh", "-c", &under, "sh"], &RUN)?;
        agent.make_ready()?;
        assert_eq!(mode(agent.state_dir())? & 0o077, 0, "umask {umask}");
        for name in ["lock", "control.json", "journal.db", "journal.db-wal", "journal.db-shm"] {
            assert_eq!(mode(&agent.state_dir().join(name))?, 0o600, "{name}, umask {umask}");
        }
        agent.stop()?;
    }
    Ok(())
}

#[test]
fn what_is_too_wide_is_narrowed_at_the_start_and_said_once() -> Result<()> {
    let mut agent = Agent::running("", &RUN)?;
    agent.make_ready()?;
    // Killed: the write-ahead log stays.
    agent.kill()?;
    for name in ["lock", "control.json", "journal.db", "journal.db-wal"] {
        fs::set_permissions(agent.state_dir().join(name), fs::Permissions::from_mode(0o666))?;
    }
    fs::set_permissions(agent.state_dir(), fs::Permissions::from_mode(0o777))?;
    agent.start(&RUN)?;
    for name in ["lock", "control.json", "journal.db", "journal.db-wal"] {
        assert_eq!(mode(&agent.state_dir().join(name))?, 0o600, "{name}");
    }
    assert_eq!(mode(agent.state_dir())? & 0o022, 0);
    let log = agent.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("taken from them")).collect();
    ensure!(told.len() == 1 && told[0].contains("lock (0666)") && told[0].contains("journal.db-wal"), "{told:?}");
    agent.stop()
}

#[test]
fn a_state_directory_that_was_copied_from_another_computer_is_said() -> Result<()> {
    let mut agent = Agent::running("", &RUN)?;
    agent.stop()?;
    ensure!(!agent.log().contains("another computer"), "{}", agent.log());
    let note = agent.state_dir().join("computer");
    ensure!(note.exists(), "this system has a machine id");
    fs::write(&note, "0123456789abcdef0123456789abcdef")?;
    agent.start(&RUN)?;
    ensure!(agent.log().contains("was last used on another computer"), "{}", agent.log());
    agent.stop()?;
    agent.start(&RUN)?;
    assert_eq!(agent.log().matches("was last used on another computer").count(), 1);
    agent.stop()
}

/// Only root can give a file away.
#[test]
fn files_of_another_user_are_refused() -> Result<()> {
    let mut agent = Agent::running("", &RUN)?;
    agent.wait(&["online"])?;
    let ours = agent.state_dir().metadata()?.uid();
    let control = agent.state_dir().join("control.json");
    chown(&control, Some(65534), None)?;
    let output = agent.output(&["status"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success() && said.contains("another user (65534)"), "{said}");
    chown(&control, Some(ours), None)?;
    agent.stop()?;
    for name in ["journal.db", "."] {
        chown(agent.state_dir().join(name), Some(65534), None)?;
        let said = String::from_utf8_lossy(&agent.output(&[&["run"][..], &RUN].concat())?.stderr).into_owned();
        ensure!(said.contains("another user (65534)"), "{name}: {said}");
        chown(agent.state_dir().join(name), Some(ours), None)?;
    }
    agent.start(&RUN)?;
    agent.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_removed_under_the_daemon_is_said_and_nothing_acknowledged_is_lost() -> Result<()> {
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let mut agent = Agent::new("")?;
    let run = ["--notifier", "console", "--device-id", DEVICE, "--broker", &broker.url()];
    agent.start(&run)?;
    agent.make_ready()?;
    let publisher = TestPublisher::connect(broker.port()).await?;
    let topic = format!("portal/v1/contoso/devices/{DEVICE}/notifications");
    publisher.publish(&topic, notification("before")).await?;
    agent.wait_for_receipt("before")?;
    fs::remove_file(agent.state_dir().join("journal.db"))?;
    for number in 0..20 {
        publisher.publish(&topic, notification(&format!("after-{number}"))).await?;
    }
    until("word of it", || agent.log(), |log| log.contains("was removed while the daemon ran")).await;
    let output = agent.output(&["doctor"])?;
    let doctor = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(!output.status.success() && doctor.contains("was removed while the daemon ran"), "{doctor}");
    agent.kill()?;
    agent.start(&run)?;
    agent.wait_for_receipt("before")?;
    for number in 0..20 {
        agent.wait_for_receipt(&format!("after-{number}"))?;
    }
    Ok(())
}
