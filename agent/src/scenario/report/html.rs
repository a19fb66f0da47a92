//! The report as one HTML page that needs nothing else: every case with its timeline.
//!
//! Lives here: what stands on the page. Does not live here: its looks (`report.css`).

use std::collections::BTreeMap;
use std::time::Duration;

use maud::{Markup, html};

use super::super::result::{
    CaseResult, CaseVerdict, ObservedEvent, ObservedEventKind, RunResult, StepOutcome, StepResult,
};
use super::clock::in_words;
// Maud escapes what HTML gives a meaning.
use crate::escape::for_xml as harmless;
use crate::html_page::html_page;

const CSS: &str = include_str!("report.css");
/// Up to how many cases a report has the phone at each step of those that passed, too.
const FEW_CASES: usize = 50;
/// A step that lets more device time pass than this has a gap drawn behind it.
const GAP: Duration = Duration::from_secs(1);
/// Nothing is fetched and nothing runs, whatever a scenario's text says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
pub fn html(run: &RunResult) -> String {
    let body = html! {
        (head(run))
        @for (file, cases) in by_file(run) { (of_file(file, &cases, run)) }
    };
    html_page("portal-agent scenarios", POLICY, CSS, &body)
}

fn by_file(run: &RunResult) -> BTreeMap<&str, Vec<&CaseResult>> {
    let mut files: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &run.cases {
        files.entry(&case.at.file).or_default().push(case);
    }
    files
}

/// The class of a standing, its sign and its word.
fn words(standing: CaseVerdict) -> (&'static str, &'static str, &'static str) {
    match standing {
        CaseVerdict::Passed => ("passed", "✓", "passed"),
        CaseVerdict::Skipped => ("skipped", "–", "skipped"),
        CaseVerdict::Warned => ("warned", "!", "warned"),
        CaseVerdict::Failed => ("failed", "✗", "failed"),
    }
}

fn head(run: &RunResult) -> Markup {
    let seed = run.seed.map(|seed| format!(", shuffled with seed {seed}")).unwrap_or_default();
    let strict = if run.strict { ", strict" } else { "" };
    let standings = [CaseVerdict::Passed, CaseVerdict::Warned, CaseVerdict::Failed, CaseVerdict::Skipped];
    let counts = standings.map(|standing| (words(standing), run.count(standing)));
    html! {
        h1 { "Scenarios" }
        p class="when" { (run.started_at) ", in " (in_words(run.took)) (seed) (strict) }
        ul class="counts" {
            @for ((class, sign, word), count) in counts {
                li class={ "is-" (class) } { (sign) " " b { (count) } " " (word) }
            }
        }
        div class="bar" aria-hidden="true" {
            @for ((class, ..), count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                span class=(class) style={ "flex:" (count) } {}
            }
        }
        label { input type="checkbox" id="only"; " only what did not pass" }
    }
}

/// Whether the phone is drawn at each step of a case: of those that did not pass always; of the others where there are few. All
/// 863 shipped cases with it make a page of several megabytes, in which nobody looks at what passed.
fn has_pictures(case: &CaseResult, run: &RunResult) -> bool {
    run.cases.len() <= FEW_CASES || matches!(case.standing(run.strict), CaseVerdict::Failed | CaseVerdict::Warned)
}

fn of_file(file: &str, cases: &[&CaseResult], run: &RunResult) -> Markup {
    let all_passed = cases.iter().all(|case| case.standing(run.strict) == CaseVerdict::Passed);
    html! {
        section class=[all_passed.then_some("all-passed")] {
            h2 { (harmless(file)) }
            @for case in cases { (of_case(case, run)) }
        }
    }
}

fn of_case(case: &CaseResult, run: &RunResult) -> Markup {
    let standing = case.standing(run.strict);
    let (class, sign, word) = words(standing);
    let repetition = if case.repetition > 1 { format!(" (run {})", case.repetition) } else { String::new() };
    html! {
        details class=(class) open[standing == CaseVerdict::Failed] {
            summary {
                span class={ "state is-" (class) } { (sign) " " (word) }
                span class="name" { (harmless(&case.name())) (repetition) }
                span class="took" { (in_words(case.took)) }
            }
            div class="inside" {
                (about(case))
                @if let Some(why) = &case.skipped { p { (harmless(why)) } }
                (timeline(case, run.strict, has_pictures(case, run)))
            }
        }
    }
}

fn about(case: &CaseResult) -> Markup {
    html! {
        p class="about" {
            @for fact in &case.facts { span class="chip" { "facts " (harmless(fact)) } }
            span class="chip" { (harmless(&case.device)) }
            @if !case.device_time.is_zero() { span class="chip" { (in_words(case.device_time)) " of device time" } }
            br;
            (harmless(case.description.as_deref().unwrap_or_default()))
        }
    }
}

fn timeline(case: &CaseResult, strict: bool, pictures: bool) -> Markup {
    let mut clock = RowClock { now: Duration::ZERO, shown: None };
    // A step that leaves the phone as it was has no picture of its own.
    let mut shown: Option<&str> = None;
    html! {
        ol class="timeline" {
            @for step in &case.steps {
                (of_step(step, &mut clock, strict))
                @if let Some(screen) = step.screen.as_deref().filter(|screen| pictures && shown != Some(*screen)) {
                    (phone(screen))
                    ({ shown = Some(screen); "" })
                }
            }
        }
    }
}

fn phone(screen: &str) -> Markup {
    html! {
        li {
            span class="at" {}
            span class="sign" {}
            div class="what" { pre class="phone" role="img" aria-label="The phone's screen" { (harmless(screen)) } }
        }
    }
}

fn of_step(step: &StepResult, clock: &mut RowClock, strict: bool) -> Markup {
    let fails = step.mismatches().iter().any(|mismatch| mismatch.fails(strict));
    let (class, sign, note) = match &step.outcome {
        StepOutcome::Done { note } => ("is-passed", "✓", note.as_deref()),
        StepOutcome::NotHeld(_) if fails => ("is-failed", "✗", None),
        StepOutcome::NotHeld(_) => ("is-warned", "!", None),
        StepOutcome::NotRun => ("is-skipped not-run", "–", Some("not come to")),
    };
    let what = html! {
        code title=(harmless(&step.at.to_string())) { (harmless(&step.text)) }
        @if let Some(note) = note { " " span class="happening" { (harmless(note)) } }
        @for mismatch in step.mismatches() {
            pre class=(if mismatch.fails(strict) { "is-failed" } else { "is-warned" }) { span { (harmless(&mismatch.text())) } }
        }
    };
    html! {
        (gap(step.began, clock))
        (row(clock, class, sign, &what))
        @for happening in &step.happenings { (of_happening(happening, clock)) }
    }
}

fn of_happening(happening: &ObservedEvent, clock: &mut RowClock) -> Markup {
    let (class, sign) = match happening.kind {
        ObservedEventKind::Prompt => ("prompt-sign", "◇"),
        ObservedEventKind::PromptGone => ("prompt-sign", "◆"),
        ObservedEventKind::Card => ("card-sign", "▣"),
        ObservedEventKind::CardGone => ("card-sign", "▢"),
        ObservedEventKind::Receipt => ("", "→"),
        ObservedEventKind::Connection => ("", "↯"),
    };
    let what = html! { span class="happening" { (harmless(&happening.text)) } };
    html! {
        (gap(happening.at, clock))
        (row(clock, class, sign, &what))
    }
}

/// How far a timeline has come, and the time that it said last.
struct RowClock {
    now: Duration,
    shown: Option<Duration>,
}

/// Device time that passed since the row above.
fn gap(at: Duration, clock: &mut RowClock) -> Markup {
    let passed = at.saturating_sub(clock.now);
    clock.now = at.max(clock.now);
    html! {
        @if passed >= GAP {
            li class="gap" {
                span class="at" {}
                span class="sign" {}
                div class="what" { (in_words(passed)) " pass" }
            }
        }
    }
}

/// A row; the time is said where it is another than above.
fn row(clock: &mut RowClock, sign_class: &str, sign: &str, what: &Markup) -> Markup {
    let at = match clock.now {
        now if clock.shown == Some(now) => String::new(),
        Duration::ZERO => "0".to_owned(),
        now => format!("+{}", in_words(now)),
    };
    clock.shown = Some(clock.now);
    html! {
        li {
            span class="at" { (at) }
            span class={ "sign " (sign_class) } { (sign) }
            div class="what" { (what) }
        }
    }
}
