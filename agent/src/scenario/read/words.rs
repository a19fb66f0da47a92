//! The nearest of the words that would be right.
//!
//! Lives here: "did you mean". Does not live here: the words.

/// How alike two words must be, of 1, for one to be taken for the other.
const ALIKE: f64 = 0.5;

/// What was meant, or all that may stand there.
pub fn meant<'a>(written: &str, right: impl IntoIterator<Item = &'a str>) -> String {
    let right: Vec<&str> = right.into_iter().collect();
    match nearest(written, &right) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("one of {}", right.join(", ")),
    }
}

/// The nearest word, where one is near.
pub fn nearest<'a>(written: &str, right: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase();
    let likeness = |word: &str| strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &written);
    // Of two that are equally near, the first.
    let best = right.iter().rev().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= ALIKE).then_some(best)
}
