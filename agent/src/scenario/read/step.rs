//! `steps`: what happens, in order.
//!
//! Lives here: reading a step. Does not live here: state changes (`changes`), expectations (`expect`), pushes (`push`).

use portal_contract::{GroupId, OperatingSystem};

use super::super::model::{
    CardAnswer, ExpectationBasis, ExpectedRefusal, ExpectedState, PromptAnswer, RemoteActionStep, ScenarioStep,
    StepAction,
};
use super::diagnostic::ProblemList;
use super::members::{NodeMembers, list, parsed, read_duration, text, word};
use super::place::SourceFile;
use super::yaml::{YamlKey, YamlNode, YamlNodeKind, YamlScalar};
use super::{changes, expect, grounds, push};
use crate::escape::is_harmful;

const RESERVED: [&str; 8] = ["push", "advance", "expect", "answer", "card", "restart", "groups", "action"];
/// What may stand beside a state change.
const BESIDE: [&str; 3] = ["refused", "facts", "undocumented"];

/// Reads the steps of a scenario.
pub fn read_all(
    node: &YamlNode,
    platform: Option<OperatingSystem>,
    above: &ExpectationBasis,
    places: &SourceFile,
    problems: &mut ProblemList,
) -> Vec<ScenarioStep> {
    read_more(node, platform, above, places, &mut false, problems)
}

/// Reads steps that come behind others: `has_push` says whether a push was sent by then.
pub fn read_more(
    node: &YamlNode,
    platform: Option<OperatingSystem>,
    above: &ExpectationBasis,
    places: &SourceFile,
    has_push: &mut bool,
    problems: &mut ProblemList,
) -> Vec<ScenarioStep> {
    let YamlNodeKind::List(nodes) = &node.kind else {
        problems.add(
            node.place,
            format!("steps is {}, not a list", node.kind_in_words()),
            "each step begins with a dash",
        );
        return Vec::new();
    };
    let mut steps = Vec::new();
    for node in nodes {
        // Of a push that is not right the mistake is told, and not that none was sent.
        *has_push = *has_push || line(node).starts_with("push");
        let of_node = read(node, above, places, problems);
        for step in &of_node {
            if let Some((message, hint)) = cannot_hold(&step.action, platform, *has_push) {
                problems.add(node.place, message, hint);
            }
        }
        steps.extend(of_node);
    }
    steps
}

/// Why a step can never do what it says, whatever happens before, and what would be right.
fn cannot_hold(action: &StepAction, platform: Option<OperatingSystem>, has_push: bool) -> Option<(String, String)> {
    match action {
        StepAction::Expect(expectations) if !has_push => {
            let speaks_of_a_push = |expected: &ExpectedState| {
                matches!(expected, ExpectedState::Outcome(_) | ExpectedState::NoOutcome { .. })
            };
            let is_early = expectations.iter().any(|expectation| speaks_of_a_push(&expectation.expected));
            is_early.then(|| ("an outcome is expected before any push".to_owned(), "push: comes before it".to_owned()))
        }
        StepAction::Change { change, refused: None } => {
            let platform = platform.filter(|platform| !change.row.platforms.has(*platform))?;
            let (name, platforms) = (change.row.name, change.row.platforms.words());
            let message = format!("{platform} has no {name}: it is a command of {platforms}");
            Some((message, "another platform in device:, or refused: true beside it".to_owned()))
        }
        _ => None,
    }
}

/// Reads a step; one that says `times` is several.
fn read(
    node: &YamlNode,
    above: &ExpectationBasis,
    places: &SourceFile,
    problems: &mut ProblemList,
) -> Vec<ScenarioStep> {
    let Some((key, value, beside)) = head(node, problems) else { return Vec::new() };
    let refused = refusal(&key, beside, above, problems);
    let make = |action| ScenarioStep { at: places.at(node.place), text: line(node), action };
    let action = match key.name.as_str() {
        "push" => return push::read(&value, problems).into_iter().map(|push| make(StepAction::Push(push))).collect(),
        "advance" => read_duration(&value, "advance", problems).map(StepAction::Advance),
        "expect" => {
            let expectations = expect::read(&value, above, places, problems);
            (!expectations.is_empty()).then_some(StepAction::Expect(expectations))
        }
        "answer" => answer(&value, problems).map(StepAction::Answer),
        "card" => card(&value, problems).map(StepAction::Card),
        "restart" => nothing_more(&key, &value, problems).then_some(StepAction::Restart),
        "groups" => groups(&value, problems),
        "action" => remote_action(&value, problems).map(StepAction::RemoteAction),
        _ => {
            changes::read(&key, &value, problems).map(|change| StepAction::Change { change: Box::new(change), refused })
        }
    };
    action.map(make).into_iter().collect()
}

/// What stands beside a step's one key.
type OtherMembers = Vec<(YamlKey, YamlNode)>;

/// What a step is: its key, the value, and what stands beside.
fn head(node: &YamlNode, problems: &mut ProblemList) -> Option<(YamlKey, YamlNode, OtherMembers)> {
    match &node.kind {
        // `- retire` says as much as `- retire:`.
        YamlNodeKind::Scalar(scalar) if scalar.value.is_string() => {
            let nothing = YamlNodeKind::Scalar(YamlScalar { value: serde_json::Value::Null, text: String::new() });
            let (first, rest) = scalar.text.split_once(' ').unwrap_or((&scalar.text, ""));
            let value = if rest.is_empty() {
                nothing
            } else {
                YamlNodeKind::Scalar(YamlScalar { value: rest.into(), text: rest.to_owned() })
            };
            let key = YamlKey { place: node.place, name: first.trim_end_matches(':').to_owned() };
            Some((key, YamlNode { place: node.place, kind: value }, Vec::new()))
        }
        YamlNodeKind::Map(members) => {
            // What stands beside is not what the step does, so that `refused` may stand above or below its command.
            let is_beside = |(key, _): &&(YamlKey, YamlNode)| BESIDE.contains(&key.name.as_str());
            let (beside, heads): (Vec<_>, Vec<_>) = members.iter().partition(is_beside);
            match heads.as_slice() {
                [(key, value)] => Some((key.clone(), value.clone(), beside.into_iter().cloned().collect())),
                [] => {
                    problems.add(node.place, "this step does nothing", "such as app: install, push: or expect:");
                    None
                }
                [_, (second, _), ..] => {
                    let message = format!("a step does one thing; {:?} is a second", second.name);
                    problems.add(second.place, message, "begin it with a dash of its own");
                    None
                }
            }
        }
        _ => {
            problems.add(
                node.place,
                format!("a step is {}", node.kind_in_words()),
                "such as app: install, push: or expect:",
            );
            None
        }
    }
}

/// The step in one line.
fn line(node: &YamlNode) -> String {
    let text = node.to_string();
    let text = match &node.kind {
        YamlNodeKind::Map(_) => text.trim_start_matches('{').strip_suffix('}').unwrap_or(&text).to_owned(),
        _ => text,
    };
    // A command without members reads as null in YAML, which is no part of what a person wrote.
    let text = text.strip_suffix(" ~").unwrap_or(&text);
    // The file is somebody's, and the line goes to a terminal and into reports.
    text.chars().map(|c| if is_harmful(c) { ' ' } else { c }).take(200).collect()
}

fn refusal(
    key: &YamlKey,
    beside: OtherMembers,
    above: &ExpectationBasis,
    problems: &mut ProblemList,
) -> Option<ExpectedRefusal> {
    let first = beside.first().map(|(key, _)| key.place)?;
    if RESERVED.contains(&key.name.as_str()) {
        let message = format!("{:?} stands beside {:?}", beside[0].0.name, key.name);
        let hint = if beside[0].0.name == "refused" {
            "only a state change is refused"
        } else {
            "put it into the expectation"
        };
        problems.add(first, message, hint);
        return None;
    }
    let node = YamlNode { place: first, kind: YamlNodeKind::Map(beside) };
    let mut members = NodeMembers::of(&node, "the step", problems)?;
    let grounds = grounds::take(&mut members, above, problems);
    let Some(code) = members.take("refused") else {
        problems.add(first, "facts of a state change that is not refused", "put them into an expectation behind it");
        return None;
    };
    let code = match code.text() {
        Some("true") => None,
        _ => text(code, "refused", problems).map(str::to_owned),
    };
    Some(ExpectedRefusal { code, grounds })
}

fn answer(node: &YamlNode, problems: &mut ProblemList) -> Option<PromptAnswer> {
    let words = [
        ("allow", PromptAnswer::Allow),
        ("allowInSummary", PromptAnswer::AllowInSummary),
        ("deny", PromptAnswer::Deny),
        ("dismiss", PromptAnswer::Dismiss),
    ];
    word(node, "answer", &words, problems)
}

fn card(node: &YamlNode, problems: &mut ProblemList) -> Option<CardAnswer> {
    word(node, "card", &[("click", CardAnswer::Click), ("dismiss", CardAnswer::Dismiss)], problems)
}

fn nothing_more(key: &YamlKey, node: &YamlNode, problems: &mut ProblemList) -> bool {
    let right = node.is_null() || node.text() == Some("true");
    if !right {
        problems.add(node.place, format!("{} takes nothing more", key.name), "leave it empty");
    }
    right
}

fn groups(node: &YamlNode, problems: &mut ProblemList) -> Option<StepAction> {
    let (user, groups) = match &node.kind {
        YamlNodeKind::Map(_) => {
            let mut members = NodeMembers::of(node, "groups", problems)?;
            let user = members.parsed("user", problems);
            let groups = members.take("groups");
            members.end("groups", problems);
            (user, groups)
        }
        _ => (None, Some(node)),
    };
    let named = groups.filter(|node| !node.is_null()).map(list).unwrap_or_default();
    let groups: Vec<GroupId> = named.into_iter().filter_map(|node| parsed(node, "a group", problems)).collect();
    Some(StepAction::Groups { user, groups })
}

fn remote_action(node: &YamlNode, problems: &mut ProblemList) -> Option<RemoteActionStep> {
    if let YamlNodeKind::Map(_) = node.kind {
        let mut members = NodeMembers::of(node, "action", problems)?;
        let id = members.text("id", problems).map(str::to_owned);
        let action = members.text("action", problems).map(str::to_owned);
        let sent_ago = members.duration("sentAgo", problems);
        members.end("action", problems);
        if action.is_none() {
            problems.add(node.place, "the action has no name", "such as action: retire");
        }
        return Some(RemoteActionStep { id, action: action?, sent_ago });
    }
    let action = text(node, "action", problems)?.to_owned();
    Some(RemoteActionStep { id: None, action, sent_ago: None })
}
