//! Held pushes as others see them: what each waits for, and what lets it go (contract 7).
//!
//! Lives here: the list and its sentences. Does not live here: what holds a push (`verdict`), the collection (`held`).

use portal_contract::{HeldNotification, HeldWord, HoldReason, NotificationId, Timestamp};

use super::Device;
use super::push::{HeldPush, ReceivedPush};

impl Device {
    /// The held pushes, up to `limit` of them, in the order of arrival.
    pub fn held_notifications(&self, limit: usize) -> Vec<HeldNotification> {
        self.pushes.held.iter().take(limit).map(|held| self.held_notification(held)).collect()
    }

    /// The held push with this id; without an id, the one that arrived last.
    pub fn held_push(&self, id: Option<&NotificationId>) -> Option<&HeldPush> {
        let is_meant = |held: &&HeldPush| id.is_none_or(|id| held.push.notification.id == *id);
        self.pushes.held.iter().filter(is_meant).last()
    }

    /// One held push, as it is listed.
    pub fn held_notification(&self, held: &HeldPush) -> HeldNotification {
        let until = self.settings.wait_ends(held, self.is_apple());
        // A push ends by its own expiry or by what it waits for, whichever comes first.
        let until = [held.until, until].into_iter().flatten().min();
        self.as_held(&held.push, held.reason, until)
    }

    pub(super) fn as_held(
        &self,
        push: &ReceivedPush,
        reason: HoldReason,
        until: Option<Timestamp>,
    ) -> HeldNotification {
        let (released_by, command) = self.released_by(reason);
        HeldNotification {
            notification_id: push.notification.id.clone(),
            notification_title: push.notification.notification_title.clone(),
            device_id: self.state.identity.id,
            target: push.target,
            outcome: HeldWord::Held,
            reason,
            since: push.received_at,
            until,
            released_by,
            command: command.map(str::to_owned),
        }
    }

    /// What lets go what waits for `reason`, and the command that does.
    fn released_by(&self, reason: HoldReason) -> (String, Option<&'static str>) {
        let said = |words: &str, command| (words.to_owned(), command);
        match reason {
            HoldReason::DeviceOffline if self.state.condition.offline => {
                said("the device online again", Some("device online"))
            }
            HoldReason::DeviceOffline => {
                said("a connection to the broker over which all that waits there has come", None)
            }
            HoldReason::Doze => said("a maintenance window of Doze, or its end", Some("device doze off")),
            HoldReason::WorkProfilePaused => said("the work profile resumed", Some("device work-profile resume")),
            HoldReason::BatteryOptimisation => said(
                "an exemption from battery optimisation, a charger, or another standby bucket",
                Some("device battery exempt"),
            ),
            HoldReason::ScheduledSummary => {
                said("the next scheduled summary, by itself", Some("settings set scheduledDelivery=off"))
            }
            HoldReason::NextLook => said(
                "the app's next look for messages, by itself: one about every 15 minutes",
                Some("clock advance 15m"),
            ),
            HoldReason::Pace => {
                let most = self.settings.pace_per_second;
                (format!("its turn, by itself: at most {most} are shown in a second"), None)
            }
            HoldReason::NotificationServerAway => {
                said("a notification server on this computer (portal-agent doctor)", None)
            }
        }
    }

    /// Why a push waits, in a sentence without its full stop.
    pub(super) fn hold_sentence(&self, reason: HoldReason) -> &'static str {
        match reason {
            HoldReason::DeviceOffline if self.state.condition.offline => "the device is offline",
            HoldReason::DeviceOffline => {
                "the device was away, and the push service decides once all that waited there has come"
            }
            HoldReason::Doze => "the device is in Doze, and the message is of normal priority (facts 4.2)",
            HoldReason::WorkProfilePaused => "the work profile is paused (facts 4.2)",
            HoldReason::BatteryOptimisation => "battery optimisation keeps it from the app (facts 1.1)",
            HoldReason::ScheduledSummary => "it is left to the scheduled summary (facts 4.1)",
            HoldReason::NextLook => {
                "without Google Play Services the app has to look for messages, about every 15 minutes (facts 1.1)"
            }
            HoldReason::Pace => "others are shown before it, and this computer's desktop is not flooded",
            HoldReason::NotificationServerAway => "this computer has no notification server at present",
        }
    }
}
