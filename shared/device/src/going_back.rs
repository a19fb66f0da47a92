//! A device that is again as it was after an earlier event of its own history.
//!
//! Going back is an event like any other, appended to the history: what happened since stays in it. Restored is what rules ask
//! of the phone: app, enrollment, permission, switches, policy, condition, and the version of the system, without which an older
//! permission would stand under a newer Android's rules. What others count on goes on: ids, sequence, receipts, the clock, the
//! numbers of prompts, the latest remote action, the group list that the service sent last.
//!
//! Lives here: what is restored, and what follows. Does not live here: finding the earlier state (the host reads the journal).

use portal_contract::Timestamp;

use super::identity::DeviceIdentity;
use super::{Device, DeviceEffect, DeviceSnapshot};

impl Device {
    /// `past` is a snapshot of this device after the event of that number.
    pub(super) fn return_to(
        &mut self,
        event: u64,
        past: DeviceSnapshot,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        let mut restored = self.restored(past, now);
        let is_there = restored == self.state;
        restored.permission.number_anew(&self.state.permission);
        if is_there || restored == self.state {
            effects.push(DeviceEffect::Unchanged(format!("already as it was after event {event}")));
            return;
        }
        self.withdraw_prompt(effects);
        self.pushes.withdraw_all(effects);
        match (self.state.condition.offline, restored.condition.offline) {
            (true, false) => {
                self.pushes.away_since = self.state.condition.offline_since;
                effects.push(DeviceEffect::GoOnline);
            }
            (false, true) => {
                self.pushes.went_away();
                effects.push(DeviceEffect::GoOffline);
            }
            _ => {}
        }
        self.state = restored;
        if let Some(prompt) = self.state.permission.prompt {
            effects.push(DeviceEffect::ShowPrompt { number: prompt.number });
        }
        effects.extend([DeviceEffect::GroupsChanged, DeviceEffect::StateChanged]);
    }

    /// What of `past` becomes the device's state, with all of the present that goes on.
    fn restored(&mut self, past: DeviceSnapshot, now: Timestamp) -> DeviceSnapshot {
        let present = &self.state;
        let mut restored = DeviceSnapshot {
            identity: DeviceIdentity { os_version: past.identity.os_version.clone(), ..present.identity.clone() },
            documentation: present.documentation,
            actions: present.actions.clone(),
            updated_at: present.updated_at,
            ..past
        };
        // Within one life the clock never goes back: what was decided would come to lie in the future.
        restored.condition.clock_ahead_millis = present.condition.clock_ahead_millis;
        restored.condition.clock_taken_back_after = present.condition.clock_taken_back_after;
        // The service's word stands, and is obeyed when it is heard next. Taken back too, the device would follow a list that
        // nobody sends any more.
        restored.enrollment.heard = present.enrollment.heard.clone();
        if let Some(enrolled) = &mut restored.enrollment.enrolled {
            // The connection is the present one.
            enrolled.fenced |= self.pushes.fence_is_back();
        }
        // What lay on the phone goes, as its cards do: the messages are the journal's, which has those of the time since, too.
        restored.app.in_app_from = self.pushes.last_sequence();
        // A grace of then that is over is not begun again, only to end at once.
        let present = std::mem::replace(&mut self.state, restored);
        self.pass_time(now, &mut Vec::new());
        std::mem::replace(&mut self.state, present)
    }
}
