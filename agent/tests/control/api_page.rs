//! `agent/docs/control-api.md`: its tables are the OpenAPI document's paths.
//!
//! Lives here: the tables, and the comparison with the page (`tests/regenerate` writes them). Does not live here: the text above
//! them, which is written by hand.

use serde_json::Value;

use super::running::RunningServer;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/control-api.md");
/// Everything below this heading is generated.
const HEADING: &str = "## Every path\n";

#[test]
fn the_page_of_the_control_api_is_current() {
    let running = RunningServer::ios();
    let answer = running.raw(&["GET /v1/openapi.json HTTP/1.1"], "");
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (text, _) = page.split_once(HEADING).unwrap();
    check_paths(text, &document);
    let current = format!("{text}{HEADING}{}", tables(&document));
    if std::env::var_os("PORTAL_REGENERATE").is_some() && page != current {
        std::fs::write(PAGE, current).unwrap();
        return;
    }
    assert!(page == current, "agent/docs/control-api.md is not current; run tests/regenerate");
}

/// Every path that the page's text names is one.
fn check_paths(text: &str, document: &Value) {
    let code = text.split('`').skip(1).step_by(2);
    let requests: Vec<&str> =
        code.filter_map(|code| code.strip_prefix("POST ").or(code.strip_prefix("GET "))).collect();
    assert!(requests.len() > 5, "{requests:?}");
    for request in requests {
        let path = request.split('?').next().unwrap().replace('…', "/v1/devices/{device}");
        assert!(document["paths"].get(&path).is_some() || path == "/v1/openapi.json", "{path}");
    }
}

fn tables(document: &Value) -> String {
    let mut text = String::new();
    let mut add = |title: &str, is_listed: &dyn Fn(&str) -> bool, base: &str| {
        text.push_str(&format!(
            "\n### {title}\n\n| | path | what it does | body | query |\n| --- | --- | --- | --- | --- |\n"
        ));
        for (path, methods) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| is_listed(path)) {
            for (method, operation) in methods.as_object().unwrap() {
                let below = path.strip_prefix(base).unwrap_or(path).trim_start_matches('/');
                let below = if below.is_empty() { "(itself)".to_owned() } else { format!("`{below}`") };
                let summary = operation["summary"].as_str().unwrap();
                let (method, body) = (method.to_uppercase(), body(document, operation));
                text.push_str(&format!("| {method} | {below} | {summary} | {body} | {} |\n", query(operation)));
            }
        }
    };
    let of_device = "/v1/devices/{device}";
    add("Of a device: below `/v1/devices/{device}`", &|path| path.starts_with(of_device), of_device);
    add("Of the daemon: below its address", &|path| !path.starts_with(of_device), "");
    text
}

/// The body's members; those that may be left out in brackets.
fn body(document: &Value, operation: &Value) -> String {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => schema,
    };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let members = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| {
        match required.contains(&name.as_str()) {
            true => format!("`{name}`"),
            false => format!("[`{name}`]"),
        }
    });
    members.collect::<Vec<_>>().join(", ")
}

fn query(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let names =
        parameters.filter(|parameter| parameter["in"] == "query").filter_map(|parameter| parameter["name"].as_str());
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
