//! A real desktop session as small as one can be: Xvfb, and dunst on it.
//!
//! Lives here: starting and ending both, what dunst says of itself, what is on the screen. Does not live here: the bus.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use zbus::proxy::CacheProperties;
use zbus::{Connection, Proxy};

use crate::wait::until;

/// Opaque, of one colour, in the corner; nothing of the user's own configuration. How markup is read stands apart.
const CONFIGURATION: &str = "[global]\nmonitor = 0\nwidth = 400\norigin = top-right\noffset = 10x10\n\
     font = Monospace 12\nidle_threshold = 0\nmarkup = MARKUP\n[urgency_low]\nbackground = \"#224488\"\n\
     [urgency_normal]\nbackground = \"#3366aa\"\n";

/// A virtual screen, and a bus on which dunst shows on it. Both end with it.
pub struct DunstSession {
    screen: Child,
    display: String,
    bus: String,
    dunst: Option<Child>,
    configuration: tempfile::NamedTempFile,
    connection: Connection,
}

impl DunstSession {
    /// A screen with dunst on it, which answers and reads markup, as Debian sets it up.
    ///
    /// # Errors
    /// Xvfb or dunst is not installed or does not start.
    pub async fn start(bus: &str) -> Result<Self> {
        Self::start_reading_markup(bus, "full").await
    }

    /// The same with dunst's setting `markup`: `full`, `strip` or `no`; empty: left out.
    ///
    /// # Errors
    /// Xvfb or dunst is not installed or does not start.
    pub async fn start_reading_markup(bus: &str, markup: &str) -> Result<Self> {
        let (screen, display) = start_screen()?;
        let configuration = tempfile::NamedTempFile::new()?;
        std::fs::write(configuration.path(), CONFIGURATION.replace("MARKUP", markup).replace("markup = \n", ""))?;
        let connection = zbus::connection::Builder::address(bus).build().await?;
        let mut session = Self { screen, display, bus: bus.to_owned(), dunst: None, configuration, connection };
        session.start_dunst().await?;
        Ok(session)
    }

    /// Starts dunst and waits until it owns the name of the notification server.
    ///
    /// # Errors
    /// It is not installed or does not start.
    pub async fn start_dunst(&mut self) -> Result<()> {
        let dunst = Command::new("dunst")
            .arg("-config")
            .arg(self.configuration.path())
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("dunst must be installed")?;
        self.dunst = Some(dunst);
        let names = zbus::fdo::DBusProxy::new(&self.connection).await?;
        let started = std::time::Instant::now();
        while !names.name_has_owner("org.freedesktop.Notifications".try_into()?).await? {
            ensure!(started.elapsed() < crate::wait::LIMIT, "dunst does not take its name");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Kills dunst.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill_dunst(&mut self) -> Result<()> {
        let mut dunst = self.dunst.take().context("dunst")?;
        dunst.kill()?;
        dunst.wait()?;
        Ok(())
    }

    /// Sends dunst a signal: `STOP` makes it hang, `CONT` go on; `USR1` pauses it without a word on the bus.
    ///
    /// # Errors
    /// It does not run.
    pub fn signal_dunst(&self, signal: &str) -> Result<()> {
        let pid = self.dunst.as_ref().context("dunst")?.id().to_string();
        ensure!(Command::new("kill").args(["-s", signal, &pid]).status()?.success());
        Ok(())
    }

    async fn dunst_itself(&self) -> Result<Proxy<'_>> {
        let path = "/org/freedesktop/Notifications";
        let proxy = zbus::proxy::Builder::new(&self.connection)
            .destination("org.freedesktop.Notifications")
            .path(path)
            .interface("org.dunstproject.cmd0")
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        Ok(proxy)
    }

    /// Pauses dunst, or lets it go on, as `dunstctl set-paused` does: dunst's Do Not Disturb.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn set_paused(&self, paused: bool) -> Result<()> {
        Ok(self.dunst_itself().await?.set_property("paused", paused).await?)
    }

    /// How many cards dunst has on the screen.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn displayed(&self) -> Result<u32> {
        Ok(self.dunst_itself().await?.get_property("displayedLength").await?)
    }

    /// Waits until dunst has so many cards on the screen.
    ///
    /// # Errors
    /// It does not answer, or had another number all the time.
    pub async fn wait_for_displayed(&self, count: u32) -> Result<()> {
        let started = std::time::Instant::now();
        loop {
            let displayed = self.displayed().await?;
            if displayed == count {
                return Ok(());
            }
            ensure!(started.elapsed() < crate::wait::LIMIT, "{displayed} cards are shown, not {count}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Calls one of dunst's own methods without arguments, as `dunstctl` does.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn control(&self, method: &str) -> Result<()> {
        self.dunst_itself().await?.call_method(method, &()).await?;
        Ok(())
    }

    /// dunst's own history of closed cards, as `dunstctl history` prints it.
    ///
    /// # Errors
    /// dunstctl is not installed or fails.
    pub fn history(&self) -> Result<serde_json::Value> {
        let output = Command::new("dunstctl").arg("history").env("DBUS_SESSION_BUS_ADDRESS", &self.bus).output()?;
        ensure!(output.status.success(), "dunstctl: {}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The share of the screen that is not black, by a screenshot.
    ///
    /// # Errors
    /// ImageMagick is not installed.
    pub fn lit(&self) -> Result<f64> {
        let picture = tempfile::Builder::new().suffix(".png").tempfile()?;
        let taken =
            Command::new("import").args(["-window", "root", "-display", &self.display]).arg(picture.path()).output()?;
        ensure!(taken.status.success(), "import: {}", String::from_utf8_lossy(&taken.stderr));
        let measured = Command::new("convert")
            .arg(picture.path())
            .args(["-colorspace", "Gray", "-threshold", "2%", "-format", "%[fx:mean]", "info:"])
            .output()?;
        ensure!(measured.status.success(), "convert: {}", String::from_utf8_lossy(&measured.stderr));
        Ok(String::from_utf8(measured.stdout)?.trim().parse()?)
    }

    /// Waits until the screen shows something, or nothing.
    pub async fn wait_until_lit(&self, lit: bool) {
        let what = if lit { "something on the screen" } else { "a black screen" };
        until(what, || self.lit().ok(), |share| share.is_some_and(|share| (share > 0.001) == lit)).await;
    }
}

impl Drop for DunstSession {
    fn drop(&mut self) {
        // Either may have ended by itself.
        let _ = self.kill_dunst();
        let _ = self.screen.kill();
        let _ = self.screen.wait();
    }
}

/// Xvfb on a display that it chooses itself, once it takes clients.
pub(crate) fn start_screen() -> Result<(Child, String)> {
    let mut screen = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-br"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("Xvfb must be installed")?;
    let mut number = String::new();
    BufReader::new(screen.stdout.take().context("its output")?).read_line(&mut number)?;
    ensure!(!number.trim().is_empty(), "Xvfb did not start");
    Ok((screen, format!(":{}", number.trim())))
}
