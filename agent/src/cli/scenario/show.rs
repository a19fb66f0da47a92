//! What `scenario run` prints for people.
//!
//! Lives here: the reporter's spans with the terminal's tones. Does not live here: what they say (`scenario::report`).

use super::super::page::{PageLine, TextPage};
use crate::scenario::model::ScenarioCase;
use crate::scenario::report::{ReportTone, Spans, case_line, failure, summary as of_run};
use crate::scenario::result::{CaseResult, CaseVerdict, RunResult};

pub fn listed(case: &ScenarioCase) -> TextPage {
    let facts = if case.facts.is_empty() { String::new() } else { format!("  [facts {}]", case.facts.join(", ")) };
    TextPage::of(PageLine::new().plain(case.name()).dim(format!("  {}:{}{facts}", case.at.file, case.at.line)))
}

/// A case that has ended, with what did not hold.
pub fn case(case: &CaseResult, strict: bool, done: usize, count: usize) -> TextPage {
    let width = count.to_string().len();
    let mut page =
        TextPage::of(add(PageLine::new().dim(format!("[{done:>width$}/{count}] ")), case_line(case, strict)));
    for spans in failure(case, strict) {
        page.push(add(PageLine::new(), spans));
    }
    page
}

/// The end of a run: which cases failed, and how many stand how.
pub fn summary(run: &RunResult) -> TextPage {
    let mut page = TextPage::new();
    let failed: Vec<&CaseResult> =
        run.cases.iter().filter(|case| case.standing(run.strict) == CaseVerdict::Failed).collect();
    if !failed.is_empty() {
        page.heading("Failed");
        for case in failed {
            page.push(add(PageLine::new(), case_line(case, run.strict)));
        }
        page.push(PageLine::new());
    }
    page.push(add(PageLine::new(), of_run(run)));
    page
}

/// The commands that run each failed case alone; nothing where none failed, or where it came by standard input.
pub fn again(run: &RunResult, attach: bool) -> TextPage {
    let failed =
        run.cases.iter().filter(|case| case.standing(run.strict) == CaseVerdict::Failed && &*case.at.file != "-");
    let mut lines: Vec<String> = failed.map(|case| command(case, run.strict, attach)).collect();
    lines.dedup();
    let mut page = TextPage::new();
    if !lines.is_empty() {
        page.heading(if lines.len() == 1 { "Run it again alone" } else { "Run them again, each alone" });
    }
    lines.into_iter().for_each(|line| page.push(PageLine::new().plain("  ").strong(line)));
    page
}

fn command(case: &CaseResult, strict: bool, attach: bool) -> String {
    let place = format!("{}:{}", case.at.file, case.at.line);
    let mut words = vec!["portal-agent".to_owned(), "scenario".to_owned(), "run".to_owned(), quoted(&place)];
    // The words in brackets name the combination, and no other of the same scenario.
    if !case.combination.is_empty() {
        let name = case.name();
        let combination = name.get(case.scenario.len()..).unwrap_or_default().trim();
        words.extend(["--filter".to_owned(), quoted(combination)]);
    }
    words.extend(strict.then(|| "--strict".to_owned()));
    words.extend(attach.then(|| "--attach".to_owned()));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

fn add(line: PageLine, spans: Spans) -> PageLine {
    spans.into_iter().fold(line, |line, (tone, text)| match tone {
        ReportTone::Plain => line.plain(text),
        ReportTone::Good => line.good(text),
        ReportTone::Warning => line.warning(text),
        ReportTone::Bad => line.bad(text),
        ReportTone::Dim => line.dim(text),
    })
}
