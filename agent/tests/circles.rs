//! Import circles between the files of a crate: files that can only be read, changed and tested together.
//!
//! Read by text: what a file imports (`use`), and every path that begins with `crate::`, `super::` or `self::`, followed through
//! `pub use` to the file that has the name. A file of a folder may use what its folder's own file says (`mod.rs`, `lib.rs`):
//! that file is the folder's face and the place of what its files share. Tests are left out.

#![allow(clippy::unwrap_used, reason = "a scan that cannot read its sources has failed")]

mod rust_sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rust_sources::rust_sources;

/// How many circles a crate may have.
const MOST: usize = 2;

const CRATES: [&str; 5] =
    ["agent/src", "agent/embedded-broker/src", "shared/contract/src", "shared/delivery/src", "shared/device/src"];

/// A module's path below its crate; the crate's own file has none.
type ModulePath = Vec<String>;

/// A crate's code, module by module.
struct CrateScan {
    modules: BTreeMap<ModulePath, ModuleScan>,
}

/// What one file names: each path with whether it is passed on (`pub use`).
struct ModuleScan {
    paths: Vec<(Vec<String>, bool)>,
}

impl CrateScan {
    fn read(root: &Path) -> Self {
        let files = rust_sources(root).into_iter().filter(|file| !is_of_tests(file.strip_prefix(root).unwrap()));
        let module = |file: PathBuf| {
            let place = file.strip_prefix(root).unwrap().with_extension("");
            let mut path: ModulePath =
                place.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
                path.pop();
            }
            (path, ModuleScan { paths: named_paths(&without_tests(&fs::read_to_string(file).unwrap())) })
        };
        Self { modules: files.into_iter().map(module).collect() }
    }

    /// The module that a path leads to, as `from` names it, and the name in it.
    fn lead(&self, from: &[String], path: &[String]) -> Option<(ModulePath, Option<String>)> {
        let mut at = from.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop()?;
            }
            child => {
                let below = [from, &[child.to_owned()]].concat();
                self.modules.get(&below)?;
                at = below;
            }
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|word| word == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        while let Some(word) = rest.first() {
            let below = [&at[..], std::slice::from_ref(word)].concat();
            if !self.modules.contains_key(&below) {
                break;
            }
            (at, rest) = (below, &rest[1..]);
        }
        Some((at, rest.first().cloned()))
    }

    /// The same, followed through what is passed on.
    fn target(&self, from: &[String], path: &[String]) -> Option<ModulePath> {
        let (mut at, mut name) = self.lead(from, path)?;
        // As deep as anything here is passed on; a name that is passed round in a circle ends it.
        for _ in 0..6 {
            let Some(wanted) = &name else { break };
            let passed_on = self
                .modules
                .get(&at)?
                .paths
                .iter()
                .find(|(path, is_public)| *is_public && path.last() == Some(wanted) && path.len() > 1);
            let Some((path, _)) = passed_on else { break };
            let Some(next) = self.lead(&at, path) else { break };
            (at, name) = next;
        }
        Some(at)
    }

    fn imports(&self) -> BTreeMap<&ModulePath, BTreeSet<ModulePath>> {
        let of = |(module, scan): (&ModulePath, &ModuleScan)| {
            let targets = scan.paths.iter().filter(|(_, is_public)| !is_public);
            targets
                .filter_map(|(path, _)| self.target(module, path))
                .filter(|target| !module.starts_with(target))
                .collect()
        };
        self.modules.iter().map(|entry| (entry.0, of(entry))).collect()
    }

    /// The groups of files that reach each other.
    fn circles(&self) -> Vec<Vec<String>> {
        let imports = self.imports();
        let reached: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
            imports.keys().map(|module| (*module, reach(&imports, module))).collect();
        let mut circles = BTreeSet::new();
        for (module, all) in &reached {
            if all.contains(*module) {
                let together = all.iter().filter(|other| reached[**other].contains(*module));
                circles.insert(together.map(|other| other.join("::")).collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }
}

/// Every module that is imported, however far.
fn reach<'a>(
    imports: &'a BTreeMap<&ModulePath, BTreeSet<ModulePath>>,
    from: &'a ModulePath,
) -> BTreeSet<&'a ModulePath> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(imports.get(next).into_iter().flatten().filter(|target| reached.insert(*target)));
    }
    reached
}

/// Whether a file is a module of tests, or lies in one.
fn is_of_tests(path: &Path) -> bool {
    path.iter().any(|part| Path::new(part).file_stem().is_some_and(|stem| stem == "tests"))
}

/// The code without its comments and without the module of tests at its end.
fn without_tests(source: &str) -> String {
    let code = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect()
}

fn named_paths(code: &str) -> Vec<(Vec<String>, bool)> {
    let mut paths = Vec::new();
    let mut rest = String::new();
    let mut statements = code;
    while let Some(at) = start_of_use(statements) {
        let (before, after) = statements.split_at(at);
        let Some((tree, behind)) = after.trim_start_matches("use ").split_once(';') else { break };
        let is_public = before.trim_end().lines().last().is_some_and(|line| line.trim_start().starts_with("pub"))
            && !before.trim_end().ends_with([';', '}', ']']);
        paths.extend(branches(tree).into_iter().map(|path| (path, is_public)));
        rest.push_str(before);
        statements = behind;
    }
    rest.push_str(statements);
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in rest.match_indices(root) {
            let is_whole = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            if is_whole {
                let path = rest[at..].split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next().unwrap();
                paths.push((words(path), false));
            }
        }
    }
    paths
}

/// Where the next `use` stands that begins a statement.
fn start_of_use(code: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let line = code[..*at].rsplit('\n').next().unwrap_or_default().trim_start();
        line.is_empty() || (line.starts_with("pub") && line.ends_with(' '))
    };
    code.match_indices("use ").map(|(at, _)| at).find(begins)
}

/// Every path of a tree such as `a::{b, c::{d, e as f}}`.
fn branches(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((stem, inside)) = tree.split_once('{') else {
        return vec![words(tree.split(" as ").next().unwrap())];
    };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let whole = parts.iter().filter(|part| !part.trim().is_empty());
    whole.flat_map(|part| branches(part)).map(|branch| [words(stem), branch].concat()).collect()
}

fn words(path: &str) -> Vec<String> {
    path.split("::").map(str::trim).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

#[test]
fn a_crate_has_two_import_circles_at_most() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in CRATES {
        let circles = CrateScan::read(&root.join(name)).circles();
        let told: Vec<String> = circles.iter().map(|circle| circle.join(", ")).collect();
        assert!(circles.len() <= MOST, "{name} has {} import circles:\n{}", circles.len(), told.join("\n"));
    }
}

#[test]
fn the_scan_finds_a_circle_through_what_is_passed_on() {
    let module = |code: &str| ModuleScan { paths: named_paths(&without_tests(code)) };
    let path = |text: &str| words(text);
    let scan = CrateScan {
        modules: BTreeMap::from([
            (path("a"), module("pub mod b;\npub mod c;\npub use b::Name;\npub(crate) struct Shared;\n")),
            (path("a::b"), module("use super::Shared;\n\nuse super::c::{Other, Third as Fourth};\n// use crate::x;\n")),
            (
                path("a::c"),
                module("fn f() { let name = crate::a::Name; }\n#[cfg(test)]\nmod tests { use super::super::d; }"),
            ),
            (path("a::d"), module("use std::fmt;\nuse super::b;\n")),
        ]),
    };
    assert_eq!(scan.circles(), [["a::b", "a::c"]]);
}
