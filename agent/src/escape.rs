//! Text of others made harmless: nothing in it controls a terminal, forges a line of a log, or breaks a report.
//!
//! Lives here: how a harmful character is written out. Does not live here: which are harmful (the contract says), where that
//! is done (pages, log lines, reports), and what a desktop card leaves out (`desktop::text`).

use std::fmt::{self, Write};

pub use portal_contract::harmful::is_harmful;

fn written_out(text: &str, is_written_out: impl Fn(char) -> bool) -> String {
    if !text.contains(&is_written_out) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_written_out(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// The text with each harmful character written out.
pub fn harmless(text: &str) -> String {
    written_out(text, is_harmful)
}

/// The same JSON with each harmful character escaped. JSON has them within strings only, where an escape says the same.
pub fn harmless_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_harmful(c) {
            // Harmful characters are all in the basic plane; writing to a String cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Text for an XML document or a page: what cannot stand in one is written out, and what would control the terminal of who reads
/// the document there. Line breaks and tabs stay: a report's failures have several lines.
pub fn for_xml(text: &str) -> String {
    written_out(text, |c| !matches!(c, '\n' | '\t') && is_harmful(c))
}

/// Writes everything that passes through it without its harmful characters: what a `Display` or a `Debug` of others says.
pub struct HarmlessWriter<'a>(pub &'a mut dyn Write);

impl Write for HarmlessWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !text.contains(is_harmful) {
            return self.0.write_str(text);
        }
        self.0.write_str(&harmless(text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether XML 1.0 has no way to say this character (its production `Char`), be it escaped or not: one such makes the
    /// whole document unreadable.
    fn is_unsayable_in_xml(c: char) -> bool {
        matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
    }

    #[test]
    fn harmful_characters_are_written_out() {
        assert_eq!(harmless("a\u{1b}[31mb\u{202e}\u{9b}c\n"), "a\\u{1b}[31mb\\u{202e}\\u{9b}c\\u{a}");
        assert_eq!(harmless("Grüße 👩\u{200d}💻"), "Grüße 👩\u{200d}💻");
    }

    proptest! {
        #[test]
        fn json_says_the_same_after(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let shown = harmless_json(&json);
            prop_assert!(!shown.chars().any(is_harmful));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }

        #[test]
        fn all_that_stays_can_be_said_in_xml(text in any::<String>()) {
            prop_assert!(!for_xml(&text).chars().any(is_unsayable_in_xml));
        }

        #[test]
        fn what_is_written_in_pieces_is_harmless_too(pieces in prop::collection::vec(any::<String>(), 0..5)) {
            let mut written = String::new();
            for piece in &pieces {
                HarmlessWriter(&mut written).write_str(piece).unwrap();
            }
            prop_assert_eq!(written, harmless(&pieces.concat()));
        }
    }
}
