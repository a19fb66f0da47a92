//! Random walks: what must hold whatever happens in whatever order (contract 3, 4).
//!
//! Lives here: the walks and what their ends must show. What must hold at each step is in `checks`: every walk is held to it.

use portal_contract::Timestamp;
use proptest::prelude::*;

use super::bench::{Bench, Platform};
use super::steps::{Step, benches, events, rules, steps, steps_with_a_quick_desktop};
use crate::{Device, Effect, Event, Resumption, Rules, Snapshot};

fn bench((platform, ready): (Platform, bool), rules: Rules) -> Bench {
    let bench = Bench::new(platform, rules);
    if ready { bench.made_ready() } else { bench }
}

fn pushes(steps: &[Step]) -> usize {
    steps.iter().filter(|step| matches!(step, Step::Push(_))).count()
}

/// Numbers of milliseconds, the ends among them.
fn ends() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), any::<i64>(), -100_000..100_000_i64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However a push was held, it ends in exactly one outcome; on the way, `checks` looks at every event.
    #[test]
    fn every_push_ends_in_exactly_one_outcome(start in benches(), rules in rules(), steps in steps()) {
        let mut bench = bench(start, rules);
        for step in &steps {
            bench.take(step);
            let settled = bench.receipts.len();
            let on_their_way = bench.device.held() + usize::from(bench.device.has_push_in_hand());
            prop_assert!(settled + on_their_way <= pushes(&steps));
        }
        bench.release();
        prop_assert_eq!(bench.receipts.len(), pushes(&steps));
        prop_assert_eq!((bench.held.len(), bench.device.held(), bench.device.has_push_in_hand()), (0, 0, false));
        prop_assert_eq!(bench.device.next_deadline(), None);
    }

    /// A restart at any moment changes nothing about what becomes of the pushes that are held.
    #[test]
    fn a_restart_changes_no_outcome(
        start in benches(),
        rules in rules(),
        before in steps_with_a_quick_desktop(),
        after in steps_with_a_quick_desktop(),
    ) {
        // The pace is forgotten with the process; here it never comes to it.
        let mut runs_on = bench(start, Rules { pace_per_second: 100_000, ..rules });
        before.iter().for_each(|step| runs_on.take(step));
        let mut restarted = runs_on.clone();
        restarted.restart();
        for bench in [&mut runs_on, &mut restarted] {
            // A new process asks the desktop anew; the old one is made to.
            bench.happens(Event::NotificationServerAppeared);
            bench.disconnect();
            bench.connect(true);
            bench.fence();
            after.iter().for_each(|step| bench.take(step));
            bench.release();
        }
        prop_assert_eq!(&runs_on.receipts, &restarted.receipts);
        prop_assert_eq!(runs_on.snapshot(), restarted.snapshot());
    }

    #[test]
    fn a_snapshot_reads_back_from_its_json(start in benches(), rules in rules(), steps in steps()) {
        let mut bench = bench(start, rules);
        steps.iter().for_each(|step| bench.take(step));
        let json = serde_json::to_string(bench.snapshot()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Snapshot>(&json).unwrap(), bench.snapshot());
    }

    /// Settings and times at their very ends: nothing overflows, nothing loops.
    #[test]
    fn no_event_at_any_time_under_any_settings_panics(
        start in benches(),
        patience_millis in ends(),
        ids_age_millis in ends(),
        pace_per_second in prop_oneof![Just(0), Just(1), Just(u32::MAX)],
        open_cards in prop_oneof![Just(0), Just(usize::MAX)],
        events in proptest::collection::vec((ends(), events()), 0..60),
    ) {
        let rules = Rules { patience_millis, ids_age_millis, pace_per_second, open_cards, ..Rules::default() };
        let mut device = bench(start, Rules::default()).device;
        device = Device::resume(device.snapshot().clone(), Resumption::default(), rules);
        for (now, event) in events {
            let now = Timestamp::from_millis(now);
            let effects = device.apply(event, now).unwrap_or_default();
            for effect in effects {
                if let Effect::Raise { card, .. } = effect {
                    device.apply(Event::Raised { card, desktop: None }, now).unwrap();
                }
            }
            let _ = device.next_deadline();
        }
    }

    /// Nothing is remembered outside the device: the same events at the same moments have the same effects.
    #[test]
    fn the_same_walk_twice_is_the_same(start in benches(), rules in rules(), steps in steps()) {
        let walk = |mut bench: Bench| {
            steps.iter().for_each(|step| bench.take(step));
            (bench.snapshot().clone(), bench.receipts, bench.shown, bench.interactions)
        };
        prop_assert_eq!(walk(bench(start, rules.clone())), walk(bench(start, rules)));
    }
}
