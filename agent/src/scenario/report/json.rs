//! The report that a program reads: a case a line as it ends, then a line that sums up.
//!
//! Lives here: their members. Does not live here: printing them.

use serde_json::{Value, json};

use super::super::result::{CaseResult, CaseVerdict, FailedExpectation, RunResult};

/// A case's line.
pub fn line(case: &CaseResult, strict: bool) -> Value {
    let mut line = serde_json::to_value(case).unwrap_or_default();
    line["name"] = case.name().into();
    line["standing"] = json!(case.standing(strict));
    line["failures"] = case.mismatches().map(|mismatch| failure(mismatch, strict)).collect();
    line
}

fn failure(mismatch: &FailedExpectation, strict: bool) -> Value {
    json!({ "at": mismatch.at.to_string(), "fails": mismatch.fails(strict), "grounds": mismatch.grounds.to_string(), "text": mismatch.text() })
}

/// The last line.
pub fn summary_line(run: &RunResult) -> Value {
    json!({
        "summary": {
            "cases": run.cases.len(),
            "passed": run.count(CaseVerdict::Passed),
            "warned": run.count(CaseVerdict::Warned),
            "failed": run.count(CaseVerdict::Failed),
            "skipped": run.count(CaseVerdict::Skipped),
            "strict": run.strict,
            "seed": run.seed,
            "startedAt": run.started_at,
            "seconds": run.took.as_secs_f64(),
        }
    })
}
