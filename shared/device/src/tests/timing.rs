//! How long one judgement takes; measured by hand, since a test that waits on a machine's speed fails by chance.
//!
//! `cargo test --release -p portal-device timing -- --ignored --nocapture`

use std::time::Instant;

use super::rig::{ANDROID, DeviceRig};
use super::sent::sent;
use crate::{ConditionCommand, DeviceInput, EmulationSettings, explain_verdict, outcome_grid};

const PUSHES: usize = 200_000;

/// Applies `PUSHES` pushes and prints what one takes.
fn time_pushes(what: &str, rig: &DeviceRig) {
    let mut device = rig.device.clone();
    let arrivals: Vec<DeviceInput> =
        (0..PUSHES).map(|n| DeviceInput::PushArrived(sent(&format!("n{n}")).arrival)).collect();
    let now = rig.now;
    let start = Instant::now();
    let mut effects = 0;
    for arrival in arrivals {
        effects += device.apply(arrival, now).unwrap().len();
        let _ = std::hint::black_box(device.next_deadline());
    }
    let nanos = start.elapsed().as_nanos() / PUSHES as u128;
    println!("{what}: {nanos} ns a push ({effects} effects)");
}

#[test]
#[ignore = "a measurement: run it by hand, in release"]
fn withheld_and_held_pushes() {
    let mut rig = DeviceRig::ready(ANDROID);
    rig.condition(ConditionCommand::Doze(true));
    time_pushes("held in Doze", &rig);
    rig.push(sent("held"));
    rig.deny();
    time_pushes("withheld, one held", &rig);
    let mut rig = DeviceRig::new(ANDROID, Default::default());
    time_pushes("withheld by everything", &rig);
    rig.install();
    time_pushes("withheld behind a prompt", &rig);
}

#[test]
#[ignore = "a measurement: run it by hand, in release"]
fn the_grid_and_the_ways_to_show() {
    let start = Instant::now();
    let grid = outcome_grid(&EmulationSettings::default(), |_, _| true);
    let combinations: usize = grid.iter().map(|section| section.cells.len()).sum();
    println!("the grid: {combinations} combinations in {:?}", start.elapsed());
    let mut rig = DeviceRig::new(ANDROID, Default::default());
    rig.condition(ConditionCommand::Doze(true));
    rig.condition(ConditionCommand::Offline(true));
    let push = super::ways::received(&rig, sent("n"));
    let start = Instant::now();
    let explanation = explain_verdict(&rig.device, &push, rig.now);
    println!("the ways out of everything: {} in {:?}", explanation.ways_to_show.len(), start.elapsed());
}
