//! The commands that only show something.
//!
//! Lives here: their rows. Does not live here: their options and their pages, which are the command line's own, and the
//! parameters of their paths (the control API's).

use super::row::{example, noted};
use super::{CommandEffect, CommandExample, CommandRow, CommandScope, HttpMethod, PlatformSet};

/// A command that shows something of one device.
const fn view(
    name: &'static str,
    path: &'static str,
    summary: &'static str,
    examples: &'static [CommandExample],
) -> CommandRow {
    let (method, scope, platforms) = (HttpMethod::Get, CommandScope::Device, PlatformSet::All);
    CommandRow { name, method, scope, path, platforms, summary, examples, arguments: &[], effect: CommandEffect::Shows }
}

/// `status`
pub static STATUS: CommandRow = view(
    "status",
    "",
    "The device, each prerequisite, the connection, the desktop's notification server",
    &[
        example("status"),
        example("status --json | jq .prerequisites"),
        example("run --embedded-broker & portal-agent status --wait 10s"),
    ],
);

/// `screen`
pub static SCREEN: CommandRow = view(
    "screen",
    "screen",
    "What is on the phone's screen: home, lock screen, banner, prompt, notifications, settings",
    &[
        example("screen"),
        noted("screen --list", "Notification Center, or the shade"),
        example("screen --json | jq .banner"),
    ],
);

/// `app notifications`
pub static NOTIFICATIONS: CommandRow = view(
    "app notifications",
    "notifications",
    "What Company Portal's own Notifications section lists",
    &[example("app notifications"), example("app notifications --refresh")],
);

/// `enrollment show`: a part of the status.
pub static ENROLLMENT: CommandRow =
    view("enrollment show", "", "Each state of the enrollment with its value", &[example("enrollment show")]);

/// `policy show`: a part of the status.
pub static POLICY: CommandRow = view("policy show", "", "Each key that is enforced", &[example("policy show")]);

/// `permission show`: a part of the status.
pub static PERMISSION: CommandRow =
    view("permission show", "", "How the notification permission stands", &[example("permission show")]);

/// `settings show`
pub static SETTINGS: CommandRow = view(
    "settings show",
    "settings",
    "Each of the platform's notification switches with its value",
    &[example("settings show")],
);

/// `log`
pub static LOG: CommandRow = view(
    "log",
    "receipts",
    "The journal of receipts, oldest first",
    &[example("log"), example("log --outcome withheld --since 4h"), example("log --follow --json | jq -r .outcome")],
);

/// `wait`
pub static WAIT: CommandRow = view(
    "wait",
    "wait",
    "Wait until conditions hold",
    &[
        example("wait online --timeout 10s"),
        example("wait prompt-showing prerequisites.deviceEnrolled=true"),
        example("wait outcome=withheld --notification 6f0c --timeout 5s"),
    ],
);

/// `explain`
pub static EXPLAIN: CommandRow = view(
    "explain",
    "explanation",
    "Why a push did or did not show: each prerequisite as a checklist",
    &[
        noted("explain", "the latest push"),
        example("explain 6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10"),
        example("explain --json | jq '.prerequisites[] | select(.met == false)'"),
    ],
);

/// `doctor`
pub static DOCTOR: CommandRow = view(
    "doctor",
    "doctor",
    "What on this computer could keep a notification from showing",
    &[
        example("doctor"),
        noted("doctor --see", "whether a card reaches the eye"),
        example("doctor --json | jq '.checks[] | select(.ok == false)'"),
    ],
);

/// All of them.
pub static VIEWS: [&CommandRow; 11] =
    [&STATUS, &SCREEN, &NOTIFICATIONS, &ENROLLMENT, &POLICY, &PERMISSION, &SETTINGS, &LOG, &WAIT, &EXPLAIN, &DOCTOR];
