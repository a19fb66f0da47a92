//! Which shipped scenarios try a rule, from the page that `scenario facts` writes and a test keeps current.
//!
//! Lives here: reading that page. Does not live here: which behaviour a rule stands behind (`portal_device`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use portal_device::{Rule, behaviour};

const PAGE: &str = include_str!("../../../config/scenarios/README.md");

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShippedScenario {
    pub(crate) name: &'static str,
    /// Its file in `config/scenarios`.
    pub(crate) file: &'static str,
}

/// The scenarios that rest on a behaviour of one of these rules, each once.
pub(crate) fn scenarios_of(rules: &[Rule]) -> Vec<ShippedScenario> {
    static BY_BEHAVIOUR: OnceLock<BTreeMap<&'static str, Vec<ShippedScenario>>> = OnceLock::new();
    let by_behaviour = BY_BEHAVIOUR.get_or_init(|| PAGE.lines().filter_map(row).collect());
    let behaviours = behaviour::BEHAVIOURS.iter().filter(|one| one.rules.iter().any(|rule| rules.contains(rule)));
    let found: BTreeSet<ShippedScenario> =
        behaviours.filter_map(|one| by_behaviour.get(one.id)).flatten().copied().collect();
    found.into_iter().collect()
}

/// `| 4.1.4 | the behaviour | how far it is documented | [name](file.yaml); [name](file.yaml) |`
fn row(line: &'static str) -> Option<(&'static str, Vec<ShippedScenario>)> {
    let (id, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
    let (_, links) = rest.split_once(" | ")?;
    let links = links.split("](").zip(links.split("](").skip(1));
    let scenario = |(before, behind): (&'static str, &'static str)| {
        let (_, name) = before.rsplit_once('[')?;
        let (file, _) = behind.split_once(')')?;
        Some(ShippedScenario { name, file })
    };
    Some((id, links.filter_map(scenario).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_leads_from_a_rule_to_its_scenarios() {
        let found = scenarios_of(&[Rule::ApplePromptsOnce]);
        assert!(
            found.iter().any(|one| one.file == "ios-permission-life.yaml" && one.name.starts_with("iOS")),
            "{found:?}"
        );
        assert!(found.iter().all(|one| one.file.ends_with(".yaml")), "{found:?}");
        assert_eq!(scenarios_of(&[]), []);
    }
}
