//! A rule or a behaviour as `facts --json` prints it.
//!
//! Lives here: the form. Does not live here: which are printed (`super`).

use std::collections::BTreeMap;

use portal_contract::{DocumentSource, OperatingSystem, RuleEvidence, YearStatus};
use portal_device::{DocumentationYear, DocumentedBehaviour, Rule};
use serde::Serialize;

use super::FactScope;

/// One line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FactRow {
    /// The rule's name, or the behaviour's number.
    pub name: &'static str,
    /// The section that it stands in.
    pub source: String,
    /// The years in which the device carries it out.
    pub documentation: Vec<&'static str>,
    /// The platforms on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platforms: Option<&'static str>,
    /// What it does.
    pub says: &'static str,
    /// What of it nobody documents, and the choice made.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub undocumented: &'static str,
    /// From what it is derived, or where documents conflict.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: &'static str,
    /// The setting or command that chooses otherwise.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub setting: &'static str,
    /// The rules that carry a behaviour out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<&'static str>,
    /// How far each year's documentation says it, for the first of the platforms that were chosen.
    pub status: BTreeMap<&'static str, YearStatus>,
    /// The documents behind it.
    pub sources: Vec<DocumentSource>,
}

impl FactRow {
    /// A rule's line.
    pub fn of_rule(rule: Rule, scope: &FactScope) -> Self {
        let about = rule.about();
        Self {
            name: about.name,
            source: about.source.to_owned(),
            documentation: about.profiles.iter().map(|profile| profile.year()).collect(),
            platforms: Some(about.platforms.words()),
            says: about.says,
            undocumented: about.evidence.undocumented,
            note: about.evidence.note,
            setting: about.setting,
            rules: Vec::new(),
            status: status(&about.evidence, scope),
            sources: about.evidence.sources_of(&scope.profiles, &scope.systems),
        }
    }

    /// A behaviour's line.
    pub fn of_behaviour(behaviour: &DocumentedBehaviour, scope: &FactScope) -> Self {
        let evidence = behaviour.evidence;
        let in_force = |profile: &DocumentationYear| {
            scope.systems.iter().any(|system| evidence.status(*profile, *system) != YearStatus::NotInForce)
        };
        Self {
            name: behaviour.id,
            source: format!("facts {}", behaviour.section()),
            documentation: DocumentationYear::ALL.iter().filter(|one| in_force(one)).map(|one| one.year()).collect(),
            platforms: None,
            says: behaviour.says,
            undocumented: evidence.undocumented,
            note: evidence.note,
            setting: "",
            rules: behaviour.rules.iter().map(|rule| rule.about().name).collect(),
            status: status(&evidence, scope),
            sources: evidence.sources_of(&scope.profiles, &scope.systems),
        }
    }
}

fn status(evidence: &RuleEvidence, scope: &FactScope) -> BTreeMap<&'static str, YearStatus> {
    let system = scope.systems.first().copied().unwrap_or(OperatingSystem::Ios);
    DocumentationYear::ALL.iter().copied().map(|profile| (profile.year(), evidence.status(profile, system))).collect()
}
