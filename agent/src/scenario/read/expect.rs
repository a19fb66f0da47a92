//! `expect`: what must hold.
//!
//! Lives here: reading expectations. Does not live here: whether they hold (the runner).

use portal_contract::OutcomeKind;
use serde_json::{Map, Value};

use super::super::model::{Expectation, ExpectationBasis, ExpectedCard, ExpectedOutcome, ExpectedState};
use super::diagnostic::ProblemList;
use super::members::{NodeMembers, list, shown, text, word};
use super::place::SourceFile;
use super::vocabulary::Vocabulary;
use super::words::meant;
use super::yaml::{YamlNode, YamlNodeKind};
use super::{grounds, status};

/// The words that stand for a whole expectation.
const NOTHING: &str = "nothing";
const HELD: &str = "held";

/// Reads `expect`'s value: one expectation, or a list of them.
pub fn read(
    node: &YamlNode,
    above: &ExpectationBasis,
    places: &SourceFile,
    problems: &mut ProblemList,
) -> Vec<Expectation> {
    let before = problems.count();
    let expectations: Vec<Expectation> =
        list(node).into_iter().flat_map(|node| one(node, above, places, problems)).collect();
    // Otherwise what is wrong has been said, and would be said twice.
    if expectations.is_empty() && problems.count() == before {
        problems.add(node.place, "nothing is expected here", "an outcome, status, prompt, card, inApp or nothing");
    }
    expectations
}

fn one(node: &YamlNode, above: &ExpectationBasis, places: &SourceFile, problems: &mut ProblemList) -> Vec<Expectation> {
    let make = |expected, grounds: &ExpectationBasis| Expectation {
        at: places.at(node.place),
        text: node.to_string(),
        expected,
        grounds: grounds.clone(),
    };
    if matches!(node.kind, YamlNodeKind::Scalar(_)) {
        return scalar(node, problems).map(|expected| make(expected, above)).into_iter().collect();
    }
    let Some(mut members) = NodeMembers::of(node, "expect", problems) else { return Vec::new() };
    let grounds = grounds::take(&mut members, above, problems);
    let mut expected = Vec::new();
    expected.extend(prompt(&mut members, problems));
    expected.extend(card(&mut members, problems));
    expected.extend(members.take("inApp").and_then(|node| in_app(node, problems)));
    if let Some(checks) = members.take("status") {
        expected.extend(status::read(checks, places, problems).into_iter().map(ExpectedState::Status));
    }
    if members.take_with_key(NOTHING).is_some() {
        expected.push(ExpectedState::Nothing);
    }
    // Last, since the members of a receipt are whatever is left over: they stand beside the others without a key of
    // their own.
    expected.extend(outcome(&mut members, problems));
    expected.into_iter().map(|expected| make(expected, &grounds)).collect()
}

fn scalar(node: &YamlNode, problems: &mut ProblemList) -> Option<ExpectedState> {
    match node.text() {
        Some(NOTHING) => return Some(ExpectedState::Nothing),
        Some(HELD) => return Some(ExpectedState::NoOutcome { of: None }),
        _ => {}
    }
    let words = outcomes();
    let written = node.text().unwrap_or_default();
    match words.iter().find(|(word, _)| *word == written) {
        Some((_, outcome)) => {
            Some(ExpectedState::Outcome(ExpectedOutcome { of: None, outcome: *outcome, members: Map::new() }))
        }
        None => {
            let right = words.iter().map(|(word, _)| *word).chain([NOTHING, HELD]);
            problems.add(node.place, format!("expect is {}", shown(node)), meant(written, right));
            None
        }
    }
}

fn outcomes() -> Vec<(&'static str, OutcomeKind)> {
    OutcomeKind::ALL.iter().copied().map(|kind| (kind.word(), kind)).collect()
}

fn prompt(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> Option<ExpectedState> {
    let node = members.take("prompt")?;
    let words = [
        ("showing", true),
        ("shown", true),
        ("true", true),
        ("notShowing", false),
        ("notShown", false),
        ("false", false),
    ];
    word(node, "prompt", &words, problems).map(ExpectedState::Prompt)
}

fn card(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> Option<ExpectedState> {
    let node = members.take("card")?;
    if node.text() == Some("none") {
        return Some(ExpectedState::NoCard);
    }
    let mut members = NodeMembers::of(node, "card", problems)?;
    let card = ExpectedCard {
        title: members.text("title", problems).map(str::to_owned),
        body: members.text("body", problems).map(str::to_owned),
        sound: members.truth("sound", problems),
    };
    members.end("card", problems);
    Some(ExpectedState::Card(card))
}

fn in_app(node: &YamlNode, problems: &mut ProblemList) -> Option<ExpectedState> {
    if node.text() == Some("empty") {
        return Some(ExpectedState::NotInApp(Map::new()));
    }
    let mut members = NodeMembers::of(node, "inApp", problems)?;
    let absent = members.take("absent").and_then(|node| message_members(node, "inApp's absent", problems));
    let present = rest_of_message(&mut members, "inApp", problems);
    match absent {
        Some(absent) if present.is_empty() => Some(ExpectedState::NotInApp(absent)),
        Some(_) => {
            problems.add(node.place, "inApp expects a message and the absence of one", "two expectations");
            None
        }
        None => Some(ExpectedState::InApp(present)),
    }
}

fn message_members(node: &YamlNode, what: &str, problems: &mut ProblemList) -> Option<Map<String, Value>> {
    let mut members = NodeMembers::of(node, what, problems)?;
    Some(rest_of_message(&mut members, what, problems))
}

/// Members of a custom notification; `title` and `body` are the command line's names of two of them.
fn rest_of_message(members: &mut NodeMembers<'_>, what: &str, problems: &mut ProblemList) -> Map<String, Value> {
    let known = Vocabulary::message();
    let mut message = Map::new();
    for (key, node) in members.take_rest() {
        let name = graphs_name(&key.name);
        if known.has(name) {
            message.insert(name.to_owned(), node.json());
        } else {
            let names = known.names().chain(["title", "body", "absent"]);
            problems.add(key.place, format!("{what} has no {:?}", key.name), meant(&key.name, names));
        }
    }
    message
}

/// Graph's name of a message's member (contract 1).
pub fn graphs_name(name: &str) -> &str {
    match name {
        "title" => "notificationTitle",
        "body" => "notificationBody",
        "targetUser" => "targetUserPrincipalName",
        other => other,
    }
}

/// The outcome, from what is left over: `outcome`, the members of its receipt, `of`, and `held`.
fn outcome(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> Option<ExpectedState> {
    let of = members.take("of").and_then(|node| text(node, "of", problems)).map(str::to_owned);
    if members.truth(HELD, problems) == Some(true) {
        unknown(members.take_rest(), problems);
        return Some(ExpectedState::NoOutcome { of });
    }
    let named = members.take("outcome").map(|node| word(node, "outcome", &outcomes(), problems));
    let mut wanted = receipt_members(members, problems);
    let outcome = match named {
        Some(named) => named?,
        // The prerequisites that are unmet say it all: with none of them it shows (contract 3).
        None => match wanted.get("unmet").and_then(Value::as_array) {
            Some(unmet) if unmet.is_empty() => OutcomeKind::Presented,
            Some(_) => OutcomeKind::Withheld,
            None if wanted.is_empty() && of.is_none() => return None,
            None => {
                problems.add(
                    members.place,
                    "an outcome's members stand here without it",
                    "outcome: presented, or another",
                );
                return None;
            }
        },
    };
    if outcome != OutcomeKind::Withheld && wanted.get("unmet").is_some_and(|unmet| unmet == &Value::Array(Vec::new())) {
        // A receipt that is not `withheld` has no member `unmet`; that it is empty is said by the outcome.
        wanted.remove("unmet");
    }
    Some(ExpectedState::Outcome(ExpectedOutcome { of, outcome, members: wanted }))
}

fn receipt_members(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> Map<String, Value> {
    let known = Vocabulary::receipt();
    let mut wanted = Map::new();
    for (key, node) in members.take_rest() {
        if !known.has(&key.name) {
            let others =
                ["outcome", "of", "held", "status", "prompt", "card", "inApp", "nothing", "facts", "undocumented"];
            let names = known.names().chain(others);
            problems.add(key.place, format!("expect has no {:?}", key.name), meant(&key.name, names));
            continue;
        }
        // Only that the words exist. Whether they hold is not known before the run. Null: the receipt has no such member.
        for value in list(node).into_iter().filter(|value| !value.is_null()) {
            if let Err(hint) = known.accepts(&key.name, value.text().unwrap_or_default()) {
                problems.add(value.place, format!("{} is {}", key.name, shown(value)), hint);
            }
        }
        wanted.insert(key.name.clone(), node.json());
    }
    wanted
}

fn unknown(rest: Vec<(&super::yaml::YamlKey, &YamlNode)>, problems: &mut ProblemList) {
    for (key, _) in rest {
        problems.add(key.place, format!("a push that is held has no {:?}", key.name), "leave it out");
    }
}
