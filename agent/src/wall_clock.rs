//! What the computer's clock says, whatever it says.
//!
//! Lives here: reading it. Does not live here: waiting by it (`host::clock`), its jumps (`journal`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portal_contract::Timestamp;
use portal_contract::timestamp::millis;

/// Now, within the years that times may have. Not by jiff, which panics where the clock stands past the year 9999, as one
/// with an empty battery can.
pub(crate) fn now() -> Timestamp {
    of(SystemTime::now())
}

/// Whether the year has more than four digits.
pub(crate) fn is_past_the_year_9999() -> bool {
    const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);
    SystemTime::now().duration_since(UNIX_EPOCH).is_ok_and(|since| since >= YEAR_10000)
}

fn of(moment: SystemTime) -> Timestamp {
    let since_1970 = match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => millis(before.duration()).saturating_neg(),
    };
    Timestamp::from_millis(since_1970)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_clock_past_the_year_9999_or_before_1900_is_read() {
        let year = Duration::from_secs(365 * 24 * 3600);
        let second = Duration::from_millis(1234);
        assert_eq!(of(UNIX_EPOCH + second).as_millis(), 1234);
        assert_eq!(of(UNIX_EPOCH - second).as_millis(), -1234);
        for years in [8_000, 20_000, 1_000_000, 100_000_000] {
            assert!(of(UNIX_EPOCH + year * years).to_string().starts_with("9000-"), "{years}");
            assert!(of(UNIX_EPOCH - year * years).to_string().starts_with("1900-"), "{years}");
        }
    }
}
