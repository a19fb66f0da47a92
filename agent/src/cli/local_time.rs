//! Moments as people read them: in the computer's time zone, to the second.

use jiff::tz::TimeZone;
use portal_contract::Timestamp;

/// Date and time in this computer's time zone; JSON keeps UTC with milliseconds.
pub fn local(moment: Timestamp) -> String {
    in_zone(moment, TimeZone::system())
}

fn in_zone(moment: Timestamp, zone: TimeZone) -> String {
    match jiff::Timestamp::from_millisecond(moment.as_millis()) {
        Ok(instant) => instant.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        // Outside of jiff's years, in which no device lives.
        Err(_) => moment.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_zone() {
        let moment: Timestamp = "2026-11-23T23:30:00.735Z".parse().unwrap();
        assert_eq!(in_zone(moment, TimeZone::UTC), "2026-11-23 23:30:00");
        assert_eq!(in_zone(moment, TimeZone::fixed(jiff::tz::offset(1))), "2026-11-24 00:30:00");
    }
}
