//! Clock jumps: a computer's clock that was set wrong must not make the journal prune what is young (contract 4).
//!
//! Lives here: pure functions over times, and the one reading of the computer's clocks that they compare.
//! Does not live here: pruning; device time, which may be advanced at will and is no jump.
//!
//! A clock set forward while nothing ran looks like time that passed switched off: over a restart only backwards is a
//! jump. What a wrong clock then ages is pruned.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use portal_contract::Timestamp;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The computer's clock went this far from the time that really passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockJump {
    /// When it was noticed, by the computer's clock after the jump.
    pub at: Timestamp,
    /// How far, in milliseconds; negative: backwards.
    pub by_millis: i64,
}

impl ClockJump {
    /// Whether nothing may be pruned by age for it at `now`, by the computer's clock: less than 24 h passed since.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now.millis_since(self.at) < DAY
    }
}

/// One reading of both clocks of the computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockReading {
    /// The time of day.
    pub wall: Timestamp,
    /// Time since boot, sleep included.
    pub real: Duration,
}

/// The jump between two readings of one run, if they differ by over an hour.
pub(super) fn between(earlier: ClockReading, later: ClockReading) -> Option<ClockJump> {
    let real = later.real.saturating_sub(earlier.real).as_millis().min(i64::MAX as u128) as i64;
    let by_millis = later.wall.millis_since(earlier.wall).saturating_sub(real);
    (by_millis.saturating_abs() > HOUR).then_some(ClockJump { at: later.wall, by_millis })
}

/// The jump over a restart: only backwards can be told from having been switched off.
pub(super) fn over_restart(last_written: Timestamp, now: Timestamp) -> Option<ClockJump> {
    let by_millis = now.millis_since(last_written);
    (by_millis < -HOUR).then_some(ClockJump { at: now, by_millis })
}

/// Where the computer's clocks are read.
pub(super) trait ClockSource: Send {
    /// Both, now.
    fn read(&self) -> ClockReading;
}

/// The clocks of the computer that this runs on.
pub(super) struct ComputerClocks;

impl ClockSource for ComputerClocks {
    fn read(&self) -> ClockReading {
        ClockReading { wall: crate::wall_clock::now(), real: since_boot() }
    }
}

/// The time since boot, sleep included where the system tells: a suspended laptop is no clock jump.
fn since_boot() -> Duration {
    // `Instant` leaves sleep out on Linux; /proc/uptime does not (proc(5)).
    static START: OnceLock<Instant> = OnceLock::new();
    let uptime = std::fs::read_to_string("/proc/uptime").ok();
    let seconds = uptime.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(uptime) => uptime,
        None => START.get_or_init(Instant::now).elapsed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reading(wall: i64, real: u64) -> ClockReading {
        ClockReading { wall: Timestamp::from_millis(wall), real: Duration::from_millis(real) }
    }

    #[test]
    fn a_jump_is_what_real_time_does_not_explain() {
        let start = reading(0, 0);
        assert_eq!(between(start, reading(9 * HOUR, 9 * HOUR as u64)), None, "a night of sleep");
        assert_eq!(between(start, reading(HOUR, 0)), None, "an hour exactly");
        assert_eq!(between(start, reading(HOUR + 1, 0)).map(|jump| jump.by_millis), Some(HOUR + 1));
        assert_eq!(between(reading(DAY, 0), start).map(|jump| jump.by_millis), Some(-DAY));
    }

    #[test]
    fn over_a_restart_only_backwards_counts() {
        let (early, late) = (Timestamp::from_millis(0), Timestamp::from_millis(DAY));
        assert_eq!(over_restart(early, late), None);
        assert_eq!(over_restart(late, early), Some(ClockJump { at: early, by_millis: -DAY }));
    }

    #[test]
    fn a_jump_holds_for_a_day() {
        let jump = ClockJump { at: Timestamp::from_millis(5), by_millis: 2 * HOUR };
        assert!(jump.holds_at(jump.at.plus_millis(DAY - 1)));
        assert!(jump.holds_at(jump.at.plus_millis(-DAY)), "set back once more");
        assert!(!jump.holds_at(jump.at.plus_millis(DAY)));
    }

    proptest! {
        #[test]
        fn no_times_overflow(a in any::<i64>(), b in any::<i64>(), x in any::<u64>(), y in any::<u64>()) {
            let _ = between(reading(a, x), reading(b, y));
            let _ = over_restart(Timestamp::from_millis(a), Timestamp::from_millis(b));
        }
    }
}
