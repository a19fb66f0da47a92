//! What can be wrong with settings, in one line each: the key, the value, what would be right, where it stands.
//!
//! Lives here: the sentences. Does not live here: the exit code (2; the command line's business).

use std::path::PathBuf;

use crate::input_file::FileReadError;

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read as text.
    #[error("the settings file {} {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: FileReadError,
    },
    /// The file is no TOML.
    #[error("{origin} is not TOML: {reason}")]
    Syntax {
        /// File and line.
        origin: String,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A variable that means a setting, and is spelled otherwise.
    #[error("the variable {name} sets nothing; its right spelling is {right}")]
    Misspelled {
        /// As it is.
        name: String,
        /// As it should be.
        right: String,
    },
    /// A variable whose value is no text.
    #[error("the variable {name} is not UTF-8; give it a value in UTF-8")]
    NotUnicode {
        /// The variable.
        name: String,
    },
    /// A key that does not exist.
    #[error("unknown setting {key} in {origin}; {}", told(nearest.as_deref()))]
    UnknownKey {
        /// As written.
        key: String,
        /// Where it stands.
        origin: String,
        /// The valid key nearest to it, where one is near, written the same way.
        nearest: Option<String>,
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
    #[error("the password file {} {reason}", path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: PasswordError,
    },
    /// The layers do not fit together, though every value is one that its key takes.
    #[error("the settings cannot be put together; this is a fault of portal-agent, not of the settings")]
    Together(#[from] config::ConfigError),
}

/// Why a password file holds no password, as the end of a sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is no text.
    #[error("{0}")]
    File(#[from] FileReadError),
    /// Nothing in it.
    #[error("is empty; it holds the password alone, on one line")]
    Empty,
    /// More than a password.
    #[error("has {0} lines; it holds the password alone, on one line")]
    Lines(usize),
    /// A key or a certificate.
    #[error("holds a certificate or a key; it holds the password alone, on one line")]
    Pem,
}

/// What was meant by a key that does not exist.
fn told(nearest: Option<&str>) -> String {
    nearest.map_or_else(|| "config show lists them all".to_owned(), |nearest| format!("the nearest is {nearest}"))
}
