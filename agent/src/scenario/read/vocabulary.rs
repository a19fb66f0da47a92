//! The words that the contract's types know, taken from their schemas: a word that is added there is known here.
//!
//! Lives here: the members of receipts and messages, and what may stand in them. Does not live here: a list of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use portal_contract::{CustomNotification, Receipt};
use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::words::meant;

/// The members of a type, each with the words that may stand in it; none: anything may.
#[derive(Debug)]
pub struct Vocabulary(BTreeMap<String, Vec<String>>);

impl Vocabulary {
    /// A receipt's, but for `outcome`.
    pub fn receipt() -> &'static Self {
        static RECEIPT: OnceLock<Vocabulary> = OnceLock::new();
        RECEIPT.get_or_init(|| {
            let mut receipt = Self::of::<Receipt>();
            receipt.0.remove("outcome");
            receipt
        })
    }

    /// A custom notification's.
    pub fn message() -> &'static Self {
        static MESSAGE: OnceLock<Vocabulary> = OnceLock::new();
        MESSAGE.get_or_init(Self::of::<CustomNotification>)
    }

    fn of<T: JsonSchema>() -> Self {
        let schema = schema_for!(T).to_value();
        let mut members = BTreeMap::new();
        collect(&schema, &schema, &mut members);
        Self(members)
    }

    /// Whether there is such a member.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The members' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether `value` may stand in `member`.
    ///
    /// # Errors
    /// What was meant.
    pub fn accepts(&self, member: &str, value: &str) -> Result<(), String> {
        match self.0.get(member) {
            Some(words) if !words.is_empty() && !words.iter().any(|word| word == value) => {
                Err(meant(value, words.iter().map(String::as_str)))
            }
            _ => Ok(()),
        }
    }

    /// The words that may stand in a member; none: anything may.
    pub fn words(&self, member: &str) -> &[String] {
        self.0.get(member).map_or(&[], Vec::as_slice)
    }
}

/// The properties of a schema, of its branches, and of what stands behind their links.
fn collect(schema: &Value, place: &Value, members: &mut BTreeMap<String, Vec<String>>) {
    if let Some(target) = linked(schema, place) {
        collect(schema, target, members);
    }
    for (name, property) in place.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let words = members.entry(name.clone()).or_default();
        for word in words_of(schema, property) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    for branches in ["oneOf", "anyOf", "allOf"] {
        for branch in place.get(branches).and_then(Value::as_array).into_iter().flatten() {
            collect(schema, branch, members);
        }
    }
}

/// What `$ref` leads to.
fn linked<'a>(schema: &'a Value, place: &Value) -> Option<&'a Value> {
    schema.pointer(place.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// The words of an enumeration, of a list of them, or of one behind a `$ref`.
fn words_of(schema: &Value, place: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(word) = place.get("const").and_then(text) {
        return vec![word];
    }
    if let Some(target) = linked(schema, place) {
        return words_of(schema, target);
    }
    let words = place.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(text);
    let items = place.get("items").into_iter().flat_map(|items| words_of(schema, items));
    let branches = ["oneOf", "anyOf"].into_iter().filter_map(|name| place.get(name)?.as_array()).flatten();
    words.chain(items).chain(branches.flat_map(|branch| words_of(schema, branch))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_come_from_the_types() {
        let receipt = Vocabulary::receipt();
        assert_eq!(receipt.accepts("surface", "banner"), Ok(()));
        assert_eq!(receipt.accepts("surface", "baner"), Err("did you mean banner?".to_owned()));
        assert_eq!(receipt.accepts("unmet", "deviceEnroled"), Err("did you mean deviceEnrolled?".to_owned()));
        assert_eq!(receipt.accepts("delay", "delayedDeviceDoze"), Ok(()));
        assert_eq!(receipt.accepts("detail", "anything"), Ok(()));
        assert!(receipt.has("problem") && receipt.has("interaction") && !receipt.has("outcome"));
        assert!(Vocabulary::message().has("notificationTitle"));
    }
}
