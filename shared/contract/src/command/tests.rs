//! What must hold of every row of the table.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// Two commands of each row, where it has two.
fn bodies(row: &CommandRow) -> Vec<Value> {
    row.examples
        .iter()
        .filter(|example| example.line.starts_with(row.name))
        .map(|example| {
            row.body_of_words(&example.line[row.name.len()..].split_whitespace().collect::<Vec<_>>()).unwrap()
        })
        .collect()
}

/// Rows that say in the platform's spelling what an older one says: that one is written.
const SYNONYMS: [&str; 2] = ["device battery unrestricted", "device battery optimized"];

#[test]
fn every_row_reads_its_examples_and_finds_itself_by_what_they_mean() {
    for row in COMMANDS {
        assert!(!bodies(row).is_empty(), "{} has no example of its own", row.name);
        for body in bodies(row) {
            let command = row.read(body.clone()).unwrap();
            let (found, again) = request(&command).unwrap().unwrap();
            assert_eq!(found.read(again).unwrap(), command, "{body}");
            assert!(
                found.name == row.name || SYNONYMS.contains(&row.name),
                "{} is written as {}",
                row.name,
                found.name
            );
        }
    }
}

#[test]
fn each_name_and_each_path_is_one_commands() {
    let names: BTreeSet<&str> = all_rows().map(|row| row.name).collect();
    assert_eq!(names.len(), all_rows().count());
    let paths: BTreeSet<(&str, &str)> = COMMANDS.iter().map(|row| (row.method.name(), row.path)).collect();
    assert_eq!(paths.len(), COMMANDS.len());
    for row in all_rows() {
        assert!(!row.summary.is_empty() && !row.summary.ends_with('.') && !row.examples.is_empty(), "{}", row.name);
        assert_eq!(row.changes_state(), row.method != HttpMethod::Get, "{}", row.name);
    }
}

#[test]
fn a_body_is_strict_and_says_what_is_wrong() {
    let row = |name: &str| COMMANDS.iter().find(|row| row.name == name).unwrap();
    let wrong = |name: &str, body: Value| row(name).read(body).unwrap_err();
    assert!(wrong("device lock", serde_json::json!({ "x": 1 })).contains("has a member \"x\""));
    assert!(wrong("enroll", serde_json::json!({})).contains("has no member \"user\""));
    assert!(wrong("os update", serde_json::json!({ "version": "tomorrow" })).contains("write it like 26"));
    assert!(wrong("clock advance", serde_json::json!({ "duration": "soon" })).contains("write it like 90s"));
    let staged = row("wipe").read(serde_json::json!({ "stage": "issued" }));
    assert_eq!(staged, Ok(DeviceCommand::Removal { removal: Removal::Wipe, stage: RemovalStage::Issued }));
    assert_eq!(request(&DeviceCommand::Rename { name: "x".to_owned() }).unwrap().map(|(row, _)| row.name), None);
    let exempt = DeviceCommand::Condition(ConditionCommand::BatteryOptimisationExempt(false));
    assert_eq!(request(&exempt).unwrap().unwrap().0.path_template(), "/v1/devices/{device}/battery/optimise");
}
