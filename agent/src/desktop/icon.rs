//! The icon of Company Portal's cards: our own drawing, `assets/company-portal.svg`, as a picture of 64 pixels, which is
//! how large dunst draws it.
//!
//! Lives here: its bytes and its file. Does not live here: how a desktop is told of it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::input_file;

const PICTURE: &[u8] = include_bytes!("../../assets/company-portal.png");

/// Writes the icon into a directory, unless it is there already, and gives its path.
///
/// # Errors
/// Where the directory cannot be made or written to.
pub(super) fn write(directory: &Path) -> io::Result<PathBuf> {
    // A server reads the path in its own working directory.
    let path = std::path::absolute(directory)?.join("company-portal.png");
    if input_file::read(&path, PICTURE.len()).is_ok_and(|present| present == PICTURE) {
        return Ok(path);
    }
    fs::create_dir_all(directory)?;
    // Renamed into place: a server may be reading it for a card of an earlier run.
    let fresh = path.with_extension("new");
    fs::write(&fresh, PICTURE)?;
    fs::rename(&fresh, &path)?;
    Ok(path)
}

/// The icon's path as a notification carries it; none, and a line in the log, where it could not be written.
pub(super) fn path(directory: &Path) -> Option<String> {
    match write(directory) {
        Ok(path) => path.to_str().map(str::to_owned),
        Err(error) => {
            tracing::warn!(directory = %directory.display(), %error, "cards show no icon: it could not be written");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_written_once_and_repaired() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("deeper");
        let path = write(&inside).unwrap();
        assert_eq!(fs::read(&path).unwrap(), PICTURE);
        fs::write(&path, b"cut short").unwrap();
        assert_eq!(write(&inside).unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), PICTURE);
    }

    #[test]
    fn a_directory_that_cannot_be_written_costs_the_icon_only() {
        assert_eq!(super::path(Path::new("/proc/no-such-place")), None);
    }
}
