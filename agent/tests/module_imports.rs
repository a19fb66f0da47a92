//! Which module of the agent may import which, as data, held against what the sources import.
//!
//! A new module gets a line in `MODULES`; an import against the layers fails here. The pure crates below `shared/` cannot import any
//! of them: Cargo does not let them.

#![allow(clippy::unwrap_used, reason = "a scan that cannot read its sources has failed")]

mod rust_sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rust_sources::rust_sources;

/// What everybody may import, as the crates below `shared/`: what others sent made harmless, files read and written with
/// care, how this program is called, a library's error in our words, the nearest right word, the computer's clock. Of the agent
/// they import nothing but `library_error`.
const FOR_ALL: &[&str] =
    &["escape", "html_page", "input_file", "invocation", "library_error", "likeness", "output_file", "wall_clock"];

/// Each module with the modules that it may import, besides those.
const MODULES: &[(&str, &[&str])] = &[
    // What modules at the border share: a password that does not print, the endpoint of a broker.
    ("escape", &[]),
    ("html_page", &[]),
    ("input_file", &[]),
    ("invocation", &[]),
    ("key_terminal", &[]),
    ("library_error", &[]),
    ("likeness", &[]),
    ("outcomes_page", &[]),
    ("output_file", &[]),
    ("recording", &[]),
    ("secret", &[]),
    ("service", &[]),
    ("state_dir", &[]),
    ("wall_clock", &[]),
    ("mqtt", &["secret"]),
    // HTTP on sockets, for the control API and the gateway.
    ("http_server", &[]),
    // The edges: the device's words, never each other, never the daemon.
    ("broker", &["mqtt", "secret"]),
    ("desktop", &[]),
    ("journal", &[]),
    ("control", &["http_server", "outcomes_page", "recording"]),
    // Sends: an endpoint's parameters, and no edge.
    ("sender", &["mqtt", "secret"]),
    ("settings", &["mqtt", "secret"]),
    // The sender's side: HTTP in front of the sender; a server's certificate is read as the embedded broker's is.
    ("gateway", &["http_server", "mqtt", "sender"]),
    // Drives any number of devices over the edges.
    ("host", &["broker", "control", "desktop", "journal", "sender"]),
    // A host with its files, its broker and its control API.
    (
        "daemon",
        &["broker", "control", "desktop", "host", "journal", "mqtt", "secret", "sender", "settings", "state_dir"],
    ),
    (
        "demo",
        &[
            "broker",
            "control",
            "daemon",
            "desktop",
            "host",
            "journal",
            "key_terminal",
            "mqtt",
            "secret",
            "sender",
            "settings",
            "state_dir",
        ],
    ),
    // Another way to drive the daemon's one device.
    (
        "scenario",
        &[
            "broker",
            "control",
            "daemon",
            "desktop",
            "host",
            "journal",
            "mqtt",
            "recording",
            "secret",
            "sender",
            "settings",
            "state_dir",
        ],
    ),
    // A phone that is only described, and no daemon: words, a scenario's device, a saved state.
    ("what_if", &["scenario"]),
    // The journal of a state directory on which no daemon runs, through the same rules and answers as a daemon's.
    ("at_rest", &["host", "journal", "state_dir"]),
    // Talks to a daemon through the control API's client, which the state directory's `control.json` leads to; what it may import more, a file at a time, is in `FILES`.
    ("cli", &["control", "outcomes_page", "sender", "settings", "state_dir"]),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// The files that may import more than their module, such as the commands that are a daemon, and what all commands end in.
const FILES: &[(&str, &[&str])] = &[
    // The embedded broker's password is a private file of the state directory.
    ("broker/embedded_file.rs", &["state_dir"]),
    ("cli/run.rs", &["broker", "daemon", "desktop"]),
    ("cli/demo.rs", &["demo", "desktop"]),
    // One match from every error to its exit code and its sentence.
    ("cli/exit_code.rs", &["demo"]),
    ("cli/what_if.rs", &["what_if"]),
    ("cli/failure.rs", &["daemon", "demo", "host", "scenario", "service"]),
    // Scenarios are read and run in the command's own process.
    ("cli/scenario/mod.rs", &["scenario"]),
    ("cli/scenario/facts.rs", &["scenario"]),
    ("cli/scenario/record.rs", &["daemon", "recording", "scenario"]),
    ("cli/scenario/show.rs", &["scenario"]),
    ("cli/scenario/run.rs", &["broker", "daemon", "desktop", "scenario"]),
    ("cli/script.rs", &["daemon", "scenario"]),
    ("cli/scenario/watch.rs", &["key_terminal", "scenario"]),
    // Settings in the daemon's words: `config show`, and the broker that `push` shares with the daemon.
    ("cli/config.rs", &["daemon"]),
    ("cli/diagnostics.rs", &["service"]),
    // What the service would be started with is checked before it is installed.
    ("cli/service.rs", &["daemon", "service"]),
    ("cli/device_source.rs", &["at_rest", "daemon"]),
    // What a daemon would find, where none runs.
    ("cli/doctor.rs", &["daemon"]),
    // The broker that the daemon is on, its end by a signal, and the gateway itself.
    ("cli/gateway/ca.rs", &["gateway"]),
    ("cli/gateway/run.rs", &["daemon"]),
    ("cli/gateway/serving.rs", &["gateway"]),
    ("cli/push/mod.rs", &["daemon"]),
    ("cli/push/payload.rs", &["mqtt"]),
    // An argument that may hold a password is not repeated.
    ("cli/usage.rs", &["mqtt", "secret"]),
];

/// Every module, file by file, with the modules that the file names after `crate::` (or `portal_agent::`).
fn imports() -> BTreeMap<(String, String), BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let import = |path: PathBuf| {
        let file = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let module = file.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let modules = named_modules(&fs::read_to_string(path).unwrap());
        let others = modules.into_iter().filter(|other| *other != module).collect();
        ((module, file), others)
    };
    rust_sources(&root).into_iter().map(import).collect()
}

/// The names after `crate::`, one of them or a list in braces, in code and not in comments.
fn named_modules(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect();
    let mut modules = BTreeSet::new();
    for root in ["crate::", "portal_agent::"] {
        for (at, _) in code.match_indices(root) {
            let is_whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let rest = &code[at + root.len()..];
            if is_whole {
                modules.extend(rest.strip_prefix('{').map_or_else(|| vec![first_name(rest)], names_in_braces));
            }
        }
    }
    modules.retain(|module| module.starts_with(|c: char| c.is_ascii_lowercase()));
    modules
}

fn first_name(code: &str) -> String {
    code.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first name of each path of a list such as `{a, b::c, d::{e, f}}`, from behind its opening brace on.
fn names_in_braces(code: &str) -> Vec<String> {
    let mut names = vec![first_name(code)];
    let mut depth = 1;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(first_name(&code[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> &'a [&'a str] {
    table.iter().find(|(its, _)| *its == name).map_or(&[], |(_, allowed)| allowed)
}

#[test]
fn no_module_imports_what_it_may_not() {
    let mut wrong = Vec::new();
    for ((module, file), others) in imports() {
        if !MODULES.iter().any(|(known, _)| *known == module) {
            wrong.push(format!("{file}: the module {module} has no line in MODULES"));
        }
        let may = [allowed(MODULES, &module), allowed(FILES, &file)].concat();
        let is_below = FOR_ALL.contains(&module.as_str());
        let may_all = |other: &str| FOR_ALL.contains(&other) && (!is_below || other == "library_error");
        let more = others.iter().filter(|other| !may.contains(&other.as_str()) && !may_all(other));
        wrong.extend(more.map(|other| format!("{file} imports {other}; {module} may import {may:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A line that nobody needs would let in what was never decided on.
#[test]
fn every_exception_is_in_use() {
    let imports = imports();
    for (file, allowed) in FILES {
        let module = file.split('/').next().unwrap();
        let named = imports.get(&(module.to_owned(), (*file).to_owned()));
        for other in *allowed {
            let in_use = named.is_some_and(|named| named.contains(*other));
            assert!(in_use, "{file} does not import {other} any more; take it out of FILES");
        }
    }
}

/// The table itself has no circle: nothing is imported, however far, by what it imports.
#[test]
fn the_modules_are_layered() {
    for (module, allowed_here) in MODULES {
        let mut below: BTreeSet<&str> = allowed_here.iter().copied().collect();
        loop {
            let more: BTreeSet<&str> = below.iter().flat_map(|other| allowed(MODULES, other)).copied().collect();
            if more.is_subset(&below) {
                break;
            }
            below.extend(more);
        }
        assert!(!below.contains(module), "{module} imports itself by way of another");
    }
}

#[test]
fn the_scan_reads_every_form_of_an_import() {
    let source = "use crate::device::Event;\n//! crate::comment::x\nuse crate::{journal, cli::{run, demo},\n    daemon};\n\
        fn f() { crate::broker::go(); my_crate::no::x(); $crate::control::X; crate::Upper; }\nportal_agent::mqtt::x();";
    let expected = ["broker", "cli", "control", "daemon", "device", "journal", "mqtt"];
    assert_eq!(named_modules(source).into_iter().collect::<Vec<_>>(), expected);
}
