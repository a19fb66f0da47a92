//! Documentation profiles (facts 1.0), and the settings that the rules take as given.
//!
//! Lives here: which statement holds in which year. Does not live here: where settings come from.

use portal_shared::{ActionKind, OperatingSystem};
use serde::{Deserialize, Serialize};

/// Which year's documentation the device follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Documentation {
    /// As first published (facts 1.1, column A).
    #[default]
    #[serde(rename = "2019")]
    Y2019,
    /// Adds the targeted user (facts 1.4, document C).
    #[serde(rename = "2023")]
    Y2023,
    /// Names the supported platforms and no longer Play Services (facts 1.1, 1.2, documents D and E).
    #[serde(rename = "2025")]
    Y2025,
}

impl Documentation {
    /// Google Play Services is named as a dependency (facts 1.1).
    pub fn names_play_services(self) -> bool {
        self < Self::Y2025
    }

    /// The device must have been enrolled by the targeted user (facts 1.4: documents C to E).
    pub fn names_targeted_user(self) -> bool {
        self >= Self::Y2023
    }

    /// Only iOS, iPadOS and personally-owned work profiles are supported (facts 1.2: documents D and E).
    pub fn limits_platforms(self) -> bool {
        self >= Self::Y2025
    }

    /// On Android an app of before the version gate tells of an update instead of the message (facts 1.1: document C; E no
    /// longer mentions it).
    pub fn gates_app_version(self, operating_system: OperatingSystem) -> bool {
        !operating_system.is_apple() && self == Self::Y2023
    }

    /// A message that arrives while the app is open shows in the app (facts 1.6; on Android from document E on).
    pub fn shows_in_app(self, operating_system: OperatingSystem) -> bool {
        operating_system.is_apple() || self >= Self::Y2025
    }
}

impl std::fmt::Display for Documentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Y2019 => "2019",
            Self::Y2023 => "2023",
            Self::Y2025 => "2025",
        })
    }
}

impl std::str::FromStr for Documentation {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "2019" => Ok(Self::Y2019),
            "2023" => Ok(Self::Y2023),
            "2025" => Ok(Self::Y2025),
            _ => Err(format!("{text:?} is no documentation profile; choose 2019, 2023 or 2025")),
        }
    }
}

/// Settings that the rules take as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The documentation profile.
    pub documentation: Documentation,
    /// Whether the push service between sender and device is emulated (contract 4).
    pub emulate_push_service: bool,
    /// The most notifications raised in a second.
    pub pace_per_second: u32,
    /// The most cards open on the desktop.
    pub open_cards: usize,
    /// How long a push waits for a notification server, in milliseconds from its receipt.
    pub patience_millis: i64,
    /// A push whose `sentAt` is older than this, in milliseconds, is expired: its id may be forgotten (contract 4).
    pub ids_age_millis: i64,
    /// The remote actions that are carried out.
    pub allowed_actions: Vec<ActionKind>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            documentation: Documentation::default(),
            emulate_push_service: true,
            pace_per_second: 100,
            open_cards: 20,
            patience_millis: 20_000,
            ids_age_millis: 90 * 24 * 3_600_000,
            allowed_actions: ActionKind::ALL.to_vec(),
        }
    }
}
