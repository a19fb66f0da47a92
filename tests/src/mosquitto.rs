//! A private mosquitto: its own port, its own directory, gone with the test.
//!
//! Lives here: starting, killing, restarting it. Does not live here: any client.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::certificates::CertificatePair;

/// How long it may take to listen.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a port that another process took in the meantime is replaced.
const TRIES: usize = 5;
const MOSQUITTO: [&str; 2] = ["mosquitto", "/usr/sbin/mosquitto"];

/// How it is set up; by default without TLS, password and ACL, everything kept in memory.
#[derive(Clone, Debug, Default)]
pub struct MosquittoSetup {
    /// TLS with this certificate.
    pub tls: Option<CertificatePair>,
    /// Clients must show a certificate of this authority.
    pub client_ca: Option<PathBuf>,
    /// The one user, with the password.
    pub password: Option<(String, String)>,
    /// More users, with their passwords.
    pub users: Vec<(String, String)>,
    /// The lines of an ACL file.
    pub acl: Option<String>,
    /// Whether sessions survive a kill, as of the last [`Mosquitto::store`].
    pub persistent: bool,
    /// Whether it writes to its log what mosquitto writes unless told otherwise, as the brokers that people run do. Without, it is a
    /// line for every packet, for whoever looks for what went wrong in a test; that takes half of a broker's time.
    pub usual_log: bool,
    /// More lines of configuration.
    pub more: String,
}

/// A running mosquitto, killed when dropped.
#[derive(Debug)]
pub struct Mosquitto {
    dir: TempDir,
    port: u16,
    secure: bool,
    child: Child,
}

impl Mosquitto {
    /// Starts one on a free port of 127.0.0.1 and waits until it listens.
    ///
    /// # Errors
    /// mosquitto that is not installed or does not take the configuration.
    pub fn start(setup: &MosquittoSetup) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        for _ in 0..TRIES {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            std::fs::write(dir.path().join("mosquitto.conf"), configuration(setup, dir.path(), port)?)?;
            let mut child = spawn(dir.path())?;
            if listens(&mut child, port)? {
                return Ok(Self { dir, port, secure: setup.tls.is_some(), child });
            }
        }
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        bail!("mosquitto did not start: {log}")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL; `localhost` by name with TLS, as a certificate has it.
    pub fn url(&self) -> String {
        if self.secure { format!("mqtts://localhost:{}", self.port) } else { format!("mqtt://127.0.0.1:{}", self.port) }
    }

    /// Its directory, for more files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// A process that cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends it in its own time, which writes its store.
    ///
    /// # Errors
    /// A process that cannot be told.
    pub fn end(&mut self) -> Result<()> {
        let told = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(told.success(), "mosquitto is not running");
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same port, with the same configuration and files.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.child = spawn(self.dir.path())?;
        ensure!(listens(&mut self.child, self.port)?, "mosquitto did not start again");
        Ok(())
    }

    /// Has it write its store, and waits until that holds `text`; a kill before loses what is only in memory.
    ///
    /// # Errors
    /// A store that does not come to hold it.
    pub fn store(&self, text: &str) -> Result<()> {
        let start = Instant::now();
        let save = Command::new("kill").arg("-USR1").arg(self.child.id().to_string()).status()?;
        ensure!(save.success(), "mosquitto is not running");
        while start.elapsed() < TIMEOUT {
            let store = std::fs::read(self.dir.path().join("mosquitto.db")).unwrap_or_default();
            if store.windows(text.len()).any(|window| window == text.as_bytes()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("mosquitto's store never held {text:?}")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.kill();
    }
}

fn configuration(setup: &MosquittoSetup, dir: &Path, port: u16) -> Result<String> {
    let shown = dir.display();
    // As root it would become the user mosquitto, who cannot read the test's directory. Its queue is not set to 0 for
    // "no limit": then 2.0.11 closes the connection of whoever sends what the ACL refuses.
    let log = if setup.usual_log { "" } else { "log_type all\n" };
    let mut text = format!(
        "listener {port} 127.0.0.1\nuser root\nlog_dest file {shown}/log\n{log}max_queued_messages 1000000\n\
         allow_anonymous {}\n",
        setup.password.is_none() && setup.users.is_empty()
    );
    if let Some(pair) = &setup.tls {
        writeln!(text, "certfile {}\nkeyfile {}", pair.cert_file.display(), pair.key_file.display())?;
    }
    if let Some(ca) = &setup.client_ca {
        writeln!(text, "cafile {}\nrequire_certificate true", ca.display())?;
    }
    let users: Vec<&(String, String)> = setup.password.iter().chain(&setup.users).collect();
    if !users.is_empty() {
        let file = dir.join("passwords");
        write_passwords(&file, &users)?;
        writeln!(text, "password_file {}", file.display())?;
    }
    if let Some(acl) = &setup.acl {
        let file = dir.join("acl");
        std::fs::write(&file, acl)?;
        writeln!(text, "acl_file {}", file.display())?;
    }
    if setup.persistent {
        writeln!(text, "persistence true\npersistence_location {shown}/")?;
    }
    text.push_str(&setup.more);
    Ok(text)
}

/// Plain lines, which mosquitto's own tool then turns into hashes, all at once.
fn write_passwords(file: &Path, users: &[&(String, String)]) -> Result<()> {
    let lines: String = users.iter().map(|(user, password)| format!("{user}:{password}\n")).collect();
    std::fs::write(file, lines)?;
    let hashed = Command::new("mosquitto_passwd").arg("-U").arg(file).output()?;
    ensure!(hashed.status.success(), "mosquitto_passwd: {}", String::from_utf8_lossy(&hashed.stderr));
    Ok(())
}

fn spawn(dir: &Path) -> Result<Child> {
    let run = |program: &str| {
        Command::new(program)
            .arg("-c")
            .arg(dir.join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    MOSQUITTO.iter().find_map(|program| run(program).ok()).context("mosquitto is not installed")
}

/// Whether it listens; `false` if it ended instead.
fn listens(child: &mut Child, port: u16) -> Result<bool> {
    let start = Instant::now();
    while start.elapsed() < TIMEOUT {
        if child.try_wait()?.is_some() {
            return Ok(false);
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(false)
}
