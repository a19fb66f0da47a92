//! The gateway's own description: an OpenAPI document, made of the table of calls.
//!
//! Lives here: paths, bodies and answers as a client's generator or a fuzzer reads them. Does not live here: the table (`route`).

use serde_json::{Map, Value, json};

use crate::route::{CALLS, CallRow};

/// The document. `base` is scheme and authority by which the gateway is reached.
pub(crate) fn document(base: &str) -> Value {
    let mut paths = Map::new();
    for row in CALLS {
        let versions: &[&str] = if row.in_v1 { &["beta", "v1.0"] } else { &["beta"] };
        for version in versions {
            add(&mut paths, &format!("/{version}{}", row.path), row);
        }
    }
    for version in ["beta", "v1.0"] {
        add(&mut paths, &format!("/{version}/$batch"), &BATCH);
    }
    OWN.iter().for_each(|row| add(&mut paths, row.path, row));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "portal-agent gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Microsoft Graph's calls for custom notifications and managed devices, answered for emulated devices.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {"error": {"description": "An error in Graph's shape", "content": {"application/json": {"schema": error()}}}},
        },
    })
}

const fn own(method: &'static str, path: &'static str, summary: &'static str) -> CallRow {
    CallRow { method, path, summary, in_v1: true, success: 200 }
}

const BATCH: CallRow = own("POST", "/$batch", "Up to 20 requests in one");

/// The calls that Graph does not have.
const OWN: &[CallRow] = &[
    own("GET", "/emulator/notifications", "The latest sends, with counts of what became of them"),
    own(
        "GET",
        "/emulator/notifications/{send}",
        "One send, with each device's outcome; as server-sent events when asked for",
    ),
    own(
        "GET",
        "/emulator/report",
        "What this sender met: refused, throttled, too long, refused by a device, shown to nobody",
    ),
    own("POST", "/emulator/clock", "Move the gateway's clock"),
    own("GET", "/emulator/openapi.json", "This document"),
];

fn add(paths: &mut Map<String, Value>, path: &str, row: &CallRow) {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}}))
        .collect();
    if is_list(row) {
        parameters
            .extend(OPTIONS.iter().map(|(name, kind)| json!({"name": name, "in": "query", "schema": {"type": kind}})));
    }
    let mut responses = Map::new();
    let success = match row.success {
        204 => json!({"description": "Done"}),
        _ => json!({"description": "Done", "content": {"application/json": {"schema": {"type": "object"}}}}),
    };
    responses.insert(row.success.to_string(), success);
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/error"}));
    let mut operation = json!({"summary": row.summary, "parameters": parameters, "responses": responses});
    if let Some(schema) = body(row) {
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    let methods = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
    methods[row.method.to_ascii_lowercase()] = operation;
}

const OPTIONS: [(&str, &str); 6] = [
    ("$select", "string"),
    ("$top", "integer"),
    ("$skip", "integer"),
    ("$filter", "string"),
    ("$orderby", "string"),
    ("$count", "boolean"),
];

fn is_list(row: &CallRow) -> bool {
    let last = row.path.rsplit('/').next().unwrap_or_default();
    let lists = ["managedDevices", "comanagedDevices", "users", "groups", "members", "transitiveMembers"];
    row.method == "GET" && lists.contains(&last)
}

/// What a call takes; none where it takes nothing.
fn body(row: &CallRow) -> Option<Value> {
    let last = row.path.rsplit('/').next().unwrap_or_default();
    let text = |most: u32| json!({"type": "string", "minLength": 1, "maxLength": most});
    let ids = |most: u32| json!({"type": "array", "minItems": 1, "maxItems": most, "items": {"type": "string", "format": "uuid"}});
    let object = |required: &[&str], properties: Value| {
        Some(json!({"type": "object", "required": required, "properties": properties}))
    };
    match (row.method, last) {
        ("POST", "sendCustomNotificationToCompanyPortal") if row.path.contains('{') => object(
            &["notificationTitle", "notificationBody"],
            json!({"notificationTitle": text(50), "notificationBody": text(500)}),
        ),
        ("POST", "sendCustomNotificationToCompanyPortal") => object(
            &["notificationTitle", "notificationBody", "groupsToNotify"],
            json!({"notificationTitle": text(50), "notificationBody": text(500), "groupsToNotify": ids(25)}),
        ),
        ("POST", "executeAction") => object(
            &["actionName", "deviceIds"],
            json!({
                "actionName": {"enum": ["customTextNotification", "retire", "wipe", "syncDevice", "delete"]},
                // An id that is no UUID is nobody's, and answered as not found.
                "deviceIds": {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "string"}}, "notificationTitle": text(50), "notificationBody": text(500),
            }),
        ),
        ("POST", "groups") => object(
            &["displayName"],
            json!({"id": {"type": ["string", "null"], "format": "uuid"}, "displayName": text(256),
                "description": {"type": ["string", "null"]},
                "members@odata.bind": {"type": ["array", "null"], "items": {"type": "string"}}}),
        ),
        ("POST", "$ref") => object(&["@odata.id"], json!({"@odata.id": {"type": "string"}})),
        ("POST", "$batch") => object(
            &["requests"],
            json!({"requests": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object",
                "required": ["id", "method", "url"], "properties": {"id": {"type": "string"}, "method": {"type": "string"},
                    "url": {"type": "string"}, "body": {}, "dependsOn": {"type": "array", "items": {"type": "string"}}}}}}),
        ),
        ("POST", "clock") => object(&["advance"], json!({"advance": {"type": "string"}})),
        _ => None,
    }
}

fn error() -> Value {
    json!({"type": "object", "required": ["error"], "properties": {"error": {"type": "object",
        "required": ["code", "message", "innerError"], "properties": {
            "code": {"type": "string"}, "message": {"type": "string"},
            "innerError": {"type": "object", "required": ["date", "request-id", "client-request-id"]}}}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_described_where_it_exists() {
        let document = document("http://g");
        for row in CALLS {
            let method = row.method.to_ascii_lowercase();
            let described = |version: &str| document["paths"][format!("/{version}{}", row.path)][&method].is_object();
            assert!(described("beta"), "{}", row.path);
            assert_eq!(described("v1.0"), row.in_v1, "{}", row.path);
        }
        let send = "/beta/deviceManagement/managedDevices/{device}/sendCustomNotificationToCompanyPortal";
        let schema = &document["paths"][send]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["notificationTitle"]["maxLength"], 50);
        assert!(schema["properties"]["groupsToNotify"].is_null());
    }
}
