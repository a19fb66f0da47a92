//! Any scenario that parses runs to a verdict; and no text, however wrong, makes the reader panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot run its cases has failed")]

use std::time::Duration;

use portal_agent::scenario::hosted_device::CardMode;
use portal_agent::scenario::result::CaseVerdict;
use portal_agent::scenario::runner::{RunOptions, run};
use portal_agent::scenario::{read, schema};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

/// Every state change that the published schema knows, as a step: a command that is added is among them.
fn changes() -> Vec<String> {
    let schema = schema();
    let mut steps = Vec::new();
    for step in schema["$defs"]["step"]["anyOf"].as_array().into_iter().flatten() {
        for (noun, value) in step["properties"].as_object().into_iter().flatten() {
            let forms = value["anyOf"].as_array().into_iter().flatten();
            steps.extend(forms.filter_map(|form| form["const"].as_str()).map(|words| format!("{noun}: {words}")));
        }
    }
    assert!(steps.len() > 30, "{steps:?}");
    steps
}

const OTHERS: [&str; 24] = [
    "push:",
    "push: {id: one}",
    "push: {times: 5, expiresIn: 1h}",
    "push: {raw: '{'}",
    "push: {raw: {hex: 'ff'}}",
    "push: {group: 11111111-2222-4333-8444-555555555555}",
    "push: {sentAgo: 100d, id: 1}",
    "groups: [11111111-2222-4333-8444-555555555555]",
    "action: retire",
    "action: {id: x, action: nonsense, sentAgo: 1h}",
    "advance: 25h",
    "advance: 100d",
    "answer: allow",
    "answer: deny",
    "answer: dismiss",
    "card: click",
    "card: dismiss",
    "restart:",
    "expect: presented",
    "expect: nothing",
    "expect: {of: one, held: true}",
    "expect: {prompt: showing, inApp: empty, card: none, undocumented: x}",
    "os: update 27",
    "settings: alert=off",
];

fn step() -> impl Strategy<Value = String> {
    let changes = changes();
    prop_oneof![
        (0..changes.len()).prop_map(move |index| changes[index].clone()),
        (0..OTHERS.len()).prop_map(|index| OTHERS[index].to_owned()),
    ]
}

fn device() -> impl Strategy<Value = String> {
    let platform = prop::sample::select(vec!["ios", "ipados", "android"]);
    let version = prop::sample::select(vec!["", "osVersion: 12, ", "osVersion: 26, "]);
    let permission = prop::sample::select(vec!["", "permission: denied, ", "permission: notDetermined, "]);
    let rest = prop::sample::select(vec![
        "",
        "app: missing",
        "offline: on",
        "locked: on, foreground: on",
        "enrollment: none, focus: on",
    ]);
    (platform, version, permission, rest).prop_map(|(platform, version, permission, rest)| {
        format!("{{platform: {platform}, {version}{permission}{rest}}}")
    })
}

fn scenario() -> impl Strategy<Value = String> {
    (device(), prop::collection::vec(step(), 1..12)).prop_map(|(device, steps)| {
        let steps: String = steps.iter().map(|step| format!("- {step}\n")).collect();
        format!("name: any\ndevice: {device}\nsteps:\n{steps}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_scenario_that_parses_runs_to_a_verdict(texts in prop::collection::vec(scenario(), 30)) {
        let cases: Vec<_> = texts.iter().filter_map(|text| read("any.yaml", text.as_bytes()).ok()).flatten().collect();
        prop_assume!(!cases.is_empty());
        let options = RunOptions { strict: false, repeat: 1, shuffle: None, fail_fast: false, jobs: 4, cards: CardMode::Recorded, pictures: false };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let run = runtime.block_on(async {
            let running = run(cases.clone(), options, None, CancellationToken::new(), |_| {});
            tokio::time::timeout(Duration::from_secs(120), running).await
        });
        let run = run.map_err(|_| TestCaseError::fail("the run did not end"))?.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(run.cases.len(), cases.len());
        for case in &run.cases {
            prop_assert!(case.standing(false) != CaseVerdict::Skipped);
            let broke = case.mismatches().find(|mismatch| mismatch.happened.contains("did not come to rest"));
            prop_assert!(broke.is_none(), "{:?} {}", broke, texts.join("---\n"));
        }
    }
}

/// A few bytes of a good file changed, taken away or put in.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let good = include_bytes!("../../config/scenarios/prerequisites.yaml");
    let change =
        (0..good.len(), prop_oneof![any::<u8>(), prop::sample::select(b"{}[]:,-&*!|>'\"%@`#\n ".to_vec())], 0_u8..3);
    prop::collection::vec(change, 1..8).prop_map(move |changes| {
        let mut bytes = good.to_vec();
        for (at, byte, how) in changes {
            let at = at.min(bytes.len().saturating_sub(1));
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop_oneof![mutated(), any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes)]) {
        if let Err(wrong) = read("any.yaml", &bytes) {
            prop_assert!(!wrong.problems.is_empty());
            let shown = wrong.show(false);
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{:?}", shown);
        }
    }
}
