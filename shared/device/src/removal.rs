//! How an enrollment ends: retire, wipe, delete, each at once or waiting for the device to check in (facts 1.6, 3).
//!
//! Lives here: their stages, which kind of enrollment has which, and what each leaves. Does not live here: the remote actions
//! that ask for them (`actions`).

use portal_contract::command::{Removal, RemovalStage};
use portal_contract::{DeviceEnrollmentType, DeviceRegistrationState, ManagementState, PushTarget, Timestamp};

use super::enrollment::ActiveEnrollment;
use super::push::{PushCandidate, ReceivedPush};
use super::{Device, DeviceEffect, DeviceSnapshot, Refusal, Rule};
use portal_contract::HoldReason;

/// How a device is managed, as far as its removal goes (`Rule::RemovalByKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ManagementKind {
    /// iOS and iPadOS.
    Apple,
    /// A personally-owned device with a work profile.
    PersonalWorkProfile,
    /// Android device administrator: here what a device enrollment manager enrolls.
    DeviceAdministrator,
    /// Fully managed, dedicated, corporate-owned work profile, AOSP.
    CompanyAndroid,
}

impl ManagementKind {
    fn of(enrolled: &ActiveEnrollment, apple: bool) -> Self {
        match enrolled.enrollment_type {
            _ if apple => Self::Apple,
            DeviceEnrollmentType::UserEnrollment => Self::PersonalWorkProfile,
            DeviceEnrollmentType::DeviceEnrollmentManager => Self::DeviceAdministrator,
            _ => Self::CompanyAndroid,
        }
    }

    fn has(self, removal: Removal) -> bool {
        match removal {
            Removal::Retire => self != Self::CompanyAndroid,
            Removal::Wipe => matches!(self, Self::Apple | Self::CompanyAndroid),
            Removal::Delete => true,
        }
    }

    /// What is done to the device: a delete retires or wipes it.
    fn carried_out_as(self, removal: Removal) -> Removal {
        match removal {
            Removal::Delete if self == Self::CompanyAndroid => Removal::Wipe,
            Removal::Delete => Removal::Retire,
            other => other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Apple => "an iPhone or iPad",
            Self::PersonalWorkProfile => "a personally-owned work profile",
            Self::DeviceAdministrator => "a device that is managed by device administrator",
            Self::CompanyAndroid => "an Android device of the company's",
        }
    }
}

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

/// Graph's word for a removal that could not be carried out (facts 3); none for a delete, which always can.
fn failed(removal: Removal) -> Option<ManagementState> {
    match removal {
        Removal::Retire => Some(ManagementState::RetireFailed),
        Removal::Wipe => Some(ManagementState::WipeFailed),
        Removal::Delete => None,
    }
}

impl DeviceSnapshot {
    fn management_kind(&self) -> Option<ManagementKind> {
        let apple = self.identity.operating_system.is_apple();
        self.enrollment.enrolled.as_ref().map(|enrolled| ManagementKind::of(enrolled, apple))
    }

    /// Whether the device is a person's own with a work profile.
    pub(super) fn is_personal_work_profile(&self) -> bool {
        self.management_kind() == Some(ManagementKind::PersonalWorkProfile)
    }

    /// The removal that the device's kind of enrollment has: `retire`, or `wipe`; from where the device is now.
    pub(super) fn way_out_of_management(&self) -> &'static str {
        match self.management_kind() {
            Some(ManagementKind::CompanyAndroid) if self.condition.offline => "device online, then wipe",
            Some(ManagementKind::CompanyAndroid) => "wipe",
            _ => "retire",
        }
    }

    /// Why the present enrollment has no such removal (`Rule::RemovalByKind`).
    pub(super) fn has_no(&self, removal: Removal) -> Option<String> {
        let kind = self.management_kind().filter(|kind| !kind.has(removal))?;
        let source = Rule::RemovalByKind.cited();
        Some(format!("{} is no action for {} ({source})", removal.word(), kind.words()))
    }

    /// The removal that waits for the device to check in.
    fn waiting_removal(&self) -> Option<Removal> {
        self.enrollment.enrolled.as_ref().and_then(|enrolled| that_waits_as(enrolled.management_state))
    }

    /// Whether `push` is a device action beside a removal that is pending, and so is not carried out (`Rule::RemovalFirst`).
    pub(super) fn is_ignored_beside_removal(&self, push: &ReceivedPush) -> bool {
        push.target == PushTarget::Device && self.waiting_removal().is_some()
    }

    /// Why an enrollment of this kind can be in no such state.
    pub(super) fn check_management_state(&self, state: ManagementState) -> Result<(), Refusal> {
        let Some(message) = that_waits_as(state).and_then(|removal| self.has_no(removal)) else { return Ok(()) };
        let hint = format!("this kind has another removal: {}", self.way_out_of_management());
        Err(Refusal::new("notForThisEnrollment", message, hint))
    }
}

impl Device {
    pub(super) fn removal_command(
        &mut self,
        removal: Removal,
        stage: RemovalStage,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        if self.state.enrollment.enrolled.is_none() {
            effects.push(DeviceEffect::Unchanged("already not enrolled".to_owned()));
            return Ok(());
        }
        if let Some(message) = self.state.has_no(removal) {
            return Err(Refusal::new("notForThisEnrollment", message, self.state.way_out_of_management()));
        }
        if stage == RemovalStage::Done {
            return self.remove_now(removal, now, effects);
        }
        let Some(waiting) = waiting(removal, stage) else {
            let source = Rule::UnenrolledStates.cited();
            let message = format!(
                "Graph has no word for a delete that was issued: it is pending, then the device is gone ({source})"
            );
            return Err(Refusal::new("noSuchState", message, "delete --pending"));
        };
        match &mut self.state.enrollment.enrolled {
            Some(enrolled) if enrolled.management_state != waiting => {
                enrolled.management_state = waiting;
                effects.push(DeviceEffect::StateChanged);
            }
            _ => effects.push(DeviceEffect::Unchanged(format!("already {waiting}"))),
        }
        Ok(())
    }

    fn remove_now(&mut self, removal: Removal, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        let wipes = self.state.management_kind().map(|kind| kind.carried_out_as(removal)) == Some(Removal::Wipe);
        if wipes && self.state.condition.offline {
            // facts 1.6: "device must be enrolled and online"
            let word = removal.word();
            let source = Rule::RemovalByKind.cited();
            let message = format!("the device is offline, so a wipe cannot reach it ({source})");
            return Err(Refusal::new("deviceOffline", message, format!("{word} --pending, then device online")));
        }
        self.remove(removal, now, effects);
        Ok(())
    }

    pub(super) fn remove(&mut self, removal: Removal, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let Some(kind) = self.state.management_kind() else { return };
        let Some(ended) = self.state.enrollment.enrolled.take() else { return };
        self.lift_policy();
        self.state.enrollment.registration_without = match removal {
            // facts 3: "revoked = blocked, wiped or retired" (`Rule::RevokedAfterRemoval`)
            Removal::Retire | Removal::Wipe => DeviceRegistrationState::Revoked,
            Removal::Delete => DeviceRegistrationState::NotRegistered,
        };
        // facts 1.2: the work profile goes with the enrollment that made it
        self.state.condition.work_profile_paused = false;
        self.linger(ended, now);
        if kind.carried_out_as(removal) == Removal::Wipe {
            self.wipe(now, effects);
        } else if kind == ManagementKind::PersonalWorkProfile && self.state.app.is_installed() {
            // Rule::RetireTakesWorkProfile
            self.take_app_away(now, effects);
        }
        effects.extend([DeviceEffect::GroupsChanged, DeviceEffect::StateChanged]);
    }

    /// Out of its box again, but for what the removal itself left: how it is registered, and what lingers.
    fn wipe(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        // What the removal itself left survives the wipe: how the device is registered, and what lingers.
        let enrollment = self.state.enrollment.clone();
        self.start_over(now, effects);
        self.state.enrollment = enrollment;
    }

    pub(super) fn check_in(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        // What waits for the device to check in is carried out before anything else (`Rule::RemovalFirst`).
        let Some(removal) = self.state.waiting_removal() else { return };
        if let Some((why, failed)) = self.state.has_no(removal).zip(failed(removal)) {
            // By a change of the kind of enrollment while the removal waited.
            if let Some(enrolled) = &mut self.state.enrollment.enrolled {
                enrolled.management_state = failed;
            }
            effects.extend([DeviceEffect::StateChanged, DeviceEffect::Noted(format!("the device checked in: {why}"))]);
            return;
        }
        // Before the removal, so that their receipts speak of the device that they were sent to.
        self.drop_pending_actions(now, effects);
        self.remove(removal, now, effects);
        effects.push(DeviceEffect::Noted(format!("the device checked in: its {} is carried out", removal.word())));
    }

    /// "The system ignores all other pending actions": a custom notification to the device is one, a message to a group is not.
    fn drop_pending_actions(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        for key in self.pushes.held.all(HoldReason::DeviceOffline) {
            let Some(held) = self.pushes.held.remove(key) else { continue };
            let candidate = PushCandidate::from(held);
            if candidate.push.target == PushTarget::Device {
                let outcome = self.ignored_beside_removal(&candidate.push, now);
                self.settle(candidate, outcome, now, effects);
            } else {
                self.hold(candidate, HoldReason::DeviceOffline, now, effects);
            }
        }
    }
}
