//! How long the journal is kept: pure functions over numbers and times (contract 4).
//!
//! Lives here: which rows are due. Does not live here: deleting them (`prune`).

use std::time::Duration;

use portal_contract::Timestamp;
use portal_contract::timestamp::millis;

/// How long what is kept, per device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The age at which receipts and events go, in device time.
    pub keep_age: Duration,
    /// How many receipts, and as many events, are kept; the oldest go first.
    pub keep_receipts: u64,
    /// The age at which used ids are forgotten, in device time.
    pub ids_age: Duration,
    /// How many used ids are remembered; those used first go first.
    pub ids_count: u64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self { keep_age: DAY * 30, keep_receipts: 200_000, ids_age: DAY * 90, ids_count: 1_000_000 }
    }
}

/// The moment before which rows are too old.
pub(super) fn cutoff(now: Timestamp, age: Duration) -> Timestamp {
    now.plus_millis(-millis(age))
}

/// The newest number that is one too many where `keep` are kept up to `last`; 0: none is.
pub(super) fn surplus(last: u64, keep: u64) -> u64 {
    last.saturating_sub(keep)
}

/// Whether ages are to be looked at again: not more than once in a minute of device time.
pub(super) fn is_due(last_looked: Option<Timestamp>, now: Timestamp) -> bool {
    // Each look is a query a table within the writer's transaction, and ages are counted in days.
    last_looked.is_none_or(|last| now.millis_since(last).saturating_abs() >= 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_age_is_too_old() {
        let now = Timestamp::from_millis(10_000_000_000);
        assert_eq!(cutoff(now, Duration::from_secs(60)), now.plus_seconds(-60));
        assert!(cutoff(now, Duration::MAX) < now);
    }

    #[test]
    fn what_is_over_the_count_goes() {
        assert_eq!(surplus(5, 10), 0);
        assert_eq!(surplus(12, 10), 2);
    }

    #[test]
    fn ages_are_looked_at_once_a_minute_and_after_going_back() {
        let now = Timestamp::from_millis(0);
        assert!(is_due(None, now));
        assert!(!is_due(Some(now), now.plus_seconds(59)));
        assert!(is_due(Some(now), now.plus_seconds(60)));
        assert!(is_due(Some(now), now.plus_seconds(-60)));
    }
}
