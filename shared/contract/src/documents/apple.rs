//! What Apple publishes: its documents, and the quotes that carry a rule.
//!
//! Lives here: data alone. Does not live here: their types, and which rule rests on which quote.

documents! {
    Apple
    Ask {
        key: "apple-asking-permission",
        title: "Asking permission to use notifications",
        url: Some("https://developer.apple.com/documentation/usernotifications/asking-permission-to-use-notifications"),
        dated: Some("iOS 10+"),
        note: "provisional from iOS 12, summary from iOS 15",
        quotes: [
            "The first time your app makes this authorization request, the system prompts the person to grant or deny the request",
            "Subsequent authorization requests don't prompt the person.",
            "they only appear in the notification center's history",
            "Unlike explicitly requesting authorization, this code doesn't prompt the person for permission to receive notifications.",
            "it doesn't give your app permission to show alerts, play sounds, or badge the app icon",
            "Your notification only appears in the notification center history unless they change their notification settings.",
            "the system confirms the selection before denying your app authorization to send additional notifications",
            "People can change your app's authorization settings at any time.",
            "Deliver in Scheduled Summary only appears if the person has Scheduled Summary toggled On in Settings.",
            "they don't interrupt the person with a sound or banner, or appear on the lock screen",
        ],
    }
    Set {
        key: "apple-notification-settings",
        title: "UNNotificationSettings",
        url: Some("https://developer.apple.com/documentation/usernotifications/unnotificationsettings"),
        dated: Some("iOS 10+"),
        note: "",
        quotes: [
            "the system enforces your app's settings by preventing denied interactions from occurring",
            "The authorization status for playing sounds for incoming notifications.",
        ],
    }
    Loc {
        key: "apple-lock-screen-setting",
        title: "lockScreenSetting",
        url: Some("https://developer.apple.com/documentation/usernotifications/unnotificationsettings/lockscreensetting"),
        dated: Some("iOS 10+"),
        note: "",
        quotes: [
            "Even if the user disables lock screen notifications, your notifications may still appear onscreen when the device is unlocked.",
        ],
    }
    Pre {
        key: "apple-show-previews",
        title: "UNShowPreviewsSetting",
        url: Some("https://developer.apple.com/documentation/usernotifications/unshowpreviewssetting"),
        dated: Some("iOS 11+"),
        note: "",
        quotes: [
            "The notification's content is shown only when the device is unlocked.",
        ],
    }
    Sch {
        key: "apple-scheduled-delivery",
        title: "scheduledDeliverySetting",
        url: Some("https://developer.apple.com/documentation/usernotifications/unnotificationsettings/scheduleddeliverysetting"),
        dated: Some("iOS 15+"),
        note: "",
        quotes: [
            "The setting that indicates the system schedules the notification.",
        ],
    }
    Int {
        key: "apple-interruption-level",
        title: "UNNotificationInterruptionLevel",
        url: Some("https://developer.apple.com/documentation/usernotifications/unnotificationinterruptionlevel"),
        dated: Some("iOS 15+"),
        note: "",
        quotes: [
            "breaks through system notification controls",
            "The criteria the system evaluates to determine if it displays the notification in the current Focus.",
        ],
    }
    For {
        key: "apple-foreground",
        title: "Handling notifications and notification-related actions",
        url: Some("https://developer.apple.com/documentation/usernotifications/handling-notifications-and-notification-related-actions"),
        dated: None,
        note: "",
        quotes: [
            "the system delivers that notification directly to your app",
        ],
    }
    Bac {
        key: "apple-background-push",
        title: "Pushing background updates to your App",
        url: Some("https://developer.apple.com/documentation/usernotifications/pushing-background-updates-to-your-app"),
        dated: None,
        note: "",
        quotes: [
            "If something force quits or kills the app, the system discards the held notification.",
        ],
    }
    Aps {
        key: "apple-apns-send",
        title: "Sending notification requests to APNs",
        url: Some("https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns"),
        dated: None,
        note: "",
        quotes: [
            "APNs stores only one notification per bundle ID.",
            "this behavior isn't always guaranteed when multiple notifications are stored in a short duration",
            "it may store the notification for 30 days or less",
            "If the value is 0, APNs attempts to deliver the notification only once and doesn't store it.",
            "it's limited to a maximum size of 4 KB (4096 bytes)",
        ],
    }
    Apx {
        key: "apple-apns-status",
        title: "Viewing the status of push notifications using Metrics and APNs",
        url: Some("https://developer.apple.com/documentation/usernotifications/viewing-the-status-of-push-notifications-using-metrics-and-apns"),
        dated: None,
        note: "",
        quotes: [
            "A person disabled push notifications for your app in Settings on the destination device.",
            "APNs persistent storage only stores one notification per application per device.",
        ],
    }
    Apr {
        key: "apple-apns-responses",
        title: "Handling notification responses from APNs",
        url: Some("https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns"),
        dated: None,
        note: "",
        quotes: [
            "The device token is inactive for the specified topic.",
        ],
    }
    Tn {
        key: "apple-tn2265",
        title: "Technical Note TN2265: Troubleshooting Push Notifications",
        url: Some("https://developer.apple.com/library/ios/technotes/tn2265/_index.html"),
        dated: Some("2016"),
        note: "the opening of the page was read; the quote and the date as others cite them",
        quotes: [
            "is not presented again unless the device is restored or the app has been uninstalled for at least a day",
        ],
    }
    Mdm {
        key: "apple-mdm-notifications",
        title: "Notifications (device management profile)",
        url: Some("https://developer.apple.com/documentation/devicemanagement/notifications"),
        dated: Some("iOS 18.1, 2024-10-21"),
        note: "from iOS 9.3; read as apple/device-management:mdm/profiles/com.apple.notificationsettings.yaml@b6202ca2",
        quotes: [
            "those settings will always be enforced",
            "This key overrides the value at Settings>Notifications>Show Previews.",
        ],
    }
}
