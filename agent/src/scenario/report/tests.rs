//! The reports of one run that has a case of each standing, made by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use portal_contract::{ChecklistEntry as Checked, Explanation, Prerequisite};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::model::{ExpectationBasis, FilePosition};
use super::super::result::{
    CaseResult, FailedExpectation, ObservedEvent, ObservedEventKind, RunResult, StepOutcome, StepResult,
};
use super::{Spans, case_line, failure, html, junit, line, summary, summary_line};

const AWKWARD: &str = "<script>alert(1)</script> & \"x\" \u{1b}[31m \u{202e} \u{fffe}\u{ffff}\u{9b}\u{85}\u{2028}";

fn at(line: usize) -> FilePosition {
    FilePosition { file: "life/denied.yaml".into(), line, column: 3 }
}

fn step(line: usize, text: &str, began: u64, outcome: StepOutcome) -> StepResult {
    StepResult {
        at: at(line),
        text: text.to_owned(),
        began: Duration::from_secs(began),
        took: Duration::from_millis(2),
        outcome,
        happenings: vec![ObservedEvent {
            at: Duration::from_secs(began),
            kind: ObservedEventKind::Receipt,
            text: "6f0c was withheld: notificationsPermitted".to_owned(),
        }],
        screen: Some(format!("the phone behind {text} {AWKWARD}")),
    }
}

fn mismatch(grounds: ExpectationBasis) -> FailedExpectation {
    let standing = |code, met, detail: &str, hint: &str| Checked {
        code,
        met,
        detail: detail.to_owned(),
        hint: hint.to_owned(),
        source: "facts 4.1".to_owned(),
        sources: Vec::new(),
    };
    let explanation = Explanation {
        notification_title: None,
        ways_to_show: Vec::new(),
        lesser_showing: Vec::new(),
        notification_id: Some("6f0c".parse().unwrap()),
        receipt: serde_json::Map::new(),
        desktop_detail: None,
        summary: "Nothing was shown, because of what is unmet: notificationsPermitted.".to_owned(),
        prerequisites: vec![
            standing(Prerequisite::DeviceEnrolled, true, "the device is enrolled with Intune", ""),
            standing(
                Prerequisite::NotificationsPermitted,
                false,
                "the user does not allow notifications",
                "permission allow",
            ),
        ],
    };
    FailedExpectation {
        at: at(9),
        expected: "expect: presented".to_owned(),
        happened: format!("6f0c was withheld {AWKWARD}"),
        grounds,
        explanation: Some(explanation),
    }
}

fn case(combination: &str, steps: Vec<StepResult>, skipped: Option<&str>) -> CaseResult {
    CaseResult {
        scenario: "Denied once".to_owned(),
        description: Some("iOS never asks again".to_owned()),
        combination: vec![("platform".to_owned(), combination.to_owned())],
        repetition: 1,
        at: at(2),
        facts: vec!["4.1.4".to_owned()],
        device: "iOS 26, documentation 2019".to_owned(),
        steps,
        took: Duration::from_millis(12),
        device_time: Duration::from_secs(14_400),
        skipped: skipped.map(str::to_owned),
    }
}

fn run(strict: bool) -> RunResult {
    let done = || StepOutcome::Done { note: Some("already denied".to_owned()) };
    let not_held = |grounds| StepOutcome::NotHeld(vec![mismatch(grounds)]);
    RunResult {
        strict,
        seed: Some(7),
        started_at: "2026-11-24T06:00:00Z".parse().unwrap(),
        took: Duration::from_millis(1300),
        cases: vec![
            case("ios", vec![step(7, "permission: prompt", 0, done()), step(8, "push:", 14_400, done())], None),
            case(
                "ipados",
                vec![step(9, "expect: presented", 0, not_held(ExpectationBasis::Documented(vec!["4.1.4".to_owned()])))],
                None,
            ),
            case(
                "android",
                vec![step(9, "expect: presented", 0, not_held(ExpectationBasis::Undocumented("ours".to_owned())))],
                None,
            ),
            case("other", vec![step(9, "push:", 0, StepOutcome::NotRun)], Some("the run ended before its turn came")),
        ],
    }
}

fn text(spans: &Spans) -> String {
    spans.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn the_terminal_says_how_each_case_stands() {
    let run = run(false);
    let mut page: Vec<String> = Vec::new();
    for case in &run.cases {
        page.push(text(&case_line(case, false)));
        page.extend(failure(case, false).iter().map(text));
    }
    page.push(text(&summary(&run)));
    insta::assert_snapshot!(page.join("\n").replace(AWKWARD, "…"));
}

#[test]
fn the_text_of_a_failure_is_the_same_in_every_report() {
    let run = run(true);
    let expected = run.cases[1].mismatches().next().unwrap().text();
    let terminal: Vec<String> =
        failure(&run.cases[1], true).iter().skip(1).map(|spans| text(spans)[2..].to_owned()).collect();
    assert_eq!(terminal.join("\n"), expected);
    assert_eq!(line(&run.cases[1], true)["failures"][0]["text"], expected);
    // XML and HTML leave out what may not stand in them; the rest is the text.
    let unescaped = |text: String| quick_xml::escape::unescape(&text).unwrap().into_owned();
    let (xml, page) = (unescaped(junit(&run).unwrap()), unescaped(html(&run)));
    for words in expected.split(AWKWARD) {
        assert!(xml.contains(words), "{xml}");
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn strict_makes_a_warning_a_failure() {
    assert!(run(false).failed() && run(true).failed());
    let summary = |strict| summary_line(&run(strict))["summary"].clone();
    assert_eq!((summary(false)["failed"].clone(), summary(false)["warned"].clone()), (1.into(), 1.into()));
    assert_eq!((summary(true)["failed"].clone(), summary(true)["warned"].clone()), (2.into(), 0.into()));
}

/// An element: the attributes that it may have, those that it must have, and what may stand in it.
type Element = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Jenkins' own schema (xunit-plugin, junit-10.xsd), as far as elements, attributes and what is required go.
const JENKINS: &[Element] = &[
    ("testsuites", &["name", "time", "tests", "failures", "errors"], &[], &["testsuite"]),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
            "version",
        ],
        &["name", "tests", "failures", "errors"],
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name", "time", "classname", "group"],
        &["name"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("failure", &["type", "message"], &[], &[]),
    ("skipped", &["type", "message"], &[], &[]),
    ("system-out", &[], &[], &[]),
];

fn check_element(element: &BytesStart<'_>, parent: Option<&str>) -> (String, BTreeMap<String, String>) {
    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
    let row = |name: &str| JENKINS.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no element {name}"));
    let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        (key, String::from_utf8(attribute.value.to_vec()).unwrap())
    };
    let attributes: BTreeMap<String, String> = element.attributes().map(|read| attribute(read.unwrap())).collect();
    let (_, may, must, _) = row(&name);
    assert!(attributes.keys().all(|key| may.contains(&key.as_str())), "{name}: {attributes:?}");
    assert!(must.iter().all(|key| attributes.contains_key(*key)), "{name}: {attributes:?}");
    match parent {
        Some(parent) => assert!(row(parent).3.contains(&name.as_str()), "{name} in {parent}"),
        None => assert_eq!(name, "testsuites"),
    }
    if let Some(seconds) = attributes.get("time") {
        assert!(seconds.split_once('.').is_none_or(|(_, digits)| digits.len() <= 3), "{seconds}");
    }
    (name, attributes)
}

#[test]
fn the_junit_report_is_what_jenkins_schema_asks_for() {
    let xml = junit(&run(false)).unwrap();
    let mut reader = Reader::from_str(&xml);
    let mut open: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let (name, attributes) = check_element(&element, open.last().map(String::as_str));
                if name == "testsuite" {
                    assert_eq!((attributes["tests"].as_str(), attributes["failures"].as_str()), ("4", "1"));
                    assert_eq!(
                        (attributes["skipped"].as_str(), attributes["timestamp"].as_str()),
                        ("1", "2026-11-24T06:00:00")
                    );
                }
                seen.push(name.clone());
                open.push(name);
            }
            Event::Empty(element) => seen.push(check_element(&element, open.last().map(String::as_str)).0),
            Event::End(_) => assert!(open.pop().is_some()),
            Event::Eof => break,
            _ => {}
        }
    }
    let count = |name: &str| seen.iter().filter(|seen| *seen == name).count();
    assert_eq!((count("testcase"), count("failure"), count("skipped"), count("system-out")), (4, 1, 1, 4));
    assert!(xml.contains("classname=\"life.denied\""), "{xml}");
}

#[test]
fn no_name_or_text_puts_into_a_report_what_xml_cannot_say() {
    let mut run = run(false);
    for case in &mut run.cases {
        case.scenario = format!("room {AWKWARD}");
        case.description = Some(AWKWARD.to_owned());
        case.combination = vec![("axis".to_owned(), AWKWARD.to_owned())];
        case.at.file = format!("{AWKWARD}.yaml").into();
        case.skipped = case.skipped.as_ref().map(|_| AWKWARD.to_owned());
    }
    let allowed = |c: char| c == '\n' || !crate::escape::is_harmful(c);
    let (xml, page) = (junit(&run).unwrap(), html(&run));
    assert!(xml.chars().all(allowed), "{xml:?}");
    assert!(page.chars().all(allowed), "{page:?}");
    assert!(xml.contains("room ") && xml.contains("\\u{fffe}"), "{xml}");
    let mut reader = Reader::from_str(&xml);
    while reader.read_event().unwrap() != Event::Eof {}
}

#[test]
fn the_phone_is_drawn_where_it_changed_and_in_a_long_run_only_where_a_case_did_not_pass() {
    let few = run(false);
    let drawn = |page: &str| page.matches("class=\"phone\"").count();
    let steps = few.cases.iter().flat_map(|case| &case.steps).count();
    assert_eq!(drawn(&html(&few)), steps, "each step of these leaves another picture");
    let mut same = few.clone();
    same.cases.iter_mut().flat_map(|case| &mut case.steps).for_each(|step| step.screen = Some("home".to_owned()));
    assert_eq!(drawn(&html(&same)), same.cases.len(), "a step that leaves the phone as it was has no picture");
    let mut many = same.clone();
    many.cases = same.cases.iter().cycle().take(same.cases.len() * 20).cloned().collect();
    assert_eq!(drawn(&html(&many)), 2 * 20, "of the one that failed and the one that warned");
    let mut without = few;
    without.cases.iter_mut().flat_map(|case| &mut case.steps).for_each(|step| step.screen = None);
    assert_eq!(drawn(&html(&without)), 0);
}

#[test]
fn the_page_needs_nothing_else_and_takes_text_for_text() {
    let page = html(&run(false));
    assert!(!page.contains("<script"), "what was sent becomes no part of the page");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    for words in [
        "color-scheme: light dark",
        "4 h 0 min pass",
        "✗ failed",
        "! warned",
        "– skipped",
        "✓ passed",
        "already denied",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let balanced = |tag: &str| page.matches(&format!("<{tag}")).count() == page.matches(&format!("</{tag}>")).count();
    assert!(["details", "ol", "li", "div", "span", "section", "pre"].iter().all(|tag| balanced(tag)));
}
