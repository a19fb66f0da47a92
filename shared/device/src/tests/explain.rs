//! The words of `explain`: none empty but the mend of what is met (contract 5).
//!
//! Lives here: that every word stands, and what the sentences name. Does not live here: the checklist's rules.

use std::collections::BTreeSet;

use portal_contract::{Explanation, Prerequisite, Receipt};

use super::bench::{ANDROID, Bench, Desktop, IPHONE, PLATFORMS, PROFILES, RETIRE};
use super::sent::{nonsense, sent};
use crate::{AppCommand, ConditionCommand, Documentation, Effect, Event, Push, explain};

/// Pushes, and explains what came of it.
fn explained(bench: &mut Bench, push: super::sent::Sent) -> (Receipt, Explanation) {
    let effects = bench.push(push);
    let settled = effects.into_iter().find_map(|effect| match effect {
        Effect::Settle { receipt, push, .. } => Some((receipt, push)),
        _ => None,
    });
    let (receipt, push): (Receipt, Option<Push>) = match settled {
        Some(settled) => settled,
        None => (bench.receipts.last().unwrap().clone(), None),
    };
    let explanation = explain(&receipt, push.as_ref(), bench.snapshot());
    (receipt, explanation)
}

fn check(explanation: &Explanation) {
    assert!(!explanation.summary.is_empty());
    assert!(!explanation.summary.contains(".."), "{}", explanation.summary);
    let codes: Vec<Prerequisite> = explanation.prerequisites.iter().map(|standing| standing.code).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    for standing in &explanation.prerequisites {
        assert!(!standing.detail.is_empty() && !standing.source.is_empty(), "{standing:?}");
        assert_eq!(standing.mend.is_empty(), standing.met, "{standing:?}");
        assert!(standing.source.starts_with("facts ") || standing.source.starts_with("undocumented: "), "{standing:?}");
    }
}

/// Walks through ways to stand, explaining a push at each.
#[test]
fn every_word_stands_wherever_a_push_finds_the_device() {
    let walk: [fn(&mut Bench); 12] = [
        |_| {},
        Bench::install,
        Bench::deny,
        |bench| bench.enroll("adele"),
        Bench::allow,
        |bench| drop(bench.command(RETIRE)),
        |bench| bench.enroll("bob"),
        |bench| bench.condition(ConditionCommand::Focus(true)),
        |bench| bench.condition(ConditionCommand::Locked(true)),
        |bench| drop(bench.app(AppCommand::Open)),
        |bench| bench.condition(ConditionCommand::Locked(false)),
        Bench::uninstall,
    ];
    for platform in PLATFORMS {
        for documentation in PROFILES {
            let mut bench = Bench::following(platform, documentation);
            for (step, stands) in walk.iter().enumerate() {
                stands(&mut bench);
                let pushes = [sent("d"), sent("g").for_group(3), sent("u").for_user("carol"), nonsense()];
                for (n, mut push) in pushes.into_iter().enumerate() {
                    if let Ok(payload) = &mut push.arrival.payload {
                        payload.id = format!("{step}-{n}").parse().unwrap();
                    }
                    check(&explained(&mut bench, push).1);
                }
            }
        }
    }
}

fn summary(bench: &mut Bench, id: &str) -> String {
    let (_, explanation) = explained(bench, sent(id));
    check(&explanation);
    explanation.summary
}

#[test]
fn the_summary_names_what_happened_and_the_fact_behind_it() {
    let mut bench = Bench::ready(IPHONE);
    assert_eq!(summary(&mut bench, "banner"), "Shown as a banner.");
    assert!(summary(&mut bench, "banner").contains("already had an outcome"));
    bench.condition(ConditionCommand::Locked(true));
    assert_eq!(summary(&mut bench, "locked"), "Shown on the lock screen.");
    bench.condition(ConditionCommand::Focus(true));
    assert!(summary(&mut bench, "focus").contains("Focus or Do Not Disturb"));
    bench.desktop = Desktop::Refuses;
    assert!(summary(&mut bench, "refused").contains("this computer's desktop did not: it said no."));
    bench.deny();
    assert_eq!(
        summary(&mut bench, "denied"),
        "Nothing was shown, because of what is unmet: notificationsPermitted. With the permission off, APNs itself discards \
         the push (facts 5)."
    );

    let mut bench = Bench::ready(ANDROID);
    bench.app(AppCommand::ForceStop);
    assert!(summary(&mut bench, "stopped").contains("force-stopped"));
}

#[test]
fn a_delay_has_its_sentence_beside_the_outcome() {
    let mut bench = Bench::ready(ANDROID);
    bench.condition(ConditionCommand::Doze(true));
    bench.push(sent("a"));
    bench.condition(ConditionCommand::Doze(false));
    let explanation = explain(bench.receipt("a"), None, bench.snapshot());
    assert_eq!(explanation.summary, "Shown as a banner. It had waited for the end of Doze (facts 4.2).");
}

/// Each mend that is a command of ours, carried out, meets what it was to mend.
#[test]
fn the_mends_mend() {
    let mut bench = Bench::new(IPHONE, Default::default());
    type CarryOut = fn(&mut Bench);
    let mended: [(&str, CarryOut); 3] = [
        ("app install", Bench::install),
        ("permission allow", Bench::allow),
        ("enroll --user UPN", |bench| bench.enroll("adele")),
    ];
    for (mend, carry_out) in mended {
        let unmet: BTreeSet<_> = bench.snapshot().unmet(None).iter().collect();
        let mends: Vec<String> = bench.snapshot().standings(None).into_iter().map(|standing| standing.mend).collect();
        assert!(mends.iter().any(|its| its == mend), "{mends:?}");
        carry_out(&mut bench);
        let left: BTreeSet<_> = bench.snapshot().unmet(None).iter().collect();
        assert!(left.is_subset(&unmet) && left != unmet || mend == "app install", "{mend} mends nothing");
    }
    assert!(bench.snapshot().unmet(None).is_empty());
}

/// facts 1.1: document C's version gate; document E no longer mentions it.
#[test]
fn an_app_that_is_too_old_is_said_to_be() {
    let mut bench = Bench::following(ANDROID, Documentation::Y2023);
    bench.app(AppCommand::Install { version: Some("5.0.5290.9".to_owned()), target_sdk: None });
    bench.allow();
    bench.enroll("adele");
    assert!(summary(&mut bench, "old").contains("older than 5.0.5291.0"));
    bench.happens(Event::DeadlineReached);
    bench.app(AppCommand::Update { version: Some("5.0.5291.0".to_owned()), target_sdk: None });
    assert_eq!(summary(&mut bench, "new"), "Shown as a banner.");
}
