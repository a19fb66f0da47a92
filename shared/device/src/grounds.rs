//! The prerequisites: which apply, which are met, and on what ground (facts 1.1, 1.2, 1.4, 4).
//!
//! Lives here: the judgement of each prerequisite, one function each. Does not live here: its words for `explain` (`words`),
//! what else can happen to a push (`judgement`).

mod words;

use portal_contract::{
    DeviceEnrollmentType, GroupId, ManagedDeviceOwnerType, NotificationPermission, Prerequisite, Prerequisites,
    Standing, Target, UserPrincipalName,
};

use super::push::Push;
use super::switches::{Importance, Switches};
use super::{Rule, Snapshot};

/// On what ground a prerequisite is met or unmet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    Supported,
    AndroidNotPersonalWorkProfile,
    AppInstalled,
    AppMissing,
    PlayServicesInstalled,
    PlayServicesMissing,
    Enrolled,
    NotEnrolled,
    EnrollmentDoesNotCount,
    UnenrolledLately,
    EnrolledByItsUser,
    NobodyEnrolled,
    EnrolledByAnother,
    UserNotInGroup,
    UserLeftGroupLately,
    UserUnenrolledLately,
    Authorized,
    Provisional,
    PermissionWithoutApp,
    NeverAsked,
    PromptShowing,
    Denied,
    DeniedForGood,
    EverySurfaceOff,
    ChannelGroupOff,
    ChannelOff,
    GrantedByPolicy,
    ForbiddenByPolicy,
}

impl Ground {
    fn is_met(self) -> bool {
        matches!(
            self,
            Self::Supported
                | Self::AppInstalled
                | Self::PlayServicesInstalled
                | Self::Enrolled
                | Self::UnenrolledLately
                | Self::EnrolledByItsUser
                | Self::UserLeftGroupLately
                | Self::UserUnenrolledLately
                | Self::Authorized
                | Self::Provisional
                | Self::GrantedByPolicy
        )
    }
}

impl Snapshot {
    /// The prerequisites that `push` (or any push) finds unmet, every one of them.
    pub fn unmet(&self, push: Option<&Push>) -> Prerequisites {
        let unmet = |code: &Prerequisite| self.ground(*code, push).is_some_and(|ground| !ground.is_met());
        Prerequisite::ALL.into_iter().filter(unmet).collect()
    }

    /// Each prerequisite that applies, met or not.
    pub fn prerequisites(&self, push: Option<&Push>) -> impl Iterator<Item = (Prerequisite, bool)> {
        Prerequisite::ALL.into_iter().filter_map(move |code| Some((code, self.ground(code, push)?.is_met())))
    }

    /// Each prerequisite that applies, in words: how it stands, what it would take, and the fact it rests on.
    pub fn standings(&self, push: Option<&Push>) -> Vec<Standing> {
        let standing = |code: Prerequisite| {
            let ground = self.ground(code, push)?;
            let (detail, mend, source) = self.words(ground, push);
            Some(Standing { code, met: ground.is_met(), detail, mend, source: source.to_owned() })
        };
        Prerequisite::ALL.into_iter().filter_map(standing).collect()
    }

    /// The ground on which `code` stands; `None` where the platform or the documentation profile does not know it.
    fn ground(&self, code: Prerequisite, push: Option<&Push>) -> Option<Ground> {
        match code {
            Prerequisite::PlatformSupported => self.limits_platforms().then(|| self.platform_ground()),
            // Rule::CompanyPortalInstalled
            Prerequisite::CompanyPortalInstalled => {
                Some(if self.app.is_installed() { Ground::AppInstalled } else { Ground::AppMissing })
            }
            Prerequisite::GooglePlayServicesInstalled => self.play_services_ground(),
            Prerequisite::DeviceEnrolled => Some(self.enrollment_ground(push)),
            Prerequisite::EnrolledByTargetedUser => Some(self.targeted_user_ground(push)),
            Prerequisite::NotificationsPermitted => Some(self.permission_ground()),
        }
    }

    /// Whether `rule` holds under this device's documentation and on its platform.
    pub(super) fn follows(&self, rule: Rule) -> bool {
        rule.holds(self.documentation, self.identity.operating_system)
    }

    /// Rule::PlatformSupported; on Apple's platforms the code applies in the same years, and is met.
    fn limits_platforms(&self) -> bool {
        Rule::PlatformSupported.about().profiles.contains(&self.documentation)
    }

    // facts 1.2, documents D and E
    fn platform_ground(&self) -> Ground {
        let personal_work_profile = self.enrollment.enrolled.as_ref().is_none_or(|enrolled| {
            enrolled.enrollment_type == DeviceEnrollmentType::UserEnrollment
                && enrolled.owner_type == ManagedDeviceOwnerType::Personal
        });
        if self.identity.operating_system.is_apple() || personal_work_profile {
            Ground::Supported
        } else {
            Ground::AndroidNotPersonalWorkProfile
        }
    }

    // facts 1.1
    fn play_services_ground(&self) -> Option<Ground> {
        if !self.follows(Rule::PlayServicesInstalled) {
            return None;
        }
        let installed = self.condition.play_services;
        Some(if installed { Ground::PlayServicesInstalled } else { Ground::PlayServicesMissing })
    }

    // Rule::DeviceEnrolled; contract 3
    fn enrollment_ground(&self, push: Option<&Push>) -> Ground {
        match &self.enrollment.enrolled {
            Some(enrolled) if enrolled.counts() => Ground::Enrolled,
            Some(_) => Ground::EnrollmentDoesNotCount,
            None if self.former_user_of(push).is_some() => Ground::UnenrolledLately,
            None => Ground::NotEnrolled,
        }
    }

    fn former_user_of(&self, push: Option<&Push>) -> Option<&UserPrincipalName> {
        match push?.target {
            Target::Group { id } => self.enrollment.former_user_in(id),
            Target::Device => None,
        }
    }

    // facts 1.4; contract 3
    fn targeted_user_ground(&self, push: Option<&Push>) -> Ground {
        let (user, enrolled) = match (self.enrollment.in_force(), self.former_user_of(push)) {
            (Some(enrolled), _) => (&enrolled.user, true),
            (None, Some(former)) if self.enrollment.enrolled.is_none() => (former, false),
            (None, _) => return Ground::NobodyEnrolled,
        };
        let targeted = push.and_then(|push| push.notification.target_user_principal_name.as_ref());
        if self.follows(Rule::EnrolledByTargetedUser) && targeted.is_some_and(|targeted| targeted != user) {
            return Ground::EnrolledByAnother;
        }
        match push.map(|push| push.target) {
            _ if !enrolled => Ground::UserUnenrolledLately,
            Some(Target::Group { id }) if self.follows(Rule::UserInGroup) => self.group_ground(id),
            _ => Ground::EnrolledByItsUser,
        }
    }

    fn group_ground(&self, group: GroupId) -> Ground {
        match () {
            () if self.enrollment.groups.contains(&group) => Ground::EnrolledByItsUser,
            () if self.enrollment.left_lately(group) => Ground::UserLeftGroupLately,
            () => Ground::UserNotInGroup,
        }
    }

    // Rule::NotificationsPermitted; contract 3: the effective permission
    fn permission_ground(&self) -> Ground {
        if !self.app.is_installed() {
            return Ground::PermissionWithoutApp;
        }
        match self.policy.permission() {
            Some(NotificationPermission::Denied) => return Ground::ForbiddenByPolicy,
            Some(_) => return self.switched_off().unwrap_or(Ground::GrantedByPolicy),
            None => {}
        }
        match self.permission.status() {
            _ if self.permission.prompt.is_some() => Ground::PromptShowing,
            NotificationPermission::NotDetermined => Ground::NeverAsked,
            NotificationPermission::Denied if self.permission.is_final() => Ground::DeniedForGood,
            NotificationPermission::Denied => Ground::Denied,
            status => self.switched_off().unwrap_or(match status {
                NotificationPermission::Provisional => Ground::Provisional,
                _ => Ground::Authorized,
            }),
        }
    }

    fn switched_off(&self) -> Option<Ground> {
        match self.acting_switches() {
            Switches::Apple(apple) => {
                let any = apple.notification_center || apple.lock_screen || apple.alert;
                (!any).then_some(Ground::EverySurfaceOff)
            }
            Switches::Android(android) if !android.channel_group => Some(Ground::ChannelGroupOff),
            Switches::Android(android) => (android.importance == Importance::None).then_some(Ground::ChannelOff),
        }
    }
}
