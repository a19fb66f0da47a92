//! What a run came to, as data: every report is a pure function of it.
//!
//! Lives here: the types, how a case stands, and the one text of a failure. Does not live here: the reports (`report`).

use std::time::Duration;

use portal_contract::{Explanation, RuleEvidence, Timestamp};
use portal_device::DocumentedBehaviour;
use serde::Serialize;

use super::model::{ExpectationBasis, FilePosition, MatrixCombination, case_name};

/// A whole run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunResult {
    /// Whether what rests on undocumented choices fails too.
    pub strict: bool,
    /// The seed that the cases were shuffled with.
    pub seed: Option<u64>,
    /// When it began, by the computer's clock.
    pub started_at: Timestamp,
    /// How long it took, by the computer's clock.
    pub took: Duration,
    /// The cases, in the order in which they stand in the files, whatever the order in which they ran.
    pub cases: Vec<CaseResult>,
}

/// What one case came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// The scenario's name.
    pub scenario: String,
    /// What the scenario is about.
    pub description: Option<String>,
    /// The combination of the matrix.
    pub combination: MatrixCombination,
    /// Which repetition, from 1 on.
    pub repetition: u32,
    /// Where the scenario begins.
    pub at: FilePosition,
    /// The facts that it names.
    pub facts: Vec<String>,
    /// The device: platform, version, documentation.
    pub device: String,
    /// What became of each step; step 0, where there is one, is the device block and `given`.
    pub steps: Vec<StepResult>,
    /// How long it took by the computer's clock.
    pub took: Duration,
    /// How much device time passed.
    pub device_time: Duration,
    /// Why it was not run.
    pub skipped: Option<String>,
}

/// What became of one step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// Where it stands.
    pub at: FilePosition,
    /// The step in a line.
    pub text: String,
    /// The device time at which it began, from the scenario's beginning on.
    pub began: Duration,
    /// How long it took by the computer's clock.
    pub took: Duration,
    /// Whether it was run, and what of its expectations did not hold.
    pub outcome: StepOutcome,
    /// What the device did meanwhile, in order.
    pub happenings: Vec<ObservedEvent>,
    /// The phone behind it, drawn in lines of text; where pictures were asked for.
    #[serde(skip)]
    pub screen: Option<String>,
}

/// What became of a step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StepOutcome {
    /// It was carried out, and what it expected held; a state change may say that nothing changed.
    Done {
        /// What a person is told where nothing changed.
        note: Option<String>,
    },
    /// Something did not hold.
    NotHeld(Vec<FailedExpectation>),
    /// It was not come to.
    NotRun,
}

/// One thing that did not hold, or could not be done.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedExpectation {
    /// Where it stands.
    pub at: FilePosition,
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// What the expectation rests on.
    pub grounds: ExpectationBasis,
    /// The checklist of the push in question.
    pub explanation: Option<Explanation>,
}

/// Something that the device did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedEvent {
    /// The device time, from the scenario's beginning on.
    pub at: Duration,
    /// What kind.
    pub kind: ObservedEventKind,
    /// What, in a line.
    pub text: String,
}

/// What kind of thing the device did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ObservedEventKind {
    /// The permission prompt was shown.
    Prompt,
    /// The permission prompt went.
    PromptGone,
    /// A card was shown.
    Card,
    /// A card was withdrawn.
    CardGone,
    /// A push has its outcome.
    Receipt,
    /// The device is on the broker, or off it.
    Connection,
}

/// How a case, or a run, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CaseVerdict {
    /// Everything held.
    Passed,
    /// It was not run.
    Skipped,
    /// Something did not hold that rests on an undocumented choice.
    Warned,
    /// Something did not hold.
    Failed,
}

impl FailedExpectation {
    /// Whether it fails the run.
    pub fn fails(&self, strict: bool) -> bool {
        strict || matches!(self.grounds, ExpectationBasis::Documented(_))
    }

    /// The text of a failure, the same in every report: where, what was expected, what happened, on what that rests, and
    /// the checklist of the push in question.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n  expected: {}\n  happened: {}", self.at, self.expected, self.happened);
        text.push_str(&format!("\n  rests on: {}", self.grounds));
        if let ExpectationBasis::Documented(facts) = &self.grounds {
            for behaviour in facts.iter().filter_map(|fact| DocumentedBehaviour::find(fact)) {
                text.push_str(&format!("\n            {:?}", behaviour.says));
                let titles = behaviour.evidence.titles().join("; ");
                text.push_str(&format!("\n            from: {titles}"));
                text.push_str(&format!("\n            {}", standing_of(&behaviour.evidence)));
            }
        }
        if let Some(explanation) = &self.explanation {
            text.push_str(&checklist(explanation));
        }
        text
    }
}

/// How far documents say a behaviour, and what nobody does: what rests on a choice says so.
fn standing_of(evidence: &RuleEvidence) -> String {
    let mut text = evidence.by_year_and_platform();
    for (what, words) in [("", evidence.note), ("undocumented: ", evidence.undocumented)] {
        if !words.is_empty() {
            text.push_str(&format!(" ({what}{words})"));
        }
    }
    text
}

fn checklist(explanation: &Explanation) -> String {
    let id = explanation.notification_id.as_ref().map_or("a push without an id", |id| id.as_str());
    let mut text = format!("\n  explain {id}: {}", explanation.summary);
    for standing in &explanation.prerequisites {
        let mark = if standing.met { "✓" } else { "✗" };
        text.push_str(&format!("\n    {mark} {:<28}{}  [{}]", standing.code.code(), standing.detail, standing.source));
        if !standing.met {
            text.push_str(&format!("\n      {:28}hint: {}", "", standing.hint));
        }
    }
    text
}

impl StepResult {
    /// What did not hold.
    pub fn mismatches(&self) -> &[FailedExpectation] {
        match &self.outcome {
            StepOutcome::NotHeld(mismatches) => mismatches,
            StepOutcome::Done { .. } | StepOutcome::NotRun => &[],
        }
    }
}

impl CaseResult {
    /// The case's name, as in [`super::model::ScenarioCase::name`].
    pub fn name(&self) -> String {
        case_name(&self.scenario, &self.combination)
    }

    /// What did not hold, in order.
    pub fn mismatches(&self) -> impl Iterator<Item = &FailedExpectation> {
        self.steps.iter().flat_map(StepResult::mismatches)
    }

    /// How it stands.
    pub fn standing(&self, strict: bool) -> CaseVerdict {
        if self.mismatches().any(|mismatch| mismatch.fails(strict)) {
            return CaseVerdict::Failed;
        }
        match (self.mismatches().next(), &self.skipped) {
            (Some(_), _) => CaseVerdict::Warned,
            (None, Some(_)) => CaseVerdict::Skipped,
            (None, None) => CaseVerdict::Passed,
        }
    }
}

impl RunResult {
    /// How many cases stand so.
    pub fn count(&self, standing: CaseVerdict) -> usize {
        self.cases.iter().filter(|case| case.standing(self.strict) == standing).count()
    }

    /// Whether a case failed: the exit code is 1 then (contract 5).
    pub fn failed(&self) -> bool {
        self.count(CaseVerdict::Failed) > 0
    }
}
