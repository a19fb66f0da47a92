//! How this computer's user reaches the embedded broker: `embedded-broker.json` in the state directory (contract 7).
//!
//! Lives here: its content, reading and writing it. Does not live here: drawing a password (`embedded`), and keeping the file from
//! others (`state_dir`).

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::EmbeddedBroker;
use crate::mqtt::{BrokerCredentials, Secret};
use crate::state_dir::{StateDir, StateDirError};

/// The file's name.
pub const EMBEDDED_BROKER_FILE: &str = "embedded-broker.json";

#[derive(Serialize, Deserialize)]
struct Content {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// The credentials that a state directory keeps for its embedded broker. A file that says nothing of use counts as none: the
/// next start writes it anew.
///
/// # Errors
/// The file cannot be read, or others may read it.
pub fn kept_credentials(state_dir: &Path) -> Result<Option<BrokerCredentials>, StateDirError> {
    let Some(bytes) = StateDir::read_private_in(state_dir, EMBEDDED_BROKER_FILE)? else { return Ok(None) };
    let content = serde_json::from_slice::<Content>(&bytes).ok();
    Ok(content.and_then(|content| Some(BrokerCredentials::new(content.username?, Secret::new(content.password?)))))
}

/// Writes how `broker` is reached, for its user alone.
///
/// # Errors
/// It cannot be written, or cannot be kept from others.
pub fn keep_credentials(state_dir: &StateDir, broker: &EmbeddedBroker) -> Result<(), StateDirError> {
    let credentials = broker.credentials();
    let content = Content {
        url: broker.own_url().to_string(),
        username: credentials.map(|credentials| credentials.username.clone()),
        password: credentials.map(|credentials| credentials.password().to_owned()),
    };
    // Texts alone: there is nothing in it that JSON cannot say.
    let bytes = serde_json::to_vec(&content).unwrap_or_default();
    state_dir.write_private(EMBEDDED_BROKER_FILE, &bytes).map(|_| ())
}
