//! A push's way through the device: held, being shown, settled (contract 4).
//!
//! Lives here: the stages of a push, and what is kept of those on their way. Does not live here: what moves a push on (`evaluation`).

use std::collections::VecDeque;

use portal_contract::{
    CardInteraction, CustomNotification, DeliveryDelay, HoldReason, Presentation, PushTarget, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::ResumePoint;
use super::effect::DeviceEffect;
use super::event::AckToken;
use super::held::HeldPushes;
use super::numbers::{CardNumber, HeldKey};
use super::priority::RecentMessages;

/// A custom notification that this device received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedPush {
    /// What was sent.
    pub notification: CustomNotification,
    /// What it was addressed to.
    pub target: PushTarget,
    /// When it was received, in device time.
    pub received_at: Timestamp,
    /// The earlier of its own expiry and the broker's (contract 3).
    pub expires_at: Option<Timestamp>,
    /// Whether the push service lowered its priority to normal when it arrived (facts 4.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub priority_lowered: bool,
}

impl ReceivedPush {
    /// When it was sent, as far as that is known.
    pub(super) fn sent_at(&self) -> Timestamp {
        self.notification.sent_at.unwrap_or(self.received_at)
    }

    /// When it ends by itself: its expiry, or the moment from which its id may be forgotten, so that a duplicate could not
    /// be told (contract 4).
    pub(super) fn ends_at(&self, ids_age_millis: i64) -> Option<Timestamp> {
        let sent_at = self.notification.sent_at;
        // A millisecond behind the age: an id that is exactly as old is still known.
        let forgotten_at = sent_at.map(|sent_at| sent_at.plus_millis(ids_age_millis.saturating_add(1)));
        [self.expires_at, forgotten_at].into_iter().flatten().min()
    }
}

/// A push that waits on the device; durable, and acknowledged to the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldPush {
    /// Its key; rises in the order of arrival.
    pub key: HeldKey,
    /// The push.
    pub push: ReceivedPush,
    /// What it waits for.
    pub reason: HoldReason,
    /// When it is looked at again: the timeout of a notification server that is away ends, Doze has its next maintenance
    /// window, the next scheduled summary comes, the app next looks for messages.
    pub until: Option<Timestamp>,
    /// What its receipt will say of its waiting: having waited for its turn too does not hide what it waited for before.
    pub delay: DeliveryDelay,
}

/// The push whose notification is being shown.
#[derive(Debug, Clone)]
pub(super) struct PushBeingShown {
    pub(super) card: CardNumber,
    pub(super) candidate: PushCandidate,
    pub(super) presentation: Presentation,
    /// When it was let go: `decidedAt` speaks of that moment, not of the desktop's answer (contract 4).
    pub(super) evaluated_at: Timestamp,
}

/// A push that is being evaluated: new, or let go by what it waited for.
#[derive(Debug, Clone)]
pub(super) struct PushCandidate {
    pub(super) push: ReceivedPush,
    pub(super) held: Option<HoldRecord>,
    /// None once it is held: it is acknowledged then.
    pub(super) ack: Option<AckToken>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct HoldRecord {
    pub(super) key: HeldKey,
    pub(super) reason: HoldReason,
    pub(super) until: Option<Timestamp>,
    pub(super) delay: DeliveryDelay,
}

impl From<HeldPush> for PushCandidate {
    fn from(held: HeldPush) -> Self {
        let HeldPush { key, push, reason, until, delay } = held;
        Self { push, held: Some(HoldRecord { key, reason, until, delay }), ack: None }
    }
}

/// Whether everything that the broker held for the session has arrived (contract 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FenceState {
    NotConnected,
    Waiting,
    Back,
}

/// Every push that is on its way, and what was shown.
#[derive(Debug, Clone)]
pub(super) struct PushState {
    pub(super) held: HeldPushes,
    pub(super) next_held_key: HeldKey,
    pub(super) being_shown: Option<PushBeingShown>,
    pub(super) next_card: CardNumber,
    pub(super) open_cards: VecDeque<(CardNumber, u64)>,
    /// When a notification last sounded.
    pub(super) sounded_at: Option<Timestamp>,
    pub(super) last_sequence: u64,
    pub(super) last_decided_at: Option<Timestamp>,
    shown_at: VecDeque<Timestamp>,
    pace_per_second: usize,
    fence: FenceState,
    /// The device itself was away, so the push service's rules hold until the fence (contract 4).
    pub(super) was_away: bool,
    /// Since when the device had been taken offline, until its fence is back.
    pub(super) away_since: Option<Timestamp>,
    pub(super) recent: RecentMessages,
    pub(super) server_problem: Option<String>,
}

impl Default for PushState {
    fn default() -> Self {
        Self {
            held: HeldPushes::default(),
            next_held_key: HeldKey::FIRST,
            being_shown: None,
            next_card: CardNumber::FIRST,
            open_cards: VecDeque::new(),
            sounded_at: None,
            last_sequence: 0,
            last_decided_at: None,
            shown_at: VecDeque::new(),
            pace_per_second: 1,
            fence: FenceState::NotConnected,
            was_away: false,
            away_since: None,
            recent: RecentMessages::default(),
            server_problem: None,
        }
    }
}

impl PushState {
    pub(super) fn new(pace_per_second: u32) -> Self {
        Self { pace_per_second: pace_per_second.max(1) as usize, ..Self::default() }
    }

    pub(super) fn resume(
        from: ResumePoint,
        pace_per_second: u32,
        ends_at: impl Fn(&HeldPush) -> Option<Timestamp>,
    ) -> Self {
        let mut held = HeldPushes::default();
        for push in from.held {
            let ends_at = ends_at(&push);
            held.insert(push, ends_at);
        }
        Self {
            held,
            next_held_key: from.next_held_key.max(HeldKey::FIRST),
            last_sequence: from.last_sequence,
            last_decided_at: from.last_decided_at,
            // Whoever starts was away: what the broker kept meanwhile comes before the fence.
            was_away: true,
            recent: RecentMessages::resume(from.recent),
            ..Self::new(pace_per_second)
        }
    }

    pub(super) fn wait_for_fence(&mut self) {
        self.fence = FenceState::Waiting;
    }

    pub(super) fn disconnected(&mut self) {
        self.fence = FenceState::NotConnected;
    }

    pub(super) fn went_away(&mut self) {
        self.was_away = true;
    }

    /// Whether what arrives now was sent while the device itself was away, as far as can be told (contract 4).
    pub(super) fn is_before_the_fence(&self) -> bool {
        self.was_away && !self.fence_is_back()
    }

    pub(super) fn fence_is_back(&self) -> bool {
        self.fence == FenceState::Back
    }

    /// Whether it is the fence that was waited for: one of a connection that is gone says nothing.
    pub(super) fn take_fence(&mut self) -> bool {
        let awaited = self.fence == FenceState::Waiting;
        if awaited {
            self.fence = FenceState::Back;
        }
        awaited
    }

    pub(super) fn server_appeared(&mut self) {
        self.server_problem = None;
    }

    pub(super) fn is_showing_push(&self) -> bool {
        self.being_shown.is_some()
    }

    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    pub(super) fn paced(&self) -> usize {
        self.held.count(HoldReason::Pace)
    }

    pub(super) fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Clicked, dismissed or withdrawn: the card is gone and its receipt says so.
    pub(super) fn interaction(
        &mut self,
        card: CardNumber,
        interaction: CardInteraction,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let place = self.open_cards.iter().position(|(open, _)| *open == card);
        if let Some((_, sequence)) = place.and_then(|place| self.open_cards.remove(place)) {
            effects.push(DeviceEffect::Interaction { sequence, interaction });
        }
    }

    /// The card went by itself, which is no interaction.
    pub(super) fn card_gone(&mut self, card: CardNumber) {
        self.open_cards.retain(|(open, _)| *open != card);
    }

    pub(super) fn cards_lost(&mut self) {
        self.open_cards.clear();
    }

    pub(super) fn withdraw_all(&mut self, effects: &mut Vec<DeviceEffect>) {
        for (card, sequence) in std::mem::take(&mut self.open_cards) {
            effects.push(DeviceEffect::WithdrawCard { card });
            effects.push(DeviceEffect::Interaction { sequence, interaction: CardInteraction::Withdrawn });
        }
    }

    /// When the next notification may be shown; `None`: now (contract 4, pace).
    pub(super) fn next_slot(&self, now: Timestamp) -> Option<Timestamp> {
        let oldest = *self.shown_at.front().filter(|_| self.shown_at.len() >= self.pace_per_second)?;
        // A clock that was set back frees the pace instead of blocking it for as long.
        let slot = oldest.plus_millis(1000);
        (now < slot && now >= oldest).then_some(slot)
    }

    pub(super) fn clock_reads(&mut self, now: Timestamp) {
        // What was shown in a time that has not come yet, since the clock was set back, counts in no pace.
        if self.shown_at.back().is_some_and(|newest| *newest > now) {
            self.shown_at.clear();
        }
    }

    pub(super) fn note_shown(&mut self, now: Timestamp) {
        self.shown_at.push_back(now);
        let is_past = |oldest: &Timestamp| now.millis_since(*oldest) >= 1000;
        while self.shown_at.len() > self.pace_per_second || self.shown_at.front().is_some_and(is_past) {
            self.shown_at.pop_front();
        }
    }

    /// When the next one's turn comes, if any waits for nothing else.
    pub(super) fn next_turn(&self) -> Timestamp {
        let full = self.shown_at.len() >= self.pace_per_second;
        let oldest = self.shown_at.front().filter(|_| full);
        // Nothing was shown since the start of the process: at once.
        oldest.map_or(Timestamp::from_millis(i64::MIN), |oldest| oldest.plus_millis(1000))
    }
}
