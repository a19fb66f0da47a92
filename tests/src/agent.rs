//! The binary under test, run as a user runs it.
//!
//! Lives here: starting, commanding and ending it, each in a state directory of its own. Does not live here: brokers and buses.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that a test waits for; generous, since the machine may be busy.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The binary that the workspace built beside this test, or the one that `PORTAL_AGENT` names.
///
/// # Errors
/// It was not built.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("PORTAL_AGENT") {
        return Ok(path.into());
    }
    let here = std::env::current_exe()?;
    let profile = here.parent().and_then(Path::parent).context("a test binary lies in target/PROFILE/deps")?;
    let path = profile.join(format!("portal-agent{}", std::env::consts::EXE_SUFFIX));
    ensure!(path.exists(), "{} is not built: cargo build -p portal-agent", path.display());
    Ok(path)
}

/// One daemon and the commands to it. Killed when it is dropped.
pub struct Agent {
    child: Option<Child>,
    state_dir: PathBuf,
    bus: String,
    environment: Vec<(String, String)>,
    under: Vec<String>,
    _folder: Option<TempDir>,
}

impl Agent {
    /// An agent with a fresh state directory, not started. `bus` is the session bus' address; empty for none.
    ///
    /// # Errors
    /// No temporary directory.
    pub fn new(bus: &str) -> Result<Self> {
        let folder = TempDir::with_prefix("portal-agent-test-")?;
        let state_dir = folder.path().join("state");
        let bus = bus.to_owned();
        Ok(Self { child: None, state_dir, bus, environment: Vec::new(), under: Vec::new(), _folder: Some(folder) })
    }

    /// An agent with a state directory of the test's choice, not started.
    pub fn in_state_dir(bus: &str, state_dir: &Path) -> Self {
        let (state_dir, bus) = (state_dir.to_owned(), bus.to_owned());
        Self { child: None, state_dir, bus, environment: Vec::new(), under: Vec::new(), _folder: None }
    }

    /// A fresh agent, started with `run` and these arguments, that answers commands.
    ///
    /// # Errors
    /// It ended instead, or did not answer in time.
    pub fn running(bus: &str, arguments: &[&str]) -> Result<Self> {
        let mut agent = Self::new(bus)?;
        agent.start(arguments)?;
        Ok(agent)
    }

    /// Adds an environment variable for everything that is run from now on.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Everything that is run from now on is run by this program: `["ip", "netns", "exec", "name"]`, say.
    #[must_use]
    pub fn under(mut self, program: &[&str]) -> Self {
        self.under = program.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Where it keeps its state.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// A command line of the binary, ready to run, with this agent's state directory and session bus.
    ///
    /// # Errors
    /// The binary was not built.
    pub fn prepare<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Command> {
        self.prepare_under(&[], arguments)
    }

    /// As [`Agent::prepare`], run by another program: `["nice", "-n", "19"]`, say.
    ///
    /// # Errors
    /// The binary was not built.
    pub fn prepare_under<S: AsRef<OsStr>>(&self, program: &[&str], arguments: &[S]) -> Result<Command> {
        let mut words: Vec<OsString> = self.under.iter().map(Into::into).collect();
        words.extend(program.iter().map(OsString::from));
        words.push(binary()?.into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("--state-dir").arg(&self.state_dir).args(arguments);
        // Nothing of the machine's own session or settings reaches the test.
        // Below a file, so that no program can make the folder, whoever runs the tests.
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("XDG_RUNTIME_DIR", "/dev/null/none");
        let bus = if self.bus.is_empty() { "unix:path=/nonexistent/bus" } else { &self.bus };
        // Nor the settings file of whoever runs the tests.
        command.env("XDG_CONFIG_HOME", "/dev/null/none");
        for name in ["STATE_DIR", "CONFIG", "DEVICE", "COMPLETE"] {
            command.env_remove(format!("PORTAL_AGENT_{name}"));
        }
        command
            .env("DBUS_SESSION_BUS_ADDRESS", bus)
            .env("NO_COLOR", "1")
            .env("TZ", "UTC")
            .env_remove("COLUMNS")
            .env_remove("RUST_LOG");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Starts the daemon and waits until it answers commands.
    ///
    /// # Errors
    /// It ended instead, or did not answer in time.
    pub fn start(&mut self, arguments: &[&str]) -> Result<()> {
        self.start_under(&[], arguments)
    }

    /// As [`Agent::start`], run by another program that becomes the daemon in the end.
    ///
    /// # Errors
    /// It ended instead, or did not answer in time.
    pub fn start_under(&mut self, program: &[&str], arguments: &[&str]) -> Result<()> {
        let answers = self.state_dir.join("control.json");
        let stale = std::fs::read(&answers).ok();
        self.spawn_under(program, arguments)?;
        let started = Instant::now();
        while !answers.exists() || std::fs::read(&answers).ok() == stale {
            if let Some(status) = self.ended()? {
                self.child = None;
                bail!("the daemon ended with {status}:\n{}", self.log());
            }
            ensure!(started.elapsed() < ANSWER_TIMEOUT, "the daemon does not answer:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Starts the daemon, which prints no line for each push, as a service does, and does not wait for anything of it.
    ///
    /// # Errors
    /// The binary cannot be run.
    pub fn spawn(&mut self, arguments: &[&str]) -> Result<()> {
        self.spawn_under(&[], arguments)
    }

    fn spawn_under(&mut self, program: &[&str], arguments: &[&str]) -> Result<()> {
        let log = self.log_file()?;
        let mut command = self.prepare_under(program, &["run", "--quiet"])?;
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn()?);
        Ok(())
    }

    /// How the daemon ended, if it has.
    ///
    /// # Errors
    /// It was not started.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.as_mut().context("the daemon does not run")?.try_wait()?)
    }

    /// Stops the daemon where it is, as a laptop that is put to sleep does.
    ///
    /// # Errors
    /// It does not run.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen daemon go on.
    ///
    /// # Errors
    /// It does not run.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().and_then(|pid| Pid::from_raw(pid.cast_signed())).context("the daemon does not run")?;
        Ok(rustix::process::kill_process(pid, signal)?)
    }

    fn log_file(&self) -> Result<std::fs::File> {
        let path = self.log_path();
        Ok(std::fs::File::options().create(true).append(true).open(path)?)
    }

    fn log_path(&self) -> PathBuf {
        self.state_dir.with_extension("log")
    }

    /// What the daemon printed so far, on both streams.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// The binary cannot be run.
    pub fn output<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Output> {
        Ok(self.prepare(arguments)?.stdin(Stdio::null()).output()?)
    }

    /// Runs a command that must succeed, and gives what it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "portal-agent {} ended with {}:\n{printed}{}\nthe daemon's log:\n{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        Ok(printed)
    }

    /// Runs a command with `--json` that must succeed, and reads its one object.
    ///
    /// # Errors
    /// It failed, or printed something else.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let printed = self.command(&[&["--json"], arguments].concat())?;
        serde_json::from_str(&printed).with_context(|| format!("not one JSON object: {printed}"))
    }

    /// Runs a command with `--json` that must succeed, and reads an object a line.
    ///
    /// # Errors
    /// It failed, or printed something else.
    pub fn json_lines(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let printed = self.command(&[&["--json"], arguments].concat())?;
        printed.lines().map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))).collect()
    }

    /// Runs a command that must fail with `code`, and gives what it printed on standard error.
    ///
    /// # Errors
    /// It did not.
    pub fn failure(&self, code: i32, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(code), "{arguments:?} ended with {}: {printed}", output.status);
        Ok(printed)
    }

    /// Waits until the daemon says that all of these hold.
    ///
    /// # Errors
    /// They did not in time.
    pub fn wait(&self, conditions: &[&str]) -> Result<()> {
        let limit = format!("{}s", ANSWER_TIMEOUT.as_secs());
        self.command(&[&["wait", "--timeout", &limit], conditions].concat()).map(drop)
    }

    /// The receipts of the journal that `log` lists with these arguments, without the pushes that are still held.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn receipts(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let mut listed = self.json_lines(&[&["log"], arguments].concat())?;
        listed.retain(|row| row["outcome"] != "held");
        Ok(listed)
    }

    /// Waits until the journal has a receipt of this notification.
    ///
    /// # Errors
    /// It had none in time.
    pub fn wait_for_receipt(&self, id: &str) -> Result<()> {
        let started = Instant::now();
        while self.receipts(&["--id", id])?.is_empty() {
            ensure!(started.elapsed() < ANSWER_TIMEOUT, "no receipt of {id}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// An app that is installed, enrolled by Adele and allowed to notify, on a daemon that is online.
    ///
    /// # Errors
    /// One of the commands failed.
    pub fn make_ready(&self) -> Result<()> {
        self.wait(&["online"])?;
        self.command(&["enroll", "--user", "adele@contoso.example"])?;
        self.command(&["app", "install"])?;
        self.command(&["permission", "allow"]).map(drop)
    }

    /// Kills the daemon as a power cut would.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the daemon does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Ends the daemon by its own command and waits for its end.
    ///
    /// # Errors
    /// It did not end, or not cleanly.
    pub fn stop(&mut self) -> Result<()> {
        self.command(&["stop"])?;
        let mut child = self.child.take().context("the daemon does not run")?;
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                ensure!(status.success(), "the daemon ended with {status}:\n{}", self.log());
                return Ok(());
            }
            ensure!(started.elapsed() < ANSWER_TIMEOUT, "the daemon does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A test's end: whatever state it is in, nothing of it may stay.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
