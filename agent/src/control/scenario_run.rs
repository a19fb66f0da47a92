//! `scenario`: a scenario that runs on the device, as its runner reports it, and what somebody who watches has it do.
//!
//! The runner is another program, or another part of this one. It reports before each step and asks whether to go on; while the
//! run is paused the answer waits. So nothing has to reach a runner but the answers to its own requests, and one that dies is
//! known by its silence.
//!
//! Lives here: the report, the orders, and who waits for which. Does not live here: the requests (`scenario_requests`),
//! running (`scenario`), the page's view of it (`panel::run`).

use std::time::{Duration, Instant};

use portal_contract::{DeviceId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::watched_table::WatchedTable;

/// How long an answer waits while the run is paused; the runner then asks again.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a runner that asks may be silent: it asks again as soon as it has its answer.
const ASKS_WITHIN: Duration = Duration::from_secs(20);
/// How long a runner that carries out a step may be silent: the device has 30 s to come to rest, more than once in a step.
const WORKS_WITHIN: Duration = Duration::from_secs(90);

/// What a runner tells of the scenario that it runs on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScenarioReport {
    /// The run, by a name of the runner's own; a new one begins a new run.
    pub run: String,
    /// The scenario's name.
    pub name: String,
    /// The file and the line in which it stands.
    pub at: String,
    /// Which case of the run this is, from 1 on.
    pub case: u32,
    /// How many cases the run has.
    pub cases: u32,
    /// The steps, in order; of very many those around the present one.
    pub steps: Vec<ReportedStep>,
    /// What is said to those who watch, at this point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// What the present step waits for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Until when at the latest it waits for that, by the computer's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<Timestamp>,
    /// How the run ended, in a sentence; nothing more comes of it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Whether the runner asks to go on with the present step: the answer then waits while the run is paused.
    #[serde(default)]
    pub asks: bool,
    /// Pauses the run here.
    #[serde(default)]
    pub pause: bool,
    /// Whether it is a presenter's script: it has captions, and can be taken back to its start.
    #[serde(default)]
    pub is_script: bool,
}

/// A step of a scenario that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReportedStep {
    /// Its number in the scenario, from 1 on; 0 is the device that it begins with.
    pub number: u32,
    /// The step in a line.
    pub text: String,
    /// The line of the file.
    pub line: u32,
    /// How it stands.
    pub state: ReportedStepState,
    /// What came of it, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// How a step of a scenario that runs stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReportedStepState {
    /// Not come to yet.
    Ahead,
    /// Being carried out, or the next one.
    Now,
    /// Carried out, and what it expected held.
    Done,
    /// Something of it did not hold.
    Failed,
}

/// What a runner is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ScenarioOrder {
    /// Go on: carry the present step out.
    GoOn,
    /// Wait, and ask again.
    Pause,
    /// End the run.
    Stop,
    /// Back to the start (of a presenter's script).
    Start,
}

/// The answer to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioAnswer {
    /// What the runner is to do.
    pub order: ScenarioOrder,
}

/// What somebody who watches wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WatcherOrder {
    /// Pause before the next step.
    Pause,
    /// Carry the present step out, and pause again.
    Step,
    /// Go on without pausing.
    GoOn,
    /// End the run.
    Stop,
    /// Back to the start (of a presenter's script).
    Start,
    /// Take a run that has ended off the page.
    Close,
}

/// The body by which somebody who watches says what the run is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatcherRequest {
    /// What.
    pub order: WatcherOrder,
}

/// A run as those who watch see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchedRun {
    /// What its runner reported last.
    #[serde(flatten)]
    pub report: ScenarioReport,
    /// Whether it pauses before each step.
    pub paused: bool,
    /// Since when its runner has been silent for longer than it may be: it has ended without saying so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Timestamp>,
}

impl WatchedRun {
    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        self.report.ended.is_none() && self.silent_since.is_none()
    }
}

/// The runs that are reported, of each device the latest.
#[derive(Debug, Default)]
pub(super) struct ScenarioRuns(WatchedTable<ReportedRun>);

#[derive(Debug)]
struct ReportedRun {
    report: ScenarioReport,
    heard: Instant,
    heard_at: Timestamp,
    paused: bool,
    /// Whether one step may be carried out though the run is paused.
    may_step: bool,
    stopping: bool,
    starting: bool,
}

impl ScenarioRuns {
    /// Counts up whenever a run may look otherwise.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed()
    }

    /// The latest run on a device.
    pub(super) fn run(&self, device: DeviceId, now: Instant) -> Option<WatchedRun> {
        self.0.with(|runs| {
            let run = runs.get(&device)?;
            let limit = if run.report.asks { ASKS_WITHIN } else { WORKS_WITHIN };
            let is_silent = run.report.ended.is_none() && now.saturating_duration_since(run.heard) > limit;
            Some(WatchedRun {
                report: run.report.clone(),
                paused: run.paused,
                silent_since: is_silent.then_some(run.heard_at),
            })
        })
    }

    fn take(&self, device: DeviceId, report: ScenarioReport, heard: Instant, heard_at: Timestamp) {
        self.0.with(|runs| match runs.get_mut(&device).filter(|run| run.report.run == report.run) {
            Some(run) => {
                run.paused |= report.pause;
                (run.report, run.heard, run.heard_at) = (report, heard, heard_at);
            }
            None => {
                let paused = report.pause;
                let (may_step, stopping, starting) = (false, false, false);
                runs.insert(device, ReportedRun { report, heard, heard_at, paused, may_step, stopping, starting });
            }
        });
        self.0.tell();
    }

    /// What the runner is to do now; none while its question waits.
    fn order(&self, device: DeviceId, run: &str) -> Option<ScenarioOrder> {
        self.0.with(|runs| {
            // Another run has begun on this device: the older one is over.
            let Some(run) = runs.get_mut(&device).filter(|known| known.report.run == run) else {
                return Some(ScenarioOrder::Stop);
            };
            if run.stopping {
                return Some(ScenarioOrder::Stop);
            }
            if std::mem::take(&mut run.starting) {
                return Some(ScenarioOrder::Start);
            }
            match (run.paused, run.report.asks) {
                (false, _) => Some(ScenarioOrder::GoOn),
                (true, false) => Some(ScenarioOrder::Pause),
                (true, true) => std::mem::take(&mut run.may_step).then_some(ScenarioOrder::GoOn),
            }
        })
    }

    /// Takes a report in, and answers it as soon as there is something to do.
    pub(super) async fn report(
        &self,
        device: DeviceId,
        report: ScenarioReport,
        ending: &CancellationToken,
    ) -> ScenarioOrder {
        let mut changed = self.changed();
        let run = report.run.clone();
        self.take(device, report, Instant::now(), crate::wall_clock::now());
        let waiting = async {
            loop {
                changed.borrow_and_update();
                if let Some(order) = self.order(device, &run) {
                    return order;
                }
                if changed.changed().await.is_err() {
                    return ScenarioOrder::Stop;
                }
            }
        };
        tokio::select! {
            order = tokio::time::timeout(ANSWERS_WITHIN, waiting) => order.unwrap_or(ScenarioOrder::Pause),
            () = ending.cancelled() => ScenarioOrder::Stop,
        }
    }

    /// Does what somebody who watches wants; whether there is a run of which that can be wanted.
    pub(super) fn obey(&self, device: DeviceId, order: WatcherOrder) -> bool {
        let is_obeyed = self.0.with(|runs| {
            let Some(run) = runs.get_mut(&device) else { return false };
            match order {
                WatcherOrder::Pause => run.paused = true,
                WatcherOrder::Step => (run.paused, run.may_step) = (true, true),
                WatcherOrder::GoOn => run.paused = false,
                WatcherOrder::Stop => run.stopping = true,
                WatcherOrder::Start => run.starting = true,
                WatcherOrder::Close => drop(runs.remove(&device)),
            }
            true
        });
        self.0.tell();
        is_obeyed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(run: &str, asks: bool) -> ScenarioReport {
        ScenarioReport {
            run: run.to_owned(),
            name: "denied".to_owned(),
            at: "denied.yaml:1".to_owned(),
            case: 1,
            cases: 1,
            steps: Vec::new(),
            caption: None,
            waits_for: None,
            waits_until: None,
            ended: None,
            asks,
            pause: false,
            is_script: false,
        }
    }

    fn device() -> DeviceId {
        DeviceId::from_bytes([7; 16])
    }

    fn taken(runs: &ScenarioRuns, report: ScenarioReport) -> Option<ScenarioOrder> {
        let run = report.run.clone();
        runs.take(device(), report, Instant::now(), Timestamp::from_millis(0));
        runs.order(device(), &run)
    }

    #[test]
    fn a_paused_run_waits_for_each_step_and_goes_on_when_it_is_told() {
        let runs = ScenarioRuns::default();
        assert_eq!(taken(&runs, report("a", true)), Some(ScenarioOrder::GoOn), "it pauses only where it is told");
        assert!(runs.obey(device(), WatcherOrder::Pause));
        assert_eq!(taken(&runs, report("a", false)), Some(ScenarioOrder::Pause), "whoever does not ask is not held up");
        assert_eq!(taken(&runs, report("a", true)), None);
        runs.obey(device(), WatcherOrder::Step);
        assert_eq!(runs.order(device(), "a"), Some(ScenarioOrder::GoOn));
        assert_eq!(runs.order(device(), "a"), None, "one step and no more");
        runs.obey(device(), WatcherOrder::GoOn);
        assert_eq!(runs.order(device(), "a"), Some(ScenarioOrder::GoOn));
        assert_eq!(taken(&runs, ScenarioReport { pause: true, ..report("a", true) }), None, "a step failed, say");
        runs.obey(device(), WatcherOrder::Start);
        assert_eq!(runs.order(device(), "a"), Some(ScenarioOrder::Start));
        assert_eq!(runs.order(device(), "a"), None);
        runs.obey(device(), WatcherOrder::Stop);
        assert_eq!(taken(&runs, report("a", false)), Some(ScenarioOrder::Stop));
    }

    #[test]
    fn a_newer_run_ends_the_older_one_and_orders_without_a_run_are_refused() {
        let runs = ScenarioRuns::default();
        assert!(!runs.obey(device(), WatcherOrder::Step));
        taken(&runs, report("a", true));
        assert_eq!(taken(&runs, report("b", true)), Some(ScenarioOrder::GoOn));
        assert_eq!(runs.order(device(), "a"), Some(ScenarioOrder::Stop));
        runs.obey(device(), WatcherOrder::Close);
        assert_eq!(runs.run(device(), Instant::now()), None);
    }

    #[test]
    fn a_runner_that_is_silent_for_too_long_has_ended() {
        let runs = ScenarioRuns::default();
        let is_running = |after: Duration| runs.run(device(), Instant::now() + after).unwrap().is_running();
        taken(&runs, report("a", true));
        assert!(is_running(Duration::from_secs(15)) && !is_running(Duration::from_secs(21)));
        taken(&runs, report("a", false));
        assert!(is_running(Duration::from_secs(60)) && !is_running(Duration::from_secs(91)));
        taken(&runs, ScenarioReport { ended: Some("passed".to_owned()), ..report("a", false) });
        let ended = runs.run(device(), Instant::now() + Duration::from_secs(1000)).unwrap();
        assert_eq!((ended.is_running(), ended.silent_since), (false, None), "it has said so");
    }
}
