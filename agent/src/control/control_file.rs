//! `control.json`: how a client finds the daemon of a state directory (contract 6).
//!
//! Lives here: its form, and reading it with care. Does not live here: writing it for one user alone (`state_dir`).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{API_VERSION, Token};
use crate::library_error::{json_reason, os_reason};

/// What lies in `control.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlFile {
    /// Where the control API listens.
    pub url: String,
    /// The daemon's process id.
    pub pid: u32,
    /// The control API's version.
    pub api_version: u32,
    /// What lets a client in.
    pub token: Token,
}

/// Why `control.json` is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ControlFileError {
    /// Somebody else may know the token.
    #[error("{} may be read by others, so it is not used", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {}", path.display(), os_reason(reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It is not what a daemon writes.
    #[error("{} is not what a daemon writes: {}", path.display(), json_reason(reason))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: serde_json::Error,
    },
    /// A daemon of another version wrote it.
    #[error("the daemon of {} speaks control API {theirs}, this portal-agent speaks {API_VERSION}", path.display())]
    OtherApi {
        /// The file.
        path: PathBuf,
        /// The daemon's version of the API.
        theirs: u32,
    },
}

impl ControlFile {
    /// The file's name in the state directory.
    pub const NAME: &'static str = "control.json";

    /// The file's bytes.
    pub fn to_json(&self) -> Vec<u8> {
        // Plain text and numbers: there is nothing in it that JSON cannot say.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the file of a state directory; `None` where there is none. Nothing is made or changed.
    ///
    /// # Errors
    /// It is there and of no use.
    pub fn read(state_dir: &Path) -> Result<Option<Self>, ControlFileError> {
        let path = state_dir.join(Self::NAME);
        let unreadable = |reason| ControlFileError::Unreadable { path: path.clone(), reason };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(reason) if is_absence(&reason) => return Ok(None),
            Err(reason) => return Err(unreadable(reason)),
        };
        if !is_private(&file).map_err(unreadable)? {
            return Err(ControlFileError::NotPrivate { path });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        Self::parse(&bytes, path).map(Some)
    }

    fn parse(bytes: &[u8], path: PathBuf) -> Result<Self, ControlFileError> {
        /// What every version of the file has.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Versioned {
            api_version: u32,
        }
        match serde_json::from_slice::<Versioned>(bytes) {
            Ok(Versioned { api_version }) if api_version != API_VERSION => {
                Err(ControlFileError::OtherApi { path, theirs: api_version })
            }
            _ => serde_json::from_slice(bytes).map_err(|reason| ControlFileError::Malformed { path, reason }),
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn is_private(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 == 0)
}

// Writing it fails where `icacls` fails (contract 6), so a file that is there has its list.
#[cfg(not(unix))]
fn is_private(_file: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        // tempfile makes its files for this user alone
        let file = tempfile::NamedTempFile::new_in(directory.path()).unwrap();
        std::fs::write(file.path(), text).unwrap();
        file.persist(directory.path().join(ControlFile::NAME)).unwrap();
        directory
    }

    #[test]
    fn what_is_written_is_read_back_and_debug_hides_the_token() {
        let token = Token::draw().unwrap();
        let written = ControlFile { url: "http://127.0.0.1:1".to_owned(), pid: 7, api_version: API_VERSION, token };
        let directory = file(&String::from_utf8(written.to_json()).unwrap());
        let read = ControlFile::read(directory.path()).unwrap().unwrap();
        assert_eq!((read.url.as_str(), read.pid), ("http://127.0.0.1:1", 7));
        assert_eq!(read.token.bearer(), written.token.bearer());
        let secret = written.token.bearer().replace("Bearer ", "");
        assert_eq!(secret.len(), 64);
        assert!(!format!("{read:?}").contains(&secret));
    }

    #[test]
    fn nothing_is_read_where_nothing_is_and_nothing_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("none");
        assert!(ControlFile::read(&state).unwrap().is_none());
        assert!(!state.exists());
    }

    #[test]
    fn another_versions_file_is_told_apart_from_a_broken_one() {
        let newer = file(r#"{"apiVersion":2,"socket":"elsewhere"}"#);
        assert!(matches!(ControlFile::read(newer.path()).unwrap_err(), ControlFileError::OtherApi { theirs: 2, .. }));
        let broken = file("{");
        assert!(matches!(ControlFile::read(broken.path()).unwrap_err(), ControlFileError::Malformed { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let directory = file("{}");
        let path = directory.path().join(ControlFile::NAME);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(ControlFile::read(directory.path()).unwrap_err(), ControlFileError::NotPrivate { .. }));
    }
}
