//! The grid for a terminal: what there is to come to, counted; each combination where they are few.
//!
//! Lives here: the page. Does not live here: which combinations.

use portal_contract::{DocumentSource, SourceStatus};
use portal_device::{GridResult, GridSection};

use super::super::page::{PageLine, TextPage};
use super::ChosenRows;
use crate::outcomes_page::scenarios_of;

/// Up to how many combinations are shown one by one.
const FEW: usize = 60;

pub(super) fn page(grid: &[GridSection], chosen: &ChosenRows<'_>) -> TextPage {
    let total: usize = grid.iter().map(|section| chosen.of(section).count()).sum();
    let mut page = TextPage::of(PageLine::new().strong(total.to_string()).plain(if total == 1 {
        " combination"
    } else {
        " combinations"
    }));
    for section in grid {
        add(section, chosen, total <= FEW, &mut page);
    }
    if total > FEW {
        page.push(PageLine::new());
        page.push(
            PageLine::new().dim("--where AXIS=VALUE narrows it; --format csv and --format html have every combination"),
        );
        let mut axes: Vec<String> = Vec::new();
        for axis in grid.iter().flat_map(|section| &section.axes) {
            let words = format!("{}: {}", axis.name, axis.values.join(", "));
            if !axes.contains(&words) {
                axes.push(words);
            }
        }
        axes.iter().for_each(|words| page.push(PageLine::new().dim(format!("  {words}"))));
    }
    page
}

fn add(section: &GridSection, chosen: &ChosenRows<'_>, one_by_one: bool, page: &mut TextPage) {
    let mut counts = vec![0_usize; section.results.len()];
    let mut rows = Vec::new();
    for (place, values, result) in chosen.of(section) {
        let at = section.cells.get(place).copied().flatten().map(usize::from);
        if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
        if one_by_one {
            rows.push((values, result));
        }
    }
    if counts.iter().all(|count| *count == 0) {
        return;
    }
    page.heading(&format!("{}, documentation {}", section.system, section.documentation.year()));
    if one_by_one {
        for (values, result) in rows {
            let phone: Vec<String> =
                section.axes.iter().zip(values).map(|(axis, value)| format!("{}={value}", axis.name)).collect();
            page.push(PageLine::new().dim(phone.join("  ")));
            page.push(result_line(PageLine::new().plain("    "), result));
            grounds(section, result, page);
        }
        return;
    }
    let mut counted: Vec<(usize, &GridResult)> =
        counts.into_iter().zip(&section.results).filter(|(count, _)| *count > 0).collect();
    counted.sort_by_key(|(count, result)| (result.outcome, std::cmp::Reverse(*count)));
    for (count, result) in counted {
        page.push(result_line(PageLine::new().strong(format!("{count:>7}  ")), result));
    }
}

fn result_line(line: PageLine, result: &GridResult) -> PageLine {
    let outcome = format!("{:<10}", result.outcome);
    let line = if result.outcome == "presented" { line.good(outcome) } else { line.bad(outcome) };
    let mut words = vec![result.detail.clone()];
    words.extend(result.sound.filter(|sound| !sound).map(|_| "no sound".to_owned()));
    words.extend(result.is_content_hidden.then(|| "content hidden".to_owned()));
    let rules: Vec<&str> = result.rules.iter().map(|rule| rule.about().name).collect();
    line.plain(words.join(", ")).dim(format!("  [{}]", rules.join(", ")))
}

fn grounds(section: &GridSection, result: &GridResult, page: &mut TextPage) {
    let sources: Vec<_> =
        result.rules.iter().flat_map(|rule| rule.sources(section.documentation, section.operating_system)).collect();
    for status in SourceStatus::ALL.iter().copied() {
        let titles = DocumentSource::titles(&sources, status);
        if !titles.is_empty() {
            page.push(PageLine::new().dim(format!("      {}: ", status.word())).links(&titles));
        }
    }
    let mut files: Vec<&str> = scenarios_of(&result.rules).iter().map(|scenario| scenario.file).collect();
    files.dedup();
    if !files.is_empty() {
        page.push(PageLine::new().dim(format!("      scenarios: {}", files.join(", "))));
    }
}
