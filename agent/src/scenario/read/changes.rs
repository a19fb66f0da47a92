//! State changes: a step's words and body, looked up in the control API's table of commands.
//!
//! Lives here: the one way from a step to a command, whatever the command. Does not live here: a list of commands; the
//! table of `control` is the only one, so what the command line can do a scenario can do too.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::super::model::StateChange;
use super::diagnostic::{Place, Problems};
use super::members::Members;
use super::words::nearest;
use super::yaml::{Key, Kind, Node};
use crate::control::{CommandRow, command_rows};
use crate::daemon::Handle;

/// The table of commands, with what a body holds.
pub fn table() -> &'static [Row] {
    static TABLE: OnceLock<Vec<Row>> = OnceLock::new();
    TABLE.get_or_init(|| command_rows::<Handle>().into_iter().map(Row::new).collect())
}

/// A command that a step can name.
#[derive(Debug)]
pub struct Row {
    /// The row of the control API's table.
    pub command: CommandRow,
    /// The body's members that a text can stand for, and whether the command needs them.
    members: Vec<BodyMember>,
}

/// A member of a command's body.
#[derive(Debug)]
struct BodyMember {
    name: String,
    needed: bool,
    /// Whether it takes text: what is written as a number is meant as text then (`version: 5.0`).
    is_text: bool,
    is_truth: bool,
}

impl Row {
    fn new(command: CommandRow) -> Self {
        let schema = body_schema(&command).to_value();
        let required = |member: &str| {
            schema
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|names| names.iter().any(|name| name == member))
        };
        let member = |(name, property): (&String, &Value)| BodyMember {
            name: name.clone(),
            needed: required(name),
            is_text: takes_text(property),
            is_truth: property.get("type").is_some_and(|kind| kind == "boolean"),
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let members = properties.into_iter().flatten().map(member).collect();
        Self { command, members }
    }

    /// The words of its path.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.command.path.split('/')
    }

    /// The member that a single argument means: the only one that is needed, or the only one that there is.
    pub fn only_member(&self) -> Option<&str> {
        let needed: Vec<&BodyMember> = self.members.iter().filter(|member| member.needed).collect();
        match (needed.as_slice(), self.members.as_slice()) {
            ([only], _) => Some(&only.name),
            // A truth value is no argument: the command line has an option for it.
            ([], [only]) if !only.is_truth => Some(&only.name),
            ([], members) => {
                let mut texts = members.iter().filter(|member| member.is_text);
                texts.next().filter(|_| texts.next().is_none()).map(|member| member.name.as_str())
            }
            _ => None,
        }
    }

    /// Whether its body is a name with its value, as `settings` has it.
    pub fn takes_name_and_value(&self) -> bool {
        self.members.len() == 2 && self.has("name") && self.has("value")
    }

    fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// The body that arguments behind its words mean.
    fn body_of(&self, arguments: &[String]) -> Option<Value> {
        let mut body = Map::new();
        match arguments {
            [] => {}
            [pair] if self.takes_name_and_value() => {
                let (name, value) = pair.split_once('=')?;
                body.insert("name".to_owned(), name.into());
                body.insert("value".to_owned(), value.into());
            }
            [argument] => {
                body.insert(self.only_member()?.to_owned(), argument.as_str().into());
            }
            _ => return None,
        }
        Some(Value::Object(body))
    }
}

fn takes_text(property: &Value) -> bool {
    let is_text = |kind: &Value| kind == "string";
    match property.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is_text),
        Some(kind) => is_text(kind),
        None => false,
    }
}

/// The schema of a command's body by itself.
pub fn body_schema(command: &CommandRow) -> schemars::Schema {
    let settings =
        schemars::generate::SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    (command.body)(&mut settings.into_generator())
}

/// A change of the table with this path and body, for the device block.
///
/// # Errors
/// A sentence: there is no such command, or its body is not right.
pub fn change(path: &str, body: Value) -> Result<StateChange, String> {
    let row = row(path).ok_or_else(|| format!("there is no command {path}"))?;
    let command = (row.command.read)(&body).map_err(|fault| fault.message)?;
    Ok(StateChange { path: row.command.path, method: row.command.method.clone(), body, command })
}

fn row(path: &str) -> Option<&'static Row> {
    table().iter().find(|row| row.command.path == path)
}

/// The body of the command at `path` from members, text where the command takes text.
pub fn body(path: &str, node: &Node, problems: &mut Problems) -> Option<Value> {
    body_from(row(path)?, node, problems)
}

fn body_from(row: &Row, node: &Node, problems: &mut Problems) -> Option<Value> {
    let mut body = Map::new();
    let before = problems.count();
    for (key, value) in Members::of(node, row.command.path, problems)?.take_rest() {
        let Some(member) = row.members.iter().find(|member| member.name == key.name) else {
            let names: Vec<&str> = row.members.iter().map(|member| member.name.as_str()).collect();
            let meant = nearest(&key.name, &names).map(|name| format!("did you mean {name}?"));
            let message = format!("{} has no {:?}", row.command.path.replace('/', " "), key.name);
            problems.add(key.place, message, meant.unwrap_or_else(|| members_meant(row)));
            continue;
        };
        let text = value.text().filter(|_| member.is_text);
        body.insert(key.name.clone(), text.map_or_else(|| value.json(), Value::from));
    }
    (problems.count() == before).then_some(Value::Object(body))
}

/// Reads a step that is a state change: `app: install`, `app: {install: {version: "5.0"}}`, `device: focus on`, `retire:`.
pub fn read(key: &Key, node: &Node, problems: &mut Problems) -> Option<StateChange> {
    let (words, body) = words_and_body(key, node, problems)?;
    // The device is whom every step is about; the table's paths leave it out.
    let words: Vec<String> = if words.len() > 1 && words[0] == "device" { words[1..].to_vec() } else { words };
    let row = table().iter().filter(|row| is_prefix(row, &words)).max_by_key(|row| row.words().count());
    let Some(row) = row else {
        problems.add(key.place, format!("there is no step {:?}", words.join(" ")), step_meant(&words));
        return None;
    };
    let arguments = &words[row.words().count()..];
    let body = match body {
        Some(body) if arguments.is_empty() => body_from(row, body, problems)?,
        Some(body) => {
            problems.add(body.place, format!("{} takes no {:?}", row.command.path, arguments.join(" ")), "");
            return None;
        }
        None => body_of(row, arguments, node.place, problems)?,
    };
    match (row.command.read)(&body) {
        Ok(command) => {
            let method = row.command.method.clone();
            Some(StateChange { path: row.command.path, method, body, command })
        }
        Err(fault) => {
            problems.add(node.place, fault.message, members_meant(row));
            None
        }
    }
}

fn is_prefix(row: &Row, words: &[String]) -> bool {
    let count = row.words().count();
    count <= words.len() && row.words().zip(words).all(|(known, word)| known == word)
}

/// The words of a step, outermost first, and the body below them.
fn words_and_body<'a>(key: &Key, node: &'a Node, problems: &mut Problems) -> Option<(Vec<String>, Option<&'a Node>)> {
    let mut words = vec![key.name.clone()];
    let mut node = node;
    loop {
        match &node.kind {
            Kind::Scalar(_) => {
                words.extend(node.text().unwrap_or_default().split_whitespace().map(str::to_owned));
                return Some((words, None));
            }
            Kind::Map(_) if table().iter().any(|row| is_whole(row, &words)) => return Some((words, Some(node))),
            Kind::Map(members) if members.len() == 1 => {
                words.extend(members[0].0.name.split_whitespace().map(str::to_owned));
                node = &members[0].1;
            }
            Kind::Map(_) | Kind::List(_) => {
                let message = format!("{} is {}", words.join(" "), node.kind_in_words());
                problems.add(node.place, message, "one change a step, as in app: install");
                return None;
            }
        }
    }
}

fn is_whole(row: &Row, words: &[String]) -> bool {
    let words = if words.len() > 1 && words[0] == "device" { &words[1..] } else { words };
    row.words().count() == words.len() && is_prefix(row, words)
}

fn body_of(row: &Row, arguments: &[String], place: Place, problems: &mut Problems) -> Option<Value> {
    let body = row.body_of(arguments);
    if body.is_none() {
        let message = format!("{} takes no {:?}", row.command.path.replace('/', " "), arguments.join(" "));
        problems.add(place, message, members_meant(row));
    }
    body
}

fn members_meant(row: &Row) -> String {
    if row.takes_name_and_value() {
        return "write NAME=VALUE".to_owned();
    }
    let member = |member: &BodyMember| match member.needed {
        true => member.name.clone(),
        false => format!("{} (may be left out)", member.name),
    };
    match row.members.as_slice() {
        [] => format!("{} takes nothing more", row.command.path.replace('/', " ")),
        members => format!("its members: {}", members.iter().map(member).collect::<Vec<_>>().join(", ")),
    }
}

/// The step that was meant: the nearest of the table's.
fn step_meant(words: &[String]) -> String {
    let steps: Vec<String> = table().iter().map(|row| in_a_file(row.command.path)).collect();
    let written = match words.split_first() {
        Some((noun, rest)) => format!("{noun}: {}", rest.join(" ")),
        None => String::new(),
    };
    let known: Vec<&str> = steps.iter().map(String::as_str).chain(super::step::OTHER_STEPS).collect();
    match nearest(&written, &known) {
        Some(step) => format!("did you mean {step}?"),
        None => "portal-agent scenario schema lists the steps".to_owned(),
    }
}

/// A path as a step writes it.
pub fn in_a_file(path: &str) -> String {
    match path.split_once('/') {
        Some((noun, verb)) => format!("{noun}: {}", verb.replace('/', " ")),
        None => format!("{path}:"),
    }
}
