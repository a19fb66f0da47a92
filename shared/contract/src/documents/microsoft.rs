//! What Microsoft publishes: its documents, and the quotes that carry a rule.
//!
//! Lives here: data alone. Does not live here: their types, and which rule rests on which quote.

documents! {
    Microsoft
    Snp {
        key: "ms-support-snippet-2020",
        title: "How to send custom notifications to the users of managed iOS and Android devices",
        url: None,
        dated: Some("2020-09-14"),
        note: "a support snippet; names https://docs.microsoft.com/intune/custom-notifications",
        quotes: [
            "When the app is installed or updated, it will prompt the user to permit notifications.",
            "Android devices must have Google Play Services installed.",
        ],
    }
    C19 {
        key: "ms-custom-notifications-2019",
        title: "Send custom notifications in Intune",
        url: Some("https://docs.microsoft.com/intune/custom-notifications"),
        dated: Some("2019-09-19"),
        note: "the address as Snp names it; read as dougeby/IntuneDocs:intune/custom-notifications.md@0f377afb",
        quotes: [
            "Devices must have the Company Portal app installed before users can receive custom notifications.",
            "They must also have configured permissions to allow the Company Portal app to send push notifications.",
            "The Company Portal will prompt users to permit notifications anytime it's installed or updated.",
            "On Android, Google Play Services is a required dependency.",
            "The device must be MDM enrolled.",
            "Custom notifications are limited to 50-character titles and 500-character messages.",
            "messages are sent only to users, and to each iOS or Android device that the user has registered",
            "Users don't need to be signed-in to the app for the notification to be pushed on the device.",
            "Custom notifications might show up after several hours of delay, if at all",
            "If the Company Portal app is open on an iOS device … the notification displays in the app",
            "Custom notifications can be visible on lock screens on both iOS and Android devices depending on device settings.",
            "Users of a device that was recently unenrolled, or users that were removed from a group, might still receive",
            "it's possible for the newly added use to receive that previously sent notification message",
            "The notification remains until the user dismisses it.",
            "These messages appear as standard push notifications from the Company Portal app on a user's device",
            "You can send notifications to a single device.",
            "Use Microsoft Intune to send custom notifications to the users of managed iOS and Android devices.",
        ],
    }
    C20 {
        key: "ms-custom-notifications-2020",
        title: "Send custom notifications in Intune",
        url: None,
        dated: Some("2020-01-15"),
        note: "read as tktracker/IntuneDocs:intune/remote-actions/custom-notifications.md@2a50caa3",
        quotes: [
            "If needed, the Company Portal app and the Microsoft Intune app may prompt users to permit notifications.",
        ],
    }
    C23 {
        key: "ms-custom-notifications-2023",
        title: "Send custom notifications in Intune",
        url: Some("https://docs.microsoft.com/de-de/mem/intune/remote-actions/custom-notifications"),
        dated: Some("2023-10-18"),
        note: "the address of the German form, an earlier revision with the English beside it; read as MicrosoftDocs/memdocs:memdocs/intune/remote-actions/custom-notifications.md@06c5cfae",
        quotes: [
            "Devices must have the Company Portal app or the Microsoft Intune app installed before users can receive custom notifications.",
            "must also have configured permissions to allow the Company Portal app or the Microsoft Intune app to send push notifications",
            "If needed, the Company Portal app and the Microsoft Intune app can prompt users to permit notifications.",
            "On Android, Google Play Services is a required dependency.",
            "The device must be MDM enrolled.",
            "the device must have been enrolled by the targeted user",
            "messages target only the users in the group",
            "Devices in the group will be ignored when targeting the notification.",
            "Users don't need to be signed into the app for the notification to be pushed on the device",
            "The user will need to go to the Notifications tab and pull-to-refresh to see the notification.",
            "If you have the Company Portal app open on an iOS/iPadOS device, and the device is locked",
            "If you have the Company Portal app open on an Android device, the notification resembles the following screenshot",
            "they will instead receive a notification telling them to update their app to view the notification",
            "they will see the message sent by your organization in the Notifications section in the app",
            "Custom notifications might show up after several hours of delay, if at all",
            "the notification displays in the app instead of as a system push notification",
            "Custom notifications can be visible on lock screens on both iOS/iPadOS and Android devices depending on device settings.",
            "The notification remains until the user dismisses it.",
            "Custom notifications are limited to 50-character titles and 500-character messages.",
            "Users of a device that was recently unenrolled, or users that were removed from a group, might still receive",
            "it's possible for the newly added use to receive that previously sent notification message",
            "Use Microsoft Intune to send custom notifications to the users of managed iOS/iPadOS and Android devices.",
            "These messages appear as standard push notifications from the Company Portal app and from the Microsoft Intune app",
            "You can send notifications to a single device.",
        ],
    }
    C25 {
        key: "ms-custom-notifications-2025",
        title: "Device Action: Send Custom Notification",
        url: Some("https://learn.microsoft.com/en-us/intune/device-management/actions/send-custom-notification"),
        dated: Some("2025-10-27"),
        note: "read as MicrosoftDocs/memdocs:intune/device-management/actions/send-custom-notification.md@57ae4e31",
        quotes: [
            "The Company Portal app or Microsoft Intune app is installed.",
            "Push notification permissions for the apps are granted by the user.",
            "Battery optimization settings on some devices can prevent notifications from being delivered.",
            "Android Enterprise personally-owned work profile (BYOD)",
            "This action supports the following platforms",
            "Users don't need to be signed in to the app, but the device must be enrolled by the targeted user.",
            "Each supported device enrolled by the user receives the message.",
            "Devices that are member of the group are ignored.",
            "Notifications might be delayed or not delivered at all",
            "Users might still receive notifications even after being removed from a group or unenrolling a device.",
            "users added to a group after a notification is sent might receive that previously sent message",
            "Notification visibility depends on device settings.",
            "If the app is open when the notification is received, it displays in-app rather than as a push notification.",
            "Users can view it by navigating to the Notifications tab and pulling to refresh.",
            "Titles are limited to 50 characters.",
            "Messages are limited to 500 characters.",
            "users receive it as a push alert from the Company Portal or Intune app on their enrolled device",
            "Select Send to send the custom notification to the device.",
        ],
    }
    Act {
        key: "ms-device-actions-2026",
        title: "Device Actions - Wipe, Lock, Locate, and More",
        url: Some("https://learn.microsoft.com/en-us/intune/device-management/actions/"),
        dated: Some("2026-09-16"),
        note: "",
        quotes: [
            "A device with multiple pending actions only carries out a Retire, Wipe, or Delete.",
            "The system ignores all other pending actions.",
            "Devices must be enrolled in Intune.",
            "Sends a custom notification message to a device that can be viewed in the Company Portal app.",
        ],
    }
    Ret {
        key: "ms-retire-2026",
        title: "Device Action: Retire",
        url: Some("https://learn.microsoft.com/en-us/intune/device-management/actions/retire"),
        dated: Some("2026-08-06"),
        note: "",
        quotes: [
            "It unenrolls the device from Intune and removes managed apps, settings, and profiles",
            "removes all data, apps, and settings in the work profile on that device",
            "The action is triggered the next time the device checks in with Intune.",
        ],
    }
    Wip {
        key: "ms-wipe-2026",
        title: "Wipe devices with Microsoft Intune",
        url: Some("https://learn.microsoft.com/en-us/intune/device-management/actions/wipe"),
        dated: Some("2026-09-16"),
        note: "",
        quotes: [
            "Use the Wipe action in Intune to factory reset a device, restoring it to its default settings.",
        ],
    }
    Del {
        key: "ms-delete-2026",
        title: "Device Action: Delete",
        url: Some("https://learn.microsoft.com/en-us/intune/device-management/actions/delete"),
        dated: Some("2026-08-06"),
        note: "",
        quotes: [
            "For Android devices, the Delete action triggers either a Retire or Wipe command depending on the enrollment type.",
            "the device is removed from Intune management and is immediately hidden from the admin center",
        ],
    }
    Syn {
        key: "ms-sync-2025",
        title: "Remote Device Action: Sync",
        url: None,
        dated: Some("2025-10-27"),
        note: "read as MicrosoftDocs/memdocs:…/actions/sync.md@39831792",
        quotes: [
            "When a device checks in, it receives any pending actions or policies assigned to it.",
        ],
    }
    Non {
        key: "ms-noncompliance-2024",
        title: "Configure compliance policies with actions for noncompliance in Microsoft Intune",
        url: Some("https://learn.microsoft.com/en-us/intune/device-security/compliance/configure-noncompliance-actions"),
        dated: Some("2024-01-23"),
        note: "",
        quotes: [
            "Notifications might show up after several hours of delay, if at all.",
            "This limitation includes when users turn off push notifications.",
        ],
    }
    Ama {
        key: "ms-android-management-api-2026",
        title: "Android Management API for personally owned work profiles",
        url: Some("https://learn.microsoft.com/en-us/intune/device-enrollment/android/android-management-api-overview"),
        dated: Some("2026-06-18"),
        note: "read as MicrosoftDocs/memdocs:intune/device-enrollment/android/android-management-api-overview.md@77074ba1",
        quotes: [
            "The Microsoft Intune app installs silently and becomes the primary user app.",
            "Google Play Services are required for enrollment.",
            "Users can't uninstall required apps.",
        ],
    }
    Wps {
        key: "ms-work-profile-setup-2026",
        title: "Enroll personal devices in Intune with Android Enterprise work profile management",
        url: Some("https://learn.microsoft.com/en-us/intune/device-enrollment/android/setup-personal-work-profile"),
        dated: Some("2026-06-18"),
        note: "",
        quotes: [
            "Default for new tenants and after migration from Custom DPC. Company Portal not required for enrollment.",
        ],
    }
    Gms {
        key: "ms-without-gms-2024",
        title: "How to Use Intune in Environments Without Google Mobile Services",
        url: Some("https://learn.microsoft.com/en-us/intune/app-management/manage-without-gms"),
        dated: Some("2024-10-28"),
        note: "",
        quotes: [
            "Intune tries to check for new tasks and notifications approximately every 15 minutes",
        ],
    }
    Res {
        key: "ms-android-restrictions",
        title: "Android Enterprise device restrictions",
        url: Some("https://learn.microsoft.com/en-us/intune/device-configuration/templates/ref-device-restrictions-android-enterprise"),
        dated: None,
        note: "title and address from links; the page's own were not read",
        quotes: [
            "Use this policy to automatically grant permissions without a prompt, automatically deny permissions without a prompt, or let users decide.",
            "Block prevents window notifications, including toasts, incoming calls, outgoing calls, system alerts, and system errors from showing on locked devices.",
        ],
    }
    Gra {
        key: "ms-graph-device-state",
        title: "deviceRegistrationState enum type; managementState enum type",
        url: Some("https://learn.microsoft.com/en-us/graph/api/resources/intune-devices-deviceregistrationstate?view=graph-rest-1.0"),
        dated: Some("2025-07-11"),
        note: "managementState: …/intune-devices-managementstate?view=graph-rest-1.0, 2025-10-11",
        quotes: [
            "The device has been blocked, wiped or retired.",
            "The device is not registered.",
            "The device is not registered and pending enrollment.",
        ],
    }
}
