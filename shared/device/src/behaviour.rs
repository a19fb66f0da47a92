//! The documented behaviours that a device can show, by the section of the documented facts that they stand in: what a
//! scenario can rest on, with the rules that carry each out and what it is documented by.
//!
//! Lives here: the list. A behaviour is numbered within its section: 4.1.4 is the fourth of section 4.1. The letters are
//! those of the table of rules. Does not live here: the rules.

use portal_contract::RuleEvidence;

use crate::rule::{Rule, evidence};

/// One documented behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentedBehaviour {
    /// Its number: the section, and the behaviour within it.
    pub id: &'static str,
    /// What is documented.
    pub says: &'static str,
    /// The rules that carry it out; none where it holds of payloads, or of delivery as such.
    pub rules: &'static [Rule],
    /// How far the documentation of each year says it, and its quotes.
    pub evidence: RuleEvidence,
}

/// The sections, with what each is about.
pub const SECTIONS: &[(&str, &str)] = &[
    ("1.1", "Device prerequisites"),
    ("1.2", "Platforms"),
    ("1.3", "Limits"),
    ("1.4", "Targeting"),
    ("1.6", "Delivery"),
    ("1.8", "Permission switched off"),
    ("2.2", "Remote actions"),
    ("3", "Words for a managed device"),
    ("4.1", "Permission on iOS and iPadOS"),
    ("4.2", "Permission, channels and power on Android"),
    ("5", "Push transports"),
];

macro_rules! behaviours {
    ($(
        $id:literal
        $(as the rule $rule:ident)?
        $([$($rules:ident)*] [$($status:tt)+] {$($citations:tt)*} $(note: $note:literal)? $(undocumented: $undocumented:literal)?)?,
        $says:literal;
    )+) => {
        &[$(DocumentedBehaviour {
            id: $id,
            says: $says,
            rules: &[$(Rule::$rule)? $($(Rule::$rules),*)?],
            $(evidence: Rule::$rule.about().evidence,)?
            $(evidence: evidence!(
                [$($status)+] {$($citations)*} $(, note: $note)? $(, undocumented: $undocumented)?
            ),)?
        }),+]
    };
}

/// Every behaviour, in the order of the facts.
pub const BEHAVIOURS: &[DocumentedBehaviour] = behaviours! {
    "1.1.1" as the rule CompanyPortalInstalled, "Company Portal must be on the device";
    "1.1.2" [PromptOnInstallAndUpdate] [D - -] {C19.3},
        "2019: Company Portal prompts for the permission when it is installed";
    "1.1.3" [PromptOnInstallAndUpdate] [D - -] {C19.3} note: "\"where the platform still lets it\" is derived",
        "2019: … and when it is updated, where the platform still lets it ask";
    "1.1.4" as the rule NotificationsPermitted, "The user must have granted the permission to notify";
    "1.1.5" [PlayServicesInstalled] [D D -] {C19.4 C23.4}, "2019 to 2023: Google Play Services is required on Android";
    "1.1.6" [PlayServicesInstalled] [- - V] {C25} note: "from not being named",
        "2025: Google Play Services is not mentioned any more";
    "1.1.7" as the rule DeviceEnrolled, "The device must be enrolled with Intune";
    "1.1.8" [VersionGate] [- D -] {C23.13},
        "2023: on Android an app before 5.0.5291.0 shows a call to update instead of the message";
    "1.1.9" [VersionGate] [- D -] {C23.14},
        "2023: after that update the message is in the app's Notifications section";
    "1.1.10" as the rule BatteryOptimisation,
        "2025: Android's battery optimisation can keep a message from being delivered";
    "1.1.11" as the rule IntuneAppReceives, "2023 and 2025, Android: the Microsoft Intune app will do in Company Portal's place";
    "1.1.12" as the rule PlayServicesForEnrollment,
        "2026: a personally-owned work profile cannot be enrolled without Google Play Services";
    "1.1.13" as the rule IntuneAppWithEnrollment,
        "2026: the enrollment installs the Microsoft Intune app silently, and it cannot be uninstalled";
    "1.1.14" as the rule PollsWithoutPlayServices,
        "2026: without Google Play Services device administrator and AOSP look for messages about every 15 minutes";

    "1.2.1" [PlatformSupported] [D D D] {C19.17 C23.22 C25.5}, "iOS and iPadOS are supported, in every year";
    "1.2.2" [PlatformSupported] [- - D] {C25.4}, "2025: on Android a personally-owned work profile is supported";
    "1.2.3" [PlatformSupported] [- - V] {C25.5} note: "from the list of what is supported",
        "2025: other kinds of Android enrollment are not supported";
    "1.2.4" [PlatformSupported] [V V -] {C19.17 C23.22} note: "from no kind being excluded",
        "2019 and 2023: Android is supported, whatever its enrollment";

    "1.3.1" [] [D D D] {C19.6 C23.19 C25.15}, "A title has at most 50 characters";
    "1.3.2" [] [D D D] {C19.6 C23.19 C25.16}, "A body has at most 500 characters";

    "1.4.1" [UserInGroup] [D D D] {C19.7 C23.7 C25.7}, "A message to a group reaches the devices of the group's users";
    "1.4.2" [] [D D D] {C19.16 C23.24 C25.18}, "A message to a device reaches that device";
    "1.4.3" as the rule EnrolledByTargetedUser,
        "2023 and 2025: the device must have been enrolled by the targeted user";
    "1.4.4" as the rule SignInNotNeeded, "The user need not be signed in to the app";

    "1.6.1" [] [D D D] {C19.15 C23.23 C25.17}, "With the app closed or in the background: a system notification";
    "1.6.2" as the rule SystemWhileLocked, "iOS, app open, device locked: a system notification";
    "1.6.3" as the rule InAppWhileOpenApple, "iOS, app open, device unlocked: in the app, no system notification";
    "1.6.4" as the rule PullToRefresh, "The Notifications section lists it once it is pulled to refresh";
    "1.6.5" [InAppWhileOpenAndroid] [V D -] {C19.10 C23.12} note: "2019: from the exception naming iOS alone",
        "2019 and 2023: Android notifies with the app open, too";
    "1.6.6" [InAppWhileOpenAndroid] [- - D] {C25.13}, "2025: Android with the app open: in the app";
    "1.6.7" [] [D D V] {C19.9 C23.15 C25.9} note: "2025 says \"delayed\", and no hours",
        "A message may show after several hours of delay";
    "1.6.8" [] [D D D] {C19.9 C23.15 C25.9}, "… if at all";
    "1.6.9" [AppleSurfaces AndroidLockScreen] [D D D] {C19.11 C23.17 C25.12},
        "Whether the lock screen shows it depends on the device's settings";
    "1.6.10" as the rule GraceAfterLeavingGroup,
        "A user removed from the group might still receive a message that is sent to it later";
    "1.6.11" as the rule LateJoiner, "A user added to a group may receive a message that was sent to it before";
    "1.6.12" [] [D D U] {C19.14 C23.18} undocumented: "2025; here it remains, too",
        "The notification remains until the user dismisses it";
    "1.6.13" as the rule RemovalFirst,
        "A pending retire, wipe or delete takes precedence over what waits for the device";
    "1.6.14" as the rule RemovalByKind, "Which removal there is, and what delete does, depends on the kind of enrollment";
    "1.6.15" as the rule RetireTakesWorkProfile, "Retire removes a personally-owned work profile with its apps";
    "1.6.16" as the rule GraceAfterUnenrolling,
        "A recently unenrolled user might still receive what is later sent to the groups";

    "1.8.1" [WhoDiscards] [U U V] {Non.1 Non.2} note: "said of the push for noncompliance" undocumented: "2019 and 2023; here it is the same",
        "With the permission off the sender gets no error; the message is not seen";

    "2.2.1" [RevokedAfterRemoval] [D D D] {Ret.1}, "Retire ends the enrollment";
    "2.2.2" [] [V V V] {Syn.1} note: "from checking in",
        "A synced device reports how it stands";

    "3.1" as the rule UnenrolledStates,
        "discovered, notRegistered, revoked and notRegisteredPendingEnrollment are no enrollment";

    "4.1.1" [ApplePromptsOnce] [D D D] {Ask.1}, "Asked for the first time: Allow leads to authorized";
    "4.1.2" [ApplePromptsOnce] [D D D] {Ask.1}, "Asked for the first time: Don't Allow leads to denied";
    "4.1.3" [AppleProvisional] [D D D] {Ask.4}, "Asked provisionally: provisional, without a prompt";
    "4.1.4" [ApplePromptsOnce] [D D D] {Ask.2}, "Asked again, authorized or denied: unchanged, and never a prompt";
    "4.1.5" [AppleKeep] [D D D] {Ask.5 Ask.6}, "Provisional, then Keep: authorized, still quiet";
    "4.1.6" [AppleTurnOff] [D D D] {Ask.7}, "Provisional, then Turn Off: denied";
    "4.1.7" [AppleSwitch] [D D D] {Ask.8}, "The switch in Settings turns authorized to denied and back";
    "4.1.8" [AppleForgets] [D D D] {Tn.1},
        "Reinstalled after a day without the app: never asked, so the next request prompts";
    "4.1.9" [AppleForgets] [V V V] {Tn.1} note: "from \"at least a day\"",
        "Reinstalled sooner: as it was";
    "4.1.10" as the rule AppleUpdateIsNoReset, "An update of the app changes nothing";
    "4.1.11" [AppleProvisional] [D D D] {Ask.3 Ask.10}, "Provisional delivers quietly, to Notification Center alone";
    "4.1.12" [AppleSurfaces] [D D D] {Loc.1}, "Lock Screen off: not there, but shown once unlocked";
    "4.1.13" [AppleSurfaces] [V V V] {Set.1} note: "from denied interactions being prevented",
        "Authorized with every surface off shows nothing";
    "4.1.14" [ApplePreviews] [D D D] {Pre.1}, "Show Previews decides whether the content is shown";
    "4.1.15" [AppleSurfaces] [D D D] {Set.2}, "Sound has a switch of its own";
    "4.1.16" [ApplePolicy] [D D D] {Mdm.1},
        "A supervised device's notification profile decides, whatever the user chose";
    "4.1.17" as the rule ApplePolicyDefaults, "What that profile leaves out has Apple's default, and is enforced, too";
    "4.1.18" as the rule AppleScheduledSummary, "What is left to the scheduled summary comes with it";
    "4.1.19" as the rule AppleSummaryButton,
        "The prompt may have a third button, which leaves notifications to the scheduled summary";
    "4.1.20" as the rule AppleProvisionalAskedAgain, "Asked again while provisional: unchanged, and no prompt";
    "4.1.21" as the rule FocusIsQuiet, "Focus, and Do Not Disturb, leave a notification in the list, quietly";

    "4.2.1" as the rule AndroidOptOut, "To 12L: enabled at install, and never a prompt";
    "4.2.2" [AndroidOffUntilGranted AndroidAsks] [N D D] {Np.2}, "From 13: off until it is granted";
    "4.2.3" [AndroidPreGrant] [N D D] {Np.3}, "Upgraded to 13 with the app on it and a channel of its: granted beforehand";
    "4.2.4" [AndroidPreGrant] [N D D] {Np.5}, "Upgraded to 13 with notifications turned off: stays off";
    "4.2.5" [AndroidOlderTarget] [N D D] {Np.6 Gb.1},
        "An app that targets 12L or earlier: the system prompts, and one Don't allow is final";
    "4.2.6" [AndroidGranted] [N D D] {Np.10}, "From 13: Allow grants it";
    "4.2.7" [AndroidTwoDenials] [N D D] {Req.2}, "From 13: after the first Don't allow the app may ask again";
    "4.2.8" [AndroidTwoDenials] [N D D] {Req.1 Req.3},
        "From 13: the second Don't allow is permanent until the app is installed anew";
    "4.2.9" [AndroidSwipeIsNoDenial] [N D D] {Np.7}, "The dialog swiped away is no denial";
    "4.2.10" [AndroidSwitch] [D D D] {Np.9}, "Turned off in Settings: blocked";
    "4.2.11" [AndroidSwitch] [D D D] {Cha.4}, "A channel, or its group, turned off: blocked";
    "4.2.12" as the rule AndroidPolicy, "A device policy grants or denies it";
    "4.2.13" [AndroidImportance] [D D D] {Cha.1 Cha.2}, "A channel's importance decides on heads-up and sound";
    "4.2.14" as the rule AndroidLockScreen, "The lock-screen setting decides on what a locked device shows";
    "4.2.15" [Doze] [D D D] {Doz.1}, "Doze: a message of normal priority waits";
    "4.2.16" [Doze] [D D D] {Doz.2 Pow.1}, "Doze: a message of high priority passes";
    "4.2.17" as the rule StandbyBuckets, "Before 13: standby buckets cap messages of high priority";
    "4.2.18" [PriorityLowered] [D D D] {Pri.2}, "High priority is lowered where messages showed nothing to the user";
    "4.2.19" [ForceStop] [D D D] {Out.3} note: "lost, not kept",
        "Force-stopped: no message until the app is opened";
    "4.2.20" [WorkProfilePaused] [D D D] {Wp.1 Out.5}, "A paused work profile's messages arrive when it is resumed";
    "4.2.21" as the rule AndroidSwitchAnswers,
        "The switch in Settings counts as an answer: off is the first denial, and it ends a permanent one";
    "4.2.22" as the rule AndroidRationale,
        "shouldShowRequestPermissionRationale: true after the first denial alone";
    "4.2.23" as the rule AndroidGrantStays, "A device policy that goes leaves what it had granted";
    "4.2.24" as the rule IntuneAppPermissions,
        "A work profile's default app permissions grant or deny it without a prompt";
    "4.2.25" as the rule IntuneLockedProfile,
        "Work profile notifications blocked while the device is locked: a locked device shows none";
    "4.2.26" [DozeWindows] [D D D] {Doz.1 Pow.1} note: "another document has them wait until Doze ends (Pri.1)",
        "Doze: what waits arrives in the next maintenance window";
    "4.2.27" as the rule RestrictedBucket, "From 13: an app that nobody uses comes into the restricted bucket";
    "4.2.28" as the rule AndroidCooldown, "From 16: a sound close behind another is lowered";
    "4.2.29" as the rule AndroidGrouping, "From 16: an app's notifications are grouped";
    "4.2.30" as the rule AndroidReinstall, "A new installation starts over: permission, denials and switches";

    "5.1" [ApnsKeepsOne] [D D D] {Aps.1 Aps.2},
        "APNs keeps one message of an app for a device that is offline, the latest";
    "5.2" [FcmKeepsHundred] [D D D] {Col.1 Out.1}, "FCM keeps up to 100 for a device that is offline";
    "5.3" [FcmKeepsHundred] [D D D] {Col.2 Out.2}, "FCM discards all of them when there are more";
    "5.4" [TimeToLive] [D D D] {Aps.3 Ttl.1}, "What is past its time to live is discarded";
    "5.5" [] [D D D] {Aps.5} note: "FCM's figure was not read again",
        "A payload has at most 4096 bytes";
    "5.6" [DeviceInactive] [D D D] {Tok.1}, "An Android device that was away for 270 days is registered no more";
    "5.7" as the rule WhoDiscards,
        "With the permission off APNs discards the message, and Android drops what FCM delivered";
    "5.8" [FcmCollapses] [D D D] {Col.3 Col.4}, "FCM keeps the newest message of each of four collapse keys";
    "5.9" as the rule ForceQuit, "A force-quit app's message still shows on iOS";
    "5.10" as the rule Unregistered, "What was sent to an installation that is gone does not reach the next";
};

impl DocumentedBehaviour {
    /// The behaviour with this number.
    pub fn find(id: &str) -> Option<&'static Self> {
        BEHAVIOURS.iter().find(|behaviour| behaviour.id == id)
    }

    /// The section that it stands in.
    pub fn section(&self) -> &'static str {
        self.id.rsplit_once('.').map_or(self.id, |(section, _)| section)
    }
}

/// Every id that a scenario may name: the sections and the behaviours.
pub fn ids() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(id, _)| *id).chain(BEHAVIOURS.iter().map(|behaviour| behaviour.id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portal_contract::{DocumentationYear, OperatingSystem};

    use super::*;

    #[test]
    fn behaviours_are_numbered_without_a_gap_within_their_sections() {
        let sections: BTreeSet<&str> = SECTIONS.iter().map(|(id, _)| *id).collect();
        for (section, _) in SECTIONS {
            let of_section: Vec<&DocumentedBehaviour> =
                BEHAVIOURS.iter().filter(|one| one.section() == *section).collect();
            for (index, behaviour) in of_section.iter().enumerate() {
                assert_eq!(behaviour.id, format!("{section}.{}", index + 1));
            }
            assert!(!of_section.is_empty(), "{section}");
        }
        assert!(BEHAVIOURS.iter().all(|behaviour| sections.contains(behaviour.section())));
    }

    /// A rule without a behaviour is one that no scenario can name.
    #[test]
    fn every_rule_stands_behind_a_behaviour() {
        let named: BTreeSet<Rule> = BEHAVIOURS.iter().flat_map(|behaviour| behaviour.rules).copied().collect();
        let unnamed: Vec<&str> =
            Rule::ALL.iter().filter(|rule| !named.contains(rule)).map(|rule| rule.about().name).collect();
        assert!(unnamed.is_empty(), "{}", unnamed.join(", "));
    }

    #[test]
    fn each_has_a_source_in_each_year_and_on_each_platform() {
        for behaviour in BEHAVIOURS {
            for profile in DocumentationYear::ALL.iter().copied() {
                for system in [OperatingSystem::Ios, OperatingSystem::Android] {
                    let evidence = behaviour.evidence;
                    let label = evidence.status(profile, system).label();
                    let undocumented = label == Some(portal_contract::SourceStatus::Undocumented);
                    assert!(!undocumented || !evidence.undocumented.is_empty(), "{}", behaviour.id);
                }
            }
            assert!(!behaviour.evidence.citations.is_empty(), "{}", behaviour.id);
        }
    }
}
