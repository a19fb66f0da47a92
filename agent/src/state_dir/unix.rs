//! Permissions by owner and mode bits.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::library_error::os_reason;

/// What nobody but its user may do with a file of ours.
const WIDE_FILE: u32 = 0o077;
/// What others may not do with the directory: change what lies in it. Who may read its names learns no secret.
const WIDE_DIRECTORY: u32 = 0o022;

/// Makes the directory and those above it, for this user alone at any umask; one that exists stays as it is.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // Said again, since the umask may have taken away from what was asked for.
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o700))
}

/// The user whose it is, if that is another than this process runs as.
pub(super) fn other_owner(metadata: &Metadata) -> Option<String> {
    let (owner, this) = (metadata.uid(), rustix::process::geteuid().as_raw());
    (owner != this).then(|| owner.to_string())
}

/// Whether others may change what lies in it.
pub(super) fn is_open_to_others(directory: &Metadata) -> bool {
    directory.mode() & WIDE_DIRECTORY != 0
}

/// Takes from others what they may not do with the directory; says which mode it had, where it was too wide.
pub(super) fn narrow_directory(path: &Path) -> io::Result<Option<String>> {
    narrow(path, WIDE_DIRECTORY)
}

/// Takes from others what they may not do with the file; says which mode it had, where it was too wide.
pub(super) fn narrow_file(path: &Path) -> io::Result<Option<String>> {
    narrow(path, WIDE_FILE)
}

fn narrow(path: &Path, wide: u32) -> io::Result<Option<String>> {
    let mode = path.metadata()?.mode() & 0o7777;
    if mode & wide == 0 {
        return Ok(None);
    }
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode & !wide))?;
    Ok(Some(format!("{mode:04o}")))
}

/// Has a file that is made be for this user alone.
pub(super) fn make_narrow(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Keeps others from the file.
pub(super) fn make_private(path: &Path) -> Result<(), String> {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).map_err(|error| os_reason(&error))
}

/// Whether others are kept from it.
pub(super) fn is_private(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.mode() & WIDE_FILE == 0)
}
