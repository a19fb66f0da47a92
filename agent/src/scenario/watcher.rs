//! Who watches a case step by step, and may end it.
//!
//! Lives here: the trait, and nobody. Does not live here: telling a page (`reporter`).

use std::future::Future;

use super::model::ScenarioCase;
use super::result::{CaseResult, StepResult};

/// Who watches a case.
pub trait CaseWatcher: Send {
    /// Before a step, and before the device that the case begins with: `done` has what came before, in order. Tells whether to
    /// go on; it may take as long as a person does.
    fn before(&mut self, case: &ScenarioCase, done: &[StepResult]) -> impl Future<Output = bool> + Send;

    /// The case is over; its device is still there until this returns.
    fn over(&mut self, case: &ScenarioCase, result: &CaseResult) -> impl Future<Output = ()> + Send;
}

/// Nobody watches.
pub struct Unwatched;

impl CaseWatcher for Unwatched {
    async fn before(&mut self, _: &ScenarioCase, _: &[StepResult]) -> bool {
        true
    }

    async fn over(&mut self, _: &ScenarioCase, _: &CaseResult) {}
}
