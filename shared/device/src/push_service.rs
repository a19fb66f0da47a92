//! The push service between sender and device: what APNs and FCM do with what was sent while a device was away (facts 5).
//!
//! Lives here: who waits for the fence, what is decided when it is back, the time to live. Does not live here: what is kept of
//! what waited (`push_store`), the fence itself (the broker's edge), priorities (`priority`).

use portal_contract::{Prerequisite, PushProblem, PushTarget, Timestamp};

use super::documentation::FcmMessageKind;
use super::push::{HeldPush, PushCandidate, ReceivedPush};
use super::push_store::{CollapseKey, PushStore, WaitingMessage};
use super::{Device, DeviceEffect, EmulationSettings};
use portal_contract::HoldReason;

const DAY_MILLIS: i64 = 24 * 3_600_000;
/// apns-expiration's default and FCM's (facts 5).
const APNS_KEEPS_MILLIS: i64 = 30 * DAY_MILLIS;
const FCM_KEEPS_MILLIS: i64 = 28 * DAY_MILLIS;

impl EmulationSettings {
    fn time_to_live_millis(&self, apple: bool) -> i64 {
        let default = if apple { APNS_KEEPS_MILLIS } else { FCM_KEEPS_MILLIS };
        self.push_service.time_to_live_millis.unwrap_or(default)
    }

    /// When the push service gives `push` up (`Rule::TimeToLive`); counted from when it was sent, as far as that is known.
    fn time_to_live_ends(&self, push: &ReceivedPush, apple: bool) -> Option<Timestamp> {
        self.push_service.emulate.then(|| push.sent_at().plus_millis(self.time_to_live_millis(apple)))
    }

    /// Whether the push service has given `push` up.
    pub(super) fn time_to_live_is_over(&self, push: &ReceivedPush, apple: bool, now: Timestamp) -> bool {
        self.time_to_live_ends(push, apple).is_some_and(|at| now >= at)
    }

    /// When a held push ends by itself, whatever it waits for. What waits for the fence ends with it: what was sent before and
    /// behind it decides on it too.
    pub(super) fn wait_ends(&self, held: &HeldPush, apple: bool) -> Option<Timestamp> {
        if held.reason == HoldReason::DeviceOffline && self.push_service.emulate {
            return None;
        }
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

    /// Whether `push` waits at the emulated push service for the device to come back, and takes a place there whatever becomes
    /// of it then. Of users, of an enrollment and of what a message says the push service knows nothing; it knows installations
    /// and, at APNs, whether notifications are permitted.
    pub(super) fn waits_at_the_push_service(&self, push: &ReceivedPush) -> bool {
        let unmet = self.state.unmet(Some(push));
        let is_registered = !unmet.contains(Prerequisite::CompanyPortalInstalled)
            && !unmet.contains(Prerequisite::GooglePlayServicesInstalled);
        // Rule::WhoDiscards
        let is_discarded = self.is_apple() && unmet.contains(Prerequisite::NotificationsPermitted);
        self.settings.push_service.emulate && self.holds(HoldReason::DeviceOffline) && is_registered && !is_discarded
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
        // All together, message by message as they were sent: a newer one takes an older one's place at the service,
        // whatever becomes of it on the device.
        let keys = self.pushes.held.all(HoldReason::DeviceOffline);
        let waited: Vec<PushCandidate> =
            keys.into_iter().filter_map(|key| self.pushes.held.remove(key)).map(PushCandidate::from).collect();
        let problems = self.lost_of(&waited, away_since, now);
        self.note_deleted_messages(&problems, effects);
        for (candidate, problem) in waited.into_iter().zip(problems) {
            match problem {
                Some(problem) => self.drop_push(candidate, problem, now, effects),
                None => self.let_through(candidate, now, effects),
            }
        }
    }

    /// What the push service dropped of what waited, and why, in the same order.
    fn lost_of(
        &self,
        waited: &[PushCandidate],
        away_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Option<PushProblem>> {
        if !self.settings.push_service.emulate {
            return vec![None; waited.len()];
        }
        let mut store = PushStore::new(self.settings.push_service.pending_limit);
        for PushCandidate { push, .. } in waited {
            match self.lost_at_once(push, away_since) {
                Some(problem) => store.refuse(problem),
                None => store.take(self.waiting(push)),
            }
        }
        store.delivered_at(now)
    }

    /// Why the push service did not even keep a message.
    fn lost_at_once(&self, push: &ReceivedPush, away_since: Option<Timestamp>) -> Option<PushProblem> {
        let sent_at = push.notification.sent_at;
        let fcm = !self.is_apple();
        // Rule::Unregistered
        let installed_at = self.state.app.installed_at.filter(|_| fcm);
        if installed_at.zip(sent_at).is_some_and(|(installed_at, sent_at)| sent_at < installed_at) {
            return Some(PushProblem::Unregistered);
        }
        // Rule::DeviceInactive
        let inactive_after = self.settings.push_service.inactive_after_millis;
        let inactive_from = away_since.filter(|_| fcm).map(|since| since.plus_millis(inactive_after));
        if inactive_from.is_some_and(|from| push.sent_at() >= from) {
            return Some(PushProblem::DroppedDeviceInactive);
        }
        // Rule::TimeToLive: with 0 it is tried once and not kept
        (self.settings.time_to_live_millis(!fcm) <= 0).then_some(PushProblem::DroppedTtlExpired)
    }

    fn waiting<'a>(&self, push: &'a ReceivedPush) -> WaitingMessage<'a> {
        let own_key = push.notification.collapse_key.as_deref();
        let collapse_key = match self.settings.push_service.android_message {
            // Rule::ApnsKeepsOne: one notification per app and device, usually the latest, whatever else is said of it
            _ if self.is_apple() => Some(CollapseKey::App),
            // Rule::FcmCollapses: the key is the app's own where the message has none
            FcmMessageKind::Notification => Some(own_key.map_or(CollapseKey::App, CollapseKey::Named)),
            FcmMessageKind::Data => own_key.map(CollapseKey::Named),
        };
        let time_to_live_ends = self.settings.time_to_live_ends(push, self.is_apple());
        let ends_at = [push.expires_at, time_to_live_ends].into_iter().flatten().min();
        WaitingMessage { sent_at: push.sent_at(), ends_at, collapse_key }
    }

    fn note_deleted_messages(&self, problems: &[Option<PushProblem>], effects: &mut Vec<DeviceEffect>) {
        // FCM tells the app that messages are gone and not which (`Rule::FcmKeepsHundred`, `Rule::DeviceInactive`).
        let told_of = [PushProblem::DroppedTooManyPendingMessages, PushProblem::DroppedDeviceInactive];
        let deleted = problems.iter().flatten().filter(|problem| told_of.contains(problem)).count();
        if deleted > 0 && self.state.app.is_installed() {
            let messages = if deleted == 1 { "message" } else { "messages" };
            let note = format!("FCM discarded {deleted} {messages} and calls the app's onDeletedMessages (facts 5)");
            effects.push(DeviceEffect::Noted(note));
        }
    }
}
