//! The page's file in the state directory.

use tracing::warn;

use crate::control::PanelFile;
use crate::state_dir::{PANEL, StateDir};

/// Which open pages may come back to a daemon that is started anew.
#[derive(Debug)]
pub(super) struct PanelPages(pub(super) StateDir);

impl PanelFile for PanelPages {
    fn read(&self) -> Option<Vec<u8>> {
        // Without it open pages need a new link, which they say; no reason not to start.
        self.0.read_private(PANEL).unwrap_or_else(|error| {
            warn!("open pages need a new link: {error}");
            None
        })
    }

    fn write(&self, bytes: &[u8]) {
        if let Err(error) = self.0.write_private(PANEL, bytes) {
            warn!("open pages will need a new link after the next start: {error}");
        }
    }

    fn remove(&self) {
        if let Err(error) = self.0.remove(PANEL) {
            warn!("{error}");
        }
    }
}
