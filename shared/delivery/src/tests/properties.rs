//! Random interleavings of broker, desktop, disk, clock and people, with a crash after any action.
//!
//! Lives here: the walks and what their ends must show. What must hold at each action is in the models and in `rig`: every walk
//! is held to it. `PROPTEST_CASES` raises the number of walks.

use portal_contract::OperatingSystem;
use portal_device::EmulationSettings;
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;

use super::rig::Rig;
use super::steps::{Step, platform, rules, step, step_or_reset};

fn walk(platform: OperatingSystem, rules: EmulationSettings, tells_new_ids: bool, steps: &[Step]) -> Rig {
    let mut rig = Rig::ready_with(platform, rules);
    if tells_new_ids {
        rig = rig.restarted_with_new_ids_told();
    }
    steps.iter().for_each(|step| rig.take(step));
    assert!(rig.settle(), "it never says that it is idle");
    rig.check_the_end();
    rig
}

fn config() -> ProptestConfig {
    // Enough for every commit; what an hour of walks finds is another thing.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 100 };
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_push_is_lost_and_each_id_is_used_once(
        platform in platform(),
        rules in rules(),
        tells_new_ids: bool,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let rig = walk(platform, rules, tells_new_ids, &steps);
        let durable = &rig.journal.durable;
        let using = durable.receipts.iter().filter(|receipt| receipt.outcome.uses_id()).count();
        prop_assert_eq!(using + durable.held.len(), durable.ever_used.len());
    }

    #[test]
    fn a_reset_frees_the_ids_and_nothing_else_changes(
        platform in platform(),
        rules in rules(),
        tells_new_ids: bool,
        steps in prop::collection::vec(step_or_reset(), 0..120),
    ) {
        walk(platform, rules, tells_new_ids, &steps);
    }
}
