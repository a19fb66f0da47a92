//! `agent/docs/contract.md` names what the code has: every member and word of the published schemas, every command.
//!
//! Lives here: that nothing is missing on the page. Does not live here: whether what it says of each is right; that the
//! schemas are the types' (`shared/contract/tests/schema.rs`).

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What the page has in backticks, and in its JSON examples in double quotes, each split at everything that is no word.
fn words_of_the_page() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("agent/docs/contract.md")).unwrap();
    let code = page.split('`').skip(1).step_by(2);
    let words = code.flat_map(|code| code.split(|c: char| !(c.is_alphanumeric() || c == '-')));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The names of members and the words of enums in a schema.
fn words_of_a_schema(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            for word in members.get("enum").and_then(Value::as_array).into_iter().flatten().chain(members.get("const"))
            {
                found.extend(word.as_str().map(str::to_owned));
            }
            members.values().for_each(|member| words_of_a_schema(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| words_of_a_schema(item, found)),
        _ => {}
    }
}

/// The platforms' names of their switches, which `settings show` lists, are keys that no schema names.
#[test]
fn the_contract_page_names_every_word() {
    let page = words_of_the_page();
    let mut missing = Vec::new();
    for entry in fs::read_dir(root().join("shared/contract/schema")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut words = BTreeSet::new();
        words_of_a_schema(&schema, &mut words);
        assert!(!words.is_empty() || name == "asyncapi.json", "{name} has words");
        let unnamed = words.into_iter().filter(|word| !page.contains(word));
        missing.extend(unnamed.map(|word| format!("{name}: {word}")));
    }
    assert!(missing.is_empty(), "agent/docs/contract.md does not name:\n{}", missing.join("\n"));
}

/// The subcommands that a page of `--help` lists.
fn subcommands(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_portal-agent")).args(arguments).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let list = list.split("\n\n").next().unwrap();
    // A line that begins further in goes on with the one before.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn the_contract_page_names_every_command() {
    let page = words_of_the_page();
    let commands = subcommands(&[]);
    assert!(commands.len() > 20, "{commands:?}");
    let mut missing = Vec::new();
    for command in &commands {
        let below = subcommands(&[command]);
        let lines = below.iter().map(|name| (name, format!("{command} {name}"))).chain([(command, command.clone())]);
        missing.extend(lines.filter(|(name, _)| !page.contains(*name)).map(|(_, line)| line));
    }
    assert!(missing.is_empty(), "agent/docs/contract.md does not name: {}", missing.join(", "));
}
