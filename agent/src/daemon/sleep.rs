//! The computer's sleep, a closed lid above all: noticed by its clocks, and said in the log.
//!
//! While it sleeps nothing is received, shown or due. Without a word, the log of a laptop shows pushes that arrive hours after
//! they were sent, and nothing says why.
//!
//! Lives here: noticing it. Does not live here: what is done about it: the session finds its connection dead, and each sleep
//! until a deadline is short (`host::clock`).

use std::time::Duration;

use portal_contract::duration;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// How often the clocks are looked at. The pause does not run while the computer sleeps, so that this long after its waking at
/// the latest the sleep is noticed.
const LOOK: Duration = Duration::from_secs(5);
/// What counts as sleep: clocks that are read one after the other differ by less.
const LEAST: Duration = Duration::from_secs(2);

/// Watches for the computer's sleep until it is dropped.
#[derive(Debug)]
pub(super) struct SleepWatch(JoinHandle<()>);

impl SleepWatch {
    pub(super) fn start() -> Self {
        let since = ClockPair::now();
        Self(tokio::spawn(watch(
            move || since.slept(),
            |slept| {
                let slept = duration::write(slept);
                tracing::warn!(
                    "the computer was asleep for {slept}: nothing was received or shown meanwhile; what was sent arrives now, \
                 late, and what was due is done"
                );
            },
        )))
    }
}

impl Drop for SleepWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Tells each sleep once it is over; `slept` is how long the computer has slept in all.
async fn watch(slept: impl Fn() -> Duration, tell: impl Fn(Duration)) {
    let mut looks = tokio::time::interval(LOOK);
    // By default an interval makes up for each look that was missed, one right after the other.
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = SleepTotal(slept());
    loop {
        looks.tick().await;
        if let Some(more) = told.grown_to(slept()) {
            tell(more);
        }
    }
}

/// How long the computer had slept in all when it was looked at last.
#[derive(Debug)]
struct SleepTotal(Duration);

impl SleepTotal {
    /// The sleep since, in whole seconds: the clocks are no better than that here.
    fn grown_to(&mut self, now: Duration) -> Option<Duration> {
        let more = now.saturating_sub(std::mem::replace(&mut self.0, now));
        (more >= LEAST).then(|| Duration::from_secs(more.as_secs()))
    }
}

/// A moment by the clock that runs while the computer sleeps, and by the one that does not.
#[derive(Debug, Clone, Copy)]
struct ClockPair {
    with_sleep: Duration,
    without_sleep: Duration,
}

impl ClockPair {
    /// How long the computer slept since.
    fn slept(&self) -> Duration {
        let now = Self::now();
        let all = now.with_sleep.saturating_sub(self.with_sleep);
        all.saturating_sub(now.without_sleep.saturating_sub(self.without_sleep))
    }

    #[cfg(target_os = "linux")]
    fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};
        let read = |clock| {
            let time = clock_gettime(clock);
            let part = |number: i64| u64::try_from(number).unwrap_or_default();
            Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
        };
        Self { with_sleep: read(ClockId::Boottime), without_sleep: read(ClockId::Monotonic) }
    }

    /// Elsewhere the time of day takes the place of a clock that runs on: one that is set forward looks like sleep there.
    #[cfg(not(target_os = "linux"))]
    fn now() -> Self {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        let millis = u64::try_from(crate::wall_clock::now().as_millis()).unwrap_or_default();
        Self { with_sleep: Duration::from_millis(millis), without_sleep: START.get_or_init(Instant::now).elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sleep_is_told_once_and_unsteady_clocks_are_none() {
        let seconds = Duration::from_secs;
        let mut total = SleepTotal(seconds(100));
        let told: Vec<Option<Duration>> =
            [100, 101, 7_301, 7_302, 7_302, 7_300, 7_332].map(|now| total.grown_to(seconds(now))).into();
        assert_eq!(told, [None, None, Some(seconds(7_200)), None, None, None, Some(seconds(32))]);
    }

    #[test]
    fn a_computer_that_is_awake_has_not_slept() {
        let pair = ClockPair::now();
        assert!(pair.slept() < LEAST);
        let asleep = ClockPair { with_sleep: Duration::ZERO, ..pair };
        assert!(asleep.slept() >= pair.with_sleep.saturating_sub(LEAST));
    }
}
