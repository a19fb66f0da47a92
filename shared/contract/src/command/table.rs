//! The table: every command that changes something, in the contract's order.
//!
//! Lives here: the rows. Does not live here: what only shows something (`views`), what concerns the daemon (`hosting`), the words for several commands together
//! (`group`), what a command does (`portal_device`).

use serde_json::Value;

use super::ArgumentKind::Positional;
use super::ConditionCommand::{BatteryOptimisationExempt, Charging, Doze, Focus, Locked, Offline, WorkProfilePaused};
use super::HttpMethod::{Post, Put};
use super::PlatformSet::{All, Android, Apple};
use super::arguments::{
    ENROLLMENT, ISSUED, PACKAGE_OF_INSTALL, PACKAGE_OF_UPDATE, PENDING, SET_UP, event_number, flag, name_and_value,
    span, yes,
};
use super::hosting::HOSTING;
use super::row::{example, noted, parsed, plain, request_body, schema_of, taking};
use super::{
    AppCommand, AppPackage, Argument, ClockAdvance, CommandRow, DeviceCommand, EnrollCommand, KeepDelivery,
    NameAndValue, NoMembers, OsUpdate, PermissionCommand, PromptRequest, Removal, RemovalProgress, RequestBody,
    ResetRequest, ReturnRequest, SetUpRequest, StandbyChoice, views,
};
use crate::{OsVersion, StandbyBucket};

/// Every command that changes something.
pub static COMMANDS: &[CommandRow] = &[
    taking(
        "app install",
        (Post, "app/install"),
        All,
        "Install Company Portal: first launch, the permission prompt where the platform asks, home screen",
        &[example("app install"), example("app install --version 5.2311.1")],
        PACKAGE_OF_INSTALL,
        request_body!(AppPackage:
            (AppPackage { version, target_sdk }) <=> (DeviceCommand::App(AppCommand::Install { version, target_sdk }))),
    ),
    taking(
        "app update",
        (Post, "app/update"),
        All,
        "Update Company Portal, with what an install brings",
        &[example("app update"), example("app update --version 5.2401.0")],
        PACKAGE_OF_UPDATE,
        request_body!(AppPackage:
            (AppPackage { version, target_sdk }) <=> (DeviceCommand::App(AppCommand::Update { version, target_sdk }))),
    ),
    plain(
        "app uninstall",
        "app/uninstall",
        All,
        "Remove Company Portal",
        &[example("app uninstall")],
        request_body!(DeviceCommand::App(AppCommand::Uninstall)),
    ),
    plain(
        "app open",
        "app/open",
        All,
        "Bring Company Portal to the screen: a push then shows in the app",
        &[example("app open")],
        request_body!(DeviceCommand::App(AppCommand::Open)),
    ),
    plain(
        "app close",
        "app/close",
        All,
        "Back to the home screen",
        &[example("app close")],
        request_body!(DeviceCommand::App(AppCommand::Close)),
    ),
    plain(
        "app force-stop",
        "app/force-stop",
        Android,
        "Force stop: nothing arrives until the app is opened",
        &[example("app force-stop")],
        request_body!(DeviceCommand::App(AppCommand::ForceStop)),
    ),
    plain(
        "app sign-in",
        "app/sign-in",
        All,
        "Sign its user in; a push does not need it",
        &[example("app sign-in")],
        request_body!(DeviceCommand::App(AppCommand::SignIn)),
    ),
    plain(
        "app sign-out",
        "app/sign-out",
        All,
        "Sign its user out; a push arrives all the same",
        &[example("app sign-out")],
        request_body!(DeviceCommand::App(AppCommand::SignOut)),
    ),
    plain(
        "app notifications --refresh",
        "app/refresh",
        All,
        "Pull Company Portal's own Notifications section to refresh",
        &[example("app notifications --refresh")],
        request_body!(DeviceCommand::App(AppCommand::Refresh)),
    ),
    taking(
        "enroll",
        (Post, "enroll"),
        All,
        "Enroll the device with Intune",
        &[
            example("enroll --user adele@contoso.example"),
            example("enroll --user adele@contoso.example --group 11111111-2222-4333-8444-555555555555"),
            example("enroll --user adele@contoso.example --type appleBulkWithUser --supervised"),
        ],
        ENROLLMENT,
        request_body!(EnrollCommand: (enrollment) <=> (DeviceCommand::Enroll(enrollment))),
    ),
    taking(
        "enrollment set",
        (Put, "enrollment"),
        All,
        "Change one of the enrollment's states, by Graph's name",
        &[
            example("enrollment set managementState=retirePending"),
            example("enrollment set managedDeviceOwnerType=company"),
        ],
        &[name_and_value("The state, by Graph's name, and its new value")],
        request_body!(NameAndValue: (NameAndValue { name, value }) <=> (DeviceCommand::EnrollmentSet { name, value })),
    ),
    taking(
        "retire",
        (Post, "retire"),
        All,
        "End the enrollment; app and permission stay",
        &[
            example("retire"),
            noted("retire --pending", "waits for the device to check in: device online, or syncDevice"),
        ],
        &[PENDING, ISSUED],
        request_body!(RemovalProgress:
            (RemovalProgress { stage }) <=> (DeviceCommand::Removal { removal: Removal::Retire, stage })),
    ),
    taking(
        "wipe",
        (Post, "wipe"),
        All,
        "Back to the factory state",
        &[example("wipe --pending")],
        &[PENDING, ISSUED],
        request_body!(RemovalProgress:
            (RemovalProgress { stage }) <=> (DeviceCommand::Removal { removal: Removal::Wipe, stage })),
    ),
    taking(
        "delete",
        (Post, "delete"),
        All,
        "End the enrollment, and Intune forgets the device",
        &[example("delete")],
        &[PENDING],
        request_body!(RemovalProgress:
            (RemovalProgress { stage }) <=> (DeviceCommand::Removal { removal: Removal::Delete, stage })),
    ),
    taking(
        "policy set",
        (Put, "policy"),
        All,
        "Enforce one key of the notifications payload, or Android's permission grant",
        &[
            noted("policy set NotificationsEnabled=false", "iOS, iPadOS: supervised devices"),
            noted("policy set PermissionGrantState=granted", "Android 13 and later"),
        ],
        &[name_and_value("The key, by the payload's name, and its value")],
        request_body!(NameAndValue: (NameAndValue { name, value }) <=> (DeviceCommand::PolicySet { name, value })),
    ),
    plain(
        "policy clear",
        "policy/clear",
        All,
        "Enforce nothing any more",
        &[example("policy clear")],
        request_body!(DeviceCommand::PolicyClear),
    ),
    taking(
        "permission prompt",
        (Post, "permission/prompt"),
        All,
        "Have the app ask, where the platform lets it",
        &[example("permission prompt")],
        &[flag(
            ("provisional", "provisional"),
            yes,
            "For provisional authorization, which needs no prompt (iOS, iPadOS)",
        )],
        request_body!(PromptRequest:
            (PromptRequest { provisional: false }) <=> (DeviceCommand::Permission(PermissionCommand::Prompt)),
            (PromptRequest { provisional: true }) <=> (DeviceCommand::Permission(PermissionCommand::PromptProvisional))),
    ),
    taking(
        "permission allow",
        (Post, "permission/allow"),
        All,
        "Answer the prompt that is showing; without one, turn the platform's switch on",
        &[example("permission allow")],
        &[flag(
            ("scheduled", "scheduled"),
            yes,
            "By the prompt's third button, in the scheduled summary (iOS, iPadOS; the setting app.ios_summary_button)",
        )],
        request_body!(KeepDelivery:
            (KeepDelivery { scheduled: false }) <=> (DeviceCommand::Permission(PermissionCommand::Allow)),
            (KeepDelivery { scheduled: true }) <=> (DeviceCommand::Permission(PermissionCommand::AllowInSummary))),
    ),
    plain(
        "permission deny",
        "permission/deny",
        All,
        "Answer the prompt that is showing; without one, turn the platform's switch off",
        &[example("permission deny")],
        request_body!(DeviceCommand::Permission(PermissionCommand::Deny)),
    ),
    plain(
        "permission dismiss",
        "permission/dismiss",
        Android,
        "Swipe the prompt away: no denial",
        &[example("permission dismiss")],
        request_body!(DeviceCommand::Permission(PermissionCommand::Dismiss)),
    ),
    taking(
        "permission keep",
        (Post, "permission/keep"),
        Apple,
        "Keep on a quiet notification: allowed, and still quiet",
        &[example("permission keep --scheduled")],
        &[flag(("scheduled", "scheduled"), yes, "Deliver in the scheduled summary, instead of immediately")],
        request_body!(KeepDelivery:
            (KeepDelivery { scheduled }) <=> (DeviceCommand::Permission(PermissionCommand::Keep { in_summary: scheduled }))),
    ),
    plain(
        "permission turn-off",
        "permission/turn-off",
        Apple,
        "Turn Off on a quiet notification",
        &[example("permission turn-off")],
        request_body!(DeviceCommand::Permission(PermissionCommand::TurnOff)),
    ),
    plain(
        "permission reset",
        "permission/reset",
        All,
        "Back to never asked",
        &[example("permission reset")],
        request_body!(DeviceCommand::Permission(PermissionCommand::Reset)),
    ),
    plain(
        "play-services install",
        "play-services/install",
        Android,
        "Install Google Play Services",
        &[example("play-services install")],
        request_body!(DeviceCommand::PlayServices { installed: true }),
    ),
    plain(
        "play-services remove",
        "play-services/remove",
        Android,
        "Remove Google Play Services",
        &[example("play-services remove")],
        request_body!(DeviceCommand::PlayServices { installed: false }),
    ),
    plain(
        "device lock",
        "lock",
        All,
        "Lock the device",
        &[example("device lock")],
        request_body!(DeviceCommand::Condition(Locked(true))),
    ),
    plain(
        "device unlock",
        "unlock",
        All,
        "Unlock the device",
        &[example("device unlock")],
        request_body!(DeviceCommand::Condition(Locked(false))),
    ),
    plain(
        "device offline",
        "offline",
        All,
        "Disconnect from the broker, really; the session stays",
        &[noted("device offline", "pushes wait at the broker until device online")],
        request_body!(DeviceCommand::Condition(Offline(true))),
    ),
    plain(
        "device online",
        "online",
        All,
        "Connect to the broker again",
        &[example("device online")],
        request_body!(DeviceCommand::Condition(Offline(false))),
    ),
    plain(
        "device focus on",
        "focus/on",
        All,
        "Turn Focus or Do Not Disturb on",
        &[example("device focus on")],
        request_body!(DeviceCommand::Condition(Focus(true))),
    ),
    plain(
        "device focus off",
        "focus/off",
        All,
        "Turn Focus or Do Not Disturb off",
        &[example("device focus off")],
        request_body!(DeviceCommand::Condition(Focus(false))),
    ),
    plain(
        "device doze on",
        "doze/on",
        Android,
        "Let the device doze",
        &[example("device doze on")],
        request_body!(DeviceCommand::Condition(Doze(true))),
    ),
    plain(
        "device doze off",
        "doze/off",
        Android,
        "Wake the device from Doze",
        &[example("device doze off")],
        request_body!(DeviceCommand::Condition(Doze(false))),
    ),
    plain(
        "device charging on",
        "charging/on",
        Android,
        "Put the device on a charger, which lifts the limits of standby buckets",
        &[example("device charging on")],
        request_body!(DeviceCommand::Condition(Charging(true))),
    ),
    plain(
        "device charging off",
        "charging/off",
        Android,
        "Take the device off its charger",
        &[example("device charging off")],
        request_body!(DeviceCommand::Condition(Charging(false))),
    ),
    plain(
        "device battery exempt",
        "battery/exempt",
        Android,
        "Exempt Company Portal from battery optimisation",
        &[example("device battery exempt")],
        request_body!(DeviceCommand::Condition(BatteryOptimisationExempt(true))),
    ),
    plain(
        "device battery optimised",
        "battery/optimise",
        Android,
        "Let the platform optimise Company Portal's battery use",
        &[example("device battery optimised")],
        request_body!(DeviceCommand::Condition(BatteryOptimisationExempt(false))),
    ),
    plain(
        // Behind the rows whose meaning they share: `request` takes the first row that means a command, so that what
        // is recorded has the older spelling.
        "device battery unrestricted",
        "battery/unrestricted",
        Android,
        "Exempt Company Portal from battery optimisation, in the words of Android's settings",
        &[example("device battery unrestricted")],
        request_body!(DeviceCommand::Condition(BatteryOptimisationExempt(true))),
    ),
    plain(
        "device battery optimized",
        "battery/optimized",
        Android,
        "Let the platform optimise Company Portal's battery use, in the words of Android's settings",
        &[example("device battery optimized")],
        request_body!(DeviceCommand::Condition(BatteryOptimisationExempt(false))),
    ),
    plain(
        "device work-profile pause",
        "work-profile/pause",
        Android,
        "Pause the work profile",
        &[example("device work-profile pause")],
        request_body!(DeviceCommand::Condition(WorkProfilePaused(true))),
    ),
    plain(
        "device work-profile resume",
        "work-profile/resume",
        Android,
        "Resume the work profile",
        &[example("device work-profile resume")],
        request_body!(DeviceCommand::Condition(WorkProfilePaused(false))),
    ),
    taking(
        "device standby",
        (Post, "standby"),
        Android,
        "Put the app into a standby bucket",
        &[example("device standby rare")],
        &[Argument {
            kind: Positional { value_name: "BUCKET" },
            member: "bucket",
            help: "active, workingSet, frequent, rare or restricted",
            read: parsed::<StandbyBucket>,
        }],
        request_body!(StandbyChoice: (StandbyChoice { bucket }) <=> (DeviceCommand::Standby { bucket })),
    ),
    plain(
        "device restore",
        "restore",
        Apple,
        "Set it up anew from a backup: the permission is forgotten",
        &[example("device restore")],
        request_body!(DeviceCommand::Restore),
    ),
    taking(
        "device reset",
        (Post, "reset"),
        All,
        "Out of its box again: app, enrollment and permission are gone; identity, clock and journal stay",
        &[example("device reset"), noted("device reset --clock", "its clock, too, is the computer's again")],
        &[flag(
            ("clock", "clock"),
            yes,
            "Its clock is the computer's again, which within one life it cannot be: what was decided would lie in the future",
        )],
        request_body!(ResetRequest:
            (ResetRequest { clock: false }) <=> (DeviceCommand::Reset),
            (ResetRequest { clock: true }) <=> (DeviceCommand::ResetWithClock)),
    ),
    taking(
        "device set-up",
        (Post, "set-up"),
        All,
        "Make the device ready in one step: reset, enrolled, Company Portal installed, the permission answered",
        &[
            example("device set-up"),
            noted("device set-up --permission denied", "ready for the permission-denied walk"),
            noted("device set-up --permission notDetermined", "the prompt is showing"),
        ],
        SET_UP,
        request_body!(SetUpRequest: (request) <=> (DeviceCommand::SetUp(request))),
    ),
    taking(
        "return",
        (Post, "return"),
        All,
        "Back to how the device was after an earlier event: app, enrollment, permission, switches, policy, condition",
        &[noted("return 12", "ids, receipts and the clock go on; what is held is judged again")],
        &[Argument {
            kind: Positional { value_name: "EVENT" },
            member: "event",
            help: "The event's number, as the page's timeline and GET \u{2026}/history have it",
            read: event_number,
        }],
        request_body!(ReturnRequest: (ReturnRequest { event }) <=> (DeviceCommand::Return { event })),
    ),
    taking(
        "os update",
        (Post, "os/update"),
        All,
        "Move the device to a newer OS, with the documented effect on the permission",
        &[example("os update 27.1"), noted("os update 13", "an Android that asks for the permission at run time")],
        &[Argument {
            kind: Positional { value_name: "VERSION" },
            member: "version",
            help: "The newer version, such as 27.1, 17 or 12L",
            read: parsed::<OsVersion>,
        }],
        request_body!(OsUpdate: (OsUpdate { version }) <=> (DeviceCommand::OsUpdate { version })),
    ),
    taking(
        "settings set",
        (Put, "settings"),
        All,
        "Turn one of the platform's notification switches",
        &[
            example("settings set lockScreen=off"),
            noted("settings set showPreviews=never", "iOS, iPadOS"),
            noted("settings set channelImportance=LOW", "Android"),
        ],
        &[name_and_value("The switch, by the platform's name, and its new value")],
        request_body!(NameAndValue: (NameAndValue { name, value }) <=> (DeviceCommand::SettingsSet { name, value })),
    ),
    taking(
        "clock advance",
        (Post, "clock/advance"),
        All,
        "Move the device's clock forward, not the computer's: held pushes may expire, an uninstalled app's permission may be forgotten",
        &[example("clock advance 90s"), example("clock advance 1h30m"), example("clock advance 2d")],
        &[Argument {
            kind: Positional { value_name: "DURATION" },
            member: "duration",
            help: "By how much: 90s, 4h, 1h30m, 2d",
            read: span,
        }],
        request_body!(ClockAdvance: (ClockAdvance { millis }) <=> (DeviceCommand::ClockAdvance { millis })),
    ),
];

/// Every command, the daemon's own and the ones that only show something among them.
pub fn all_rows() -> impl Iterator<Item = &'static CommandRow> {
    COMMANDS.iter().chain(HOSTING).chain(views::VIEWS)
}

/// The row and the body by which a running device is asked to carry a command out; none for a new name, which only the
/// daemon's start gives.
///
/// # Errors
/// The body cannot be written as JSON.
pub fn request(command: &DeviceCommand) -> Result<Option<(&'static CommandRow, Value)>, serde_json::Error> {
    for row in COMMANDS {
        if let Some(body) = row.device_body().and_then(|of| (of.body_of)(command)) {
            return Ok(Some((row, body?)));
        }
    }
    Ok(None)
}
