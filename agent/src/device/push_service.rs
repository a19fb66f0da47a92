//! The push service between sender and device: what APNs and FCM do with what was sent while a device was away (facts 5).
//!
//! Lives here: what is kept and what is dropped when the fence is back. Does not live here: the fence itself (the broker's edge).

use portal_shared::{Problem, Timestamp};

use super::push::{Candidate, HoldReason};
use super::{Device, Effect};

/// How many FCM keeps; one more and all are discarded (facts 5).
const FCM_KEEPS: usize = 100;

impl Device {
    pub(super) fn connected(&mut self, session_present: bool, now: Timestamp, effects: &mut Vec<Effect>) {
        self.pushes.wait_for_fence();
        if !session_present && !self.state.condition.offline {
            // Without a kept session nothing more comes of what was sent while the device was away.
            self.decide_what_was_kept(now, effects);
        }
    }

    /// Everything that was held for the session has arrived: the push service's rules see it together.
    pub(super) fn fence_returned(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.pushes.take_fence() {
            return;
        }
        if let Some(enrolled) = self.state.enrollment.enrolled.as_mut().filter(|enrolled| !enrolled.fenced) {
            enrolled.fenced = true;
            effects.push(Effect::StateChanged);
        }
        // A device that was taken offline meanwhile is away again already.
        if !self.state.condition.offline {
            self.decide_what_was_kept(now, effects);
        }
    }

    fn decide_what_was_kept(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.pushes.was_away = false;
        let waited = self.pushes.held.all(HoldReason::DeviceOffline);
        let (dropped, problem) = self.dropped_of(waited.len());
        for (place, key) in waited.into_iter().enumerate() {
            let Some(candidate) = self.pushes.held.remove(key).map(Candidate::from) else { continue };
            if place < dropped {
                self.drop_push(candidate, problem, now, effects);
            } else {
                // Once through the fence it is on the device: being away again does not count it anew.
                self.hold(candidate, HoldReason::Pace, effects);
            }
        }
    }

    /// How many of the first of `waited` the push service dropped, and why (facts 5).
    fn dropped_of(&self, waited: usize) -> (usize, Problem) {
        let apple = self.state.identity.operating_system.is_apple();
        let problem = if apple { Problem::Collapsed } else { Problem::DroppedTooManyPendingMessages };
        let dropped = match () {
            () if !self.rules.emulate_push_service => 0,
            // facts 5: one notification per app and device, usually the latest
            () if apple => waited.saturating_sub(1),
            () if waited > FCM_KEEPS => waited,
            () => 0,
        };
        (dropped, problem)
    }
}
