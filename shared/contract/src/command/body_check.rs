//! A JSON body held against the schema that is published for it: everything else is refused, in our own sentences.
//!
//! serde alone takes more than the schema says (a list for an object, `{"done":null}` for `"done"`), and words its refusals for
//! programmers.
//!
//! Lives here: the words of JSON Schema that our types' schemas use. Does not live here: patterns and formats, which each type's
//! own reading checks, with a sentence of its own.

use std::collections::HashSet;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::row::{SchemaOf, schema_of};
use crate::json_payload::kind;

/// Checks `body` against its schema; `what` names it, as the beginning of a sentence.
///
/// # Errors
/// A sentence: which member is missing, not known, or of the wrong form.
pub fn check_body(what: &str, schema: SchemaOf, body: &Value) -> Result<(), String> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let root = schema(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    BodyCheck { definitions: &definitions }.check(&root, body, what)
}

/// Reads a body that passes [`check_body`].
///
/// # Errors
/// As there, and what the members' own types say of their values.
pub fn read_body<T: JsonSchema + DeserializeOwned>(what: &str, body: Value) -> Result<T, String> {
    check_body(what, schema_of::<T>, &body)?;
    serde_json::from_value(body).map_err(|error| format!("{what} is not right: {error}"))
}

struct BodyCheck<'a> {
    definitions: &'a Map<String, Value>,
}

impl BodyCheck<'_> {
    fn check(&self, schema: &Value, value: &Value, what: &str) -> Result<(), String> {
        // `true` lets everything through.
        let Value::Object(words) = schema else { return Ok(()) };
        for (word, says) in words {
            match word.as_str() {
                "$ref" => self.check(self.definition(says), value, what)?,
                "type" => has_type(says, value, what)?,
                "const" if says != value => return Err(format!("{what} is {}, not {says}", shown(value))),
                "enum" if !parts(says).contains(value) => return Err(not_among(parts(says), value, what)),
                "anyOf" | "oneOf" => self.check_any(parts(says), value, what)?,
                "allOf" => parts(says).iter().try_for_each(|part| self.check(part, value, what))?,
                "properties" => self.check_members(words, says, value, what)?,
                "items" => {
                    let place = |index: usize| format!("entry {} of {what}", index + 1);
                    let mut items = parts(value).iter().enumerate();
                    items.try_for_each(|(index, item)| self.check(says, item, &place(index)))?;
                }
                "uniqueItems" if *says == Value::Bool(true) => all_differ(parts(value), what)?,
                "minimum" | "maximum" => in_range(word, says, value, what)?,
                _ => {}
            }
        }
        // An object's schema without members has no `properties`.
        if !words.contains_key("properties") && words.contains_key("additionalProperties") {
            self.check_members(words, &Value::Null, value, what)?;
        }
        Ok(())
    }

    fn definition(&self, reference: &Value) -> &Value {
        let name = reference.as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        // Every reference was made by the generator together with its definition, so one that leads nowhere cannot
        // come.
        self.definitions.get(name).unwrap_or(&Value::Null)
    }

    /// One of them must let it through; where none does, the first that is not about null says why.
    fn check_any(&self, schemas: &[Value], value: &Value, what: &str) -> Result<(), String> {
        // An enum whose variants have docs of their own comes as a list of constants, and its refusal is to name the
        // words and not the first of them.
        let words: Option<Vec<Value>> = schemas.iter().map(|schema| schema.get("const").cloned()).collect();
        if let Some(words) = words {
            return if words.contains(value) { Ok(()) } else { Err(not_among(&words, value, what)) };
        }
        let mut refusals = Vec::new();
        for schema in schemas {
            match self.check(schema, value, what) {
                Ok(()) => return Ok(()),
                Err(refusal) if schema.get("type") != Some(&Value::from("null")) => refusals.push(refusal),
                Err(_) => {}
            }
        }
        Err(refusals.into_iter().next().unwrap_or_else(|| format!("{what} is {}", shown(value))))
    }

    fn check_members(
        &self,
        words: &Map<String, Value>,
        properties: &Value,
        value: &Value,
        what: &str,
    ) -> Result<(), String> {
        let Value::Object(members) = value else { return Ok(()) };
        let none = Map::new();
        let properties = properties.as_object().unwrap_or(&none);
        for name in words.get("required").map(parts).unwrap_or_default() {
            let name = name.as_str().unwrap_or_default();
            if !members.contains_key(name) {
                return Err(format!("{what} has no member {name:?}, which must be there"));
            }
        }
        for (name, member) in members {
            match properties.get(name) {
                Some(schema) => self.check(schema, member, &format!("{name:?} in {what}"))?,
                None if words.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    let known: Vec<String> = properties.keys().map(|name| format!("{name:?}")).collect();
                    let takes = if known.is_empty() { "no members".to_owned() } else { known.join(", ") };
                    return Err(format!("{what} has a member {}, and takes {takes}", excerpt(&format!("{name:?}"))));
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn parts(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn has_type(says: &Value, value: &Value, what: &str) -> Result<(), String> {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        // `1.0` is a number with a fraction to serde, so it is here too, although JSON Schema counts it as whole.
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let names: Vec<&str> = match says {
        Value::String(name) => vec![name],
        other => parts(other).iter().filter_map(Value::as_str).collect(),
    };
    if names.iter().any(|name| is(name)) {
        return Ok(());
    }
    let wanted = names.iter().find(|name| **name != "null").map_or("null", |name| match *name {
        "boolean" => "a boolean",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a string",
        "array" => "an array",
        _ => "an object",
    });
    Err(format!("{what} is {}, not {wanted}", kind(value)))
}

fn all_differ(entries: &[Value], what: &str) -> Result<(), String> {
    let mut seen = HashSet::new();
    match entries.iter().position(|entry| !seen.insert(entry)) {
        Some(again) => Err(format!("entry {} of {what} stands there twice", again + 1)),
        None => Ok(()),
    }
}

fn in_range(word: &str, says: &Value, value: &Value, what: &str) -> Result<(), String> {
    let (Some(limit), Some(number)) = (says.as_f64(), value.as_f64()) else { return Ok(()) };
    match word {
        "minimum" if number < limit => Err(format!("{what} is {value}, and at least {says}")),
        "maximum" if number > limit => Err(format!("{what} is {value}, and at most {says}")),
        _ => Ok(()),
    }
}

fn not_among(words: &[Value], value: &Value, what: &str) -> String {
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    format!("{what} is {}, and takes one of {}", shown(value), words.join(", "))
}

/// A value, as far as a sentence repeats it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => excerpt(&value.to_string()),
        other => kind(other).to_owned(),
    }
}

fn excerpt(text: &str) -> String {
    let cut: String = text.chars().take(64).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewDevice;
    use crate::command::{COMMANDS, CommandRow, DeviceCommand};
    use serde_json::json;

    /// The words of JSON Schema that say nothing about which values are right, or that the types check as they are read.
    const SAID_ELSEWHERE: [&str; 8] =
        ["$schema", "title", "description", "default", "format", "pattern", "examples", "$defs"];

    /// Every word of JSON Schema in every published body is one that is checked here, or is known to be checked elsewhere.
    #[test]
    fn no_word_of_a_published_schema_is_passed_over() {
        const CHECKED: [&str; 14] = [
            "uniqueItems",
            "$ref",
            "type",
            "const",
            "enum",
            "anyOf",
            "oneOf",
            "allOf",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "minimum",
            "maximum",
        ];
        fn look(schema: &Value, found: &mut Vec<String>) {
            let Value::Object(words) = schema else { return };
            for (word, says) in words {
                if !CHECKED.contains(&word.as_str()) && !SAID_ELSEWHERE.contains(&word.as_str()) {
                    found.push(word.clone());
                }
                match word.as_str() {
                    "properties" | "$defs" => says.as_object().unwrap().values().for_each(|schema| look(schema, found)),
                    "anyOf" | "oneOf" | "allOf" => parts(says).iter().for_each(|schema| look(schema, found)),
                    "items" | "additionalProperties" => look(says, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        let schemas = COMMANDS.iter().filter_map(CommandRow::body_schema).chain([schema_of::<NewDevice> as SchemaOf]);
        for schema in schemas {
            let mut generator = SchemaSettings::draft2020_12().into_generator();
            look(&schema(&mut generator).to_value(), &mut found);
            generator.take_definitions(true).values().for_each(|schema| look(schema, &mut found));
        }
        assert_eq!(found, [""; 0], "check it, or say above why not");
    }

    #[test]
    fn what_no_schema_says_is_refused_in_a_sentence() {
        let row = |name: &str| COMMANDS.iter().find(|row| row.name == name).unwrap();
        for (name, body, said) in [
            ("wipe", json!([]), "the body of wipe is an array, not an object"),
            ("wipe", json!(null), "the body of wipe is null, not an object"),
            ("wipe", json!({ "stage": { "done": null } }), "\"stage\" in the body of wipe is an object"),
            ("wipe", json!({ "stage": "soon" }), "is \"soon\", and takes one of pending, issued, done"),
            ("device lock", json!({ "x": 1 }), "has a member \"x\", and takes no members"),
            (
                "app install",
                json!({ "versoin": "5" }),
                "has a member \"versoin\", and takes \"targetSdk\", \"version\"",
            ),
            (
                "app install",
                json!({ "version": 5 }),
                "\"version\" in the body of app install is a number, not a string",
            ),
            (
                "app install",
                json!({ "targetSdk": -1 }),
                "\"targetSdk\" in the body of app install is -1, and at least 0",
            ),
            ("app install", json!({ "targetSdk": 1.5 }), "is a number, not a whole number"),
            ("enroll", json!({}), "the body of enroll has no member \"user\", which must be there"),
            (
                "enroll",
                json!({ "user": "a@b", "groups": "x" }),
                "\"groups\" in the body of enroll is a string, not an array",
            ),
            (
                "enroll",
                json!({ "user": "a@b", "groups": [1] }),
                "entry 1 of \"groups\" in the body of enroll is a number",
            ),
        ] {
            let refusal = row(name).read(body).unwrap_err();
            assert!(refusal.contains(said), "{name}: {refusal}");
        }
        let twice = row("enroll").read(json!({ "user": "a@b", "groups": ["x", "x"] })).unwrap_err();
        assert_eq!(twice, "entry 2 of \"groups\" in the body of enroll stands there twice");
        let read: Result<DeviceCommand, String> = row("app install").read(json!({ "targetSdk": null, "version": "5" }));
        assert!(read.is_ok(), "{read:?}");
    }
}
