//! The pauses between tries.
//!
//! Pure: the random number is passed in. Does not live here: waiting (`session`).

use std::time::Duration;

use super::settings::ReconnectSettings;

/// Where the pauses stand.
#[derive(Debug)]
pub(super) struct Backoff {
    reconnect: ReconnectSettings,
    /// How many brokers are tried in turn: the pause doubles once a round.
    brokers: u32,
    tries: u32,
    unanswered: u32,
}

impl Backoff {
    pub(super) fn new(reconnect: ReconnectSettings, brokers: usize) -> Self {
        let brokers = u32::try_from(brokers).unwrap_or(u32::MAX).max(1);
        Self { reconnect, brokers, tries: 0, unanswered: 0 }
    }

    /// The pause before the next try: between half and the whole of a step that doubles up to the longest.
    pub(super) fn pause(&mut self, random: u32) -> Duration {
        let step = self.doubled(self.reconnect.first, self.tries).min(self.reconnect.longest);
        self.tries = self.tries.saturating_add(1);
        // Spread: a broker that comes back is not met by all of its devices in one moment.
        step.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
    }

    /// How long the next try may take: as long as is set, and twice as long after each round in which no broker answered, up
    /// to the longest pause.
    pub(super) fn connect_timeout(&self, set: Duration) -> Duration {
        // The network may just be slow: with one limit for ever such a broker would never be reached.
        self.doubled(set, self.unanswered).min(self.reconnect.longest.max(set))
    }

    /// Once a round of tries.
    fn doubled(&self, first: Duration, tries: u32) -> Duration {
        // By the round and not by the try: with three nodes of a cluster the one that is left is reached within the
        // first pauses.
        let round = tries / self.brokers;
        // Thirty-one doublings of a second are 68 years: the longest pause has long been reached.
        first.saturating_mul(1_u32.checked_shl(round.min(31)).unwrap_or(u32::MAX))
    }

    /// A try took all of its time.
    pub(super) fn unanswered(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// A connection has stood long enough: all starts over.
    pub(super) fn stood(&mut self) {
        self.tries = 0;
        self.unanswered = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_pauses_are_short_and_double_once_a_round() {
        let mut backoff = Backoff::new(ReconnectSettings::default(), 2);
        let pauses: Vec<u128> = (0..6).map(|_| backoff.pause(u32::MAX).as_millis()).collect();
        assert_eq!(pauses, [400, 400, 800, 800, 1600, 1600]);
        backoff.stood();
        assert_eq!(backoff.pause(0).as_millis(), 200);
    }

    #[test]
    fn a_network_that_is_slow_is_given_more_time_each_round() {
        let mut backoff = Backoff::new(ReconnectSettings::default(), 2);
        let set = Duration::from_secs(4);
        let mut seconds = Vec::new();
        for _ in 0..8 {
            seconds.push(backoff.connect_timeout(set).as_secs());
            backoff.unanswered();
        }
        assert_eq!(seconds, [4, 4, 8, 8, 16, 16, 30, 30]);
        assert_eq!(backoff.connect_timeout(Duration::from_secs(300)).as_secs(), 300, "what is set is never cut short");
        assert_eq!(backoff.connect_timeout(set).as_secs(), 30);
        backoff.stood();
        assert_eq!(backoff.connect_timeout(set).as_secs(), 4);
    }

    proptest! {
        #[test]
        fn no_pause_is_under_half_the_first_or_over_the_longest(
            brokers in 0_usize..5, randoms in prop::collection::vec(any::<u32>(), 1..200)
        ) {
            let reconnect = ReconnectSettings::default();
            let mut backoff = Backoff::new(reconnect, brokers);
            for random in randoms {
                let pause = backoff.pause(random);
                prop_assert!(pause >= reconnect.first / 2 && pause <= reconnect.longest);
            }
        }
    }
}
