//! Durations as members of a section.
//!
//! Lives here: reading them from a settings file. Does not live here: how a duration is written (`portal_contract::duration`).

use std::time::Duration;

use portal_contract::duration::parse;
use serde::{Deserialize, Deserializer, de};

/// Reads a member of a section.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// Reads an optional member of a section.
pub(super) fn deserialize_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse(&text).map_err(de::Error::custom)).transpose()
}
