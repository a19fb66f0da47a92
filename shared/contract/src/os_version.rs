//! A platform's version: what makes one valid, and which of two is newer.
//!
//! Lives here: the type. Does not live here: what a version does to a device (`portal_device`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::OperatingSystem;

/// A version of the platform, such as `26`, `26.1` or `12L`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct OsVersion(String);

impl OsVersion {
    /// The version a new device has (contract 5).
    pub fn newest(operating_system: OperatingSystem) -> Self {
        Self(if operating_system.is_apple() { "27" } else { "17" }.to_owned())
    }

    /// The major number.
    pub fn major(&self) -> u32 {
        self.numbers().first().copied().unwrap_or(0)
    }

    fn numbers(&self) -> Vec<u32> {
        let digits = |part: &str| part.trim_end_matches('L').parse().unwrap_or(0);
        let mut numbers: Vec<u32> = self.0.split('.').map(digits).collect();
        // 26 and 26.0 are one version.
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        // 12L came after 12 and before 12.1 could have: it counts as half a step (facts 4.2 treats both alike).
        let step = if self.0.ends_with('L') { vec![0, 1] } else { Vec::new() };
        numbers.extend(step);
        numbers
    }

    /// Whether this version is newer than `other`.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.numbers() > other.numbers()
    }
}

impl std::str::FromStr for OsVersion {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let plain = text.strip_suffix('L').unwrap_or(text);
        let parts: Vec<&str> = plain.split('.').collect();
        if parts.len() <= 4 && parts.into_iter().all(number) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} is no OS version; write it like 26, 26.1 or 12L"))
        }
    }
}

impl TryFrom<String> for OsVersion {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<OsVersion> for String {
    fn from(version: OsVersion) -> String {
        version.0
    }
}

impl std::fmt::Display for OsVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> OsVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_ordered_as_they_were_published() {
        for (newer, older) in [("13", "12L"), ("12L", "12"), ("26.1", "26"), ("26.10", "26.9"), ("16", "9")] {
            assert!(version(newer).is_newer_than(&version(older)), "{newer} {older}");
            assert!(!version(older).is_newer_than(&version(newer)), "{newer} {older}");
        }
        for bad in ["", "x", "26.", ".1", "1.2.3.4.5", "-1", "L"] {
            assert!(bad.parse::<OsVersion>().is_err(), "{bad}");
        }
    }
}
