//! The report that a person reads in the terminal: a line a case, the failures, and how many there were of each.
//!
//! Lives here: its lines, as spans with a tone. Does not live here: colours and what controls a terminal (`cli`).

use super::super::result::{CaseResult, CaseVerdict, RunResult};
use super::clock::in_words;

/// What a span is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportTone {
    /// Nothing in particular.
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Not as it should be.
    Bad,
    /// Of less weight.
    Dim,
}

/// A line: its spans.
pub type Spans = Vec<(ReportTone, String)>;

/// A word of a fixed width, and its tone: what a colour-blind reader cannot tell by colour is said.
fn word(standing: CaseVerdict) -> (ReportTone, &'static str) {
    match standing {
        CaseVerdict::Passed => (ReportTone::Good, "✓ passed "),
        CaseVerdict::Skipped => (ReportTone::Dim, "- skipped"),
        CaseVerdict::Warned => (ReportTone::Warning, "! warned "),
        CaseVerdict::Failed => (ReportTone::Bad, "✗ failed "),
    }
}

/// The line of a case.
pub fn case_line(case: &CaseResult, strict: bool) -> Spans {
    let (tone, word) = word(case.standing(strict));
    let repetition = if case.repetition > 1 { format!(" (run {})", case.repetition) } else { String::new() };
    let device_time = match case.device_time.as_secs() {
        0 => String::new(),
        _ => format!(", {} on the device", in_words(case.device_time)),
    };
    let why = case.skipped.as_ref().map(|why| format!(" {why}")).unwrap_or_default();
    vec![
        (tone, word.to_owned()),
        (ReportTone::Plain, format!(" {}{repetition}", case.name())),
        (ReportTone::Dim, format!("  {}{device_time}  {}:{}{why}", in_words(case.took), case.at.file, case.at.line)),
    ]
}

/// What did not hold in a case, line by line; nothing where everything did.
pub fn failure(case: &CaseResult, strict: bool) -> Vec<Spans> {
    let mut lines = Vec::new();
    for mismatch in case.mismatches() {
        let (tone, word) =
            if mismatch.fails(strict) { (ReportTone::Bad, "failed") } else { (ReportTone::Warning, "warned") };
        lines.push(vec![(tone, format!("{word}: ")), (ReportTone::Plain, case.name())]);
        lines.extend(mismatch.text().lines().map(|line| vec![(ReportTone::Plain, format!("  {line}"))]));
    }
    lines
}

/// How many of each, and how long it took.
pub fn summary(run: &RunResult) -> Spans {
    let counted = [CaseVerdict::Passed, CaseVerdict::Warned, CaseVerdict::Failed, CaseVerdict::Skipped];
    let cases = if run.cases.len() == 1 { "case" } else { "cases" };
    let mut spans = vec![(ReportTone::Plain, format!("{} {cases}: ", run.cases.len()))];
    let mut comma = "";
    for standing in counted {
        let count = run.count(standing);
        if count > 0 {
            let (tone, word) = word(standing);
            let word = word.trim_start_matches(|c: char| !c.is_alphabetic()).trim_end();
            spans.push((ReportTone::Plain, comma.to_owned()));
            spans.push((tone, format!("{count} {word}")));
            comma = ", ";
        }
    }
    let device: std::time::Duration = run.cases.iter().map(|case| case.device_time).sum();
    let seed = run.seed.map(|seed| format!(", shuffled with seed {seed}")).unwrap_or_default();
    spans.push((ReportTone::Dim, format!("  in {}, {} on the devices{seed}", in_words(run.took), in_words(device))));
    spans
}
