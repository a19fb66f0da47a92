//! What can be wrong with settings, in one line each: the key, the value, what would be right, where it stands.
//!
//! Lives here: the sentences. Does not live here: the exit code (2; the command line's business).

use std::io;
use std::path::PathBuf;

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the config file {path}: {reason}; check the path given with --config")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file is no TOML.
    #[error("{origin} is not TOML: {reason}")]
    Syntax {
        /// File and line.
        origin: String,
        /// The parser's sentence.
        reason: String,
    },
    /// A key that does not exist.
    #[error("unknown setting {key} in {origin}; the nearest is {nearest}")]
    UnknownKey {
        /// As written.
        key: String,
        /// Where it stands.
        origin: String,
        /// The valid key nearest to it, written the same way.
        nearest: String,
    },
    /// A value that its key does not take.
    #[error("{key} = {value} in {origin} is not right: it takes {right}")]
    WrongValue {
        /// The key.
        key: String,
        /// The value, `***` where it could be a secret.
        value: String,
        /// What it takes.
        right: String,
        /// Where it stands.
        origin: String,
    },
    /// A password file that cannot be used.
    #[error("cannot read the password file {path}: {reason}; it holds the password alone, on one line")]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The layers do not fit together. Every value was checked before, so this names a gap in the list of keys.
    #[error("the settings cannot be put together: {0}")]
    Together(#[from] config::ConfigError),
}
