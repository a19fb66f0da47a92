//! What is known of Company Portal, or the Microsoft Intune app in its place, on the device: which of them, its version, its use.
//!
//! Lives here: the state, and how versions follow each other (facts 1.1, 1.9). Does not live here: the commands (`app`).

use portal_contract::{DeviceEnrollmentType, OperatingSystem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{DeviceSnapshot, Refusal, Rule};

/// Which app receives custom notifications on Android (facts 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReceiverApp {
    /// Company Portal.
    #[default]
    CompanyPortal,
    /// The Microsoft Intune app.
    Intune,
}

impl ReceiverApp {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CompanyPortal => "Company Portal",
            Self::Intune => "Microsoft Intune",
        }
    }

    /// From this version on it shows custom notifications (facts 1.1, the version gate).
    pub(super) fn first_showing_version(self) -> &'static str {
        match self {
            Self::CompanyPortal => "5.0.5291.0",
            Self::Intune => "2021.09.04",
        }
    }

    /// From this version on it looks for messages by itself without Google Play Services (facts 1.1).
    fn first_polling_version(self) -> &'static str {
        match self {
            Self::CompanyPortal => "5.0.5655.0",
            Self::Intune => "24.02.4",
        }
    }
}

/// The app on the device that receives custom notifications: Company Portal, or the Microsoft Intune app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppState {
    /// Which of the two apps it is.
    pub kind: ReceiverApp,
    /// Whether it was installed silently, and nobody has opened it yet (`Rule::IntuneAppWithEnrollment`).
    pub never_opened: bool,
    /// Its version while it is installed.
    pub version: Option<String>,
    /// Whether it is open on the screen.
    pub foreground: bool,
    /// Whether it was force-stopped and not opened since (facts 4.2).
    pub force_stopped: bool,
    /// Whether its user is signed in; a push does not need it (`Rule::SignInNotNeeded`).
    pub signed_in: bool,
    /// The API level that it targets (Android).
    pub target_sdk: Option<u32>,
    /// When it was installed.
    pub installed_at: Option<Timestamp>,
    /// When it was last used: installed, open, or a notification of it clicked; none where that is not known.
    pub used_at: Option<Timestamp>,
    /// When it was last removed (facts 4.1: a day later the permission is forgotten).
    pub removed_at: Option<Timestamp>,
    /// Whether the app has created its notification channel (Android; `Rule::AndroidPreGrant`). Snapshots of before this was
    /// kept are of apps that had.
    #[serde(default = "yes")]
    pub has_channel: bool,
    /// In-app messages with a later sequence are this installation's.
    pub in_app_from: u64,
    /// In-app messages up to this sequence are listed: the section was pulled to refresh (facts 1.6).
    pub refreshed_through: u64,
}

fn yes() -> bool {
    true
}

impl AppState {
    /// Whether it is installed.
    pub fn is_installed(&self) -> bool {
        self.version.is_some()
    }
}

/// The version that an install without one gets: the oldest that the documentation still supports.
pub(super) fn default_version(operating_system: OperatingSystem, kind: ReceiverApp) -> &'static str {
    // facts 1.9 (iOS), 1.1 (Android: the version gate)
    if operating_system.is_apple() { "5.2311.1" } else { kind.first_showing_version() }
}

/// The version after `version`: its last number one higher.
pub(super) fn next_version(version: &str) -> String {
    let (head, last) = version.rsplit_once('.').map_or(("", version), |(head, last)| (head, last));
    match last.parse::<u64>() {
        Ok(number) if head.is_empty() => number.saturating_add(1).to_string(),
        Ok(number) => format!("{head}.{}", number.saturating_add(1)),
        Err(_) => format!("{version}.1"),
    }
}

/// Whether `version` came before `other`, number by number; 5.2 and 5.2.0 are one version.
pub(super) fn is_older(version: &str, other: &str) -> bool {
    let numbers = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    let (mut version, mut other) = (numbers(version), numbers(other));
    let parts = version.len().max(other.len());
    version.resize(parts, 0);
    other.resize(parts, 0);
    version < other
}

pub(super) fn checked_version(version: Option<String>, otherwise: impl FnOnce() -> String) -> Result<String, Refusal> {
    let version = version.unwrap_or_else(otherwise);
    let number = |part: &str| (1..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if version.len() <= 32 && version.split('.').all(number) {
        return Ok(version);
    }
    let message = format!("{version:?} is no app version");
    Err(Refusal::new("invalidVersion", message, "write digits and dots, as in 5.2311.1"))
}

impl DeviceSnapshot {
    /// Whether the enrollment brought the app and keeps it there (`Rule::IntuneAppWithEnrollment`).
    pub(super) fn requires_the_app(&self) -> bool {
        self.app.kind == ReceiverApp::Intune
            && self.follows(Rule::IntuneAppWithEnrollment)
            && self.is_personal_work_profile()
    }

    /// Whether the app looks for messages by itself, every now and then, since Google's services are not there to tell it
    /// (`Rule::PollsWithoutPlayServices`).
    pub(super) fn polls(&self) -> bool {
        let Some(enrolled) = &self.enrollment.enrolled else { return false };
        let app = match enrolled.enrollment_type {
            DeviceEnrollmentType::DeviceEnrollmentManager => ReceiverApp::CompanyPortal,
            DeviceEnrollmentType::AndroidAospUserOwned | DeviceEnrollmentType::AndroidAospUserless => {
                ReceiverApp::Intune
            }
            _ => return false,
        };
        let is_new_enough = |version: &String| !is_older(version, app.first_polling_version());
        self.follows(Rule::PollsWithoutPlayServices)
            && !self.condition.play_services
            && self.app.kind == app
            && self.app.version.as_ref().is_some_and(is_new_enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_without_a_version_goes_one_step_on() {
        assert_eq!(next_version("5.2311.1"), "5.2311.2");
        assert_eq!(next_version("7"), "8");
        assert_eq!(next_version("7.x"), "7.x.1");
    }
}
