//! The table of the rules, in the order of the facts. A line names the rule, the section of agent/docs/sources.md, the years in
//! which the device carries it out, its platforms, how far each year's documentation says it (`D` documented, `V` derived, `U`
//! undocumented, `N` newer system, `-` not in force), and the quotes that carry it.
//!
//! Lives here: data alone. Does not live here: what the columns mean (`super`).

use super::{ALWAYS, FROM_2023, FROM_2025, FROM_2026, ONLY_2023, PlatformSet, RuleInfo, UNTIL_2023};

rules! {
    // The prerequisites (facts 1.1, 1.2, 1.4).
    CompanyPortalInstalled = "company-portal-installed", "facts 1.1", ALWAYS, All, [D D D] {C19.1 C23.1 C25.1},
        "Company Portal must be installed";
    PlayServicesInstalled = "google-play-services-installed", "facts 1.1", UNTIL_2023, Android, [D D U] {C19.4 C23.4},
        "Google Play Services must be installed; the documentation of 2025 no longer names it",
        note: "2025 names it for enrollment through Android Management API alone (Ama.2)",
        undocumented: "whether 2025 still requires it; here it does not";
    PlayServicesForEnrollment = "google-play-services-for-enrollment", "facts 1.1", FROM_2026, Android, [- - - D] {Ama.2},
        "enrolling a personally-owned work profile needs Google Play Services";
    IntuneAppReceives = "intune-app-receives", "facts 1.1", FROM_2023, Android, [- D D] {C20.1 C23.1 C25.1},
        "the Microsoft Intune app counts in Company Portal's place",
        undocumented: "which of the two shows a message where both are there; here Company Portal unless set",
        setting: "app.android_receiver";
    IntuneAppWithEnrollment = "intune-app-with-enrollment", "facts 1.1", FROM_2026, Android, [- - - D] {Ama.1 Ama.3},
        "enrolling a personally-owned work profile installs the Microsoft Intune app silently; it is required and cannot be uninstalled",
        undocumented: "which of the two apps then shows a message; here Company Portal unless set, and the app is then as never opened",
        setting: "app.android_receiver";
    PollsWithoutPlayServices = "polls-without-google-play-services", "facts 1.1", FROM_2026, Android, [- - - D] {Gms.1},
        "without Google Play Services device administrator and AOSP look for messages about every 15 minutes",
        note: "said of tasks and notifications in 2024; that custom notifications are among them is derived";
    DeviceEnrolled = "device-enrolled", "facts 1.1", ALWAYS, All, [D D D] {C19.5 C23.5 Act.3},
        "the device must be enrolled with Intune";
    PlatformSupported = "platform-supported", "facts 1.2", FROM_2025, Android, [- - D] {C25.4 C25.5},
        "only personally-owned devices with a work profile are supported",
        note: "that other kinds are not supported: derived from not being listed",
        undocumented: "device administrator and AOSP are not mentioned; here only user enrollment of a personal device counts";
    EnrolledByTargetedUser = "enrolled-by-targeted-user", "facts 1.4", FROM_2023, All, [- D D] {C23.6 C25.6},
        "the device must have been enrolled by the user whom the push targets; in 2019 any user's enrollment will do";
    UserInGroup = "user-in-group", "facts 1.4", ALWAYS, All, [D D D] {C19.7 C23.8 C25.8},
        "a message to a group reaches the devices that the group's users enrolled; devices that are members are ignored",
        note: "2019 says registered in place of enrolled";
    NotificationsPermitted = "notifications-permitted", "facts 1.1", ALWAYS, All, [D D D] {C19.2 C23.2 C25.2},
        "the user must let the app send push notifications";
    PromptOnInstallAndUpdate = "prompt-on-install-and-update", "facts 1.1", ALWAYS, All, [D V U] {C19.3 C20.1 C23.3},
        "the app asks for the permission whenever it is installed or updated, as far as the platform still lets it",
        note: "2023: from \"if needed\"",
        undocumented: "2025 names no prompt; here the app asks at the same moments in every year";
    SignInNotNeeded = "sign-in-not-needed", "facts 1.4", ALWAYS, All, [D D D] {C19.8 C23.9 C25.6},
        "the user need not be signed in to the app";
    VersionGate = "version-gate", "facts 1.1", ONLY_2023, Android, [- D -] {C23.13 C23.14},
        "an app of before 5.0.5291.0 shows \"update the app to view\" in the message's place; updated, it lists the message";
    BatteryOptimisation = "battery-optimisation", "facts 1.1", FROM_2025, Android, [- - D] {C25.3},
        "battery optimisation can keep a message from the app until the app is exempt",
        undocumented: "when it does; here in the restricted standby bucket",
        setting: "device battery exempt";
    InAppWhileOpenApple = "in-app-while-open-apple", "facts 1.6", ALWAYS, Apple, [D D D] {C19.10 C23.16 C25.13 For.1},
        "what arrives while the app is open and the device unlocked shows in the app, not as a system notification";
    InAppWhileOpenAndroid = "in-app-while-open-android", "facts 1.6", FROM_2025, Android, [V D D] {C19.10 C23.12 C25.13},
        "what arrives while the app is open and the device unlocked shows in the app; before 2025 it shows as any other",
        note: "2019: from the exception naming iOS alone";
    SystemWhileLocked = "system-while-locked", "facts 1.6", ALWAYS, All, [U D V] on_android: [U U V] {C23.11 C25},
        "with the device locked, an open app's message shows as a system notification",
        note: "2025: from a picture's caption, \"Locked device\"",
        undocumented: "2019, and Android in 2023; here it is the same there";
    PullToRefresh = "pull-to-refresh", "facts 1.6", FROM_2023, Apple, [- D D] {C23.10 C25.14},
        "the app's Notifications section lists what came in the app once it is pulled to refresh; where no document names that step, at once";
    GraceAfterUnenrolling = "grace-after-unenrolling", "facts 1.6", ALWAYS, All, [D D D] {C19.12 C23.20 C25.10},
        "recently unenrolled users may still receive what is later sent to their groups",
        undocumented: "how long; here it is off unless set",
        setting: "enrollment.grace";
    GraceAfterLeavingGroup = "grace-after-leaving-group", "facts 1.6", ALWAYS, All, [D D D] {C19.12 C23.20 C25.10},
        "users removed from a group may still receive what is later sent to it",
        undocumented: "how long; here it is off unless set",
        setting: "enrollment.grace";
    LateJoiner = "late-joiner", "facts 1.6", ALWAYS, All, [D D D] {C19.13 C23.21 C25.11},
        "a user added to a group may receive a message that was sent to it before",
        undocumented: "which; here the broker's retained one, off unless set",
        setting: "enrollment.late_joiner";
    RemovalFirst = "removal-first", "facts 1.6", ALWAYS, All, [U U D] {Act.1 Act.2},
        "while a retire, wipe or delete is pending nothing else is carried out: no message to the device, and the removal first of all once it checks in",
        note: "a page of 2026; that a message to one device is such an action, and one to a group is not, is derived",
        undocumented: "2019 and 2023 name no order; here it is the same";
    RemovalByKind = "removal-by-kind", "facts 1.6", ALWAYS, All, [D D D] {Ret.1 Wip.1 Del.1},
        "a personally-owned work profile and device administrator have no wipe, other Android enrollments no retire; delete retires the first and wipes the others",
        note: "the platform lists of pages of 2026",
        undocumented: "which enrollment type is device administrator; here deviceEnrollmentManager";
    RetireTakesWorkProfile = "retire-takes-work-profile", "facts 1.6", ALWAYS, Android, [D D D] {Ret.2},
        "retiring a personally-owned work profile removes the profile with the app in it",
        note: "a page of 2026; that Company Portal goes with the profile's apps is derived";
    UnenrolledStates = "unenrolled-states", "facts 3", ALWAYS, All, [V V V] {Gra.2 Gra.3},
        "discovered, notRegistered, revoked and notRegisteredPendingEnrollment are no enrollment",
        note: "from the members' descriptions: no property says enrolled";
    RevokedAfterRemoval = "revoked-after-removal", "facts 3", ALWAYS, All, [D D D] {Gra.1},
        "a device that was retired or wiped is registered as revoked",
        note: "a page of 2025";

    // iOS and iPadOS (facts 4.1).
    ApplePromptsOnce = "apple-prompts-once", "facts 4.1", ALWAYS, Apple, [D D D] {Ask.1 Ask.2},
        "iOS and iPadOS prompt once and never again";
    AppleSummaryButton = "apple-summary-button", "facts 4.1", ALWAYS, Apple, [U U U] {Ask.9},
        "the first prompt may have a third button, Allow in Scheduled Summary: authorized, delivered in the summary",
        undocumented: "third parties alone report it; here it is off unless set",
        setting: "app.ios_summary_button";
    AppleUpdateIsNoReset = "apple-update-is-no-reset", "facts 4.1", ALWAYS, Apple, [V V V] {Tn.1},
        "an update of the app changes no permission",
        note: "from an update not being among the resets";
    AppleProvisional = "apple-provisional", "facts 4.1", ALWAYS, Apple, [D D D] {Ask.3 Ask.4},
        "provisional authorization is given without a prompt and delivers quietly: Notification Center only",
        undocumented: "Company Portal's own options; here it asks explicitly",
        setting: "app.ios_request";
    AppleProvisionalAskedAgain = "apple-provisional-asked-again", "facts 4.1", ALWAYS, Apple, [V V V] {Ask.2},
        "an explicit request while provisional prompts nobody",
        note: "Apple says it of the explicit request",
        setting: "app.ios_provisional_may_prompt";
    AppleKeep = "apple-keep", "facts 4.1", ALWAYS, Apple, [D D D] {Ask.5 Ask.6},
        "Keep on a quiet notification makes the permission authorized, without alerts, sounds, badges and lock screen";
    AppleTurnOff = "apple-turn-off", "facts 4.1", ALWAYS, Apple, [D D D] {Ask.7},
        "Turn Off on a quiet notification denies the permission";
    AppleSwitch = "apple-switch", "facts 4.1", ALWAYS, Apple, [D D D] {Ask.8},
        "Settings > Notifications > Allow Notifications turns the permission, once the app has asked",
        note: "\"once the app has asked\" is derived";
    AppleForgets = "apple-forgets", "facts 4.1", ALWAYS, Apple, [D D D] {Tn.1},
        "a day without the app, or a restored device, forgets the permission",
        note: "a note of 2016";
    AppleSurfaces = "apple-surfaces", "facts 4.1", ALWAYS, Apple, [D D D] {Set.1 Loc.1},
        "Lock Screen, Notification Center, Banners, Sounds and Badges have a switch each; where no surface is left nothing shows",
        note: "that nothing shows then, and that what is only listed sounds, is derived";
    ApplePreviews = "apple-previews", "facts 4.1", ALWAYS, Apple, [D D D] {Pre.1},
        "Show Previews hides title and body: always shown, when unlocked, never";
    AppleScheduledSummary = "apple-scheduled-summary", "facts 4.1", ALWAYS, Apple, [N V V] {Sch.1},
        "with scheduled delivery a message waits for the next summary and is then listed quietly in Notification Center",
        note: "from the word \"schedules\"",
        undocumented: "when the summaries come; here at 08:00 and 18:00 UTC",
        setting: "app.ios_summary_times";
    ApplePolicy = "apple-policy", "facts 4.1", ALWAYS, Apple, [D D D] {Mdm.1},
        "on a supervised device that is not in User Enrollment, the notifications payload is always enforced",
        undocumented: "whether it spares the prompt; here it does",
        setting: "policy set";
    ApplePolicyDefaults = "apple-policy-defaults", "facts 4.1", ALWAYS, Apple, [V V V] {Mdm.1 Mdm.2},
        "a key that the payload leaves out has Apple's default, enforced with the rest; PreviewType alone leaves the user's",
        note: "from what the payload says being always enforced, and each key but PreviewType having a default";

    // Android (facts 4.2).
    AndroidOptOut = "android-opt-out", "facts 4.2", ALWAYS, Android, [V V V] {Np.1},
        "to 12L notifications are on at install and no prompt is shown, ever",
        note: "from the permission existing only from 13 on";
    AndroidAsks = "android-asks", "facts 4.2", ALWAYS, Android, [N D D] {Np.1},
        "Android asks from version 13 on";
    AndroidOffUntilGranted = "android-off-until-granted", "facts 4.2", ALWAYS, Android, [N D D] {Np.2},
        "from 13 on notifications are off until granted; the app's request prompts";
    AndroidGranted = "android-granted", "facts 4.2", ALWAYS, Android, [N V V] {Np.10},
        "the permission is granted, so Android does not ask",
        note: "no page says that a second request is silent";
    AndroidTwoDenials = "android-two-denials", "facts 4.2", ALWAYS, Android, [N D D] {Req.1 Req.2 Req.3},
        "a second Don't allow is permanent, the switch in Settings counting as the first: no dialog until the app is reinstalled or that switch is used",
        note: "that the switch in Settings ends it is derived (Ph)";
    AndroidOlderTarget = "android-older-target", "facts 4.2", ALWAYS, Android, [N D D] {Np.6 Np.12 Gb.1},
        "for an app that targets 12L or older the system prompts, and one Don't allow ends the prompts until it is reinstalled or targets 13; once decided on, by an upgrade too, it is not asked for again",
        undocumented: "Company Portal's own target; here 33. The denial counts towards the two",
        setting: "app.android_target_sdk";
    AndroidRationale = "android-rationale", "facts 4.2", ALWAYS, Android, [N V V] {Req.2 Req.3},
        "shouldShowRequestPermissionRationale is true between the first Don't allow and a permanent one, and false before and after",
        note: "from the flags that the two denials set";
    AndroidSwipeIsNoDenial = "android-swipe-is-no-denial", "facts 4.2", ALWAYS, Android, [N D D] {Np.7},
        "swiping the dialog away changes nothing and is no denial";
    AndroidPreGrant = "android-pre-grant", "facts 4.2", ALWAYS, Android, [N D D] {Np.3 Np.4 Np.5},
        "an upgrade from 12L or earlier to 13 grants what has a channel and was not turned off, and leaves off what was",
        note: "both count as the user's decision (Ph.2); Android 13's own form of the helper said so only of what the user had changed, which nothing here can tell apart",
        undocumented: "when Company Portal creates its channel; here when it starts",
        setting: "app.android_channel";
    AndroidSwitch = "android-switch", "facts 4.2", ALWAYS, Android, [D D D] {Np.9 Cha.4},
        "the user can turn off the app, the channel's group or the channel in Settings",
        note: "what it does to the permission's flags: android-switch-answers";
    AndroidSwitchAnswers = "android-switch-answers", "facts 4.2", ALWAYS, Android, [N V V] {Ph.1},
        "the app's switch in Settings counts as an answer: turned off is the first denial, and using it ends a permanent one",
        note: "from the permission helper of the open source",
        undocumented: "that the switch in Settings calls the helper so: its caller was not read";
    AndroidReinstall = "android-reinstall", "facts 4.2", ALWAYS, Android, [N V V] {Np.11 Req.1},
        "a new installation starts over: permission, denials and switches",
        note: "said of targets to 12L; else from \"lifetime of installation\"";
    AndroidPolicy = "android-policy", "facts 4.2", ALWAYS, Android, [N V V] {Res.1 Ph.3},
        "from 13 on a device policy may grant or deny the permission, whatever the user chose",
        note: "from Intune's general setting",
        setting: "policy set";
    AndroidGrantStays = "android-grant-stays", "facts 4.2", ALWAYS, Android, [N D D] {Dpm.1 Dpm.2},
        "a policy that goes takes nothing back: what it had granted stays granted, what it had denied stays denied",
        note: "that a denial stays, too, is derived: a denied permission was revoked";
    IntuneAppPermissions = "intune-app-permissions", "facts 4.2", ALWAYS, Android, [N D D] {Res.1},
        "a work profile's default app permissions answer the app's request in the user's place: granted or denied without a prompt",
        undocumented: "whether they cover notifications; here they do. What they answered stays when they change, and is the user's again",
        setting: "policy set workProfileDefaultAppPermissionPolicy";
    IntuneLockedProfile = "intune-locked-profile", "facts 4.2", ALWAYS, Android, [D D D] {Res.2},
        "work profile notifications while device locked, blocked: the locked device shows none of the work profile's",
        note: "an undated page",
        setting: "policy set workProfileBlockNotificationsWhileDeviceLocked";
    AndroidImportance = "android-importance", "facts 4.2", ALWAYS, Android, [D D D] {Cha.1 Cha.2 Cha.3},
        "the channel's importance decides: NONE nothing, MIN and LOW quiet, DEFAULT sound, HIGH heads-up",
        undocumented: "Company Portal's own channel; here HIGH",
        setting: "settings set channelImportance";
    AndroidLockScreen = "android-lock-screen", "facts 4.2", ALWAYS, Android, [D D D] {Vis.1 Vis.2},
        "on the lock screen PUBLIC shows all, PRIVATE hides the content, SECRET shows nothing",
        note: "Android's own default is PRIVATE",
        undocumented: "Company Portal's own visibility; here PUBLIC",
        setting: "settings set lockScreen";
    AndroidCooldown = "android-cooldown", "facts 4.2", ALWAYS, Android, [N N V] {A16.1},
        "from 16 on a sound that comes close behind another is lowered: a hint in the receipt",
        note: "from a change in the open source, for all apps",
        undocumented: "how close; here two minutes";
    AndroidGrouping = "android-grouping", "facts 4.2", ALWAYS, Android, [N N V] {A16.2},
        "from 16 on the app's notifications are grouped by the system: a hint in the receipt",
        note: "from a change in the open source",
        undocumented: "from how many on; here two";
    FocusIsQuiet = "focus-is-quiet", "facts 4.1", ALWAYS, All, [N V V] on_android: [U U U] {Int.1 Int.2},
        "Focus and Do Not Disturb leave a notification in the list, without banner and sound",
        note: "from Apple's interruption levels",
        undocumented: "Android's Do Not Disturb; here it does the same";
    Doze = "doze", "facts 4.2", ALWAYS, Android, [D D D] {Doz.1 Pow.1 Pri.1},
        "in Doze a message of normal priority waits, one of high priority passes",
        undocumented: "the priority of Intune's message; here normal",
        setting: "push_service.android_priority";
    DozeWindows = "doze-windows", "facts 4.2", ALWAYS, Android, [D D D] {Doz.1 Pow.1 Pri.1},
        "what waits in Doze arrives in its next maintenance window, or at its end",
        note: "documents conflict: Doz and Pow have windows, Pri has a message wait until Doze ends",
        undocumented: "how far apart the windows are; here six hours",
        setting: "push_service.doze_window";
    StandbyBuckets = "standby-buckets", "facts 4.2", ALWAYS, Android, [D D D] {Pow.3 Pow.2 Buc.1},
        "before 13 the standby bucket caps high priority a day, unless the device charges: frequent 10, rare 5, restricted 5; the rest counts as normal. From 13 on no bucket caps or holds high priority",
        note: "the figures stand in a translated form of Pow";
    RestrictedBucket = "restricted-bucket", "facts 4.2", ALWAYS, Android, [N V V] {Sb.1 Buc.1 Pow.2},
        "from 13 on an app that nobody used for 8 days is in the restricted bucket; its limits do not hold while the device charges",
        note: "from the threshold in the open source; every manufacturer can set its own",
        undocumented: "what counts as use; here the app installed, updated or open, or its notification clicked",
        setting: "push_service.restricted_after";
    PriorityLowered = "priority-lowered", "facts 4.2", ALWAYS, Android, [D D D] {Pri.2},
        "high priority is lowered to normal when, over seven days, messages led to no visible notification",
        undocumented: "after how many; here 10",
        setting: "push_service.lower_priority_after";
    ForceStop = "force-stop", "facts 4.2", ALWAYS, Android, [D D D] {Out.3},
        "what reaches a force-stopped app is dropped, and nothing of it comes when the app is opened";
    ForceQuit = "force-quit", "facts 5", ALWAYS, Apple, [V V V] {Bac.1},
        "a force-quit app's alert pushes still show",
        note: "from only background pushes being discarded";
    WorkProfilePaused = "work-profile-paused", "facts 4.2", ALWAYS, Android, [D D D] {Wp.1 Out.5},
        "in a paused work profile nothing shows; all of it arrives in a burst on resume. Without an enrollment there is no profile to pause",
        note: "\"in a burst\" is derived";

    // The push service in between (facts 5).
    ApnsKeepsOne = "apns-keeps-one", "facts 5", ALWAYS, Apple, [D D D] {Aps.1 Aps.2 Apx.2},
        "while the device is away APNs keeps one notification for the app, the latest, whomever it is for",
        note: "usually the latest; \"not always guaranteed\"",
        setting: "push_service.emulate";
    FcmKeepsHundred = "fcm-keeps-hundred", "facts 5", ALWAYS, Android, [D D D] {Col.1 Col.2 Col.5 Out.2},
        "while the device is away FCM keeps a hundred data messages, whomever they are for; one more and all are discarded, and the app's onDeletedMessages is called",
        note: "documents conflict: discarded at 100 (Col.2) or above 100 (Out.2), which is done here",
        setting: "push_service.pending_limit";
    FcmCollapses = "fcm-collapses", "facts 5", ALWAYS, Android, [D D D] {Col.3 Col.4},
        "a message with a collapse key takes the place of the one before it with that key; four keys are kept. A notification message without one has the app's own",
        undocumented: "which kind Intune sends; here data messages without a key. Nor which key goes for a fifth; here the oldest",
        setting: "push_service.android_message";
    TimeToLive = "time-to-live", "facts 5", ALWAYS, All, [D D D] {Aps.3 Aps.4 Ttl.1 Ttl.2},
        "what waits at the push service longer than its time to live is dropped: 30 days at APNs, 28 at FCM; 0 is now or never",
        undocumented: "the one that Intune sets; here each service's default",
        setting: "push_service.time_to_live";
    DeviceInactive = "device-inactive", "facts 5", ALWAYS, Android, [D D D] {Tok.1 Tok.2 Out.4},
        "after 270 days away the registration has expired, and what was sent since then is dropped",
        note: "documents conflict: 270 days (Tok), or more than a month (Opt)",
        setting: "push_service.inactive_after";
    Unregistered = "unregistered", "facts 5", ALWAYS, Android, [V V V] {Opt.1 Apr.1},
        "what was sent to an installation of the app that is gone is not delivered to the next",
        note: "from the old token being invalid",
        undocumented: "how it reads on the device; here dropped, by the time it was sent";
    WhoDiscards = "who-discards", "facts 5", ALWAYS, All, [D D D] on_android: [V V V] {Apx.1 Np.8},
        "with the permission off APNs discards the push; FCM delivers it to the app, and Android drops the notification",
        note: "that Android drops it is derived";
}
