//! What the device makes of a push at one moment: it ends unseen, it waits, or it shows.
//!
//! Lives here: the verdict, which changes nothing and looks at nothing but the device, so that a push can be judged on a phone
//! that is only described. Does not live here: carrying a verdict out (`evaluation`), why a prerequisite is unmet (`reasons`),
//! where a push shows (`surface`).

use portal_contract::{Outcome, Presentation, PushProblem, StandbyBucket, Timestamp};

use super::push::ReceivedPush;
use super::{Device, Rule};
use portal_contract::HoldReason;

/// What the device makes of a push.
#[derive(Debug, Clone, PartialEq)]
pub enum PushVerdict {
    /// It has its outcome, and nothing is shown.
    Ends(Outcome),
    /// It waits for this.
    Waits(HoldReason),
    /// It shows, as far as the device is concerned: this computer's desktop and its pace are not asked.
    Shows(Presentation),
}

impl Device {
    /// What the device makes of a push that arrives `now`.
    pub fn verdict(&self, push: &ReceivedPush, now: Timestamp) -> PushVerdict {
        self.judge(push, None, now)
    }

    /// The same of one that has waited for `waited_for`. In the contract's order: expired, withheld, then waiting, dropped,
    /// shown; but what waits at the push service is decided on when the device is back.
    pub(super) fn judge(&self, push: &ReceivedPush, waited_for: Option<HoldReason>, now: Timestamp) -> PushVerdict {
        let is_on_the_device = waited_for.is_some_and(|reason| reason != HoldReason::DeviceOffline);
        if !is_on_the_device && self.state.is_ignored_beside_removal(push) {
            // Rule::RemovalFirst: nothing of the device is asked then
            return PushVerdict::Ends(self.ignored_beside_removal(push, now));
        }
        // What is on the device already does not go back behind the fence.
        if !is_on_the_device && self.waits_at_the_push_service(push) {
            return PushVerdict::Waits(HoldReason::DeviceOffline);
        }
        if let Some(outcome) = self.ends_unseen(push, now) {
            return PushVerdict::Ends(outcome);
        }
        if let Some(reason) = self.waits_for(push, waited_for, now).next() {
            let service_waits = reason.is_of_the_push_service();
            if service_waits && self.settings.time_to_live_is_over(push, self.is_apple(), now) {
                return PushVerdict::Ends(Outcome::Dropped { problem: PushProblem::DroppedTtlExpired });
            }
            return PushVerdict::Waits(reason);
        }
        if self.state.app.force_stopped {
            // Rule::ForceStop
            return PushVerdict::Ends(Outcome::Dropped { problem: PushProblem::DroppedAppForceStopped });
        }
        PushVerdict::Shows(self.among_others(self.state.presentation(), now))
    }

    /// The outcome of a push that no waiting can change: it has expired, or a prerequisite is unmet.
    pub(super) fn ends_unseen(&self, push: &ReceivedPush, now: Timestamp) -> Option<Outcome> {
        if self.has_expired(push, now) {
            return Some(Outcome::Expired);
        }
        let unmet = self.state.unmet(Some(push));
        (!unmet.is_empty()).then_some(Outcome::Withheld { unmet })
    }

    fn has_expired(&self, push: &ReceivedPush, now: Timestamp) -> bool {
        push.ends_at(self.settings.ids_age_millis).is_some_and(|at| now >= at)
    }

    /// The outcome of a device action beside a removal that is pending.
    pub(super) fn ignored_beside_removal(&self, push: &ReceivedPush, now: Timestamp) -> Outcome {
        match self.has_expired(push, now) {
            true => Outcome::Expired,
            false => Outcome::Dropped { problem: PushProblem::RemovalPending },
        }
    }

    /// Everything that the push would have to wait for, in the order in which it does.
    pub(super) fn waits_for<'a>(
        &'a self,
        push: &ReceivedPush,
        waited_for: Option<HoldReason>,
        now: Timestamp,
    ) -> impl Iterator<Item = HoldReason> + use<'a> {
        // What is on the device already does not go back behind the fence.
        let may_wait_for_fence = waited_for.is_none_or(|reason| reason == HoldReason::DeviceOffline);
        let high = self.is_of_high_priority(push);
        let passes_doze = high || self.had_maintenance_window(push, now);
        // What is in the app does not wait; what waits for a summary is not in the app any more.
        let left_to_summary = waited_for == Some(HoldReason::ScheduledSummary) || !self.state.shows_in_app();
        let awaits_summary = left_to_summary && !self.had_summary(push, now);
        let reasons = [
            (HoldReason::DeviceOffline, may_wait_for_fence),
            (HoldReason::WorkProfilePaused, true),
            (HoldReason::Doze, !passes_doze),
            (HoldReason::BatteryOptimisation, !high),
            (HoldReason::ScheduledSummary, awaits_summary),
            // The look that brings it is the next one; what waited for something else was brought by one already.
            (HoldReason::NextLook, waited_for.is_none()),
        ];
        reasons.into_iter().filter(|(reason, may)| *may && self.holds(*reason)).map(|(reason, _)| reason)
    }

    /// Whether `reason` holds pushes now; the pace does not by itself, since each slot lets one go.
    pub(super) fn holds(&self, reason: HoldReason) -> bool {
        let condition = &self.state.condition;
        let emulated = self.settings.push_service.emulate;
        match reason {
            HoldReason::DeviceOffline => condition.offline || (emulated && self.pushes.is_before_the_fence()),
            // Rule::Doze
            HoldReason::Doze => emulated && condition.doze && !condition.battery_optimisation_exempt,
            // Rule::WorkProfilePaused
            HoldReason::WorkProfilePaused => condition.work_profile_paused,
            HoldReason::BatteryOptimisation => {
                let optimised = !condition.battery_optimisation_exempt;
                // Rule::RestrictedBucket
                let restricted = condition.standby_bucket == StandbyBucket::Restricted && !condition.charging;
                emulated && optimised && restricted && self.state.follows(Rule::BatteryOptimisation)
            }
            // Rule::AppleScheduledSummary
            HoldReason::ScheduledSummary => self.is_left_to_summary(),
            HoldReason::NextLook => emulated && self.state.polls(),
            HoldReason::Pace => false,
            HoldReason::NotificationServerAway => self.pushes.server_problem.is_some(),
        }
    }
}
