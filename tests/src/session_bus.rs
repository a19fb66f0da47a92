//! A private session bus: nothing else speaks on it, and it starts no notification server of the computer's own.
//!
//! Lives here: the bus and its end. Does not live here: who speaks on it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// The directory of what the bus may start, inside the bus's own; missing, unless a test wants activation.
const SERVICES: &str = "services";

/// A running `dbus-daemon` that starts nothing of the computer's own: with Debian's `<servicedir>`, the bus starts
/// whichever notification server is installed, and a test talks to that one. Killed when dropped.
#[derive(Debug)]
pub struct SessionBus {
    directory: PathBuf,
    daemon: Child,
    _own_directory: Option<tempfile::TempDir>,
}

impl SessionBus {
    /// Starts a bus in a directory of its own.
    ///
    /// # Errors
    /// Where `dbus-daemon` is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut bus = Self::start_in(directory.path())?;
        bus._own_directory = Some(directory);
        Ok(bus)
    }

    /// Starts a bus at [`address_in`](Self::address_in) a directory, which is known beforehand.
    ///
    /// # Errors
    /// Where `dbus-daemon` is not installed or does not start.
    pub fn start_in(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self { daemon: start_daemon(directory)?, directory: directory.to_owned(), _own_directory: None })
    }

    /// Starts a bus in a directory that starts the notification server itself, by this command, when one is asked for.
    ///
    /// # Errors
    /// Where `dbus-daemon` is not installed or does not start.
    pub fn start_activating(directory: &Path, command: &str) -> anyhow::Result<Self> {
        let service = format!("[D-BUS Service]\nName=org.freedesktop.Notifications\nExec={command}\n");
        std::fs::create_dir_all(directory.join(SERVICES))?;
        std::fs::write(directory.join(SERVICES).join("org.freedesktop.Notifications.service"), service)?;
        Self::start_in(directory)
    }

    /// The address that a bus in this directory has.
    pub fn address_in(directory: &Path) -> String {
        format!("unix:path={}", directory.join("bus").display())
    }

    /// What belongs into `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> String {
        Self::address_in(&self.directory)
    }

    /// Kills the bus and starts another one at the same address.
    ///
    /// # Errors
    /// Where it does not start again.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        self.daemon = start_daemon(&self.directory)?;
        Ok(())
    }

    fn kill(&mut self) {
        // Both fail only for a process that is gone already.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = std::fs::remove_file(self.directory.join("bus"));
    }
}

impl Drop for SessionBus {
    fn drop(&mut self) {
        self.kill();
    }
}

fn start_daemon(directory: &Path) -> anyhow::Result<Child> {
    let config = directory.join("bus.conf");
    std::fs::write(
        &config,
        format!(
            "<busconfig><type>session</type><listen>{}</listen><servicedir>{}</servicedir><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            SessionBus::address_in(directory),
            directory.join(SERVICES).display()
        ),
    )?;
    let mut daemon = Command::new("dbus-daemon")
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address"])
        .stdout(Stdio::piped())
        .spawn()
        .context("dbus-daemon must be installed")?;
    // It prints its address once it listens. The pipe stays open: what it starts writes there too.
    let mut line = String::new();
    let output = daemon.stdout.as_mut().context("the daemon's output")?;
    BufReader::new(output).read_line(&mut line)?;
    ensure!(!line.is_empty(), "dbus-daemon did not start");
    Ok(daemon)
}
