//! The agent's sentences without the numbers of sections, which the command line resolves (`facts 4.2`) and the page does not: what
//! it cites are documents, by title and link.

use std::borrow::Cow;

/// A sentence without ` (facts 4.2, 5)`; of `(facts 4.1: a title)` the title stays.
pub(super) fn without_sections(sentence: &str) -> Cow<'_, str> {
    const BEGINS: &str = "(facts ";
    let Some(start) = sentence.find(BEGINS) else { return sentence.into() };
    let (before, rest) = sentence.split_at(start);
    let rest = &rest[BEGINS.len()..];
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ');
    let behind = rest.trim_start_matches(is_number);
    if let Some(behind) = behind.strip_prefix(')') {
        format!("{}{}", before.trim_end(), without_sections(behind)).into()
    } else if let Some(title) = behind.strip_prefix(": ") {
        format!("{before}({}", without_sections(title)).into()
    } else {
        format!("{before}{BEGINS}{}", without_sections(rest)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_and_titles_stay() {
        for (sentence, shown) in [
            ("Android dropped it in silence (facts 4.2, 5).", "Android dropped it in silence."),
            ("Shown (facts 1.6): listed. It waited (facts 4.2).", "Shown: listed. It waited."),
            ("never again (facts 4.1: Asking permission)", "never again (Asking permission)"),
            ("no citation (facts of life) here", "no citation (facts of life) here"),
            ("cut off (facts 4.", "cut off (facts 4."),
            ("", ""),
        ] {
            assert_eq!(without_sections(sentence), shown);
        }
    }
}
