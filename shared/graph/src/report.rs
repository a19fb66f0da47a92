//! The sender's report: what the sends of this sender would have met in production, by document and section.
//!
//! Lives here: counting refusals, the report's form. Does not live here: sends and their receipts (`sends`).

use serde_json::{Value, json};
use strum::VariantArray;

use crate::answer::RefusalReason;
use crate::refused_actions::RefusedActions;
use crate::sends::SendBook;

/// How often each refusal was given.
#[derive(Debug, Default)]
pub(crate) struct RefusalCounts([u64; RefusalReason::VARIANTS.len()]);

impl RefusalReason {
    /// What happened, and the section of `sources.md` that it rests on.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TitleLength => ("the title is empty or longer than 50 characters", "1.3"),
            Self::BodyLength => ("the body is empty or longer than 500 characters", "1.3"),
            Self::TooManyGroups => ("more than 25 groups were named", "1.3"),
            Self::TenantLimit => ("more than 25 messages an hour went to groups", "1.3"),
            Self::DeviceLimit => ("more than 10 messages an hour went to one device", "1.3"),
            Self::NotPermitted => ("the caller's role does not permit it", "1.5"),
            Self::UnknownDevice => ("no managed device has the id", "1.4"),
            Self::UnknownGroup => ("no group has the id", "1.4"),
            Self::BrokerAway => ("the broker was not there", ""),
        }
    }
}

impl RefusalCounts {
    pub(crate) fn count(&mut self, reason: RefusalReason) {
        // The index of a variant in a list of all of them.
        self.0[reason as usize] += 1;
    }

    fn rows(&self) -> Vec<Value> {
        let rows = RefusalReason::VARIANTS.iter().zip(self.0).filter(|(_, count)| *count > 0);
        rows.map(|(reason, count)| {
            let (detail, section) = reason.words();
            let source = (!section.is_empty()).then(|| format!("facts {section}"));
            json!({"reason": <&str>::from(*reason), "count": count, "detail": detail, "source": source})
        })
        .collect()
    }
}

/// The report.
pub(crate) fn report(sends: &SendBook, refusals: &RefusalCounts, actions: &RefusedActions) -> Value {
    let summaries: Vec<Value> = sends.all().map(crate::sends::SendRecord::summary).collect();
    let unseen = sends.all().filter(|send| !send.was_presented());
    let unseen: Vec<Value> = unseen
        .map(|send| {
            let why = if send.addressed == 0 {
                ("no enrolled device was addressed", "facts 1.4")
            } else if send.receipts.is_empty() {
                ("no device has answered; Intune guarantees no delivery", "facts 1.6")
            } else {
                ("no device showed it; each one's outcome says why", "facts 1.1")
            };
            json!({"id": &*send.id, "detail": why.0, "source": why.1})
        })
        .collect();
    json!({"sent": summaries.len(), "refused": refusals.rows(), "refusedActions": actions.rows(), "shownToNobody": unseen, "sends": summaries})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_counted_with_its_source() {
        let mut counts = RefusalCounts::default();
        RefusalReason::VARIANTS.iter().for_each(|reason| counts.count(*reason));
        counts.count(RefusalReason::TitleLength);
        let report = report(&SendBook::default(), &counts, &RefusedActions::default());
        assert_eq!(report["refused"].as_array().map(Vec::len), Some(RefusalReason::VARIANTS.len()));
        let expected = json!({"reason": "titleLength", "count": 2, "source": "facts 1.3",
            "detail": "the title is empty or longer than 50 characters"});
        assert_eq!(report["refused"][0], expected);
    }
}
