//! Random walks: what must hold whatever happens in whatever order (contract 3, 4).
//!
//! Lives here: the walks and what their ends must show. What must hold at each step is in `checks`: every walk is held to it.

use portal_contract::{CardInteraction, Outcome, Timestamp};
use proptest::prelude::*;

use super::rig::{DeviceRig, PlatformCase};
use super::steps::{RandomStep, events, rigs, settings, steps, steps_with_a_quick_desktop};
use crate::{Device, DeviceEffect, DeviceInput, DeviceSnapshot, EmulationSettings, ResumePoint};

fn rig((platform, ready): (PlatformCase, bool), settings: EmulationSettings) -> DeviceRig {
    let rig = DeviceRig::new(platform, settings);
    if ready { rig.made_ready() } else { rig }
}

fn pushes(steps: &[RandomStep]) -> usize {
    steps.iter().filter(|step| matches!(step, RandomStep::Push(_))).count()
}

/// Numbers of milliseconds, the ends among them.
fn ends() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), any::<i64>(), -100_000..100_000_i64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However a push was held, it ends in exactly one outcome; on the way, `checks` looks at every event.
    #[test]
    fn every_push_ends_in_exactly_one_outcome(start in rigs(), settings in settings(), steps in steps()) {
        let mut rig = rig(start, settings);
        for step in &steps {
            rig.take(step);
            let settled = rig.receipts.len();
            let on_their_way = rig.device.held() + usize::from(rig.device.is_showing_push());
            prop_assert!(settled + on_their_way <= pushes(&steps));
        }
        rig.release();
        prop_assert_eq!(rig.receipts.len(), pushes(&steps));
        prop_assert_eq!((rig.held.len(), rig.device.held(), rig.device.is_showing_push()), (0, 0, false));
        prop_assert_eq!(rig.device.next_deadline(), None);
    }

    /// A restart at any moment changes nothing about what becomes of the pushes that are held.
    #[test]
    fn a_restart_changes_no_outcome(
        start in rigs(),
        settings in settings(),
        before in steps_with_a_quick_desktop(),
        after in steps_with_a_quick_desktop(),
    ) {
        // The pace is forgotten with the process; here it never comes to it.
        let mut runs_on = rig(start, EmulationSettings { pace_per_second: 100_000, ..settings });
        before.iter().for_each(|step| runs_on.take(step));
        let mut restarted = runs_on.clone();
        restarted.restart();
        // A card of before a restart cannot be clicked, which counts as using the app.
        let clicks = |step: &&RandomStep| matches!(step, RandomStep::Interact { interaction: CardInteraction::Clicked, .. });
        for rig in [&mut runs_on, &mut restarted] {
            // A new process asks the desktop anew; the old one is made to.
            rig.happens(DeviceInput::NotificationServerAppeared);
            rig.disconnect();
            rig.connect(true);
            rig.fence();
            after.iter().filter(|step| !clicks(step)).for_each(|step| rig.take(step));
            rig.release();
        }
        // What Android 16 makes of several is told of those that this process showed.
        for receipt in runs_on.receipts.iter_mut().chain(&mut restarted.receipts) {
            if let Outcome::Presented(shown) = &mut receipt.outcome {
                (shown.sound_lowered, shown.grouped) = (false, false);
            }
        }
        prop_assert_eq!(&runs_on.receipts, &restarted.receipts);
        prop_assert_eq!(runs_on.snapshot(), restarted.snapshot());
    }

    #[test]
    fn a_snapshot_reads_back_from_its_json(start in rigs(), settings in settings(), steps in steps()) {
        let mut rig = rig(start, settings);
        steps.iter().for_each(|step| rig.take(step));
        let json = serde_json::to_string(rig.snapshot()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<DeviceSnapshot>(&json).unwrap(), rig.snapshot());
    }

    /// Settings and times at their very ends: nothing overflows, nothing loops.
    #[test]
    fn no_event_at_any_time_under_any_settings_panics(
        start in rigs(),
        server_timeout_millis in ends(),
        ids_age_millis in ends(),
        pace_per_second in prop_oneof![Just(0), Just(1), Just(u32::MAX)],
        open_cards in prop_oneof![Just(0), Just(usize::MAX)],
        events in proptest::collection::vec((ends(), events()), 0..60),
    ) {
        let settings = EmulationSettings { server_timeout_millis, ids_age_millis, pace_per_second, open_cards, ..EmulationSettings::default() };
        let mut device = rig(start, EmulationSettings::default()).device;
        device = Device::resume(device.snapshot().clone(), ResumePoint::default(), settings);
        for (now, event) in events {
            let now = Timestamp::from_millis(now);
            let effects = device.apply(event, now).unwrap_or_default();
            for effect in effects {
                if let DeviceEffect::ShowCard { card, .. } = effect {
                    device.apply(DeviceInput::CardShown { card, desktop: None }, now).unwrap();
                }
            }
            let _ = device.next_deadline();
        }
    }

    /// Nothing is remembered outside the device: the same events at the same moments have the same effects.
    #[test]
    fn the_same_walk_twice_is_the_same(start in rigs(), settings in settings(), steps in steps()) {
        let walk = |mut rig: DeviceRig| {
            steps.iter().for_each(|step| rig.take(step));
            (rig.snapshot().clone(), rig.receipts, rig.shown, rig.interactions)
        };
        prop_assert_eq!(walk(rig(start, settings.clone())), walk(rig(start, settings)));
    }
}
