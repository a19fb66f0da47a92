//! Permissions by access lists, through `icacls` (contract 6): refused where that fails.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::library_error::os_reason;

/// Makes the directory and those above it; it inherits the list of the user's own folder.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// The folders above decide whose it is; each private file has a list of its own.
pub(super) fn other_owner(_metadata: &Metadata) -> Option<String> {
    None
}

/// The folders above decide.
pub(super) fn is_open_to_others(_directory: &Metadata) -> bool {
    false
}

/// The folders above decide.
pub(super) fn narrow_directory(_path: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

/// Each private file got its list when it was made.
pub(super) fn narrow_file(_path: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

/// The folders above decide.
pub(super) fn make_narrow(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Takes the inherited list away and lets this user alone in.
pub(super) fn make_private(path: &Path) -> Result<(), String> {
    let user = std::env::var("USERNAME").map_err(|_| "USERNAME is not set".to_owned())?;
    let user = match std::env::var("USERDOMAIN") {
        Ok(domain) => format!("{domain}\\{user}"),
        Err(_) => user,
    };
    let output = Command::new("icacls")
        .arg(path)
        .args(["/inheritance:r", "/grant:r", &format!("{user}:F"), "/q"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("icacls: {}", os_reason(&error)))?;
    if output.status.success() {
        Ok(())
    } else {
        Err("icacls refused; \"icacls FILE\" in a terminal says why".to_owned())
    }
}

/// [`make_private`] refused where it failed, so a file that is there has its list.
pub(super) fn is_private(_file: &File) -> io::Result<bool> {
    Ok(true)
}
