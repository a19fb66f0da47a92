//! How long the door takes; measured by hand, since a test that waits on a machine's speed fails by chance.
//!
//! `cargo test --release -p portal-agent device::tests::timing -- --ignored --nocapture`

use std::time::Instant;

use super::rig::{ANDROID, DeviceRig};
use super::sent::sent;
use crate::{ConditionCommand, DeviceInput};

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
