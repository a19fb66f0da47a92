//! The platforms and the documentation profiles that the tables run over.
//!
//! Lives here: their names. Does not live here: what differs between them (each table's columns).

use portal_contract::OperatingSystem;

use crate::DocumentationYear;

/// A platform and a version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlatformCase(pub(super) OperatingSystem, pub(super) &'static str);

pub(super) const IPHONE: PlatformCase = PlatformCase(OperatingSystem::Ios, "26");
pub(super) const IPAD: PlatformCase = PlatformCase(OperatingSystem::IpadOs, "26");
pub(super) const ANDROID: PlatformCase = PlatformCase(OperatingSystem::Android, "16");
pub(super) const ANDROID_12: PlatformCase = PlatformCase(OperatingSystem::Android, "12");
pub(super) const PLATFORMS: [PlatformCase; 4] = [IPHONE, IPAD, ANDROID, ANDROID_12];
pub(super) const PROFILES: [DocumentationYear; 4] =
    [DocumentationYear::Y2019, DocumentationYear::Y2023, DocumentationYear::Y2025, DocumentationYear::Y2026];

impl PlatformCase {
    pub(super) fn is_apple(self) -> bool {
        self.0.is_apple()
    }

    /// Whether it shows a prompt (facts 4.1, 4.2).
    pub(super) fn asks(self) -> bool {
        self != ANDROID_12
    }
}
