//! Durations and moments as people write them: `90s`, `4h`, `1h30m`, `2d`, `PT4H`; RFC 3339.
//!
//! Lives here: reading and writing them, for settings, the command line, the control API and scenarios alike.
//! Does not live here: a clock; which durations are allowed where.

use std::fmt;
use std::time::Duration;

use crate::Timestamp;
use crate::timestamp::millis;
use jiff::{Span, SpanRelativeTo};

/// Reads a duration; a day is 24 hours.
///
/// # Errors
/// A sentence that says how to write one.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration; write it like 90s, 4h, 1h30m or 2d");
    let span: Span = text.parse().map_err(|_| wrong())?;
    // With days of 24 hours jiff still refuses months and years: how long those are depends on a date, which a
    // duration does not have.
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| format!("{text:?} is negative; a duration goes forward, as in 90s or 4h"))
}

/// A span of milliseconds, as people write it.
pub fn write_millis(millis: u64) -> String {
    write(Duration::from_millis(millis))
}

/// A moment: as such, or as a time span before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// This moment.
    Moment(Timestamp),
    /// This long before the present, in device time.
    Ago(Duration),
}

impl Since {
    /// Reads an RFC 3339 time or a duration.
    ///
    /// # Errors
    /// A sentence that says how to write one.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        parse(text)
            .map(Self::Ago)
            .map_err(|_| format!("{text:?} is neither a time (2026-11-23T09:00:00Z) nor a duration (4h, 2d)"))
    }

    /// The moment it means when it is `now`.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Moment(moment) => moment,
            Self::Ago(span) => now.plus_millis(-millis(span)),
        }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment(moment) => moment.fmt(f),
            Self::Ago(span) => write_span(*span, f),
        }
    }
}

fn write_span(span: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}s {}ms", span.as_secs(), span.subsec_millis())
}

/// Writes a duration so that [`parse`] reads it, to the millisecond.
pub fn write(span: Duration) -> String {
    Since::Ago(span).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, seconds) in
            [("90s", 90), ("4h", 14_400), ("1h30m", 5_400), ("1h 30m", 5_400), ("2d", 172_800), ("PT1M", 60), ("0s", 0)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for span in [Duration::ZERO, Duration::from_millis(90_061_500)] {
            assert_eq!(parse(&write(span)), Ok(span));
        }
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["", "90", "x", "a while", "1 month", "1y", "-5s", "99999999999999d"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn since_is_a_moment_or_a_span_before_now() {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(Since::parse("1h").unwrap().moment(now), "2026-11-23T08:00:00Z".parse().unwrap());
        assert_eq!(
            Since::parse("2026-01-01T00:00:00+01:00").unwrap().moment(now).to_string(),
            "2025-12-31T23:00:00.000Z"
        );
        assert!(Since::parse("yesterday").is_err());
    }
}
