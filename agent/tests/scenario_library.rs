//! The scenarios that ship: they read, the published schema takes them, and the pages that are made of them are current.
//!
//! `tests/regenerate` writes the pages anew. That the scenarios hold is another test's (`tests/tests/scenarios.rs`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use portal_agent::scenario::files::{load, load_all};
use portal_agent::scenario::model::ScenarioCase;
use portal_agent::scenario::{coverage, read, read_script, schema, script_schema};
use portal_contract::command::COMMANDS;
use portal_contract::{DocumentationYear, OperatingSystem};
use portal_device::behaviour::BEHAVIOURS;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/scenarios")
}

fn cases() -> Vec<ScenarioCase> {
    let loaded = load(&[folder()]).unwrap();
    let wrong: Vec<String> = loaded.wrong.iter().map(|wrong| wrong.show(false)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    loaded.cases
}

fn current(file: &str, text: &str) {
    let path = folder().join(file);
    if std::env::var_os("PORTAL_REGENERATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(published == text, "{file} is not current; run tests/regenerate");
}

fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

#[test]
fn the_published_schema_is_current() {
    current("scenario.schema.json", &(serde_json::to_string_pretty(&schema()).unwrap() + "\n"));
    current("../scripts/script.schema.json", &(serde_json::to_string_pretty(&script_schema()).unwrap() + "\n"));
}

#[test]
fn every_shipped_script_is_right_and_the_schema_takes_it_and_the_page_of_the_format() {
    let scripts = folder().join("../scripts");
    let loaded = load_all(std::slice::from_ref(&scripts)).unwrap();
    let wrong: Vec<String> = loaded.wrong.iter().map(|wrong| wrong.show(false)).collect();
    assert!(wrong.is_empty() && !loaded.scripts.is_empty() && loaded.cases.is_empty(), "{}", wrong.join("\n"));
    let validator = jsonschema::validator_for(&script_schema()).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(&scripts).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    assert_eq!(files.len(), loaded.scripts.len());
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/page.md")).unwrap();
    let shown = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap().to_owned();
    for text in files.iter().map(|file| fs::read_to_string(file).unwrap()).chain([shown]) {
        if let Err(wrong) = read_script("text.yaml", text.as_bytes()) {
            panic!("{}", wrong.show(false));
        }
        for document in documents(&text) {
            let errors: Vec<String> =
                validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{}\n{}", document["name"], errors.join("\n"));
        }
    }
    for wrong in [
        json!({ "name": "x", "beats": [] }),
        json!({ "name": "x", "beats": [{ "steps": [] }] }),
        json!({ "name": "x", "beats": [{ "caption": "c", "steps": [{ "pusch": null }] }] }),
        json!({ "name": "x", "beats": [{ "caption": "c", "steps": [{ "restart": null }] }] }),
        json!({ "beats": [{ "caption": "c" }] }),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
        assert!(read_script("x.yaml", wrong.to_string().as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn the_page_of_facts_is_current() {
    current("README.md", &coverage::page(&cases()));
}

/// A behaviour that no scenario could show would stand here with its reason; there is none.
#[test]
fn each_documented_behaviour_has_a_scenario() {
    let cases = cases();
    let is_named = |id: &str| cases.iter().any(|case| case.facts.iter().any(|fact| fact == id));
    let gaps: Vec<&str> = BEHAVIOURS.iter().map(|behaviour| behaviour.id).filter(|id| !is_named(id)).collect();
    assert!(gaps.is_empty(), "no scenario names {}", gaps.join(", "));
}

/// Whatever is not documented in every year says so on the page, and with a failure.
#[test]
fn what_rests_on_a_choice_says_so() {
    let page = coverage::page(&cases());
    for behaviour in BEHAVIOURS {
        let row = page.lines().find(|line| line.starts_with(&format!("| {} |", behaviour.id))).unwrap();
        let systems = [OperatingSystem::Ios, OperatingSystem::Android];
        for label in behaviour.evidence.labels(DocumentationYear::ALL.iter().copied(), &systems) {
            assert!(row.contains(label.word()), "{} is {}: {row}", behaviour.id, label.word());
        }
    }
}

#[test]
fn the_schema_takes_every_shipped_scenario_and_what_the_format_page_shows() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    assert!(files.len() > 10);
    let page = fs::read_to_string(folder().join("FORMAT.md")).unwrap();
    let shown = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap()).chain(shown);
    for text in texts {
        if let Err(wrong) = read("text.yaml", text.as_bytes()) {
            panic!("{}", wrong.show(false));
        }
        for document in documents(&text) {
            let errors: Vec<String> =
                validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{}\n{}", document["name"], errors.join("\n"));
        }
    }
}

/// `config/scenarios/FORMAT.md`: any command that changes the device, as on the command line.
#[test]
fn the_schema_takes_each_command_as_it_is_typed() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for row in COMMANDS {
        for line in row.examples.iter().map(|example| example.line).filter(|line| line.starts_with(row.name)) {
            let (noun, rest) = line.split_once(' ').unwrap_or((line, ""));
            for step in [json!(line), json!({ noun: rest })] {
                let is_right = rest.is_empty() || validator.is_valid(&json!({ "name": "x", "steps": [step] }));
                assert!(is_right, "{step}");
            }
        }
    }
}

/// What the reader refuses, the schema refuses where a schema can.
#[test]
fn the_schema_refuses_what_is_not_right() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let step = |step: Value| json!({ "name": "x", "steps": [step] });
    let right = [step(json!({ "app": "install" })), step(json!("retire")), step(json!({ "os": "update 27" }))];
    let wrong = [
        json!({ "steps": [] }),
        json!({ "name": "x", "steps": [], "devise": {} }),
        json!({ "name": "x", "steps": [], "device": { "platform": "androit" } }),
        json!({ "name": "x", "steps": [], "facts": ["4.9.9"] }),
        step(json!({ "ap": "install" })),
        step(json!({ "app": "instal" })),
        step(json!({ "app": "install", "push": {} })),
        step(json!({ "push": null, "refused": true })),
        step(json!({ "expect": "presentd" })),
        step(json!({ "expect": { "surface": "baner", "outcome": "presented" } })),
        step(json!({ "answer": "maybe" })),
    ];
    for document in &right {
        assert!(validator.is_valid(document), "{document}");
    }
    for document in &wrong {
        assert!(!validator.is_valid(document), "{document}");
        assert!(read("x.yaml", document.to_string().as_bytes()).is_err(), "{document}");
    }
}
