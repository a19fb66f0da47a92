//! The words by which a phone is described.
//!
//! Lives here: each phrase and its meaning. Does not live here: reading a description (`phrases`).

use portal_contract::OperatingSystem;

/// What a phrase says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// The platform; a version may follow.
    Platform(OperatingSystem),
    /// How the app is installed, behind `app install`; none: it is not.
    App(Option<&'static str>),
    /// What is done about the permission, once the app has asked.
    Permission(&'static [&'static str]),
    /// How it is enrolled, behind the user; none: it is not.
    Enrollment(Option<&'static str>),
    /// A command, once everything else stands.
    Then(&'static str),
    /// How it is anyway.
    Nothing,
    Push(PushWord),
    /// A word that something follows.
    Takes(Follows),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum PushWord {
    ToGroup,
    ToStrangeGroup,
    ForAnotherUser,
    Expired,
}

/// What follows a word.
#[derive(Debug, Clone, Copy)]
pub(super) enum Follows {
    Documentation,
    AppVersion,
    TargetSdk,
    User,
    Bucket,
    TargetedUser,
}

use Meaning::{App, Enrollment, Nothing, Permission, Platform, Push, Takes, Then};

/// Each phrase; in what `portal-agent what-if --help` and an error list, a space stands for any space or hyphen.
pub(super) const PHRASES: &[(&str, Meaning)] = &[
    ("ios", Platform(OperatingSystem::Ios)),
    ("iphone", Platform(OperatingSystem::Ios)),
    ("ipados", Platform(OperatingSystem::IpadOs)),
    ("ipad", Platform(OperatingSystem::IpadOs)),
    ("android", Platform(OperatingSystem::Android)),
    ("documentation", Takes(Follows::Documentation)),
    ("app installed", App(Some(""))),
    ("app missing", App(None)),
    ("app not installed", App(None)),
    ("app version", Takes(Follows::AppVersion)),
    ("old app", App(Some(" --version 5.0.4000.0"))),
    ("target sdk", Takes(Follows::TargetSdk)),
    ("app open", Then("app open")),
    ("app closed", Nothing),
    ("force stopped", Then("app force-stop")),
    ("allowed", Permission(&["permission allow"])),
    ("denied", Permission(&["permission deny"])),
    ("denied once", Permission(&["permission deny"])),
    ("denied twice", Permission(&["permission deny", "permission prompt", "permission deny"])),
    ("never asked", Permission(&["permission reset"])),
    ("prompt showing", Permission(&[])),
    ("dismissed", Permission(&["permission dismiss"])),
    ("provisional", Permission(&["permission reset", "permission prompt --provisional"])),
    ("kept", Permission(&["permission reset", "permission prompt --provisional", "permission keep"])),
    ("enrolled", Enrollment(Some(""))),
    ("enrolled by", Takes(Follows::User)),
    ("not enrolled", Enrollment(None)),
    ("work profile", Enrollment(Some(" --type userEnrollment --owner personal"))),
    ("corporate work profile", Enrollment(Some(" --type androidEnterpriseCorporateWorkProfile"))),
    ("fully managed", Enrollment(Some(" --type androidEnterpriseFullyManaged"))),
    ("dedicated", Enrollment(Some(" --type androidEnterpriseDedicatedDevice"))),
    ("aosp", Enrollment(Some(" --type androidAOSPUserOwnedDeviceEnrollment"))),
    ("user enrollment", Enrollment(Some(" --type appleUserEnrollment"))),
    ("supervised", Enrollment(Some(" --type appleBulkWithUser --supervised"))),
    ("locked", Then("device lock")),
    ("unlocked", Nothing),
    ("offline", Then("device offline")),
    ("online", Nothing),
    ("focus", Then("device focus on")),
    ("do not disturb", Then("device focus on")),
    ("doze", Then("device doze on")),
    ("battery exempt", Then("device battery exempt")),
    ("work profile paused", Then("device work-profile pause")),
    ("bucket", Takes(Follows::Bucket)),
    ("no play services", Then("play-services remove")),
    ("to a group", Push(PushWord::ToGroup)),
    ("to another group", Push(PushWord::ToStrangeGroup)),
    ("for user", Takes(Follows::TargetedUser)),
    ("for another user", Push(PushWord::ForAnotherUser)),
    ("expired", Push(PushWord::Expired)),
];

/// Every phrase, for the help page.
pub fn vocabulary() -> impl Iterator<Item = &'static str> {
    PHRASES.iter().map(|(phrase, _)| *phrase)
}

impl Follows {
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Documentation => "documentation 2023",
            Self::AppVersion => "app version 5.0.5291.0",
            Self::TargetSdk => "target sdk 32",
            Self::User => "enrolled by adele@contoso.example",
            Self::Bucket => "bucket rare",
            Self::TargetedUser => "for user bob@contoso.example",
        }
    }
}
