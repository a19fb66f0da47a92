//! `control.json`: how a client finds the daemon of a state directory (contract 6).
//!
//! Lives here: its form, and reading it with care. Does not live here: writing it for one user alone (`state_dir`).

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{API_VERSION, ControlToken};
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
    pub token: ControlToken,
}

/// The most that is read of it; it has some 150 bytes.
const LARGEST: u64 = 64 * 1024;

/// Why `control.json` is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ControlFileError {
    /// Somebody else may know the token.
    #[error("{} may be read by others, so it is not used", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else wrote it, and may have whoever follows it talk to them.
    #[error("{} belongs to another user ({owner}), so it is not followed", path.display())]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// The user's number.
        owner: String,
    },
    /// A folder, a pipe or a device.
    #[error("{} is not a file, so it is not read", path.display())]
    NotAFile {
        /// What has the name.
        path: PathBuf,
    },
    /// Its URL leads off this computer.
    #[error("{} names an address off this computer, so it is not followed", path.display())]
    NotLoopback {
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
        // Before it is opened: a pipe without a writer would be waited for.
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(ControlFileError::NotAFile { path }),
            Err(reason) if is_absence(&reason) => return Ok(None),
            Err(reason) => return Err(unreadable(reason)),
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(reason) if is_absence(&reason) => return Ok(None),
            Err(reason) => return Err(unreadable(reason)),
        };
        // Of the file that is open, not of its name: another may have been put there meanwhile.
        let metadata = file.metadata().map_err(unreadable)?;
        if let Some(owner) = other_owner(&metadata) {
            return Err(ControlFileError::OtherOwner { path, owner });
        }
        if !is_private(&metadata) {
            return Err(ControlFileError::NotPrivate { path });
        }
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
        let read = Self::parse(&bytes, path.clone())?;
        if is_loopback(&read.url) { Ok(Some(read)) } else { Err(ControlFileError::NotLoopback { path }) }
    }

    fn parse(bytes: &[u8], path: PathBuf) -> Result<Self, ControlFileError> {
        /// What every version of the file has.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct FileVersion {
            api_version: u32,
        }
        // The version first: a file of another one may have other members, and "malformed" would be the wrong answer.
        match serde_json::from_slice::<FileVersion>(bytes) {
            Ok(FileVersion { api_version }) if api_version != API_VERSION => {
                Err(ControlFileError::OtherApi { path, theirs: api_version })
            }
            _ => serde_json::from_slice(bytes).map_err(|reason| ControlFileError::Malformed { path, reason }),
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether the URL leads to this computer alone: the token is sent there.
fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        // A name may lead anywhere.
        Some(Host::Domain(_)) | None => false,
    };
    loopback && url.scheme() == "http" && url.username().is_empty()
}

#[cfg(unix)]
fn other_owner(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    (metadata.uid() != rustix::process::geteuid().as_raw()).then(|| metadata.uid().to_string())
}

#[cfg(unix)]
fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o077 == 0
}

// Writing it fails where `icacls` fails (contract 6), so a file that is there has its list, and is this user's.
#[cfg(not(unix))]
fn other_owner(_metadata: &Metadata) -> Option<String> {
    None
}

#[cfg(not(unix))]
fn is_private(_metadata: &Metadata) -> bool {
    true
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
        let token = ControlToken::draw().unwrap();
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

    fn naming(url: &str) -> tempfile::TempDir {
        let token = ControlToken::draw().unwrap();
        let written = ControlFile { url: url.to_owned(), pid: 7, api_version: API_VERSION, token };
        file(&String::from_utf8(written.to_json()).unwrap())
    }

    #[test]
    fn a_url_off_this_computer_is_not_followed() {
        for url in [
            "http://192.0.2.1:80",
            "http://localhost.example:80",
            "http://localhost:80",
            "https://127.0.0.1:80",
            "http://127.0.0.1@192.0.2.1:80",
            "http://user@127.0.0.1:80",
            "http://0.0.0.0:80",
            "file:///etc/passwd",
            "nonsense",
        ] {
            let error = ControlFile::read(naming(url).path()).unwrap_err();
            assert!(matches!(error, ControlFileError::NotLoopback { .. }), "{url}: {error}");
        }
        for url in ["http://127.0.0.1:80", "http://127.1.2.3:80", "http://[::1]:80"] {
            assert!(ControlFile::read(naming(url).path()).unwrap().is_some(), "{url}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_and_what_is_no_file_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ControlFile::NAME);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(matches!(ControlFile::read(folder.path()).unwrap_err(), ControlFileError::NotAFile { .. }));
        if rustix::process::geteuid().is_root() {
            let directory = naming("http://127.0.0.1:80");
            std::os::unix::fs::chown(directory.path().join(ControlFile::NAME), Some(65534), None).unwrap();
            let error = ControlFile::read(directory.path()).unwrap_err();
            assert!(error.to_string().contains("another user (65534)"), "{error}");
        }
    }
}
