//! What the computer and this process' session say of themselves, for `doctor`.
//!
//! Lives here: reading variables, folders and the disk's room. Does not live here: what is wrong with them (`doctor`, pure).

use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::broker::BrokerUrl;
use crate::desktop::DESKTOP_ENTRY;

/// How long the broker's computer may take to answer `doctor`.
const DIAL_TIMEOUT: Duration = Duration::from_secs(3);

/// What was found, without a judgement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ComputerFacts {
    /// The address of the session bus, where one is named.
    pub(super) session_bus: Option<String>,
    /// The screen that programs of this session draw on, where one is named.
    pub(super) screen: Option<String>,
    /// Where the desktop entry is that names the app to the desktop.
    pub(super) desktop_entry: Option<PathBuf>,
    /// The state directory.
    pub(super) state_dir: PathBuf,
    /// The room on its disk, in bytes, where that can be found out.
    pub(super) room: Option<u64>,
    /// What others may do in it, as Unix writes it, where that can be found out.
    pub(super) mode: Option<u32>,
    /// How far the way to the broker goes, where it is not connected.
    pub(super) way: Option<BrokerWay>,
}

/// How far the way to the broker goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BrokerWay {
    /// The name leads nowhere.
    NoSuchName { host: String },
    /// Nobody listens, or nobody answers.
    NoListener { host: String, port: u16, reason: String },
    /// Something takes connections there.
    Listens { host: String, port: u16 },
}

impl ComputerFacts {
    pub(super) fn gather(state_dir: &Path) -> Self {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let bus = named("XDG_RUNTIME_DIR").map(|folder| format!("unix:path={folder}/bus"));
        Self {
            session_bus: named("DBUS_SESSION_BUS_ADDRESS").or(bus),
            screen: named("WAYLAND_DISPLAY").or_else(|| named("DISPLAY")),
            desktop_entry: desktop_entry(),
            state_dir: state_dir.to_owned(),
            room: room(state_dir),
            mode: mode(state_dir),
            way: None,
        }
    }

    /// Looks how far the way to this broker goes; within a few seconds.
    pub(super) async fn look_for(&mut self, broker: &str) {
        let Ok(url) = broker.parse::<BrokerUrl>() else { return };
        let (host, port) = (url.host().to_owned(), url.port());
        let name = host.clone();
        let resolved = tokio::task::spawn_blocking(move || (name.as_str(), port).to_socket_addrs().map(Vec::from_iter));
        self.way = Some(match tokio::time::timeout(DIAL_TIMEOUT, resolved).await {
            Ok(Ok(Ok(addresses))) if !addresses.is_empty() => dial(host, port, &addresses).await,
            _ => BrokerWay::NoSuchName { host },
        });
    }
}

async fn dial(host: String, port: u16, addresses: &[std::net::SocketAddr]) -> BrokerWay {
    match tokio::time::timeout(DIAL_TIMEOUT, TcpStream::connect(addresses)).await {
        Ok(Ok(_)) => BrokerWay::Listens { host, port },
        Ok(Err(error)) => BrokerWay::NoListener { host, port, reason: crate::library_error::os_reason(&error) },
        Err(_) => BrokerWay::NoListener { host, port, reason: "no answer in time".to_owned() },
    }
}

/// Where desktops look for it (the Desktop Entry and Base Directory specifications).
fn desktop_entry() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let own = directories::BaseDirs::new().map(|directories| directories.data_dir().to_owned());
    let dirs = std::env::var("XDG_DATA_DIRS").ok().filter(|dirs| !dirs.is_empty());
    let dirs = dirs.unwrap_or_else(|| "/usr/local/share:/usr/share".to_owned());
    let shared = std::env::split_paths(&dirs).collect::<Vec<_>>();
    let folders = own.into_iter().chain(shared);
    let file = format!("{DESKTOP_ENTRY}.desktop");
    folders.map(|folder| folder.join("applications").join(&file)).find(|path| path.is_file())
}

#[cfg(unix)]
fn room(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
fn mode(folder: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(folder.metadata().ok()?.mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}
