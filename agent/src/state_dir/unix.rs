//! Permissions by mode bits.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::library_error::os_reason;

/// Makes the directory and those above it, for this user alone; one that exists stays as it is.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether others may change what lies in it.
pub(super) fn is_open_to_others(directory: &Path) -> io::Result<bool> {
    Ok(directory.metadata()?.permissions().mode() & 0o002 != 0)
}

/// Keeps others from the file.
pub(super) fn make_private(path: &Path) -> Result<(), String> {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).map_err(|error| os_reason(&error))
}

/// Whether others are kept from it.
pub(super) fn is_private(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.permissions().mode() & 0o077 == 0)
}
