//! Texts that are meant to mislead, to break out of where they are put, or to push other text away.
//!
//! Lives here: the one list of them, each short enough for a push's title. Does not live here: what becomes of each, which differs by
//! where it is shown (`hostile_text`, `hostile_screens`, `page::hostile`).

/// A text, and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct HostileText {
    /// What is hostile in it.
    pub what: &'static str,
    /// 1 to 50 UTF-16 code units: as a title it is taken.
    pub text: &'static str,
}

const fn text(what: &'static str, text: &'static str) -> HostileText {
    HostileText { what, text }
}

/// All of them.
pub const TEXTS: &[HostileText] = &[
    text("markup", "<b>T</b> &amp; <i>x</i> a < b & c"),
    text("a picture with a script", "<img src=x onerror=alert(1)>"),
    text("a picture with a script, inline", "<svg onload=alert(1)><style>*{color:red}</style>"),
    text("the end of a script", "</script><script>alert(1)</script>"),
    text("the end of an element", "</p></div></section></main><h1>Forged</h1>"),
    text("the end of an attribute", "\" onclick=\"alert(1)\" x='"),
    text("an address of a script", "javascript:alert(document.cookie)"),
    text("templates", "{{7*7}} ${7*7} <%= 7 %> `x` $(id)"),
    text("comments", "<!-- --> <![CDATA[x]]> <?php ?> <template>"),
    text("references to characters", "&lt;b&gt; &#x41; &#8238;drow &nbsp;|"),
    text("a turned direction", "\u{202E}exe.cod\u{2066}s\u{200F}\u{61C}"),
    text("a turned direction, left open", "\u{2067}\u{202B}\u{202E}never closed"),
    text("Hebrew with a number", "שלום 12:30 עולם"),
    text("Arabic with brackets", "مرحبا بالعالم (12) [a]"),
    text("no width", "a\u{200B}b\u{200C}c\u{FEFF}d\u{2060}e\u{AD}f"),
    text("nothing to see", "\u{200B}\u{2060}\u{3164}"),
    text(
        "marks",
        concat!(
            "e\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}",
            "\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489}\u{301}\u{489} Zalgo"
        ),
    ),
    text(
        "marks below",
        "g\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323}\u{323} low",
    ),
    text("a long word", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"),
    text("wide letters", "\u{FDFD}\u{FDFD}\u{FDFD}\u{FDFD}\u{FDFD}\u{FDFD}\u{12031}\u{12031}"),
    text(
        "emoji",
        "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467} \u{1F1E9}\u{1F1EA} \u{1F44D}\u{1F3FD} \u{1F600}\u{FE0E}",
    ),
    text("other planes", "\u{1D573}\u{1D58E} \u{1D173}\u{E0041}\u{E007F} \u{10FFFD}"),
    text("control characters", "\u{0}\u{7}\u{8}\u{1b}[31mred\u{1b}]0;x\u{7}\u{9b}31m\u{85}\u{7f}"),
    text("line breaks", "one\ntwo\r\nthree\rfour\u{2028}five\u{2029}six\tseven"),
    text("no characters", "\u{FFFE}\u{FFFF}\u{FDD0}\u{FFFD}x"),
    text("a quotation", "“” '; DROP TABLE devices; -- \\u{202e}"),
    text("Japanese", "日本語の長い題名がここにありますそして終わらないのです"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_taken_as_a_title_and_none_stands_there_twice() {
        for (place, one) in TEXTS.iter().enumerate() {
            assert!((1..=50).contains(&one.text.encode_utf16().count()), "{}", one.what);
            assert!(
                TEXTS[..place].iter().all(|other| other.text != one.text && other.what != one.what),
                "{}",
                one.what
            );
        }
    }
}
