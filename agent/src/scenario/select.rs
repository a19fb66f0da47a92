//! Which cases run, how often and in which order. Pure.
//!
//! Lives here: `--filter`, `--shuffle`, `--repeat`. Does not live here: running.

use super::model::Case;

/// Whether a case is asked for: every word of one of the filters stands in its name, its file or its facts.
pub fn is_asked_for(case: &Case, filters: &[String]) -> bool {
    let text = format!("{} {} {}", case.name(), case.at.file, case.facts.join(" ")).to_lowercase();
    let matches = |filter: &String| filter.to_lowercase().split_whitespace().all(|word| text.contains(word));
    filters.is_empty() || filters.iter().any(matches)
}

/// The order in which `count` cases run, `repeat` times each: pairs of a case's index and the repetition, from 1 on.
/// A seed shuffles them, the same seed in the same way on every machine.
pub fn order(count: usize, repeat: u32, seed: Option<u64>) -> Vec<(usize, u32)> {
    let mut order: Vec<(usize, u32)> =
        (1..=repeat).flat_map(|round| (0..count).map(move |case| (case, round))).collect();
    if let Some(seed) = seed {
        let mut state = seed;
        // Fisher and Yates, from the end on.
        for last in (1..order.len()).rev() {
            let other = next(&mut state) % (last as u64 + 1);
            order.swap(last, usize::try_from(other).unwrap_or(0));
        }
    }
    order
}

/// SplitMix64: small, and the same everywhere; nothing here has to be unguessable.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_shuffles_the_same_way_and_loses_nothing() {
        let plain = order(3, 2, None);
        assert_eq!(plain, [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2)]);
        let shuffled = order(50, 3, Some(7));
        assert_eq!(shuffled, order(50, 3, Some(7)));
        assert_ne!(shuffled, order(50, 3, Some(8)));
        let mut sorted = shuffled.clone();
        sorted.sort_unstable_by_key(|(case, round)| (*round, *case));
        assert_eq!(sorted, order(50, 3, None));
        assert!(order(0, 5, Some(1)).is_empty());
    }

    #[test]
    fn a_filter_looks_at_name_file_and_facts() {
        let text = "name: Denied once\nfacts: [\"4.1.4\"]\nmatrix: {p: [ios, android]}\nsteps: [{push: }]\n";
        let cases = super::super::read("folder/life.yaml", text.as_bytes()).unwrap();
        let asked = |filter: &[&str]| {
            let filters: Vec<String> = filter.iter().map(|f| (*f).to_owned()).collect();
            cases.iter().filter(|case| is_asked_for(case, &filters)).count()
        };
        assert_eq!(asked(&[]), 2);
        assert_eq!(asked(&["denied p=ios"]), 1);
        assert_eq!(asked(&["LIFE.yaml"]), 2);
        assert_eq!(asked(&["4.1.4"]), 2);
        assert_eq!(asked(&["other", "p=android"]), 1);
        assert_eq!(asked(&["p=ios p=android"]), 0);
    }
}
