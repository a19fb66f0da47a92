//! The documentation years that a device may follow, and the labels that say how far each supports a rule.
//!
//! Lives here: years, labels, and how tables write them. Does not live here: what a rule rests on (`evidence`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::documents::Document;

/// Which year's documentation the device follows (facts 1.0).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    VariantArray,
)]
#[strum(parse_err_ty = String, parse_err_fn = unknown_year)]
pub enum DocumentationYear {
    /// As first published (document C19).
    #[default]
    #[serde(rename = "2019")]
    #[strum(serialize = "2019")]
    Y2019,
    /// Adds the targeted user (document C23).
    #[serde(rename = "2023")]
    #[strum(serialize = "2023")]
    Y2023,
    /// Names the supported platforms and no longer Play Services (document C25).
    #[serde(rename = "2025")]
    #[strum(serialize = "2025")]
    Y2025,
    /// The page of 2025, which is the newest, on devices that Android Management API manages (documents Ama, Wps, Gms).
    #[serde(rename = "2026")]
    #[strum(serialize = "2026")]
    Y2026,
}

impl DocumentationYear {
    /// Every profile, oldest first.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its year.
    pub fn year(self) -> &'static str {
        self.into()
    }

    /// The year of the custom notification page that it follows: there is none of 2026.
    pub(crate) fn page(self) -> Self {
        if self == Self::Y2026 { Self::Y2025 } else { self }
    }

    pub(crate) fn of_document(document: &Document) -> Option<Self> {
        document.year().and_then(|year| year.parse().ok())
    }
}

fn unknown_year(text: &str) -> String {
    format!("{text:?} is no documentation profile; choose 2019, 2023, 2025 or 2026")
}

/// How a source supports what is said: the three labels that users see.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase", parse_err_ty = String, parse_err_fn = unknown_status)]
pub enum SourceStatus {
    /// The document says it.
    Documented,
    /// It is concluded from the document, which does not say it.
    Derived,
    /// No document says it: it is this product's choice.
    Undocumented,
}

impl SourceStatus {
    /// Every label.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The word.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

fn unknown_status(text: &str) -> String {
    format!("{text:?} is no status; choose documented, derived or undocumented")
}

/// How far one year's documentation says a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum YearStatus {
    /// It says it.
    Documented,
    /// It follows from what it says.
    Derived,
    /// It does not say it.
    Undocumented,
    /// The version of the system that the rule is about is newer than that year's documentation: a device of that profile with
    /// such a system follows what newer documents say.
    NewerSystem,
    /// The rule is not in force in that year.
    NotInForce,
}

impl YearStatus {
    /// As a person reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Derived => "derived",
            Self::Undocumented => "undocumented",
            Self::NewerSystem => "newer system",
            Self::NotInForce => "–",
        }
    }

    /// The label, where the year has one.
    pub fn label(self) -> Option<SourceStatus> {
        match self {
            Self::Documented => Some(SourceStatus::Documented),
            Self::Derived => Some(SourceStatus::Derived),
            Self::Undocumented => Some(SourceStatus::Undocumented),
            Self::NewerSystem | Self::NotInForce => None,
        }
    }
}

/// The status in each year, oldest first: in the order of [`DocumentationYear::ALL`].
pub type YearStatuses = [YearStatus; 4];

pub(crate) fn of_year(statuses: YearStatuses, profile: DocumentationYear) -> YearStatus {
    // Taken apart by name: an index could be out of range, and a fifth year is an error of the compiler here.
    let [y2019, y2023, y2025, y2026] = statuses;
    match profile {
        DocumentationYear::Y2019 => y2019,
        DocumentationYear::Y2023 => y2023,
        DocumentationYear::Y2025 => y2025,
        DocumentationYear::Y2026 => y2026,
    }
}

/// The statuses as tables write them: `statuses![D V U]`; `N` a newer system, `-` not in force. 2026 is as 2025 unless a fourth
/// says otherwise.
#[macro_export]
macro_rules! statuses {
    (@one D) => { $crate::years::YearStatus::Documented };
    (@one V) => { $crate::years::YearStatus::Derived };
    (@one U) => { $crate::years::YearStatus::Undocumented };
    (@one N) => { $crate::years::YearStatus::NewerSystem };
    (@one -) => { $crate::years::YearStatus::NotInForce };
    // The newest page is of 2025, and the profile 2026 follows it.
    ($y2019:tt $y2023:tt $y2025:tt) => { $crate::statuses!($y2019 $y2023 $y2025 $y2025) };
    ($y2019:tt $y2023:tt $y2025:tt $y2026:tt) => {
        [
            $crate::statuses!(@one $y2019),
            $crate::statuses!(@one $y2023),
            $crate::statuses!(@one $y2025),
            $crate::statuses!(@one $y2026),
        ]
    };
}
