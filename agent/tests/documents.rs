//! What code and documents cite is there: sections, decisions, linked files, the files and tests that the recipes name.
//!
//! Forms of a citation: `contract N` is a numbered heading of `agent/docs/contract.md`, `facts N.M` one of
//! `agent/docs/sources.md`, `decisions/NNNN` a page in `agent/docs/decisions/`. A test reads text only: it neither runs the
//! program nor knows its types.
//!
//! Lives here: the scan of the whole repository. Does not live here: whether what is cited says what the code does.

#![allow(clippy::unwrap_used, reason = "a scan that cannot read its files has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing that a person wrote: build results, the corpora of the fuzz targets.
const NOT_READ: [&str; 4] = ["target", ".git", "corpus", "crashes"];
/// What is read as text.
const READ: [&str; 12] = ["rs", "md", "toml", "yaml", "yml", "json", "sql", "snap", "conf", "acl", "sh", "css"];
/// Where the repository's own paths begin.
const ROOTS: [&str; 6] = ["agent/", "shared/", "tests/", "config/", ".github/", ".ci/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the repository: its path from the root, and its text.
struct File {
    path: String,
    text: String,
}

fn files() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &mut found);
    let read = |path: PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        File { path, text }
    };
    let mut files: Vec<File> = found.into_iter().map(read).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 300, "the scan sees the repository: {} files", files.len());
    files
}

/// The files but for this one, whose examples are no citations.
fn citing() -> Vec<File> {
    files().into_iter().filter(|file| file.path != "agent/tests/documents.rs").collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !NOT_READ.contains(&name.as_str()) {
                collect(&path, found);
            }
        } else if path.extension().is_none_or(|extension| READ.iter().any(|read| extension == *read)) {
            // Without an extension: scripts, LICENSE.
            found.push(path);
        }
    }
}

fn markdown() -> Vec<File> {
    files().into_iter().filter(|file| file.path.ends_with(".md")).collect()
}

/// A number such as `4` or `4.1` that a text begins with, and what follows it.
fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = text[..end].trim_end_matches('.');
    (!number.is_empty() && number.starts_with(|c: char| c.is_ascii_digit())).then(|| (number, &text[number.len()..]))
}

/// The numbers that a text cites by a word: all of `facts 1.1, 4.1 and 5`.
fn cited<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(word) {
        let is_whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        let mut rest = text[at + word.len()..].strip_prefix(' ').filter(|_| is_whole).and_then(number);
        while let Some((number, behind)) = rest {
            found.push(number);
            rest = [", ", " and ", " to "].iter().find_map(|link| behind.strip_prefix(link)).and_then(self::number);
        }
    }
    found
}

/// The text with what one comment line continues on the next: `(contract` at the end of a line, `2)` on the next.
fn unwrapped(text: &str) -> String {
    let bare = |line: &str| line.trim().trim_start_matches(['/', '!', '#', '-', '*']).trim_start().to_owned();
    text.lines().map(bare).collect::<Vec<_>>().join(" ")
}

/// The numbers that a page's headings and table rows begin with.
fn numbers_of_a_page(page: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let headings = headings(&text);
    let numbers = headings.iter().filter_map(|heading| number(heading));
    // `4.1.4` is the fourth behaviour in the table of section 4.1.
    let rows = text.lines().filter_map(|line| number(line.strip_prefix("| ")?));
    numbers.chain(rows).map(|(number, _)| number.to_owned()).collect()
}

/// A page's headings, without those in code blocks.
fn headings(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let heading = |line: &'_ str| line.starts_with('#').then(|| line.trim_start_matches('#').starts_with(' '));
    let mut found = Vec::new();
    for line in text.lines() {
        in_code ^= line.starts_with("```");
        if !in_code && heading(line) == Some(true) {
            found.push(line.trim_start_matches('#').trim());
        }
    }
    found
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} to be put right:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_cited_section_is_a_heading() {
    let pages = [("contract", "agent/docs/contract.md"), ("facts", "agent/docs/sources.md")];
    let files = citing();
    let mut wrong = Vec::new();
    for (word, page) in pages {
        let known = numbers_of_a_page(page);
        let mut count = 0;
        for file in &files {
            let text = unwrapped(&file.text);
            let cited = cited(&text, word);
            count += cited.len();
            let missing = cited.into_iter().filter(|number| !known.contains(*number));
            wrong.extend(
                missing.map(|number| format!("{}: {page} has no heading {number} ({word} {number})", file.path)),
            );
        }
        assert!(count > 50, "the scan sees the citations of {page}: {count}");
    }
    assert_none(&wrong);
}

#[test]
fn every_cited_decision_has_a_page() {
    let pages: Vec<String> = fs::read_dir(root().join("agent/docs/decisions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let mut wrong = Vec::new();
    for file in citing() {
        for (at, word) in file.text.match_indices("decisions/") {
            let number: String = file.text[at + word.len()..].chars().take_while(char::is_ascii_digit).collect();
            if !number.is_empty() && !pages.iter().any(|page| page.starts_with(&format!("{number}-"))) {
                wrong.push(format!("{}: there is no page decisions/{number}", file.path));
            }
        }
    }
    assert_none(&wrong);
}

/// Notes that never were in the repository.
#[test]
fn nothing_cites_what_is_not_in_the_repository() {
    let outside = ["stack-mqtt", "stack-notifications", "stack-packaging", "shared/facts.md", "shared/contract.md"];
    let cites = |file: &File| {
        let of = |name: &&str| file.text.contains(*name).then(|| format!("{} cites {name}", file.path));
        outside.iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_none(&citing().iter().flat_map(cites).collect::<Vec<_>>());
}

/// The targets of a page's links that lead into the repository, without code.
fn links(text: &str) -> Vec<&str> {
    let link = |(at, _): (usize, &str)| text[at + 2..].split(')').next();
    let leads_inside = |target: &&str| {
        !target.contains("://") && !target.contains([' ', '\n']) && !target.is_empty() && !target.starts_with("mailto:")
    };
    text.match_indices("](").filter_map(link).filter(leads_inside).collect()
}

/// A heading as a link names it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut wrong = Vec::new();
    for file in markdown() {
        let folder = root().join(&file.path).parent().unwrap().to_owned();
        for link in links(&file.text) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(&file.path) } else { folder.join(path) };
            if !target.exists() {
                wrong.push(format!("{}: {link} does not exist", file.path));
            } else if !fragment.is_empty() && path.ends_with(".md") {
                let text = fs::read_to_string(&target).unwrap();
                if !headings(&text).into_iter().any(|heading| anchor(heading) == fragment) {
                    wrong.push(format!("{}: {link}: there is no such heading", file.path));
                }
            }
        }
    }
    assert_none(&wrong);
}

/// What stands in backticks.
fn code_words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A path of the repository that stands in backticks, without a command's arguments; none where it is a pattern.
fn own_path(word: &str) -> Option<&str> {
    let path = word.split(' ').next()?.trim_end_matches(['/', ',']);
    let pattern = path.contains(['*', '{', '<', '…', '$', ':']);
    (!pattern && ROOTS.iter().any(|root| path.starts_with(root))).then_some(path)
}

/// The text of a file in which paths are looked for: a page's prose (a code block's lines are commands), a source's comments.
fn prose(file: &File) -> String {
    if file.path.ends_with(".md") {
        return file.text.split("```").step_by(2).collect();
    }
    let comments =
        file.text.lines().filter_map(|line| line.split_once("//")).map(|(_, comment)| comment.to_owned() + "\n");
    // A backtick by itself would turn what is code and what is not around for all that follows.
    comments.filter(|comment| comment.matches('`').count() % 2 == 0).collect()
}

#[test]
fn every_path_that_is_named_exists() {
    let names_paths = |file: &File| file.path.ends_with(".md") || file.path.ends_with(".rs");
    let mut wrong = Vec::new();
    for file in citing().into_iter().filter(|file| names_paths(file) && file.path != "agent/CHANGELOG.md") {
        let prose = prose(&file);
        let missing = code_words(&prose).filter_map(own_path).filter(|path| !root().join(path).exists());
        wrong.extend(missing.map(|path| format!("{}: {path} does not exist", file.path)));
    }
    assert_none(&wrong);
}

/// The rows of the recipes: where, what, and what fails when it is forgotten.
fn recipe_rows(text: &str) -> Vec<[String; 3]> {
    let cells = |line: &str| {
        let cells: Vec<String> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().ok()
    };
    let rows: Vec<[String; 3]> = text.lines().filter(|line| line.starts_with("| ")).filter_map(cells).collect();
    rows.into_iter().filter(|[place, ..]| !place.starts_with("---") && place.contains('`')).collect()
}

/// A row of a recipe names a file first; what else is in backticks there and beside it occurs in that file. Tests that are
/// named in the last column exist.
#[test]
fn the_recipes_name_what_is_there() {
    let all = files();
    let page = fs::read_to_string(root().join(".github/CONTRIBUTING.md")).unwrap();
    let rows = recipe_rows(&page);
    assert!(rows.len() > 15, "the scan sees the recipes: {}", rows.len());
    let sources: Vec<&File> = all.iter().filter(|file| file.path.ends_with(".rs")).collect();
    let mut wrong = Vec::new();
    for [place, what, fails] in &rows {
        let path = code_words(place).next().unwrap_or_default();
        let within: String =
            all.iter().filter(|file| file.path.starts_with(path)).map(|file| file.text.as_str()).collect();
        if within.is_empty() {
            wrong.push(format!("{path} is no file and no folder with files"));
            continue;
        }
        let names = code_words(place).skip(1).chain(code_words(what)).filter(|word| own_path(word).is_none());
        wrong.extend(names.filter(|name| !within.contains(*name)).map(|name| format!("{path} does not hold {name}")));
        let tests = code_words(fails).filter(|word| !word.contains(' '));
        let is_there = |test: &&str| sources.iter().any(|source| source.text.contains(&format!("fn {test}(")));
        wrong.extend(tests.filter(|test| !is_there(test)).map(|test| format!("{path}: there is no test {test}")));
    }
    assert_none(&wrong);
}

#[test]
fn the_scan_reads_every_form_of_a_citation() {
    let text =
        unwrapped("// see (contract\n//! 2 and 4) and facts 1.1, 4.1: yes\n/// facts 5. contract_7, un-contract 8");
    assert_eq!(cited(&text, "contract"), ["2", "4"]);
    assert_eq!(cited(&text, "facts"), ["1.1", "4.1", "5"]);
    assert_eq!(links("[a](b.md#c) [d](https://e) `f`"), ["b.md#c"]);
    assert_eq!(anchor("7 Decided, not built yet"), "7-decided-not-built-yet");
    assert_eq!(headings("# a\n```\n# b\n```\n## 2 c"), ["a", "2 c"]);
    assert_eq!(own_path("tests/run --full"), Some("tests/run"));
    assert_eq!(own_path("agent/src/*/mod.rs"), None);
}

/// Each claim of the threat model names the test that would fail: one that is renamed or gone proves nothing.
#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let text = fs::read_to_string(root().join("agent/SECURITY.md")).unwrap();
    let is_name = |word: &&str| {
        let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':');
        plain && (word.contains('_') || word.contains("::"))
    };
    let named: BTreeSet<&str> = text.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(named.len() > 30, "{named:?}");
    let (mut files, mut code) = (BTreeSet::new(), String::new());
    let mut folders: Vec<PathBuf> = ["agent", "shared", "tests"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files.insert(path.file_name().unwrap().to_string_lossy().into_owned());
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
                code += &fs::read_to_string(&path).unwrap();
            }
        }
    }
    let is_there = |name: &str| {
        let last = name.rsplit("::").next().unwrap();
        files.contains(last) || code.contains(&format!("fn {last}(")) || code.contains(&format!("mod {last};"))
    };
    let gone: Vec<String> = named.into_iter().filter(|name| !is_there(name)).map(str::to_owned).collect();
    assert_none(&gone);
}
