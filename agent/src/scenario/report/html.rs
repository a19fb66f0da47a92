//! The report as one HTML page that needs nothing else: every case with its timeline.
//!
//! Lives here: what stands on the page. Does not live here: its looks (`report.css`).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use super::super::result::{Became, CaseResult, Happening, HappeningKind, Run, Standing, StepResult};
use super::clock::in_words;

const CSS: &str = include_str!("report.css");
/// A step that lets more device time pass than this has a gap drawn behind it.
const GAP: Duration = Duration::from_secs(1);

/// The page.
pub fn html(run: &Run) -> String {
    let mut page = String::new();
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    page.push_str("<title>portal-agent scenarios</title>\n<style>\n");
    page.push_str(CSS);
    page.push_str("</style>\n<body>\n");
    head(run, &mut page);
    for (file, cases) in by_file(run) {
        of_file(file, &cases, run.strict, &mut page);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn by_file(run: &Run) -> BTreeMap<&str, Vec<&CaseResult>> {
    let mut files: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &run.cases {
        files.entry(&case.at.file).or_default().push(case);
    }
    files
}

/// The class of a standing, its sign and its word.
fn words(standing: Standing) -> (&'static str, &'static str, &'static str) {
    match standing {
        Standing::Passed => ("passed", "✓", "passed"),
        Standing::Skipped => ("skipped", "–", "skipped"),
        Standing::Warned => ("warned", "!", "warned"),
        Standing::Failed => ("failed", "✗", "failed"),
    }
}

fn head(run: &Run, page: &mut String) {
    page.push_str("<h1>Scenarios</h1>\n");
    let seed = run.seed.map(|seed| format!(", shuffled with seed {seed}")).unwrap_or_default();
    let strict = if run.strict { ", strict" } else { "" };
    add(page, format_args!("<p class=\"when\">{}, in {}{seed}{strict}</p>\n", run.started_at, in_words(run.took)));
    page.push_str("<ul class=\"counts\">");
    let standings = [Standing::Passed, Standing::Warned, Standing::Failed, Standing::Skipped];
    for standing in standings {
        let (class, sign, word) = words(standing);
        let count = run.count(standing);
        add(page, format_args!("<li class=\"is-{class}\">{sign} <b>{count}</b> {word}</li>"));
    }
    page.push_str("</ul>\n<div class=\"bar\" aria-hidden=\"true\">");
    for standing in standings.into_iter().filter(|standing| run.count(*standing) > 0) {
        add(page, format_args!("<span class=\"{}\" style=\"flex:{}\"></span>", words(standing).0, run.count(standing)));
    }
    page.push_str("</div>\n<label><input type=\"checkbox\" id=\"only\"> only what did not pass</label>\n");
}

fn of_file(file: &str, cases: &[&CaseResult], strict: bool, page: &mut String) {
    let all_passed = cases.iter().all(|case| case.standing(strict) == Standing::Passed);
    let class = if all_passed { " class=\"all-passed\"" } else { "" };
    add(page, format_args!("<section{class}>\n<h2>{}</h2>\n", escaped(file)));
    for case in cases {
        of_case(case, strict, page);
    }
    page.push_str("</section>\n");
}

fn of_case(case: &CaseResult, strict: bool, page: &mut String) {
    let standing = case.standing(strict);
    let (class, sign, word) = words(standing);
    let open = if standing == Standing::Failed { " open" } else { "" };
    let repetition = if case.repetition > 1 { format!(" (run {})", case.repetition) } else { String::new() };
    add(
        page,
        format_args!("<details class=\"{class}\"{open}><summary><span class=\"state is-{class}\">{sign} {word}</span>"),
    );
    add(page, format_args!("<span class=\"name\">{}{repetition}</span>", escaped(&case.name())));
    add(page, format_args!("<span class=\"took\">{}</span></summary>\n<div class=\"inside\">\n", in_words(case.took)));
    about(case, page);
    if let Some(why) = &case.skipped {
        add(page, format_args!("<p>{}</p>\n", escaped(why)));
    }
    timeline(case, strict, page);
    page.push_str("</div></details>\n");
}

fn about(case: &CaseResult, page: &mut String) {
    page.push_str("<p class=\"about\">");
    for fact in &case.facts {
        add(page, format_args!("<span class=\"chip\">facts {}</span>", escaped(fact)));
    }
    add(page, format_args!("<span class=\"chip\">{}</span>", escaped(&case.device)));
    if !case.device_time.is_zero() {
        add(page, format_args!("<span class=\"chip\">{} of device time</span>", in_words(case.device_time)));
    }
    add(page, format_args!("<br>{}", escaped(case.description.as_deref().unwrap_or_default())));
    page.push_str("</p>\n");
}

fn timeline(case: &CaseResult, strict: bool, page: &mut String) {
    page.push_str("<ol class=\"timeline\">\n");
    let mut clock = Clock { now: Duration::ZERO, shown: None };
    for step in &case.steps {
        of_step(step, &mut clock, strict, page);
    }
    page.push_str("</ol>\n");
}

fn of_step(step: &StepResult, clock: &mut Clock, strict: bool, page: &mut String) {
    gap(step.began, clock, page);
    let fails = step.misses().iter().any(|miss| miss.fails(strict));
    let (class, sign, note) = match &step.became {
        Became::Done { note } => ("is-passed", "✓", note.as_deref()),
        Became::NotHeld(_) if fails => ("is-failed", "✗", None),
        Became::NotHeld(_) => ("is-warned", "!", None),
        Became::NotRun => ("is-skipped not-run", "–", Some("not come to")),
    };
    row(clock, class, sign, page);
    add(page, format_args!("<code title=\"{}\">{}</code>", escaped(&step.at.to_string()), escaped(&step.text)));
    if let Some(note) = note {
        add(page, format_args!(" <span class=\"happening\">{}</span>", escaped(note)));
    }
    for miss in step.misses() {
        let class = if miss.fails(strict) { "is-failed" } else { "is-warned" };
        add(page, format_args!("<pre class=\"{class}\"><span>{}</span></pre>", escaped(&miss.text())));
    }
    page.push_str("</div></li>\n");
    for happening in &step.happenings {
        gap(happening.at, clock, page);
        of_happening(happening, clock, page);
    }
}

fn of_happening(happening: &Happening, clock: &mut Clock, page: &mut String) {
    let (class, sign) = match happening.kind {
        HappeningKind::Prompt => ("prompt-sign", "◇"),
        HappeningKind::PromptGone => ("prompt-sign", "◆"),
        HappeningKind::Card => ("card-sign", "▣"),
        HappeningKind::CardGone => ("card-sign", "▢"),
        HappeningKind::Receipt => ("", "→"),
        HappeningKind::Connection => ("", "↯"),
    };
    row(clock, class, sign, page);
    add(page, format_args!("<span class=\"happening\">{}</span></div></li>\n", escaped(&happening.text)));
}

/// How far a timeline has come, and the time that it said last.
struct Clock {
    now: Duration,
    shown: Option<Duration>,
}

/// Device time that passed since the row above.
fn gap(at: Duration, clock: &mut Clock, page: &mut String) {
    let passed = at.saturating_sub(clock.now);
    clock.now = at.max(clock.now);
    if passed >= GAP {
        page.push_str("<li class=\"gap\"><span class=\"at\"></span><span class=\"sign\"></span>");
        add(page, format_args!("<div class=\"what\">{} pass</div></li>\n", in_words(passed)));
    }
}

/// Begins a row; the time is said where it is another than above.
fn row(clock: &mut Clock, sign_class: &str, sign: &str, page: &mut String) {
    let at = match clock.now {
        now if clock.shown == Some(now) => String::new(),
        Duration::ZERO => "0".to_owned(),
        now => format!("+{}", in_words(now)),
    };
    clock.shown = Some(clock.now);
    add(page, format_args!("<li><span class=\"at\">{at}</span>"));
    add(page, format_args!("<span class=\"sign {sign_class}\">{sign}</span><div class=\"what\">"));
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = page.write_fmt(text);
}

/// Text that is text on the page, whatever it holds; what reorders a line is written out.
fn escaped(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                page.extend(c.escape_unicode());
            }
            c if c.is_control() && c != '\n' => page.push(' '),
            c => page.push(c),
        }
    }
    page
}
