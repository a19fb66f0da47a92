//! What a fault left behind, as figures: times tried, lost, shown twice.
//!
//! Lives here: the one line that a fault test prints, the counts of a short and a full run, the seed of a run's chances.
//! Does not live here: any fault.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;

/// The file to which each line is added as well; `tests/run` prints it at the end.
const FILE: &str = "PORTAL_TESTS_FIGURES";
/// The seed of what is random in a fault; a run with the same seed draws the same numbers.
const SEED: &str = "PORTAL_TESTS_SEED";

/// Whether the full counts are asked for: `tests/run --full`.
pub fn is_full() -> bool {
    std::env::var_os("PORTAL_TESTS_FULL").is_some()
}

/// How often: the short count, or the full one.
pub fn times(short: usize, full: usize) -> usize {
    if is_full() { full } else { short }
}

/// A fault's figures. A push is lost that the agent acknowledged, or that its broker still had, and that has no outcome
/// in the end; it is shown twice if the desktop was asked for it more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurvivalCount {
    /// The fault.
    pub fault: &'static str,
    /// How often it struck.
    pub times: usize,
    /// How many pushes were sent meanwhile.
    pub pushes: usize,
    /// How many of them have no outcome.
    pub lost: usize,
    /// How many of them were shown twice.
    pub shown_twice: usize,
    /// What else was measured.
    pub note: String,
}

impl SurvivalCount {
    /// Prints the line, and adds it to the file of figures where one is asked for.
    pub fn report(&self) {
        println!("{self}");
        let Some(path) = std::env::var_os(FILE) else { return };
        let added =
            OpenOptions::new().create(true).append(true).open(&path).and_then(|mut file| writeln!(file, "{self}"));
        if let Err(error) = added {
            println!("the figures could not be kept: {error}");
        }
    }
}

impl fmt::Display for SurvivalCount {
    /// A row of the table in agent/docs/reliability.md.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, times, pushes, lost, shown_twice, note } = self;
        write!(f, "| {fault} | {times} | {pushes} | {lost} | {shown_twice} | {note} |")
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct SeededRandom(u64);

impl SeededRandom {
    /// With the seed of this run, which is printed.
    pub fn of_this_run() -> Self {
        let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124);
        println!("{SEED}={seed}");
        Self(seed)
    }

    /// The next number below `end`; 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_numbers() {
        let draw = |seed| (0..5).scan(SeededRandom(seed), |chance, _| Some(chance.below(100))).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(SeededRandom(7).below(0), 0);
    }

    #[test]
    fn a_line_is_a_row_of_the_table() {
        let note = "none in hand".to_owned();
        let line = SurvivalCount { fault: "kill -9", times: 200, pushes: 20_000, lost: 0, shown_twice: 3, note };
        assert_eq!(line.to_string(), "| kill -9 | 200 | 20000 | 0 | 3 | none in hand |");
    }
}
