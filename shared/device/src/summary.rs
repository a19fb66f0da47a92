//! The scheduled summary of iOS and iPadOS: what is left to it comes with the next one (facts 4.1).
//!
//! Lives here: when it comes. Does not live here: where its notifications show (`surface`).

use portal_contract::Timestamp;

use super::Device;
use super::push::ReceivedPush;
use super::switches::{AppleSwitches, NotificationSwitches};

const MINUTE_MILLIS: i64 = 60_000;
const DAY_MILLIS: i64 = 24 * 60 * MINUTE_MILLIS;

/// The first of these minutes of a day after `now`; none where there are none.
fn next(times: &[u32], now: Timestamp) -> Option<Timestamp> {
    let midnight = now.plus_millis(-now.as_millis().rem_euclid(DAY_MILLIS));
    let days = [midnight, midnight.plus_millis(DAY_MILLIS)];
    let of_day = |day: Timestamp| times.iter().map(move |minute| day.plus_millis(i64::from(*minute) * MINUTE_MILLIS));
    days.into_iter().flat_map(of_day).filter(|at| *at > now).min()
}

impl Device {
    pub(super) fn is_left_to_summary(&self) -> bool {
        let switches = self.state.acting_switches();
        let scheduled = matches!(switches, NotificationSwitches::Apple(AppleSwitches { scheduled_delivery: true, .. }));
        scheduled && !self.settings.apple_summary_times.is_empty()
    }

    pub(super) fn next_summary(&self, now: Timestamp) -> Option<Timestamp> {
        next(&self.settings.apple_summary_times, now)
    }

    /// Whether a summary has come since `push` was received.
    pub(super) fn had_summary(&self, push: &ReceivedPush, now: Timestamp) -> bool {
        self.next_summary(push.received_at).is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_summary_is_later_today_or_tomorrow() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let times = [18 * 60, 8 * 60];
        for (now, expected) in [
            ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"),
            ("2026-11-23T08:00:00Z", "2026-11-23T18:00:00Z"),
            ("2026-11-23T18:00:00Z", "2026-11-24T08:00:00Z"),
            ("1969-12-31T23:00:00Z", "1970-01-01T08:00:00Z"),
        ] {
            assert_eq!(next(&times, at(now)), Some(at(expected)), "{now}");
        }
        assert_eq!(next(&[], at("2026-11-23T07:59:59Z")), None);
    }
}
