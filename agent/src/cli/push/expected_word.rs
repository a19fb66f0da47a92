//! The words that `push --expect` takes: an outcome, `held`, or a word of why.
//!
//! Lives here: which words there are, and whether a receipt or a held push has them. Does not live here: waiting (`push`).

use std::fmt;
use std::str::FromStr;

use portal_contract::{DeliveryDelay, HoldReason, OutcomeKind, Prerequisite, PushProblem, Surface};
use serde::Serialize;
use serde_json::Value;

use super::super::log::word;
use crate::likeness::nearest;

/// The word of a push that waits; it has no outcome yet.
pub const HELD: &str = "held";

/// The members of a receipt and of a held push whose words count.
const MEMBERS: [&str; 6] = ["outcome", "unmet", "problem", "surface", "reason", "delay"];

/// A word that a receipt or a held push may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedWord(String);

impl ExpectedWord {
    /// Whether it is true of pushes that wait, and of no receipt.
    pub fn is_of_a_held_push(&self) -> bool {
        self.0 == HELD || HoldReason::ALL.iter().any(|reason| reason.word() == self.0)
    }

    /// Whether a receipt or a held push, as JSON, has this word.
    pub fn is_in(&self, value: &Value) -> bool {
        MEMBERS.iter().any(|member| match &value[*member] {
            Value::String(word) => *word == self.0,
            Value::Array(words) => words.iter().any(|word| *word == self.0),
            _ => false,
        })
    }
}

impl fmt::Display for ExpectedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ExpectedWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let outcomes = outcomes();
        let reasons = reasons();
        if outcomes.iter().chain(&reasons).any(|known| known == text) {
            return Ok(Self(text.to_owned()));
        }
        let known: Vec<&str> = outcomes.iter().chain(&reasons).map(String::as_str).collect();
        Err(match nearest(text, &known) {
            Some(nearest) => format!("{text:?} is no outcome and no word of a reason; did you mean {nearest}?"),
            None => format!(
                "{text:?} is no outcome and no word of a reason; the outcomes are {}; a reason's words stand in log",
                outcomes.join(", ")
            ),
        })
    }
}

fn outcomes() -> Vec<String> {
    OutcomeKind::ALL.iter().map(|kind| kind.word().to_owned()).chain([HELD.to_owned()]).collect()
}

fn reasons() -> Vec<String> {
    let mut words: Vec<String> = Prerequisite::ALL.iter().map(|code| code.code().to_owned()).collect();
    words.extend(HoldReason::ALL.iter().map(|reason| reason.word().to_owned()));
    words.extend(words_of(PushProblem::ALL).chain(words_of(Surface::ALL)).chain(words_of(DeliveryDelay::ALL)));
    words
}

fn words_of<T: Serialize>(values: &[T]) -> impl Iterator<Item = String> {
    values.iter().map(word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expected(text: &str) -> ExpectedWord {
        text.parse().unwrap()
    }

    #[test]
    fn a_word_is_looked_for_where_outcome_and_reason_stand() {
        let withheld = json!({ "outcome": "withheld", "unmet": ["deviceEnrolled"], "notificationId": "banner" });
        for (word, is_in) in
            [("withheld", true), ("deviceEnrolled", true), ("presented", false), ("banner", false), ("held", false)]
        {
            assert_eq!(expected(word).is_in(&withheld), is_in, "{word}");
        }
        assert!(expected("doze").is_in(&json!({ "outcome": "held", "reason": "doze" })));
        assert!(expected("doze").is_of_a_held_push() && !expected("withheld").is_of_a_held_push());
    }

    #[test]
    fn an_unknown_word_is_refused_and_a_close_one_named() {
        let refusal = |text: &str| ExpectedWord::from_str(text).unwrap_err();
        assert!(refusal("witheld").contains("did you mean withheld?"));
        assert!(refusal("nonsense").contains("presented"));
    }
}
