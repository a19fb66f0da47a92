//! How many custom notifications may be sent (facts 1.3): 25 an hour to groups by a tenant, 10 an hour to one device.
//!
//! Undocumented: whether the hour is a fixed or a sliding one, and whether the service refuses or drops what is over. Chosen: a
//! sliding window, and refusal, so that a sender notices.
//!
//! Lives here: counting. Does not live here: a clock, the answer (`answer`).

use std::collections::{HashMap, VecDeque};

use portal_contract::{DeviceId, Timestamp};

/// The limits in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Messages to groups in a window, for the tenant.
    pub tenant_messages: u32,
    /// Messages to one device in a window.
    pub device_messages: u32,
    /// The window, in milliseconds.
    pub window_millis: i64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { tenant_messages: 25, device_messages: 10, window_millis: 3_600_000 }
    }
}

/// The sends of the present window.
#[derive(Debug, Default)]
pub(crate) struct SendLimits {
    settings: LimitSettings,
    tenant: VecDeque<Timestamp>,
    devices: HashMap<DeviceId, VecDeque<Timestamp>>,
    sweep_at: usize,
}

/// How many devices are counted before those whose window has passed are looked for.
const FIRST_SWEEP: usize = 1024;

impl SendLimits {
    pub(crate) fn new(settings: LimitSettings) -> Self {
        Self { settings, sweep_at: FIRST_SWEEP, ..Self::default() }
    }

    /// Counts a message to groups.
    ///
    /// # Errors
    /// The limit is reached; the seconds until there is room. Nothing is counted then.
    pub(crate) fn take_group(&mut self, now: Timestamp) -> Result<(), u64> {
        take(&mut self.tenant, self.settings.tenant_messages, self.settings.window_millis, now)
    }

    /// Counts a message to a device.
    ///
    /// # Errors
    /// As [`SendLimits::take_group`].
    pub(crate) fn take_device(&mut self, device: DeviceId, now: Timestamp) -> Result<(), u64> {
        let window = self.settings.window_millis;
        if self.devices.len() >= self.sweep_at {
            // Rarely, and then all of them: the memory stays with the devices of one window.
            self.devices.retain(|_, sent| sent.back().is_some_and(|latest| is_within(*latest, window, now)));
            self.sweep_at = FIRST_SWEEP.max(self.devices.len().saturating_mul(2));
        }
        take(self.devices.entry(device).or_default(), self.settings.device_messages, window, now)
    }

    /// Takes a message to groups back that was not sent after all.
    pub(crate) fn give_back_group(&mut self, at: Timestamp) {
        give_back(&mut self.tenant, at);
    }

    /// Takes a message to a device back that was not sent after all.
    pub(crate) fn give_back_device(&mut self, device: DeviceId, at: Timestamp) {
        if let Some(sent) = self.devices.get_mut(&device) {
            give_back(sent, at);
        }
    }
}

/// Whether a send still counts; one of the future, from before the clock was set back, does not.
fn is_within(at: Timestamp, window: i64, now: Timestamp) -> bool {
    (0..window).contains(&now.millis_since(at))
}

fn take(sent: &mut VecDeque<Timestamp>, most: u32, window: i64, now: Timestamp) -> Result<(), u64> {
    sent.retain(|at| is_within(*at, window, now));
    if sent.len() < most as usize {
        sent.push_back(now);
        return Ok(());
    }
    // With a limit of none there is no oldest, and no moment at which there is room.
    let free_at = sent.front().map_or(window, |oldest| window - now.millis_since(*oldest));
    Err(u64::try_from(free_at).unwrap_or_default().div_ceil(1000).max(1))
}

fn give_back(sent: &mut VecDeque<Timestamp>, at: Timestamp) {
    if let Some(index) = sent.iter().rposition(|known| *known == at) {
        sent.remove(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_eleventh_to_a_device_waits_until_the_first_is_an_hour_old() {
        let mut limits = SendLimits::new(LimitSettings::default());
        let device = DeviceId::from_random(1);
        for n in 0..10 {
            assert_eq!(limits.take_device(device, at(n)), Ok(()));
        }
        assert_eq!(limits.take_device(device, at(10)), Err(3590));
        assert_eq!(limits.take_device(DeviceId::from_random(2), at(10)), Ok(()), "another device's own");
        assert_eq!(limits.take_device(device, at(3600)), Ok(()));
        assert_eq!(limits.take_device(device, at(3600)), Err(1));
    }

    #[test]
    fn what_was_not_sent_does_not_count() {
        let mut limits = SendLimits::new(LimitSettings { tenant_messages: 1, ..LimitSettings::default() });
        assert_eq!(limits.take_group(at(0)), Ok(()));
        limits.give_back_group(at(0));
        assert_eq!(limits.take_group(at(1)), Ok(()));
        assert!(limits.take_group(at(2)).is_err());
    }

    #[test]
    fn devices_whose_window_has_passed_are_forgotten() {
        let mut limits = SendLimits::new(LimitSettings::default());
        for n in 0..100_000_u128 {
            limits.take_device(DeviceId::from_random(n), at(n as i64)).unwrap();
        }
        assert!(limits.devices.len() < 10_000, "{}", limits.devices.len());
    }

    proptest! {
        #[test]
        fn no_window_has_more_than_the_limit(steps in prop::collection::vec(0..2000_i64, 1..200), most in 1..12_u32) {
            let mut limits = SendLimits::new(LimitSettings { tenant_messages: most, ..LimitSettings::default() });
            let (mut now, mut taken) = (0, Vec::new());
            for step in steps {
                now += step;
                match limits.take_group(at(now)) {
                    Ok(()) => taken.push(now),
                    Err(wait) => {
                        let room = taken.iter().filter(|sent| now + wait as i64 - **sent < 3600).count();
                        prop_assert!(room < most as usize, "after Retry-After there is room");
                    }
                }
                prop_assert!(taken.iter().filter(|sent| now - **sent < 3600).count() <= most as usize);
            }
        }
    }
}
