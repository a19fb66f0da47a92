//! `scenario record`: what was done to a running device becomes a file that passes when it is run.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use tempfile::TempDir;

/// A recording under way.
struct RunningRecorder {
    child: Child,
    file: PathBuf,
    _folder: TempDir,
}

impl RunningRecorder {
    /// Returns once it listens.
    fn start(agent: &Agent) -> Result<Self> {
        let folder = TempDir::with_prefix("scenario-record-")?;
        let file = folder.path().join("recorded.yaml");
        let mut command = agent.prepare(&["scenario", "record", "--name", "As it was", "--output"])?;
        let mut child = command.arg(&file).stderr(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stderr.take().context("its standard error")?).read_line(&mut line)?;
        ensure!(line.starts_with("recording "), "{line}");
        Ok(Self { child, file, _folder: folder })
    }

    /// Ends it as Ctrl-C does, and gives what it wrote.
    fn end(mut self) -> Result<(TempDir, PathBuf, String)> {
        let interrupted = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        ensure!(interrupted.success(), "it is not there any more");
        let ended = self.child.wait()?;
        ensure!(ended.success(), "{ended}");
        let text = std::fs::read_to_string(&self.file)?;
        Ok((self._folder, self.file, text))
    }
}

fn passes(file: &Path, text: &str) -> Result<()> {
    let output = Agent::new("")?.output(&["scenario", "run", "--strict", &file.to_string_lossy()])?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{printed}\n{text}");
    Ok(())
}

fn push(agent: &Agent, id: &str, more: &[&str]) -> Result<()> {
    agent.command(
        &[&["push", "--here", "--title", "Hello: \"${x}\"", "--body", "two\nlines", "--id", id, "--wait"], more]
            .concat(),
    )?;
    Ok(())
}

#[test]
fn a_session_on_an_iphone_is_recorded_and_passes() -> Result<()> {
    let mut agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let recorder = RunningRecorder::start(&agent)?;
    agent.command(&["enroll", "--user", "adele@contoso.example", "--group", "11111111-2222-4333-8444-555555555555"])?;
    agent.command(&["app", "install"])?;
    agent.command(&["permission", "deny"])?;
    push(&agent, "denied", &[])?;
    agent.command(&["permission", "allow"])?;
    push(&agent, "shown", &[])?;
    push(&agent, "shown", &[])?;
    agent.command(&["settings", "set", "previews=never"]).ok();
    agent.command(&["device", "lock"])?;
    push(&agent, "locked", &[])?;
    agent.command(&["device", "unlock"])?;
    agent.command(&["app", "open"])?;
    push(&agent, "in-app", &[])?;
    agent.command(&["app", "close"])?;
    agent.command(&["clock", "advance", "4h"])?;
    agent.command(&["retire"])?;
    push(&agent, "retired", &[])?;
    let (_folder, file, text) = recorder.end()?;
    for part in
        ["name: \"As it was\"", "- app: install", "unmet: [\"notificationsPermitted\"]", "- advance: 4h", "- retire:"]
    {
        ensure!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    passes(&file, &text)?;
    agent.stop()
}

#[test]
fn what_device_management_does_is_recorded_and_passes() -> Result<()> {
    const USER: &str = "adele@contoso.example";
    let mut agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let recorder = RunningRecorder::start(&agent)?;
    agent.command(&["app", "install"])?;
    agent.command(&["permission", "allow"])?;
    agent.command(&["enroll", "--user", USER, "--type", "appleBulkWithUser", "--supervised"])?;
    agent.command(&["policy", "set", "NotificationsEnabled=false"])?;
    push(&agent, "forbidden", &[])?;
    agent.command(&["policy", "clear"])?;
    agent.command(&["enrollment", "set", "deviceRegistrationState=revoked"])?;
    push(&agent, "revoked", &[])?;
    agent.command(&["enrollment", "set", "deviceRegistrationState=registered"])?;
    agent.command(&["settings", "set", "alert=off"])?;
    agent.command(&["app", "notifications", "--refresh"])?;
    agent.command(&["retire", "--pending"])?;
    agent.command(&["delete"])?;
    agent.command(&["enroll", "--user", USER])?;
    agent.command(&["wipe"])?;
    push(&agent, "wiped", &[])?;
    let (_folder, file, text) = recorder.end()?;
    for part in [
        "- policy: {set: {name: \"NotificationsEnabled\", value: \"false\"}}",
        "- policy: clear",
        "- enrollment: {set: {name: \"deviceRegistrationState\", value: \"revoked\"}}",
        "- settings: {set: {name: \"alert\", value: \"off\"}}",
        "- retire: {stage: \"pending\"}",
        "- delete:",
        "- wipe:",
    ] {
        ensure!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    passes(&file, &text)?;
    agent.stop()
}

#[test]
fn a_recording_begins_with_the_device_as_it_stands() -> Result<()> {
    let mut agent = Agent::running(
        "",
        &["--notifier", "console", "--embedded-broker", "--platform", "android", "--os-version", "14"],
    )?;
    agent.make_ready()?;
    agent.command(&["device", "lock"])?;
    push(&agent, "before", &[])?;
    let recorder = RunningRecorder::start(&agent)?;
    push(&agent, "before", &[])?;
    agent.command(&["device", "doze", "on"])?;
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--id", "short", "--expires-in", "1h"])?;
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--id", "long"])?;
    agent.wait(&["held=2"])?;
    agent.command(&["clock", "advance", "2h"])?;
    agent.wait(&["held=1"])?;
    agent.command(&["device", "doze", "off"])?;
    agent.wait(&["held=0"])?;
    let (_folder, file, text) = recorder.end()?;
    for part in [
        "platform: \"android\"",
        "osVersion: \"14\"",
        "locked: true",
        "- device: doze on",
        "expiresIn",
        "outcome: \"expired\"",
    ] {
        ensure!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    passes(&file, &text)?;
    agent.stop()
}

#[test]
fn nothing_happening_is_a_scenario_too_and_a_limit_ends_it() -> Result<()> {
    let mut agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let text = agent.command(&["scenario", "record", "--for", "10ms"])?;
    let folder = TempDir::with_prefix("scenario-record-")?;
    let file = folder.path().join("nothing.yaml");
    std::fs::write(&file, &text)?;
    passes(&file, &text)?;
    agent.stop()
}
