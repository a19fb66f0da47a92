//! The grid as CSV: a line for each combination.
//!
//! Lives here: columns and quoting (RFC 4180). Does not live here: which combinations.

use portal_device::{GridResult, GridSection};

use super::ChosenRows;
use crate::outcomes_page::scenarios_of;

/// The columns behind the axes.
const RESULT: [&str; 9] =
    ["outcome", "detail", "sound", "contentHidden", "rules", "status", "sources", "urls", "scenarios"];

/// The document, with a column for each axis that there is.
pub(super) fn csv(grid: &[GridSection], chosen: &ChosenRows<'_>) -> String {
    let mut axes: Vec<&str> = Vec::new();
    for axis in grid.iter().flat_map(|section| &section.axes) {
        // A column for every axis of any section, so that the sections stand in one table; where a section has none
        // it is empty.
        if !axes.contains(&axis.name) {
            axes.push(axis.name);
        }
    }
    let mut text = String::new();
    let head = ["system", "documentation"].into_iter().chain(axes.iter().copied()).chain(RESULT);
    line(&mut text, head);
    for section in grid {
        // Once for each result: far more combinations than results.
        let behind: Vec<String> = section.results.iter().map(|result| columns(section, result)).collect();
        let places: Vec<Option<usize>> =
            axes.iter().map(|name| section.axes.iter().position(|axis| axis.name == *name)).collect();
        for (place, values, _) in chosen.of(section) {
            let value = |at: &Option<usize>| at.and_then(|at| values.get(at).copied()).unwrap_or_default();
            let phone = [section.system, section.documentation.year()].into_iter().chain(places.iter().map(value));
            cells(&mut text, phone);
            text.push(',');
            let at = section.cells.get(place).copied().flatten();
            text.push_str(at.and_then(|at| behind.get(usize::from(at))).map_or("", String::as_str));
        }
    }
    text
}

/// What stands behind the axes, with the end of the line: the same for every combination that comes to it.
fn columns(section: &GridSection, result: &GridResult) -> String {
    let rules: Vec<&str> = result.rules.iter().map(|rule| rule.about().name).collect();
    let sources: Vec<_> =
        result.rules.iter().flat_map(|rule| rule.sources(section.documentation, section.operating_system)).collect();
    let mut titles: Vec<String> = Vec::new();
    let mut urls: Vec<&str> = Vec::new();
    let mut statuses: Vec<&str> = Vec::new();
    for source in &sources {
        let title = source.title_and_date();
        if !titles.contains(&title) {
            titles.push(title);
        }
        urls.extend(source.url.as_deref().filter(|url| !urls.contains(url)));
        if !statuses.contains(&source.status.word()) {
            statuses.push(source.status.word());
        }
    }
    let sound = result.sound.map_or("", |sound| if sound { "yes" } else { "no" });
    let hidden = if result.is_content_hidden { "yes" } else { "no" };
    let mut files: Vec<&str> = scenarios_of(&result.rules).iter().map(|scenario| scenario.file).collect();
    files.dedup();
    let joined = [rules.join("; "), statuses.join("; "), titles.join("; "), urls.join(" "), files.join("; ")];
    let mut text = String::new();
    let first = [result.outcome, result.detail.as_str(), sound, hidden];
    line(&mut text, first.into_iter().chain(joined.iter().map(String::as_str)));
    text
}

fn line<'a>(text: &mut String, values: impl Iterator<Item = &'a str>) {
    cells(text, values);
    // RFC 4180, whatever the system's own line end is.
    text.push_str("\r\n");
}

fn cells<'a>(text: &mut String, values: impl Iterator<Item = &'a str>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push(',');
        }
        if value.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&value.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(value);
        }
    }
}
