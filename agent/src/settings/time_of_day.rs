//! Times of day as members of a section.
//!
//! Lives here: how one is written, `08:00`. Does not live here: what happens then.

use serde::{Deserialize, Deserializer, de};

/// The minutes after midnight that `HH:MM` says; none where it says no time.
pub(super) fn parse(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str, limit: u32| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|value| digits && *value < limit)
    };
    Some(number(hours, 24)? * 60 + number(minutes, 60)?)
}

/// Reads a list of them.
pub(super) fn deserialize_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    let times = Vec::<String>::deserialize(deserializer)?;
    let minutes = |text: &String| parse(text).ok_or_else(|| de::Error::custom(format!("{text:?} is no time of day")));
    times.iter().map(minutes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_digits_each() {
        for (text, minutes) in [("00:00", Some(0)), ("08:30", Some(510)), ("23:59", Some(1439))] {
            assert_eq!(parse(text), minutes, "{text}");
        }
        for text in ["", "8:00", "24:00", "08:60", "+8:00", "08-00", "08:00:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
