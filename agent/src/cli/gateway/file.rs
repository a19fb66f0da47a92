//! `gateway.json`: how this user's commands find a running gateway (contract 7).
//!
//! Lives here: its content. Does not live here: keeping it from others (`state_dir`).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::CommandFailure;
use crate::state_dir::StateDir;

/// The file's name in the state directory.
pub(super) const GATEWAY_FILE: &str = "gateway.json";

/// What lies in it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GatewayFile {
    /// Where the gateway listens.
    pub(super) url: String,
    /// Its process id.
    pub(super) pid: u32,
    /// A token of the role admin; new at each start.
    pub(super) token: String,
    /// The authority of its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ca_file: Option<PathBuf>,
}

impl GatewayFile {
    /// The file of a state directory.
    ///
    /// # Errors
    /// There is none, or it is of no use.
    pub(super) fn read(state_dir: &Path) -> Result<Self, CommandFailure> {
        let missing = || {
            let message = format!("no gateway runs on the state directory {}", state_dir.display());
            CommandFailure::operation("noGateway", message, "portal-agent gateway starts one; or name one with --url")
        };
        let bytes = StateDir::read_private_in(state_dir, GATEWAY_FILE)?.ok_or_else(missing)?;
        // What is no such file was left by something else, or cut off.
        serde_json::from_slice(&bytes).map_err(|_| missing())
    }

    /// Writes it, for this user alone.
    ///
    /// # Errors
    /// It cannot be written, or cannot be kept from others.
    pub(super) fn write(&self, state_dir: &StateDir) -> Result<(), CommandFailure> {
        // Texts and a number: there is nothing in it that JSON cannot say.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Ok(state_dir.write_private(GATEWAY_FILE, &bytes).map(drop)?)
    }
}
