//! Whose the state directory and its files are, and taking from others what they may do with them.
//!
//! Lives here: which files are this program's, what is refused and what is narrowed. Does not live here: how a system
//! says it (`permissions`).

use std::io;
use std::path::{Path, PathBuf};

use super::computer::COMPUTER;
use super::{CONTROL, JOURNAL, LOCK, OPEN_CARDS, PANEL, StateDirError, permissions};

/// How the names of this program's files begin: the journal has companions, and temporary files have a longer name.
const OURS: [&str; 6] = [CONTROL, JOURNAL, "embedded-broker.json", "gateway.json", OPEN_CARDS, PANEL];

/// Refuses a directory or file of another user, and narrows what is too wide, which one line of the log says.
pub(super) fn take_from_others(directory: &Path) -> Result<(), StateDirError> {
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |reason: io::Error| StateDirError::File { path, reason }
    };
    let metadata = directory.metadata().map_err(wrong(directory))?;
    if let Some(owner) = permissions::other_owner(&metadata) {
        return Err(StateDirError::OtherOwner { path: directory.to_owned(), owner });
    }
    let (ours, others) = files(directory).map_err(wrong(directory))?;
    // Refused and not narrowed: it is nobody's state directory yet, and may be a shared one such as /tmp, which
    // others would be locked out of.
    if permissions::is_open_to_others(&metadata) && ours.is_empty() && others {
        return Err(StateDirError::OpenToOthers { path: directory.to_owned() });
    }
    let mut narrowed = Vec::new();
    if let Some(mode) = permissions::narrow_directory(directory).map_err(wrong(directory))? {
        narrowed.push(format!("the directory itself ({mode})"));
    }
    for path in ours {
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            // A temporary file of a daemon that runs, or a link that leads nowhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(wrong(&path)(error)),
        };
        if !metadata.is_file() {
            return Err(StateDirError::NotAFile { path });
        }
        if let Some(owner) = permissions::other_owner(&metadata) {
            return Err(StateDirError::OtherOwner { path, owner });
        }
        if let Some(mode) = permissions::narrow_file(&path).map_err(wrong(&path))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            narrowed.push(format!("{name} ({mode})"));
        }
    }
    if !narrowed.is_empty() {
        let (directory, narrowed) = (directory.display(), narrowed.join(", "));
        tracing::warn!("others could read or change the state directory {directory}; taken from them: {narrowed}");
    }
    Ok(())
}

/// This program's files in the directory, and whether anything else lies there.
fn files(directory: &Path) -> io::Result<(Vec<PathBuf>, bool)> {
    let (mut ours, mut others) = (Vec::new(), false);
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == LOCK
            || name == COMPUTER
            || OURS.iter().any(|beginning| name.to_string_lossy().starts_with(beginning))
        {
            ours.push(entry.path());
        } else {
            others = true;
        }
    }
    ours.sort();
    Ok((ours, others))
}
