//! State changes: a step's words and members, looked up in the table of commands.
//!
//! Lives here: the one way from a step to a command, whatever the command: as it is typed on the command line, or by the
//! words of its path. Does not live here: a list of commands, or what they take; what the command line can do a scenario
//! can do too.

use portal_contract::command::{ArgumentKind, COMMANDS, CommandRow};
use serde_json::{Map, Value};

use super::super::model::StateChange;
use super::diagnostic::{ProblemList, SourceSpan};
use super::members::NodeMembers;
use super::words::nearest;
use super::yaml::{YamlKey, YamlNode, YamlNodeKind};

/// A change of the table with this path and body, for the device block.
///
/// # Errors
/// A sentence: there is no such command, or its body is not right.
pub fn change(path: &str, body: Value) -> Result<StateChange, String> {
    let row = row(path).ok_or_else(|| format!("there is no command {path}"))?;
    Ok(StateChange { row, command: row.read(body.clone())?, body })
}

pub fn row(path: &str) -> Option<&'static CommandRow> {
    COMMANDS.iter().find(|row| row.path == path)
}

/// The body of the command at `path` from members, text where the command takes text.
pub fn body(path: &str, node: &YamlNode, problems: &mut ProblemList) -> Option<Value> {
    body_of_members(row(path)?, node, problems)
}

/// Reads a step that is a state change: `app: install`, `app: {install: {version: "5.0"}}`, `device: focus on`,
/// `settings: set lockScreen=off`, `retire: --pending`.
pub fn read(key: &YamlKey, node: &YamlNode, problems: &mut ProblemList) -> Option<StateChange> {
    let (words, members) = words_and_members(key, node, problems)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((row, count)) = named(&words) else {
        problems.add(key.place, format!("there is no step {:?}", words.join(" ")), step_meant(&words));
        return None;
    };
    let arguments = &words[count..];
    let body = match members {
        Some(node) if arguments.is_empty() => body_of_members(row, node, problems)?,
        Some(node) => {
            problems.add(node.place, format!("{} takes no {:?}", row.name, arguments.join(" ")), members_meant(row));
            return None;
        }
        None => body_of_words(row, arguments, node.place, problems)?,
    };
    match row.read(body.clone()) {
        Ok(command) => Some(StateChange { row, body, command }),
        Err(sentence) => {
            problems.add(node.place, sentence, members_meant(row));
            None
        }
    }
}

/// The row that the first of `words` name, and how many of them do: the longest name or path that they begin with.
fn named(words: &[&str]) -> Option<(&'static CommandRow, usize)> {
    let names = COMMANDS.iter().flat_map(|row| spellings(row).map(move |spelling| (row, spelling)));
    let begins = |spelling: &Vec<&str>| words.starts_with(spelling);
    names
        .filter(|(_, spelling)| begins(spelling))
        .map(|(row, spelling)| (row, spelling.len()))
        // `policy` is the path of `policy set`, and `policy clear` begins with it: `clear` would be taken for its
        // argument.
        .max_by_key(|(_, count)| *count)
}

/// How a row may be named: as it is typed, or by its path, with or without the device whom every step is about.
pub fn spellings(row: &'static CommandRow) -> impl Iterator<Item = Vec<&'static str>> {
    let path: Vec<&str> = row.path.split('/').collect();
    let of_the_device = std::iter::once("device").chain(path.iter().copied()).collect();
    [row.words().collect(), of_the_device, path].into_iter()
}

/// The words of a step, outermost first, and the members below them.
fn words_and_members<'a>(
    key: &YamlKey,
    node: &'a YamlNode,
    problems: &mut ProblemList,
) -> Option<(Vec<String>, Option<&'a YamlNode>)> {
    let mut words: Vec<String> = key.name.split_whitespace().map(str::to_owned).collect();
    let mut node = node;
    loop {
        match &node.kind {
            YamlNodeKind::Scalar(_) => {
                words.extend(node.text().unwrap_or_default().split_whitespace().map(str::to_owned));
                return Some((words, None));
            }
            YamlNodeKind::Map(members) => match members.as_slice() {
                // `settings: {set: {…}}` goes on with a name, `enroll: {user: …}` has members: only the table tells
                // which.
                [(inner, below)] if goes_on(&words, &inner.name) || !is_whole(&words) => {
                    words.extend(inner.name.split_whitespace().map(str::to_owned));
                    node = below;
                }
                _ if is_whole(&words) => return Some((words, Some(node))),
                _ => break,
            },
            YamlNodeKind::List(_) => break,
        }
    }
    let message = format!("{} is {}", words.join(" "), node.kind_in_words());
    problems.add(node.place, message, "one change a step, as in app: install");
    None
}

/// Whether `words` name a command by themselves.
fn is_whole(words: &[String]) -> bool {
    COMMANDS.iter().flat_map(spellings).any(|spelling| spelling == *words)
}

/// Whether a command's name begins with `words` and goes on with `more`: `settings` with `set`.
fn goes_on(words: &[String], more: &str) -> bool {
    let longer: Vec<&str> = words.iter().map(String::as_str).chain(more.split_whitespace()).collect();
    COMMANDS.iter().flat_map(spellings).any(|spelling| spelling.starts_with(&longer))
}

/// The body that members mean. What is written as a number is text where text is meant: `version: 5.0`.
fn body_of_members(row: &'static CommandRow, node: &YamlNode, problems: &mut ProblemList) -> Option<Value> {
    let mut body = Map::new();
    let before = problems.count();
    for (key, value) in NodeMembers::of(node, row.name, problems)?.take_rest() {
        let Some(argument) = row.argument_of(&key.name) else {
            let members = row.members();
            let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
            let meant = nearest(&key.name, &names).map(|name| format!("did you mean {name}?"));
            let message = format!("{} has no {:?}", row.name, key.name);
            problems.add(key.place, message, meant.unwrap_or_else(|| members_meant(row)));
            continue;
        };
        // A flag takes no text; its value is what the table says.
        let is_fixed = matches!(argument.kind, ArgumentKind::Flag { .. });
        let value = match value.text().filter(|_| !is_fixed && !value.is_null()) {
            None => value.json(),
            Some(text) => match (argument.read)(text) {
                Ok(read) => read,
                Err(sentence) => {
                    problems.add(value.place, format!("{} is not right: {sentence}", key.name), members_meant(row));
                    continue;
                }
            },
        };
        body.insert(key.name.clone(), value);
    }
    (problems.count() == before).then_some(Value::Object(body))
}

fn body_of_words(row: &CommandRow, words: &[&str], place: SourceSpan, problems: &mut ProblemList) -> Option<Value> {
    row.body_of_words(words).map_err(|sentence| problems.add(place, sentence, members_meant(row))).ok()
}

fn members_meant(row: &CommandRow) -> String {
    if row.arguments.iter().any(|argument| argument.kind == ArgumentKind::NameAndValue) {
        return "write NAME=VALUE".to_owned();
    }
    let member = |(name, needed): &(&str, bool)| match needed {
        true => (*name).to_owned(),
        false => format!("{name} (may be left out)"),
    };
    match row.members().as_slice() {
        [] => format!("{} takes nothing more", row.name),
        members => format!("its members: {}", members.iter().map(member).collect::<Vec<_>>().join(", ")),
    }
}

/// The steps that are no state change, as they are written.
const OTHER_STEPS: [&str; 8] =
    ["push:", "advance: 4h", "expect:", "answer: allow", "card: click", "restart:", "groups:", "action: retire"];

/// The step that was meant: the nearest of the table's.
fn step_meant(words: &[&str]) -> String {
    let steps: Vec<String> = COMMANDS.iter().map(CommandRow::step).collect();
    let written = match words.split_first() {
        Some((noun, rest)) => format!("{noun}: {}", rest.join(" ")),
        None => String::new(),
    };
    let known: Vec<&str> = steps.iter().map(String::as_str).chain(OTHER_STEPS).collect();
    match nearest(&written, &known) {
        Some(step) => format!("did you mean {step}?"),
        None => "portal-agent scenario schema lists the steps".to_owned(),
    }
}
