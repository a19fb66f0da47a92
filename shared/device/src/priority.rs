//! How urgent a message is to FCM: high passes Doze, normal waits (facts 4.2).
//!
//! Lives here: when high priority is capped or lowered. Does not live here: what waits (`evaluation`).

use std::collections::VecDeque;

use portal_contract::{Outcome, Receipt, Surface, Timestamp};

use super::condition::high_priority_a_day;
use super::documentation::FcmPriority;
use super::push::ReceivedPush;
use super::{Device, EmulationSettings};

const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Over how long FCM looks whether messages led to visible notifications (facts 4.2).
const LOOKS_BACK_MILLIS: i64 = 7 * DAY_MILLIS;
/// Android 13, from which standby buckets cap nothing any more (facts 4.2: "Pre-13").
const NO_CAP_FROM: u32 = 13;
/// How many messages are remembered: far more than a cap or a setting asks about.
const REMEMBERED: usize = 1000;

/// A message that reached the app, and whether the user could see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentMessage {
    /// When it was received.
    pub at: Timestamp,
    /// Whether it led to a visible notification.
    pub seen: bool,
}

impl RecentMessage {
    /// What FCM learns of a receipt; nothing where the push never was one.
    pub fn of(receipt: &Receipt) -> Option<Self> {
        // In the app alone nothing is shown as a notification.
        let seen = matches!(receipt.outcome, Outcome::Presented(shown) if shown.surface != Surface::InApp);
        receipt.outcome.uses_id().then_some(Self { at: receipt.received_at, seen })
    }
}

/// The messages of the last seven days, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentMessages(VecDeque<RecentMessage>);

impl RecentMessages {
    pub(super) fn resume(messages: Vec<RecentMessage>) -> Self {
        Self(messages.into())
    }

    fn note(&mut self, message: RecentMessage) {
        let is_past = |oldest: &RecentMessage| message.at.millis_since(oldest.at) > LOOKS_BACK_MILLIS;
        while self.0.len() >= REMEMBERED || self.0.front().is_some_and(is_past) {
            self.0.pop_front();
        }
        self.0.push_back(message);
    }

    fn since(&self, millis: i64, now: Timestamp) -> impl Iterator<Item = &RecentMessage> {
        self.0.iter().filter(move |message| now.millis_since(message.at) < millis)
    }
}

impl Device {
    fn sends_high_priority(&self) -> bool {
        let service = &self.settings.push_service;
        service.emulate
            && service.android_priority == FcmPriority::High
            && !self.state.identity.operating_system.is_apple()
    }

    /// Whether the push service lowers a message that arrives now to normal priority.
    pub(super) fn lowers_priority(&self, now: Timestamp) -> bool {
        self.sends_high_priority() && (self.is_over_the_cap(now) || self.is_never_seen(now))
    }

    /// `Rule::StandbyBuckets`
    fn is_over_the_cap(&self, now: Timestamp) -> bool {
        let capped = self.state.identity.os_version.major() < NO_CAP_FROM;
        let condition = &self.state.condition;
        let cap = high_priority_a_day(condition.standby_bucket).filter(|_| capped && !condition.charging);
        cap.is_some_and(|cap| self.pushes.recent.since(DAY_MILLIS, now).count() >= cap)
    }

    /// `Rule::PriorityLowered`
    fn is_never_seen(&self, now: Timestamp) -> bool {
        let after = self.settings.push_service.lower_priority_after as usize;
        let recent = || self.pushes.recent.since(LOOKS_BACK_MILLIS, now);
        after > 0 && recent().count() >= after && !recent().any(|message| message.seen)
    }

    /// Whether `push` passes Doze.
    pub(super) fn is_of_high_priority(&self, push: &ReceivedPush) -> bool {
        self.sends_high_priority() && !push.priority_lowered
    }

    /// What the push service learns of an outcome.
    pub(super) fn note_message(&mut self, receipt: &Receipt) {
        if self.sends_high_priority()
            && let Some(message) = RecentMessage::of(receipt)
        {
            self.pushes.recent.note(message);
        }
    }

    /// Whether the messages of the last days matter, so that a restart must look them up (`Rule::PriorityLowered`).
    pub fn remembers_messages(settings: &EmulationSettings) -> bool {
        settings.push_service.emulate && settings.push_service.android_priority == FcmPriority::High
    }

    /// From when on messages matter.
    pub fn remembers_messages_since(now: Timestamp) -> Timestamp {
        now.plus_millis(-LOOKS_BACK_MILLIS)
    }
}
