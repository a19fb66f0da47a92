//! The folders that demos keep their state in: a new one, and those that demos left which were killed.
//!
//! Lives here: making, finding and removing them. Does not live here: what lies in them (`state_dir`).

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::state_dir::{LOCK, OPEN_CARDS};

const PREFIX: &str = "portal-agent-demo-";
const STATE: &str = "state";
/// How old a folder is that no demo is just beginning to use.
const SETTLED: Duration = Duration::from_secs(60);

/// The demo's folder; it goes when this is dropped.
pub(super) struct DemoFolder(TempDir);

impl DemoFolder {
    /// A new folder, after those of dead demos are swept away. Which cards those left open is taken over, so that the
    /// daemon of this demo closes them.
    ///
    /// # Errors
    /// No place for it.
    pub(super) fn make() -> io::Result<Self> {
        let place = std::env::temp_dir();
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&place)?;
        let made = Self(folder);
        for dead in dead_folders(&place, SETTLED) {
            made.take_over_cards(&dead);
            if let Err(error) = fs::remove_dir_all(&dead) {
                tracing::debug!(folder = %dead.display(), %error, "the folder of a dead demo stays");
            }
        }
        Ok(made)
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the daemon keeps its state.
    pub(super) fn state_dir(&self) -> PathBuf {
        self.0.path().join(STATE)
    }

    fn take_over_cards(&self, dead: &Path) {
        let left = dead.join(STATE).join(OPEN_CARDS);
        let state = self.state_dir();
        // Where there is none, or it cannot be moved, nothing is closed, and nothing else is lost.
        let _ = fs::create_dir_all(&state).and_then(|()| fs::rename(left, state.join(OPEN_CARDS)));
    }
}

/// The folders of this user's demos whose daemon holds no lock any more.
fn dead_folders(place: &Path, settled: Duration) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let named = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    named.map(|entry| entry.path()).filter(|folder| is_dead(folder, settled)).collect()
}

fn is_dead(folder: &Path, settled: Duration) -> bool {
    // Not followed: a link may lead into somebody's own folder.
    let Ok(metadata) = folder.symlink_metadata() else { return false };
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
    if !metadata.is_dir() || !is_ours(&metadata) || age < settled {
        return false;
    }
    match File::open(folder.join(STATE).join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(unix)]
fn is_ours(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

/// A temporary folder is its user's own there.
#[cfg(not(unix))]
fn is_ours(_metadata: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(place: &Path, name: &str) -> PathBuf {
        let state = place.join(name).join(STATE);
        fs::create_dir_all(&state).unwrap();
        fs::write(state.join(LOCK), "1").unwrap();
        place.join(name)
    }

    #[test]
    fn only_folders_of_dead_demos_are_swept() {
        let place = tempfile::tempdir().unwrap();
        let dead = folder(place.path(), "portal-agent-demo-dead");
        let alive = folder(place.path(), "portal-agent-demo-alive");
        folder(place.path(), "somebody-elses");
        let lock = File::open(alive.join(STATE).join(LOCK)).unwrap();
        lock.lock().unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(place.path().join("somebody-elses"), place.path().join("portal-agent-demo-link"))
            .unwrap();
        assert_eq!(dead_folders(place.path(), Duration::ZERO), [dead]);
        assert_eq!(dead_folders(place.path(), SETTLED), Vec::<PathBuf>::new(), "one may be about to begin there");
    }
}
