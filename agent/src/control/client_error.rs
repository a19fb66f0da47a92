//! What the control API's client gives back: an answer, or why there is none.
//!
//! Lives here: both forms. Does not live here: asking (`client`), following (`following`).

use std::path::PathBuf;

use super::{API_VERSION, ApiError, ControlFileError, VERSION};

/// Why the daemon did not answer as hoped.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is none on this state directory.
    #[error("no daemon is running on the state directory {}", .0.display())]
    NoDaemon(PathBuf),
    /// `control.json` is of no use.
    #[error(transparent)]
    File(#[from] ControlFileError),
    /// The daemon speaks another version of the API.
    #[error(
        "the daemon (portal-agent {daemon}) speaks control API {api}, this portal-agent ({VERSION}) speaks {API_VERSION}"
    )]
    OtherApi {
        /// The daemon's version.
        daemon: String,
        /// Its API's.
        api: String,
    },
    /// No device of the daemon is called so.
    #[error("no device of this daemon is called {named:?}; it has {}", .hosted.join(", "))]
    UnknownDevice {
        /// What was asked for.
        named: String,
        /// The names that there are.
        hosted: Vec<String>,
    },
    /// It is not said which device is meant.
    #[error("this daemon hosts {} devices ({}), and it is not said which is meant", .hosted.len(), .hosted.join(", "))]
    SeveralDevices {
        /// The names that there are.
        hosted: Vec<String>,
    },
    /// It answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// The connection broke, or the answer made no sense.
    #[error("the daemon did not answer: {0}")]
    Lost(String),
}

/// An answer: as it came, and as it reads.
#[derive(Debug, Clone)]
pub struct ClientAnswer<T> {
    /// The JSON, in one line.
    pub json: String,
    /// What it says.
    pub value: T,
}
