//! A scenario that runs on the device: its steps, the present one, what that waits for, and what it may be told to do.
//!
//! Lives here: the elements. Does not live here: what is told to the runner (`scenario_run`).

use maud::{Markup, html};
use portal_contract::DeviceId;
use serde_json::{Value, json};

use super::page::icon;
use super::times::seconds;
use crate::control::scenario_run::{ReportedStep, ReportedStepState, WatchedRun, WatcherOrder};

/// The run in the place of the controls; nothing where there is none.
pub(super) fn run(run: Option<&WatchedRun>, device: DeviceId) -> Markup {
    let Some(run) = run else { return html! {} };
    let report = &run.report;
    html! {
        section class="card run" {
            h2 {
                (report.name)
                span {
                    @if report.cases > 1 { "case " (report.case) " of " (report.cases) " \u{b7} " }
                    (report.at)
                }
            }
            p class="then" role="status" { (stands(run)) }
            div class="row" {
                @for (label, order) in orders(run) { (button(label, *order, device)) }
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

fn stands(run: &WatchedRun) -> Markup {
    let report = &run.report;
    let waits = report.waits_for.as_deref();
    html! {
        @if let Some(ended) = &report.ended {
            (ended)
        } @else if let Some(since) = run.silent_since {
            "Its runner has not been heard of since " (seconds(since)) ": it has ended."
        } @else if run.paused && report.asks {
            "Paused: it waits for " (waits.unwrap_or("you")) "."
        } @else if let Some(waits) = waits {
            "Waits for " (waits)
            @if let Some(until) = report.waits_until { ", until " (seconds(until)) " at the latest" }
            "."
        } @else {
            "Runs."
        }
    }
}

/// What it may be told, with the words of the buttons.
fn orders(run: &WatchedRun) -> &'static [(&'static str, WatcherOrder)] {
    const START: (&str, WatcherOrder) = ("Back to the start", WatcherOrder::Start);
    const STEP: (&str, WatcherOrder) = ("Step", WatcherOrder::Step);
    const GO_ON: (&str, WatcherOrder) = ("Go on", WatcherOrder::GoOn);
    const PAUSE: (&str, WatcherOrder) = ("Pause", WatcherOrder::Pause);
    const STOP: (&str, WatcherOrder) = ("Stop", WatcherOrder::Stop);
    const CLOSE: (&str, WatcherOrder) = ("Close", WatcherOrder::Close);
    match (run.is_running(), run.report.is_script, run.paused) {
        (false, ..) => &[CLOSE],
        (true, true, _) => &[("Next", WatcherOrder::Step), START, STOP],
        (true, false, true) => &[STEP, GO_ON, STOP],
        (true, false, false) => &[PAUSE, STOP],
    }
}

fn button(label: &str, order: WatcherOrder, device: DeviceId) -> Markup {
    html! {
        button type="button" class="b" data-method="POST" data-path={ "/v1/devices/" (device) "/scenario/order" }
            data-body=(json!({ "order": order })) { (label) }
    }
}

fn step(step: &ReportedStep) -> Markup {
    let (class, mark, word) = match step.state {
        ReportedStepState::Ahead => ("ahead", None, "to come"),
        ReportedStepState::Now => ("present", Some("right"), "now"),
        ReportedStepState::Done => ("ok", Some("check"), "done"),
        ReportedStepState::Failed => ("bad", Some("cross"), "failed"),
    };
    html! {
        li class=(class) aria-current=[(step.state == ReportedStepState::Now).then_some("step")] {
            span class="m" { @if let Some(mark) = mark { (icon(mark)) } span class="sr" { (word) } }
            span class="t" { (step.text) }
            @if let Some(said) = &step.said { span class="d" { (said) } }
        }
    }
}
