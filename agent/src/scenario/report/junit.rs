//! JUnit XML, as Jenkins and GitLab read it: a suite a file, a test case a case.
//!
//! Lives here: what stands where in it. Does not live here: writing XML (quick-junit), which characters it cannot hold
//! (`escape`).

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::super::result::{CaseResult, CaseVerdict, FailedExpectation, RunResult};
use crate::escape::for_xml;

/// The report.
///
/// # Errors
/// The XML cannot be written.
pub fn junit(run: &RunResult) -> Result<String, SerializeError> {
    let mut report = Report::new("portal-agent scenarios");
    report.set_time(run.took);
    for (file, cases) in by_file(run) {
        report.add_test_suite(suite(file, &cases, run));
    }
    // Jenkins' schema (xunit-plugin, junit-10.xsd) knows this count of a suite, not of the whole.
    let skipped = format!(" skipped=\"{}\"", report.skipped);
    // Over the whole document, so that no field is forgotten: quick-junit lets through what XML has no way to say.
    Ok(for_xml(&report.to_string()?.replacen(&skipped, "", 1)))
}

fn by_file(run: &RunResult) -> BTreeMap<&str, Vec<&CaseResult>> {
    let mut files: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &run.cases {
        files.entry(&case.at.file).or_default().push(case);
    }
    files
}

fn suite(file: &str, cases: &[&CaseResult], run: &RunResult) -> TestSuite {
    let mut suite = TestSuite::new(file);
    suite.set_time(cases.iter().map(|case| case.took).sum());
    // xs:dateTime without an offset is what the schema asks for.
    let started = run.started_at.to_string();
    suite.extra.insert("timestamp".into(), started.get(..19).unwrap_or(&started).into());
    suite.extra.insert("file".into(), file.into());
    for case in cases {
        suite.add_test_case(test_case(file, case, run.strict));
    }
    suite
}

fn test_case(file: &str, case: &CaseResult, strict: bool) -> TestCase {
    let repetition = if case.repetition > 1 { format!(" (run {})", case.repetition) } else { String::new() };
    let mut test = TestCase::new(format!("{}{repetition}", case.name()), status(case, strict));
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file);
    // Jenkins makes packages of the dots; a folder is one.
    test.set_classname(stem.trim_start_matches(['.', '/']).replace('.', "-").replace(['/', '\\'], "."));
    test.set_time(case.took);
    test.set_system_out(output(case, strict));
    test
}

/// Where the case stands and on what it rests, which the schema has no members for, and what only warned.
fn output(case: &CaseResult, strict: bool) -> String {
    let facts = if case.facts.is_empty() { String::new() } else { format!("\nfacts {}", case.facts.join(", ")) };
    let mut output = format!("{}{facts}", case.at);
    for mismatch in case.mismatches().filter(|mismatch| !mismatch.fails(strict)) {
        output.push_str(&format!("\nwarned, since it rests on an undocumented choice:\n{}", mismatch.text()));
    }
    output
}

fn status(case: &CaseResult, strict: bool) -> TestCaseStatus {
    match case.standing(strict) {
        CaseVerdict::Passed | CaseVerdict::Warned => TestCaseStatus::success(),
        CaseVerdict::Skipped => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(case.skipped.clone().unwrap_or_default());
            skipped
        }
        CaseVerdict::Failed => {
            let failing: Vec<&FailedExpectation> =
                case.mismatches().filter(|mismatch| mismatch.fails(strict)).collect();
            let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
            if let Some(first) = failing.first() {
                failed.set_message(format!("expected {}; {}", first.expected, first.happened));
                failed.set_type(first.grounds.to_string());
            }
            failed.set_description(failing.iter().map(|mismatch| mismatch.text()).collect::<Vec<_>>().join("\n"));
            failed
        }
    }
}
