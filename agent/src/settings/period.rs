//! Durations as people write them: `20s`, `3m`, `1h 30m`, `30d`. A day has 24 hours.
//!
//! Lives here: reading them, for settings and for the command line. Does not live here: which are allowed where.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, de};

/// Reads a duration.
///
/// # Errors
/// A sentence that says what a duration looks like.
pub fn parse_period(text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>().ok();
    let signed = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    signed
        .and_then(|signed| Duration::try_from(signed).ok())
        .ok_or_else(|| format!("{text:?} is no duration; write it like 500ms, 20s, 3m, 1h 30m or 30d"))
}

/// Reads a member of a section.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_period(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// Reads an optional member of a section.
pub(super) fn deserialize_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_period(&text).map_err(de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_written() {
        for (text, seconds) in
            [("20s", 20.0), ("500ms", 0.5), ("3m", 180.0), ("1h 30m", 5400.0), ("30d", 2_592_000.0), ("0s", 0.0)]
        {
            assert_eq!(parse_period(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "20", "-3s", "a while", "1 month", "1y", "99999999999999d"] {
            assert!(parse_period(text).is_err(), "{text}");
        }
    }
}
