//! Moments as the page shows them, in this computer's time zone, which is the browser's.

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;
use portal_contract::Timestamp;

use super::words::words;

/// Hours and minutes, as a phone has them.
pub(super) fn clock(moment: Timestamp) -> String {
    shown(moment, |instant| instant.strftime("%H:%M").to_string())
}

/// To the second.
pub(super) fn seconds(moment: Timestamp) -> String {
    shown(moment, |instant| instant.strftime("%H:%M:%S").to_string())
}

/// The day, as a lock screen has it.
pub(super) fn day(moment: Timestamp) -> String {
    shown(moment, words().phone.day)
}

/// A span that is worth saying between two steps: from a minute on.
pub(super) fn gap(millis: i64) -> Option<String> {
    let words = &words().when;
    let minutes = millis / 60_000;
    match minutes {
        ..1 => None,
        1..60 => Some((words.minutes_later)(minutes)),
        60..2880 => Some((words.hours_later)(minutes / 60)),
        _ => Some((words.days_later)(minutes / 1440)),
    }
}

fn shown(moment: Timestamp, form: impl Fn(&ZonedDateTime) -> String) -> String {
    match jiff::Timestamp::from_millisecond(moment.as_millis()) {
        Ok(instant) => form(&instant.to_zoned_datetime(TimeZone::system())),
        // Outside of jiff's years, in which no device lives.
        Err(_) => moment.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_said_from_a_minute_on() {
        let said = [0, 59_999, 60_000, 3_599_999, 2 * 3_600_000, 49 * 3_600_000].map(gap);
        assert_eq!(
            said.map(Option::unwrap_or_default),
            ["", "", "1 min later", "59 min later", "2 h later", "2 days later"]
        );
    }
}
