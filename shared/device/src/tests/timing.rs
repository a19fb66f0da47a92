//! How long the door takes; measured by hand, since a test that waits on a machine's speed fails by chance.
//!
//! `cargo test --release -p portal-agent device::tests::timing -- --ignored --nocapture`

use std::time::Instant;

use super::bench::{ANDROID, Bench};
use super::sent::sent;
use crate::{ConditionCommand, Event};

const PUSHES: usize = 200_000;

/// Applies `PUSHES` pushes and prints what one takes.
fn time_pushes(what: &str, bench: &Bench) {
    let mut device = bench.device.clone();
    let arrivals: Vec<Event> = (0..PUSHES).map(|n| Event::PushArrived(sent(&format!("n{n}")).arrival)).collect();
    let now = bench.now;
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
    let mut bench = Bench::ready(ANDROID);
    bench.condition(ConditionCommand::Doze(true));
    time_pushes("held in Doze", &bench);
    bench.push(sent("held"));
    bench.deny();
    time_pushes("withheld, one held", &bench);
    let mut bench = Bench::new(ANDROID, Default::default());
    time_pushes("withheld by everything", &bench);
    bench.install();
    time_pushes("withheld behind a prompt", &bench);
}
