//! The prerequisites: which apply, which are met, and for what reason (facts 1.1, 1.2, 1.4, 4).
//!
//! Lives here: the evaluation of each prerequisite, one function each. Does not live here: its words for `explain` (`words`),
//! what else can happen to a push (`evaluation`).

mod words;

use std::collections::BTreeMap;

use portal_contract::{
    ChecklistEntry, DeviceEnrollmentType, DocumentSource, GroupId, ManagedDeviceOwnerType, NotificationPermission,
    Prerequisite, Prerequisites, PushTarget, UserPrincipalName,
};

use super::push::ReceivedPush;
use super::switches::{AppleSwitches, ChannelImportance, NotificationSwitches};
use super::{DeviceSnapshot, ReceiverApp, Rule};

/// For what reason a prerequisite is met or unmet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PrerequisiteReason {
    Supported,
    AndroidNotPersonalWorkProfile,
    AppInstalled,
    AppOfLaterYears,
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
    NoSurfaceWhileLocked,
    NoSurfaceWhileQuiet,
    ChannelGroupOff,
    ChannelOff,
    GrantedByPolicy,
    ForbiddenByPolicy,
}

impl PrerequisiteReason {
    pub(super) fn is_met(self) -> bool {
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

/// The sections of the facts that these rules stand in, as people cite them: `facts 1.1, 4.1`.
pub(super) fn sections(rules: &[Rule]) -> String {
    let mut sections: Vec<&str> = Vec::new();
    for section in rules.iter().map(|rule| rule.section()) {
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    format!("facts {}", sections.join(", "))
}

impl DeviceSnapshot {
    /// The prerequisites that `push` (or any push) finds unmet, every one of them.
    pub fn unmet(&self, push: Option<&ReceivedPush>) -> Prerequisites {
        let unmet = |code: &Prerequisite| self.reason(*code, push).is_some_and(|reason| !reason.is_met());
        Prerequisite::ALL.iter().copied().filter(unmet).collect()
    }

    /// Each prerequisite that applies, met or not.
    pub fn prerequisites(&self, push: Option<&ReceivedPush>) -> impl Iterator<Item = (Prerequisite, bool)> {
        Prerequisite::ALL.iter().copied().filter_map(move |code| Some((code, self.reason(code, push)?.is_met())))
    }

    /// Each prerequisite that applies, in words: how it stands, what it would take, and what it rests on.
    pub fn checklist_entries(&self, push: Option<&ReceivedPush>) -> Vec<ChecklistEntry> {
        let entry = |code: Prerequisite| {
            let reason = self.reason(code, push)?;
            let (detail, hint, rules) = self.words(reason, push);
            let (source, sources) = (sections(rules), self.sources(rules));
            Some(ChecklistEntry { code, met: reason.is_met(), detail, hint, source, sources })
        };
        Prerequisite::ALL.iter().copied().filter_map(entry).collect()
    }

    /// The documents behind these rules, for this device's documentation and platform, each once.
    pub(super) fn sources(&self, rules: &[Rule]) -> Vec<DocumentSource> {
        let mut sources: Vec<DocumentSource> = Vec::new();
        for source in rules.iter().flat_map(|rule| rule.sources(self.documentation, self.identity.operating_system)) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    /// The rules behind what `push` finds unmet, each once.
    pub(super) fn unmet_rules(&self, push: &ReceivedPush) -> Vec<Rule> {
        let reasons = Prerequisite::ALL.iter().copied().filter_map(|code| self.reason(code, Some(push)));
        let mut rules: Vec<Rule> = Vec::new();
        for rule in reasons.filter(|reason| !reason.is_met()).flat_map(|reason| self.words(reason, Some(push)).2) {
            if !rules.contains(rule) {
                rules.push(*rule);
            }
        }
        rules
    }

    /// What each prerequisite that `push` (or any push) finds unmet takes: a line of commands, the same as in the checklist.
    pub fn hints(&self, push: Option<&ReceivedPush>) -> BTreeMap<Prerequisite, String> {
        let hint = |code: Prerequisite| {
            let reason = self.reason(code, push).filter(|reason| !reason.is_met())?;
            Some((code, self.words(reason, push).1))
        };
        Prerequisite::ALL.iter().copied().filter_map(hint).collect()
    }

    /// The reason why `code` is met or unmet; `None` where the platform or the documentation profile does not know it.
    pub(super) fn reason(&self, code: Prerequisite, push: Option<&ReceivedPush>) -> Option<PrerequisiteReason> {
        match code {
            Prerequisite::PlatformSupported => self.limits_platforms().then(|| self.platform_reason()),
            // Rule::CompanyPortalInstalled
            Prerequisite::CompanyPortalInstalled => Some(self.app_reason()),
            Prerequisite::GooglePlayServicesInstalled => self.play_services_reason(),
            Prerequisite::DeviceEnrolled => Some(self.enrollment_reason(push)),
            Prerequisite::EnrolledByTargetedUser => Some(self.targeted_user_reason(push)),
            Prerequisite::NotificationsPermitted => Some(self.permission_reason()),
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

    // facts 1.2, document C25
    fn platform_reason(&self) -> PrerequisiteReason {
        let personal_work_profile = self.enrollment.enrolled.as_ref().is_none_or(|enrolled| {
            enrolled.enrollment_type == DeviceEnrollmentType::UserEnrollment
                && enrolled.owner_type == ManagedDeviceOwnerType::Personal
        });
        if self.identity.operating_system.is_apple() || personal_work_profile || self.polls() {
            PrerequisiteReason::Supported
        } else {
            PrerequisiteReason::AndroidNotPersonalWorkProfile
        }
    }

    // facts 1.1
    fn app_reason(&self) -> PrerequisiteReason {
        match self.app.kind {
            _ if !self.app.is_installed() => PrerequisiteReason::AppMissing,
            ReceiverApp::Intune if !self.follows(Rule::IntuneAppReceives) => PrerequisiteReason::AppOfLaterYears,
            _ => PrerequisiteReason::AppInstalled,
        }
    }

    // facts 1.1
    fn play_services_reason(&self) -> Option<PrerequisiteReason> {
        if !self.follows(Rule::PlayServicesInstalled) {
            return None;
        }
        let installed = self.condition.play_services;
        Some(if installed {
            PrerequisiteReason::PlayServicesInstalled
        } else {
            PrerequisiteReason::PlayServicesMissing
        })
    }

    // Rule::DeviceEnrolled; contract 3
    fn enrollment_reason(&self, push: Option<&ReceivedPush>) -> PrerequisiteReason {
        match &self.enrollment.enrolled {
            Some(enrolled) if enrolled.counts() => PrerequisiteReason::Enrolled,
            Some(_) => PrerequisiteReason::EnrollmentDoesNotCount,
            None if self.former_user_of(push).is_some() => PrerequisiteReason::UnenrolledLately,
            None => PrerequisiteReason::NotEnrolled,
        }
    }

    fn former_user_of(&self, push: Option<&ReceivedPush>) -> Option<&UserPrincipalName> {
        match push?.target {
            PushTarget::Group { id } => self.enrollment.former_user_in(id),
            PushTarget::Device => None,
        }
    }

    // facts 1.4; contract 3
    fn targeted_user_reason(&self, push: Option<&ReceivedPush>) -> PrerequisiteReason {
        let (user, enrolled) = match (self.enrollment.in_force(), self.former_user_of(push)) {
            (Some(enrolled), _) => (&enrolled.user, true),
            (None, Some(former)) if self.enrollment.enrolled.is_none() => (former, false),
            (None, _) => return PrerequisiteReason::NobodyEnrolled,
        };
        let targeted = push.and_then(|push| push.notification.target_user_principal_name.as_ref());
        if self.follows(Rule::EnrolledByTargetedUser) && targeted.is_some_and(|targeted| targeted != user) {
            return PrerequisiteReason::EnrolledByAnother;
        }
        match push.map(|push| push.target) {
            _ if !enrolled => PrerequisiteReason::UserUnenrolledLately,
            Some(PushTarget::Group { id }) if self.follows(Rule::UserInGroup) => self.group_reason(id),
            _ => PrerequisiteReason::EnrolledByItsUser,
        }
    }

    fn group_reason(&self, group: GroupId) -> PrerequisiteReason {
        match () {
            () if self.enrollment.groups.contains(&group) => PrerequisiteReason::EnrolledByItsUser,
            () if self.enrollment.left_lately(group) => PrerequisiteReason::UserLeftGroupLately,
            () => PrerequisiteReason::UserNotInGroup,
        }
    }

    // Rule::NotificationsPermitted; contract 3: the effective permission
    fn permission_reason(&self) -> PrerequisiteReason {
        if !self.app.is_installed() {
            return PrerequisiteReason::PermissionWithoutApp;
        }
        match self.enforced_permission() {
            Some(NotificationPermission::Denied) => return PrerequisiteReason::ForbiddenByPolicy,
            Some(_) => return self.switched_off().unwrap_or(PrerequisiteReason::GrantedByPolicy),
            None => {}
        }
        match self.permission.status() {
            _ if self.permission.prompt.is_some() => PrerequisiteReason::PromptShowing,
            NotificationPermission::NotDetermined => PrerequisiteReason::NeverAsked,
            NotificationPermission::Denied if self.permission.is_final() => PrerequisiteReason::DeniedForGood,
            NotificationPermission::Denied => PrerequisiteReason::Denied,
            status => self.switched_off().unwrap_or(match status {
                NotificationPermission::Provisional => PrerequisiteReason::Provisional,
                _ => PrerequisiteReason::Authorized,
            }),
        }
    }

    fn switched_off(&self) -> Option<PrerequisiteReason> {
        let switches = self.acting_switches();
        match &switches {
            NotificationSwitches::Apple(apple) => match apple {
                AppleSwitches { notification_center: false, lock_screen: false, alert: false, .. } => {
                    Some(PrerequisiteReason::EverySurfaceOff)
                }
                _ if self.surface(&switches).is_some() => None,
                _ if self.quiet_by(&switches).is_some() => Some(PrerequisiteReason::NoSurfaceWhileQuiet),
                _ => Some(PrerequisiteReason::NoSurfaceWhileLocked),
            },
            NotificationSwitches::Android(android) if !android.channel_group => {
                Some(PrerequisiteReason::ChannelGroupOff)
            }
            NotificationSwitches::Android(android) => {
                (android.importance == ChannelImportance::None).then_some(PrerequisiteReason::ChannelOff)
            }
        }
    }
}
