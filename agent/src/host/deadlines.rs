//! When time is the next thing to happen, for every device in one ordered set.
//!
//! Lives here: the set. Does not live here: waiting (`clock`).

use std::collections::{BTreeSet, HashMap};

use portal_contract::Timestamp;
use portal_delivery::DeviceKey;

/// Each device's next deadline, by the wall clock. A device is in it once at most, so that one that changes its mind leaves
/// nothing behind, as it would in a binary heap.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_time: BTreeSet<(Timestamp, DeviceKey)>,
    of_device: HashMap<DeviceKey, Timestamp>,
}

impl Deadlines {
    /// The device waits for this moment, or for none.
    pub(super) fn set(&mut self, device: DeviceKey, deadline: Option<Timestamp>) {
        if self.of_device.get(&device).copied() == deadline {
            return;
        }
        if let Some(before) = self.of_device.remove(&device) {
            self.by_time.remove(&(before, device));
        }
        if let Some(deadline) = deadline {
            self.of_device.insert(device, deadline);
            self.by_time.insert((deadline, device));
        }
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(deadline, _)| *deadline)
    }

    /// The device with the earliest deadline.
    pub(super) fn first(&self) -> Option<DeviceKey> {
        self.by_time.first().map(|(_, device)| *device)
    }

    /// The devices whose deadline has come, the earliest first.
    pub(super) fn due(&self, now: Timestamp) -> Vec<DeviceKey> {
        self.by_time.iter().take_while(|(deadline, _)| *deadline <= now).map(|(_, device)| *device).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_waits_for_one_moment_at_most_and_the_earliest_comes_first() {
        let at = Timestamp::from_millis;
        let (one, two) = (DeviceKey(1), DeviceKey(2));
        let mut deadlines = Deadlines::default();
        deadlines.set(one, Some(at(50)));
        deadlines.set(two, Some(at(20)));
        assert_eq!((deadlines.next(), deadlines.due(at(50))), (Some(at(20)), vec![two, one]));
        deadlines.set(two, Some(at(90)));
        assert_eq!((deadlines.next(), deadlines.due(at(49))), (Some(at(50)), vec![]));
        deadlines.set(one, None);
        deadlines.set(two, None);
        assert_eq!(deadlines.next(), None);
    }
}
