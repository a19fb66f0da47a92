//! A scenario that runs on the device: its steps, the present one, what that waits for, and what it may be told to do.
//!
//! Lives here: the elements. Does not live here: what is told to the runner (`scenario_run`).

use maud::{Markup, html};
use portal_contract::DeviceId;
use serde_json::{Value, json};

use super::page::icon;
use super::times::seconds;
use super::words::words;
use crate::control::scenario_run::{ReportedStep, ReportedStepState, WatchedRun, WatcherOrder};

/// The run in the place of the controls; nothing where there is none.
pub(super) fn run(run: Option<&WatchedRun>, device: DeviceId) -> Markup {
    let Some(run) = run else { return html! {} };
    let report = &run.report;
    html! {
        section class="card run" {
            h2 {
                (report.name)
                span { ((words().run.case)(report.case, report.cases, &report.at)) }
            }
            p class="then" role="status" { (stands(run)) }
            div class="row" {
                @for (label, order) in orders(run) { (button(label, order, device)) }
            }
            ol class="steps-of-run" { @for one in &report.steps { (step(one)) } }
        }
    }
}

/// What a presenter says at this point.
pub(super) fn caption(run: Option<&WatchedRun>) -> Markup {
    html! { @if let Some(caption) = run.filter(|run| run.is_running()).and_then(|run| run.report.caption.as_deref()) { (caption) } }
}

/// What the page's keys need to know.
pub(super) fn state(run: Option<&WatchedRun>) -> Value {
    let run = run.filter(|run| run.is_running());
    json!({ "runs": run.is_some(), "script": run.is_some_and(|run| run.report.is_script) })
}

fn stands(run: &WatchedRun) -> String {
    let (words, report) = (&words().run, &run.report);
    match (&report.ended, run.silent_since, report.waits_for.as_deref()) {
        (Some(ended), ..) => ended.clone(),
        (None, Some(since), _) => (words.silent)(&seconds(since)),
        (None, None, waits) if run.paused && report.asks => (words.paused)(waits),
        (None, None, Some(waits)) => (words.waits)(waits, report.waits_until.map(seconds).as_deref()),
        (None, None, None) => words.runs.to_owned(),
    }
}

/// What it may be told, with the words of the buttons.
fn orders(run: &WatchedRun) -> Vec<(&'static str, WatcherOrder)> {
    let words = &words().run;
    let stop = (words.stop, WatcherOrder::Stop);
    match (run.is_running(), run.report.is_script, run.paused) {
        (false, ..) => vec![(words.close, WatcherOrder::Close)],
        (true, true, _) => vec![(words.next, WatcherOrder::Step), (words.start, WatcherOrder::Start), stop],
        (true, false, true) => vec![(words.step, WatcherOrder::Step), (words.go_on, WatcherOrder::GoOn), stop],
        (true, false, false) => vec![(words.pause, WatcherOrder::Pause), stop],
    }
}

fn button(label: &str, order: WatcherOrder, device: DeviceId) -> Markup {
    html! {
        button type="button" class="b" data-method="POST" data-path={ "/v1/devices/" (device) "/scenario/order" }
            data-body=(json!({ "order": order })) { (label) }
    }
}

fn step(step: &ReportedStep) -> Markup {
    let words = &words().run;
    let (class, mark, word) = match step.state {
        ReportedStepState::Ahead => ("ahead", None, words.to_come),
        ReportedStepState::Now => ("present", Some("right"), words.now),
        ReportedStepState::Done => ("ok", Some("check"), words.done),
        ReportedStepState::Failed => ("bad", Some("cross"), words.failed),
    };
    html! {
        li class=(class) aria-current=[(step.state == ReportedStepState::Now).then_some("step")] {
            span class="m" { @if let Some(mark) = mark { (icon(mark)) } span class="sr" { (word) } }
            span class="t" { (step.text) }
            @if let Some(said) = &step.said { span class="d" { (said) } }
        }
    }
}
