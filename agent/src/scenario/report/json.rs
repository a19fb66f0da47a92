//! The report that a program reads: a case a line as it ends, then a line that sums up.
//!
//! Lives here: their members. Does not live here: printing them.

use serde_json::{Value, json};

use super::super::result::{CaseResult, Miss, Run, Standing};

/// A case's line.
pub fn line(case: &CaseResult, strict: bool) -> Value {
    let mut line = serde_json::to_value(case).unwrap_or_default();
    line["name"] = case.name().into();
    line["standing"] = json!(case.standing(strict));
    line["failures"] = case.misses().map(|miss| failure(miss, strict)).collect();
    line
}

fn failure(miss: &Miss, strict: bool) -> Value {
    json!({ "at": miss.at.to_string(), "fails": miss.fails(strict), "grounds": miss.grounds.to_string(), "text": miss.text() })
}

/// The last line.
pub fn summary_line(run: &Run) -> Value {
    json!({
        "summary": {
            "cases": run.cases.len(),
            "passed": run.count(Standing::Passed),
            "warned": run.count(Standing::Warned),
            "failed": run.count(Standing::Failed),
            "skipped": run.count(Standing::Skipped),
            "strict": run.strict,
            "seed": run.seed,
            "startedAt": run.started_at,
            "seconds": run.took.as_secs_f64(),
        }
    })
}
