//! What time does to a device that nobody uses: Doze's maintenance windows, and the bucket that an unused app falls into
//! (facts 4.2).
//!
//! Lives here: when each is. Does not live here: what a bucket or Doze does to a push (`verdict`, `priority`).

use portal_contract::{StandbyBucket, Timestamp};

use super::push::ReceivedPush;
use super::{Device, DeviceEffect};

/// Android 13, from which an app that is not used comes into the restricted bucket (`Rule::RestrictedBucket`).
const RESTRICTS_FROM: u32 = 13;

impl Device {
    /// The latest maintenance window that has begun, or the one behind it (`Rule::DozeWindows`).
    fn maintenance_window(&self, now: Timestamp, next: i64) -> Option<Timestamp> {
        let apart = self.settings.push_service.doze_window_millis;
        let since = self.state.condition.doze_since.filter(|_| apart > 0)?;
        let windows = now.millis_since(since).div_euclid(apart).saturating_add(next);
        (windows > 0).then(|| since.plus_millis(windows.saturating_mul(apart)))
    }

    pub(super) fn next_maintenance_window(&self, now: Timestamp) -> Option<Timestamp> {
        self.maintenance_window(now, 1).filter(|at| *at > now)
    }

    /// Whether there was a maintenance window since `push` was received.
    pub(super) fn had_maintenance_window(&self, push: &ReceivedPush, now: Timestamp) -> bool {
        self.maintenance_window(now, 0).is_some_and(|at| at > push.received_at && at <= now)
    }

    fn counts_use(&self) -> bool {
        let identity = &self.state.identity;
        !identity.operating_system.is_apple() && identity.os_version.major() >= RESTRICTS_FROM
    }

    /// Somebody uses the app; whether that changes anything that is kept.
    pub(super) fn app_used(&mut self, now: Timestamp) -> bool {
        if !self.counts_use() || !self.state.app.is_installed() {
            return false;
        }
        let condition = &mut self.state.condition;
        // A bucket that somebody set stays: only what disuse did, use undoes.
        if condition.standby_by_disuse {
            (condition.standby_bucket, condition.standby_by_disuse) = (StandbyBucket::Active, false);
        }
        self.state.app.used_at.replace(now) != Some(now)
    }

    /// When the app falls into the restricted bucket because nobody uses it (`Rule::RestrictedBucket`).
    fn disused_at(&self) -> Option<Timestamp> {
        let (app, condition, service) = (&self.state.app, &self.state.condition, &self.settings.push_service);
        let may_fall = self.counts_use()
            && app.is_installed()
            && !app.foreground
            && !condition.battery_optimisation_exempt
            && condition.standby_bucket != StandbyBucket::Restricted
            && service.emulate
            && service.restricted_after_millis > 0;
        app.used_at.filter(|_| may_fall).map(|used_at| used_at.plus_millis(service.restricted_after_millis))
    }

    /// When time alone changes something that is kept.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        [self.state.enrollment.next_grace_end(), self.disused_at()].into_iter().flatten().min()
    }

    /// Carries out what time alone changes.
    pub(super) fn pass_time(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        self.end_graces(now, effects);
        if self.disused_at().is_some_and(|at| at <= now) {
            let condition = &mut self.state.condition;
            (condition.standby_bucket, condition.standby_by_disuse) = (StandbyBucket::Restricted, true);
            effects.push(DeviceEffect::StateChanged);
            effects.push(DeviceEffect::Noted("nobody used the app: it is in the restricted standby bucket".to_owned()));
        }
    }
}
