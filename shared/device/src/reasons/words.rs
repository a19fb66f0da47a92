//! The words of each reason: how a prerequisite stands, what it would take, and who says so.
//!
//! Lives here: sentences for `explain`. Does not live here: which reason it is (`reasons`).

use super::{DeviceSnapshot, PrerequisiteReason, ReceivedPush, Rule};

/// A detail, a hint (empty where it is met), a source.
type Words = (String, String, &'static str);

fn said(detail: &str, hint: &str, source: &'static str) -> Words {
    (detail.to_owned(), hint.to_owned(), source)
}

impl DeviceSnapshot {
    pub(super) fn words(&self, reason: PrerequisiteReason, push: Option<&ReceivedPush>) -> Words {
        match reason {
            PrerequisiteReason::Supported => {
                said("this platform and kind of enrollment are supported", "", "facts 1.2")
            }
            PrerequisiteReason::AndroidNotPersonalWorkProfile => said(
                "on Android only personally-owned work profiles are supported",
                "choose documentation 2019 or 2023, or retire and enroll as a personally-owned device",
                Rule::PlatformSupported.source(),
            ),
            PrerequisiteReason::AppInstalled => {
                (self.app_words(), String::new(), Rule::CompanyPortalInstalled.source())
            }
            PrerequisiteReason::AppMissing => {
                said("Company Portal is not installed", "app install", Rule::CompanyPortalInstalled.source())
            }
            PrerequisiteReason::PlayServicesInstalled => {
                said("Google Play Services is installed", "", Rule::PlayServicesInstalled.source())
            }
            PrerequisiteReason::PlayServicesMissing => said(
                "Google Play Services is not installed",
                "play-services install",
                Rule::PlayServicesInstalled.source(),
            ),
            PrerequisiteReason::Enrolled
            | PrerequisiteReason::NotEnrolled
            | PrerequisiteReason::EnrollmentDoesNotCount
            | PrerequisiteReason::UnenrolledLately => self.enrollment_words(reason),
            PrerequisiteReason::EnrolledByItsUser
            | PrerequisiteReason::EnrolledByAnother
            | PrerequisiteReason::UserNotInGroup
            | PrerequisiteReason::UserLeftGroupLately
            | PrerequisiteReason::UserUnenrolledLately
            | PrerequisiteReason::NobodyEnrolled => self.user_words(reason, push),
            _ => self.permission_words(reason),
        }
    }

    fn enrollment_words(&self, reason: PrerequisiteReason) -> Words {
        match (reason, &self.enrollment.enrolled) {
            (PrerequisiteReason::EnrollmentDoesNotCount, Some(enrolled)) => {
                let (management, registration) = (enrolled.management_state, enrolled.registration_state);
                let detail = format!("its states are not those of an enrolled device: {management}, {registration}");
                let hint = "enrollment set managementState=managed, and deviceRegistrationState=registered";
                (detail, hint.to_owned(), Rule::UnenrolledStates.source())
            }
            (PrerequisiteReason::UnenrolledLately, _) => said(
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

    fn permission_words(&self, reason: PrerequisiteReason) -> Words {
        let platform = self.identity.operating_system;
        let source = self.permission_source();
        match reason {
            PrerequisiteReason::Provisional => {
                said("notifications are allowed quietly", "", Rule::AppleProvisional.source())
            }
            PrerequisiteReason::PermissionWithoutApp => {
                said("without Company Portal there is nothing to permit", "app install", source)
            }
            PrerequisiteReason::NeverAsked => {
                said("the user was never asked", "permission prompt, then permission allow", source)
            }
            PrerequisiteReason::PromptShowing => {
                said("the permission prompt is showing and not answered", "permission allow", source)
            }
            PrerequisiteReason::Denied => said("the user does not allow notifications", "permission allow", source),
            PrerequisiteReason::DeniedForGood => {
                let detail = format!("the user does not allow notifications, and {platform} does not ask again");
                (detail, "permission allow (the switch in Settings)".to_owned(), source)
            }
            PrerequisiteReason::EverySurfaceOff => self.every_surface_off(),
            PrerequisiteReason::ChannelGroupOff => {
                said("the channel group is off", "settings set channelGroup=on", Rule::AndroidSwitch.source())
            }
            PrerequisiteReason::ChannelOff => said(
                "the channel's importance is NONE",
                "settings set channelImportance=HIGH",
                Rule::AndroidImportance.source(),
            ),
            PrerequisiteReason::GrantedByPolicy => {
                said("notifications are allowed by a policy", "", self.policy_source())
            }
            PrerequisiteReason::ForbiddenByPolicy => {
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

    fn user_words(&self, reason: PrerequisiteReason, push: Option<&ReceivedPush>) -> Words {
        if reason == PrerequisiteReason::NobodyEnrolled {
            return said("no user has enrolled the device", "enroll --user UPN", Rule::EnrolledByTargetedUser.source());
        }
        let former = self.enrollment.former.as_ref().map(|former| &former.user);
        let enrolled = self.enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        let user = enrolled.or(former).map(ToString::to_string).unwrap_or_default();
        let targeted = push.and_then(|push| push.notification.target_user_principal_name.as_ref());
        let (detail, hint) = match (reason, targeted) {
            (PrerequisiteReason::EnrolledByAnother, Some(targeted)) => (
                format!("{user} enrolled the device; the push targets {targeted}"),
                format!("retire, then enroll --user {targeted}"),
            ),
            (PrerequisiteReason::UserNotInGroup, _) => (
                format!("{user} is not in the group that the push was sent to"),
                "publish the group in the device's groups topic, or enroll --user UPN --group UUID".to_owned(),
            ),
            (PrerequisiteReason::UserLeftGroupLately, _) => {
                let detail =
                    format!("{user} left the group lately, and a message to it may still arrive: it counts as met");
                return (detail, String::new(), Rule::GraceAfterLeavingGroup.source());
            }
            (PrerequisiteReason::UserUnenrolledLately, _) => {
                let detail = format!("{user} had enrolled the device until lately: it counts as met");
                return (detail, String::new(), Rule::GraceAfterUnenrolling.source());
            }
            _ if self.follows(Rule::EnrolledByTargetedUser) => (format!("{user} enrolled the device"), String::new()),
            _ => (format!("{user} enrolled the device, which is all that 2019 asks for"), String::new()),
        };
        (detail, hint, Rule::EnrolledByTargetedUser.source())
    }
}
