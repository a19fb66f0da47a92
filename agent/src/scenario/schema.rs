//! The JSON Schema of a scenario file, by which editors complete and check it.
//!
//! Lives here: its making. State changes come from the control API's table, receipts' members from the contract's types,
//! so that it knows what a scenario may say and no more. Does not live here: the checks themselves (`read`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::facts;
use super::read::{Row, Vocabulary, body_schema, switch_names, table};
use portal_device::DocumentationYear;

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
        "$defs": {
            "facts": facts_schema(),
            "undocumented": { "type": "string", "description": "The choice it rests on: not held, it only warns" },
            "chosen": chosen_in_full(),
            "condition": { "type": ["object", "array"], "description": "Axes with their values; {not: value}" },
            "duration": { "type": "string", "description": "Such as 90s, 4h, 1h30m or 2d" },
            "expectation": expectation(),
            "step": { "anyOf": steps() },
        },
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
    let known: Vec<Value> = facts::SECTIONS
        .iter()
        .map(|(id, about)| json!({ "const": id, "description": about }))
        .chain(facts::FACTS.iter().map(|fact| json!({ "const": fact.id, "description": fact.says })))
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
    let row = table().iter().find(|row| row.command.path == path);
    let mut schema = row.map(body).unwrap_or_default();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
    schema
}

/// The schema of a command's body, in which a placeholder may stand for any member's value.
fn body(row: &Row) -> Value {
    let mut schema = body_schema(&row.command).to_value();
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
        json!({ "type": ["string", "number"], "description": "26 (iOS, iPadOS) or 16 (Android) where it is left out" }),
    );
    add("name", json!({ "type": "string" }));
    let years = [DocumentationYear::Y2019, DocumentationYear::Y2023, DocumentationYear::Y2025].map(|year| json!(year));
    let years: Vec<Value> = years
        .iter()
        .cloned()
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
    let outcomes: Vec<&str> = portal_contract::OutcomeKind::ALL.into_iter().map(|kind| kind.word()).collect();
    let mut properties = Map::new();
    for name in receipt.names() {
        let words = receipt.words(name);
        let one = if words.is_empty() { json!({}) } else { json!({ "anyOf": [{ "enum": words }, chosen()] }) };
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
    let push = json!({ "type": ["object", "null"], "description": "title, body, id, group, targetUser, expiresIn, sentAgo, times, retain, raw, or any member of the payload" });
    let other = [
        ("push", push),
        ("advance", json!({ "$ref": "#/$defs/duration" })),
        ("expect", json!({ "$ref": "#/$defs/expectation" })),
        ("answer", words(&["allow", "deny", "dismiss"], "How a person answers the prompt on the device")),
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
    steps.extend(nouns().into_iter().map(|(noun, rows)| step(&noun, change(&rows), true)));
    let alone: Vec<&str> = table()
        .iter()
        .filter(|row| !row.command.path.contains('/'))
        .map(|row| row.command.path)
        .chain(["restart", "push"])
        .collect();
    steps.extend([json!({ "enum": alone }), chosen()]);
    steps
}

/// The commands of the table by their noun; what has none is the device's own.
fn nouns() -> BTreeMap<String, Vec<&'static Row>> {
    let mut nouns: BTreeMap<String, Vec<&'static Row>> = BTreeMap::new();
    for row in table() {
        let noun = row.words().next().unwrap_or_default();
        nouns.entry(noun.to_owned()).or_default().push(row);
        nouns.entry("device".to_owned()).or_default().push(row);
    }
    nouns
}

/// What may stand behind a noun: the words of a command, with its one argument, or its members.
fn change(rows: &[&Row]) -> Value {
    let noun_of = |row: &Row| row.words().next().unwrap_or_default().to_owned();
    let is_device = rows.iter().any(|row| noun_of(row) != noun_of(rows[0]));
    let mut words = Vec::new();
    let mut patterns = Vec::new();
    let mut members = Map::new();
    let mut whole = None;
    for row in rows {
        let verb: Vec<&str> = row.words().skip(usize::from(!is_device)).collect();
        let text = verb.join(" ");
        let body = body(row);
        if row.only_member().is_some() || row.takes_name_and_value() {
            patterns.push(format!("^{text}{}.+$", if text.is_empty() { "" } else { " " }));
        }
        if verb.is_empty() {
            whole = Some(body);
        } else {
            words.push(json!({ "const": text, "description": row.command.summary }));
            let body = json!({ "anyOf": [body, { "type": "null" }] });
            members.insert(verb.join(" "), body);
        }
    }
    let mut forms = words;
    forms.extend(patterns.into_iter().map(|pattern| json!({ "type": "string", "pattern": pattern })));
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
