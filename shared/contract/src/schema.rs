//! The contract's schemas, generated from the types: JSON Schema for each payload, AsyncAPI for the topics.
//!
//! Lives here: their generation. The generated files stand in `shared/contract/schema/`; a test keeps them in step.

use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

use crate::{
    ConnectionPayload, CustomNotification, DeviceState, DoctorReport, Explanation, GroupList, Receipt, RemoteAction,
    StatusReport,
};

/// Every published schema file: its name and its content.
pub fn files() -> Vec<(&'static str, Value)> {
    vec![
        ("custom-notification.schema.json", of::<CustomNotification>()),
        ("receipt.schema.json", of::<Receipt>()),
        ("device-state.schema.json", of::<DeviceState>()),
        ("connection.schema.json", of::<ConnectionPayload>()),
        ("groups.schema.json", of::<GroupList>()),
        ("action.schema.json", of::<RemoteAction>()),
        ("status.schema.json", of::<StatusReport>()),
        ("explain.schema.json", of::<Explanation>()),
        ("doctor.schema.json", of::<DoctorReport>()),
        ("asyncapi.json", asyncapi()),
    ]
}

fn of<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

/// A topic of the contract: name, address, who sends, payload schema, retained.
const CHANNELS: [(&str, &str, &str, &str, bool); 8] = [
    ("notifications", "portal/v1/{tenant}/devices/{device}/notifications", "receive", "custom-notification", false),
    ("groupNotifications", "portal/v1/{tenant}/groups/{group}/notifications", "receive", "custom-notification", false),
    ("receipts", "portal/v1/{tenant}/devices/{device}/receipts", "send", "receipt", false),
    ("state", "portal/v1/{tenant}/devices/{device}/state", "send", "device-state", true),
    ("connection", "portal/v1/{tenant}/devices/{device}/connection", "send", "connection", true),
    ("groups", "portal/v1/{tenant}/devices/{device}/groups", "receive", "groups", true),
    ("actions", "portal/v1/{tenant}/devices/{device}/actions", "receive", "action", false),
    ("fence", "portal/v1/{tenant}/devices/{device}/fence", "send", "", false),
];

fn asyncapi() -> Value {
    let mut channels = serde_json::Map::new();
    let mut operations = serde_json::Map::new();
    for (name, address, action, schema, retained) in CHANNELS {
        let payload = match schema {
            // The fence is the agent's own message to itself and has no schema that others could rely on.
            "" => json!({ "type": "string" }),
            file => json!({ "$ref": format!("./{file}.schema.json") }),
        };
        let parameters: serde_json::Map<String, Value> = ["tenant", "device", "group"]
            .into_iter()
            .filter(|parameter| address.contains(&format!("{{{parameter}}}")))
            .map(|parameter| {
                (parameter.to_owned(), json!({ "description": format!("one topic level: the {parameter}") }))
            })
            .collect();
        channels.insert(
            name.to_owned(),
            json!({ "address": address, "parameters": parameters, "messages": { name: { "payload": payload } } }),
        );
        operations.insert(
            name.to_owned(),
            json!({ "action": action, "channel": { "$ref": format!("#/channels/{name}") },
                    "bindings": { "mqtt": { "qos": 1, "retain": retained } } }),
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "portal-agent, a device's side", "version": env!("CARGO_PKG_VERSION"),
                  "description": "Topics and payloads between an emulated device and its senders over MQTT 5 or 3.1.1." },
        "channels": channels,
        "operations": operations,
    })
}
