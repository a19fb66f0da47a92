//! Spans of time as people read them: `250 ms`, `1.3 s`, `4 h 0 min`.
//!
//! Lives here: the words for device time and for the computer's. Does not live here: any clock.

use std::time::Duration;

/// A span in two units at most.
pub fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_in_two_units() {
        let words = |millis| in_words(Duration::from_millis(millis));
        assert_eq!(
            [words(0), words(999), words(1300), words(61_000), words(14_400_000), words(180_000_000)],
            ["0 ms", "999 ms", "1.3 s", "1 min 1 s", "4 h 0 min", "2 d 2 h"]
        );
    }
}
