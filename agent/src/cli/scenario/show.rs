//! What `scenario run` prints for people.
//!
//! Lives here: the reporter's spans with the terminal's tones. Does not live here: what they say (`scenario::report`).

use super::super::page::{Line, Page};
use crate::scenario::model::Case;
use crate::scenario::report::{Spans, Tone, case_line, failure, summary as of_run};
use crate::scenario::result::{CaseResult, Run, Standing};

/// A case in a list.
pub fn listed(case: &Case) -> Page {
    let facts = if case.facts.is_empty() { String::new() } else { format!("  [facts {}]", case.facts.join(", ")) };
    Page::of(Line::new().plain(case.name()).dim(format!("  {}:{}{facts}", case.at.file, case.at.line)))
}

/// A case that has ended, with what did not hold.
pub fn case(case: &CaseResult, strict: bool, done: usize, count: usize) -> Page {
    let width = count.to_string().len();
    let mut page = Page::of(add(Line::new().dim(format!("[{done:>width$}/{count}] ")), case_line(case, strict)));
    for spans in failure(case, strict) {
        page.push(add(Line::new(), spans));
    }
    page
}

/// The end of a run: which cases failed, and how many stand how.
pub fn summary(run: &Run) -> Page {
    let mut page = Page::new();
    let failed: Vec<&CaseResult> =
        run.cases.iter().filter(|case| case.standing(run.strict) == Standing::Failed).collect();
    if !failed.is_empty() {
        page.heading("Failed");
        for case in failed {
            page.push(add(Line::new(), case_line(case, run.strict)));
        }
        page.push(Line::new());
    }
    page.push(add(Line::new(), of_run(run)));
    page
}

fn add(line: Line, spans: Spans) -> Line {
    spans.into_iter().fold(line, |line, (tone, text)| match tone {
        Tone::Plain => line.plain(text),
        Tone::Good => line.good(text),
        Tone::Warning => line.warning(text),
        Tone::Bad => line.bad(text),
        Tone::Dim => line.dim(text),
    })
}
