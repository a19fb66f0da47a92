//! What is wrong with a scenario file: where, what, and what was meant.
//!
//! Lives here: problems, their collection, and how they are shown with the line that they are on.
//! Does not live here: finding them.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::super::model::FilePosition;
use crate::escape::{harmless, is_harmful};

/// How many problems of a file are shown: the first ones are worth correcting first.
const MOST: usize = 20;

/// A place in a file; line and column count from 1, the length counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceSpan {
    pub line: usize,
    pub column: usize,
    /// How long what stands there is.
    pub length: usize,
}

impl Default for SourceSpan {
    fn default() -> Self {
        Self { line: 1, column: 1, length: 0 }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileProblem {
    /// Where.
    pub place: SourceSpan,
    /// What.
    pub message: String,
    /// What was meant, or would be right; empty where the message says it.
    pub hint: String,
}

impl FileProblem {
    /// A problem at a place.
    pub fn new(place: SourceSpan, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: hint.into() }
    }

    /// A problem of the whole file.
    pub fn of_file(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(SourceSpan::default(), message, hint)
    }
}

/// How many problems of a file are kept: combinations of a matrix find the same one again and again.
const MOST_KEPT: usize = 2000;
/// What a file's matrices, repetitions and placeholders may make of it, in bytes; the largest that ships makes 1 MB.
const MOST_EXPANDED: usize = 64 * 1024 * 1024;

/// Collects problems while a file is read on, and counts what the file grows to.
#[derive(Debug, Default)]
pub struct ProblemList {
    found: Vec<FileProblem>,
    expanded: usize,
}

impl ProblemList {
    pub fn add(&mut self, place: SourceSpan, message: impl Into<String>, hint: impl Into<String>) {
        if self.found.len() < MOST_KEPT {
            self.found.push(FileProblem::new(place, message, hint));
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Counts what a combination, a repetition or a placeholder makes, before it is made; whether it may be.
    pub fn expand(&mut self, place: SourceSpan, bytes: usize) -> bool {
        let before = self.expanded;
        self.expanded = before.saturating_add(bytes);
        if before <= MOST_EXPANDED && self.expanded > MOST_EXPANDED {
            let message = format!("matrix, times and ${{…}} make more than {MOST_EXPANDED} bytes of this file");
            // Not by `add`: this one is not to be left out.
            self.found.push(FileProblem::new(place, message, "split it into several files"));
        }
        !self.is_exhausted()
    }

    /// Whether there is no use in reading on.
    pub fn is_exhausted(&self) -> bool {
        self.expanded > MOST_EXPANDED || self.found.len() >= MOST_KEPT
    }

    /// In the order of the file, each once: combinations of a matrix find the same one again and again.
    pub fn in_order(mut self) -> Vec<FileProblem> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}

/// A file that is not right, with all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidFile {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong, in the order of the file.
    pub problems: Vec<ReportedProblem>,
    /// The file's text, as far as it is any.
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    places: Vec<FileProblem>,
}

/// One problem, as a program reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportedProblem {
    /// `file:line:column`
    pub at: FilePosition,
    /// What is wrong.
    pub message: String,
    /// What was meant.
    pub hint: String,
}

impl InvalidFile {
    /// A file with what is wrong with it.
    pub fn new(file: &str, bytes: &[u8], places: Vec<FileProblem>) -> Self {
        let name: Arc<str> = file.into();
        let of = |problem: &FileProblem| ReportedProblem {
            at: FilePosition { file: Arc::clone(&name), line: problem.place.line, column: problem.place.column },
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        };
        let problems = places.iter().map(of).collect();
        // What is too large to read is too large to show.
        let shown = bytes.get(..bytes.len().min(super::MAX_FILE_BYTES)).unwrap_or_default();
        Self { file: file.to_owned(), problems, text: String::from_utf8_lossy(shown).into_owned(), places }
    }

    /// Each problem with its line and a mark below what is wrong; `styled` with the terminal's codes.
    pub fn show(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let shown: Vec<String> =
            self.places.iter().take(MOST).map(|problem| self.show_one(problem, &renderer)).collect();
        let more = self.places.len().saturating_sub(MOST);
        let rest =
            if more == 0 { String::new() } else { format!("\n\n… and {more} more in {}", harmless(&self.file)) };
        shown.join("\n\n") + &rest
    }

    fn show_one(&self, problem: &FileProblem, renderer: &Renderer) -> String {
        let (line, span) = self.line(problem.place);
        let label = if problem.hint.is_empty() { "here".to_owned() } else { harmless(&problem.hint) };
        let (path, message) = (harmless(&self.file), harmless(&problem.message));
        let snippet = Snippet::source(line.as_str())
            .line_start(problem.place.line)
            .path(path.as_str())
            .annotation(AnnotationKind::Primary.span(span).label(label.as_str()));
        renderer.render(&[Level::ERROR.primary_title(message.as_str()).element(snippet)])
    }

    /// The line of a place as it is shown, and where in it, in bytes, the place is.
    fn line(&self, place: SourceSpan) -> (String, std::ops::Range<usize>) {
        let written = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        // Tabs would move the mark; what controls a terminal must not reach one. Some of those have two bytes, so the
        // place is counted in what is shown.
        let line: String = written.chars().map(|c| if is_harmful(c) { ' ' } else { c }).collect();
        let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let from = byte(place.column.saturating_sub(1));
        let to = byte(place.column.saturating_sub(1).saturating_add(place.length.max(1)));
        let span = from..to.max(from);
        (line, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_character_of_two_bytes_does_not_move_the_mark() {
        let text = "\u{85}\u{9b}: \u{fffd}x";
        for column in 1..8 {
            let place = SourceSpan { line: 1, column, length: 1 };
            let wrong = InvalidFile::new("a.yaml", text.as_bytes(), vec![FileProblem::new(place, "wrong", "")]);
            let shown = wrong.show(false);
            assert!(shown.contains("wrong") && !shown.contains('\u{9b}'), "{column}: {shown}");
        }
    }

    #[test]
    fn nothing_of_a_file_its_name_or_a_sentence_about_it_controls_a_terminal() {
        let hostile = "\u{1b}]0;x\u{7}\u{202e}\u{9b}\u{2028}";
        let problem = FileProblem::new(
            SourceSpan { line: 1, column: 2, length: 1 },
            format!("no {hostile}"),
            format!("a {hostile}"),
        );
        let wrong = InvalidFile::new(&format!("{hostile}.yaml"), hostile.as_bytes(), vec![problem; 30]);
        let shown = wrong.show(false);
        assert!(shown.chars().all(|c| c == '\n' || !is_harmful(c)), "{shown:?}");
        assert!(shown.contains("no \\u{1b}]0;x"), "{shown}");
    }
}
