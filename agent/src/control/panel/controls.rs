//! Do: every command of the table that the platform has, each as a control that shows its command line.
//!
//! The common ones stand open in the words of a phone; all of them are below, made of the table's rows, so that none can be
//! missing. Whether the device can carry one out is the device's to say: a refusal is an answer, and no rule is copied here to
//! grey a button out. Another platform's commands are absent.
//!
//! Lives here: the controls. Does not live here: what they do.

use maud::{Markup, html};
use portal_contract::command::{Argument, ArgumentKind, COMMANDS, CommandRow, Times, hosting};
use portal_contract::{DeviceId, OperatingSystem};
use serde_json::json;

use super::gallery::gallery;
use super::line::request_of;
use super::page::icon;
use super::phone::press;

/// Switches of the phone: the member of the page's state, the words, and the lines that turn it on and off.
const SWITCHES: [(&str, &str, &str, &str); 7] = [
    ("locked", "Locked", "device lock", "device unlock"),
    ("offline", "Offline", "device offline", "device online"),
    ("focus", "Focus", "device focus on", "device focus off"),
    ("doze", "Doze", "device doze on", "device doze off"),
    ("workProfilePaused", "Work paused", "device work-profile pause", "device work-profile resume"),
    ("charging", "Charging", "device charging on", "device charging off"),
    ("playServices", "Play Services", "play-services install", "play-services remove"),
];

/// The permission's buttons, and one click to a device in a known state.
const PERMISSION: [(&str, &str); 7] = [
    ("Ask", "permission prompt"),
    ("Allow", "permission allow"),
    ("Don\u{2019}t allow", "permission deny"),
    ("Swipe away", "permission dismiss"),
    ("Keep", "permission keep"),
    ("Turn Off", "permission turn-off"),
    ("Forget", "permission reset"),
];
const SET_UP: [(&str, &str); 5] = [
    ("Out of its box", "device reset"),
    ("Asking", "device set-up --permission notDetermined"),
    ("Allowed", "device set-up --permission authorized"),
    ("Denied", "device set-up --permission denied"),
    ("Quiet", "device set-up --permission provisional"),
];

/// The groups of the full list: what their commands' names begin with.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Company Portal", &["app", "permission"]),
    ("Enrollment", &["enroll", "enrollment", "retire", "wipe", "delete", "policy"]),
    ("Device", &["device", "play-services", "os", "return"]),
    ("Settings and clock", &["settings", "clock"]),
];

/// The controls of a device.
pub(super) fn controls(device: DeviceId, system: OperatingSystem) -> Markup {
    let has = |line: &&(&str, &str)| exists(line.1, system);
    html! {
        (sending(device))
        section class="card" {
            h2 { "Permission" }
            div class="row" { @for (label, line) in PERMISSION.iter().filter(has) { (press("b", label, line, device)) } }
        }
        section class="card" {
            h2 { "Device" }
            div class="switches" {
                @for (member, label, on, off) in SWITCHES.iter().filter(|row| exists(row.2, system)) {
                    (switch(member, label, on, off, device))
                }
            }
        }
        section class="card" {
            h2 { "Set up" span { "a known state in one step" } }
            // Quiet authorization is Apple's.
            @let is_there = |(label, _): &&(&str, &str)| system.is_apple() || *label != "Quiet";
            div class="row" { @for (label, line) in SET_UP.iter().filter(is_there) { (press("b", label, line, device)) } }
            details id="all-states" { summary { "All states" } (gallery(device, system)) }
        }
        section class="card more" {
            details id="all-daemon" {
                summary { "This daemon" }
                (form(&hosting::ADD, device))
                form class="form" data-method=(hosting::REMOVE.method.name()) data-path=(hosting::REMOVE.path_of(device)) data-line=(hosting::REMOVE.name) data-named="" {
                    div class="row" { button class="b" type="submit" { (hosting::REMOVE.name) } }
                    p { "This one. " (hosting::REMOVE.summary) }
                }
            }
            @for (name, beginnings) in GROUPS {
                details id={ "all-" (beginnings[0]) } {
                    summary { (name) }
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

fn sending(device: DeviceId) -> Markup {
    html! {
        section class="card" {
            h2 { "Send a push" span { "title 50, body 500" } }
            form data-method="POST" data-path={ "/v1/devices/" (device) "/push" } data-line="push --here" {
                label class="sr" for="push-title" { "Title" }
                input class="field" id="push-title" data-member="notificationTitle" data-kind="text" data-long="title" value="Office closed";
                label class="sr" for="push-body" { "Body" }
                textarea class="field" id="push-body" rows="2" data-member="notificationBody" data-kind="text" data-long="body" { "Work from home on Friday." }
                details id="push-more" {
                    summary { "More" }
                    (text_field("push-id", "Id", "id", Some("id"), "a new one"))
                    (text_field("push-expires", "Expires in", "expiresIn", Some("expires-in"), "4h"))
                    (text_field("push-user", "Targeted user", "targetUserPrincipalName", Some("target-user"), "adele@contoso.example"))
                    (text_field("push-key", "Collapse key", "collapseKey", Some("collapse-key"), "news"))
                    (group_field("push-group"))
                    (count_field("push-count"))
                }
                button class="b main" type="submit" { (icon("plane")) "Send" }
            }
            details id="push-raw" {
                summary { "Any bytes" }
                form data-method="POST" data-path={ "/v1/devices/" (device) "/push/raw" } data-line="push --here --raw -" {
                    label class="sr" for="raw-text" { "What is sent as it is" }
                    textarea class="field code" id="raw-text" rows="3" data-member="text" data-kind="piped" { r#"{"id":"1","notificationTitle":7}"# }
                    (group_field("raw-group"))
                    (count_field("raw-count"))
                    button class="b" type="submit" { "Send the bytes" }
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

fn group_field(id: &str) -> Markup {
    html! {
        label for=(id) { "To a group, and not to this device alone" }
        input class="field" id=(id) data-member="group" data-kind="text" data-long="group" list="groups" placeholder="UUID";
    }
}

fn count_field(id: &str) -> Markup {
    html! {
        label for=(id) { "How many" }
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
