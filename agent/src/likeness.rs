//! The nearest of the words that would be right.
//!
//! Lives here: how alike two words must be for one to be suggested for the other. Does not live here: the words.

/// How alike two words must be, of 1, for one to be taken for the other.
const ALIKE: f64 = 0.5;
/// How much of a word must stand there for it to be taken for the whole.
const SHORTEST_BEGINNING: usize = 3;

/// The nearest word, where one is near. A word that goes on where what was written ends is as near as a word may be.
pub fn nearest<'a>(written: &str, right: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase();
    let likeness = |word: &str| {
        let word = word.to_lowercase();
        if written.len() >= SHORTEST_BEGINNING && word.starts_with(&written) {
            return 1.0;
        }
        strsim::normalized_damerau_levenshtein(&word, &written)
    };
    // Of two that are equally near, the first.
    let best = right.iter().rev().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= ALIKE).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let commands = ["status", "settings", "os", "permission", "log", "stop"];
        for (written, suggested) in [
            ("statsu", Some("status")),
            ("STATUS", Some("status")),
            ("perm", Some("permission")),
            ("stpo", Some("stop")),
            ("nonsense", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(written, &commands), suggested, "{written:?}");
        }
    }
}
