//! The device's enrollment with Intune, the user who enrolled it, and that user's groups.
//!
//! Lives here: enroll, retire and the group list (facts 1.4, 3; contract 2). Does not live here: remote actions (`actions`).

use std::collections::BTreeSet;

use portal_shared::{DeviceEnrollmentType, GroupId, GroupList, ManagedDeviceOwnerType, Timestamp, UserPrincipalName};
use serde::{Deserialize, Serialize};

use super::{Device, Effect, Refusal};

/// An enrollment that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrolled {
    /// Who enrolled the device.
    pub user: UserPrincipalName,
    /// When, in device time.
    pub at: Timestamp,
    /// How.
    pub enrollment_type: DeviceEnrollmentType,
    /// Who owns the device.
    pub owner_type: ManagedDeviceOwnerType,
    /// Whether everything sent before this enrollment has surely arrived (contract 2: the first fence after enrolling).
    pub fenced: bool,
}

/// The device's enrollment, if any, and the groups of its user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Enrollment {
    /// The enrollment.
    pub enrolled: Option<Enrolled>,
    /// The user's groups; empty while not enrolled.
    pub groups: BTreeSet<GroupId>,
    /// The list last heard from the service, for the user that it names.
    pub heard: Option<GroupList>,
}

impl Enrollment {
    /// The groups whose pushes the device subscribes to: the user's, while enrolled (contract 2).
    pub fn subscribed_groups(&self) -> BTreeSet<GroupId> {
        if self.enrolled.is_some() { self.groups.clone() } else { BTreeSet::new() }
    }

    fn heard_for(&self, user: &UserPrincipalName) -> Option<BTreeSet<GroupId>> {
        let list = self.heard.as_ref()?;
        let matches = list.user_principal_name.as_ref().is_none_or(|named| named == user);
        matches.then(|| list.groups.clone())
    }
}

impl Device {
    pub(super) fn enroll(
        &mut self,
        user: UserPrincipalName,
        groups: Option<BTreeSet<GroupId>>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let fenced = self.pushes.fence_is_back();
        let enrollment = &mut self.state.enrollment;
        if let Some(present) = &enrollment.enrolled {
            if present.user != user {
                let message = format!("the device is enrolled by {} already", present.user);
                return Err(Refusal::new("alreadyEnrolled", message, "retire, then enroll"));
            }
            if groups.as_ref().is_none_or(|groups| *groups == enrollment.groups) {
                effects.push(Effect::Unchanged(format!("already enrolled by {user}")));
                return Ok(());
            }
        } else {
            // facts 3: a personally-owned work profile has no type of its own; user-driven is `userEnrollment`
            enrollment.enrolled = Some(Enrolled {
                user: user.clone(),
                at: now,
                enrollment_type: DeviceEnrollmentType::UserEnrollment,
                owner_type: ManagedDeviceOwnerType::Personal,
                fenced,
            });
        }
        enrollment.groups = groups.or_else(|| enrollment.heard_for(&user)).unwrap_or_default();
        effects.extend([Effect::GroupsChanged, Effect::StateChanged]);
        Ok(())
    }

    pub(super) fn retire(&mut self, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        if self.state.enrollment.enrolled.is_none() {
            effects.push(Effect::Unchanged("already not enrolled".to_owned()));
            return Ok(());
        }
        // contract 5: app and permission stay
        self.state.enrollment.enrolled = None;
        self.state.enrollment.groups.clear();
        effects.extend([Effect::GroupsChanged, Effect::StateChanged]);
        Ok(())
    }

    pub(super) fn groups_heard(&mut self, list: GroupList, effects: &mut Vec<Effect>) {
        let enrollment = &mut self.state.enrollment;
        let enrolled_by = enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        if let (Some(named), Some(user)) = (&list.user_principal_name, enrolled_by)
            && named != user
        {
            // contract 2: ignored; but kept as the broker's last word, for when that user enrolls
            effects.push(Effect::Ignored(format!("a group list of {named} is ignored: {user} enrolled the device")));
        }
        let heard_before = enrollment.heard.replace(list);
        let user = enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        let groups = user.and_then(|user| enrollment.heard_for(user)).unwrap_or_else(|| enrollment.groups.clone());
        if groups != enrollment.groups {
            enrollment.groups = groups;
            effects.push(Effect::GroupsChanged);
        } else if heard_before == enrollment.heard {
            return;
        }
        effects.push(Effect::StateChanged);
    }
}
