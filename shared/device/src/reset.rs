//! A device that is as out of its box again.
//!
//! Lives here: what a reset ends, and what it leaves (contract 5). Does not live here: a device that is made ready (`set_up`).

use portal_contract::{PushProblem, Timestamp};

use super::{Device, DeviceEffect, DeviceSnapshot, HeldKey, Refusal};

impl Device {
    pub(super) fn reset(
        &mut self,
        with_clock: bool,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        let fresh = self.out_of_the_box_again(now);
        let ahead = if with_clock { self.state.condition.clock_ahead_millis } else { 0 };
        if fresh == self.state && ahead == 0 && self.pushes.held() == 0 {
            effects.push(DeviceEffect::Unchanged("already out of its box".to_owned()));
            return Ok(());
        }
        // Before anything changes: the receipts of what waited speak of the device to which it was sent.
        self.end_held(now, effects);
        self.start_over(now, effects);
        if ahead != 0 {
            self.take_clock_back(ahead, now, effects);
        }
        effects.extend([DeviceEffect::IdsForgotten, DeviceEffect::GroupsChanged, DeviceEffect::StateChanged]);
        Ok(())
    }

    /// Whatever waits was sent to the device as it was, and does not reach what it is next (`Rule::Unregistered`): each ends
    /// before anything changes, and before its id may be used again.
    fn end_held(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let keys: Vec<HeldKey> = self.pushes.held.iter().map(|held| held.key).collect();
        for held in keys.into_iter().filter_map(|key| self.pushes.held.remove(key)).collect::<Vec<_>>() {
            self.drop_push(held.into(), PushProblem::Unregistered, now, effects);
        }
    }

    fn take_clock_back(&mut self, ahead: i64, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        // Only a new life may have it so: within one, what was decided would come to lie in the future.
        self.state.condition.clock_ahead_millis = 0;
        self.state.condition.clock_taken_back_after = self.pushes.last_sequence();
        self.state.updated_at = now.plus_millis(-ahead);
        self.pushes.last_decided_at = None;
        self.pushes.clock_reads(self.state.updated_at);
        let note = "the device's clock is the computer's again; receipts of before keep the times that they have";
        effects.push(DeviceEffect::Noted(note.to_owned()));
    }

    /// Takes everything away that a device out of its box does not have.
    pub(super) fn start_over(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let fresh = self.out_of_the_box_again(now);
        self.withdraw_prompt(effects);
        self.pushes.withdraw_all(effects);
        if self.state.condition.offline {
            effects.push(DeviceEffect::GoOnline);
        }
        self.state = fresh;
    }

    /// What a reset leaves: the device out of its box, and what others count on.
    fn out_of_the_box_again(&self, now: Timestamp) -> DeviceSnapshot {
        let before = &self.state;
        let mut fresh = Self::out_of_the_box(before.identity.clone(), self.settings.clone(), now).state;
        // The clock stays: what was decided may not come to lie in the future.
        fresh.condition.clock_ahead_millis = before.condition.clock_ahead_millis;
        fresh.condition.clock_taken_back_after = before.condition.clock_taken_back_after;
        fresh.updated_at = before.updated_at;
        fresh.app.in_app_from = self.pushes.last_sequence();
        // An answer to a prompt of the life before, which may still be on its way from the desktop, must find no
        // prompt of that number.
        fresh.permission.number_on_from(&before.permission);
        // The broker's word stands: it would be heard again only at the next connect (contract 2).
        fresh.enrollment.heard = before.enrollment.heard.clone();
        fresh
    }
}
