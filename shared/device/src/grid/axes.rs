//! The axes of the grid: in what ways phones differ that a push may find.
//!
//! Lives here: each axis with its values, each value with the commands that make a phone so. Does not live here: walking
//! them (`super`).

use portal_contract::command::{DeviceCommand, read_line};
use portal_contract::{GroupId, OperatingSystem, PushTarget, UserPrincipalName};

const OTHER_USER: &str = "bob@contoso.example";
const GROUP: &str = "11111111-1111-4111-8111-111111111111";
const OTHER_GROUP: &str = "99999999-9999-4999-8999-999999999999";

/// One way in which phones differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridAxis {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Vec<&'static str>,
}

/// A value of an axis: its name, and the lines that make a phone so.
pub(super) type AxisValue = (&'static str, &'static [&'static str]);

/// An axis before its lines are read.
pub(super) struct AxisLines {
    pub(super) name: &'static str,
    pub(super) values: &'static [AxisValue],
}

/// The platforms with the versions between which rules differ.
pub(super) const SYSTEMS: [(OperatingSystem, &str, &str); 5] = [
    (OperatingSystem::Ios, "26", "iOS 26"),
    (OperatingSystem::IpadOs, "26", "iPadOS 26"),
    (OperatingSystem::Android, "12L", "Android 12L"),
    (OperatingSystem::Android, "13", "Android 13"),
    (OperatingSystem::Android, "16", "Android 16"),
];

const APPLE: &[AxisLines] = &[
    AxisLines {
        name: "permission",
        values: &[
            ("allowed", &["app install", "permission allow"]),
            ("denied", &["app install", "permission deny"]),
            ("never asked", &["app install", "permission reset"]),
            ("prompt showing", &["app install"]),
            ("provisional", &["app install", "permission reset", "permission prompt --provisional"]),
            ("app missing", &[]),
        ],
    },
    AxisLines {
        name: "enrollment",
        values: &[
            ("user enrollment", &["enroll --user adele@contoso.example --group 11111111-1111-4111-8111-111111111111"]),
            (
                "supervised",
                &[
                    "enroll --user adele@contoso.example --group 11111111-1111-4111-8111-111111111111 --type appleBulkWithUser --supervised",
                ],
            ),
            (
                "revoked",
                &[
                    "enroll --user adele@contoso.example --group 11111111-1111-4111-8111-111111111111",
                    "enrollment set deviceRegistrationState=revoked",
                ],
            ),
            ("not enrolled", &[]),
        ],
    },
    AxisLines {
        name: "switches",
        values: &[
            ("all on", &[]),
            ("Banners off", &["settings set alert=off"]),
            ("Lock Screen off", &["settings set lockScreen=off"]),
            ("Sounds off", &["settings set sound=off"]),
            ("Show Previews when unlocked", &["settings set showPreviews=whenAuthenticated"]),
            ("Scheduled Summary", &["settings set scheduledDelivery=on"]),
            (
                "no surface",
                &["settings set alert=off", "settings set lockScreen=off", "settings set notificationCenter=off"],
            ),
        ],
    },
    AxisLines { name: "policy", values: &[("none", &[]), ("forbids", &["policy set NotificationsEnabled=false"])] },
    AxisLines { name: "app", values: &[("closed", &[]), ("open", &["app open"])] },
    AxisLines { name: "focus", values: &[("off", &[]), ("on", &["device focus on"])] },
    AxisLines { name: "screen", values: &[("unlocked", &[]), ("locked", &["device lock"])] },
    AxisLines { name: "reach", values: &[("awake", &[]), ("offline", &["device offline"])] },
];

const ANDROID: &[AxisLines] = &[
    AxisLines { name: "Play Services", values: &[("installed", &[]), ("missing", &["play-services remove"])] },
    AxisLines {
        name: "permission",
        values: &[
            ("allowed", &["app install", "permission allow"]),
            ("denied once", &["app install", "permission deny"]),
            ("denied twice", &["app install", "permission deny", "permission prompt", "permission deny"]),
            ("never asked", &["app install", "permission reset"]),
            ("app missing", &[]),
        ],
    },
    AxisLines {
        name: "enrollment",
        values: &[
            (
                "personal work profile",
                &["enroll --user adele@contoso.example --group 11111111-1111-4111-8111-111111111111"],
            ),
            (
                "fully managed",
                &[
                    "enroll --user adele@contoso.example --group 11111111-1111-4111-8111-111111111111 --type androidEnterpriseFullyManaged",
                ],
            ),
            (
                "revoked",
                &[
                    "enroll --user adele@contoso.example --group 11111111-1111-4111-8111-111111111111",
                    "enrollment set deviceRegistrationState=revoked",
                ],
            ),
            ("not enrolled", &[]),
        ],
    },
    AxisLines {
        name: "channel",
        values: &[
            ("HIGH", &[]),
            ("DEFAULT", &["settings set channelImportance=DEFAULT"]),
            ("LOW", &["settings set channelImportance=LOW"]),
            ("NONE", &["settings set channelImportance=NONE"]),
        ],
    },
    AxisLines {
        name: "app",
        values: &[("closed", &[]), ("open", &["app open"]), ("force-stopped", &["app force-stop"])],
    },
    AxisLines { name: "screen", values: &[("unlocked", &[]), ("locked", &["device lock"])] },
    AxisLines {
        name: "reach",
        values: &[
            ("awake", &[]),
            ("offline", &["device offline"]),
            ("Doze", &["device doze on"]),
            ("profile paused", &["device work-profile pause"]),
            ("restricted bucket", &["device standby restricted"]),
        ],
    },
];

/// How the push is addressed; the last axis.
pub(super) const ADDRESSES: [&str; 4] = ["device", "another user", "group", "another group"];

pub(super) fn address(place: usize) -> (PushTarget, Option<UserPrincipalName>) {
    let group = |id: &str| id.parse::<GroupId>().map_or(PushTarget::Device, |id| PushTarget::Group { id });
    match place {
        1 => (PushTarget::Device, OTHER_USER.parse().ok()),
        2 => (group(GROUP), None),
        3 => (group(OTHER_GROUP), None),
        _ => (PushTarget::Device, None),
    }
}

pub(super) fn of(system: OperatingSystem) -> &'static [AxisLines] {
    if system.is_apple() { APPLE } else { ANDROID }
}

/// Each value of an axis as commands, read once.
pub(super) fn commands(axis: &AxisLines) -> Vec<Option<Vec<DeviceCommand>>> {
    let read = |lines: &[&str]| lines.iter().map(|line| read_line(line).ok()).collect();
    axis.values.iter().map(|(_, lines)| read(lines)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_command() {
        for axis in APPLE.iter().chain(ANDROID) {
            assert!(commands(axis).iter().all(Option::is_some), "{}", axis.name);
            for (value, lines) in axis.values {
                assert!(
                    lines.iter().all(|line| !line.contains("enroll --user") || line.contains("adele@contoso.example")),
                    "{value}"
                );
            }
        }
        assert_eq!(address(2).0, PushTarget::Group { id: GROUP.parse().unwrap() });
        assert_ne!(address(3).0, address(2).0);
        assert_eq!(address(1).1.unwrap().to_string(), OTHER_USER);
    }
}
