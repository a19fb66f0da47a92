//! `GET /v1/openapi.json`: the control API's own description, made of the route table.
//!
//! Lives here: the document. Does not live here: the table (`routes`).

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::parameters::QueryParameter;
use super::route::{AnswerKind, RouteDescription, schema};
use super::{API_HEADER, ErrorBody, VERSION, health, log};

/// Where the document is served.
pub(super) const PATH: &str = "/v1/openapi.json";

/// The document of these routes.
pub(super) fn document<'a>(routes: impl Iterator<Item = &'a RouteDescription>) -> Value {
    // OpenAPI 3.1 speaks JSON Schema 2020-12 and keeps the definitions here.
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for about in routes {
        let operation = operation(about, &mut generator);
        let path = paths.entry(about.path.clone()).or_insert_with(|| json!({}));
        path[about.method.name().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "portal-agent's control API",
            "version": VERSION,
            "description": format!("HTTP on loopback. The token of control.json goes with every request but livez and \
                readyz; a client may send {API_HEADER} with the API's version that it speaks."),
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn operation(about: &RouteDescription, generator: &mut SchemaGenerator) -> Value {
    let error = schema::<ErrorBody>(generator);
    let mut operation = json!({
        "summary": about.summary,
        "operationId": operation_id(about),
        "parameters": parameters(about),
        "responses": {
            "200": { "description": "Done", "content": answers(about.answers, generator) },
            "default": { "description": "Not done, and why", "content": json_content(error) },
        },
    });
    if let Some(body) = about.body {
        let schema = body(generator);
        // The document says what the server does, and is tested against it: an empty body counts as `{}` where no
        // member must be there.
        let is_required = has_required_members(&schema, generator);
        operation["requestBody"] = json!({ "required": is_required, "content": json_content(schema) });
    }
    if about.path == health::READY {
        let not_ready = json!({ "text/plain": { "schema": { "type": "string" } } });
        operation["responses"]["503"] = json!({ "description": "What is not ready", "content": not_ready });
    }
    if health::PATHS.contains(&about.path.as_str()) {
        operation["security"] = json!([]);
    }
    operation
}

/// Whether a body must be there: an empty one counts as `{}`.
fn has_required_members(schema: &Schema, generator: &mut SchemaGenerator) -> bool {
    let reference = schema.as_value().get("$ref").and_then(Value::as_str);
    let name = reference.and_then(|path| path.rsplit('/').next());
    let body = name.and_then(|name| generator.definitions().get(name)).unwrap_or(schema.as_value());
    body.get("required").and_then(Value::as_array).is_some_and(|required| !required.is_empty())
}

fn operation_id(about: &RouteDescription) -> String {
    let words = about.path.replace("/v1/", "/").replace("devices/{device}", "device");
    let words: Vec<&str> = words.split('/').filter(|word| !word.is_empty()).collect();
    format!("{}-{}", about.method.name().to_ascii_lowercase(), words.join("-"))
}

fn parameters(about: &RouteDescription) -> Value {
    let mut parameters = Vec::new();
    if about.path.contains("{device}") {
        parameters.push(json!({
            "name": "device", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
        }));
    }
    parameters.extend(about.parameters.iter().map(query_parameter));
    Value::Array(parameters)
}

fn query_parameter(parameter: &QueryParameter) -> Value {
    let text = json!({ "type": "string" });
    let schema = if parameter.repeats { json!({ "type": "array", "items": text }) } else { text };
    json!({ "name": parameter.name, "in": "query", "description": parameter.meaning, "schema": schema })
}

fn answers(answers: AnswerKind, generator: &mut SchemaGenerator) -> Value {
    match answers {
        AnswerKind::Json(schema) => json_content(schema(generator)),
        AnswerKind::JsonOrEvents(schema) => {
            let mut content = json_content(schema(generator));
            content[log::EVENT_STREAM] = json!({ "schema": { "type": "string" } });
            content
        }
        AnswerKind::Events(schema) => {
            let schema = schema(generator);
            json!({ log::EVENT_STREAM: { "schema": schema } })
        }
        AnswerKind::Text => json!({ "text/plain": { "schema": { "type": "string" } } }),
    }
}

fn json_content(schema: Schema) -> Value {
    json!({ "application/json": { "schema": schema } })
}
