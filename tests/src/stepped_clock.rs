//! A wall clock that is set while a program runs, for that program alone: libfaketime, preloaded.
//!
//! Lives here: the variables for the program, and the steps. Does not live here: the device's own clock (`clock advance`).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

const LIBRARIES: [&str; 2] = ["/usr/lib", "/usr/lib64"];

/// A clock that can be set.
#[derive(Debug)]
pub struct SteppedClock {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl SteppedClock {
    /// A clock that runs with the computer's; none, and the reason printed, where libfaketime is not installed.
    ///
    /// # Errors
    /// No temporary directory.
    pub fn new() -> Result<Option<Self>> {
        let Some(library) = library() else {
            println!("skipped: libfaketime is not installed (Debian: faketime)");
            return Ok(None);
        };
        let clock = Self { folder: tempfile::tempdir()?, library };
        clock.set("+0")?;
        Ok(Some(clock))
    }

    /// The variables of a program that goes by this clock: its time of day only, not the time that passes.
    pub fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("LD_PRELOAD", self.library.to_string_lossy().into_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().to_string_lossy().into_owned()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }

    /// Sets the clock so far from the computer's: `-1h`, `+365d`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set(&self, distance: &str) -> Result<()> {
        // Put in place at once: the program reads it at any moment.
        let new = self.folder.path().join("new");
        std::fs::write(&new, distance)?;
        std::fs::rename(new, self.file()).context("the clock's file")
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("distance")
    }
}

/// Debian keeps it below the architecture's directory.
fn library() -> Option<PathBuf> {
    let below = |directory: &Path| {
        let candidates = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
        candidates.map(|path| path.join("faketime/libfaketime.so.1")).find(|path| path.exists())
    };
    LIBRARIES.iter().find_map(|directory| below(Path::new(directory)))
}
