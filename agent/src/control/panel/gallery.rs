//! The set-up gallery: named states of a device, each one click away and each the commands that lead there.
//!
//! Lives here: the states. Does not live here: their names (`words`); what the commands do (`portal_device`); that a push to each
//! ends as is written here is tested in a browser.

use maud::{Markup, html};
use portal_contract::command::PlatformSet::{self, All, Android, Apple};
use portal_contract::{DeviceId, OperatingSystem};
use serde_json::{Value, json};

use super::line::request_of;
use super::page::icon;
use super::why::look_of;
use super::words::{GalleryWords, StateWords, words};

/// A named state.
#[derive(Debug)]
pub(super) struct GalleryState {
    words: fn(&GalleryWords) -> &StateWords,
    platforms: PlatformSet,
    /// The outcome of the next push to a device in it.
    outcome: &'static str,
    lines: &'static [&'static str],
}

const fn state(
    words: fn(&GalleryWords) -> &StateWords,
    (platforms, outcome): (PlatformSet, &'static str),
    lines: &'static [&'static str],
) -> GalleryState {
    GalleryState { words, platforms, outcome, lines }
}

const READY: &str = "device set-up --permission authorized";
const DENIED: &str = "device set-up --permission denied";
const ASKING: &str = "device set-up --permission notDetermined";

/// From the permission outwards: app and enrollment, surfaces, what holds a push.
pub(super) const STATES: &[GalleryState] = &[
    state(|words| &words.new_device, (All, "withheld"), &["device reset"]),
    state(|words| &words.asking, (All, "withheld"), &[ASKING]),
    state(|words| &words.allowed, (All, "presented"), &[READY]),
    state(|words| &words.denied_ios, (Apple, "withheld"), &[DENIED]),
    state(|words| &words.denied_once, (Android, "withheld"), &[DENIED]),
    state(|words| &words.denied_twice, (Android, "withheld"), &[DENIED, "permission prompt", "permission deny"]),
    state(|words| &words.dismissed, (Android, "withheld"), &[ASKING, "permission dismiss"]),
    state(|words| &words.provisional, (Apple, "presented"), &["device set-up --permission provisional"]),
    state(
        |words| &words.policy_ios,
        (Apple, "withheld"),
        &[
            "device reset",
            "enroll --user adele@contoso.example --supervised --type appleBulkWithUser",
            "app install",
            "permission allow",
            "policy set NotificationsEnabled=false",
        ],
    ),
    state(|words| &words.policy_android, (Android, "withheld"), &[READY, "policy set PermissionGrantState=denied"]),
    state(|words| &words.not_enrolled, (All, "withheld"), &["device reset", "app install", "permission allow"]),
    state(|words| &words.app_removed, (All, "withheld"), &[READY, "app uninstall"]),
    state(|words| &words.retired, (All, "withheld"), &[READY, "retire"]),
    state(|words| &words.no_play_services, (Android, "withheld"), &[READY, "play-services remove"]),
    state(|words| &words.locked, (All, "presented"), &[READY, "device lock"]),
    state(|words| &words.text_hidden, (Apple, "presented"), &[READY, "settings set showPreviews=never", "device lock"]),
    state(
        |words| &words.text_hidden,
        (Android, "presented"),
        &[READY, "settings set lockScreen=PRIVATE", "device lock"],
    ),
    state(|words| &words.focus, (Apple, "presented"), &[READY, "device focus on"]),
    state(|words| &words.do_not_disturb, (Android, "presented"), &[READY, "device focus on"]),
    state(|words| &words.no_banners, (Apple, "presented"), &[READY, "settings set alert=off"]),
    state(|words| &words.silent_channel, (Android, "presented"), &[READY, "settings set channelImportance=LOW"]),
    state(|words| &words.channel_off, (Android, "withheld"), &[READY, "settings set channelImportance=NONE"]),
    state(|words| &words.app_open_ios, (Apple, "presented"), &[READY, "app open"]),
    state(|words| &words.app_open_android, (Android, "presented"), &[READY, "app open"]),
    state(|words| &words.offline, (All, ""), &[READY, "device offline"]),
    state(|words| &words.doze, (Android, "held"), &[READY, "device doze on"]),
    state(|words| &words.work_paused, (Android, "held"), &[READY, "device work-profile pause"]),
    state(|words| &words.force_stopped, (Android, "dropped"), &[READY, "app force-stop"]),
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
    let words = (state.words)(&words().gallery);
    html! {
        button type="button" class={ "tileb " (class) } data-lines=(requests(state, device)) data-outcome=(state.outcome) {
            span class="n" { (icon(look.map_or("air", |look| look.icon))) (words.name) }
            span { (words.means) }
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
    use super::super::words::LANGUAGES;
    use super::*;

    #[test]
    fn every_line_of_a_state_is_a_command_and_no_platform_has_a_name_twice() {
        for state in STATES {
            let sent: Vec<Value> = serde_json::from_str(&requests(state, DeviceId::from_bytes([0; 16]))).unwrap();
            assert_eq!(sent.len(), state.lines.len(), "{:?}", state.lines);
        }
        for (language, system) in
            LANGUAGES.iter().flat_map(|one| [(one, OperatingSystem::Ios), (one, OperatingSystem::Android)])
        {
            let states = STATES.iter().filter(|state| state.platforms.has(system));
            let mut names: Vec<&str> = states.map(|state| (state.words)(&language.gallery).name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        }
    }
}
