//! One line of a recorded scenario: values in YAML's flow form, steps, expectations.
//!
//! Lives here: writing them. Pure. JSON's texts are YAML's in double quotes, so that nothing in them is read as anything else.

use portal_contract::{CustomNotification, MAX_PAYLOAD_BYTES, NotificationId, PushTarget, Receipt, Timestamp};
use serde_json::{Map, Value, json};

use super::span;
use portal_device::DeviceCommand;

/// The members of a receipt that say what the outcome is.
const TELLING: [&str; 5] = ["outcome", "unmet", "surface", "problem", "delay"];
/// The largest payload that a scenario writes.
const LARGEST: usize = 64 * 1024;

/// A text, in double quotes.
pub(super) fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value in flow form; names and plain words are bare.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{}: {}", bare(name), flow(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A name without its quotes, where it is a plain word.
fn bare(name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain && name.starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_owned() } else { text(name) }
}

/// Whether a file would take it for an axis of a matrix.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.contains("${")
}

/// The step of a command, by its row of the table; none for what no scenario does.
pub fn command(command: &DeviceCommand) -> Option<String> {
    let (row, body) = portal_contract::command::request(command).ok()??;
    let is_empty = body.as_object().is_some_and(Map::is_empty);
    Some(match (is_empty, row.name.split_once(' ')) {
        (true, _) => row.step(),
        (false, Some((noun, rest))) => format!("{noun}: {{{rest}: {}}}", flow(&body)),
        (false, None) => format!("{}: {}", row.name, flow(&body)),
    })
}

/// The step of a push.
pub(super) fn push(target: PushTarget, payload: Option<&str>, size: usize, at: Timestamp) -> String {
    let group = match target {
        PushTarget::Device => None,
        PushTarget::Group { id } => Some(id),
    };
    let mut members = payload.and_then(|payload| of_members(payload, at)).unwrap_or_else(|| raw(payload, size));
    if let (Some(group), Some(members)) = (group, members.as_object_mut()) {
        members.insert("group".to_owned(), json!(group));
    }
    format!("push: {}", flow(&members))
}

/// A payload by its members, where that says all of it.
fn of_members(payload: &str, at: Timestamp) -> Option<Value> {
    if is_placeholder(payload) {
        return None;
    }
    let parsed = CustomNotification::parse(payload.as_bytes()).ok()?;
    let Ok(Value::Object(mut members)) = serde_json::from_str::<Value>(payload) else { return None };
    // An unknown member may have a name that a step means something else by.
    if members.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return None;
    }
    members.retain(|name, value| !value.is_null() && !TIMES.contains(&name.as_str()));
    for (name, short) in
        [("notificationTitle", "title"), ("notificationBody", "body"), ("targetUserPrincipalName", "targetUser")]
    {
        if let Some(value) = members.remove(name) {
            members.insert(short.to_owned(), value);
        }
    }
    let ago = parsed.sent_at.map_or(0, |sent_at| at.millis_since(sent_at));
    if ago >= 1000 {
        members.insert("sentAgo".to_owned(), span(ago).into());
    }
    if let Some(expires_at) = parsed.expires_at {
        // As the sender meant it, where it arrived at once.
        let from = parsed.sent_at.filter(|_| ago < 1000).unwrap_or(at);
        members.insert("expiresIn".to_owned(), span(expires_at.millis_since(from)).into());
    }
    Some(Value::Object(members))
}

const TIMES: [&str; 2] = ["sentAt", "expiresAt"];
const KNOWN: [&str; 6] =
    ["id", "notificationTitle", "notificationBody", "sentAt", "expiresAt", "targetUserPrincipalName"];

fn raw(payload: Option<&str>, size: usize) -> Value {
    // Of a payload that was not told only its size matters, or that it is not UTF-8.
    match payload {
        Some(payload) if !is_placeholder(payload) && payload.len() <= LARGEST => json!({ "raw": { "text": payload } }),
        Some(payload) if payload.len() <= LARGEST => json!({ "raw": { "hex": hex(payload.as_bytes()) } }),
        _ if size <= MAX_PAYLOAD_BYTES => json!({ "raw": { "hex": "ff" } }),
        _ => json!({ "raw": { "text": "x", "times": size.min(LARGEST) } }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The step of a remote action.
pub(super) fn action(action: &Value, at: Timestamp) -> String {
    let mut members = Map::new();
    for name in ["id", "action"] {
        members.extend(action.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let sent_at = action.get("sentAt").and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    if let Some(sent_at) = sent_at {
        members.insert("sentAgo".to_owned(), span(at.millis_since(sent_at)).into());
    }
    format!("action: {}", flow(&Value::Object(members)))
}

/// That a push has its outcome.
pub(super) fn outcome(receipt: &Receipt) -> String {
    let Ok(Value::Object(members)) = serde_json::to_value(receipt) else { return "nothing".to_owned() };
    let mut expected = Map::new();
    if let Some(id) = &receipt.notification_id {
        expected.insert("of".to_owned(), NotificationId::as_str(id).into());
    }
    for name in TELLING {
        expected.extend(members.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    flow(&Value::Object(expected))
}
