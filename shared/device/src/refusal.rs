//! Why a command cannot be carried out on this device.
//!
//! Lives here: the form of a refusal and the sentences that several subjects share.

use super::identity::DeviceIdentity;

/// What a person is told: what cannot be, why (with the source), and how to get there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// A stable code.
    pub code: &'static str,
    /// What cannot be and why.
    pub message: String,
    /// What to do instead.
    pub hint: String,
}

impl Refusal {
    /// A refusal with its three parts.
    pub fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }

    /// Something that only Android has.
    pub fn only_android(what: &str, identity: &DeviceIdentity) -> Self {
        Self::new(
            "notOnThisPlatform",
            format!("{what} is Android's; this device runs {}", identity.operating_system),
            "start a device with --platform android in another --state-dir",
        )
    }

    /// Something that needs Company Portal on the device.
    pub fn app_missing(what: &str) -> Self {
        Self::new(
            "companyPortalNotInstalled",
            format!("{what} needs Company Portal, which is not installed on the device"),
            "app install",
        )
    }
}
