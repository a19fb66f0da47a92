//! The device's enrollment with Intune, the user who enrolled it, and that user's groups.
//!
//! Lives here: enroll, its Graph vocabulary and the group list (facts 1.4, 3; contract 2). Does not live here: how an
//! enrollment ends (`removal`), for how long it lingers (`grace`), remote actions (`actions`).

use std::collections::BTreeSet;

use portal_contract::service::MAX_GROUPS;
use portal_contract::{
    DeviceEnrollmentType, DeviceRegistrationState, GroupId, GroupList, ManagedDeviceOwnerType, ManagementState,
    Timestamp, UserPrincipalName,
};
use serde::{Deserialize, Serialize};

use super::grace::{FormerEnrollment, LeftGroups};
use super::{Device, DeviceEffect, DeviceSnapshot, Refusal, Rule};
use portal_contract::command::EnrollCommand;

/// An enrollment that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActiveEnrollment {
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
    /// What management is about to do.
    #[serde(default = "managed")]
    pub management_state: ManagementState,
    /// How it is registered.
    #[serde(default = "registered")]
    pub registration_state: DeviceRegistrationState,
    /// Whether the device is supervised (iOS and iPadOS).
    #[serde(default)]
    pub supervised: bool,
}

fn managed() -> ManagementState {
    ManagementState::Managed
}

fn registered() -> DeviceRegistrationState {
    DeviceRegistrationState::Registered
}

impl ActiveEnrollment {
    /// Whether its states are those of an enrollment at all (`Rule::UnenrolledStates`).
    pub fn counts(&self) -> bool {
        let unregistered = matches!(
            self.registration_state,
            DeviceRegistrationState::NotRegistered
                | DeviceRegistrationState::Revoked
                | DeviceRegistrationState::NotRegisteredPendingEnrollment
        );
        self.management_state != ManagementState::Discovered && !unregistered
    }
}

/// The device's enrollment, if any, and the groups of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Enrollment {
    /// The enrollment.
    pub enrolled: Option<ActiveEnrollment>,
    /// The user's groups; empty while not enrolled.
    pub groups: BTreeSet<GroupId>,
    /// The list last heard from the service, for the user that it names.
    pub heard: Option<GroupList>,
    /// How the device is registered while it is not enrolled.
    pub registration_without: DeviceRegistrationState,
    /// The enrollment that ended lately, while what is sent to its groups may still arrive.
    pub former: Option<FormerEnrollment>,
    /// The groups that the user left lately, and until when what is sent to them may still arrive.
    pub left_groups: LeftGroups,
}

impl Default for Enrollment {
    fn default() -> Self {
        Self {
            enrolled: None,
            groups: BTreeSet::new(),
            heard: None,
            registration_without: DeviceRegistrationState::NotRegistered,
            former: None,
            left_groups: LeftGroups::default(),
        }
    }
}

impl Enrollment {
    /// The enrollment, if it is one by its states too (`Rule::UnenrolledStates`).
    pub fn in_force(&self) -> Option<&ActiveEnrollment> {
        self.enrolled.as_ref().filter(|enrolled| enrolled.counts())
    }

    /// How the device is registered.
    pub fn registration_state(&self) -> DeviceRegistrationState {
        self.enrolled.as_ref().map_or(self.registration_without, |enrolled| enrolled.registration_state)
    }

    fn heard_for(&self, user: &UserPrincipalName) -> Option<BTreeSet<GroupId>> {
        let list = self.heard.as_ref()?;
        let matches = list.user_principal_name.as_ref().is_none_or(|named| named == user);
        matches.then(|| list.groups.clone())
    }
}

/// What was said of how the device is to be enrolled.
struct AskedEnrollment {
    enrollment_type: Option<DeviceEnrollmentType>,
    owner_type: Option<ManagedDeviceOwnerType>,
    supervised: bool,
}

impl AskedEnrollment {
    /// Whether an enrollment that stands is as it was asked for: no command changes how it was made.
    /// `state` knows the way out of it and in again.
    fn check(&self, present: &ActiveEnrollment, state: &DeviceSnapshot) -> Result<(), Refusal> {
        let kind = self.enrollment_type.filter(|kind| *kind != present.enrollment_type);
        let owner = self.owner_type.filter(|owner| *owner != present.owner_type);
        let message = match (kind, self.supervised && !present.supervised) {
            (Some(_), _) => format!("the device is enrolled as {} already", present.enrollment_type),
            (None, true) => "the device is enrolled without supervision already".to_owned(),
            (None, false) => {
                let Some(owner) = owner else { return Ok(()) };
                let message = format!("the device is enrolled as {}'s already", present.owner_type);
                return Err(Refusal::new(
                    "alreadyEnrolled",
                    message,
                    format!("enrollment set managedDeviceOwnerType={owner}"),
                ));
            }
        };
        let mut anew = format!("{}, then {}", state.way_out_of_management(), state.enrolling(present.user.as_str()));
        for (name, word) in [
            ("type", self.enrollment_type.map(|kind| kind.to_string())),
            ("owner", self.owner_type.map(|owner| owner.to_string())),
        ] {
            anew.extend(word.map(|word| format!(" --{name} {word}")));
        }
        if self.supervised {
            anew.push_str(" --supervised");
        }
        Err(Refusal::new("alreadyEnrolled", message, anew))
    }
}

impl DeviceSnapshot {
    /// Whether a work profile could not be enrolled as the device stands (`Rule::PlayServicesForEnrollment`).
    pub(super) fn lacks_play_services_to_enroll(&self) -> bool {
        self.follows(Rule::PlayServicesForEnrollment) && !self.condition.play_services
    }

    /// The line of commands by which `user` enrolls the device.
    pub(super) fn enrolling(&self, user: &str) -> String {
        let first = if self.lacks_play_services_to_enroll() { "play-services install, then " } else { "" };
        format!("{first}enroll --user {user}")
    }
}

impl Device {
    pub(super) fn enroll(
        &mut self,
        command: EnrollCommand,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        let EnrollCommand { user, groups, enrollment_type, owner_type, supervised } = command;
        let asked = AskedEnrollment { enrollment_type, owner_type, supervised };
        // facts 3: a personally-owned work profile has no type of its own; user-driven is `userEnrollment`
        let enrollment_type = enrollment_type.unwrap_or(DeviceEnrollmentType::UserEnrollment);
        self.check_enrollment_type(enrollment_type, supervised)?;
        if self.state.enrollment.enrolled.is_none() {
            self.check_play_services(enrollment_type)?;
        }
        let count = groups.as_ref().map_or(0, BTreeSet::len);
        if count > MAX_GROUPS {
            let message = format!("a user is in at most {MAX_GROUPS} groups here, and {count} are named (contract 2)");
            return Err(Refusal::new("tooManyGroups", message, "name those that pushes are sent to"));
        }
        let owner_type = owner_type.unwrap_or_else(|| owner_of(enrollment_type));
        let fenced = self.pushes.fence_is_back();
        let before = self.state.enrollment.clone();
        if let Some(present) = &before.enrolled {
            if present.user != user {
                let message = format!("the device is enrolled by {} already", present.user);
                let hint =
                    format!("{}, then {}", self.state.way_out_of_management(), self.state.enrolling(user.as_str()));
                return Err(Refusal::new("alreadyEnrolled", message, hint));
            }
            asked.check(present, &self.state)?;
            if groups.as_ref().is_none_or(|groups| *groups == before.groups) {
                effects.push(DeviceEffect::Unchanged(format!("already enrolled by {user}")));
                return Ok(());
            }
        } else {
            self.state.enrollment.enrolled = Some(ActiveEnrollment {
                user: user.clone(),
                at: now,
                enrollment_type,
                owner_type,
                fenced,
                management_state: ManagementState::Managed,
                registration_state: DeviceRegistrationState::Registered,
                supervised,
            });
            self.state.enrollment.former = None;
            effects.push(DeviceEffect::EnrollmentBegan);
            if self.state.is_personal_work_profile() {
                self.install_with_enrollment(now, effects);
            }
        }
        let groups = groups.or_else(|| before.heard_for(&user)).unwrap_or_default();
        self.change_groups(groups, now);
        effects.extend([DeviceEffect::GroupsChanged, DeviceEffect::StateChanged]);
        Ok(())
    }

    /// `Rule::PlayServicesForEnrollment`
    fn check_play_services(&self, kind: DeviceEnrollmentType) -> Result<(), Refusal> {
        if !self.state.lacks_play_services_to_enroll() || kind != DeviceEnrollmentType::UserEnrollment {
            return Ok(());
        }
        let message = format!(
            "a personally-owned work profile cannot be enrolled without Google Play Services ({})",
            Rule::PlayServicesForEnrollment.source()
        );
        Err(Refusal::new("playServicesMissing", message, "play-services install"))
    }

    fn check_enrollment_type(&self, kind: DeviceEnrollmentType, supervised: bool) -> Result<(), Refusal> {
        let identity = &self.state.identity;
        let apple = identity.operating_system.is_apple();
        if (apple && kind.is_androids()) || (!apple && kind.is_apples()) {
            let message = format!("{kind} is no enrollment of {} (facts 3)", identity.operating_system);
            return Err(Refusal::new("notOnThisPlatform", message, "enroll --type userEnrollment"));
        }
        if supervised && !apple {
            let message = format!(
                "supervision is Apple's; this device runs {} ({})",
                identity.operating_system,
                Rule::ApplePolicy.cited()
            );
            return Err(Refusal::new("notOnThisPlatform", message, "leave --supervised out"));
        }
        Ok(())
    }

    /// Changes one of the enrollment's states, by Graph's name.
    pub(super) fn enrollment_set(
        &mut self,
        name: &str,
        value: &str,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        let Some(enrolled) = self.state.enrollment.enrolled.clone() else {
            let message = format!("{name} is a state of an enrollment, and the device is not enrolled");
            return Err(Refusal::new("notEnrolled", message, self.state.enrolling("UPN")));
        };
        let invalid =
            |why: String| Refusal::new("invalidValue", why, format!("enrollment set {name}=… with one of these"));
        let mut changed = enrolled.clone();
        match name {
            "managementState" => {
                changed.management_state = value.parse().map_err(invalid)?;
                self.state.check_management_state(changed.management_state)?;
            }
            "deviceRegistrationState" => changed.registration_state = value.parse().map_err(invalid)?,
            "managedDeviceOwnerType" => changed.owner_type = value.parse().map_err(invalid)?,
            "deviceEnrollmentType" => {
                changed.enrollment_type = value.parse().map_err(invalid)?;
                self.check_enrollment_type(changed.enrollment_type, changed.supervised)?;
            }
            _ => {
                let hint = "enrollment set one of managementState, deviceRegistrationState, managedDeviceOwnerType, \
                            deviceEnrollmentType";
                return Err(Refusal::new("unknownSetting", format!("{name:?} is no state of an enrollment"), hint));
            }
        }
        if changed == enrolled {
            effects.push(DeviceEffect::Unchanged(format!("already {name}={value}")));
            return Ok(());
        }
        self.state.enrollment.enrolled = Some(changed);
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    pub(super) fn groups_heard(&mut self, list: GroupList, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let enrollment = &mut self.state.enrollment;
        let enrolled_by = enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        if let (Some(named), Some(user)) = (&list.user_principal_name, enrolled_by)
            && named != user
        {
            // contract 2: ignored; but kept as the broker's last word, for when that user enrolls
            effects
                .push(DeviceEffect::Ignored(format!("a group list of {named} is ignored: {user} enrolled the device")));
        }
        let heard_before = enrollment.heard.replace(list);
        let user = enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        let groups = user.and_then(|user| enrollment.heard_for(user)).unwrap_or_else(|| enrollment.groups.clone());
        if groups != enrollment.groups {
            self.change_groups(groups, now);
            effects.push(DeviceEffect::GroupsChanged);
        } else if heard_before == enrollment.heard {
            return;
        }
        effects.push(DeviceEffect::StateChanged);
    }
}

/// Who owns a device of this kind unless it is said: a user-driven enrollment is of the user's own device, the others are
/// the company's.
fn owner_of(kind: DeviceEnrollmentType) -> ManagedDeviceOwnerType {
    let own = kind == DeviceEnrollmentType::UserEnrollment
        || kind == DeviceEnrollmentType::AndroidAospUserOwned
        || kind.is_apple_user_enrollment();
    if own { ManagedDeviceOwnerType::Personal } else { ManagedDeviceOwnerType::Company }
}
