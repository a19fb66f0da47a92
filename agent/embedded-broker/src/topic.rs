//! Topic names and topic filters (MQTT 5, 4.7).
//!
//! Lives here: which texts are a name or a filter, and which filter matches which name. Does not live here: who has
//! subscribed to what (`engine::subscriptions`).

use crate::codec::{Fault, Reason};

/// Whether a text is a topic name.
///
/// # Errors
/// It is empty or has a wildcard. U+0000 was refused where the text was read.
pub fn check_name(name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.contains(['+', '#']) {
        return Err(Fault::new(Reason::TopicNameInvalid, "a topic name was empty or had a wildcard"));
    }
    Ok(())
}

/// Whether a text is a topic filter: a wildcard is a level of its own, and `#` the last.
pub fn is_filter(filter: &str) -> bool {
    let mut levels = filter.split('/').peekable();
    !filter.is_empty()
        && std::iter::from_fn(|| levels.next().map(|level| (level, levels.peek().is_none())))
            .all(|(level, last)| !level.contains(['+', '#']) || level == "+" || level == "#" && last)
}

/// Whether a valid filter has a wildcard.
pub fn has_wildcard(filter: &str) -> bool {
    filter.contains(['+', '#'])
}

/// Whether a valid filter matches a valid name. A leading wildcard does not match a name that begins with `$`.
pub fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let (mut filter, mut name) = (filter.split('/'), name.split('/'));
    loop {
        match (filter.next(), name.next()) {
            // `a/#` matches `a` too.
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(expected), Some(level)) if expected == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_told_from_what_is_none() {
        for filter in ["a", "/", "+", "#", "a/#", "+/+", "/+", "a//b", "+/a/#", "$SYS/#", "ä/+"] {
            assert!(is_filter(filter), "{filter}");
        }
        for text in ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b#", "##", "++"] {
            assert!(!is_filter(text), "{text}");
        }
    }

    #[test]
    fn filters_match_as_the_specification_says() {
        let cases = [
            ("sport/tennis/#", "sport/tennis", true),
            ("sport/tennis/#", "sport/tennis/player1/ranking", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "a/b", true),
            ("#", "$SYS/a", false),
            ("+/a", "$SYS/a", false),
            ("$SYS/#", "$SYS/a", true),
            ("$SYS/+", "$SYS/a", true),
            ("a/b", "a/b/", false),
            ("a/b/", "a/b", false),
            ("A", "a", false),
        ];
        for (filter, name, expected) in cases {
            assert_eq!(matches(filter, name), expected, "{filter} {name}");
        }
    }
}
