//! Figures of a benchmark: medians, 99th percentiles and ratios. Does not live here: taking the time.

use std::time::Duration;

/// A sample of durations.
#[derive(Debug, Clone, Default)]
pub struct DurationSample(Vec<Duration>);

impl DurationSample {
    /// Adds one.
    pub fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    fn at(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
    }

    /// The middle one.
    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    /// The one that 99 of 100 do not exceed.
    pub fn p99(&self) -> Duration {
        self.at(0.99)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line: count, median, p99.
    pub fn line(&self, what: &str) -> String {
        let micros = |duration: Duration| duration.as_micros();
        format!(
            "{what:<52} n={:<5} median {:>7} µs   p99 {:>7} µs",
            self.len(),
            micros(self.median()),
            micros(self.p99())
        )
    }
}

/// `a` as a multiple of `b`.
pub fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(f64::MIN_POSITIVE)
}
