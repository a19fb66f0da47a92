//! The set-up gallery: named states of a device, each one click away and each the commands that lead there.
//!
//! Lives here: the states. Does not live here: what the commands do (`portal_device`); that a push to each ends as is written here
//! is tested in a browser.

use maud::{Markup, html};
use portal_contract::command::PlatformSet::{self, All, Android, Apple};
use portal_contract::{DeviceId, OperatingSystem};
use serde_json::{Value, json};

use super::line::request_of;
use super::page::icon;
use super::why::look_of;

/// A named state.
#[derive(Debug)]
pub(super) struct GalleryState {
    name: &'static str,
    means: &'static str,
    platforms: PlatformSet,
    /// The outcome of the next push to a device in it.
    outcome: &'static str,
    lines: &'static [&'static str],
}

const fn state(
    name: &'static str,
    means: &'static str,
    (platforms, outcome): (PlatformSet, &'static str),
    lines: &'static [&'static str],
) -> GalleryState {
    GalleryState { name, means, platforms, outcome, lines }
}

const READY: &str = "device set-up --permission authorized";
const DENIED: &str = "device set-up --permission denied";
const ASKING: &str = "device set-up --permission notDetermined";

/// From the permission outwards: app and enrollment, surfaces, what holds a push.
pub(super) const STATES: &[GalleryState] = &[
    state("Out of its box", "No app, not enrolled", (All, "withheld"), &["device reset"]),
    state("Asking", "The permission prompt is on the screen", (All, "withheld"), &[ASKING]),
    state("Allowed", "Everything is met: a push shows", (All, "presented"), &[READY]),
    state("Denied", "iOS does not ask again; the user's way is Settings", (Apple, "withheld"), &[DENIED]),
    state("Denied once", "The app may ask once more", (Android, "withheld"), &[DENIED]),
    state(
        "Denied twice",
        "Android does not ask again; the user's way is Settings",
        (Android, "withheld"),
        &[DENIED, "permission prompt", "permission deny"],
    ),
    state("Swiped away", "Neither allowed nor denied", (Android, "withheld"), &[ASKING, "permission dismiss"]),
    state(
        "Provisional",
        "Quiet, into Notification Center, until the user decides",
        (Apple, "presented"),
        &["device set-up --permission provisional"],
    ),
    state(
        "Off by policy",
        "The organisation turned notifications off on a supervised device",
        (Apple, "withheld"),
        &[
            "device reset",
            "enroll --user adele@contoso.example --supervised --type appleBulkWithUser",
            "app install",
            "permission allow",
            "policy set NotificationsEnabled=false",
        ],
    ),
    state(
        "Off by policy",
        "The organisation denies the permission",
        (Android, "withheld"),
        &[READY, "policy set PermissionGrantState=denied"],
    ),
    state(
        "Not enrolled",
        "The app is there and allowed, the device is not managed",
        (All, "withheld"),
        &["device reset", "app install", "permission allow"],
    ),
    state("App removed", "Company Portal was deleted", (All, "withheld"), &[READY, "app uninstall"]),
    state("Retired", "The organisation ended the enrollment", (All, "withheld"), &[READY, "retire"]),
    state(
        "No Play Services",
        "Without them Firebase Cloud Messaging reaches nobody",
        (Android, "withheld"),
        &[READY, "play-services remove"],
    ),
    state("Locked", "On the lock screen, with its text", (All, "presented"), &[READY, "device lock"]),
    state(
        "Text hidden",
        "On the lock screen, without its text",
        (Apple, "presented"),
        &[READY, "settings set showPreviews=never", "device lock"],
    ),
    state(
        "Text hidden",
        "On the lock screen, without its text",
        (Android, "presented"),
        &[READY, "settings set lockScreen=PRIVATE", "device lock"],
    ),
    state("Focus", "Into Notification Center, without a sound", (Apple, "presented"), &[READY, "device focus on"]),
    state("Do Not Disturb", "Into the shade, without a sound", (Android, "presented"), &[READY, "device focus on"]),
    state("No banners", "In Notification Center alone", (Apple, "presented"), &[READY, "settings set alert=off"]),
    state(
        "Silent channel",
        "Importance LOW: in the shade alone",
        (Android, "presented"),
        &[READY, "settings set channelImportance=LOW"],
    ),
    state(
        "Channel off",
        "Allowed, and its channel is off",
        (Android, "withheld"),
        &[READY, "settings set channelImportance=NONE"],
    ),
    state("App open", "A push shows in the app itself", (Apple, "presented"), &[READY, "app open"]),
    state("App open", "A push shows as elsewhere", (Android, "presented"), &[READY, "app open"]),
    state("Offline", "A push waits at the broker", (All, ""), &[READY, "device offline"]),
    state(
        "Doze",
        "A push of normal priority waits for a maintenance window",
        (Android, "held"),
        &[READY, "device doze on"],
    ),
    state(
        "Work paused",
        "A push waits until the work profile goes on",
        (Android, "held"),
        &[READY, "device work-profile pause"],
    ),
    state(
        "Force-stopped",
        "A push is dropped until the app is opened",
        (Android, "dropped"),
        &[READY, "app force-stop"],
    ),
];

/// The states of a platform as tiles.
pub(super) fn gallery(device: DeviceId, system: OperatingSystem) -> Markup {
    html! {
        ul class="gallery" {
            @for state in STATES.iter().filter(|state| state.platforms.has(system)) { li { (tile(state, device)) } }
        }
    }
}

fn tile(state: &GalleryState, device: DeviceId) -> Markup {
    let look = (!state.outcome.is_empty()).then(|| look_of(state.outcome));
    let class = look.map_or("wait", |look| look.class);
    html! {
        button type="button" class={ "tileb " (class) } data-lines=(requests(state, device)) data-outcome=(state.outcome) {
            span class="n" { (icon(look.map_or("air", |look| look.icon))) (state.name) }
            span { (state.means) }
            @for line in state.lines { code { (line) } }
        }
    }
}

/// The requests of its lines, for the script.
fn requests(state: &GalleryState, device: DeviceId) -> String {
    let of_line = |line: &&str| {
        let request = request_of(line, device)?;
        let (method, body) = (request.method.name(), request.body.to_string());
        Some(json!({ "method": method, "path": request.path, "body": body, "line": line }))
    };
    Value::Array(state.lines.iter().filter_map(of_line).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_state_is_a_command_and_no_platform_has_a_name_twice() {
        for state in STATES {
            let sent: Vec<Value> = serde_json::from_str(&requests(state, DeviceId::from_bytes([0; 16]))).unwrap();
            assert_eq!(sent.len(), state.lines.len(), "{}", state.name);
        }
        for system in [OperatingSystem::Ios, OperatingSystem::Android] {
            let mut names: Vec<&str> =
                STATES.iter().filter(|state| state.platforms.has(system)).map(|state| state.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        }
    }
}
