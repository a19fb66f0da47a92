//! Faults on request: what a sender's retries are tried with. Off unless asked for, and the same for the same seed.
//!
//! Lives here: what is asked for, and drawing it. Does not live here: carrying it out.

use std::str::FromStr;
use std::time::Duration;

use portal_contract::duration;

use crate::answer::GraphError;

/// How many requests a burst of 429 lasts where nothing is said.
const BURST: u32 = 3;

/// The faults that are asked for: `latency=200ms,throttle=0.1,burst=3,unavailable=0.05,lost=0.1,seed=7`, each optional.
#[derive(Debug, Clone)]
pub struct Faults {
    latency: Duration,
    throttle: f64,
    burst: u32,
    unavailable: f64,
    lost: f64,
    draws: fastrand::Rng,
    left_of_burst: u32,
}

/// What befalls one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How long its answer waits.
    pub latency: Duration,
    /// What it is answered with instead.
    pub error: Option<GraphError>,
    /// Whether a send is answered with 204 and goes nowhere, as Intune guarantees no delivery (facts 1.6).
    pub lost: bool,
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let draws = fastrand::Rng::with_seed(1);
        let none = Duration::ZERO;
        let mut faults =
            Self { latency: none, throttle: 0.0, burst: BURST, unavailable: 0.0, lost: 0.0, draws, left_of_burst: 0 };
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or_else(|| format!("{part:?} is not NAME=VALUE"))?;
            let share = || {
                let share = value.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                share.ok_or_else(|| format!("{name}={value} is no share of requests; give a number from 0 to 1"))
            };
            let number = || value.parse::<u64>().map_err(|_| format!("{name}={value} is no whole number"));
            match name {
                "latency" => faults.latency = duration::parse(value)?,
                "throttle" => faults.throttle = share()?,
                "unavailable" => faults.unavailable = share()?,
                "lost" => faults.lost = share()?,
                "burst" => faults.burst = u32::try_from(number()?).unwrap_or(u32::MAX).max(1),
                "seed" => faults.draws = fastrand::Rng::with_seed(number()?),
                _ => {
                    return Err(format!(
                        "{name:?} is no fault; choose latency, throttle, burst, unavailable, lost or seed"
                    ));
                }
            }
        }
        Ok(faults)
    }
}

impl Faults {
    /// What befalls the next request.
    pub fn next_fault(&mut self) -> Fault {
        // All are drawn each time, so that one fault's share does not change when another falls.
        let (throttle, unavailable, lost) = (self.draws.f64(), self.draws.f64(), self.draws.f64());
        if self.left_of_burst == 0 && throttle < self.throttle {
            self.left_of_burst = self.burst;
        }
        let error = if self.left_of_burst > 0 {
            self.left_of_burst -= 1;
            let message = "Too many requests; this answer is a fault that was asked for";
            Some(GraphError::new(429, "TooManyRequests", message).of_intune().retry_in(1))
        } else if unavailable < self.unavailable {
            let message = "The service is not available; this answer is a fault that was asked for.";
            Some(GraphError::new(503, "ServiceUnavailable", message).retry_in(1))
        } else {
            None
        };
        Fault { latency: self.latency, lost: error.is_none() && lost < self.lost, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, count: usize) -> Vec<(u16, bool)> {
        let mut faults: Faults = text.parse().unwrap();
        let one = |_| {
            let fault = faults.next_fault();
            (fault.error.map_or(0, |error| error.status), fault.lost)
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_in_their_shares() {
        let text = "throttle=0.05,burst=2,unavailable=0.1,lost=0.2,seed=7";
        let faults = drawn(text, 10_000);
        assert_eq!(faults, drawn(text, 10_000));
        assert_ne!(faults, drawn("throttle=0.05,burst=2,unavailable=0.1,lost=0.2,seed=8", 10_000));
        let share = |holds: fn(&(u16, bool)) -> bool| faults.iter().filter(|fault| holds(fault)).count() as f64 / 1e4;
        assert!((0.07..0.12).contains(&share(|fault| fault.0 == 429)));
        assert!((0.07..0.12).contains(&share(|fault| fault.0 == 503)));
        assert!((0.13..0.20).contains(&share(|fault| fault.1)));
        assert_eq!(drawn("latency=5ms", 100), vec![(0, false); 100]);
    }

    #[test]
    fn what_is_no_fault_is_told_so() {
        for (text, says) in
            [("", "NAME=VALUE"), ("lost=2", "0 to 1"), ("lag=1s", "latency"), ("seed=x", "whole number")]
        {
            assert!(text.parse::<Faults>().unwrap_err().contains(says), "{text}");
        }
    }
}
