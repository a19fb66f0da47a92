//! Notification servers as desktops bring them, each on a virtual screen of its own.
//!
//! Lives here: starting them, showing a card as anybody can, what the screen shows. Does not live here: dunst's own
//! commands (`dunst`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use zbus::Connection;
use zbus::OwnedVariant;

use crate::dunst::start_screen;
use crate::wait::LIMIT;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardServerKind {
    /// dunst, of those who choose their own desktop.
    Dunst,
    /// xfce4-notifyd, of Xfce.
    Xfce,
    /// notification-daemon, of GNOME's fallback session.
    Gnome,
    /// mate-notification-daemon, of MATE.
    Mate,
}

impl CardServerKind {
    /// Every server that this knows.
    pub const ALL: [Self; 4] = [Self::Dunst, Self::Xfce, Self::Gnome, Self::Mate];

    fn program(self) -> &'static str {
        match self {
            Self::Dunst => "/usr/bin/dunst",
            Self::Xfce => "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd",
            Self::Gnome => "/usr/lib/notification-daemon/notification-daemon",
            Self::Mate => "/usr/lib/mate-notification-daemon/mate-notification-daemon",
        }
    }

    /// Whether its package is installed.
    pub fn is_installed(self) -> bool {
        Path::new(self.program()).exists()
    }
}

/// What `NotifyArguments` takes, in its order.
pub type NotifyArguments = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedVariant>, i32);

/// A running server with its screen; both end with it.
pub struct CardServer {
    screen: Child,
    server: Child,
    settings: Option<Child>,
    display: String,
    connection: Connection,
    folder: TempDir,
}

impl CardServer {
    /// Starts the server on this bus and waits until it owns its name.
    ///
    /// # Errors
    /// It, or Xvfb, is not installed or does not start.
    pub async fn start(kind: CardServerKind, bus: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (screen, display) = start_screen()?;
        let run = |program: &str| {
            Command::new(program)
                .env("DISPLAY", &display)
                .env("DBUS_SESSION_BUS_ADDRESS", bus)
                .env("HOME", folder.path())
                .env("XDG_CONFIG_HOME", folder.path())
                .env("XDG_CACHE_HOME", folder.path())
                // Nothing of the computer's own settings, and nothing that is drawn more than once.
                .env("GSETTINGS_BACKEND", "memory")
                .env("GTK_A11Y", "none")
                .env("NO_AT_BRIDGE", "1")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .with_context(|| format!("{program} must be installed"))
        };
        let connection = zbus::connection::Builder::address(bus).build().await?;
        let settings = match kind {
            CardServerKind::Xfce => {
                let settings = run("/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd")?;
                wait_for_name(&connection, "org.xfce.Xfconf").await?;
                Some(settings)
            }
            _ => None,
        };
        let server = run(kind.program())?;
        wait_for_name(&connection, NAME).await?;
        Ok(Self { screen, server, settings, display, connection, folder })
    }

    /// What the server says that it can do.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn capabilities(&self) -> Result<Vec<String>> {
        let answer = self.connection.call_method(Some(NAME), PATH, Some(NAME), "GetCapabilities", &()).await?;
        Ok(answer.body().deserialize()?)
    }

    /// Shows a card as any program of the session can.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn notify(&self, notify: &NotifyArguments) -> Result<u32> {
        let answer = self.connection.call_method(Some(NAME), PATH, Some(NAME), "Notify", notify).await?;
        Ok(answer.body().deserialize()?)
    }

    /// Closes a card.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn close(&self, id: u32) -> Result<()> {
        self.connection.call_method(Some(NAME), PATH, Some(NAME), "CloseNotification", &(id,)).await?;
        Ok(())
    }

    /// The screen once it stands still: lit, or dark. `name` is the picture's.
    ///
    /// # Errors
    /// ImageMagick is not installed, or the screen never came to that.
    pub async fn picture(&self, name: &str, lit: bool) -> Result<Screenshot> {
        let started = Instant::now();
        let mut last = None;
        loop {
            let picture = self.take(name)?;
            let stands = last.as_ref() == Some(&picture.pixels);
            let any = picture.pixels.iter().any(|value| *value > 8);
            if stands && any == lit {
                return Ok(picture);
            }
            ensure!(started.elapsed() < LIMIT, "the screen is still {}", if any { "lit" } else { "dark" });
            last = Some(picture.pixels);
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    fn take(&self, name: &str) -> Result<Screenshot> {
        let file = self.folder.path().join(format!("{name}.png"));
        let taken = Command::new("import").args(["-window", "root", "-display", &self.display]).arg(&file).output()?;
        ensure!(taken.status.success(), "import: {}", String::from_utf8_lossy(&taken.stderr));
        let grey = Command::new("convert").arg(&file).args(["-depth", "8", "gray:-"]).output()?;
        ensure!(grey.status.success(), "convert: {}", String::from_utf8_lossy(&grey.stderr));
        Ok(Screenshot { file, pixels: grey.stdout })
    }
}

/// A screenshot.
#[derive(Debug)]
pub struct Screenshot {
    /// The file; gone with the server.
    pub file: PathBuf,
    /// Its pixels, in grey.
    pub pixels: Vec<u8>,
}

impl Drop for CardServer {
    fn drop(&mut self) {
        for child in [Some(&mut self.server), self.settings.as_mut(), Some(&mut self.screen)].into_iter().flatten() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn wait_for_name(connection: &Connection, name: &str) -> Result<()> {
    let names = zbus::fdo::DBusProxy::new(connection).await?;
    let started = Instant::now();
    while !names.name_has_owner(name.try_into()?).await? {
        ensure!(started.elapsed() < LIMIT, "nobody takes the name {name}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// What is asked of the notification server on a bus, seen by a monitor.
pub struct MonitoredCalls {
    messages: zbus::MessageStream,
}

impl MonitoredCalls {
    /// Listens from now on.
    ///
    /// # Errors
    /// The bus refuses.
    pub async fn on(bus: &str) -> Result<Self> {
        let connection = zbus::connection::Builder::address(bus).build().await?;
        let rule = format!("type='method_call',interface='{NAME}',member='Notify'");
        let rules = [rule.as_str().try_into()?];
        zbus::fdo::MonitoringProxy::new(&connection).await?.become_monitor(&rules, 0).await?;
        Ok(Self { messages: zbus::MessageStream::from(connection) })
    }

    /// The next `NotifyArguments`.
    ///
    /// # Errors
    /// None came in time.
    pub async fn next(&mut self) -> Result<NotifyArguments> {
        use futures_util::StreamExt as _;
        loop {
            let message = tokio::time::timeout(LIMIT, self.messages.next()).await?.context("the bus is gone")??;
            if message.header().member().is_some_and(|member| member == "Notify") {
                return Ok(message.body().deserialize()?);
            }
        }
    }
}
