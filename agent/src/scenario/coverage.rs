//! Documented behaviours against the scenarios that rest on them, as a page.
//!
//! Lives here: `config/scenarios/README.md`, generated, so that a behaviour without a scenario is seen. Does not live
//! here: the behaviours (`portal_device::behaviour`).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use portal_device::behaviour::{BEHAVIOURS, SECTIONS};

use super::model::ScenarioCase;

const HEAD: &str = "\
# Scenarios

The shipped scenarios, by the documented behaviour that they rest on. `portal-agent scenario run config/scenarios` runs
them. The numbers are the sections of [the documented facts](../../agent/docs/sources.md), and within a section the
behaviours in their order; a scenario names them under `facts:`. How far documents say a behaviour stands beside it: an expectation
of what is derived or undocumented rests on a choice, and a failure prints which.

This page is written by `portal-agent scenario facts config/scenarios`; a test keeps it current.
";

/// The page.
pub fn page(cases: &[ScenarioCase]) -> String {
    let named = by_fact(cases);
    let gaps = BEHAVIOURS.iter().filter(|behaviour| !named.contains_key(behaviour.id)).count();
    let scenarios =
        cases.iter().map(|case| (&case.at.file, &case.scenario)).collect::<std::collections::BTreeSet<_>>().len();
    let mut page = HEAD.to_owned();
    add(
        &mut page,
        format_args!(
            "\n{} documented behaviours, {gaps} of them without a scenario; {scenarios} scenarios, {} cases.\n",
            BEHAVIOURS.len(),
            cases.len()
        ),
    );
    for (id, about) in SECTIONS {
        add(
            &mut page,
            format_args!(
                "\n## {id} {about}\n\n| | behaviour | how far documents say it | scenarios |\n| --- | --- | --- | --- |\n"
            ),
        );
        for behaviour in BEHAVIOURS.iter().filter(|behaviour| behaviour.section() == *id) {
            let scenarios =
                named.get(behaviour.id).map_or_else(|| "**gap: none yet**".to_owned(), |scenarios| links(scenarios));
            add(
                &mut page,
                format_args!(
                    "| {} | {} | {} | {scenarios} |\n",
                    behaviour.id,
                    behaviour.says,
                    behaviour.evidence.by_year_and_platform()
                ),
            );
        }
        if let Some(scenarios) = named.get(id) {
            add(&mut page, format_args!("| {id} | the section as a whole | | {} |\n", links(scenarios)));
        }
    }
    page
}

/// The scenarios that name a fact, each once with its file.
fn by_fact(cases: &[ScenarioCase]) -> BTreeMap<&str, Vec<(&str, &str)>> {
    let mut named: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for case in cases {
        for fact in &case.facts {
            let scenarios = named.entry(fact).or_default();
            let scenario = (case.at.file.as_ref(), case.scenario.as_str());
            if !scenarios.contains(&scenario) {
                scenarios.push(scenario);
            }
        }
    }
    named
}

fn links(scenarios: &[(&str, &str)]) -> String {
    let link = |(file, name): &(&str, &str)| {
        let file = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("[{}]({file})", name.replace('|', "\\|").replace(['[', ']'], ""))
    };
    scenarios.iter().map(link).collect::<Vec<_>>().join("; ")
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = page.write_fmt(text);
}
