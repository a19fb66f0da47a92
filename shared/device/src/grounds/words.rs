//! The words of each ground: how a prerequisite stands, what it would take, and who says so.
//!
//! Lives here: sentences for `explain`. Does not live here: which ground it is (`grounds`).

use super::{Ground, Push, Rule, Snapshot};

/// A detail, a mend (empty where it is met), a source.
type Words = (String, String, &'static str);

fn said(detail: &str, mend: &str, source: &'static str) -> Words {
    (detail.to_owned(), mend.to_owned(), source)
}

impl Snapshot {
    pub(super) fn words(&self, ground: Ground, push: Option<&Push>) -> Words {
        match ground {
            Ground::Supported => said("this platform and kind of enrollment are supported", "", "facts 1.2"),
            Ground::AndroidNotPersonalWorkProfile => said(
                "on Android only personally-owned work profiles are supported",
                "choose documentation 2019 or 2023, or retire and enroll as a personally-owned device",
                Rule::PlatformSupported.source(),
            ),
            Ground::AppInstalled => (self.app_words(), String::new(), Rule::CompanyPortalInstalled.source()),
            Ground::AppMissing => {
                said("Company Portal is not installed", "app install", Rule::CompanyPortalInstalled.source())
            }
            Ground::PlayServicesInstalled => {
                said("Google Play Services is installed", "", Rule::PlayServicesInstalled.source())
            }
            Ground::PlayServicesMissing => said(
                "Google Play Services is not installed",
                "play-services install",
                Rule::PlayServicesInstalled.source(),
            ),
            Ground::Enrolled | Ground::NotEnrolled | Ground::EnrollmentDoesNotCount | Ground::UnenrolledLately => {
                self.enrollment_words(ground)
            }
            Ground::EnrolledByItsUser
            | Ground::EnrolledByAnother
            | Ground::UserNotInGroup
            | Ground::UserLeftGroupLately
            | Ground::UserUnenrolledLately
            | Ground::NobodyEnrolled => self.user_words(ground, push),
            _ => self.permission_words(ground),
        }
    }

    fn enrollment_words(&self, ground: Ground) -> Words {
        match (ground, &self.enrollment.enrolled) {
            (Ground::EnrollmentDoesNotCount, Some(enrolled)) => {
                let (management, registration) = (enrolled.management_state, enrolled.registration_state);
                let detail = format!("its states are not those of an enrolled device: {management}, {registration}");
                let mend = "enrollment set managementState=managed, and deviceRegistrationState=registered";
                (detail, mend.to_owned(), Rule::UnenrolledStates.source())
            }
            (Ground::UnenrolledLately, _) => said(
                "the device was unenrolled lately, and a message to its user's group may still arrive: it counts as met",
                "",
                Rule::GraceAfterUnenrolling.source(),
            ),
            (_, Some(enrolled)) if enrolled.management_state.word().ends_with("Pending") => {
                let detail =
                    format!("the device is enrolled with Intune; {} until it checks in", enrolled.management_state);
                (detail, String::new(), Rule::DeviceEnrolled.source())
            }
            (_, Some(_)) => said("the device is enrolled with Intune", "", Rule::DeviceEnrolled.source()),
            (_, None) => said("the device is not enrolled", "enroll --user UPN", Rule::DeviceEnrolled.source()),
        }
    }

    fn permission_words(&self, ground: Ground) -> Words {
        let platform = self.identity.operating_system;
        let source = self.permission_source();
        match ground {
            Ground::Provisional => said("notifications are allowed quietly", "", Rule::AppleProvisional.source()),
            Ground::PermissionWithoutApp => {
                said("without Company Portal there is nothing to permit", "app install", source)
            }
            Ground::NeverAsked => said("the user was never asked", "permission prompt, then permission allow", source),
            Ground::PromptShowing => {
                said("the permission prompt is showing and not answered", "permission allow", source)
            }
            Ground::Denied => said("the user does not allow notifications", "permission allow", source),
            Ground::DeniedForGood => {
                let detail = format!("the user does not allow notifications, and {platform} does not ask again");
                (detail, "permission allow (the switch in Settings)".to_owned(), source)
            }
            Ground::EverySurfaceOff => self.every_surface_off(),
            Ground::ChannelGroupOff => {
                said("the channel group is off", "settings set channelGroup=on", Rule::AndroidSwitch.source())
            }
            Ground::ChannelOff => said(
                "the channel's importance is NONE",
                "settings set channelImportance=HIGH",
                Rule::AndroidImportance.source(),
            ),
            Ground::GrantedByPolicy => said("notifications are allowed by a policy", "", self.policy_source()),
            Ground::ForbiddenByPolicy => {
                said("a policy forbids notifications, whatever the user chose", "policy clear", self.policy_source())
            }
            _ => said("notifications are allowed", "", source),
        }
    }

    fn every_surface_off(&self) -> Words {
        let source = Rule::AppleSurfaces.source();
        if self.policy.is_empty() {
            let detail = "notifications are allowed, but Lock Screen, Notification Center and Banners are all off";
            return said(detail, "settings set alert=on", source);
        }
        let detail = "notifications are allowed, but Lock Screen, Notification Center and Banners are all off, by a policy or by the user";
        said(detail, "policy show, then policy clear, or settings set alert=on", self.policy_source())
    }

    fn policy_source(&self) -> &'static str {
        let rule = if self.identity.operating_system.is_apple() { Rule::ApplePolicy } else { Rule::AndroidPolicy };
        rule.source()
    }

    fn permission_source(&self) -> &'static str {
        if self.identity.operating_system.is_apple() { "facts 1.1, 4.1" } else { "facts 1.1, 4.2" }
    }

    fn app_words(&self) -> String {
        format!("Company Portal {} is installed", self.app.version.as_deref().unwrap_or_default())
    }

    fn user_words(&self, ground: Ground, push: Option<&Push>) -> Words {
        if ground == Ground::NobodyEnrolled {
            return said("no user has enrolled the device", "enroll --user UPN", Rule::EnrolledByTargetedUser.source());
        }
        let former = self.enrollment.former.as_ref().map(|former| &former.user);
        let enrolled = self.enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        let user = enrolled.or(former).map(ToString::to_string).unwrap_or_default();
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
            (Ground::UserLeftGroupLately, _) => {
                let detail =
                    format!("{user} left the group lately, and a message to it may still arrive: it counts as met");
                return (detail, String::new(), Rule::GraceAfterLeavingGroup.source());
            }
            (Ground::UserUnenrolledLately, _) => {
                let detail = format!("{user} had enrolled the device until lately: it counts as met");
                return (detail, String::new(), Rule::GraceAfterUnenrolling.source());
            }
            _ if self.follows(Rule::EnrolledByTargetedUser) => (format!("{user} enrolled the device"), String::new()),
            _ => (format!("{user} enrolled the device, which is all that 2019 asks for"), String::new()),
        };
        (detail, mend, Rule::EnrolledByTargetedUser.source())
    }
}
