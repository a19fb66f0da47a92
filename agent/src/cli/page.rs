//! Text for people: lines of spans, in which nothing that others sent can control the terminal.
//!
//! Lives here: tones and their colours. Does not live here: what is harmful (`escape`), what the pages say (one file a verb).

use std::fmt;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};
use textwrap::core::display_width;

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
    /// The column below which the line goes on where it is wrapped; that of its first word where none is named.
    hang: Option<usize>,
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

    /// Where the line is wrapped it goes on below what is added next: a column of its own.
    pub fn hang(mut self) -> Self {
        self.hang = Some(self.spans.iter().map(|span| display_width(&span.text)).sum());
        self
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

    /// Adds the mark of what could not be found out.
    pub fn unknown_mark(self) -> Self {
        self.warning("? ")
    }

    /// A line that begins with a name in a column.
    pub fn named(name: &str) -> Self {
        Self::new().dim(format!("{name:<12}")).hang()
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

    /// Adds another page's lines.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// Adds an empty line and a heading.
    pub fn heading(&mut self, text: &str) {
        self.push(PageLine::new());
        self.push(PageLine::new().strong(text));
    }

    /// The page with the terminal's own codes for its tones and, where it takes them, for hyperlinks (OSC 8); wrapped at words
    /// where it says how wide it is.
    pub fn styled(&self, hyperlinks: bool, width: Option<usize>) -> String {
        let wrapped = width.map(|width| Self { lines: self.lines.iter().flat_map(|line| wrap(line, width)).collect() });
        wrapped.as_ref().unwrap_or(self).write_with(|span| {
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

/// How wide a line may be: the terminal, or what COLUMNS says where standard output is none.
pub fn width() -> Option<usize> {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    terminal
        .map(|(terminal_size::Width(columns), _)| usize::from(columns))
        .or_else(columns)
        .filter(|width| *width >= NARROWEST)
}

/// Narrower than this nothing is gained by wrapping.
const NARROWEST: usize = 20;

/// The lines that one becomes on `width` columns: broken at spaces, the later ones below the column that it names, or below its
/// first word. A word that is wider than a line stands whole on one of its own, so that an address can still be copied.
fn wrap(line: &PageLine, width: usize) -> Vec<PageLine> {
    if line.spans.iter().map(|span| display_width(&span.text)).sum::<usize>() <= width {
        return vec![line.clone()];
    }
    let first = line.spans.first().map_or(0, |span| span.text.len() - span.text.trim_start_matches(' ').len());
    // Where the column begins too far to the right there is no room left below it.
    let indent = line.hang.filter(|hang| *hang * 2 <= width).unwrap_or(first + 2);
    let mut lines = Vec::new();
    let (mut current, mut used, mut has_word) = (PageLine::new(), 0, false);
    for span in &line.spans {
        for word in span.text.split_inclusive(' ') {
            let room = display_width(word.trim_end_matches(' '));
            let is_word = room > 0;
            if is_word && has_word && used + room > width {
                lines.push(std::mem::take(&mut current));
                current = current.add(PageTone::Plain, " ".repeat(indent));
                used = indent;
            }
            has_word = has_word || is_word;
            used += display_width(word);
            current.spans.push(TextSpan { text: word.to_owned(), ..span.clone() });
        }
    }
    lines.push(current);
    for line in &mut lines {
        let end =
            line.spans.iter().rposition(|span| !span.text.trim_end_matches(' ').is_empty()).map_or(0, |at| at + 1);
        line.spans.truncate(end);
        if let Some(last) = line.spans.last_mut() {
            last.text.truncate(last.text.trim_end_matches(' ').len());
        }
    }
    lines
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
        assert_eq!(page.styled(true, None).matches('\u{1b}').count(), 2);
    }

    #[test]
    fn a_title_leads_to_its_address_where_the_terminal_takes_it() {
        let titles = [("A page".to_owned(), Some("https://example.org/\u{1b}x")), ("Another".to_owned(), None)];
        let page = TextPage::of(PageLine::new().links(&titles));
        assert_eq!(page.to_string(), "A page; Another\n");
        assert!(!page.styled(false, None).contains("example.org"));
        let styled = page.styled(true, None);
        assert!(
            styled.contains("\u{1b}]8;;https://example.org/\\u{1b}x\u{1b}\\A page\u{1b}]8;;\u{1b}\\"),
            "{styled:?}"
        );
    }

    #[test]
    fn a_line_is_wrapped_at_words_below_its_column() {
        let line = PageLine::named("condition").plain("unlocked, reachable, exempt from battery optimisation");
        let page = TextPage { lines: wrap(&line, 40) };
        assert_eq!(
            page.to_string(),
            "condition   unlocked, reachable, exempt\n            from battery optimisation\n"
        );
        let long = PageLine::new().plain("see ").plain("https://example.org/a-very-long-address-of-a-page at once");
        let page = TextPage { lines: wrap(&long, 30) };
        assert_eq!(page.to_string(), "see\n  https://example.org/a-very-long-address-of-a-page\n  at once\n");
    }

    proptest! {
        #[test]
        fn wrapping_loses_no_word(words in "[a-z ]{0,80}", width in 20_usize..60) {
            let wrapped = TextPage { lines: wrap(&PageLine::new().mark(true).plain(&words), width) }.to_string();
            let of = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(of(&wrapped), of(&format!("✓ {words}")));
        }

        #[test]
        fn nothing_sent_controls_the_terminal(text in any::<String>()) {
            let page = TextPage::of(PageLine::new().plain(&text));
            prop_assert!(!page.to_string().trim_end_matches('\n').chars().any(is_harmful));
        }
    }
}
