//! Which other daemons of this user show cards on the same desktop: a service and a demo beside it, say.
//!
//! Lives here: a file for each, locked for as long as it lives, and who holds the others. Locks go with their process whatever
//! ends it, on every system; a name on the session bus would be Linux's alone. Does not live here: what a card says then (`host`).

use std::fs::{DirEntry, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How long what was found holds: cards may come by the hundred a second.
const FRESH: Duration = Duration::from_secs(1);
/// The most that is read of a daemon's file.
const LARGEST: u64 = 8 * 1024;
const PREFIX: &str = "daemon-";

/// A daemon, as it tells others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharingDaemon {
    /// Its process.
    pub pid: u32,
    /// What tells it from others: `demo`, or the name of its state directory; empty of the default one.
    pub label: String,
}

/// This daemon among those that share the desktop.
#[derive(Debug)]
pub struct DesktopShare {
    own: Option<(PathBuf, File)>,
    label: String,
    found: Mutex<Option<(Instant, Vec<SharingDaemon>)>>,
}

impl DesktopShare {
    /// Nobody else is looked for.
    pub fn alone() -> Self {
        Self { own: None, label: String::new(), found: Mutex::default() }
    }

    /// Tells others in the user's `folder` that this daemon shows cards. Where it cannot be written, nobody is told.
    pub fn join(folder: &Path, label: String) -> Self {
        let daemon = SharingDaemon { pid: std::process::id(), label: label.clone() };
        let own = Self::tell(folder, &daemon).inspect_err(|error| {
            let reason = crate::library_error::os_reason(error);
            tracing::debug!(folder = %folder.display(), reason, "other daemons are not told of this one");
        });
        Self { own: own.ok(), label, found: Mutex::default() }
    }

    fn tell(folder: &Path, daemon: &SharingDaemon) -> std::io::Result<(PathBuf, File)> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{PREFIX}{}-{:08x}", daemon.pid, fastrand::u32(..)));
        let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
        file.lock()?;
        // Below a few kilobytes and of plain words: this serialisation has nothing that could fail.
        file.write_all(&serde_json::to_vec(daemon).unwrap_or_default())?;
        Ok((path, file))
    }

    /// The daemons that show cards on the desktop of this `folder`, for whoever shows none there.
    pub fn daemons_in(folder: &Path) -> Vec<SharingDaemon> {
        look(folder, Path::new(""))
    }

    /// What tells this daemon's cards from those of others; empty where nothing has to.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The others, as they were found within the last second.
    pub fn others(&self) -> Vec<SharingDaemon> {
        let Some((own, _)) = &self.own else { return Vec::new() };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, others)) = found.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return others.clone();
        }
        let others = own.parent().map(|folder| look(folder, own)).unwrap_or_default();
        *found = Some((Instant::now(), others.clone()));
        others
    }
}

impl Drop for DesktopShare {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.own {
            // One that stays is swept away by the next that looks.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn look(folder: &Path, own: &Path) -> Vec<SharingDaemon> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_regular = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    let named = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let named = named.filter(is_regular);
    named.map(|entry| entry.path()).filter(|path| path != own).filter_map(|path| living(&path)).collect()
}

/// The daemon that holds a file; the file of one that has ended is removed.
fn living(path: &Path) -> Option<SharingDaemon> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        _ => {
            let _ = std::fs::remove_file(path);
            return None;
        }
    }
    let mut text = String::new();
    // Where a lock keeps readers out (Windows), who it is stays unknown, and that it is there does not.
    let _ = (&file).take(LARGEST).read_to_string(&mut text);
    Some(serde_json::from_str(&text).unwrap_or(SharingDaemon { pid: 0, label: String::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_see_each_other_and_the_dead_are_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("portal-agent");
        let service = DesktopShare::join(&place, String::new());
        assert_eq!(service.others(), []);
        let demo = DesktopShare::join(&place, "demo".to_owned());
        assert_eq!(demo.others(), [SharingDaemon { pid: std::process::id(), label: String::new() }]);
        service.found.lock().unwrap().take();
        assert_eq!(service.others()[0].label, "demo");
        drop(service);
        demo.found.lock().unwrap().take();
        assert_eq!(demo.others(), []);
        let dead = place.join("daemon-1-00000000");
        std::fs::write(&dead, "{}").unwrap();
        demo.found.lock().unwrap().take();
        assert_eq!((demo.others(), dead.exists()), (Vec::new(), false));
        assert_eq!(DesktopShare::alone().others(), []);
        assert_eq!(
            DesktopShare::daemons_in(&place),
            [SharingDaemon { pid: std::process::id(), label: "demo".to_owned() }]
        );
    }
}
