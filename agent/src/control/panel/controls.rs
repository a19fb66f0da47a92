//! Do: every command of the table that the platform has, each as a control that shows its command line.
//!
//! The common ones stand open in the words of a phone; all of them are below, made of the table's rows, so that none can be
//! missing. Whether the device can carry one out is the device's to say: a refusal is an answer, and no rule is copied here to
//! grey a button out. Another platform's commands are absent.
//!
//! Lives here: the controls. Does not live here: what they do, what they are called (`words`).

use maud::{Markup, html};
use portal_contract::command::{Argument, ArgumentKind, COMMANDS, CommandRow, Times, hosting};
use portal_contract::{DeviceId, OperatingSystem};
use serde_json::json;

use super::gallery::gallery;
use super::line::request_of;
use super::page::icon;
use super::phone::press;
use super::words::{ControlWords, words};

/// A control's name in a language.
type ControlLabel = fn(&ControlWords) -> &'static str;

/// Switches of the phone: the member of the page's state, the name, and the lines that turn it on and off.
const SWITCHES: [(&str, ControlLabel, &str, &str); 7] = [
    ("locked", |words| words.locked, "device lock", "device unlock"),
    ("offline", |words| words.offline, "device offline", "device online"),
    ("focus", |words| words.focus, "device focus on", "device focus off"),
    ("doze", |words| words.doze, "device doze on", "device doze off"),
    ("workProfilePaused", |words| words.work_paused, "device work-profile pause", "device work-profile resume"),
    ("charging", |words| words.charging, "device charging on", "device charging off"),
    ("playServices", |words| words.play_services, "play-services install", "play-services remove"),
];

/// The permission's buttons, and one click to a device in a known state.
const PERMISSION: [(ControlLabel, &str); 7] = [
    (|words| words.ask, "permission prompt"),
    (|words| words.allow, "permission allow"),
    (|words| words.deny, "permission deny"),
    (|words| words.dismiss, "permission dismiss"),
    (|words| words.keep, "permission keep"),
    (|words| words.turn_off, "permission turn-off"),
    (|words| words.forget, "permission reset"),
];
/// Quiet authorization, which is Apple's.
const QUIET: &str = "device set-up --permission provisional";
const SET_UP: [(ControlLabel, &str); 5] = [
    (|words| words.new_device, "device reset"),
    (|words| words.asking, "device set-up --permission notDetermined"),
    (|words| words.allowed, "device set-up --permission authorized"),
    (|words| words.denied, "device set-up --permission denied"),
    (|words| words.quiet, QUIET),
];

/// The groups of the full list: what their commands' names begin with.
const GROUPS: [(ControlLabel, &[&str]); 4] = [
    (|words| words.company_portal, &["app", "permission"]),
    (|words| words.enrollment, &["enroll", "enrollment", "retire", "wipe", "delete", "policy"]),
    (|words| words.device, &["device", "play-services", "os", "return"]),
    (|words| words.settings, &["settings", "clock"]),
];

/// The controls of a device.
pub(super) fn controls(device: DeviceId, system: OperatingSystem) -> Markup {
    let words = &words().controls;
    let has = |line: &&(ControlLabel, &str)| exists(line.1, system);
    html! {
        (sending(device, words))
        section class="card" {
            h2 { (words.permission) }
            div class="row" { @for (label, line) in PERMISSION.iter().filter(has) { (press("b", label(words), line, device)) } }
        }
        section class="card" {
            h2 { (words.device) }
            div class="switches" {
                @for (member, label, on, off) in SWITCHES.iter().filter(|row| exists(row.2, system)) {
                    (switch(member, label(words), on, off, device))
                }
            }
        }
        section class="card" {
            h2 { (words.set_up) span { (words.set_up_means) } }
            @let is_there = |(_, line): &&(ControlLabel, &str)| system.is_apple() || *line != QUIET;
            div class="row" { @for (label, line) in SET_UP.iter().filter(is_there) { (press("b", label(words), line, device)) } }
            details id="all-states" { summary { (words.all_states) } (gallery(device, system)) }
        }
        section class="card more" {
            details id="all-daemon" {
                summary { (words.this_daemon) }
                (form(&hosting::ADD, device))
                form class="form" data-method=(hosting::REMOVE.method.name()) data-path=(hosting::REMOVE.path_of(device)) data-line=(hosting::REMOVE.name) data-named="" {
                    div class="row" { button class="b" type="submit" { (hosting::REMOVE.name) } }
                    p { ((words.remove_this)(hosting::REMOVE.summary)) }
                }
            }
            @for (name, beginnings) in GROUPS {
                details id={ "all-" (beginnings[0]) } {
                    summary { (name(words)) }
                    @for row in rows(beginnings, system) { (form(row, device)) }
                }
            }
        }
    }
}

fn exists(line: &str, system: OperatingSystem) -> bool {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    super::line::row_of(&words).is_some_and(|row| row.platforms.has(system))
}

fn rows(beginnings: &'static [&'static str], system: OperatingSystem) -> impl Iterator<Item = &'static CommandRow> {
    let begins = move |row: &&CommandRow| row.words().next().is_some_and(|word| beginnings.contains(&word));
    COMMANDS.iter().filter(begins).filter(move |row| row.platforms.has(system))
}

fn sending(device: DeviceId, words: &ControlWords) -> Markup {
    html! {
        section class="card" {
            h2 { (words.send_push) span { (words.limits) } }
            form data-method="POST" data-path={ "/v1/devices/" (device) "/push" } data-line="push --here" {
                label class="sr" for="push-title" { (words.title) }
                input class="field" id="push-title" data-member="notificationTitle" data-kind="text" data-long="title" value=(words.title_sample);
                label class="sr" for="push-body" { (words.body) }
                textarea class="field" id="push-body" rows="2" data-member="notificationBody" data-kind="text" data-long="body" { (words.body_sample) }
                details id="push-more" {
                    summary { (words.more) }
                    (text_field("push-id", words.id, "id", Some("id"), words.id_sample))
                    (text_field("push-expires", words.expires_in, "expiresIn", Some("expires-in"), "4h"))
                    (text_field("push-user", words.targeted_user, "targetUserPrincipalName", Some("target-user"), "adele@contoso.example"))
                    (text_field("push-key", words.collapse_key, "collapseKey", Some("collapse-key"), "news"))
                    (group_field("push-group", words))
                    (count_field("push-count", words))
                }
                button class="b main" type="submit" { (icon("plane")) (words.send) }
            }
            details id="push-raw" {
                summary { (words.any_bytes) }
                form data-method="POST" data-path={ "/v1/devices/" (device) "/push/raw" } data-line="push --here --raw -" {
                    label class="sr" for="raw-text" { (words.bytes) }
                    textarea class="field code" id="raw-text" rows="3" data-member="text" data-kind="piped" { r#"{"id":"1","notificationTitle":7}"# }
                    (group_field("raw-group", words))
                    (count_field("raw-count", words))
                    button class="b" type="submit" { (words.send_bytes) }
                }
            }
        }
    }
}

fn text_field(id: &str, label: &str, member: &str, long: Option<&str>, example: &str) -> Markup {
    html! {
        label for=(id) { (label) }
        input class="field" id=(id) data-member=(member) data-kind="text" data-long=[long] placeholder=(example);
    }
}

fn group_field(id: &str, words: &ControlWords) -> Markup {
    html! {
        label for=(id) { (words.group) }
        input class="field" id=(id) data-member="group" data-kind="text" data-long="group" list="groups" placeholder="UUID";
    }
}

fn count_field(id: &str, words: &ControlWords) -> Markup {
    html! {
        label for=(id) { (words.count) }
        input class="field" id=(id) data-member="count" data-kind="number" data-long="count" placeholder="1" inputmode="numeric";
    }
}

fn switch(member: &str, label: &str, on: &str, off: &str, device: DeviceId) -> Markup {
    let sent = |line: &str| {
        request_of(line, device).map(|request| {
            json!({ "method": request.method.name(), "path": request.path, "body": request.body.to_string(), "line": line })
                .to_string()
        })
    };
    html! {
        button class="switch" type="button" role="switch" aria-checked="false" data-switch=(member)
            data-on=[sent(on)] data-off=[sent(off)] title={ "portal-agent " (on) " | " (off) } { (label) i {} }
    }
}

/// A row of the table with what it takes.
fn form(row: &CommandRow, device: DeviceId) -> Markup {
    html! {
        form class="form" data-method=(row.method.name()) data-path=(row.path_of(device)) data-line=(row.name) {
            @for argument in row.arguments { (field(row, argument)) }
            div class="row" { button class="b" type="submit" { (row.name) } }
            p { (row.summary) }
        }
    }
}

fn field(row: &CommandRow, argument: &Argument) -> Markup {
    let member = argument.member;
    let (long, example, kind) = match argument.kind {
        ArgumentKind::Positional { value_name } => (None, value_name, "text"),
        ArgumentKind::NameAndValue => (None, "NAME=VALUE", "pair"),
        ArgumentKind::Option { long, value_name, times: Times::Many, .. } => (Some(long), value_name, "many"),
        ArgumentKind::Option { long, value_name, .. } => (Some(long), value_name, "text"),
        ArgumentKind::Flag { long } => (Some(long), "", "flag"),
    };
    let name = long.unwrap_or(example);
    let id = format!("{}-{}", row.name.replace(' ', "-"), name.to_lowercase());
    // What reads a number out of digits sends a number.
    let is_number = kind == "text" && (argument.read)("33").is_ok_and(|value| value.is_number());
    let fixed = (kind == "flag").then(|| (argument.read)(name).unwrap_or_default().to_string());
    html! {
        @if kind == "flag" {
            label class="check" for=(id) title=(argument.help) {
                input type="checkbox" id=(id) data-member=(member) data-kind="flag" data-long=[long] data-value=[fixed];
                (name)
            }
        } @else if long.is_some() && example.contains('|') {
            // Typed words are not always the members' own: `android` is sent as Android.
            label for=(id) title=(argument.help) { (name) }
            select class="field" id=(id) title=(argument.help) data-member=(member) data-long=[long] data-kind="choice" {
                option value="" {}
                @for word in example.split('|') {
                    @if let Ok(value) = (argument.read)(word) { option value=(value) { (word) } }
                }
            }
        } @else {
            label for=(id) title=(argument.help) { (name) }
            input class="field" id=(id) title=(argument.help) placeholder=(example) data-member=(member) data-long=[long]
                data-kind={ @if is_number { "number" } @else { (kind) } };
        }
    }
}

#[cfg(test)]
mod tests {
    use portal_contract::command::all_rows;

    use super::*;

    #[test]
    fn every_command_of_the_table_has_a_control_on_its_platforms() {
        let device = DeviceId::from_bytes([0; 16]);
        for system in [OperatingSystem::Ios, OperatingSystem::IpadOs, OperatingSystem::Android] {
            let page = controls(device, system).into_string();
            for row in COMMANDS {
                let control = format!("data-path=\"{}\" data-line=\"{}\"", row.path_of(device), row.name);
                assert_eq!(page.contains(&control), row.platforms.has(system), "{}: {}", system.name(), row.name);
            }
        }
    }

    /// What only shows something has no control: where the page shows it instead, or why it does not.
    const SHOWN: [(&str, &str); 11] = [
        ("status", "the phone's facts, the switches, Why"),
        ("screen", "See"),
        ("app notifications", "See, with the app open"),
        ("enrollment show", "Why and When; each state by its name is in the API alone"),
        ("policy show", "See, the settings"),
        ("permission show", "Why"),
        ("settings show", "See, the settings"),
        ("log", "When"),
        ("wait", "nobody waits at a page: it shows what comes"),
        ("explain", "Why"),
        ("doctor", "it concerns this computer and no device: in a terminal, where a desktop is put right"),
    ];

    #[test]
    fn every_row_of_the_table_has_a_control_or_a_stated_reason() {
        let device = DeviceId::from_bytes([0; 16]);
        let pages =
            [OperatingSystem::Ios, OperatingSystem::Android].map(|system| controls(device, system).into_string());
        for row in all_rows() {
            let is_listed = row.name == hosting::LIST.name;
            let has_reason = SHOWN.iter().any(|(name, _)| *name == row.name) || is_listed;
            let has_control = pages.iter().any(|page| page.contains(&format!("data-line=\"{}\"", row.name)));
            assert!(has_control != has_reason, "{}: {has_control}", row.name);
        }
    }

    #[test]
    fn every_button_is_a_command() {
        let device = DeviceId::from_bytes([0; 16]);
        let switched = SWITCHES.iter().flat_map(|(_, _, on, off)| [*on, *off]);
        for line in PERMISSION.iter().chain(&SET_UP).map(|(_, line)| *line).chain(switched) {
            assert!(request_of(line, device).is_some(), "{line}");
        }
    }
}
