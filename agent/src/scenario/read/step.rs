//! `steps`: what happens, in order.
//!
//! Lives here: reading a step. Does not live here: state changes (`changes`), expectations (`expect`), pushes (`push`).

use portal_contract::GroupId;

use super::super::model::{Action, Answer, CardAnswer, ExpectedRefusal, Grounds, RemoteAction, Step};
use super::diagnostic::Problems;
use super::members::{Members, list, parsed, read_duration, text, word};
use super::place::Places;
use super::yaml::{Key, Kind, Node, Scalar};
use super::{changes, expect, grounds, push};

/// The steps that are no state change, as they are written.
pub const OTHER_STEPS: [&str; 8] =
    ["push:", "advance: 4h", "expect:", "answer: allow", "card: click", "restart:", "groups:", "action: retire"];
const RESERVED: [&str; 8] = ["push", "advance", "expect", "answer", "card", "restart", "groups", "action"];
/// What may stand beside a state change.
const BESIDE: [&str; 3] = ["refused", "facts", "undocumented"];

/// Reads the steps of a scenario.
pub fn read_all(node: &Node, above: &Grounds, places: &Places, problems: &mut Problems) -> Vec<Step> {
    let Kind::List(nodes) = &node.kind else {
        problems.add(
            node.place,
            format!("steps is {}, not a list", node.kind_in_words()),
            "each step begins with a dash",
        );
        return Vec::new();
    };
    nodes.iter().flat_map(|node| read(node, above, places, problems)).collect()
}

/// Reads a step; one that says `times` is several.
fn read(node: &Node, above: &Grounds, places: &Places, problems: &mut Problems) -> Vec<Step> {
    let Some((key, value, beside)) = head(node, problems) else { return Vec::new() };
    let refused = refusal(&key, beside, above, problems);
    let make = |action| Step { at: places.at(node.place), text: line(node), action };
    let action = match key.name.as_str() {
        "push" => return push::read(&value, problems).into_iter().map(|push| make(Action::Push(push))).collect(),
        "advance" => read_duration(&value, "advance", problems).map(Action::Advance),
        "expect" => {
            let expectations = expect::read(&value, above, places, problems);
            (!expectations.is_empty()).then_some(Action::Expect(expectations))
        }
        "answer" => answer(&value, problems).map(Action::Answer),
        "card" => card(&value, problems).map(Action::Card),
        "restart" => nothing_more(&key, &value, problems).then_some(Action::Restart),
        "groups" => groups(&value, problems),
        "action" => remote_action(&value, problems).map(Action::RemoteAction),
        _ => changes::read(&key, &value, problems).map(|change| Action::Change { change: Box::new(change), refused }),
    };
    action.map(make).into_iter().collect()
}

/// What stands beside a step's one key.
type Beside = Vec<(Key, Node)>;

/// What a step is: its key, the value, and what stands beside.
fn head(node: &Node, problems: &mut Problems) -> Option<(Key, Node, Beside)> {
    match &node.kind {
        // `- retire` says as much as `- retire:`.
        Kind::Scalar(scalar) if scalar.value.is_string() => {
            let nothing = Kind::Scalar(Scalar { value: serde_json::Value::Null, text: String::new() });
            let (first, rest) = scalar.text.split_once(' ').unwrap_or((&scalar.text, ""));
            let value = if rest.is_empty() {
                nothing
            } else {
                Kind::Scalar(Scalar { value: rest.into(), text: rest.to_owned() })
            };
            let key = Key { place: node.place, name: first.trim_end_matches(':').to_owned() };
            Some((key, Node { place: node.place, kind: value }, Vec::new()))
        }
        Kind::Map(members) => {
            let is_beside = |(key, _): &&(Key, Node)| BESIDE.contains(&key.name.as_str());
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
fn line(node: &Node) -> String {
    let text = node.to_string();
    let text = match &node.kind {
        Kind::Map(_) => text.trim_start_matches('{').strip_suffix('}').unwrap_or(&text).to_owned(),
        _ => text,
    };
    let text = text.strip_suffix(" ~").unwrap_or(&text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn refusal(key: &Key, beside: Beside, above: &Grounds, problems: &mut Problems) -> Option<ExpectedRefusal> {
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
    let node = Node { place: first, kind: Kind::Map(beside) };
    let mut members = Members::of(&node, "the step", problems)?;
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

fn answer(node: &Node, problems: &mut Problems) -> Option<Answer> {
    let words = [("allow", Answer::Allow), ("deny", Answer::Deny), ("dismiss", Answer::Dismiss)];
    word(node, "answer", &words, problems)
}

fn card(node: &Node, problems: &mut Problems) -> Option<CardAnswer> {
    word(node, "card", &[("click", CardAnswer::Click), ("dismiss", CardAnswer::Dismiss)], problems)
}

fn nothing_more(key: &Key, node: &Node, problems: &mut Problems) -> bool {
    let right = node.is_null() || node.text() == Some("true");
    if !right {
        problems.add(node.place, format!("{} takes nothing more", key.name), "leave it empty");
    }
    right
}

fn groups(node: &Node, problems: &mut Problems) -> Option<Action> {
    let (user, groups) = match &node.kind {
        Kind::Map(_) => {
            let mut members = Members::of(node, "groups", problems)?;
            let user = members.parsed("user", problems);
            let groups = members.take("groups");
            members.end("groups", problems);
            (user, groups)
        }
        _ => (None, Some(node)),
    };
    let named = groups.filter(|node| !node.is_null()).map(list).unwrap_or_default();
    let groups: Vec<GroupId> = named.into_iter().filter_map(|node| parsed(node, "a group", problems)).collect();
    Some(Action::Groups { user, groups })
}

fn remote_action(node: &Node, problems: &mut Problems) -> Option<RemoteAction> {
    if let Kind::Map(_) = node.kind {
        let mut members = Members::of(node, "action", problems)?;
        let id = members.text("id", problems).map(str::to_owned);
        let action = members.text("action", problems).map(str::to_owned);
        let sent_ago = members.duration("sentAgo", problems);
        members.end("action", problems);
        if action.is_none() {
            problems.add(node.place, "the action has no name", "such as action: retire");
        }
        return Some(RemoteAction { id, action: action?, sent_ago });
    }
    let action = text(node, "action", problems)?.to_owned();
    Some(RemoteAction { id: None, action, sent_ago: None })
}
