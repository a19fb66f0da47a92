//! Every rule of the device as data: what it says, who says so, in which years' documentation, on which platform.
//!
//! Lives here: the table that `portal-agent facts` prints. Does not live here: carrying a rule out; that is one function,
//! which names its rule (a test finds each name).

use portal_contract::OperatingSystem;

use super::DocumentationYear::{self, Y2019, Y2023, Y2025};

/// On which platforms a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulePlatforms {
    /// iOS, iPadOS and Android.
    All,
    /// iOS and iPadOS.
    Apple,
    /// Android.
    Android,
}

impl RulePlatforms {
    /// Their names, as a person reads them.
    pub fn words(self) -> &'static str {
        match self {
            Self::All => "iOS, iPadOS, Android",
            Self::Apple => "iOS, iPadOS",
            Self::Android => "Android",
        }
    }

    fn holds_on(self, operating_system: OperatingSystem) -> bool {
        match self {
            Self::All => true,
            Self::Apple => operating_system.is_apple(),
            Self::Android => !operating_system.is_apple(),
        }
    }
}

/// What is known of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its name.
    pub name: &'static str,
    /// The facts that it rests on, such as `facts 1.1, 4.1`.
    pub source: &'static str,
    /// The documentation profiles in which it holds.
    pub profiles: &'static [DocumentationYear],
    /// The platforms on which it holds.
    pub platforms: RulePlatforms,
    /// What it does.
    pub says: &'static str,
    /// What of it nobody documents, and the choice made; empty where all of it is documented.
    pub undocumented: &'static str,
    /// The setting or command that chooses otherwise; empty where there is none.
    pub setting: &'static str,
}

const ALWAYS: &[DocumentationYear] = &[Y2019, Y2023, Y2025];
const UNTIL_2023: &[DocumentationYear] = &[Y2019, Y2023];
const ONLY_2023: &[DocumentationYear] = &[Y2023];
const FROM_2023: &[DocumentationYear] = &[Y2023, Y2025];
const FROM_2025: &[DocumentationYear] = &[Y2025];

macro_rules! rules {
    ($(
        $(#[$doc:meta])* $rule:ident = $name:literal, $source:literal, $profiles:ident, $platforms:ident,
        $says:literal $(, undocumented: $undocumented:literal)? $(, setting: $setting:literal)?;
    )+) => {
        /// A rule of the device. Its variants stand in the order of the facts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "what each says is data, in `about`")]
        pub enum Rule { $($(#[$doc])* $rule,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// What is known of it.
            pub const fn about(self) -> RuleInfo {
                match self {
                    $(Self::$rule => RuleInfo {
                        name: $name,
                        source: $source,
                        profiles: $profiles,
                        platforms: RulePlatforms::$platforms,
                        says: $says,
                        undocumented: concat!($($undocumented)?),
                        setting: concat!($($setting)?),
                    },)+
                }
            }
        }
    };
}

impl Rule {
    /// Whether it holds under this documentation on this platform.
    pub fn holds(self, documentation: DocumentationYear, operating_system: OperatingSystem) -> bool {
        let about = self.about();
        about.profiles.contains(&documentation) && about.platforms.holds_on(operating_system)
    }

    /// The facts that it rests on.
    pub const fn source(self) -> &'static str {
        self.about().source
    }

    /// What it does, in a sentence.
    pub const fn says(self) -> &'static str {
        self.about().says
    }
}

rules! {
    // The prerequisites (facts 1.1, 1.2, 1.4).
    CompanyPortalInstalled = "company-portal-installed", "facts 1.1", ALWAYS, All,
        "Company Portal must be installed";
    PlayServicesInstalled = "google-play-services-installed", "facts 1.1", UNTIL_2023, Android,
        "Google Play Services must be installed; the documentation of 2025 no longer names it";
    DeviceEnrolled = "device-enrolled", "facts 1.1", ALWAYS, All,
        "the device must be enrolled with Intune";
    PlatformSupported = "platform-supported", "facts 1.2", FROM_2025, Android,
        "only personally-owned devices with a work profile are supported",
        undocumented: "device administrator and AOSP are not mentioned; here only user enrollment of a personal device counts";
    EnrolledByTargetedUser = "enrolled-by-targeted-user", "facts 1.4", FROM_2023, All,
        "the device must have been enrolled by the user whom the push targets; in 2019 any enrollment will do";
    UserInGroup = "user-in-group", "facts 1.4", FROM_2023, All,
        "a message to a group reaches the devices that the group's users enrolled; devices that are members are ignored";
    NotificationsPermitted = "notifications-permitted", "facts 1.1", ALWAYS, All,
        "the user must let the app send push notifications";
    PromptOnInstallAndUpdate = "prompt-on-install-and-update", "facts 1.1", ALWAYS, All,
        "the app asks for the permission whenever it is installed or updated, as far as the platform still lets it",
        undocumented: "from 2023 on the documentation says only \"if needed\"; here the app asks at the same moments";
    SignInNotNeeded = "sign-in-not-needed", "facts 1.4", ALWAYS, All,
        "the user need not be signed in to the app";
    VersionGate = "version-gate", "facts 1.1", ONLY_2023, Android,
        "an app of before 5.0.5291.0 shows \"update the app to view\" in the message's place; updated, it lists the message";
    BatteryOptimisation = "battery-optimisation", "facts 1.1", FROM_2025, Android,
        "battery optimisation can keep a message from the app until the app is exempt",
        undocumented: "when it does; here in the restricted standby bucket", setting: "device battery exempt";
    InAppWhileOpenApple = "in-app-while-open-apple", "facts 1.6", ALWAYS, Apple,
        "what arrives while the app is open and the device unlocked shows in the app, not as a system notification";
    InAppWhileOpenAndroid = "in-app-while-open-android", "facts 1.6", FROM_2025, Android,
        "what arrives while the app is open and the device unlocked shows in the app; before 2025 it shows as any other";
    SystemWhileLocked = "system-while-locked", "facts 1.6", ALWAYS, All,
        "with the device locked, an open app's message shows as a system notification";
    PullToRefresh = "pull-to-refresh", "facts 1.6", ALWAYS, All,
        "the app's Notifications section lists what came in the app once it is pulled to refresh";
    GraceAfterUnenrolling = "grace-after-unenrolling", "facts 1.6", ALWAYS, All,
        "recently unenrolled users may still receive what is later sent to their groups",
        undocumented: "how long; here it is off unless set", setting: "enrollment.grace";
    GraceAfterLeavingGroup = "grace-after-leaving-group", "facts 1.6", ALWAYS, All,
        "users removed from a group may still receive what is later sent to it",
        undocumented: "how long; here it is off unless set", setting: "enrollment.grace";
    LateJoiner = "late-joiner", "facts 1.6", ALWAYS, All,
        "a user added to a group may receive a message that was sent to it before",
        undocumented: "which; here the broker's retained one, off unless set", setting: "enrollment.late_joiner";
    RemovalFirst = "removal-first", "facts 1.6", ALWAYS, All,
        "a pending retire, wipe or delete is carried out before anything else once the device is online",
        undocumented: "when within a check-in; here before the pushes that waited";
    UnenrolledStates = "unenrolled-states", "facts 3", ALWAYS, All,
        "discovered, notRegistered, revoked and notRegisteredPendingEnrollment are no enrollment",
        undocumented: "no property says enrolled; derived from what the words mean";
    RevokedAfterRemoval = "revoked-after-removal", "facts 3", ALWAYS, All,
        "a device that was retired or wiped is registered as revoked";

    // iOS and iPadOS (facts 4.1).
    ApplePromptsOnce = "apple-prompts-once", "facts 4.1", ALWAYS, Apple,
        "iOS and iPadOS prompt once and never again";
    AppleUpdateIsNoReset = "apple-update-is-no-reset", "facts 4.1", ALWAYS, Apple,
        "an update of the app changes no permission",
        undocumented: "no source lists an update as a reset";
    AppleProvisional = "apple-provisional", "facts 4.1", ALWAYS, Apple,
        "provisional authorization is given without a prompt and delivers quietly: Notification Center only",
        undocumented: "Company Portal's own options; here it asks explicitly", setting: "app.ios_request";
    AppleProvisionalAskedAgain = "apple-provisional-asked-again", "facts 4.1", ALWAYS, Apple,
        "an explicit request while provisional prompts nobody",
        undocumented: "Apple says it of later requests in general", setting: "app.ios_provisional_may_prompt";
    AppleKeep = "apple-keep", "facts 4.1", ALWAYS, Apple,
        "Keep on a quiet notification makes the permission authorized, without alerts, sounds and badges",
        undocumented: "the lock screen; here it stays quiet too";
    AppleTurnOff = "apple-turn-off", "facts 4.1", ALWAYS, Apple,
        "Turn Off on a quiet notification denies the permission";
    AppleSwitch = "apple-switch", "facts 4.1", ALWAYS, Apple,
        "Settings > Notifications > Allow Notifications turns the permission, once the app has asked";
    AppleForgets = "apple-forgets", "facts 4.1", ALWAYS, Apple,
        "a day without the app, or a restored device, forgets the permission";
    AppleSurfaces = "apple-surfaces", "facts 4.1", ALWAYS, Apple,
        "Lock Screen, Notification Center, Banners, Sounds and Badges have a switch each; all surfaces off shows nothing";
    ApplePreviews = "apple-previews", "facts 4.1", ALWAYS, Apple,
        "Show Previews hides title and body: always shown, when unlocked, never";
    AppleScheduledSummary = "apple-scheduled-summary", "facts 4.1", ALWAYS, Apple,
        "scheduled delivery leaves it to the summary: quietly in Notification Center",
        undocumented: "when the summary comes; here it is listed at once, quietly";
    ApplePolicy = "apple-policy", "facts 4.1", ALWAYS, Apple,
        "on a supervised device that is not in User Enrollment, the notifications payload is always enforced",
        undocumented: "whether it spares the prompt; here it does", setting: "policy set";

    // Android (facts 4.2).
    AndroidOptOut = "android-opt-out", "facts 4.2", ALWAYS, Android,
        "to 12L notifications are on at install and no prompt is shown, ever";
    AndroidAsks = "android-asks", "facts 4.2", ALWAYS, Android,
        "Android asks from version 13 on";
    AndroidOffUntilGranted = "android-off-until-granted", "facts 4.2", ALWAYS, Android,
        "from 13 on notifications are off until granted; the app's request prompts";
    AndroidGranted = "android-granted", "facts 4.2", ALWAYS, Android,
        "the permission is granted, so Android does not ask";
    AndroidTwoDenials = "android-two-denials", "facts 4.2", ALWAYS, Android,
        "a second Don't Allow is permanent: no dialog until the app is reinstalled";
    AndroidOlderTarget = "android-older-target", "facts 4.2", ALWAYS, Android,
        "for an app that targets 12L or older the system prompts, and one Don't Allow ends the prompts until it is reinstalled or targets 13",
        undocumented: "Company Portal's own target; here 33. The denial counts towards the two", setting: "app.android_target_sdk";
    AndroidSwipeIsNoDenial = "android-swipe-is-no-denial", "facts 4.2", ALWAYS, Android,
        "swiping the dialog away changes nothing and is no denial";
    AndroidPreGrant = "android-pre-grant", "facts 4.2", ALWAYS, Android,
        "an upgrade from 12L or earlier to 13 grants what was not turned off, and leaves off what was";
    AndroidSwitch = "android-switch", "facts 4.2", ALWAYS, Android,
        "the user can turn off the app, the channel's group or the channel in Settings",
        undocumented: "whether turning the app off counts as a denial; here it does not";
    AndroidReinstall = "android-reinstall", "facts 4.2", ALWAYS, Android,
        "a new installation starts over: permission, denials and switches";
    AndroidPolicy = "android-policy", "facts 4.2", ALWAYS, Android,
        "from 13 on a device policy may grant or deny the permission, whatever the user chose", setting: "policy set";
    AndroidImportance = "android-importance", "facts 4.2", ALWAYS, Android,
        "the channel's importance decides: NONE nothing, MIN and LOW quiet, DEFAULT sound, HIGH heads-up",
        undocumented: "Company Portal's own channel; here HIGH", setting: "settings set channelImportance";
    AndroidLockScreen = "android-lock-screen", "facts 4.2", ALWAYS, Android,
        "on the lock screen PUBLIC shows all, PRIVATE hides the content, SECRET shows nothing",
        undocumented: "Company Portal's own visibility; here PUBLIC", setting: "settings set lockScreen";
    FocusIsQuiet = "focus-is-quiet", "undocumented", ALWAYS, All,
        "Focus and Do Not Disturb leave a notification in the list, without banner and sound",
        undocumented: "no platform's page in the facts says it";
    Doze = "doze", "facts 4.2", ALWAYS, Android,
        "in Doze a message of normal priority waits for its end, one of high priority passes",
        undocumented: "the priority of Intune's message; here normal", setting: "push_service.android_priority";
    StandbyBuckets = "standby-buckets", "facts 4.2", ALWAYS, Android,
        "before 13 the standby bucket caps high priority a day: frequent 10, rare 5, restricted 5; the rest counts as normal";
    PriorityLowered = "priority-lowered", "facts 4.2", ALWAYS, Android,
        "high priority is lowered to normal when, over seven days, messages led to no visible notification",
        undocumented: "after how many; here 10", setting: "push_service.lower_priority_after";
    ForceStop = "force-stop", "facts 4.2", ALWAYS, Android,
        "a force-stopped app receives nothing until it is opened";
    ForceQuit = "force-quit", "facts 5", ALWAYS, Apple,
        "a force-quit app's alert pushes still show",
        undocumented: "derived: only background pushes are said to be discarded";
    WorkProfilePaused = "work-profile-paused", "facts 4.2", ALWAYS, Android,
        "in a paused work profile nothing shows; all of it arrives in a burst on resume";

    // The push service in between (facts 5).
    ApnsKeepsOne = "apns-keeps-one", "facts 5", ALWAYS, Apple,
        "while the device is away APNs keeps one notification for the app, the latest", setting: "push_service.emulate";
    FcmKeepsHundred = "fcm-keeps-hundred", "facts 5", ALWAYS, Android,
        "while the device is away FCM keeps a hundred data messages; one more and all are discarded",
        setting: "push_service.emulate";
    FcmCollapses = "fcm-collapses", "facts 5", ALWAYS, Android,
        "notification messages are collapsible: the newest takes the place of those before it",
        undocumented: "which kind Intune sends; here data messages", setting: "push_service.android_message";
    TimeToLive = "time-to-live", "facts 5", ALWAYS, All,
        "what waits at the push service longer than its time to live is dropped: 30 days at APNs, 28 at FCM; 0 is now or never",
        undocumented: "the one that Intune sets; here each service's default", setting: "push_service.time_to_live";
    DeviceInactive = "device-inactive", "facts 5", ALWAYS, Android,
        "after 270 days away the registration has expired, and what was sent since then is dropped";
    Unregistered = "unregistered", "facts 5", ALWAYS, Android,
        "what was sent to an installation of the app that is gone is not delivered to the next",
        undocumented: "how it reads on the device; here dropped, by the time it was sent";
    WhoDiscards = "who-discards", "facts 5", ALWAYS, All,
        "with the permission off APNs discards the push; FCM delivers it to the app, and Android drops the notification";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_a_source_and_a_sentence() {
        let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.about().name).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            let about = rule.about();
            assert!(!about.profiles.is_empty() && !about.says.ends_with('.'), "{rule:?}");
            let documented = about.source.starts_with("facts ");
            assert!(documented || (about.source == "undocumented" && !about.undocumented.is_empty()), "{rule:?}");
            assert_eq!(
                about.name.replace('-', ""),
                format!("{rule:?}").to_lowercase().replace("playservices", "googleplayservices"),
                "{rule:?}"
            );
        }
    }

    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                text += &sources(&path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("rule.rs") {
                text += fs::read_to_string(path).unwrap().split("#[cfg(test)]").next().unwrap();
            }
        }
        text
    }

    /// A rule that no code names is a promise that nobody keeps.
    #[test]
    fn every_rule_is_named_where_it_is_carried_out() {
        let code = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        for rule in Rule::ALL {
            let name = format!("Rule::{rule:?}");
            let is_named = code
                .match_indices(&name)
                .any(|(at, _)| !code[at + name.len()..].starts_with(|next: char| next.is_alphanumeric()));
            assert!(is_named, "{name} is carried out nowhere");
        }
    }
}
