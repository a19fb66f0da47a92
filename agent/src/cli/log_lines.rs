//! How a log line is written: whatever a broker, a desktop or a client put into a field, it stays one harmless line.
//!
//! Lives here: the fields of text lines, and JSON lines as a whole. Does not live here: which characters are harmful
//! (`escape`), levels and destinations (`logging`).
//!
//! The formatter's own escaping leaves line breaks and the direction of text alone, so that a client's id can forge a line.

use std::error::Error;
use std::fmt::{self, Write as _};

use anstyle::{Effects, Style};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::escape::{HarmlessWriter, harmless_json};

/// The fields of a text line, and of the spans that it stands in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HarmlessFields;

impl<'writer> FormatFields<'writer> for HarmlessFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = FieldWriter { writer, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct FieldWriter<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    result: fmt::Result,
}

impl FieldWriter<'_> {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // What the crate `log` adds to its records stands in the line's own head.
        if self.result.is_err() || field.name().starts_with("log.") {
            return;
        }
        self.result = self.try_write(field.name(), value);
    }

    fn try_write(&mut self, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        if !std::mem::replace(&mut self.is_first, false) {
            self.writer.write_char(' ')?;
        }
        if name != "message" {
            let italic =
                if self.writer.has_ansi_escapes() { Style::new().effects(Effects::ITALIC) } else { Style::new() };
            // A field named by a keyword is written `r#type` in the source, and the formatter of the library drops
            // that, too.
            write!(self.writer, "{italic}{}{italic:#}=", name.trim_start_matches("r#"))?;
        }
        HarmlessWriter(&mut self.writer).write_fmt(value)
    }
}

impl Visit for FieldWriter<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.write(field, format_args!("{value}"));
        } else {
            self.write(field, format_args!("{value:?}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.write(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, format_args!("{value:?}"));
    }
}

/// JSON lines: the line that the inner format makes, each harmful character in it escaped as JSON escapes it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HarmlessJson<F>(pub F);

impl<S, N, F> FormatEvent<S, N> for HarmlessJson<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // Into a text first: the inner format has no place of its own for an escape that sees all of the line.
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writeln!(writer, "{}", harmless_json(line.trim_end_matches('\n')))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::escape::is_harmful;

    const HOSTILE: &str =
        "a\u{1b}]52;c;Zm9v\u{7}\n2026-01-01T00:00:00Z  INFO forged\r\u{9b}31m\u{202e}\u{2028}\u{fffe}";

    /// Where a test's lines go.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{HOSTILE}")]
    struct HostileError;

    /// Two lines, with hostile text in every kind of field there is, in a span, and in the message.
    fn say_hostile_things() {
        let error: &(dyn Error + 'static) = &HostileError;
        let span = tracing::info_span!("client", id = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE);
        let _entered = span.enter();
        tracing::info!(text = HOSTILE, shown = %HOSTILE, debug = ?Some(HOSTILE), error, number = 7, yes = true, "{HOSTILE}");
        tracing::warn!("{}", HOSTILE);
    }

    fn check(lines: &str, count: usize) {
        assert_eq!(lines.lines().count(), count, "{lines:?}");
        assert!(lines.ends_with('\n'));
        assert!(!lines.chars().any(|c| c != '\n' && is_harmful(c)), "{lines:?}");
    }

    #[test]
    fn no_field_of_a_text_line_controls_a_terminal_or_forges_a_line() {
        let written = Written::default();
        let to = written.clone();
        let layer = fmt::layer().with_writer(move || to.clone()).with_ansi(false).fmt_fields(HarmlessFields);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say_hostile_things);
        let lines = written.text();
        check(&lines, 2);
        assert!(lines.contains("number=7") && lines.contains("yes=true"), "{lines}");
        assert!(lines.contains("a\\u{1b}]52;c;Zm9v\\u{7}\\u{a}2026"), "{lines}");
    }

    #[test]
    fn no_field_of_a_json_line_does_and_it_says_the_same() {
        let written = Written::default();
        let to = written.clone();
        let layer = fmt::layer().with_writer(move || to.clone()).json().map_event_format(HarmlessJson);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say_hostile_things);
        let lines = written.text();
        check(&lines, 2);
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["fields"]["text"], HOSTILE);
        assert_eq!(first["fields"]["message"], HOSTILE);
        assert_eq!(first["span"]["id"], HOSTILE);
    }

    #[test]
    fn colours_are_the_lines_own() {
        let written = Written::default();
        let to = written.clone();
        let layer = fmt::layer().with_writer(move || to.clone()).with_ansi(true).fmt_fields(HarmlessFields);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(id = "a\u{1b}[31m", "hello");
        });
        let line = written.text();
        assert!(line.contains("\u{1b}[3mid\u{1b}[0m=\"a\\u{1b}[31m\""), "{line:?}");
    }
}
