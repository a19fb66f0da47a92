//! The document and the router are made of one table: each documented path answers.

use serde_json::Value;

use super::fake::DEVICE;
use super::running::RunningServer;

fn document(running: &RunningServer) -> Value {
    let answer = running.raw(&["GET /v1/openapi.json HTTP/1.1"], "");
    assert_eq!(answer.status, 200);
    serde_json::from_str(&answer.body).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().clone();
        methods
            .into_iter()
            .map(|(method, operation)| (method.to_uppercase(), path.clone(), operation))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn each_documented_path_answers() {
    let running = RunningServer::android();
    let operations = operations(&document(&running));
    assert!(operations.len() > 40, "{}", operations.len());
    for (method, path, _) in operations {
        let line = format!("{method} {} HTTP/1.1", path.replace("{device}", DEVICE));
        let answer = running.raw(&[&line], "");
        assert!(answer.status != 0 && answer.status < 500, "{line}: {answer:?}");
        assert!(!["unknownPath", "methodNotAllowed", "unknownDevice"].contains(&answer.code().as_str()), "{line}");
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere_and_every_operation_is_named_once() {
    let running = RunningServer::ios();
    let document = document(&running);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let mut ids: Vec<String> =
        operations(&document).iter().map(|(.., operation)| operation["operationId"].to_string()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn the_documents_paths_are_the_contracts() {
    let running = RunningServer::ios();
    let lines: Vec<String> = operations(&document(&running))
        .into_iter()
        .map(|(method, path, operation)| format!("{method:<4} {path:<50} {}", operation["summary"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
