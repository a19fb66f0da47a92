//! All minimal sets of changes by which a push would show: found by carrying changes out on a copy of the device and judging
//! the push again.
//!
//! Lives here: the search. Does not live here: which changes are tried (`change`), what stands in a push's way (`obstacles`).
//!
//! Breadth first over sets of changes, the smaller first, so that a set which contains one that sufficed is left out: what
//! remains is minimal. A change that moves no obstacle is not pursued, which keeps the sets few; one that trades an obstacle
//! for another is (`retire` before `enroll`). The way from obstacles to commands that `hint` has is written by hand and stands
//! beside this one: it leads one prerequisite on, where this leads to the end.

mod change;
mod obstacles;

use std::collections::BTreeMap;

use portal_contract::way_to_show::{WayStep, WayToShow};
use portal_contract::{Outcome, Timestamp};

use super::push::ReceivedPush;
use super::verdict::PushVerdict;
use super::{Device, DeviceSnapshot, EmulationSettings};
use change::ChangeKind;
use obstacles::Obstacles;

/// More sets than any device that was met needs; a bound against what nobody thought of.
const MOST_SETS: usize = 5_000;

/// A phone, and a push for it: what changes are tried on.
#[derive(Clone)]
struct TrialDevice {
    device: Device,
    push: ReceivedPush,
    /// The push service gave it up, or its id was used: what arrives now is not this one.
    lost: bool,
    now: Timestamp,
}

impl TrialDevice {
    fn shows(&self) -> bool {
        !self.lost && matches!(self.device.verdict(&self.push, self.now), PushVerdict::Shows(_))
    }
}

/// A set of changes, the steps that carry it out, and where it leads.
struct Attempt {
    kinds: u64,
    trial: TrialDevice,
    obstacles: Obstacles,
    steps: Vec<WayStep>,
    cost: u32,
}

/// Every minimal set of changes by which `push` would show on the device of `snapshot` at `now`, the cheapest first; none
/// where it shows already. `outcome` is what became of it, where anything has: what the push service dropped does not come
/// again by itself.
pub fn ways_to_show(
    snapshot: &DeviceSnapshot,
    settings: &EmulationSettings,
    push: &ReceivedPush,
    outcome: Option<&Outcome>,
    now: Timestamp,
) -> Vec<WayToShow> {
    let device = Device::connected_as(snapshot.clone(), settings.clone());
    let lost = match (outcome, device.verdict(push, now)) {
        (Some(given @ (Outcome::Dropped { .. } | Outcome::Duplicate)), verdict) => {
            verdict != PushVerdict::Ends(given.clone())
        }
        _ => false,
    };
    let trial = TrialDevice { device, push: push.clone(), lost, now };
    if trial.shows() {
        return Vec::new();
    }
    let mut ways = search(trial);
    ways.sort_by_key(|attempt| (attempt.cost, attempt.steps.len()));
    ways.into_iter().map(|attempt| WayToShow { steps: attempt.steps }).collect()
}

fn search(trial: TrialDevice) -> Vec<Attempt> {
    let obstacles = Obstacles::of(&trial);
    let mut level = vec![Attempt { kinds: 0, trial, obstacles, steps: Vec::new(), cost: 0 }];
    let mut found: Vec<Attempt> = Vec::new();
    let mut tried = 0;
    while !level.is_empty() && tried < MOST_SETS {
        tried += level.len();
        // The changes of one set may be carried out in several orders; those that lead to the same are one attempt.
        let mut next: BTreeMap<u64, Vec<Attempt>> = BTreeMap::new();
        for attempt in &level {
            for further in attempt.further() {
                // It holds a set that suffices: not minimal, and so is whatever grows from it.
                if found.iter().any(|way| way.kinds & further.kinds == way.kinds) {
                    continue;
                }
                let same_set = next.entry(further.kinds).or_default();
                if !same_set.iter().any(|other| other.leads_where(&further)) {
                    same_set.push(further);
                }
            }
        }
        let (done, open): (Vec<Attempt>, Vec<Attempt>) =
            next.into_values().flatten().partition(|attempt| attempt.trial.shows());
        for way in done {
            if !found.iter().any(|other| other.kinds == way.kinds) {
                found.push(way);
            }
        }
        level = open.into_iter().filter(|one| !found.iter().any(|way| way.kinds & one.kinds == way.kinds)).collect();
    }
    found
}

impl Attempt {
    fn leads_where(&self, other: &Self) -> bool {
        self.obstacles == other.obstacles && self.trial.device.snapshot() == other.trial.device.snapshot()
    }

    /// This set with one change more, for each that moves an obstacle.
    fn further(&self) -> impl Iterator<Item = Self> {
        let kinds = ChangeKind::ALL.into_iter().filter(|kind| self.kinds & kind.bit() == 0);
        kinds.filter_map(|kind| {
            let (trial, step) = kind.carried_out(&self.trial)?;
            let obstacles = Obstacles::of(&trial);
            (obstacles != self.obstacles).then(|| {
                let mut steps = self.steps.clone();
                steps.push(step);
                Self { kinds: self.kinds | kind.bit(), trial, obstacles, steps, cost: self.cost + kind.cost() }
            })
        })
    }
}

impl Device {
    /// The device of `snapshot` as one that is in touch with its push service, unless it was taken offline: nothing waits on it.
    pub(super) fn connected_as(snapshot: DeviceSnapshot, settings: EmulationSettings) -> Self {
        let pushes = super::push::PushState::new(settings.pace_per_second);
        Self { state: snapshot, pushes, settings }
    }
}
