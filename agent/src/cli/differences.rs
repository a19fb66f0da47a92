//! What a change changed: the members of `status` that are others than before, as a person reads them.
//!
//! Lives here: which members are compared, and how a value is written. Does not live here: how the device stands (`changed`).

use std::collections::BTreeMap;

use portal_contract::StatusReport;
use serde_json::Value;

use super::page::{PageLine, TextPage};

/// What belongs to the daemon, follows from the rest, or counts what happens anyway.
const NOT_COMPARED: [&str; 17] = [
    "broker",
    "connection",
    "control",
    "daemon",
    "desktop",
    "documentation",
    "grace",
    "held",
    "heldPushes",
    "hints",
    "lastAction",
    "lastSequence",
    "paced",
    "prerequisites",
    "redelivered",
    "shouldShowRequestPermissionRationale",
    "updatedAt",
];
/// Members whose own members are named alone: `lockScreen`, not `settings.lockScreen`.
const OPENED: [&str; 3] = ["condition", "policy", "settings"];

/// A line for each difference: `lockScreen: on → off`.
pub fn lines(before: &StatusReport, after: &StatusReport) -> TextPage {
    let (before, after) = (members(before), members(after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut page = TextPage::new();
    for name in names {
        let words =
            |members: &BTreeMap<String, String>| members.get(name).cloned().unwrap_or_else(|| "none".to_owned());
        let (was, is) = (words(&before), words(&after));
        if was != is {
            page.push(PageLine::new().plain(format!("{name}: {was} → ")).strong(is));
        }
    }
    page
}

fn members(status: &StatusReport) -> BTreeMap<String, String> {
    let Ok(Value::Object(members)) = serde_json::to_value(status) else { return BTreeMap::new() };
    let mut named = BTreeMap::new();
    for (name, value) in members.into_iter().filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str())) {
        match value {
            Value::Object(inner) if OPENED.contains(&name.as_str()) => {
                named.extend(inner.iter().filter_map(|(name, value)| Some((name.clone(), words(name, value)?))));
            }
            Value::Object(inner) if name == "app" => {
                named.extend(
                    inner.iter().filter_map(|(inner, value)| Some((format!("app.{inner}"), words(inner, value)?))),
                );
            }
            value => named.extend(words(&name, &value).map(|words| (name, words))),
        }
    }
    // In words it is a span, and no count.
    if let Some(ahead) = named.remove("clockAheadMillis") {
        named.insert("clockAhead".to_owned(), ahead);
    }
    named
}

/// A value in words; none of what is absent.
fn words(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::String(text) => Some(text.clone()),
        Value::Number(millis) if name == "clockAheadMillis" => {
            Some(format!("{:#}", jiff::SignedDuration::from_millis(millis.as_i64().unwrap_or_default())))
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) => Some(list.iter().filter_map(|one| words(name, one)).collect::<Vec<_>>().join(", ")),
        // The prompt: it shows or it does not.
        Value::Object(_) => Some("showing".to_owned()),
    }
}
