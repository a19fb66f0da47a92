//! Reports a run, step by step, to the daemon on whose device it runs, and does what those who watch it there want.
//!
//! Lives here: what is reported when, and what an answer means to the run. Does not live here: the API's wire (`control`), the
//! steps themselves (`case_runner`).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::model::{ScenarioCase, ScenarioStep, StepAction};
use super::report::summary;
use super::result::{CaseResult, RunResult, StepOutcome, StepResult};
use super::test_device::IDLE_TIMEOUT;
use super::watcher::CaseWatcher;
use crate::control::{ControlClient, ReportedStep, ReportedStepState, ScenarioOrder, ScenarioReport, WatcherOrder};
use crate::wall_clock;

/// How many steps a report has at most: those around the present one.
const MOST_STEPS: usize = 60;
/// How many characters of a step, and of what came of it, a report has: a body has 64 KiB.
const MOST_OF_A_STEP: usize = 200;
const MOST_SAID: usize = 600;

/// The way to the daemon: reports, and the orders that answer them.
pub struct ReportLink {
    client: Arc<ControlClient>,
    stop: CancellationToken,
    /// Nobody hears any more: the daemon is gone, or knows no reports.
    is_lost: bool,
}

impl ReportLink {
    pub fn new(client: &Arc<ControlClient>, stop: CancellationToken) -> Self {
        Self { client: Arc::clone(client), stop, is_lost: false }
    }

    /// Reports, and waits for what is to be done. Where nobody hears it the run goes on by itself: that the daemon is gone shows
    /// soon enough in the steps.
    pub async fn report(&mut self, report: ScenarioReport) -> ScenarioOrder {
        if self.is_lost {
            return ScenarioOrder::GoOn;
        }
        let client = Arc::clone(&self.client);
        let mut asking = tokio::task::spawn_blocking(move || client.report(&report));
        let answer = tokio::select! {
            answer = &mut asking => answer,
            () = self.stop.cancelled() => {
                // The answer may be waiting for a person; this has it come now.
                let client = Arc::clone(&self.client);
                let _ = tokio::task::spawn_blocking(move || client.order(WatcherOrder::Stop)).await;
                let _ = asking.await;
                return ScenarioOrder::Stop;
            }
        };
        match answer {
            Ok(Ok(order)) => order,
            Ok(Err(error)) => {
                tracing::warn!("nobody sees this run on the page: {error}");
                self.is_lost = true;
                ScenarioOrder::GoOn
            }
            Err(_) => ScenarioOrder::Stop,
        }
    }
}

/// How those who watch are waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchPace {
    /// Whether the run begins paused.
    pub begins_paused: bool,
    /// How long a step is shown at least.
    pub shows: Duration,
    /// Whether a case that failed stays open at its device until somebody goes on.
    pub stays_at_failures: bool,
}

/// What somebody is told in the terminal as it comes.
pub type StepTeller = Box<dyn FnMut(&ScenarioCase, usize) + Send>;

/// Reports a run.
pub struct RunReporter {
    link: ReportLink,
    pace: WatchPace,
    run: String,
    cases: u32,
    case: u32,
    begun: Option<Instant>,
    is_stopped: bool,
    tell: Option<StepTeller>,
    last: Option<ScenarioReport>,
}

impl RunReporter {
    /// For a run that would go on the same without it.
    pub fn beside(client: &Arc<ControlClient>, cases: usize, stop: CancellationToken) -> Self {
        Self::new(client, cases, stop, WatchPace::default(), None)
    }

    pub fn new(
        client: &Arc<ControlClient>,
        cases: usize,
        stop: CancellationToken,
        pace: WatchPace,
        tell: Option<StepTeller>,
    ) -> Self {
        Self {
            link: ReportLink::new(client, stop),
            pace,
            run: uuid::Uuid::new_v4().to_string(),
            cases: u32::try_from(cases).unwrap_or(u32::MAX),
            case: 0,
            begun: None,
            is_stopped: false,
            tell,
            last: None,
        }
    }

    /// Whether somebody ended the run.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The run is over.
    pub async fn ended(&mut self, run: &RunResult) {
        let said: String = summary(run).into_iter().map(|(_, text)| text).collect();
        if let Some(report) = self.last.take() {
            let report = ScenarioReport { asks: false, pause: false, waits_for: None, ended: Some(said), ..report };
            self.link.report(report).await;
        }
    }

    fn report(&self, case: &ScenarioCase, done: &[StepResult]) -> ScenarioReport {
        ScenarioReport {
            run: self.run.clone(),
            name: cut(&case.name(), MOST_OF_A_STEP),
            at: format!("{}:{}", case.at.file, case.at.line),
            case: self.case,
            cases: self.cases,
            steps: steps(case, done),
            caption: None,
            waits_for: None,
            waits_until: None,
            ended: None,
            asks: false,
            pause: false,
            is_script: false,
        }
    }

    /// Asks until there is something to do; whether to go on.
    async fn may_go_on(&mut self, mut report: ScenarioReport) -> bool {
        report.asks = true;
        loop {
            match self.link.report(report.clone()).await {
                ScenarioOrder::GoOn => return true,
                ScenarioOrder::Stop => {
                    self.is_stopped = true;
                    return false;
                }
                ScenarioOrder::Pause | ScenarioOrder::Start => {}
            }
            // Only once: a person who has gone on since is not held up again.
            report.pause = false;
        }
    }
}

impl CaseWatcher for RunReporter {
    async fn before(&mut self, case: &ScenarioCase, done: &[StepResult]) -> bool {
        if done.is_empty() {
            self.case = self.case.saturating_add(1);
        }
        if let Some(tell) = &mut self.tell {
            tell(case, done.len());
        }
        let pause = self.pace.begins_paused && self.begun.is_none();
        if let Some(begun) = self.begun {
            tokio::time::sleep_until(begun + self.pace.shows).await;
        }
        let report = self.report(case, done);
        if !self.may_go_on(ScenarioReport { pause, ..report.clone() }).await {
            return false;
        }
        self.begun = Some(Instant::now());
        let step = done.len().checked_sub(1).and_then(|index| case.steps.get(index));
        let waits = waits_for(step).map(str::to_owned);
        let until = wall_clock::now().plus_millis(portal_contract::timestamp::millis(IDLE_TIMEOUT));
        let report = ScenarioReport { waits_until: waits.as_ref().map(|_| until), waits_for: waits, ..report };
        self.last = Some(report.clone());
        self.link.report(report).await;
        true
    }

    async fn over(&mut self, case: &ScenarioCase, result: &CaseResult) {
        let report = self.report(case, &result.steps);
        self.last = Some(report.clone());
        let failed = result.mismatches().next().is_some();
        if failed && self.pace.stays_at_failures && !self.is_stopped {
            let waits_for = Some("you, with the device as the failed step left it".to_owned());
            self.may_go_on(ScenarioReport { pause: true, waits_for, ..report }).await;
        } else {
            self.link.report(report).await;
        }
    }
}

/// What a step waits for once it is done; an expectation waits for nothing.
fn waits_for(step: Option<&ScenarioStep>) -> Option<&'static str> {
    match step.map(|step| &step.action) {
        Some(StepAction::Expect(_)) => None,
        Some(StepAction::Advance(_)) => Some("what falls due in that time to happen, and the device to come to rest"),
        Some(StepAction::Restart) => Some("the device's daemon to start again, and the device to come to rest"),
        Some(_) => Some("the device to come to rest"),
        None => Some("the device to be as the scenario describes it"),
    }
}

/// The steps with what became of each; the device block is step 0.
fn steps(case: &ScenarioCase, done: &[StepResult]) -> Vec<ReportedStep> {
    let device = ("device", &case.at);
    let all = std::iter::once(device).chain(case.steps.iter().map(|step| (step.text.as_str(), &step.at)));
    let reported = all.enumerate().map(|(number, (text, at))| {
        let result = done.get(number);
        ReportedStep {
            number: u32::try_from(number).unwrap_or(u32::MAX),
            text: cut(text, MOST_OF_A_STEP),
            line: u32::try_from(at.line).unwrap_or(u32::MAX),
            state: match result {
                Some(result) => state_of(result),
                None if number == done.len() => ReportedStepState::Now,
                None => ReportedStepState::Ahead,
            },
            said: result.and_then(said),
        }
    });
    let first = done.len().saturating_sub(MOST_STEPS / 3);
    reported.skip(first).take(MOST_STEPS).collect()
}

fn state_of(result: &StepResult) -> ReportedStepState {
    match &result.outcome {
        StepOutcome::Done { .. } => ReportedStepState::Done,
        StepOutcome::NotHeld(_) => ReportedStepState::Failed,
        StepOutcome::NotRun => ReportedStepState::Ahead,
    }
}

fn said(result: &StepResult) -> Option<String> {
    let said = match &result.outcome {
        StepOutcome::NotHeld(mismatches) => {
            let one = |mismatch: &super::result::FailedExpectation| {
                format!("expected: {}\nhappened: {}", mismatch.expected, mismatch.happened)
            };
            mismatches.iter().map(one).collect::<Vec<_>>().join("\n")
        }
        StepOutcome::Done { note: Some(note) } => note.clone(),
        StepOutcome::Done { note: None } => {
            result.happenings.iter().map(|event| event.text.as_str()).collect::<Vec<_>>().join("\n")
        }
        StepOutcome::NotRun => String::new(),
    };
    (!said.is_empty()).then(|| cut(&said, MOST_SAID))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}
