//! Text of others within a sentence of the page: Hebrew in it turns the direction of itself alone.
//!
//! Lives here: its mark in a sentence, and the sentence as HTML. Does not live here: the sentences (`words`), text that has an element
//! to itself, which needs no more than `dir="auto"`.

use maud::{Markup, html};

use crate::escape::for_xml;

/// Unicode's own characters for it, FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: a sentence is text until it is on the page, and
/// the words' functions need not know of it.
const BEGIN: char = '\u{2068}';
const END: char = '\u{2069}';

/// Text of others, to be put into a sentence. What in it could end its isolation is written out.
pub(super) fn isolated(text: &str) -> String {
    format!("{BEGIN}{}{END}", for_xml(text))
}

/// A sentence as HTML, with what was isolated in elements of its own.
pub(super) fn sentence_html(text: &str) -> Markup {
    let mut parts = text.split(BEGIN);
    let first = parts.next().unwrap_or_default();
    html! {
        (first)
        @for part in parts {
            @match part.split_once(END) {
                Some((isolated, rest)) => { bdi { (isolated) } (rest) }
                None => { (part) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_isolated_is_an_element_of_its_own_and_cannot_leave_it() {
        let said = format!("{}: shown on {}.", isolated("<b>\u{2069}\u{202e}"), isolated("iPhone"));
        let html = sentence_html(&said).into_string();
        assert_eq!(html, "<bdi>&lt;b&gt;\\u{2069}\\u{202e}</bdi>: shown on <bdi>iPhone</bdi>.");
        assert_eq!(sentence_html("no name").into_string(), "no name");
    }
}
