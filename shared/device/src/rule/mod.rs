//! Every rule of the device as data: what it says, who says so, in which years' documentation, on which platform.
//!
//! Lives here: what is known of a rule; the rules themselves are in `table`. Does not live here: carrying a rule out; that
//! is one function, which names its rule (a test finds each name).

use portal_contract::command::PlatformSet;
use portal_contract::evidence::{DocumentSource, RuleEvidence};
use portal_contract::years::DocumentationYear::{self, Y2019, Y2023, Y2025, Y2026};
use portal_contract::{OperatingSystem, Prerequisite};

/// What is known of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its name.
    pub name: &'static str,
    /// The section of the documented facts that it rests on, such as `facts 1.1`.
    pub source: &'static str,
    /// The documentation profiles in which the device carries it out.
    pub profiles: &'static [DocumentationYear],
    /// The platforms on which it holds.
    pub platforms: PlatformSet,
    /// What it does.
    pub says: &'static str,
    /// How far the documentation of each year says it, and its quotes.
    pub evidence: RuleEvidence,
    /// The setting or command that chooses otherwise; empty where there is none.
    pub setting: &'static str,
}

const ALWAYS: &[DocumentationYear] = &[Y2019, Y2023, Y2025, Y2026];
const UNTIL_2023: &[DocumentationYear] = &[Y2019, Y2023];
const ONLY_2023: &[DocumentationYear] = &[Y2023];
const FROM_2023: &[DocumentationYear] = &[Y2023, Y2025, Y2026];
const FROM_2025: &[DocumentationYear] = &[Y2025, Y2026];
const FROM_2026: &[DocumentationYear] = &[Y2026];

macro_rules! rules {
    ($(
        $rule:ident = $name:literal, $source:literal, $profiles:ident, $platforms:ident,
        [$($status:tt)+] $(on_android: [$($android:tt)+])? {$($citations:tt)*},
        $says:literal $(, note: $note:literal)? $(, undocumented: $undocumented:literal)? $(, setting: $setting:literal)?;
    )+) => {
        /// A rule of the device. Its variants stand in the order of the facts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "what each says is data, in `about`")]
        pub enum Rule { $($rule,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// What is known of it.
            pub const fn about(self) -> RuleInfo {
                match self {
                    $(Self::$rule => RuleInfo {
                        name: $name,
                        source: $source,
                        profiles: $profiles,
                        platforms: PlatformSet::$platforms,
                        says: $says,
                        evidence: evidence!(
                            [$($status)+] $(on_android: [$($android)+])? {$($citations)*}
                            $(, note: $note)? $(, undocumented: $undocumented)?
                        ),
                        setting: concat!($($setting)?),
                    },)+
                }
            }
        }
    };
}

/// What a line of a table rests on: `[D V U] {C19.3 C23.3}, note: "…", undocumented: "…"`.
macro_rules! evidence {
    (
        [$($status:tt)+] $(on_android: [$($android:tt)+])? {$($citations:tt)*}
        $(, note: $note:literal)? $(, undocumented: $undocumented:literal)?
    ) => {
        portal_contract::evidence::RuleEvidence {
            statuses: portal_contract::statuses!($($status)+),
            on_android: evidence!(@android $($($android)+)?),
            citations: portal_contract::citations!($($citations)*),
            note: concat!($($note)?),
            undocumented: concat!($($undocumented)?),
        }
    };
    (@android) => { None };
    (@android $($status:tt)+) => { Some(portal_contract::statuses!($($status)+)) };
}
pub(crate) use evidence;

mod table;

pub use table::Rule;

impl Rule {
    /// Whether it holds under this documentation on this platform.
    pub fn holds(self, documentation: DocumentationYear, operating_system: OperatingSystem) -> bool {
        let about = self.about();
        about.profiles.contains(&documentation) && about.platforms.has(operating_system)
    }

    /// The rule behind a prerequisite.
    pub const fn behind(prerequisite: Prerequisite) -> Self {
        match prerequisite {
            Prerequisite::PlatformSupported => Self::PlatformSupported,
            Prerequisite::CompanyPortalInstalled => Self::CompanyPortalInstalled,
            Prerequisite::GooglePlayServicesInstalled => Self::PlayServicesInstalled,
            Prerequisite::DeviceEnrolled => Self::DeviceEnrolled,
            Prerequisite::EnrolledByTargetedUser => Self::EnrolledByTargetedUser,
            Prerequisite::NotificationsPermitted => Self::NotificationsPermitted,
        }
    }

    /// The section of the documented facts that it rests on.
    pub const fn source(self) -> &'static str {
        self.about().source
    }

    /// The section with title and date of each document behind the rule, as a refusal cites it: `facts 4.1: Title (date)`.
    pub fn cited(self) -> String {
        let about = self.about();
        match about.evidence.titles() {
            titles if titles.is_empty() => about.source.to_owned(),
            titles => format!("{}: {}", about.source, titles.join("; ")),
        }
    }

    /// The number of that section.
    pub fn section(self) -> &'static str {
        self.source().trim_start_matches("facts ")
    }

    /// What it does, in a sentence.
    pub const fn says(self) -> &'static str {
        self.about().says
    }

    /// The documents behind it, for this documentation on this platform.
    pub fn sources(self, documentation: DocumentationYear, operating_system: OperatingSystem) -> Vec<DocumentSource> {
        self.about().evidence.sources(documentation, operating_system)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use portal_contract::{SourceStatus, YearStatus};

    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_a_source_and_a_sentence() {
        let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.about().name).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            let about = rule.about();
            assert!(!about.profiles.is_empty() && !about.says.ends_with('.'), "{rule:?}");
            assert!(about.source.starts_with("facts "), "{rule:?}");
            assert_eq!(
                about.name.replace('-', ""),
                format!("{rule:?}").to_lowercase().replace("playservices", "googleplayservices"),
                "{rule:?}"
            );
        }
    }

    fn everywhere() -> impl Iterator<Item = (Rule, DocumentationYear, OperatingSystem)> {
        let systems = [OperatingSystem::Ios, OperatingSystem::IpadOs, OperatingSystem::Android];
        Rule::ALL.iter().flat_map(move |rule| {
            DocumentationYear::ALL
                .iter()
                .copied()
                .flat_map(move |profile| systems.map(|system| (*rule, profile, system)))
        })
    }

    /// A label without a document, or a choice without words, would be a source that nobody can open.
    #[test]
    fn what_is_documented_or_derived_has_a_quote_and_what_is_not_has_the_choice() {
        for (rule, profile, system) in everywhere().filter(|(rule, profile, system)| rule.holds(*profile, *system)) {
            let about = rule.about();
            let sources = rule.sources(profile, system);
            assert!(!sources.is_empty(), "{rule:?} {profile:?} {system}");
            let undocumented = sources.iter().any(|source| source.status == SourceStatus::Undocumented);
            assert!(!undocumented || !about.evidence.undocumented.is_empty(), "{rule:?} {profile:?} {system}");
            let derived = about.evidence.status(profile, system) == YearStatus::Derived;
            assert!(!derived || !about.evidence.note.is_empty(), "{rule:?} is derived, and does not say from what");
        }
    }

    /// What is not in force in a year is not carried out in it. The other way round there is one exception: 2025 (and 2026 with it) is silent on
    /// Play Services, which is read as not required.
    #[test]
    fn the_years_of_a_rule_are_those_of_its_documents() {
        for (rule, profile, system) in everywhere().filter(|(rule, ..)| *rule != Rule::InAppWhileOpenAndroid) {
            let about = rule.about();
            if !about.platforms.has(system) {
                continue;
            }
            let in_force = about.evidence.status(profile, system) != YearStatus::NotInForce;
            let excepted = matches!((rule, profile), (Rule::PlayServicesInstalled, Y2025 | Y2026));
            assert_eq!(in_force && !excepted, about.profiles.contains(&profile), "{rule:?} {profile:?}");
        }
    }

    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") && !path.ends_with("rule") {
                text += &sources(&path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text += fs::read_to_string(path).unwrap().split("#[cfg(test)]").next().unwrap();
            }
        }
        text
    }

    /// A rule that no code names is a promise that nobody keeps.
    #[test]
    fn every_rule_is_named_where_it_is_carried_out() {
        let code = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        for rule in Rule::ALL {
            let name = format!("Rule::{rule:?}");
            let is_named = code
                .match_indices(&name)
                .any(|(at, _)| !code[at + name.len()..].starts_with(|next: char| next.is_alphanumeric()));
            assert!(is_named, "{name} is carried out nowhere");
        }
    }
}
