//! Results that need no device: of cases that were not run, and of devices that did not start or end.

use std::time::Duration;

use super::super::model::{ExpectationBasis, FilePosition, ScenarioCase, ScenarioStep};
use super::super::result::{CaseResult, FailedExpectation, StepOutcome, StepResult};
use super::super::test_device::TestDeviceError;
use super::words;

/// The result of a case of which nothing was run yet.
pub fn blank(case: &ScenarioCase, repetition: u32) -> CaseResult {
    let device = &case.device;
    CaseResult {
        scenario: case.scenario.clone(),
        description: case.description.clone(),
        combination: case.combination.clone(),
        repetition,
        at: case.at.clone(),
        facts: case.facts.clone(),
        device: words::device(device),
        steps: Vec::new(),
        took: Duration::ZERO,
        device_time: Duration::ZERO,
        skipped: None,
    }
}

/// The result of a case that was not run.
pub fn skipped(case: &ScenarioCase, repetition: u32, why: String) -> CaseResult {
    CaseResult { skipped: Some(why), ..blank(case, repetition) }
}

/// The result of a case whose device did not start.
pub fn could_not_begin(case: &ScenarioCase, repetition: u32, error: &TestDeviceError) -> CaseResult {
    let began = trouble(&case.at, "the device starts", error);
    let steps = case.steps.iter().map(|step| not_run(step, Duration::ZERO));
    CaseResult { steps: std::iter::once(began).chain(steps).collect(), ..blank(case, repetition) }
}

/// The result of a case whose device did not end as it should.
pub fn did_not_end(mut result: CaseResult, error: &TestDeviceError) -> CaseResult {
    result.steps.push(trouble(&result.at, "the device ends cleanly", error));
    result
}

pub(super) fn trouble(at: &FilePosition, expected: &str, error: &TestDeviceError) -> StepResult {
    let mismatch = FailedExpectation {
        at: at.clone(),
        expected: expected.to_owned(),
        happened: error.to_string(),
        grounds: ExpectationBasis::Documented(Vec::new()),
        explanation: None,
    };
    StepResult {
        at: at.clone(),
        text: "device".to_owned(),
        began: Duration::ZERO,
        took: Duration::ZERO,
        outcome: StepOutcome::NotHeld(vec![mismatch]),
        happenings: Vec::new(),
        screen: None,
    }
}

pub(super) fn not_run(step: &ScenarioStep, began: Duration) -> StepResult {
    StepResult {
        at: step.at.clone(),
        text: step.text.clone(),
        began,
        took: Duration::ZERO,
        outcome: StepOutcome::NotRun,
        happenings: Vec::new(),
        screen: None,
    }
}
