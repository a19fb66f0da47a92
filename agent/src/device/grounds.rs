//! The prerequisites: which apply, which are met, and on what ground (facts 1.1, 1.2, 1.4, 4).
//!
//! Lives here: the judgement of each prerequisite, one function each, and its words for `explain`.
//! Does not live here: what else can happen to a push (`push`).

use portal_shared::{
    DeviceEnrollmentType, ManagedDeviceOwnerType, NotificationPermission, Prerequisite, Prerequisites, Standing, Target,
};

use super::Snapshot;
use super::push::Push;
use super::switches::{Importance, Switches};

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
    EnrolledByItsUser,
    NobodyEnrolled,
    EnrolledByAnother,
    UserNotInGroup,
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
}

impl Ground {
    fn is_met(self) -> bool {
        matches!(
            self,
            Self::Supported
                | Self::AppInstalled
                | Self::PlayServicesInstalled
                | Self::Enrolled
                | Self::EnrolledByItsUser
                | Self::Authorized
                | Self::Provisional
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
            Prerequisite::PlatformSupported => self.documentation.limits_platforms().then(|| self.platform_ground()),
            Prerequisite::CompanyPortalInstalled => {
                Some(if self.app.is_installed() { Ground::AppInstalled } else { Ground::AppMissing })
            }
            Prerequisite::GooglePlayServicesInstalled => self.play_services_ground(),
            Prerequisite::DeviceEnrolled => {
                Some(if self.enrollment.enrolled.is_some() { Ground::Enrolled } else { Ground::NotEnrolled })
            }
            Prerequisite::EnrolledByTargetedUser => Some(self.targeted_user_ground(push)),
            Prerequisite::NotificationsPermitted => Some(self.permission_ground()),
        }
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
        if self.identity.operating_system.is_apple() || !self.documentation.names_play_services() {
            return None;
        }
        let installed = self.condition.play_services;
        Some(if installed { Ground::PlayServicesInstalled } else { Ground::PlayServicesMissing })
    }

    // facts 1.4; contract 3
    fn targeted_user_ground(&self, push: Option<&Push>) -> Ground {
        let Some(enrolled) = &self.enrollment.enrolled else { return Ground::NobodyEnrolled };
        let Some(push) = push.filter(|_| self.documentation.names_targeted_user()) else {
            return Ground::EnrolledByItsUser;
        };
        let another = push.notification.target_user_principal_name.as_ref().is_some_and(|user| *user != enrolled.user);
        match push.target {
            _ if another => Ground::EnrolledByAnother,
            Target::Group { id } if !self.enrollment.groups.contains(&id) => Ground::UserNotInGroup,
            _ => Ground::EnrolledByItsUser,
        }
    }

    // facts 4.1, 4.2; contract 3: the effective permission
    fn permission_ground(&self) -> Ground {
        if !self.app.is_installed() {
            return Ground::PermissionWithoutApp;
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
        match &self.switches {
            Switches::Apple(apple) => {
                let any = apple.notification_center || apple.lock_screen || apple.alert;
                (!any).then_some(Ground::EverySurfaceOff)
            }
            Switches::Android(android) if !android.channel_group => Some(Ground::ChannelGroupOff),
            Switches::Android(android) => (android.importance == Importance::None).then_some(Ground::ChannelOff),
        }
    }

    fn words(&self, ground: Ground, push: Option<&Push>) -> (String, String, &'static str) {
        let platform = self.identity.operating_system;
        let (detail, mend, source) = match ground {
            Ground::Supported => ("this platform and kind of enrollment are supported", "", "facts 1.2"),
            Ground::AndroidNotPersonalWorkProfile => (
                "on Android only personally-owned work profiles are supported",
                "choose documentation 2019 or 2023, or retire and enroll as a personally-owned device",
                "facts 1.2",
            ),
            Ground::AppInstalled => return (self.app_words(), String::new(), "facts 1.1"),
            Ground::AppMissing => ("Company Portal is not installed", "app install", "facts 1.1"),
            Ground::PlayServicesInstalled => ("Google Play Services is installed", "", "facts 1.1"),
            Ground::PlayServicesMissing => {
                ("Google Play Services is not installed", "play-services install", "facts 1.1")
            }
            Ground::Enrolled => ("the device is enrolled with Intune", "", "facts 1.1"),
            Ground::NotEnrolled => ("the device is not enrolled", "enroll --user UPN", "facts 1.1"),
            Ground::EnrolledByItsUser | Ground::EnrolledByAnother | Ground::UserNotInGroup => {
                return self.user_words(ground, push);
            }
            Ground::NobodyEnrolled => ("no user has enrolled the device", "enroll --user UPN", "facts 1.4"),
            Ground::Authorized => ("notifications are allowed", "", self.permission_source()),
            Ground::Provisional => ("notifications are allowed quietly", "", "facts 4.1"),
            Ground::PermissionWithoutApp => {
                ("without Company Portal there is nothing to permit", "app install", self.permission_source())
            }
            Ground::NeverAsked => {
                ("the user was never asked", "permission prompt, then permission allow", self.permission_source())
            }
            Ground::PromptShowing => {
                ("the permission prompt is showing and not answered", "permission allow", self.permission_source())
            }
            Ground::Denied => ("the user does not allow notifications", "permission allow", self.permission_source()),
            Ground::DeniedForGood => {
                let detail = format!("the user does not allow notifications, and {platform} does not ask again");
                return (detail, "permission allow (the switch in Settings)".to_owned(), self.permission_source());
            }
            Ground::EverySurfaceOff => (
                "notifications are allowed, but Lock Screen, Notification Center and Banners are all off",
                "settings set alert=on",
                "facts 4.1",
            ),
            Ground::ChannelGroupOff => ("the channel group is off", "settings set channelGroup=on", "facts 4.2"),
            Ground::ChannelOff => {
                ("the channel's importance is NONE", "settings set channelImportance=HIGH", "facts 4.2")
            }
        };
        (detail.to_owned(), mend.to_owned(), source)
    }

    fn permission_source(&self) -> &'static str {
        if self.identity.operating_system.is_apple() { "facts 1.1, 4.1" } else { "facts 1.1, 4.2" }
    }

    fn app_words(&self) -> String {
        format!("Company Portal {} is installed", self.app.version.as_deref().unwrap_or_default())
    }

    fn user_words(&self, ground: Ground, push: Option<&Push>) -> (String, String, &'static str) {
        let user = self.enrollment.enrolled.as_ref().map(|enrolled| enrolled.user.to_string()).unwrap_or_default();
        let targeted = push.and_then(|push| push.notification.target_user_principal_name.as_ref());
        let (detail, mend) = match (ground, targeted) {
            (Ground::EnrolledByAnother, Some(targeted)) => (
                format!("{user} enrolled the device; the push targets {targeted}"),
                format!("retire, then enroll --user {targeted}"),
            ),
            (Ground::UserNotInGroup, _) => (
                format!("{user} is not in the group that the push was sent to"),
                "publish the group in the device's groups topic, or enroll --user UPN --group UUID".to_owned(),
            ),
            _ if self.documentation.names_targeted_user() => (format!("{user} enrolled the device"), String::new()),
            _ => (format!("{user} enrolled the device, which is all that 2019 asks for"), String::new()),
        };
        (detail, mend, "facts 1.4")
    }
}
