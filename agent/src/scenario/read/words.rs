//! What was meant by a word that is not right.
//!
//! Lives here: "did you mean". Does not live here: the words, and which of them is near (`likeness`).

pub use crate::likeness::nearest;

/// What was meant, or all that may stand there.
pub fn meant<'a>(written: &str, right: impl IntoIterator<Item = &'a str>) -> String {
    let right: Vec<&str> = right.into_iter().collect();
    match nearest(written, &right) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("one of {}", right.join(", ")),
    }
}
