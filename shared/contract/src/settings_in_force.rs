//! The settings that a daemon was started with, as `config show` prints them.
//!
//! Lives here: the words. Does not live here: which settings there are, where they are read from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One key, for `config show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyOrigin {
    /// The key, as in `broker.keep_alive`.
    pub key: String,
    /// Its value in force, null where it has none; a secret shows as `***`.
    pub value: serde_json::Value,
    /// Where it comes from: `default`, the file with the line, the variable, the command line.
    pub origin: String,
}

/// Every key, in the order of `config/default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SettingsInForce {
    /// The keys; none of a daemon that was started without settings, as the demo is.
    pub settings: Vec<KeyOrigin>,
}
