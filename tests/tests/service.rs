//! `service`: the daemon that starts with the desktop, by a stand-in for `systemctl` and by systemd's own check of the unit.
//!
//! Lives here: what is asked of systemd, and what is said. Does not live here: the unit's text (`portal_agent::service`).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::{Agent, binary};
use serde_json::Value;
use tempfile::TempDir;

/// Keeps what it was asked, and the unit's state in files beside itself: `enabled`, `active`, `session`.
const SYSTEMCTL: &str = r#"#!/bin/sh
here=$(dirname "$0"); echo "$*" >> "$here/asked"; shift
unit="$XDG_CONFIG_HOME/systemd/user/portal-agent.service"
case "$1" in
show-environment) [ ! -e "$here/none" ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; } ;;
is-active) [ -e "$here/session" ] || exit 3 ;;
enable) [ -e "$unit" ] || exit 1; touch "$here/enabled" ;;
disable) rm -f "$here/enabled" "$here/active" ;;
start | restart) [ -e "$unit" ] || exit 5; touch "$here/active" ;;
stop) rm -f "$here/active" ;;
show)
  [ -e "$unit" ] && echo "LoadState=loaded
FragmentPath=$unit" || echo LoadState=not-found
  [ -e "$here/enabled" ] && echo UnitFileState=enabled || echo UnitFileState=disabled
  [ -e "$here/active" ] && echo "ActiveState=active
MainPID=4711" || echo ActiveState=inactive ;;
esac
exit 0
"#;

struct Session {
    folder: TempDir,
    agent: Agent,
}

impl Session {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let place = folder.path().join("bin");
        std::fs::create_dir(&place)?;
        let program = place.join("systemctl");
        std::fs::write(&program, SYSTEMCTL)?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
        let path = format!("{}:{}", place.display(), std::env::var("PATH")?);
        let home = folder.path().join("config").display().to_string();
        let agent = Agent::new("")?.with("PATH", &path).with("XDG_CONFIG_HOME", &home);
        Ok(Self { folder, agent })
    }

    fn flag(&self, name: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.path().join("bin").join(name), "")?)
    }

    fn unit(&self) -> PathBuf {
        self.folder.path().join("config/systemd/user/portal-agent.service")
    }

    fn asked(&self) -> Vec<String> {
        let asked = std::fs::read_to_string(self.folder.path().join("bin/asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    fn output(&self, arguments: &[&str]) -> Result<Output> {
        self.agent.output(&[&["service"], arguments].concat())
    }

    fn json(&self, what: &str) -> Result<Value> {
        let output = self.agent.output(&["--json", "service", what])?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

#[test]
fn it_is_installed_into_the_session_started_stopped_and_taken_away() -> Result<()> {
    let session = Session::new()?;
    session.flag("session")?;
    let absent = session.output(&["status"])?;
    assert_eq!(absent.status.code(), Some(1));
    ensure!(String::from_utf8_lossy(&absent.stdout).contains("portal-agent service install"));

    session.agent.command(&["service", "install"])?;
    let unit = std::fs::read_to_string(session.unit())?;
    let start = format!("ExecStart={} --state-dir {}", binary()?.display(), session.agent.state_dir().display());
    ensure!(unit.contains(&start), "{unit}");
    for asked in ["--user daemon-reload", "--user enable portal-agent.service", "--user restart portal-agent.service"] {
        ensure!(session.asked().iter().any(|line| line == asked), "{asked} in {:?}", session.asked());
    }
    let status = session.json("status")?;
    assert_eq!((&status["service"]["running"], &status["service"]["pid"]), (&true.into(), &4711.into()));
    ensure!(status["service"]["log"] == "journalctl --user --unit portal-agent.service", "{status}");
    ensure!(session.agent.command(&["service", "start"])?.contains("already running"));

    session.agent.command(&["service", "stop"])?;
    assert_eq!(session.json("status")?["service"]["running"], false);
    session.agent.command(&["service", "start"])?;
    let said = session.agent.command(&["service", "uninstall"])?;
    for words in ["rm -r", &session.agent.state_dir().display().to_string(), "retained", "/state"] {
        ensure!(said.contains(words), "{words:?} in {said}");
    }
    ensure!(!session.unit().exists());
    session.agent.failure(1, &["service", "stop"]).map(drop)
}

#[test]
fn before_the_desktop_session_it_is_enabled_and_not_started() -> Result<()> {
    let session = Session::new()?;
    let said = session.agent.command(&["service", "install"])?;
    ensure!(said.contains("not running") && said.contains("graphical-session.target is not active"), "{said}");
    ensure!(!session.asked().iter().any(|line| line.contains("start portal-agent")), "{:?}", session.asked());
    Ok(())
}

#[test]
fn without_systemd_the_desktops_list_of_programs_starts_it() -> Result<()> {
    let session = Session::new()?;
    session.flag("none")?;
    let settings = session.folder.path().join("my settings.toml");
    std::fs::write(&settings, "[notifier]\nkind = \"console\"\n")?;
    let entry = session.folder.path().join("config/autostart/portal-agent.desktop");
    assert_eq!(session.output(&["status"])?.status.code(), Some(1));
    let said = session.agent.failure(1, &["service", "start"])?;
    ensure!(said.contains("not installed"), "{said}");

    let said = session.agent.command(&["--config", &settings.display().to_string(), "service", "install"])?;
    ensure!(said.contains("running, process") && said.contains("nothing does again when it fails"), "{said}");
    ensure!(std::fs::read_to_string(&entry)?.contains("/my settings.toml\" \"run\" \"--quiet\""));
    std::process::Command::new("desktop-file-validate")
        .arg(&entry)
        .status()?
        .success()
        .then_some(())
        .context("its form")?;
    session.agent.wait(&["online"])?;
    let log = std::fs::read_to_string(session.agent.state_dir().join("portal-agent.log"))?;
    ensure!(log.contains("the daemon is running"), "{log}");

    session.agent.command(&["service", "stop"])?;
    assert_eq!(session.json("status")?["service"]["running"], false);
    session.agent.command(&["service", "start"])?;
    assert_eq!(session.json("status")?["service"]["running"], true);
    ensure!(session.agent.command(&["service", "start"])?.contains("already running"));
    session.agent.command(&["--config", &settings.display().to_string(), "service", "install"])?;
    assert_eq!(session.json("status")?["service"]["running"], true, "installed again, it is started anew");
    session.agent.command(&["service", "uninstall"])?;
    ensure!(!entry.exists() && session.json("status")?["service"]["running"] == false);

    // Where systemd comes, it takes the place of the entry.
    session.agent.command(&["--config", &settings.display().to_string(), "service", "install"])?;
    session.agent.command(&["service", "stop"])?;
    std::fs::remove_file(session.folder.path().join("bin/none"))?;
    session.agent.command(&["service", "install"])?;
    ensure!(session.unit().exists() && !entry.exists());
    Ok(())
}

#[test]
fn what_stands_in_the_way_is_said_with_a_hint_and_nothing_is_written() -> Result<()> {
    let mut session = Session::new()?;
    let wrong = session.folder.path().join("wrong.toml");
    std::fs::write(&wrong, "[broker]\nurls = [\"nonsense\"]\n")?;
    let line = session.agent.failure(2, &["--config", &wrong.display().to_string(), "service", "install"])?;
    ensure!(line.contains("broker"), "{line}");

    std::fs::create_dir_all(session.unit().parent().context("a folder")?)?;
    std::fs::write(session.unit(), "[Service]\nExecStart=/somebody/elses\n")?;
    let line = session.agent.failure(1, &["service", "install"])?;
    ensure!(line.contains("did not write it"), "{line}");
    std::fs::remove_file(session.unit())?;

    session.agent.start(&["--embedded-broker", "--notifier", "console"])?;
    let line = session.agent.failure(1, &["service", "install"])?;
    ensure!(line.contains("that is not the service") && line.contains("portal-agent stop"), "{line}");
    ensure!(!session.unit().exists());
    session.agent.stop()
}

#[test]
fn systemd_itself_finds_nothing_wrong_with_the_unit() -> Result<()> {
    if !Path::new("/usr/bin/systemd-analyze").exists() {
        return Ok(());
    }
    let session = Session::new()?;
    session.agent.command(&["service", "install"])?;
    let runtime = session.folder.path().join("runtime");
    std::fs::create_dir(&runtime)?;
    let output = std::process::Command::new("systemd-analyze")
        .args(["--user", "--man=no", "verify"])
        .arg(session.unit())
        .env("XDG_RUNTIME_DIR", &runtime)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success() && !said.contains("portal-agent.service:"), "{said}");
    Ok(())
}

#[test]
fn a_log_file_turns_over_and_is_no_output() -> Result<()> {
    let mut agent = Agent::new("")?;
    let log = agent.state_dir().join("portal-agent.log").display().to_string();
    agent.start(&["--embedded-broker", "--notifier", "console", "--log-file", &log])?;
    agent.wait(&["online"])?;
    agent.stop()?;
    ensure!(std::fs::read_to_string(&log)?.contains("the daemon is running"));
    ensure!(!agent.log().contains("the daemon is running"), "{}", agent.log());
    assert_eq!(std::fs::metadata(&log)?.permissions().mode() & 0o777, 0o600);
    let folder = agent.state_dir().display().to_string();
    ensure!(agent.failure(2, &["run", "--log-file", &folder])?.contains("--log-file"));
    Ok(())
}
