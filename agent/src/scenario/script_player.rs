//! Plays a presenter's script on the daemon's device: a beat each time that whoever presents says so, and back to the start.
//!
//! The page asks for the next beat and for the start; both reach the player as answers to its own reports, as any runner's orders do.
//!
//! Lives here: which beat is next. Does not live here: its steps (`case_runner`), the page (`control`).

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::attached_device::AttachedDevice;
use super::case_runner::CaseRunner;
use super::model::PresenterScript;
use super::reporter::ReportLink;
use super::result::{StepOutcome, StepResult};
use super::test_device::TestDeviceError;
use crate::control::{ControlClient, ReportedStep, ReportedStepState, ScenarioOrder, ScenarioReport};
use crate::sender::{PushSender, SenderOptions};
use portal_device::DeviceCommand;

/// What is told in the terminal as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayedBeat {
    /// A beat, with what of it did not hold.
    Beat {
        /// Its number, from 1 on.
        number: usize,
        /// Its caption.
        caption: String,
        /// What did not hold.
        wrong: Vec<String>,
    },
    /// Back at the start, or why not.
    Start(Result<(), String>),
}

/// Plays it until somebody ends it.
///
/// # Errors
/// Nothing can be sent, or the daemon is gone.
pub async fn play(
    script: &PresenterScript,
    client: Arc<ControlClient>,
    sender: SenderOptions,
    stop: CancellationToken,
    mut tell: impl FnMut(PlayedBeat),
) -> Result<(), TestDeviceError> {
    let sender = Arc::new(PushSender::connect(sender).await?);
    let mut device = AttachedDevice::join(&client, &sender).await?;
    let start = device.latest_event().await?;
    let mut link = ReportLink::new(&client, stop);
    let mut report = Report::of(script);
    loop {
        // A runner for each time that it is played: the pushes of before are no part of it.
        let mut runner = CaseRunner::begin(&mut device, &script.case, uuid::Uuid::new_v4().to_string()).await?;
        let mut played = 0;
        let order = loop {
            match link.report(report.asking(played)).await {
                ScenarioOrder::GoOn => {
                    if let Some(beat) = script.beats.get(played) {
                        played += 1;
                        link.report(report.playing(played)).await;
                        let mut results = Vec::new();
                        for step in script.case.steps.get(beat.steps.clone()).unwrap_or_default() {
                            results.push(runner.run_step(step).await);
                        }
                        let wrong = report.played(played, &results);
                        tell(PlayedBeat::Beat { number: played, caption: beat.caption.clone(), wrong });
                    }
                }
                ScenarioOrder::Pause => {}
                order @ (ScenarioOrder::Start | ScenarioOrder::Stop) => break order,
            }
        };
        if order == ScenarioOrder::Stop {
            link.report(report.ended()).await;
            return Ok(());
        }
        let returned = device.command(DeviceCommand::Return { event: start }).await;
        let returned = returned.map(drop).map_err(|error| error.to_string());
        report = Report::of(script);
        report.trouble = returned.as_ref().err().cloned();
        tell(PlayedBeat::Start(returned));
    }
}

/// What is reported of a script.
struct Report<'a> {
    script: &'a PresenterScript,
    run: String,
    /// What of each beat that was played did not hold.
    wrong: Vec<Vec<String>>,
    trouble: Option<String>,
}

impl<'a> Report<'a> {
    fn of(script: &'a PresenterScript) -> Self {
        // A run of its own each time: what was asked of the one before is not done by this one.
        Self { script, run: uuid::Uuid::new_v4().to_string(), wrong: Vec::new(), trouble: None }
    }

    /// A beat was played; what did not hold, in lines.
    fn played(&mut self, number: usize, results: &[StepResult]) -> Vec<String> {
        let wrong: Vec<String> = results.iter().flat_map(wrong_of).collect();
        self.wrong.resize_with(number, Vec::new);
        if let Some(last) = self.wrong.last_mut() {
            last.clone_from(&wrong);
        }
        wrong
    }

    fn asking(&self, played: usize) -> ScenarioReport {
        ScenarioReport { asks: true, pause: true, waits_for: Some(self.waits(played)), ..self.of_beat(played, played) }
    }

    fn playing(&self, number: usize) -> ScenarioReport {
        self.of_beat(number, number.saturating_sub(1))
    }

    fn ended(&self) -> ScenarioReport {
        let ended = Some("The script was ended.".to_owned());
        ScenarioReport { ended, caption: None, ..self.of_beat(self.wrong.len(), usize::MAX) }
    }

    fn waits(&self, played: usize) -> String {
        match (&self.trouble, played < self.script.beats.len()) {
            (Some(trouble), _) => format!("you; it could not go back to the start: {trouble}"),
            (None, true) => "the next beat: Space, or a clicker's next; R is back at the start".to_owned(),
            (None, false) => "you: this was the last beat; R is back at the start".to_owned(),
        }
    }

    /// With the caption of the beat of this number, and the one at `present` as the present one.
    fn of_beat(&self, number: usize, present: usize) -> ScenarioReport {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let step = |(index, beat): (usize, &super::model::ScriptBeat)| {
            let wrong = self.wrong.get(index);
            ReportedStep {
                number: count(index + 1),
                text: beat.caption.clone(),
                line: count(beat.at.line),
                state: match wrong {
                    _ if index == present => ReportedStepState::Now,
                    Some(wrong) if wrong.is_empty() => ReportedStepState::Done,
                    Some(_) => ReportedStepState::Failed,
                    None => ReportedStepState::Ahead,
                },
                said: wrong.filter(|wrong| !wrong.is_empty()).map(|wrong| wrong.join("\n")),
            }
        };
        let first = present.min(self.script.beats.len()).saturating_sub(SHOWN_BEATS / 2);
        let steps = self.script.beats.iter().enumerate().skip(first).take(SHOWN_BEATS).map(step).collect();
        let beat = number.checked_sub(1).and_then(|index| self.script.beats.get(index));
        // Before the first beat its name, in the same place: nothing jumps when the first caption comes.
        let caption = beat.map_or(&self.script.case.scenario, |beat| &beat.caption);
        ScenarioReport {
            run: self.run.clone(),
            name: self.script.case.scenario.chars().take(200).collect(),
            at: format!("{}:{}", self.script.case.at.file, self.script.case.at.line),
            case: 1,
            cases: 1,
            steps,
            caption: Some(caption.chars().take(200).collect()),
            waits_for: None,
            waits_until: None,
            ended: None,
            asks: false,
            pause: false,
            is_script: true,
        }
    }
}

/// How many beats a report has at most: those around the present one.
const SHOWN_BEATS: usize = 40;

fn wrong_of(result: &StepResult) -> Vec<String> {
    match &result.outcome {
        StepOutcome::NotHeld(mismatches) => mismatches
            .iter()
            .map(|mismatch| format!("{}: expected {}; happened: {}", result.text, mismatch.expected, mismatch.happened))
            .map(|line| line.chars().take(500).collect())
            .collect(),
        StepOutcome::Done { .. } | StepOutcome::NotRun => Vec::new(),
    }
}
