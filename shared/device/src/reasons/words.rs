//! The words of each reason: how a prerequisite stands, what it would take, and who says so.
//!
//! Lives here: the sentences and hints of `explain` and `status`, the only ones there are. Does not live here: which reason
//! it is (`reasons`).
//!
//! A hint is a line of commands, as they are typed: whoever follows it gets further, which a test holds for every device
//! that can be reached. `UPN` stands for whoever is to enroll the device.

use portal_contract::{DeviceRegistrationState, ManagementState, PushTarget};

use crate::permission::ASKS_ITSELF_FROM;

use super::{DeviceSnapshot, PrerequisiteReason, ReceivedPush, ReceiverApp, Rule};

/// What stands between the commands of a hint.
const THEN: &str = ", then ";

/// A detail, a hint (empty where it is met), the rules that it rests on.
type Words = (String, String, &'static [Rule]);

fn said(detail: &str, hint: &str, rules: &'static [Rule]) -> Words {
    (detail.to_owned(), hint.to_owned(), rules)
}

impl DeviceSnapshot {
    pub(super) fn words(&self, reason: PrerequisiteReason, push: Option<&ReceivedPush>) -> Words {
        match reason {
            PrerequisiteReason::Supported if self.polls() => said(
                "without Google Play Services the app looks for messages about every 15 minutes",
                "",
                &[Rule::PollsWithoutPlayServices],
            ),
            PrerequisiteReason::Supported => {
                said("this platform and kind of enrollment are supported", "", &[Rule::PlatformSupported])
            }
            PrerequisiteReason::AndroidNotPersonalWorkProfile => {
                let detail = "on Android only personally-owned work profiles are supported";
                (detail.to_owned(), self.enroll_anew(), &[Rule::PlatformSupported])
            }
            PrerequisiteReason::AppInstalled if self.app.kind == ReceiverApp::Intune => {
                (self.app_words(), String::new(), &[Rule::IntuneAppReceives])
            }
            PrerequisiteReason::AppInstalled => (self.app_words(), String::new(), &[Rule::CompanyPortalInstalled]),
            PrerequisiteReason::AppOfLaterYears => said(
                "the Microsoft Intune app is installed, and the documentation of 2019 names Company Portal alone",
                "app uninstall, then app install",
                &[Rule::CompanyPortalInstalled],
            ),
            PrerequisiteReason::AppMissing => {
                said("Company Portal is not installed", "app install", &[Rule::CompanyPortalInstalled])
            }
            PrerequisiteReason::PlayServicesInstalled => {
                said("Google Play Services is installed", "", &[Rule::PlayServicesInstalled])
            }
            PrerequisiteReason::PlayServicesMissing => {
                said("Google Play Services is not installed", "play-services install", &[Rule::PlayServicesInstalled])
            }
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
                (detail, self.enrolled_states_hint(), &[Rule::UnenrolledStates])
            }
            (PrerequisiteReason::UnenrolledLately, _) => said(
                "the device was unenrolled lately, and a message to its user's group may still arrive: it counts as met",
                "",
                &[Rule::GraceAfterUnenrolling],
            ),
            (_, Some(enrolled)) if enrolled.management_state.word().ends_with("Pending") => {
                let detail =
                    format!("the device is enrolled with Intune; {} until it checks in", enrolled.management_state);
                (detail, String::new(), &[Rule::DeviceEnrolled])
            }
            (_, Some(_)) => said("the device is enrolled with Intune", "", &[Rule::DeviceEnrolled]),
            (_, None) => said("the device is not enrolled", &self.enrolling("UPN"), &[Rule::DeviceEnrolled]),
        }
    }

    fn permission_words(&self, reason: PrerequisiteReason) -> Words {
        let platform = self.identity.operating_system;
        let rules = self.permission_rules(reason);
        match reason {
            PrerequisiteReason::Provisional => said("notifications are allowed quietly", "", &[Rule::AppleProvisional]),
            PrerequisiteReason::PermissionWithoutApp => {
                said("without Company Portal there is nothing to permit", "app install, then permission allow", rules)
            }
            PrerequisiteReason::NeverAsked => {
                // Where a policy answers, asking is all that it takes, or the one thing not to do.
                let hint = match self.policy.answers_requests() {
                    None => "permission prompt, then permission allow",
                    Some(true) => "permission prompt",
                    Some(false) => "permission allow",
                };
                said("the user was never asked", hint, rules)
            }
            PrerequisiteReason::PromptShowing => {
                said("the permission prompt is showing and not answered", "permission allow", rules)
            }
            PrerequisiteReason::Denied => said("the user does not allow notifications", "permission allow", rules),
            PrerequisiteReason::DeniedForGood => {
                let detail = format!("the user does not allow notifications, and {platform} does not ask again");
                (detail, "permission allow".to_owned(), rules)
            }
            PrerequisiteReason::EverySurfaceOff => self.every_surface_off(),
            PrerequisiteReason::NoSurfaceWhileLocked => said(
                "notifications are allowed, but the device is locked, and Lock Screen and Notification Center are off",
                "device unlock",
                &[Rule::AppleSurfaces],
            ),
            PrerequisiteReason::NoSurfaceWhileQuiet => self.no_surface_while_quiet(),
            PrerequisiteReason::ChannelGroupOff => {
                said("the channel group is off", "settings set channelGroup=on", &[Rule::AndroidSwitch])
            }
            PrerequisiteReason::ChannelOff => said(
                "the channel's importance is NONE",
                "settings set channelImportance=HIGH",
                &[Rule::AndroidImportance],
            ),
            PrerequisiteReason::GrantedByPolicy => {
                said("notifications are allowed by a policy", "", self.policy_rules())
            }
            PrerequisiteReason::ForbiddenByPolicy => {
                said("a policy forbids notifications, whatever the user chose", "policy clear", self.policy_rules())
            }
            _ => said("notifications are allowed", "", rules),
        }
    }

    /// The list is the one surface that is left, and it is off.
    fn no_surface_while_quiet(&self) -> Words {
        match self.quiet_by(&self.acting_switches()) {
            Some(Rule::AppleProvisional) => said(
                "notifications are allowed quietly, in Notification Center alone, and that is off",
                "settings set notificationCenter=on",
                &[Rule::AppleProvisional, Rule::AppleSurfaces],
            ),
            Some(Rule::AppleScheduledSummary) => said(
                "notifications are left to the scheduled summary, and Notification Center is off",
                "settings set scheduledDelivery=off",
                &[Rule::AppleScheduledSummary, Rule::AppleSurfaces],
            ),
            _ => said(
                "Focus leaves notifications to Notification Center alone, and that is off",
                "device focus off",
                &[Rule::FocusIsQuiet, Rule::AppleSurfaces],
            ),
        }
    }

    fn every_surface_off(&self) -> Words {
        if self.policy.is_empty() {
            let detail = "notifications are allowed, but Lock Screen, Notification Center and Banners are all off";
            return said(detail, "settings set alert=on", &[Rule::AppleSurfaces]);
        }
        // What a payload names or leaves out is enforced: the user has no say in a surface (`Rule::ApplePolicyDefaults`).
        let detail =
            "notifications are allowed, but a policy keeps Lock Screen, Notification Center and Banners all off";
        said(detail, "policy clear", self.policy_rules())
    }

    /// Both states as an enrolled device has them: what of them differs.
    fn enrolled_states_hint(&self) -> String {
        let Some(enrolled) = &self.enrollment.enrolled else { return String::new() };
        let mut commands = Vec::new();
        if enrolled.management_state != ManagementState::Managed {
            commands.push("enrollment set managementState=managed");
        }
        if enrolled.registration_state != DeviceRegistrationState::Registered {
            commands.push("enrollment set deviceRegistrationState=registered");
        }
        commands.join(THEN)
    }

    /// Enrolled once more by the same user, as that user's own device.
    fn enroll_anew(&self) -> String {
        let user = self.enrollment.enrolled.as_ref().map(|enrolled| enrolled.user.to_string());
        format!("{}{THEN}{}", self.way_out_of_management(), self.enrolling(user.as_deref().unwrap_or("UPN")))
    }

    fn policy_rules(&self) -> &'static [Rule] {
        match () {
            () if self.identity.operating_system.is_apple() => &[Rule::ApplePolicy],
            () if self.permission.fixed_by_policy().is_some() => &[Rule::IntuneAppPermissions],
            () => &[Rule::AndroidPolicy],
        }
    }

    /// That the user must permit it, and what the platform's permission does in this case.
    fn permission_rules(&self, reason: PrerequisiteReason) -> &'static [Rule] {
        let denied = matches!(reason, PrerequisiteReason::Denied | PrerequisiteReason::DeniedForGood);
        if self.identity.operating_system.is_apple() {
            return match denied {
                true => &[Rule::NotificationsPermitted, Rule::ApplePromptsOnce, Rule::AppleSwitch],
                false => &[Rule::NotificationsPermitted, Rule::ApplePromptsOnce],
            };
        }
        let targets_older = self.app.target_sdk.is_some_and(|target| target < ASKS_ITSELF_FROM);
        match reason {
            _ if !self.identity.asks_at_run_time() => {
                &[Rule::NotificationsPermitted, Rule::AndroidOptOut, Rule::AndroidSwitch]
            }
            _ if denied && targets_older => &[Rule::NotificationsPermitted, Rule::AndroidOlderTarget],
            _ if denied => &[Rule::NotificationsPermitted, Rule::AndroidTwoDenials, Rule::AndroidSwitchAnswers],
            PrerequisiteReason::Authorized => &[Rule::NotificationsPermitted, Rule::AndroidGranted],
            _ => &[Rule::NotificationsPermitted, Rule::AndroidOffUntilGranted],
        }
    }

    fn app_words(&self) -> String {
        format!("{} {} is installed", self.app.kind.name(), self.app.version.as_deref().unwrap_or_default())
    }

    fn user_words(&self, reason: PrerequisiteReason, push: Option<&ReceivedPush>) -> Words {
        let rules: &[Rule] = &[Rule::EnrolledByTargetedUser];
        if reason == PrerequisiteReason::NobodyEnrolled {
            return match &self.enrollment.enrolled {
                None => said("no user has enrolled the device", &self.enrolling("UPN"), rules),
                Some(_) => {
                    let detail = "the device's enrollment does not count, so it is no user's";
                    (detail.to_owned(), self.enrolled_states_hint(), rules)
                }
            };
        }
        let former = self.enrollment.former.as_ref().map(|former| &former.user);
        let enrolled = self.enrollment.enrolled.as_ref().map(|enrolled| &enrolled.user);
        let user = enrolled.or(former).map(ToString::to_string).unwrap_or_default();
        let targeted = push.and_then(|push| push.notification.target_user_principal_name.as_ref());
        let (detail, hint) = match (reason, targeted) {
            (PrerequisiteReason::EnrolledByAnother, Some(targeted)) => (
                format!("{user} enrolled the device; the push targets {targeted}"),
                format!("{}{THEN}{}", self.way_out_of_management(), self.enrolling(targeted.as_str())),
            ),
            (PrerequisiteReason::UserNotInGroup, _) => {
                (format!("{user} is not in the group that the push was sent to"), self.join_hint(&user, push))
            }
            (PrerequisiteReason::UserLeftGroupLately, _) => {
                let detail =
                    format!("{user} left the group lately, and a message to it may still arrive: it counts as met");
                return (detail, String::new(), &[Rule::GraceAfterLeavingGroup]);
            }
            (PrerequisiteReason::UserUnenrolledLately, _) => {
                let detail = format!("{user} had enrolled the device until lately: it counts as met");
                return (detail, String::new(), &[Rule::GraceAfterUnenrolling]);
            }
            _ if self.follows(Rule::EnrolledByTargetedUser) => (format!("{user} enrolled the device"), String::new()),
            _ => (format!("{user} enrolled the device, which is all that 2019 asks for"), String::new()),
        };
        (detail, hint, rules)
    }

    /// The user's groups with the push's among them.
    fn join_hint(&self, user: &str, push: Option<&ReceivedPush>) -> String {
        let of_push = push.and_then(|push| match push.target {
            PushTarget::Group { id } => Some(id),
            PushTarget::Device => None,
        });
        let groups: Vec<String> =
            self.enrollment.groups.iter().copied().chain(of_push).map(|id| format!(" --group {id}")).collect();
        format!("enroll --user {user}{}", groups.concat())
    }
}
