//! Text for people: lines of spans, in which nothing that others sent can control the terminal.
//!
//! Lives here: tones and their colours. Does not live here: what is harmful (`escape`), what the pages say (one file a verb).

use std::fmt;

use anstyle::{AnsiColor, Style};

pub use crate::escape::{harmless, harmless_json};

/// What a span is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageTone {
    Plain,
    Good,
    Warning,
    Bad,
    Dim,
    Strong,
}

impl PageTone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Dim => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageLine {
    spans: Vec<TextSpan>,
}

/// Text in one tone; with an address where it leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TextSpan {
    tone: PageTone,
    text: String,
    address: Option<String>,
}

impl PageLine {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    fn add(mut self, tone: PageTone, text: impl AsRef<str>) -> Self {
        // Here and nowhere else, so that no page can forget it; the terminal's own codes are added after it, when the
        // page is written.
        self.spans.push(TextSpan { tone, text: harmless(text.as_ref()), address: None });
        self
    }

    /// Adds text.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.add(PageTone::Plain, text)
    }

    /// Adds what is as it should be.
    pub fn good(self, text: impl AsRef<str>) -> Self {
        self.add(PageTone::Good, text)
    }

    /// Adds what is to be looked at.
    pub fn warning(self, text: impl AsRef<str>) -> Self {
        self.add(PageTone::Warning, text)
    }

    /// Adds what is not.
    pub fn bad(self, text: impl AsRef<str>) -> Self {
        self.add(PageTone::Bad, text)
    }

    /// Adds another line's spans behind this one's.
    pub fn then(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// Adds what matters less.
    pub fn dim(self, text: impl AsRef<str>) -> Self {
        self.add(PageTone::Dim, text)
    }

    /// Adds what the eye looks for.
    pub fn strong(self, text: impl AsRef<str>) -> Self {
        self.add(PageTone::Strong, text)
    }

    /// Adds titles that lead to their addresses, with semicolons between them.
    pub fn links(mut self, titles: &[(String, Option<&str>)]) -> Self {
        for (index, (title, address)) in titles.iter().enumerate() {
            if index > 0 {
                self = self.dim("; ");
            }
            self = self.dim(title);
            if let Some(span) = self.spans.last_mut() {
                span.address = address.map(harmless);
            }
        }
        self
    }

    /// Adds a tick or a cross.
    pub fn mark(self, good: bool) -> Self {
        if good { self.good("✓ ") } else { self.bad("✗ ") }
    }

    /// A line that begins with a name in a column.
    pub fn named(name: &str) -> Self {
        Self::new().dim(format!("{name:<12}"))
    }
}

/// Lines one below the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextPage {
    lines: Vec<PageLine>,
}

impl TextPage {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn of(line: PageLine) -> Self {
        Self { lines: vec![line] }
    }

    /// Adds a line.
    pub fn push(&mut self, line: PageLine) {
        self.lines.push(line);
    }

    /// Adds an empty line and a heading.
    pub fn heading(&mut self, text: &str) {
        self.push(PageLine::new());
        self.push(PageLine::new().strong(text));
    }

    /// The page with the terminal's own codes for its tones and, where it takes them, for hyperlinks (OSC 8).
    pub fn styled(&self, hyperlinks: bool) -> String {
        self.write_with(|span| {
            let (style, text) = (span.tone.style(), &span.text);
            match &span.address {
                Some(address) if hyperlinks => {
                    format!("{style}\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\{style:#}")
                }
                _ => format!("{style}{text}{style:#}"),
            }
        })
    }

    fn write_with(&self, write: impl Fn(&TextSpan) -> String) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.extend(line.spans.iter().map(&write));
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for TextPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write_with(|span| span.text.clone()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::is_harmful;

    #[test]
    fn only_tones_bring_codes() {
        let page = TextPage::of(PageLine::new().good("✓ ").plain("\u{1b}[2J"));
        assert_eq!(page.to_string(), "✓ \\u{1b}[2J\n");
        assert_eq!(page.styled(true).matches('\u{1b}').count(), 2);
    }

    #[test]
    fn a_title_leads_to_its_address_where_the_terminal_takes_it() {
        let titles = [("A page".to_owned(), Some("https://example.org/\u{1b}x")), ("Another".to_owned(), None)];
        let page = TextPage::of(PageLine::new().links(&titles));
        assert_eq!(page.to_string(), "A page; Another\n");
        assert!(!page.styled(false).contains("example.org"));
        let styled = page.styled(true);
        assert!(
            styled.contains("\u{1b}]8;;https://example.org/\\u{1b}x\u{1b}\\A page\u{1b}]8;;\u{1b}\\"),
            "{styled:?}"
        );
    }

    proptest! {
        #[test]
        fn nothing_sent_controls_the_terminal(text in any::<String>()) {
            let page = TextPage::of(PageLine::new().plain(&text));
            prop_assert!(!page.to_string().trim_end_matches('\n').chars().any(is_harmful));
        }
    }
}
