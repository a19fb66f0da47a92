//! The push service between sender and device: what APNs and FCM do with what was sent while a device was away (facts 5).
//!
//! Lives here: what is kept and what is dropped when the fence is back, and the time to live. Does not live here: the fence
//! itself (the broker's edge), priorities (`priority`).

use portal_contract::{PushProblem, PushTarget, Timestamp};

use super::documentation::FcmMessageKind;
use super::push::{HeldPush, PushCandidate, ReceivedPush};
use super::{Device, DeviceEffect, EmulationSettings};
use portal_contract::HoldReason;

/// How many FCM keeps; one more and all are discarded (facts 5).
const FCM_KEEPS: usize = 100;
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// apns-expiration's default and FCM's (facts 5).
const APNS_KEEPS_MILLIS: i64 = 30 * DAY_MILLIS;
const FCM_KEEPS_MILLIS: i64 = 28 * DAY_MILLIS;
/// After how long without a connection an Android registration expires (facts 5).
const INACTIVE_AFTER_MILLIS: i64 = 270 * DAY_MILLIS;

impl EmulationSettings {
    /// When the push service gives `push` up (`Rule::TimeToLive`); counted from when it was sent, as far as that is known.
    fn time_to_live_ends(&self, push: &ReceivedPush, apple: bool) -> Option<Timestamp> {
        let default = if apple { APNS_KEEPS_MILLIS } else { FCM_KEEPS_MILLIS };
        let millis = self.push_service.time_to_live_millis.unwrap_or(default);
        let sent_at = push.notification.sent_at.unwrap_or(push.received_at);
        self.push_service.emulate.then(|| sent_at.plus_millis(millis))
    }

    /// Whether the push service has given `push` up.
    pub(super) fn time_to_live_is_over(&self, push: &ReceivedPush, apple: bool, now: Timestamp) -> bool {
        self.time_to_live_ends(push, apple).is_some_and(|at| now >= at)
    }

    /// When a held push ends by itself, whatever it waits for.
    pub(super) fn wait_ends(&self, held: &HeldPush, apple: bool) -> Option<Timestamp> {
        let service = held.reason.is_of_the_push_service().then(|| self.time_to_live_ends(&held.push, apple)).flatten();
        [held.push.ends_at(self.ids_age_millis), service].into_iter().flatten().min()
    }
}

impl Device {
    pub(super) fn is_apple(&self) -> bool {
        self.state.identity.operating_system.is_apple()
    }

    /// Whether a message that the broker kept for later subscribers counts as sent to this device (`Rule::LateJoiner`).
    pub fn counts_retained(&self, target: PushTarget) -> bool {
        self.settings.late_joiner && target != PushTarget::Device
    }

    pub(super) fn connected(&mut self, session_present: bool, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        self.pushes.wait_for_fence();
        if !session_present && !self.state.condition.offline {
            // Without a kept session nothing more comes of what was sent while the device was away.
            self.decide_what_was_kept(now, effects);
        }
    }

    /// Everything that was held for the session has arrived: the push service's rules see it together.
    pub(super) fn fence_returned(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        if !self.pushes.take_fence() {
            return;
        }
        if let Some(enrolled) = self.state.enrollment.enrolled.as_mut().filter(|enrolled| !enrolled.fenced) {
            enrolled.fenced = true;
            effects.push(DeviceEffect::StateChanged);
        }
        // A device that was taken offline meanwhile is away again already.
        if !self.state.condition.offline {
            self.check_in(now, effects);
            self.decide_what_was_kept(now, effects);
        }
    }

    fn decide_what_was_kept(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        self.pushes.was_away = false;
        let away_since = self.pushes.away_since.take();
        let keys = self.pushes.held.all(HoldReason::DeviceOffline);
        let mut waited: Vec<PushCandidate> =
            keys.into_iter().filter_map(|key| self.pushes.held.remove(key)).map(PushCandidate::from).collect();
        let lost: Vec<Option<PushProblem>> =
            waited.iter().map(|candidate| self.lost_before(&candidate.push, away_since, now)).collect();
        let kept = lost.iter().filter(|problem| problem.is_none()).count();
        let (dropped, problem) = self.dropped_of(kept);
        let mut place = 0;
        for (candidate, lost) in waited.drain(..).zip(lost) {
            let overflow = lost.is_none() && {
                place += 1;
                place <= dropped
            };
            match lost.or(overflow.then_some(problem)) {
                Some(problem) => self.drop_push(candidate, problem, now, effects),
                // Once through the fence it is on the device: being away again does not count it anew.
                None => self.hold(candidate, HoldReason::Pace, effects),
            }
        }
    }

    /// Why the push service gave `push` up before it came to keeping any.
    fn lost_before(&self, push: &ReceivedPush, away_since: Option<Timestamp>, now: Timestamp) -> Option<PushProblem> {
        let service = &self.settings.push_service;
        if !service.emulate {
            return None;
        }
        let sent_at = push.notification.sent_at;
        let fcm = !self.is_apple();
        // Rule::Unregistered
        let installed_at = self.state.app.installed_at.filter(|_| fcm);
        if installed_at.zip(sent_at).is_some_and(|(installed_at, sent_at)| sent_at < installed_at) {
            return Some(PushProblem::Unregistered);
        }
        // Rule::DeviceInactive
        let inactive_from = away_since.filter(|_| fcm).map(|since| since.plus_millis(INACTIVE_AFTER_MILLIS));
        if inactive_from.is_some_and(|from| sent_at.unwrap_or(push.received_at) >= from) {
            return Some(PushProblem::DroppedDeviceInactive);
        }
        self.settings.time_to_live_is_over(push, !fcm, now).then_some(PushProblem::DroppedTtlExpired)
    }

    /// How many of the first of `waited` the push service dropped, and why (facts 5).
    fn dropped_of(&self, waited: usize) -> (usize, PushProblem) {
        let service = &self.settings.push_service;
        let all_but_one = (waited.saturating_sub(1), PushProblem::Collapsed);
        match service.android_message {
            _ if !service.emulate => (0, PushProblem::Collapsed),
            // Rule::ApnsKeepsOne: one notification per app and device, usually the latest
            _ if self.is_apple() => all_but_one,
            // Rule::FcmCollapses: the key is the app's own, so the newest of all
            FcmMessageKind::Notification => all_but_one,
            // Rule::FcmKeepsHundred
            FcmMessageKind::Data if waited > FCM_KEEPS => (waited, PushProblem::DroppedTooManyPendingMessages),
            FcmMessageKind::Data => (0, PushProblem::DroppedTooManyPendingMessages),
        }
    }
}
