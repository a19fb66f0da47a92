//! The JSON Schemas of a scenario file and of a presenter's script, by which editors complete and check them.
//!
//! Lives here: its making. State changes come from the table of commands, receipts' members from the contract's types,
//! so that it knows what a scenario may say and no more. Does not live here: the checks themselves (`read`).

use std::collections::BTreeMap;

use portal_contract::command::{COMMANDS, CommandRow};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::read::{LONGEST_CAPTION, MOST_BEATS, Vocabulary, row, spellings, switch_names};
use portal_device::{DocumentationYear, behaviour};

/// The schema; what is published in `config/scenarios/scenario.schema.json`.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A portal-agent scenario",
        "description": "One document of a scenario file: a device, what happens to it, and what must follow.",
        "type": "object",
        "required": ["name", "steps"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "description": "What must follow, in a few words" },
            "description": { "type": "string" },
            "facts": { "$ref": "#/$defs/facts" },
            "undocumented": { "$ref": "#/$defs/undocumented" },
            "matrix": {
                "type": "object",
                "description": "Axes by name; each combination of their values is a case. ${axis} stands for the value",
                "additionalProperties": { "type": ["array", "object"] },
            },
            "exclude": { "$ref": "#/$defs/condition", "description": "Combinations that are left out" },
            "device": { "anyOf": [chosen(), device()] },
            "given": { "type": "object", "description": "Members of status that are proved before the first step" },
            "steps": { "type": "array", "items": { "$ref": "#/$defs/step" } },
        },
        "$defs": definitions(steps()),
    })
}

/// The schema of a script; what is published in `config/scripts/script.schema.json`.
pub fn script_schema() -> Value {
    let beat = json!({
        "type": "object",
        "required": ["caption"],
        "additionalProperties": false,
        "properties": {
            "caption": { "type": "string", "minLength": 1, "maxLength": LONGEST_CAPTION, "description": "What the audience reads" },
            "steps": { "type": ["array", "null"], "items": { "$ref": "#/$defs/step" }, "description": "What is played with it" },
        },
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A presenter's script of portal-agent",
        "description": "What panel --script plays on the device, beat by beat.",
        "type": "object",
        "required": ["name", "beats"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "description": "What stands where captions do before the first beat" },
            "description": { "type": "string" },
            "platform": { "enum": ["ios", "ipados", "android"], "description": "The platform that it is for, where a step is one's own" },
            "beats": { "type": "array", "minItems": 1, "maxItems": MOST_BEATS, "items": beat },
        },
        "$defs": definitions(steps().into_iter().filter(|step| !is_restart(step)).collect()),
    })
}

/// Whether a step's schema is that of `restart` by its key: a script plays on a daemon that goes on. The bare word stays, since it
/// shares its schema with `push`; the reader refuses it.
fn is_restart(step: &Value) -> bool {
    step["required"] == json!(["restart"])
}

/// What both schemas refer to.
fn definitions(steps: Vec<Value>) -> Value {
    json!({
        "facts": facts_schema(),
        "undocumented": { "type": "string", "description": "The choice it rests on: not held, it only warns" },
        "chosen": chosen_in_full(),
        "condition": { "type": ["object", "array"], "description": "Axes with their values; {not: value}" },
        "duration": { "type": "string", "description": "Such as 90s, 4h, 1h30m or 2d" },
        "expectation": expectation(),
        "step": { "anyOf": steps },
    })
}

/// What may stand for any value: a placeholder, or a value for some combinations of the matrix alone.
fn chosen() -> Value {
    json!({ "$ref": "#/$defs/chosen" })
}

fn chosen_in_full() -> Value {
    json!({ "anyOf": [
        { "type": "string", "pattern": "^\\$\\{[^}]+\\}$" },
        {
            "type": "object",
            "required": ["when", "is"],
            "additionalProperties": false,
            "properties": { "when": { "$ref": "#/$defs/condition" }, "is": {} },
        },
    ] })
}

fn facts_schema() -> Value {
    let known: Vec<Value> = behaviour::SECTIONS
        .iter()
        .map(|(id, about)| json!({ "const": id, "description": about }))
        .chain(behaviour::BEHAVIOURS.iter().map(|one| json!({ "const": one.id, "description": one.says })))
        .collect();
    json!({ "type": ["array", "string"], "items": { "anyOf": known }, "description": "The documentation it rests on" })
}

fn truth(description: &str) -> Value {
    json!({ "anyOf": [{ "type": "boolean" }, { "enum": ["on", "off", "yes", "no"] }, chosen()], "description": description })
}

fn words(words: &[&str], description: &str) -> Value {
    json!({ "anyOf": [{ "enum": words }, chosen()], "description": description })
}

/// The schema of the body of the command at `path`, nothing in it required.
fn body_of(path: &str) -> Value {
    let mut schema = row(path).map(body).unwrap_or_default();
    if let Some(schema) = schema.as_object_mut() {
        // The device block fills in what is left out.
        schema.remove("required");
    }
    schema
}

/// The schema of a command's body, in which a placeholder may stand for any member's value.
fn body(row: &CommandRow) -> Value {
    let Some(of) = row.device_body() else { return Value::Null };
    // Inlined, since the references of one command's schema would lead nowhere in this document.
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = (of.schema)(&mut settings.into_generator()).to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        schema.remove("title");
    }
    for (_, member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        // What is written as a number is taken as text where text is meant: a version.
        *member = json!({ "anyOf": [member.take(), { "type": "number" }, chosen()] });
    }
    schema
}

fn device() -> Value {
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    add("platform", words(&["ios", "ipados", "android"], "ios where it is left out"));
    add(
        "osVersion",
        json!({ "type": ["string", "number"], "description": "27 (iOS, iPadOS) or 17 (Android) where it is left out" }),
    );
    add("name", json!({ "type": "string" }));
    let years = DocumentationYear::ALL.iter().map(|year| json!(year)).collect::<Vec<_>>();
    let years: Vec<Value> = years
        .iter()
        .cloned()
        // YAML reads an unquoted year as a number.
        .chain(years.iter().filter_map(|y| y.as_str()?.parse::<i32>().ok()).map(Value::from))
        .collect();
    add(
        "documentation",
        json!({ "anyOf": [{ "enum": years }, chosen()], "description": "The year whose documentation holds" }),
    );
    let app = json!({ "anyOf": [{ "enum": ["installed", "missing"] }, body_of("app/install"), chosen()] });
    add("app", app);
    let permissions = ["notDetermined", "denied", "authorized", "provisional"];
    add("permission", words(&permissions, "authorized where it is left out"));
    let enrollment = json!({ "anyOf": [{ "type": "string", "description": "enrolled, none, or who enrolled it" }, body_of("enroll")] });
    add("enrollment", enrollment);
    add("playServices", truth("Android; true where it is left out"));
    add("foreground", truth("Whether Company Portal is open on the screen"));
    for name in switch_names() {
        add(name, truth("false where it is left out"));
    }
    add(
        "settings",
        json!({ "type": "object", "description": "The platform's notification switches by name, as in settings show" }),
    );
    add("pushService", truth("Whether APNs and FCM are emulated; true where it is left out"));
    let rules = "Settings by their names that say what a device does, as in push_service.android_priority";
    add("rules", json!({ "type": "object", "description": rules }));
    add("actions", json!({ "type": ["array", "string"], "description": "The remote actions that are carried out" }));
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn expectation() -> Value {
    let receipt = Vocabulary::receipt();
    let outcomes: Vec<&str> = portal_contract::OutcomeKind::ALL.iter().copied().map(|kind| kind.word()).collect();
    let mut properties = Map::new();
    for name in receipt.names() {
        let words = receipt.words(name);
        let one = if words.is_empty() {
            json!({})
        } else {
            json!({ "anyOf": [{ "enum": words }, { "type": "null" }, chosen()] })
        };
        let schema = if name == "unmet" {
            json!({ "type": ["array", "string"], "description": "Every unmet prerequisite; with none, and no outcome beside it: presented" })
        } else {
            one
        };
        properties.insert(name.to_owned(), schema);
    }
    let message = json!({ "type": "object", "description": "Members of the message: title, body, id, …" });
    let card = json!({ "type": "object", "additionalProperties": false, "properties": {
        "title": { "type": "string" }, "body": { "type": "string" }, "sound": truth("Whether it sounds") } });
    let more = [
        ("outcome", json!({ "anyOf": [{ "enum": outcomes }, chosen()] })),
        (
            "of",
            json!({ "type": ["string", "number"], "description": "The push's id; the latest push where it is left out" }),
        ),
        ("held", truth("The push has no outcome yet")),
        ("status", json!({ "type": "object", "description": "Members of status --json with their values" })),
        ("prompt", words(&["showing", "notShowing"], "The permission prompt")),
        (
            "card",
            json!({ "anyOf": [{ "enum": ["none"] }, card], "description": "The newest card since the last step" }),
        ),
        (
            "inApp",
            json!({ "anyOf": [{ "enum": ["empty"] }, message], "description": "A message in Company Portal's own Notifications section" }),
        ),
        ("nothing", json!({ "description": "Nothing happened since the last step" })),
        ("facts", json!({ "$ref": "#/$defs/facts" })),
        ("undocumented", json!({ "$ref": "#/$defs/undocumented" })),
        ("when", json!({ "$ref": "#/$defs/condition" })),
        ("is", json!({})),
    ];
    properties.extend(more.map(|(name, schema)| (name.to_owned(), schema)));
    let words: Vec<&str> = outcomes.iter().copied().chain(["nothing", "held"]).collect();
    json!({ "anyOf": [
        { "enum": words },
        { "type": "object", "additionalProperties": false, "properties": properties },
        { "type": "array", "items": { "$ref": "#/$defs/expectation" } },
    ] })
}

/// A step's schema by its one key.
fn step(key: &str, value: Value, is_change: bool) -> Value {
    let mut properties = Map::new();
    properties.insert(key.to_owned(), value);
    properties.insert("when".to_owned(), json!({ "$ref": "#/$defs/condition" }));
    if is_change {
        let refused =
            json!({ "type": ["boolean", "string"], "description": "That the platform refuses it, with this code" });
        properties.insert("refused".to_owned(), refused);
        properties.insert("facts".to_owned(), json!({ "$ref": "#/$defs/facts" }));
        properties.insert("undocumented".to_owned(), json!({ "$ref": "#/$defs/undocumented" }));
    }
    json!({ "type": "object", "required": [key], "additionalProperties": false, "properties": properties })
}

fn steps() -> Vec<Value> {
    let push = json!({ "type": ["object", "null"], "description": "title, body, id, group, targetUser, expiresIn, sentAgo, times, retain, raw, or a custom notification's own members; any others of the payload in members" });
    let other = [
        ("push", push),
        ("advance", json!({ "$ref": "#/$defs/duration" })),
        ("expect", json!({ "$ref": "#/$defs/expectation" })),
        (
            "answer",
            words(&["allow", "allowInSummary", "deny", "dismiss"], "How a person answers the prompt on the device"),
        ),
        ("card", words(&["click", "dismiss"], "What a person does with the newest card")),
        ("restart", json!({ "type": ["null", "boolean"], "description": "The device's daemon ends and starts again" })),
        (
            "groups",
            json!({ "type": ["array", "object", "null", "string"], "description": "The service tells the user's groups" }),
        ),
        (
            "action",
            json!({ "type": ["string", "object"], "description": "The service sends a remote action: retire, syncDevice" }),
        ),
    ];
    let mut steps: Vec<Value> = other.into_iter().map(|(key, value)| step(key, value, false)).collect();
    let nouns = nouns();
    steps.extend(nouns.iter().map(|(noun, commands)| step(noun, change(commands), true)));
    let in_a_line = |(noun, commands): (&&str, &Vec<Named>)| -> Vec<Value> {
        let line = |(row, rest): &Named| a_line(row, &[&[*noun], rest.as_slice()].concat().join(" "));
        commands.iter().map(line).collect()
    };
    steps.extend(nouns.iter().flat_map(in_a_line));
    steps.extend([json!({ "enum": ["restart", "push"] }), chosen()]);
    steps
}

/// A command, and the words of its name behind the first.
type Named = (&'static CommandRow, Vec<&'static str>);

/// The commands of the table by the first word of their names.
fn nouns() -> BTreeMap<&'static str, Vec<Named>> {
    let mut nouns: BTreeMap<&str, Vec<Named>> = BTreeMap::new();
    for row in COMMANDS {
        for spelling in spellings(row) {
            let Some((noun, rest)) = spelling.split_first() else { continue };
            let commands = nouns.entry(noun).or_default();
            if !commands.iter().any(|(_, known)| known == rest) {
                commands.push((row, rest.to_vec()));
            }
        }
    }
    nouns
}

/// A command's name with what it takes, in one line.
fn a_line(row: &CommandRow, name: &str) -> Value {
    let needs_more = row.members().iter().any(|(_, needed)| *needed);
    match (row.arguments.is_empty(), needs_more) {
        (true, _) => json!({ "const": name, "description": row.about() }),
        (false, false) => json!({ "type": "string", "pattern": format!("^{name}( .+)?$"), "description": row.about() }),
        (false, true) => json!({ "type": "string", "pattern": format!("^{name} .+$"), "description": row.about() }),
    }
}

/// What may stand behind a noun: the words of a command with what it takes, or its members.
fn change(commands: &[Named]) -> Value {
    let mut forms = Vec::new();
    let mut members = Map::new();
    let mut whole = None;
    for (row, rest) in commands {
        let body = body(row);
        if rest.is_empty() {
            if !row.arguments.is_empty() {
                forms.push(json!({ "type": "string", "pattern": "^.+$" }));
            }
            whole = Some(body);
        } else {
            let name = rest.join(" ");
            forms.push(a_line(row, &name));
            members.insert(name, json!({ "anyOf": [body, { "type": "null" }] }));
        }
    }
    if !members.is_empty() {
        forms.push(
            json!({ "type": "object", "additionalProperties": false, "maxProperties": 1, "properties": members }),
        );
    }
    match whole {
        Some(whole) => {
            forms.push(whole);
            forms.push(json!({ "type": "null" }));
        }
        None => forms.push(chosen()),
    }
    json!({ "anyOf": forms })
}
