//! What Google publishes: its documents, and the quotes that carry a rule.
//!
//! Lives here: data alone. Does not live here: their types, and which rule rests on which quote.

documents! {
    Google
    Np {
        key: "android-notification-permission",
        title: "Notification runtime permission",
        url: Some("https://developer.android.com/develop/ui/views/notifications/notification-permission"),
        dated: Some("Android 13, API 33"),
        note: "",
        quotes: [
            "Android 13 (API level 33) and higher supports a runtime permission",
            "your app's notifications are off by default",
            "the system automatically pre-grants the permission to all eligible apps",
            "it must have an existing notification channel and not have its notifications explicitly disabled by the user",
            "that denial persists when the device upgrades to Android 13 or higher",
            "taps Don't allow, even just once, they aren't prompted again until one of the following occurs",
            "the state of the notification permission doesn't change",
            "All notification channels are blocked, except for a few specific roles.",
            "the user manually turns off all notifications for your app in system settings",
            "Send notifications. All notification channels are allowed.",
            "The user uninstalls and reinstalls your app.",
            "the system shows the permission dialog the first time your app starts an activity after you create a notification channel",
            "pm set-permission-flags PACKAGE_NAME android.permission.POST_NOTIFICATIONS user-set",
        ],
    }
    Req {
        key: "android-requesting-permissions",
        title: "Request runtime permissions",
        url: Some("https://developer.android.com/training/permissions/requesting"),
        dated: Some("2025-06-24"),
        note: "title and address as Google's own pages link it; the rule from Android 11, API 30",
        quotes: [
            "if the user taps Deny for a specific permission more than once during your app's lifetime of installation",
            "Permissions that have been denied once by the user are flagged by USER_SET.",
            "Permissions that have been denied permanently by selecting Deny twice are flagged by USER_FIXED.",
        ],
    }
    Cha {
        key: "android-channels",
        title: "Notification channels guide",
        url: Some("https://developer.android.com/develop/ui/views/notifications/channels"),
        dated: Some("Android 8.0, API 26"),
        note: "an untitled copy",
        quotes: [
            "Makes a sound and appears as a heads-up notification.",
            "Makes a sound.",
            "Makes no sound and doesn't appear in the status bar.",
            "Users can change these settings and decide which notification channels from your app can be intrusive or visible.",
        ],
    }
    Doz {
        key: "android-doze",
        title: "Optimize for Doze and App Standby",
        url: Some("https://developer.android.com/training/monitoring-device-state/doze-standby"),
        dated: Some("Android 6.0, API 23"),
        note: "",
        quotes: [
            "they are delivered during the periodic Doze maintenance windows or as soon as the user wakes the device",
            "In Doze or App Standby mode, the system delivers the message",
        ],
    }
    Pow {
        key: "android-power-limits",
        title: "Power management restrictions",
        url: Some("https://developer.android.com/topic/performance/power/power-details"),
        dated: None,
        note: "so named by Doz; caps to API 32; an older and a newer form",
        quotes: [
            "High priority: No restriction Normal priority: Deferred to window",
            "These restrictions do not apply while the device is charging.",
            "Prior to Android 13 (API Level 33)",
        ],
    }
    Buc {
        key: "android-standby-buckets",
        title: "App Standby Buckets",
        url: Some("https://developer.android.com/topic/performance/appstandby"),
        dated: Some("Android 9, API 28"),
        note: "",
        quotes: [
            "Every manufacturer can set their own criteria for how non-active apps are assigned to buckets.",
        ],
    }
    Gb {
        key: "aosp-grant-behavior",
        title: "AOSP PermissionController: NotificationGrantBehavior.kt, BasicGrantBehavior.kt",
        url: None,
        dated: Some("2024-03-05"),
        note: "read as GrapheneOS/platform_packages_modules_Permission:PermissionController/…/grantPermissions/@34276f0a, a fork of AOSP",
        quotes: [
            "If the user has seen the system-triggered prompt once, don't show it again",
            "Apps targeting below T cannot manually request Notifications",
        ],
    }
    Ph {
        key: "aosp-permission-helper",
        title: "AOSP NotificationManager: PermissionHelper.java",
        url: None,
        dated: Some("Android 13 and a later form"),
        note: "read as aosp-mirror/platform_frameworks_base:services/core/java/com/android/server/notification/PermissionHelper.java@39bec003",
        quotes: [
            "it can prevent the user from seeing the in app permission dialog",
            "userSet always true on upgrade",
            "do not change fixed permissions",
        ],
    }
    Sb {
        key: "aosp-standby",
        title: "AOSP AppStandbyController.java",
        url: None,
        dated: None,
        note: "version not stated",
        quotes: [
            "COMPRESS_TIME ? 32 * ONE_MINUTE : 8 * ONE_DAY",
        ],
    }
    Hib {
        key: "aosp-hibernation",
        title: "AOSP PermissionController: HibernationPolicy.kt",
        url: None,
        dated: Some("2024-03-05"),
        note: "the guide is linked as https://developer.android.com/topic/performance/app-hibernation and was not read",
        quotes: [
            "is disabled or a work profile",
        ],
    }
    Vis {
        key: "aosp-visibility",
        title: "AOSP change: Notification visibility APIs",
        url: None,
        dated: Some("Android 5.0"),
        note: "the message of commit 0bf2ed8ae394",
        quotes: [
            "VISIBILITY_PRIVATE, which is the default visibility setting for all notifications",
            "VISIBILITY_SECRET for notifications that should be totally concealed (that is, no icon) in public contexts",
        ],
    }
    A16 {
        key: "aosp-android-16",
        title: "AOSP changes: Add cross-app notification cooldown; Notification API hardening: forced auto-grouping",
        url: None,
        dated: Some("Android 15 to 16"),
        note: "the messages of commits 398233831e83 and 02b4a9758eaf",
        quotes: [
            "Add a new cooldown strategy that applies to all notifications across apps.",
            "NotificationManagerService will post a group summary on the app's behalf",
        ],
    }
    Dpm {
        key: "android-device-policy-manager",
        title: "DevicePolicyManager",
        url: Some("https://developer.android.com/reference/android/app/admin/DevicePolicyManager"),
        dated: Some("Android 6.0, API 23"),
        note: "setPermissionGrantState, as others quote it; the address is the class's page, which was not read",
        quotes: [
            "Setting the grant state to default does not revoke the permission.",
            "It retains the previous grant, if any.",
        ],
    }
    Wp {
        key: "google-work-profile",
        title: "Pause or turn on your work profile",
        url: Some("https://support.google.com/work/android/answer/7029561"),
        dated: Some("Android 7.0+"),
        note: "",
        quotes: [
            "When your work profile is paused, work apps won't run, generate notifications, or consume data and battery life.",
        ],
    }
    Ttl {
        key: "fcm-message-lifespan",
        title: "Set the lifespan of a message",
        url: Some("https://firebase.google.com/docs/cloud-messaging/customize-messages/setting-message-lifespan"),
        dated: None,
        note: "",
        quotes: [
            "The value must be a duration from 0 to 2,419,200 seconds (28 days)",
            "a ttl value of 0 means messages that can't be delivered immediately are discarded",
        ],
    }
    Col {
        key: "fcm-collapsible",
        title: "Non-collapsible and collapsible messages",
        url: Some("https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible-message-types"),
        dated: None,
        note: "",
        quotes: [
            "there is a limit of 100 messages that can be stored without collapsing",
            "If the limit is reached, all stored messages are discarded.",
            "By default, the collapse key is the app package name registered in the Firebase console.",
            "The FCM server can simultaneously store four different collapsible messages per device, each with a different collapse key.",
            "When the device is back online, it receives a special message indicating that the limit was reached.",
        ],
    }
    Out {
        key: "fcm-outcomes",
        title: "Method: projects.androidApps.deliveryData.list",
        url: Some("https://firebase.google.com/docs/reference/fcmdata/rest/v1beta1/projects.androidApps.deliveryData/list"),
        dated: Some("v1beta1"),
        note: "",
        quotes: [
            "each app instance can only have 100 pending messages stored on our servers for a device which is disconnected",
            "When there are more than the maximum pending messages, we call OnDeletedMessages() in our SDK instead of delivering the messages.",
            "dropped because the application was force stopped on the device at the time of delivery and retries were unsuccessful",
            "FCM will drop messages if the target device is deemed inactive by our servers.",
            "The messages were eventually delivered when the user-profile was started again.",
        ],
    }
    Pri {
        key: "fcm-android-priority",
        title: "Set and manage message priority (Android)",
        url: Some("https://firebase.google.com/docs/cloud-messaging/android/message-priority"),
        dated: None,
        note: "now also …/android-message-priority",
        quotes: [
            "When the device is in Doze mode, delivery may be delayed to conserve battery until the device exits doze.",
            "FCM uses 7 days of message behavior when determining whether to deprioritize messages",
        ],
    }
    Tok {
        key: "fcm-tokens",
        title: "Best practices for FCM registration token management",
        url: Some("https://firebase.google.com/docs/cloud-messaging/manage-tokens"),
        dated: None,
        note: "",
        quotes: [
            "When stale tokens reach 270 days of inactivity, FCM will consider them expired tokens.",
            "Once a token expires, FCM marks it as invalid and rejects sends to it.",
        ],
    }
    Opt {
        key: "fcm-concept-options",
        title: "concept-options",
        url: Some("https://firebase.google.com/docs/cloud-messaging/concept-options"),
        dated: None,
        note: "an untitled copy of an older form",
        quotes: [
            "FCM discards that message right away and invalidates the registration token",
            "FCM still accepts the message but immediately discards it",
        ],
    }
}
