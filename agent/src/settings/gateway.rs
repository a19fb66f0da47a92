//! `[gateway]`: how many custom notifications the gateway lets through (facts 1.3).
//!
//! Lives here: the section's type. Does not live here: counting (`portal_graph`), the other sections (`sections`).

use std::time::Duration;

use serde::Deserialize;

use super::period;

/// `[gateway]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// Messages to groups in a window, for the tenant.
    pub tenant_messages: u32,
    /// Messages to one device in a window.
    pub device_messages: u32,
    /// The window.
    #[serde(deserialize_with = "period::deserialize")]
    pub window: Duration,
}
