//! What reports say of devices, receipts and values, in a line.
//!
//! Lives here: the words. Pure.

use portal_contract::Receipt;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::scenario::model::GivenDevice;

/// The members of a receipt that say nothing of the outcome.
const FRAME: [&str; 6] = ["sequence", "notificationId", "deviceId", "target", "receivedAt", "decidedAt"];

/// The device: platform, version, documentation.
pub(super) fn device(device: &GivenDevice) -> String {
    format!("{} {}, documentation {}", device.platform, device.os_version, device.rules.documentation.year())
}

/// A word of an enumeration, as JSON spells it.
pub(super) fn plain<T: Serialize>(word: &T) -> String {
    match serde_json::to_value(word) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A receipt as JSON members.
pub(super) fn members(receipt: &Receipt) -> Map<String, Value> {
    match serde_json::to_value(receipt) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The outcome with its members: `withheld, unmet ["notificationsPermitted"]`.
pub(super) fn outcome(receipt: &Receipt) -> String {
    let mut text = receipt.outcome.kind().word().to_owned();
    for (name, value) in members(receipt) {
        if name != "outcome" && !FRAME.contains(&name.as_str()) {
            text.push_str(&format!(", {name} {}", json(&value)));
        }
    }
    text
}

/// A value: a text as it is, anything else as JSON.
pub(super) fn json(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
