//! The grid of outcomes as an HTML page: filters, and links from each cell to its rules, sources and scenarios. As a file that needs
//! nothing else, and as the daemon's page serves it.
//!
//! Lives here: what stands on the page. Does not live here: its looks (`grid.css`), its filters (`grid.js`), which scenarios try a
//! rule (`tried`).
//!
//! Combinations are two characters each in a string for each section, so that the page stays small; the script fills the table
//! with those that the filters leave, up to a number that a person reads.

mod tried;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use portal_contract::{DocumentSource, OperatingSystem, SourceStatus};
use portal_device::{DocumentationYear, GridSection, Rule};
use serde_json::{Value, json};
use url::Url;

use crate::html_page::html_page;
pub(crate) use tried::scenarios_of;

/// Its looks.
pub(crate) const STYLES: &str = include_str!("grid.css");
/// Its filters.
pub(crate) const SCRIPT: &str = include_str!("grid.js");
/// Nothing is fetched; the one script is the page's own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
const TITLE: &str = "portal-agent outcomes";
/// Where the shipped scenarios are in the repository.
const SCENARIOS: &str = "config/scenarios/";

/// The page as a file, with the combinations whose places `chosen` gives. Its links to scenarios lead to `scenarios`, the folder that
/// has them; without one their files are only named, since a link that leads on from wherever the page was saved would lead nowhere.
pub(crate) fn outcomes_file(
    grid: &[GridSection],
    chosen: impl Fn(&GridSection) -> Vec<usize>,
    scenarios: Option<&Url>,
) -> String {
    let script = html! { script { (PreEscaped(SCRIPT)) } };
    html_page(TITLE, POLICY, STYLES, &body(grid, chosen, scenarios, &script))
}

/// Where a server has the files of the page.
pub(crate) struct PageAddresses {
    /// [`STYLES`].
    pub(crate) styles: &'static str,
    /// [`SCRIPT`].
    pub(crate) script: &'static str,
    pub(crate) icon: &'static str,
}

/// The page with all combinations, for a server whose policy lets nothing inline run, as that of the daemon's page.
pub(crate) fn outcomes_page(grid: &[GridSection], files: &PageAddresses) -> String {
    let all = |section: &GridSection| (0..section.cells.len()).collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (TITLE) }
                link rel="icon" href=(files.icon);
                link rel="stylesheet" href=(files.styles);
            }
            body { main { (body(grid, all, None, &html! { script src=(files.script) {} })) } }
        }
    };
    page.into_string()
}

fn body(
    grid: &[GridSection],
    chosen: impl Fn(&GridSection) -> Vec<usize>,
    scenarios: Option<&Url>,
    script: &Markup,
) -> Markup {
    let data = Value::from(grid.iter().map(|section| data(section, &chosen(section))).collect::<Vec<_>>());
    // Within a script element only this could end it.
    let data = data.to_string().replace('<', "\\u003c");
    html! {
        h1 { "One custom notification, every phone" }
        p { "What becomes of one push on each combination of states. Choose below; each line names the rules that decide it." }
        form id="filters" {}
        p id="counts" aria-live="polite" {}
        table { thead { tr id="head" {} } tbody id="rows" {} }
        h2 { "Rules" }
        @for rule in rules_of(grid) { (of_rule(rule, scenarios)) }
        script type="application/json" id="grid" { (PreEscaped(data)) }
        (script)
    }
}

fn data(section: &GridSection, chosen: &[usize]) -> Value {
    let axes: Vec<Value> = section.axes.iter().map(|axis| json!([axis.name, axis.values])).collect();
    let results: Vec<Value> = section
        .results
        .iter()
        .map(|result| {
            let rules: Vec<&str> = result.rules.iter().map(|rule| rule.about().name).collect();
            json!([result.outcome, result.detail, result.sound, result.is_content_hidden, rules])
        })
        .collect();
    // Left-out combinations keep their place, since the script finds a combination's axes by its place alone.
    let mut cells = vec!["--".to_owned(); section.cells.len()];
    for place in chosen.iter().copied() {
        if let (Some(cell), Some(Some(at))) = (cells.get_mut(place), section.cells.get(place)) {
            *cell = two_characters(*at);
        }
    }
    json!({
        "system": section.system, "documentation": section.documentation.year(), "axes": axes, "results": results,
        "cells": cells.concat(),
    })
}

/// A number below 1296 in two digits of base 36, as the script's `parseInt` reads them.
fn two_characters(number: u16) -> String {
    let digit = |number: u16| char::from_digit(u32::from(number % 36), 36).unwrap_or('0');
    [digit(number / 36), digit(number)].iter().collect()
}

fn rules_of(grid: &[GridSection]) -> Vec<Rule> {
    let named =
        |rule: &&Rule| grid.iter().flat_map(|section| &section.results).any(|result| result.rules.contains(rule));
    Rule::ALL.iter().filter(named).copied().collect()
}

fn of_rule(rule: Rule, folder: Option<&Url>) -> Markup {
    let about = rule.about();
    let systems: Vec<OperatingSystem> = [OperatingSystem::Ios, OperatingSystem::Android]
        .into_iter()
        .filter(|system| about.platforms.has(*system))
        .collect();
    let sources = about.evidence.sources_of(DocumentationYear::ALL, &systems);
    html! {
        section id={ "rule-" (about.name) } {
            h3 { (about.name) " " small { (about.source) ", " (about.platforms.words()) } }
            p { (about.says) }
            @for status in SourceStatus::ALL.iter().copied() {
                @let titles = DocumentSource::titles(&sources, status);
                @if !titles.is_empty() {
                    p class="sources" {
                        b { (status.word()) } ": "
                        @for (place, (title, url)) in titles.iter().enumerate() {
                            @if place > 0 { "; " }
                            @match url {
                                Some(url) => { a href=(url) rel="noreferrer" { (title) } }
                                None => { (title) }
                            }
                        }
                    }
                }
            }
            @let scenarios = scenarios_of(&[rule]);
            @if !scenarios.is_empty() {
                p class="sources" {
                    b { "scenarios" } ": "
                    @for (place, scenario) in scenarios.iter().enumerate() {
                        @if place > 0 { "; " }
                        @match folder.and_then(|folder| folder.join(scenario.file).ok()) {
                            Some(file) => { a href=(file) { (scenario.name) } }
                            None => { (scenario.name) " (" (SCENARIOS) (scenario.file) ")" }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_characters_are_a_number_of_base_36() {
        for (number, text) in [(0, "00"), (35, "0z"), (36, "10"), (1295, "zz")] {
            assert_eq!(two_characters(number), text);
        }
    }
}
