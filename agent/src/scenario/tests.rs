//! The hosted device and the runner, on cases made by hand: what a file would say is tested where files are read.

use std::time::Duration;

use portal_contract::command::COMMANDS;
use portal_contract::{NotificationId, OperatingSystem, OutcomeKind};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::hosted_device::CardMode;
use super::model::{
    CardAnswer, Expectation, ExpectationBasis, ExpectedCard, ExpectedOutcome, ExpectedState, FilePosition,
    PayloadMembers, PromptAnswer, PushAddressee, PushPayload, PushStep, ScenarioCase, ScenarioStep, StateChange,
    StatusCheck, StepAction,
};
use super::read;
use super::result::{CaseResult, CaseVerdict, RunResult};
use super::runner::{RunOptions, run};
use portal_device::{ConditionCommand, DeviceCommand, EmulationSettings, PermissionCommand};

const HOUR: Duration = Duration::from_secs(3600);
const LIMIT: Duration = Duration::from_secs(60);

fn at() -> FilePosition {
    FilePosition { file: "by-hand".into(), line: 1, column: 1 }
}

fn change(command: DeviceCommand) -> StateChange {
    let (row, body) = portal_contract::command::request(&command).unwrap().unwrap();
    StateChange { row, body, command }
}

fn step(action: StepAction) -> ScenarioStep {
    ScenarioStep { at: at(), text: "a step".to_owned(), action }
}

fn does(command: DeviceCommand) -> ScenarioStep {
    step(StepAction::Change { change: Box::new(change(command)), refused: None })
}

fn condition(command: ConditionCommand) -> ScenarioStep {
    does(DeviceCommand::Condition(command))
}

fn push(id: &str, expires_in: Option<Duration>) -> ScenarioStep {
    let Value::Object(members) =
        json!({ "id": id, "notificationTitle": "Office closed", "notificationBody": "Work from home." })
    else {
        unreachable!("an object")
    };
    let payload = PushPayload::Members(PayloadMembers { members, sent_ago: Duration::ZERO, expires_in });
    step(StepAction::Push(PushStep { to: PushAddressee::Device, payload, retain: false }))
}

fn expect(expected: Vec<ExpectedState>) -> ScenarioStep {
    let expectation = |expected| Expectation {
        at: at(),
        text: format!("{expected:?}"),
        expected,
        grounds: ExpectationBasis::Documented(vec!["4.1".to_owned()]),
    };
    step(StepAction::Expect(expected.into_iter().map(expectation).collect()))
}

fn outcome(of: &str, outcome: OutcomeKind, members: Value) -> ExpectedState {
    let Value::Object(members) = members else { unreachable!("an object") };
    let of = Some(of.parse::<NotificationId>().unwrap().to_string());
    ExpectedState::Outcome(ExpectedOutcome { of, outcome, members })
}

fn status(path: &str, value: Value) -> ExpectedState {
    ExpectedState::Status(StatusCheck { at: at(), path: path.split('.').map(str::to_owned).collect(), value })
}

/// A device on which a push shows, and what happens to it.
fn case(platform: OperatingSystem, steps: Vec<ScenarioStep>) -> ScenarioCase {
    let file = format!("name: by hand\ndevice: {{platform: {}}}\nsteps: [push: ]\n", platform.name().to_lowercase());
    let mut case = super::read("by-hand", file.as_bytes()).unwrap().remove(0);
    case.given.clear();
    case.steps = steps;
    case
}

async fn run_all(cases: Vec<ScenarioCase>) -> RunResult {
    let options = RunOptions {
        strict: false,
        repeat: 1,
        shuffle: None,
        fail_fast: false,
        jobs: 4,
        cards: CardMode::Recorded,
        pictures: false,
    };
    let running = run(cases, options, None, CancellationToken::new(), |_| {});
    tokio::time::timeout(LIMIT, running).await.expect("the run ends").expect("it runs")
}

async fn run_one(case: ScenarioCase) -> CaseResult {
    run_all(vec![case]).await.cases.remove(0)
}

fn assert_passed(result: &CaseResult) {
    let mismatches: Vec<String> = result.mismatches().map(super::result::FailedExpectation::text).collect();
    assert_eq!(result.standing(false), CaseVerdict::Passed, "{}", mismatches.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_pass_at_once_and_each_deadline_is_met_at_its_own_moment() {
    let started = std::time::Instant::now();
    let result = run_one(case(
        OperatingSystem::Android,
        vec![
            condition(ConditionCommand::Doze(true)),
            push("short", Some(2 * HOUR)),
            push("long", Some(24 * HOUR)),
            expect(vec![
                ExpectedState::NoOutcome { of: Some("short".to_owned()) },
                status("held", json!(2)),
                ExpectedState::Nothing,
            ]),
            step(StepAction::Advance(5 * HOUR)),
            expect(vec![
                outcome("short", OutcomeKind::Expired, json!({ "decidedAt": "2026-01-05T11:00:00.000Z" })),
                ExpectedState::NoOutcome { of: Some("long".to_owned()) },
            ]),
            condition(ConditionCommand::Doze(false)),
            expect(vec![outcome("long", OutcomeKind::Presented, json!({ "delay": "delayedDeviceDoze" }))]),
        ],
    ))
    .await;
    assert_passed(&result);
    assert_eq!(result.device_time, 5 * HOUR);
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_permission_denied_walk() {
    let card = ExpectedCard { title: Some("Office closed".to_owned()), ..ExpectedCard::default() };
    let result = run_one(case(
        OperatingSystem::Ios,
        vec![
            push("first", None),
            expect(vec![outcome("first", OutcomeKind::Presented, json!({})), ExpectedState::Card(card)]),
            step(StepAction::Card(CardAnswer::Click)),
            expect(vec![
                outcome("first", OutcomeKind::Presented, json!({ "interaction": "clicked" })),
                ExpectedState::Nothing,
            ]),
            does(DeviceCommand::Permission(PermissionCommand::Deny)),
            push("second", None),
            expect(vec![
                outcome("second", OutcomeKind::Withheld, json!({ "unmet": ["notificationsPermitted"] })),
                ExpectedState::NoCard,
            ]),
        ],
    ))
    .await;
    assert_passed(&result);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_of_a_time_offline_and_over_a_restart_arrive_behind_the_fence() {
    for away in [
        vec![condition(ConditionCommand::Offline(true)), push("a", None), push("b", None)],
        vec![condition(ConditionCommand::Offline(true)), push("a", None), push("b", None), step(StepAction::Restart)],
    ] {
        let back = vec![
            expect(vec![ExpectedState::NoOutcome { of: Some("a".to_owned()) }]),
            condition(ConditionCommand::Offline(false)),
            expect(vec![
                outcome("a", OutcomeKind::Dropped, json!({ "problem": "collapsed" })),
                outcome("b", OutcomeKind::Presented, json!({})),
            ]),
        ];
        assert_passed(&run_one(case(OperatingSystem::Ios, away.into_iter().chain(back).collect())).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_is_answered_as_a_person_does() {
    let mut android = case(
        OperatingSystem::Android,
        vec![
            does(DeviceCommand::Permission(PermissionCommand::Reset)),
            does(DeviceCommand::Permission(PermissionCommand::Prompt)),
            expect(vec![ExpectedState::Prompt(true)]),
            step(StepAction::Answer(PromptAnswer::Dismiss)),
            expect(vec![ExpectedState::Prompt(false), status("notificationPermission", json!("notDetermined"))]),
            does(DeviceCommand::Permission(PermissionCommand::Prompt)),
            step(StepAction::Answer(PromptAnswer::Allow)),
            expect(vec![ExpectedState::Prompt(false), status("notificationPermission", json!("authorized"))]),
        ],
    );
    android.given = vec![StatusCheck { at: at(), path: vec!["app".into(), "installed".into()], value: json!(true) }];
    assert_passed(&run_one(android).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_hold_is_said_with_the_checklist_and_ends_the_case() {
    let denied = does(DeviceCommand::Permission(PermissionCommand::Deny));
    let wrong = expect(vec![outcome("a", OutcomeKind::Presented, json!({}))]);
    let result = run_one(case(OperatingSystem::Ios, vec![denied, push("a", None), wrong, push("b", None)])).await;
    assert_eq!(result.standing(false), CaseVerdict::Failed);
    let text = result.mismatches().next().unwrap().text();
    assert!(text.contains("happened: withheld, unmet [\"notificationsPermitted\"]"), "{text}");
    assert!(text.contains("✗ notificationsPermitted"), "{text}");
    assert!(matches!(result.steps[4].outcome, super::result::StepOutcome::NotRun), "{:?}", result.steps[4]);
    assert_eq!(result.steps.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_let_go_by_the_pace_as_device_time_passes() {
    let rules = EmulationSettings { pace_per_second: 2, ..EmulationSettings::default() };
    let ids: Vec<String> = (0..6).map(|number| format!("p{number}")).collect();
    let mut steps: Vec<ScenarioStep> = ids.iter().map(|id| push(id, None)).collect();
    steps.push(expect(vec![status("held", json!(4))]));
    steps.push(step(StepAction::Advance(Duration::from_secs(1))));
    steps.push(expect(vec![status("held", json!(2))]));
    steps.push(step(StepAction::Advance(Duration::from_secs(5))));
    steps.push(expect(vec![
        status("held", json!(0)),
        outcome("p5", OutcomeKind::Presented, json!({ "decidedAt": "2026-01-05T09:00:02.000Z" })),
    ]));
    let mut case = case(OperatingSystem::Ios, steps);
    case.device.rules = rules;
    assert_passed(&run_one(case).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_cases_share_a_broker_without_meeting() {
    let one = |number: usize| {
        let id = format!("n{}", number % 3);
        let steps = vec![push(&id, None), expect(vec![outcome(&id, OutcomeKind::Presented, Map::new().into())])];
        case(OperatingSystem::Ios, steps)
    };
    let run = run_all((0..40).map(one).collect()).await;
    assert_eq!(run.cases.len(), 40);
    run.cases.iter().for_each(assert_passed);
}

#[test]
fn each_command_of_the_table_is_recorded_as_a_step_that_reads_back() {
    for row in COMMANDS {
        for line in row.examples.iter().map(|example| example.line).filter(|line| line.starts_with(row.name)) {
            let words: Vec<&str> = line[row.name.len()..].split_whitespace().collect();
            let meant = row.read(row.body_of_words(&words).unwrap()).unwrap();
            let step = crate::recording::command(&meant).unwrap();
            let on = |platform| format!("name: x\ndevice: {{platform: {platform}}}\nsteps:\n- {step}\n");
            let cases = read("a.yaml", on("ios").as_bytes())
                .or_else(|_| read("a.yaml", on("android").as_bytes()))
                .unwrap_or_else(|wrong| panic!("{}", wrong.show(false)));
            match &cases[0].steps[0].action {
                StepAction::Change { change, .. } => assert_eq!(change.command, meant, "{step}"),
                other => panic!("{step}: {other:?}"),
            }
        }
    }
}
