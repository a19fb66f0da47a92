//! What an expectation rests on: `facts: ["4.1"]`, or `undocumented: …`.
//!
//! Lives here: reading it, and the way it is handed down. Does not live here: the facts (`portal_device::behaviour`).

use portal_device::behaviour;

use super::super::model::ExpectationBasis;
use super::diagnostic::ProblemList;
use super::members::{NodeMembers, list, shown, text};
use super::words::meant;

/// Takes `facts` or `undocumented`; what stands above holds where neither is there.
pub fn take(members: &mut NodeMembers<'_>, above: &ExpectationBasis, problems: &mut ProblemList) -> ExpectationBasis {
    let facts = members.take("facts");
    let undocumented = members.take("undocumented");
    if let (Some(_), Some(why)) = (facts, undocumented) {
        let hint = "an expectation rests on documentation or on an undocumented choice; split it";
        problems.add(why.place, "facts and undocumented stand beside each other", hint);
    }
    if let Some(facts) = facts {
        let named = list(facts).into_iter().filter_map(|node| {
            let written = node.text().unwrap_or_default();
            if !behaviour::ids().any(|known| known == written) {
                let message = format!("there is no fact {}", shown(node));
                problems.add(node.place, message, meant(written, behaviour::ids()));
            }
            node.text().map(str::to_owned)
        });
        return ExpectationBasis::Documented(named.collect());
    }
    match undocumented {
        Some(node) => match text(node, "undocumented", problems) {
            Some(why) => ExpectationBasis::Undocumented(why.to_owned()),
            None => above.clone(),
        },
        None => above.clone(),
    }
}
