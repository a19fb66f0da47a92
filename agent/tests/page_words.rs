//! The page's words stand in one place, so that a second language can have each: no other file of the page, and no script, says
//! anything to a reader.
//!
//! Read by text. In `html!` every text, and every attribute that is read out or shown, is one of the words; elsewhere a literal
//! counts as said where it begins with a capital letter or has words with a space between them. Command lines are the same in
//! each language, and what the control API answers is the agent's.
//!
//! Lives here: the scan. Does not live here: the words (`control::panel::words`), of which the compiler misses none.

#![allow(clippy::unwrap_used, reason = "a scan that cannot read its sources has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use portal_contract::command::all_rows;

/// The attributes that a reader sees or hears.
const SAID: [&str; 7] = ["title", "aria-label", "aria-description", "placeholder", "value", "alt", "lang"];
/// Calls whose texts are the control API's (errors with their hints, what a parameter or a body is), or code's.
const NOT_SAID: [&str; 8] = [
    "ApiError::new",
    "ApiError::bad_request",
    "QueryParameter::one",
    "QueryParameter::many",
    "body::read_as",
    "serde",
    "schemars",
    "debug_struct",
];
/// What tells somebody something in the scripts, before its text.
const TELLS: [&str; 5] = ["tell(", "notice(", "live(", "gate(", "textContent = "];

/// Where a literal stands that is no word of the page, what it begins with, and why it may.
const EXCEPTIONS: [(&str, &str, &str); 13] = [
    ("controls.rs", "UUID", "the name of a form of ids"),
    ("controls.rs", "{\"id\"", "the bytes of a push"),
    ("phone.rs", "CP", "the app's icon"),
    ("several.rs", "{} devices side by side are more than", "the control API's answer"),
    ("kept.rs", "a page's key has", "the control API's answer"),
    ("kept.rs", "portal-agent page", "what a page signs"),
    ("panel.js", "portal-agent page", "what a page signs"),
    ("panel.js", "use strict", "JavaScript's"),
    ("why.rs", "stop unmet", "classes"),
    ("when.rs", "b back", "classes"),
    ("when.rs", "ev push", "classes"),
    ("panel.js", "live push-right", "classes"),
    ("panel.js", "ghost wait", "classes"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum LiteralPlace {
    /// An element's text.
    Text,
    /// An attribute's value, or a part of it.
    Attribute(String),
    /// An expression, with the function that it is an argument of.
    Code(String),
}

#[derive(Debug, PartialEq, Eq)]
struct SourceLiteral {
    line: usize,
    text: String,
    place: LiteralPlace,
    /// Whether it is told to somebody where it stands.
    is_told: bool,
}

impl SourceLiteral {
    fn is_said(&self) -> bool {
        let has_letters = self.text.chars().any(char::is_alphabetic) && !is_command_line(&self.text);
        match &self.place {
            LiteralPlace::Text => has_letters,
            LiteralPlace::Attribute(name) => has_letters && SAID.contains(&name.as_str()),
            LiteralPlace::Code(call) if NOT_SAID.contains(&call.as_str()) => false,
            LiteralPlace::Code(_) if self.is_told => has_letters,
            LiteralPlace::Code(_) => has_letters && looks_said(&self.text),
        }
    }
}

/// Whether it is a word or a sentence by its form; all in capitals is a name (`POST`, `P-256`).
fn looks_said(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let is_letter = |one: char| one.is_alphabetic();
    let has_words = letters.windows(3).any(|three| is_letter(three[0]) && three[1] == ' ' && is_letter(three[2]));
    let begins_large = letters.first().is_some_and(|first| first.is_uppercase());
    has_words || (begins_large && letters.iter().any(|one| one.is_lowercase()))
}

/// Whether it is what somebody types, with or without the program's name, or that alone.
fn is_command_line(text: &str) -> bool {
    let line = text.strip_prefix("portal-agent").unwrap_or(text).trim();
    let typed: Vec<&str> = line.split(' ').collect();
    let is_row = |name: Vec<&str>| typed.starts_with(&name);
    line.is_empty() || line.starts_with("--") || line == "panel" || all_rows().any(|row| is_row(row.words().collect()))
}

/// A bracket that is open.
enum OpenBracket {
    Html,
    Attribute(String),
    Code(String),
}

/// Reads a file's literals; of Rust with what is in `html!` told apart.
struct LiteralScan<'a> {
    source: &'a str,
    at: usize,
    open: Vec<OpenBracket>,
    /// Within `html!`: in a condition or a pattern, which ends with a brace, or a `@let`, which ends with a semicolon.
    control: Option<char>,
    found: Vec<SourceLiteral>,
}

impl<'a> LiteralScan<'a> {
    fn of(source: &'a str, quotes: &[char]) -> Vec<SourceLiteral> {
        let mut scan = Self { source, at: 0, open: Vec::new(), control: None, found: Vec::new() };
        while let Some(next) = scan.rest().chars().next() {
            scan.step(next, quotes);
        }
        scan.found
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// What stands before, without the space between.
    fn before(&self) -> &'a str {
        self.source[..self.at].trim_end()
    }

    fn step(&mut self, next: char, quotes: &[char]) {
        let rest = self.rest();
        if let Some(end) = [("//", "\n"), ("/*", "*/")].iter().find_map(|(begin, end)| {
            rest.starts_with(begin).then(|| rest.find(end).map_or(rest.len(), |at| at + end.len()))
        }) {
            self.at += end;
        } else if rest.starts_with("r\"") || rest.starts_with("r#\"") {
            let close = if rest.starts_with("r#") { "\"#" } else { "\"" };
            let begin = rest.find('"').unwrap() + 1;
            let end = begin + rest[begin..].find(close).unwrap();
            self.literal(&rest[begin..end]);
            self.at += end + close.len();
        } else if quotes.contains(&next) {
            let end = end_of_literal(rest, next);
            self.literal(&rest[1..end]);
            self.at += end + 1;
        } else if next == '\'' {
            // A character, or else a lifetime.
            let is_escape = rest.starts_with("'\\");
            let is_character = is_escape || rest.chars().nth(2) == Some('\'');
            self.at += if is_escape { 2 + rest[2..].find('\'').unwrap() + 1 } else { 1 };
            if is_character && !is_escape {
                self.at += rest.chars().nth(1).unwrap().len_utf8() + 1;
            }
        } else {
            self.bracket(next);
            self.at += next.len_utf8();
        }
    }

    fn bracket(&mut self, next: char) {
        let is_markup = matches!(self.open.last(), Some(OpenBracket::Html | OpenBracket::Attribute(_)));
        match next {
            '@' if is_markup => {
                let word: String = self.rest()[1..].chars().take_while(|one| one.is_alphabetic()).collect();
                let has_condition = self.rest().starts_with("@else if");
                self.control = match word.as_str() {
                    "let" => Some(';'),
                    "else" if !has_condition => None,
                    _ => Some('{'),
                };
            }
            ';' if is_markup && self.control == Some(';') => self.control = None,
            '{' if self.before().ends_with("html!") => self.open.push(OpenBracket::Html),
            '{' if is_markup && self.control != Some(';') => {
                self.control = None;
                let opened = match (self.open.last(), self.attribute()) {
                    (Some(OpenBracket::Attribute(name)), _) => OpenBracket::Attribute(name.clone()),
                    (_, Some(name)) => OpenBracket::Attribute(name),
                    (_, None) => OpenBracket::Html,
                };
                self.open.push(opened);
            }
            '(' => {
                let is_name = |one: char| one.is_alphanumeric() || one == '_' || one == ':';
                let before = &self.source[..self.at];
                let name = &before[before.trim_end_matches(is_name).len()..];
                self.open.push(OpenBracket::Code(name.to_owned()));
            }
            '{' | '[' => self.open.push(OpenBracket::Code(String::new())),
            '}' | ')' | ']' => {
                self.open.pop();
            }
            _ => {}
        }
    }

    /// The attribute whose value begins here.
    fn attribute(&self) -> Option<String> {
        let name = self.before().strip_suffix('=')?;
        let is_name = |one: char| one.is_alphanumeric() || one == '-';
        let name = &name[name.trim_end_matches(is_name).len()..];
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn literal(&mut self, text: &str) {
        let place = match self.open.last() {
            Some(OpenBracket::Html | OpenBracket::Attribute(_)) if self.control.is_some() => {
                LiteralPlace::Code(String::new())
            }
            Some(OpenBracket::Html) => self.attribute().map_or(LiteralPlace::Text, LiteralPlace::Attribute),
            Some(OpenBracket::Attribute(name)) => LiteralPlace::Attribute(name.clone()),
            Some(OpenBracket::Code(call)) => LiteralPlace::Code(call.clone()),
            None => LiteralPlace::Code(String::new()),
        };
        let line = self.source[..self.at].lines().count();
        let before = &self.source[..self.at];
        let is_told = TELLS.iter().any(|teller| before.ends_with(teller));
        let text = without_escapes(text);
        self.found.push(SourceLiteral { line, text, place, is_told });
    }
}

/// Without escapes, whose letters are no word's: `\n`, `\u{b7}`.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\\');
    let first = parts.next().unwrap().to_owned();
    let bare = |part: &str| match part.strip_prefix('u') {
        Some(code) => code.split_once('}').map_or(String::new(), |(_, rest)| rest.to_owned()),
        None => part.chars().skip(1).collect(),
    };
    parts.fold(first, |text, part| text + &bare(part))
}

fn end_of_literal(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let closes = |(_, one): &(usize, char)| {
        let is_end = *one == quote && !escaped;
        escaped = *one == '\\' && !escaped;
        is_end
    };
    1 + rest[1..].char_indices().find(closes).unwrap().0
}

/// What the files of the page with an ending say to a reader.
fn said(extension: &str, quotes: &[char]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/control/panel");
    let (mut said, mut seen, mut excepted) = (Vec::new(), 0, BTreeSet::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|found| found != extension) {
            continue;
        }
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let source = fs::read_to_string(&path).unwrap();
        let literals = LiteralScan::of(source.split("#[cfg(test)]").next().unwrap(), quotes);
        seen += literals.len();
        for literal in literals.into_iter().filter(SourceLiteral::is_said) {
            let is_it = |one: &(&str, &str, &str)| one.0 == file && literal.text.starts_with(one.1);
            match EXCEPTIONS.iter().position(is_it) {
                Some(exception) => {
                    excepted.insert(exception);
                }
                None => said.push(format!("{file}:{}: {:?} {}", literal.line, literal.place, literal.text)),
            }
        }
    }
    assert!(seen > 50, "the scan sees the files: {seen} literals");
    let of_these = |(_, one): &(usize, &(&str, &str, &str))| one.0.ends_with(extension);
    let stale = EXCEPTIONS.iter().enumerate().filter(of_these).filter(|(number, _)| !excepted.contains(number));
    assert_eq!(
        stale.map(|(_, one)| one).collect::<Vec<_>>(),
        Vec::<&(&str, &str, &str)>::new(),
        "no exception any more"
    );
    said
}

#[test]
fn only_the_words_of_the_page_are_said_on_it() {
    let said = said("rs", &['"']);
    assert!(said.is_empty(), "to be a word of control::panel::words:\n{}", said.join("\n"));
}

#[test]
fn the_pages_scripts_say_only_what_they_are_given() {
    let said = said("js", &['"', '\'', '`']);
    assert!(said.is_empty(), "to be one of ScriptWords:\n{}", said.join("\n"));
}

#[test]
fn the_scan_tells_what_is_said_from_what_is_not() {
    let source = r##"
        // "A comment"
        const LINE: &str = "device lock"; const NAME: &str = "Locked"; let two = "not shown";
        let error = ApiError::new("code", "no such device", "List them");
        let letter = '"'; let longer = '\u{b7}'; fn of<'a>(text: &'a str) {}
        let page = html! {
            @let class = if met { "Ok" } else { "stop it" };
            p class={ "Verdict " @if wide { "two words" } } title="x" aria-label={ (name) " of" } { "copy" (icon("check")) " \u{b7} " }
            @match look { Some(Look { icon, .. }) => { "none" } None => "never", }
            @if word == "Copy" { b data-kind="Text" { (press("b", "Press it", r#"raw"#)) } } @else { "else" }
        };
    "##;
    let said: Vec<String> = LiteralScan::of(source, &['"'])
        .into_iter()
        .filter(SourceLiteral::is_said)
        .map(|literal| literal.text)
        .collect();
    assert_eq!(
        said,
        ["Locked", "not shown", "Ok", "stop it", "x", " of", "copy", "none", "never", "Copy", "Press it", "else"]
    );
    let script = "tell('done'); one.type = 'button'; live(texts.was, 'was'); // 'A comment'\nb.textContent = `All`;";
    let said = LiteralScan::of(script, &['"', '\'', '`']).into_iter().filter(SourceLiteral::is_said);
    assert_eq!(said.map(|literal| literal.text).collect::<Vec<_>>(), ["done", "All"]);
}
