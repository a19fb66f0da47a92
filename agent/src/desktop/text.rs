//! Title and body as the desktop gets them: shown literally, and unable to forge another notification's look.
//!
//! Lives here: what is stripped, joined, cut and escaped; pure. Does not live here: which server wants markup.

use unicode_width::UnicodeWidthChar;

use crate::escape::is_harmful;

/// The most characters of a title that reach the desktop; a push's title has at most 50 (facts 1.3).
const TITLE: usize = 120;

/// The most characters of a body that reach the desktop; a push's body has at most 500 (facts 1.3).
const BODY: usize = 500;

/// The most combining marks that stay on one character: what Unicode's own stream-safe text allows (UAX #15). GTK's
/// servers cannot break a line within one, and a few hundred push the card's icon and title off the screen.
const MARKS: usize = 30;

/// A title: one line, never escaped, since every server shows it as plain text (decisions/0010).
pub(super) fn title(sent: &str) -> String {
    let one_break = sent.replace("\r\n", "\n");
    let spaced = one_break.chars().map(|c| if breaks_line(c) || c == '\t' { ' ' } else { c });
    // Cleaned before it is cut: what does not show must not use up the room of what does.
    cut(&few_marks(spaced.filter(|&c| shows(c))), TITLE)
}

/// A body as plain text: its line breaks kept, at most one blank line in a row (more would push the rest out of sight).
pub(super) fn body(sent: &str) -> String {
    let one_break = sent.replace("\r\n", "\n");
    let text: String = one_break.chars().map(|c| if breaks_line(c) { '\n' } else { c }).collect();
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let line = few_marks(line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|&c| shows(c)));
        // Fifteen line breaks push the rest of a card out of sight on the servers that were looked at.
        let blank = line.trim().is_empty();
        if !(blank && lines.last().is_some_and(|last| last.trim().is_empty())) {
            lines.push(line);
        }
    }
    cut(&lines.join("\n"), BODY)
}

/// A body for a server that reads markup: `&`, `<` and `>` as entities, no others (decisions/0010).
#[cfg(any(target_os = "linux", test))] // the other desktops read no markup
pub(super) fn escaped(body: &str) -> String {
    let mut escaped = String::with_capacity(body.len());
    for c in body.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn breaks_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Whether a character reaches the desktop. The joiner U+200D does: emoji are made with it (contract 3).
fn shows(c: char) -> bool {
    // U+FEFF is a byte order mark: no harm elsewhere, and no part of a card.
    !(is_harmful(c) || c == '\u{FEFF}')
}

/// The characters without the marks that one of them has too many of.
fn few_marks(characters: impl Iterator<Item = char>) -> String {
    let mut marks = 0;
    let fits = |c: &char| {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        marks <= MARKS
    };
    characters.filter(fits).collect()
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_keeps_thirty_marks_and_its_neighbours_theirs() {
        let marked = |count: usize| format!("e{}", "\u{301}".repeat(count));
        assert_eq!(body(&format!("{}x{}", marked(400), marked(2))), format!("{}x{}", marked(30), marked(2)));
        assert_eq!(title(&marked(49)), marked(30));
        // A family and a flag are made of characters without width of their own, too.
        let family = "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{FE0F}";
        assert_eq!(title(family), family);
    }

    #[test]
    fn a_title_is_one_line_of_plain_text() {
        assert_eq!(title("Pay\nnow\t<b>&\u{202E}drow\u{0}"), "Pay now <b>&drow");
        assert_eq!(title("a\r\nb"), "a b");
    }

    #[test]
    fn what_people_write_survives() {
        for text in ["שלום עולם", "مرحبا", "👩\u{200D}👩\u{200D}👧", "e\u{301}", "日本語", "“quoted” 'and' \"so\""]
        {
            assert_eq!(title(text), text);
            assert_eq!(body(text), text);
        }
    }

    #[test]
    fn a_body_keeps_its_lines_and_at_most_one_blank_one_in_a_row() {
        assert_eq!(body("a\nb"), "a\nb");
        assert_eq!(body("a\r\nb\rc\u{2028}d"), "a\nb\nc\nd");
        assert_eq!(body(&format!("a{}b", "\n".repeat(15))), "a\n\nb");
        assert_eq!(body("a\n \n\u{200E}\n \nb"), "a\n \nb");
        assert_eq!(body("\u{1b}[31mred\u{1b}[0m"), "[31mred[0m");
    }

    #[test]
    fn only_the_three_characters_of_markup_are_escaped() {
        assert_eq!(escaped("<b>\"Tom\" & 'Jerry'</b>"), "&lt;b&gt;\"Tom\" &amp; 'Jerry'&lt;/b&gt;");
    }

    #[test]
    fn what_is_far_too_long_is_cut_with_a_mark() {
        assert_eq!(body(&"é".repeat(501)).chars().count(), 501);
        assert!(body(&"é".repeat(501)).ends_with('…'));
        assert_eq!(body(&"é".repeat(500)), "é".repeat(500));
        assert!(title(&"x".repeat(121)).ends_with('…'));
    }

    fn unescaped(text: &str) -> String {
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn nothing_that_forges_a_look_passes(sent in any::<String>()) {
            let (title, body) = (title(&sent), body(&sent));
            prop_assert!(title.chars().all(shows));
            prop_assert!(body.chars().all(|c| c == '\n' || shows(c)));
            prop_assert!(!body.contains("\n\n\n"));
        }

        #[test]
        fn cleaning_twice_changes_nothing(sent in "[\\PC\n\r\t\u{202E}\u{200D}]{0,120}") {
            prop_assert_eq!(title(&title(&sent)), title(&sent));
            prop_assert_eq!(body(&body(&sent)), body(&sent));
        }

        #[test]
        fn plain_text_of_the_contracts_length_is_shown_as_sent(sent in "[!-~é日ש🙂]{1,500}") {
            prop_assert_eq!(body(&sent), sent);
        }

        #[test]
        fn markup_is_shown_literally(sent in any::<String>()) {
            let escaped = escaped(&sent);
            prop_assert!(!escaped.contains(['<', '>']));
            prop_assert_eq!(unescaped(&escaped), sent);
        }
    }
}
