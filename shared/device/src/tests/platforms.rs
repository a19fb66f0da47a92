//! The platforms and the documentation profiles that the tables run over.
//!
//! Lives here: their names. Does not live here: what differs between them (each table's columns).

use portal_contract::OperatingSystem;

use crate::Documentation;

/// A platform and a version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Platform(pub(super) OperatingSystem, pub(super) &'static str);

pub(super) const IPHONE: Platform = Platform(OperatingSystem::Ios, "26");
pub(super) const IPAD: Platform = Platform(OperatingSystem::IpadOs, "26");
pub(super) const ANDROID: Platform = Platform(OperatingSystem::Android, "16");
pub(super) const ANDROID_12: Platform = Platform(OperatingSystem::Android, "12");
pub(super) const PLATFORMS: [Platform; 4] = [IPHONE, IPAD, ANDROID, ANDROID_12];
pub(super) const PROFILES: [Documentation; 3] = [Documentation::Y2019, Documentation::Y2023, Documentation::Y2025];

impl Platform {
    pub(super) fn is_apple(self) -> bool {
        self.0.is_apple()
    }

    /// Whether it shows a prompt (facts 4.1, 4.2).
    pub(super) fn asks(self) -> bool {
        self != ANDROID_12
    }
}
