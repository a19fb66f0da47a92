//! Log lines on standard error (contract 5).
//!
//! Lives here: starting them. Does not live here: which settings say how, and how a line is written (`log_lines`).

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::log_file::LogFile;
use super::log_lines::{HarmlessFields, HarmlessJson};

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormatOption {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Reads a log level, or a list of `TARGET=LEVEL`; gives it back as written.
///
/// # Errors
/// A sentence that says how to write one.
pub fn check_level(text: &str) -> Result<String, String> {
    // `LevelFilter` also takes the digits 0 to 5, which the contract does not have.
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok() && word.parse::<u8>().is_err();
    let good = |part: &str| part.split_once('=').map_or_else(|| is_level(part), |(_, level)| is_level(level));
    if text.split(',').all(good) && text.parse::<Targets>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no log level; write error, warn, info, debug, trace, off, or a list of TARGET=LEVEL"))
}

/// Starts logging for the life of the process; a second call changes nothing. A level that cannot be read logs all.
pub fn start(level: &str, format: LogFormatOption) {
    // no-color.org: a variable that is empty does not count.
    let wanted = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colours = match anstream::ColorChoice::global() {
        anstream::ColorChoice::Auto => wanted,
        chosen => chosen != anstream::ColorChoice::Never,
    };
    start_on(level, format, BoxMakeWriter::new(std::io::stderr), colours);
}

/// The same into a file.
pub(super) fn start_in(level: &str, format: LogFormatOption, file: LogFile) {
    start_on(level, format, BoxMakeWriter::new(move || file.clone()), false);
}

fn start_on(level: &str, format: LogFormatOption, writer: BoxMakeWriter, colours: bool) {
    let filter: Targets = level.parse().unwrap_or_default();
    let lines = fmt::layer().with_writer(writer).with_ansi(colours);
    let layer = match format {
        LogFormatOption::Text => lines.fmt_fields(HarmlessFields).with_filter(filter).boxed(),
        LogFormatOption::Json => lines.json().map_event_format(HarmlessJson).with_filter(filter).boxed(),
    };
    // It is set already: somebody who embeds this library has set up their own.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_or_a_list_of_targets() {
        for good in ["info", "off", "warn,portal_agent=debug", "portal_agent::control=trace"] {
            assert_eq!(check_level(good), Ok(good.to_owned()));
        }
        for bad in ["verbose", "", "a=loud", "3", "info,verbose"] {
            assert!(check_level(bad).is_err(), "{bad}");
        }
    }
}
