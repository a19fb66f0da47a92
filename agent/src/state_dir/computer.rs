//! Which computer the state directory was last used on: a copy on a second one has the same device, and takes the broker's
//! session from the first.
//!
//! Lives here: remembering the computer, and the sentence. Does not live here: what the broker says of two clients.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{StateDir, StateDirError};

/// Where the computer is remembered.
pub(super) const COMPUTER: &str = "computer";
/// Where systems keep a number of their own, made at their installation (machine-id(5)).
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

impl StateDir {
    /// Takes note of the computer that this runs on, and says in the log where the directory came from another one.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn note_computer(&self) -> Result<(), StateDirError> {
        match MACHINE_IDS.iter().find_map(|path| std::fs::read_to_string(Path::new(path)).ok()) {
            Some(machine) => self.note(machine.trim()),
            // Nothing to tell computers apart by.
            None => Ok(()),
        }
    }

    fn note(&self, machine: &str) -> Result<(), StateDirError> {
        if machine.is_empty() {
            return Ok(());
        }
        // The number itself is nobody's business (machine-id(5)).
        let digest = Sha256::digest(format!("portal-agent {machine}"));
        let this: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let noted = self.read_private(COMPUTER)?;
        if noted.as_deref() == Some(this.as_bytes()) {
            return Ok(());
        }
        if noted.is_some() {
            let directory = self.path.display();
            tracing::warn!(
                "the state directory {directory} was last used on another computer; where a daemon runs on it there, too, the \
                 two take the device's connection from each other: give one of them another --state-dir"
            );
        }
        self.write_private(COMPUTER, this.as_bytes()).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computer_is_noted_once_and_its_number_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        state.note("0123456789abcdef").unwrap();
        let noted = state.read_private(COMPUTER).unwrap().unwrap();
        assert_eq!(noted.len(), 32);
        assert!(!String::from_utf8_lossy(&noted).contains("0123456789abcdef"));
        state.note("0123456789abcdef").unwrap();
        assert_eq!(state.read_private(COMPUTER).unwrap().unwrap(), noted);
        state.note("another").unwrap();
        assert_ne!(state.read_private(COMPUTER).unwrap().unwrap(), noted);
        state.note("").unwrap();
    }
}
