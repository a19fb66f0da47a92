//! What moves a push on: the one evaluation, in the contract's order of outcomes (contract 3, 4).
//!
//! Lives here: arrival, waiting, letting go, showing, settling. Does not live here: what the device makes of a push
//! (`verdict`), what the emulated push service drops (`push_service`).

use portal_contract::{
    CardInteraction, DesktopVerdict, NotificationId, Outcome, Prerequisite, Prerequisites, Presentation, PushProblem,
    PushTarget, Receipt, Surface, Timestamp,
};

use super::Device;
use super::effect::{CardContent, DeviceEffect, NewlyHeldPush, SettledPush};
use super::event::{ArrivedPush, CardFailure};
use super::numbers::{CardNumber, HeldKey};
use super::push::{HeldPush, PushBeingShown, PushCandidate, ReceivedPush};
use super::verdict::PushVerdict;
use portal_contract::HoldReason;

/// How often an app looks for messages that nobody tells it of (facts 1.1, document Gms: approximately).
const LOOKS_EVERY_MILLIS: i64 = 15 * 60_000;

impl Device {
    pub(super) fn push_arrived(&mut self, arrival: ArrivedPush, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let ArrivedPush { payload, target, retained, id_used, expiry_seconds, ack } = arrival;
        let notification = match payload {
            Ok(notification) => notification,
            Err(rejection) => {
                let outcome = Outcome::Rejected { problem: rejection.problem, detail: rejection.detail };
                let receipt = self.receipt(rejection.notification_id, target, outcome, now, now);
                effects.push(DeviceEffect::Settle(SettledPush { receipt, push: None, held: None, ack }));
                return;
            }
        };
        let broker_expiry = expiry_seconds.map(|seconds| now.plus_seconds(i64::from(seconds)));
        let expires_at = [notification.expires_at, broker_expiry].into_iter().flatten().min();
        let priority_lowered = self.lowers_priority(now);
        let push = ReceivedPush { notification, target, received_at: now, expires_at, priority_lowered };
        let candidate = PushCandidate { push, held: None, ack };
        if retained && !self.counts_retained(target) {
            // contract 2: over 3.1.1 the broker cannot be told not to send it
            let detail = "a retained push is not for a device that subscribes later; publish it without retain";
            let outcome = Outcome::Rejected { problem: PushProblem::Retained, detail: detail.to_owned() };
            self.settle(candidate, outcome, now, effects);
        } else if id_used {
            self.settle(candidate, Outcome::Duplicate, now, effects);
        } else {
            self.evaluate(candidate, now, effects);
            if matches!(effects.last(), Some(DeviceEffect::Hold(new)) if new.held.reason == HoldReason::NotificationServerAway)
            {
                // A push is the moment to look once more whether a notification server has come without a word.
                self.pushes.server_problem = None;
            }
        }
    }

    /// The one evaluation, in the contract's order: expired, withheld, then waiting, dropped, failed or shown.
    fn evaluate(&mut self, candidate: PushCandidate, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let presentation = match self.judge(&candidate.push, candidate.held.map(|held| held.reason), now) {
            PushVerdict::Ends(outcome) => return self.settle(candidate, outcome, now, effects),
            PushVerdict::Waits(reason) => return self.hold(candidate, reason, now, effects),
            PushVerdict::Shows(presentation) if presentation.surface == Surface::InApp => {
                return self.settle(candidate, Outcome::Presented(presentation), now, effects);
            }
            PushVerdict::Shows(presentation) => presentation,
        };
        let push = &candidate.push;
        if let Some(detail) = &self.pushes.server_problem {
            if now >= self.server_timeout_at(push) {
                let outcome = Outcome::Failed { problem: PushProblem::NoNotificationServer, detail: detail.clone() };
                return self.settle(candidate, outcome, now, effects);
            }
            return self.hold(candidate, HoldReason::NotificationServerAway, now, effects);
        }
        if self.waits_for_its_turn(candidate.held.is_none(), now) {
            return self.hold(candidate, HoldReason::Pace, now, effects);
        }
        self.show(candidate, presentation, now, effects);
    }

    fn server_timeout_at(&self, push: &ReceivedPush) -> Timestamp {
        push.received_at.plus_millis(self.settings.server_timeout_millis)
    }

    /// The first to arrive of the held pushes that wait for nothing but their turn.
    fn next_in_turn(&self) -> Option<HeldKey> {
        let free = HoldReason::ALL.iter().copied().filter(|reason| !self.holds(*reason));
        // By key, which is the order of arrival, whatever each of them had waited for.
        free.filter_map(|reason| self.pushes.held.first(reason)).min()
    }

    /// When the app next looks for messages after `push` was sent to it (`Rule::PollsWithoutPlayServices`).
    fn next_look(&self, push: &ReceivedPush) -> Option<Timestamp> {
        let began = self.state.enrollment.enrolled.as_ref()?.at;
        let looks = push.received_at.millis_since(began).div_euclid(LOOKS_EVERY_MILLIS).saturating_add(1);
        Some(began.plus_millis(looks.saturating_mul(LOOKS_EVERY_MILLIS)))
    }

    fn waits_for_its_turn(&self, is_new: bool, now: Timestamp) -> bool {
        // A new one goes behind those whose turn it is; one of those must not wait for itself.
        let others_wait = || is_new && self.next_in_turn().is_some();
        self.pushes.being_shown.is_some() || self.pushes.next_slot(now).is_some() || others_wait()
    }

    pub(super) fn let_through(&mut self, candidate: PushCandidate, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        // As one that waits for its turn: what came through the fence is on the device, and being away again does not
        // count it anew.
        match self.ends_unseen(&candidate.push, now) {
            Some(outcome) => self.settle(candidate, outcome, now, effects),
            None => self.hold(candidate, HoldReason::Pace, now, effects),
        }
    }

    pub(super) fn hold(
        &mut self,
        candidate: PushCandidate,
        reason: HoldReason,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let until = match reason {
            HoldReason::NotificationServerAway => Some(self.server_timeout_at(&candidate.push)),
            HoldReason::Doze => self.next_maintenance_window(now),
            HoldReason::ScheduledSummary => self.next_summary(now),
            HoldReason::NextLook => self.next_look(&candidate.push),
            _ => None,
        };
        let key = candidate.held.map_or(self.pushes.next_held_key, |held| held.key);
        // What it waited for before its turn came is what the receipt names: the pace came last, and tells a tester
        // nothing.
        let waited_for_more = candidate.held.filter(|_| reason == HoldReason::Pace);
        let delay = waited_for_more.map_or(reason.delay(), |held| held.delay);
        let held = HeldPush { key, push: candidate.push, reason, until, delay };
        match candidate.held {
            None => {
                self.pushes.next_held_key = key.next();
                effects.push(DeviceEffect::Hold(NewlyHeldPush { held: held.clone(), ack: candidate.ack }));
            }
            Some(before) if before.reason != reason || before.until != until => {
                effects.push(DeviceEffect::HoldChanged(held.clone()));
            }
            Some(_) => {}
        }
        let ends_at = self.settings.wait_ends(&held, self.is_apple());
        self.pushes.held.insert(held, ends_at);
    }

    fn show(
        &mut self,
        candidate: PushCandidate,
        presentation: Presentation,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let card = self.pushes.next_card;
        self.pushes.next_card = card.next();
        self.pushes.note_shown(now);
        let shown = CardContent::of(&candidate.push, presentation, self.state.app.kind.name());
        effects.push(DeviceEffect::ShowCard { card, shown });
        self.pushes.being_shown = Some(PushBeingShown { card, candidate, presentation, evaluated_at: now });
    }

    pub(super) fn card_shown(
        &mut self,
        card: CardNumber,
        desktop: Option<DesktopVerdict>,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let Some(being_shown) = self.pushes.being_shown.take_if(|being_shown| being_shown.card == card) else { return };
        let PushBeingShown { candidate, presentation, evaluated_at: judged_at, .. } = being_shown;
        self.pushes.server_problem = None;
        if presentation.sound == Some(true) {
            self.pushes.sounded_at = Some(judged_at);
        }
        // With the moment at which it was judged: what time did while the desktop was asked comes behind this
        // outcome.
        self.settle_with(candidate, Outcome::Presented(presentation), desktop, judged_at, effects);
        let sequence = self.pushes.last_sequence;
        self.pushes.open_cards.push_back((card, sequence));
        // contract 4: room is made after a card is shown, not before
        let over = self.pushes.open_cards.len() > self.settings.open_cards;
        if let Some((oldest, _)) = self.pushes.open_cards.front().copied().filter(|_| over) {
            effects.push(DeviceEffect::WithdrawCard { card: oldest });
            self.pushes.interaction(oldest, CardInteraction::Withdrawn, effects);
        }
        if !self.state.app.is_installed() {
            // The app was removed while the desktop was asked: its notifications go with it.
            self.pushes.withdraw_all(effects);
        }
    }

    /// A click on an open card opens the app, which counts as using it.
    pub(super) fn card_interaction(
        &mut self,
        card: CardNumber,
        interaction: CardInteraction,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let before = effects.len();
        self.pushes.interaction(card, interaction, effects);
        let clicked = interaction == CardInteraction::Clicked && effects.len() > before;
        if clicked && self.app_used(now) {
            effects.push(DeviceEffect::StateChanged);
        }
    }

    pub(super) fn card_failed(
        &mut self,
        card: CardNumber,
        failure: CardFailure,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let Some(being_shown) = self.pushes.being_shown.take_if(|being_shown| being_shown.card == card) else { return };
        let CardFailure { problem, detail } = failure;
        if problem == PushProblem::NoNotificationServer {
            // Evaluated again at once: it is held for as long as the timeout lasts, and fails then with this sentence.
            self.pushes.server_problem = Some(detail);
            // Judged anew, so by the device of now: what time ended while the desktop was asked no longer counts.
            self.pass_time(now, effects);
            self.evaluate(being_shown.candidate, now, effects);
        } else {
            self.settle(being_shown.candidate, Outcome::Failed { problem, detail }, being_shown.evaluated_at, effects);
        }
    }

    /// Lets go, in order, every held push that waits for nothing any more, until one is being shown or the pace is reached.
    pub(super) fn let_go(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        while self.pushes.being_shown.is_none() {
            let in_turn = if self.pushes.next_slot(now).is_none() { self.next_in_turn() } else { None };
            // What is due ends in its place among the others, so that the receipts keep the order of arrival.
            let Some(key) = in_turn.into_iter().chain(self.pushes.held.due(now)).min() else { return };
            let Some(held) = self.pushes.held.remove(key) else { return };
            let waited_for_server = held.reason == HoldReason::NotificationServerAway;
            if waited_for_server && held.until.is_some_and(|until| now >= until) {
                // The timeout ends: one last try, since a server may have come without a word (no session bus tells).
                self.pushes.server_problem = None;
            }
            self.evaluate(held.into(), now, effects);
        }
    }

    pub(super) fn settle(
        &mut self,
        candidate: PushCandidate,
        outcome: Outcome,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let desktop = match &outcome {
            Outcome::Failed { problem, .. } => DesktopVerdict::of_failure(*problem),
            _ => None,
        };
        self.settle_with(candidate, outcome, desktop, now, effects);
    }

    /// Settles it beside what is known of this computer's desktop, which is no rule of the device.
    fn settle_with(
        &mut self,
        candidate: PushCandidate,
        outcome: Outcome,
        desktop: Option<DesktopVerdict>,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let PushCandidate { push, held, ack } = candidate;
        let id = Some(push.notification.id.clone());
        let mut receipt = self.receipt(id, push.target, outcome, push.received_at, now);
        receipt.delay = held.map(|held| held.delay);
        receipt.desktop = desktop;
        receipt.priority_lowered = push.priority_lowered;
        self.note_message(&receipt);
        self.note_channel(&receipt.outcome, effects);
        let held = held.map(|held| held.key);
        effects.push(DeviceEffect::Settle(SettledPush { receipt, push: Some(push), held, ack }));
    }

    /// An Android app that had no channel creates it when it notifies, even where the system drops the notification (facts 4.2).
    fn note_channel(&mut self, outcome: &Outcome, effects: &mut Vec<DeviceEffect>) {
        let only_denied = |unmet: &Prerequisites| unmet.iter().eq([Prerequisite::NotificationsPermitted]);
        let notifies = match outcome {
            Outcome::Presented(shown) => shown.surface != Surface::InApp,
            Outcome::Withheld { unmet } => only_denied(unmet),
            _ => false,
        };
        if notifies && self.state.app.is_installed() && !self.is_apple() && !self.state.app.has_channel {
            self.state.app.has_channel = true;
            effects.push(DeviceEffect::StateChanged);
        }
    }

    fn receipt(
        &mut self,
        notification_id: Option<NotificationId>,
        target: PushTarget,
        outcome: Outcome,
        received_at: Timestamp,
        now: Timestamp,
    ) -> Receipt {
        self.pushes.last_sequence = self.pushes.last_sequence.saturating_add(1);
        // contract 3: `decidedAt` never goes back, whatever the clock does
        let decided_at = self.pushes.last_decided_at.map_or(now, |last| last.max(now));
        self.pushes.last_decided_at = Some(decided_at);
        Receipt {
            sequence: self.pushes.last_sequence,
            notification_id,
            device_id: self.state.identity.id,
            target,
            outcome,
            delay: None,
            priority_lowered: false,
            desktop: None,
            received_at,
            decided_at,
            interaction: None,
        }
    }

    /// The push service dropped it, unless an outcome that comes before that one applies (contract 3).
    pub(super) fn drop_push(
        &mut self,
        candidate: PushCandidate,
        problem: PushProblem,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let outcome = self.ends_unseen(&candidate.push, now).unwrap_or(Outcome::Dropped { problem });
        self.settle(candidate, outcome, now, effects);
    }

    /// When time alone will move a push on.
    pub(super) fn next_move(&self) -> Option<Timestamp> {
        if self.pushes.being_shown.is_some() {
            return None;
        }
        let turn = self.next_in_turn().map(|_| self.pushes.next_turn());
        [turn, self.pushes.held.next_due()].into_iter().flatten().min()
    }
}
