//! How an enrollment ends: retire, wipe, delete, each at once or waiting for the device to check in (facts 1.6, 3).
//!
//! Lives here: their stages and what each leaves. Does not live here: the remote actions that ask for them (`actions`).

use portal_contract::command::{Removal, RemovalStage};
use portal_contract::{DeviceRegistrationState, ManagementState, Timestamp};

use super::policy::DevicePolicy;
use super::{Device, DeviceEffect, Refusal};

/// Graph's word while a removal waits; a delete that is issued has none (facts 3).
fn waiting(removal: Removal, stage: RemovalStage) -> Option<ManagementState> {
    match (removal, stage) {
        (Removal::Retire, RemovalStage::Pending) => Some(ManagementState::RetirePending),
        (Removal::Retire, RemovalStage::Issued) => Some(ManagementState::RetireIssued),
        (Removal::Wipe, RemovalStage::Pending) => Some(ManagementState::WipePending),
        (Removal::Wipe, RemovalStage::Issued) => Some(ManagementState::WipeIssued),
        (Removal::Delete, RemovalStage::Pending) => Some(ManagementState::DeletePending),
        (Removal::Delete, RemovalStage::Issued) | (_, RemovalStage::Done) => None,
    }
}

/// The removal that waits for the device to check in, where a state says so.
fn that_waits_as(state: ManagementState) -> Option<Removal> {
    let stages = [RemovalStage::Pending, RemovalStage::Issued];
    let waits = |removal: &Removal| stages.iter().any(|stage| waiting(*removal, *stage) == Some(state));
    [Removal::Retire, Removal::Wipe, Removal::Delete].into_iter().find(waits)
}

impl Device {
    pub(super) fn removal_command(
        &mut self,
        removal: Removal,
        stage: RemovalStage,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        let Some(enrolled) = &mut self.state.enrollment.enrolled else {
            effects.push(DeviceEffect::Unchanged("already not enrolled".to_owned()));
            return Ok(());
        };
        if stage == RemovalStage::Done {
            return self.remove_now(removal, now, effects);
        }
        let Some(waiting) = waiting(removal, stage) else {
            let message =
                "Graph has no word for a delete that was issued: it is pending, then the device is gone (facts 3)";
            return Err(Refusal::new("noSuchState", message, "delete --pending"));
        };
        if enrolled.management_state == waiting {
            effects.push(DeviceEffect::Unchanged(format!("already {waiting}")));
        } else {
            enrolled.management_state = waiting;
            effects.push(DeviceEffect::StateChanged);
        }
        Ok(())
    }

    fn remove_now(&mut self, removal: Removal, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if removal == Removal::Wipe && self.state.condition.offline {
            // facts 1.6: "device must be enrolled and online"
            let message = "the device is offline, so a wipe cannot reach it (facts 1.6)";
            return Err(Refusal::new("deviceOffline", message, "wipe --pending, then device online"));
        }
        self.remove(removal, now, effects);
        Ok(())
    }

    pub(super) fn remove(&mut self, removal: Removal, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let Some(ended) = self.state.enrollment.enrolled.take() else { return };
        self.state.policy = DevicePolicy::default();
        self.state.enrollment.registration_without = match removal {
            // facts 3: "revoked = blocked, wiped or retired" (`Rule::RevokedAfterRemoval`)
            Removal::Retire | Removal::Wipe => DeviceRegistrationState::Revoked,
            Removal::Delete => DeviceRegistrationState::NotRegistered,
        };
        // facts 1.2: the work profile goes with the enrollment that made it
        self.state.condition.work_profile_paused = false;
        self.linger(ended, now);
        if removal == Removal::Wipe {
            self.wipe(now, effects);
        }
        effects.extend([DeviceEffect::GroupsChanged, DeviceEffect::StateChanged]);
    }

    /// Out of its box again, but for what the removal itself left: how it is registered, and what lingers.
    fn wipe(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let enrollment = self.state.enrollment.clone();
        self.start_over(now, effects);
        self.state.enrollment = enrollment;
    }

    /// What waits for the device to check in is carried out before anything else (`Rule::RemovalFirst`).
    pub(super) fn check_in(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let waiting = self.state.enrollment.enrolled.as_ref().map(|enrolled| enrolled.management_state);
        if let Some(removal) = waiting.and_then(that_waits_as) {
            self.remove(removal, now, effects);
            effects.push(DeviceEffect::Noted(format!("the device checked in: its {} is carried out", removal.word())));
        }
    }
}
