//! Files that people name for a result: written aside and renamed, so that nobody reads half a report.
//!
//! Lives here: where a result is written to. Does not live here: what it says.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a result is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileWriteError {
    #[error("is a folder")]
    Folder,
    #[error("is a link that leads nowhere")]
    DanglingLink,
    /// The folder that it would lie in.
    #[error("would lie in a folder that does not exist")]
    NoFolder,
    /// The operating system refuses.
    #[error("cannot be written: {}", crate::library_error::os_reason(.0))]
    Refused(#[from] io::Error),
}

/// Writes a result. A regular file is replaced at once, whole, with the permissions that it had; a device, a pipe and what
/// lies in `/dev` and `/proc` is written to as it is, for `--junit /dev/stdout`.
///
/// # Errors
/// Nothing was written, or, to a device or a pipe, not all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FileWriteError> {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(FileWriteError::Folder),
        Ok(metadata) if !metadata.is_file() || names_an_open_file(path) => {
            Ok(fs::OpenOptions::new().write(true).append(metadata.is_file()).open(path)?.write_all(bytes)?)
        }
        // Behind a link, the file that it leads to is replaced, and not the link.
        Ok(metadata) => replace(&path.canonicalize()?, Some(&metadata), bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match path.symlink_metadata() {
            Ok(_) => Err(FileWriteError::DanglingLink),
            Err(_) => replace(path, None, bytes),
        },
        Err(error) => Err(error.into()),
    }
}

/// Whether a result can be written there, so far as that can be told before there is one. Nothing is made or changed.
///
/// # Errors
/// It cannot.
pub(crate) fn check(path: &Path) -> Result<(), FileWriteError> {
    let folder = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => return Err(FileWriteError::Folder),
        Ok(metadata) if !metadata.is_file() || names_an_open_file(path) => return Ok(()),
        Ok(_) => match fs::OpenOptions::new().append(true).open(path) {
            Ok(_) => return Ok(()),
            // One that may be read only is replaced where its folder may be written to.
            Err(_) => folder_of(&path.canonicalize()?),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => match path.symlink_metadata() {
            Ok(_) => return Err(FileWriteError::DanglingLink),
            Err(_) => folder_of(path),
        },
        Err(error) => return Err(error.into()),
    };
    if !folder.is_dir() {
        return Err(FileWriteError::NoFolder);
    }
    tempfile::tempfile_in(&folder)?;
    Ok(())
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn names_an_open_file(path: &Path) -> bool {
    // Such a path stands for a file that is open already, as standard output may be: what replaces it would be read
    // by nobody.
    ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder))
}

fn replace(path: &Path, old: Option<&Metadata>, bytes: &[u8]) -> Result<(), FileWriteError> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(FileWriteError::NoFolder);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".portal-agent-");
    // A report is no secret: as any new file, the umask decides.
    if let Some(permissions) = of_a_new_file() {
        builder.permissions(permissions);
    }
    let mut aside = match builder.tempfile_in(&folder) {
        Ok(aside) => aside,
        // In a folder that may not be written to, a file that may can only be written in place.
        Err(_) if old.is_some() => return Ok(File::create(path)?.write_all(bytes)?),
        Err(error) => return Err(error.into()),
    };
    aside.write_all(bytes)?;
    if let Some(old) = old {
        aside.as_file().set_permissions(old.permissions())?;
    }
    aside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn of_a_new_file() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn of_a_new_file() -> Option<Permissions> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_or_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.xml");
        write(&path, b"first and longer").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(folder.path()), ["r.xml"]);
        assert!(matches!(write(folder.path(), b""), Err(FileWriteError::Folder)));
        assert!(matches!(write(&path.join("x"), b""), Err(FileWriteError::Refused(_) | FileWriteError::NoFolder)));
        assert!(matches!(write(&folder.path().join("none/x"), b""), Err(FileWriteError::NoFolder)));
    }

    #[cfg(unix)]
    #[test]
    fn whoever_has_the_old_report_open_reads_it_to_its_end() {
        use std::io::Read;
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("r.xml"), folder.path().join("latest"));
        write(&path, b"old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        let mut reader = File::open(&path).unwrap();
        write(&link, b"new").unwrap();
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!((read.as_str(), fs::read_to_string(&path).unwrap().as_str()), ("old", "new"));
        assert!(link.symlink_metadata().unwrap().is_symlink(), "the link stays one");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        symlink("nowhere", folder.path().join("dangling")).unwrap();
        assert!(matches!(write(&folder.path().join("dangling"), b""), Err(FileWriteError::DanglingLink)));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_device_are_written_to_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        write(&pipe, b"through it").unwrap();
        assert_eq!(reader.join().unwrap(), "through it");
        write(Path::new("/dev/null"), b"x").unwrap();
        assert_eq!(names(folder.path()), ["pipe"]);
    }
}
