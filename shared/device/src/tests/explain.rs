//! The words of `explain`: none empty but the hint of what is met (contract 5).
//!
//! Lives here: that every word stands, and what the sentences name. Does not live here: the checklist's rules.

use std::collections::BTreeSet;

use portal_contract::{Explanation, Prerequisite, Receipt};

use super::rig::{ANDROID, DesktopBehaviour, DeviceRig, IPHONE, PLATFORMS, PROFILES, RETIRE};
use super::sent::{nonsense, sent};
use crate::{
    AppCommand, ConditionCommand, DeviceEffect, DeviceInput, DocumentationYear, ReceivedPush, SettledPush, explain,
};

/// Pushes, and explains what came of it.
fn explained(rig: &mut DeviceRig, push: super::sent::PushBuilder) -> (Receipt, Explanation) {
    let effects = rig.push(push);
    let settled = effects.into_iter().find_map(|effect| match effect {
        DeviceEffect::Settle(SettledPush { receipt, push, .. }) => Some((receipt, push)),
        _ => None,
    });
    let (receipt, push): (Receipt, Option<ReceivedPush>) = match settled {
        Some(settled) => settled,
        None => (rig.receipts.last().unwrap().clone(), None),
    };
    let explanation = explain(&receipt, push.as_ref(), rig.snapshot(), &rig.settings);
    (receipt, explanation)
}

fn check(explanation: &Explanation) {
    assert!(!explanation.summary.is_empty());
    assert!(!explanation.summary.contains(".."), "{}", explanation.summary);
    let codes: Vec<Prerequisite> = explanation.prerequisites.iter().map(|entry| entry.code).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    for entry in &explanation.prerequisites {
        assert!(!entry.detail.is_empty() && !entry.source.is_empty(), "{entry:?}");
        assert_eq!(entry.hint.is_empty(), entry.met, "{entry:?}");
        assert!(entry.source.starts_with("facts ") && !entry.sources.is_empty(), "{entry:?}");
    }
}

/// Walks through ways to stand, explaining a push at each.
#[test]
fn every_word_stands_wherever_a_push_finds_the_device() {
    let walk: [fn(&mut DeviceRig); 13] = [
        |_| {},
        DeviceRig::install,
        DeviceRig::deny,
        |rig| rig.enroll("adele"),
        DeviceRig::allow,
        |rig| drop(rig.command(RETIRE)),
        // On Android it is gone with the work profile.
        DeviceRig::install,
        |rig| rig.enroll("bob"),
        |rig| rig.condition(ConditionCommand::Focus(true)),
        |rig| rig.condition(ConditionCommand::Locked(true)),
        |rig| drop(rig.app(AppCommand::Open)),
        |rig| rig.condition(ConditionCommand::Locked(false)),
        DeviceRig::uninstall,
    ];
    for platform in PLATFORMS {
        for documentation in PROFILES {
            let mut rig = DeviceRig::following(platform, documentation);
            for (step, stands) in walk.iter().enumerate() {
                stands(&mut rig);
                let pushes = [sent("d"), sent("g").for_group(3), sent("u").for_user("carol"), nonsense()];
                for (n, mut push) in pushes.into_iter().enumerate() {
                    if let Ok(payload) = &mut push.arrival.payload {
                        payload.id = format!("{step}-{n}").parse().unwrap();
                    }
                    check(&explained(&mut rig, push).1);
                }
            }
        }
    }
}

fn summary(rig: &mut DeviceRig, id: &str) -> String {
    let (_, explanation) = explained(rig, sent(id));
    check(&explanation);
    explanation.summary
}

#[test]
fn the_summary_names_what_happened_and_the_fact_behind_it() {
    let mut rig = DeviceRig::ready(IPHONE);
    assert_eq!(summary(&mut rig, "banner"), "Shown as a banner.");
    assert!(summary(&mut rig, "banner").contains("already had an outcome"));
    rig.condition(ConditionCommand::Locked(true));
    assert_eq!(summary(&mut rig, "locked"), "Shown on the lock screen.");
    rig.condition(ConditionCommand::Focus(true));
    assert!(summary(&mut rig, "focus").contains("Focus or Do Not Disturb"));
    rig.desktop = DesktopBehaviour::Refuses;
    assert!(summary(&mut rig, "refused").contains("this computer's desktop did not: it said no."));
    rig.deny();
    assert_eq!(
        summary(&mut rig, "denied"),
        "Nothing was shown, because of what is unmet: notificationsPermitted. With the permission off, APNs itself discards \
         the push (facts 5)."
    );

    let mut rig = DeviceRig::ready(ANDROID);
    rig.app(AppCommand::ForceStop);
    assert!(summary(&mut rig, "stopped").contains("force-stopped"));
}

#[test]
fn a_delay_has_its_sentence_beside_the_outcome() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::Doze(true));
    rig.push(sent("a"));
    rig.condition(ConditionCommand::Doze(false));
    let explanation = explain(rig.receipt("a"), None, rig.snapshot(), &rig.settings);
    assert_eq!(
        explanation.summary,
        "Shown as a banner. It had waited in Doze, for a maintenance window or its end (facts 4.2)."
    );
}

/// Each hint that is a command of ours, carried out, meets what it was to change.
#[test]
fn each_hint_that_is_a_command_works() {
    let mut rig = DeviceRig::new(IPHONE, Default::default());
    type CarryOut = fn(&mut DeviceRig);
    let repaired: [(&str, CarryOut); 3] = [
        ("app install", DeviceRig::install),
        ("permission allow", DeviceRig::allow),
        ("enroll --user UPN", |rig| rig.enroll("adele")),
    ];
    for (hint, carry_out) in repaired {
        let unmet: BTreeSet<_> = rig.snapshot().unmet(None).iter().collect();
        let hints: Vec<String> = rig.snapshot().checklist_entries(None).into_iter().map(|entry| entry.hint).collect();
        assert!(hints.iter().any(|its| its == hint), "{hints:?}");
        carry_out(&mut rig);
        let left: BTreeSet<_> = rig.snapshot().unmet(None).iter().collect();
        assert!(left.is_subset(&unmet) && left != unmet || hint == "app install", "{hint} changes nothing");
    }
    assert!(rig.snapshot().unmet(None).is_empty());
}

/// facts 1.1: document C23's version gate; C25 no longer mentions it.
#[test]
fn an_app_that_is_too_old_is_said_to_be() {
    let mut rig = DeviceRig::following(ANDROID, DocumentationYear::Y2023);
    rig.app(AppCommand::Install { version: Some("5.0.5290.9".to_owned()), target_sdk: None });
    rig.allow();
    rig.enroll("adele");
    assert!(summary(&mut rig, "old").contains("older than 5.0.5291.0"));
    rig.happens(DeviceInput::DeadlineReached);
    rig.app(AppCommand::Update { version: Some("5.0.5291.0".to_owned()), target_sdk: None });
    assert!(summary(&mut rig, "new").starts_with("Shown as a banner."));
}
