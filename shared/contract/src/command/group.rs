//! The words for several commands together: `app`, `device`, `device focus`.
//!
//! Lives here: what each group is about, and its examples. Does not live here: which commands it has; their names say it.

use super::CommandExample;
use super::row::{example, noted};

/// Several commands whose names begin alike.
#[derive(Debug)]
pub struct CommandGroup {
    /// What their names begin with.
    pub name: &'static str,
    /// What they are about, in a line.
    pub summary: &'static str,
    /// At least one.
    pub examples: &'static [CommandExample],
}

/// Every group.
pub static GROUPS: &[CommandGroup] = &[
    CommandGroup {
        name: "app",
        summary: "Company Portal on the device: install, update, uninstall, open, close, force-stop, sign-in, notifications, …",
        examples: &[
            example("app install"),
            example("app update --version 5.2401.0"),
            example("app notifications --refresh"),
        ],
    },
    CommandGroup {
        name: "enrollment",
        summary: "The enrollment in Graph's words: show, set",
        examples: &[
            example("enrollment show"),
            example("enrollment set managementState=retirePending"),
            example("enrollment set deviceRegistrationState=revoked"),
        ],
    },
    CommandGroup {
        name: "policy",
        summary: "What device management enforces over the user's choice: show, set, clear",
        examples: &[
            noted("policy set NotificationsEnabled=false", "iOS, iPadOS: supervised devices"),
            noted("policy set PermissionGrantState=granted", "Android 13 and later"),
            example("policy clear"),
        ],
    },
    CommandGroup {
        name: "permission",
        summary: "The notification permission: show, prompt, allow, deny, dismiss, keep, turn-off, reset",
        examples: &[
            example("permission show"),
            noted("permission deny", "answers the prompt, or turns the switch in Settings off"),
            example("permission allow"),
        ],
    },
    CommandGroup {
        name: "play-services",
        summary: "Google Play Services (Android): install, remove",
        examples: &[example("play-services remove"), example("play-services install")],
    },
    CommandGroup {
        name: "device",
        summary: "The device's own condition: lock, offline, focus, doze, standby, battery, work-profile, set-up, reset, …",
        examples: &[
            noted("device set-up --permission denied", "ready in one step, and not allowed to notify"),
            example("device lock"),
            noted("device offline", "pushes wait at the broker until device online"),
            example("device focus on"),
            example("device work-profile pause"),
        ],
    },
    CommandGroup {
        name: "device focus",
        summary: "Focus, or Do Not Disturb: on, off",
        examples: &[example("device focus on")],
    },
    CommandGroup { name: "device doze", summary: "Doze (Android): on, off", examples: &[example("device doze on")] },
    CommandGroup {
        name: "device charging",
        summary: "The charger (Android): on, off",
        examples: &[example("device charging on")],
    },
    CommandGroup {
        name: "device battery",
        summary: "Company Portal's battery optimisation (Android): exempt or unrestricted, optimised or optimized",
        examples: &[example("device battery exempt")],
    },
    CommandGroup {
        name: "device work-profile",
        summary: "The work profile (Android): pause, resume",
        examples: &[example("device work-profile pause")],
    },
    CommandGroup { name: "os", summary: "The platform: update it", examples: &[example("os update 27.1")] },
    CommandGroup {
        name: "settings",
        summary: "The platform's own notification switches: show, set",
        examples: &[
            example("settings show"),
            noted("settings set showPreviews=never", "iOS, iPadOS"),
            noted("settings set channelImportance=LOW", "Android"),
        ],
    },
    CommandGroup { name: "clock", summary: "The device's clock: advance it", examples: &[example("clock advance 4h")] },
];

/// The group whose commands' names begin with `name`.
pub fn group(name: &str) -> Option<&'static CommandGroup> {
    GROUPS.iter().find(|group| group.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::all_rows;
    use super::*;

    #[test]
    fn every_beginning_that_several_commands_share_is_a_group_and_no_other() {
        let mut beginnings = BTreeSet::new();
        for row in all_rows() {
            let words: Vec<&str> = row.words().filter(|word| !word.starts_with('-')).collect();
            let is_option = words.len() < row.words().count();
            beginnings.extend((1..words.len()).filter(|_| !is_option).map(|count| words[..count].join(" ")));
        }
        let groups: BTreeSet<String> = GROUPS.iter().map(|group| group.name.to_owned()).collect();
        assert_eq!(groups, beginnings);
        for group in GROUPS {
            assert!(group.examples.iter().all(|example| example.line.starts_with(group.name)), "{}", group.name);
        }
    }
}
