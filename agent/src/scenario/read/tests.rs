//! What a file may say, and what each mistake is told.

use portal_contract::command::COMMANDS;
use serde_json::json;

use super::super::model::{ExpectationBasis, ExpectedState, PushPayload, ScenarioCase, StepAction};
use super::{InvalidFile, read};

mod limits;

fn cases(text: &str) -> Vec<ScenarioCase> {
    read("a.yaml", text.as_bytes()).unwrap_or_else(|wrong| panic!("{}", wrong.show(false)))
}

fn wrong(text: &str) -> InvalidFile {
    read("a.yaml", text.as_bytes()).err().unwrap_or_else(|| panic!("this is taken: {text}"))
}

/// A step on the first platform that has its command.
fn step(line: &str) -> ScenarioCase {
    let on = |platform| format!("name: x\ndevice: {{platform: {platform}}}\nsteps:\n- {line}\n");
    let android = || cases(&on("android"));
    read("a.yaml", on("ios").as_bytes()).unwrap_or_else(|_| android()).remove(0)
}

fn steps(lines: &str) -> ScenarioCase {
    cases(&format!("name: x\nsteps:\n{lines}")).remove(0)
}

/// What is told of one mistake: its place, the message, the hint.
fn told(text: &str) -> String {
    let wrong = wrong(text);
    let first = &wrong.problems[0];
    format!("{}:{} {} | {}", first.at.line, first.at.column, first.message, first.hint)
}

fn told_of_step(line: &str) -> String {
    told(&format!("name: x\nsteps:\n- {line}\n"))
}

#[test]
fn every_command_of_the_table_is_a_step() {
    let lines = [
        ("app: install", "app/install", json!({})),
        ("app: {install: {version: 5.0}}", "app/install", json!({ "version": "5.0" })),
        ("app: install 5.0", "app/install", json!({ "version": "5.0" })),
        ("retire", "retire", json!({})),
        ("retire:", "retire", json!({})),
        ("enroll: adele@contoso.example", "enroll", json!({ "user": "adele@contoso.example" })),
        ("enroll: {user: adele@contoso.example}", "enroll", json!({ "user": "adele@contoso.example" })),
        ("device: focus on", "focus/on", json!({})),
        ("device: lock", "lock", json!({})),
        ("device: {work-profile: pause}", "work-profile/pause", json!({})),
        ("play-services: remove", "play-services/remove", json!({})),
        ("os: update 26.10", "os/update", json!({ "version": "26.10" })),
        ("settings: lockScreen=off", "settings", json!({ "name": "lockScreen", "value": "off" })),
        // As on the command line.
        ("settings: set lockScreen=off", "settings", json!({ "name": "lockScreen", "value": "off" })),
        ("settings set lockScreen=off", "settings", json!({ "name": "lockScreen", "value": "off" })),
        (
            "settings: {set: {name: lockScreen, value: off}}",
            "settings",
            json!({ "name": "lockScreen", "value": "off" }),
        ),
        ("settings: {name: lockScreen, value: off}", "settings", json!({ "name": "lockScreen", "value": "off" })),
        ("policy: set AlertType=0", "policy", json!({ "name": "AlertType", "value": "0" })),
        ("policy: AlertType=0", "policy", json!({ "name": "AlertType", "value": "0" })),
        ("policy: clear", "policy/clear", json!({})),
        (
            "enrollment: set managementState=managed",
            "enrollment",
            json!({ "name": "managementState", "value": "managed" }),
        ),
        ("retire: --pending", "retire", json!({ "stage": "pending" })),
        ("retire --pending", "retire", json!({ "stage": "pending" })),
        ("retire: {stage: pending}", "retire", json!({ "stage": "pending" })),
        ("retire: pending", "retire", json!({ "stage": "pending" })),
        ("app: notifications --refresh", "app/refresh", json!({})),
        ("app notifications --refresh", "app/refresh", json!({})),
        ("app: refresh", "app/refresh", json!({})),
        ("app: install --version 5.0 --target-sdk 34", "app/install", json!({ "version": "5.0", "targetSdk": 34 })),
        ("app: {install: {version: 5.0, targetSdk: 34}}", "app/install", json!({ "version": "5.0", "targetSdk": 34 })),
        ("enroll --user adele@contoso.example --supervised", "enroll", {
            json!({ "user": "adele@contoso.example", "supervised": true })
        }),
        ("device battery optimised", "battery/optimise", json!({})),
        ("device: battery optimise", "battery/optimise", json!({})),
        ("device: standby rare", "standby", json!({ "bucket": "rare" })),
        ("permission: keep --scheduled", "permission/keep", json!({ "scheduled": true })),
        ("clock: advance 4h", "clock/advance", json!({ "duration": "4h" })),
        ("focus: on", "focus/on", json!({})),
    ];
    for (line, path, body) in lines {
        let case = step(line);
        let StepAction::Change { change, refused } = &case.steps[0].action else { panic!("{line}") };
        assert_eq!((change.row.path, &change.body), (path, &body), "{line}");
        assert_eq!(refused, &None);
    }
    for row in COMMANDS {
        let bare = row.step();
        let read = read("a.yaml", format!("name: x\nsteps:\n- {bare}\n").as_bytes());
        let is_known = read.as_ref().err().is_none_or(|wrong| !wrong.problems[0].message.starts_with("there is no"));
        assert!(is_known, "{bare}");
        for example in row.examples.iter().filter(|example| example.line.starts_with(row.name)) {
            let case = step(example.line);
            let StepAction::Change { change, .. } = &case.steps[0].action else { panic!("{example:?}") };
            assert_eq!(change.row.name, row.name, "{example:?}");
        }
    }
}

#[test]
fn what_a_command_does_not_take_is_told_as_it_is_on_the_command_line() {
    assert_eq!(told_of_step("retire: --pendig"), "3:11 retire has no --pendig | its members: stage (may be left out)");
    assert_eq!(told_of_step("settings: set lockScreen"), {
        "3:13 write NAME=VALUE, as in lockScreen=off; show lists the names | write NAME=VALUE"
    });
    assert_eq!(told_of_step("device: lock now"), "3:11 device lock takes no \"now\" | device lock takes nothing more");
    assert_eq!(
        told_of_step("app: {install: {targetSdk: x}}"),
        "3:30 targetSdk is not right: \"x\" is no number from 0 to 4294967295 | its members: version (may be left out), \
         targetSdk (may be left out)"
    );
    assert!(told_of_step("settings: {sett: {name: x, value: y}}").contains("settings set has no \"sett\""));
}

#[test]
fn a_mistake_is_told_with_its_place_and_what_was_meant() {
    assert_eq!(told_of_step("ap: install"), "3:3 there is no step \"ap install\" | did you mean app: install?");
    assert_eq!(
        told_of_step("app: {install: {versio: 5}}"),
        "3:19 app install has no \"versio\" | did you mean version?"
    );
    assert_eq!(
        told_of_step("advance: four hours"),
        "3:12 advance: \"four hours\" is no duration; write it like 90s, 4h, 1h30m or 2d | such as 90s, 4h, 1h30m or 2d"
    );
    assert_eq!(told_of_step("expect: presentd"), "3:11 expect is \"presentd\" | did you mean presented?");
    assert_eq!(
        told("name: x\nsteps:\n- push:\n- expect: {outcome: presented, surface: baner}\n"),
        "4:41 surface is \"baner\" | did you mean banner?"
    );
    assert_eq!(
        told("name: x\nsteps:\n- push:\ndevise: {}\n"),
        "4:1 a scenario has no \"devise\" | did you mean device?"
    );
    assert_eq!(
        told("name: x\ndevice: {platform: androit}\nsteps:\n- push:\n"),
        "2:20 platform is \"androit\" | did you mean android?"
    );
    assert_eq!(told("name: x\n"), "1:1 the scenario has no steps | steps: is what happens, in order");
    assert!(
        told("name: x\nfacts: ['4.9.9']\nsteps:\n- push:\n")
            .starts_with("2:9 there is no fact \"4.9.9\" | did you mean 4.")
    );
    assert!(told_of_step("expect: {status: {prompts: 1}}").starts_with("3:21 status has no \"prompts\"; did you mean"));
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_and_each_once() {
    let text =
        "name: x\nmatrix: {a: [1, 2, 3]}\nsteps:\n- ap: install\n- push: {times: 0}\n---\nname: y\nsteps:\n- x: y\n";
    let wrong = wrong(text);
    let lines: Vec<usize> = wrong.problems.iter().map(|problem| problem.at.line).collect();
    assert_eq!(lines, [4, 5, 9]);
    insta::assert_snapshot!(wrong.show(false));
}

#[test]
fn a_device_says_only_what_matters_and_the_rest_has_defaults() {
    let case = &cases(
        "name: x\ndevice: {platform: android, osVersion: 12L, locked: true, enrollment: none}\nsteps: [push: ]\n",
    )[0];
    let paths: Vec<&str> = case.device.setup.iter().map(|change| change.row.path).collect();
    assert_eq!(paths, ["app/install", "lock"]);
    let case = &cases("name: x\nsteps: [push: ]\n")[0];
    let paths: Vec<&str> = case.device.setup.iter().map(|change| change.row.path).collect();
    assert_eq!(paths, ["app/install", "permission/allow", "enroll"]);
    assert!(case.given.iter().any(|check| check.path == ["notificationPermission"] && check.value == "authorized"));
}

#[test]
fn a_rule_whose_setting_is_a_list_takes_one() {
    let times = |list: &str| {
        let text = format!("name: x\ndevice: {{rules: {{app.ios_summary_times: {list}}}}}\nsteps: [{{push: }}]\n");
        cases(&text).remove(0).device.rules.apple_summary_times
    };
    assert_eq!(times("[\"09:00\", \"18:00\"]"), [9 * 60, 18 * 60]);
    assert_eq!(times("\"09:00\""), [9 * 60]);
    assert!(times("[]").is_empty());
    let wrong = told("name: x\ndevice: {rules: {app.ios_summary_times: {a: b}}}\nsteps: [{push: }]\n");
    assert!(wrong.contains("a setting is"), "{wrong}");
}

#[test]
fn a_receipts_member_may_be_expected_to_be_absent() {
    for member in ["delay", "interaction", "problem", "soundLowered"] {
        let case = steps(&format!("- push:\n- expect: {{outcome: presented, {member}: ~}}\n"));
        assert_eq!(case.steps.len(), 2, "{member}");
    }
}

#[test]
fn an_expectation_rests_on_what_stands_nearest() {
    let text = "name: x\nfacts: ['4.1.4']\nsteps:\n- push:\n- expect: presented\n- expect: {outcome: presented, undocumented: our own}\n\
        - expect: [{prompt: notShowing, facts: ['1.6', '4.1.4']}]\n";
    let case = &cases(text)[0];
    let grounds = |step: usize| match &case.steps[step].action {
        StepAction::Expect(expectations) => expectations[0].grounds.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(grounds(1), ExpectationBasis::Documented(vec!["4.1.4".to_owned()]));
    assert_eq!(grounds(2), ExpectationBasis::Undocumented("our own".to_owned()));
    assert_eq!(grounds(3), ExpectationBasis::Documented(vec!["1.6".to_owned(), "4.1.4".to_owned()]));
    assert_eq!(case.facts, ["4.1.4", "1.6"]);
}

#[test]
fn a_matrix_makes_a_case_of_each_combination() {
    let text = "
name: x
matrix:
  device: {iphone: {platform: ios}, phone: {platform: android, osVersion: 12}}
  app: [installed, missing]
exclude: {device: phone, app: missing}
device: {platform: '${device.platform}', app: '${app}'}
steps:
- {when: {device: {not: iphone}}, device: doze on}
- push: {title: 'on ${device}'}
- expect: {unmet: [{when: {app: missing}, is: companyPortalInstalled}]}
";
    let cases = cases(text);
    let names: Vec<String> = cases.iter().map(ScenarioCase::name).collect();
    assert_eq!(
        names,
        ["x [device=iphone, app=installed]", "x [device=iphone, app=missing]", "x [device=phone, app=installed]"]
    );
    assert_eq!(cases.iter().map(|case| case.steps.len()).collect::<Vec<_>>(), [2, 2, 3]);
    let outcome = |case: &ScenarioCase| match &case.steps.last().unwrap().action {
        StepAction::Expect(expectations) => match &expectations[0].expected {
            ExpectedState::Outcome(outcome) => format!("{} {}", outcome.outcome, json!(outcome.members)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(outcome(&cases[0]), "presented {}");
    assert_eq!(outcome(&cases[1]), r#"withheld {"unmet":["companyPortalInstalled"]}"#);
    let wrong = |part: &str| told(&format!("name: x\nmatrix: {{a: [one, two]}}\n{part}\nsteps:\n- push:\n"));
    assert_eq!(wrong("exclude: {a: on}"), "3:14 the axis \"a\" has no value \"on\" | did you mean one?");
    assert_eq!(wrong("given: {promptsShown: '${b}'}"), "3:23 \"${b}\" names no axis of the matrix | one of a");
}

#[test]
fn a_push_says_only_what_it_is_about() {
    let case = steps(
        "- push: {id: 7, title: T, times: 2, expiresIn: 1h}\n- push: {raw: {hex: 'ff 00'}}\n- push: {raw: not json}\n",
    );
    let payloads: Vec<PushPayload> = case
        .steps
        .iter()
        .map(|step| match &step.action {
            StepAction::Push(push) => push.payload.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let now = "2026-11-23T09:00:00Z".parse().unwrap();
    let text = |payload: &PushPayload| String::from_utf8_lossy(&payload.bytes("fresh", now)).into_owned();
    assert_eq!(
        text(&payloads[0]),
        r#"{"expiresAt":"2026-11-23T10:00:00.000Z","id":"7-1","notificationBody":"Work from home on Friday.","notificationTitle":"T","sentAt":"2026-11-23T09:00:00.000Z"}"#
    );
    assert_eq!(payloads[1].id("fresh").as_deref(), Some("7-2"));
    assert_eq!(payloads[2].bytes("fresh", now), [0xff, 0]);
    assert_eq!((text(&payloads[3]).as_str(), payloads[3].id("fresh")), ("not json", None));
}
