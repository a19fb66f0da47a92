//! `device` and `given`: the device that a scenario begins with.
//!
//! Lives here: reading them, the defaults, and the state changes that lead there from a device out of its box.
//! Does not live here: proving it on the device (the runner).

use portal_contract::{ActionKind, DeviceName, NotificationPermission, OperatingSystem};
use serde_json::{Value, json};

use super::super::model::{GivenDevice, StateChange, StatusCheck};
use super::diagnostic::{ProblemList, SourceSpan};
use super::members::{NodeMembers, list, parsed, shown, text, word};
use super::place::SourceFile;
use super::yaml::{YamlNode, YamlNodeKind};
use super::{changes, status};
use crate::daemon::{self, ConfigurationError};
use crate::settings::{Settings, SettingsSources};
use portal_device::{DocumentationYear, EmulationSettings, OsVersion};

/// Who enrolls a device whose scenario names nobody.
const USER: &str = "adele@contoso.example";

/// The device block, read.
struct DescribedDevice {
    place: SourceSpan,
    platform: OperatingSystem,
    os_version: OsVersion,
    app: Option<Value>,
    permission: Option<NotificationPermission>,
    enrollment: Option<Value>,
    /// Switches of the condition: the path that turns it on, its member of `status`, whether it is on.
    conditions: Vec<(&'static str, &'static str, bool)>,
    settings: Vec<(String, String)>,
    foreground: bool,
    play_services: Option<bool>,
}

/// A condition: its name here, the command that turns it on, and its member of `status`.
struct ConditionSwitch {
    name: &'static str,
    on: &'static str,
    member: &'static str,
}

/// The conditions in the order in which they are turned on; the last takes the device off the broker.
const SWITCHES: [ConditionSwitch; 7] = [
    ConditionSwitch { name: "focus", on: "focus/on", member: "focus" },
    ConditionSwitch { name: "batteryExempt", on: "battery/exempt", member: "batteryOptimisationExempt" },
    ConditionSwitch { name: "locked", on: "lock", member: "locked" },
    ConditionSwitch { name: "charging", on: "charging/on", member: "charging" },
    ConditionSwitch { name: "doze", on: "doze/on", member: "doze" },
    ConditionSwitch { name: "workProfilePaused", on: "work-profile/pause", member: "workProfilePaused" },
    ConditionSwitch { name: "offline", on: "offline", member: "offline" },
];

/// Reads the device block.
pub fn device(
    node: Option<&YamlNode>,
    places: &SourceFile,
    problems: &mut ProblemList,
) -> Option<(GivenDevice, Vec<StatusCheck>)> {
    let nothing = YamlNode { place: SourceSpan::default(), kind: YamlNodeKind::Map(Vec::new()) };
    let node = node.unwrap_or(&nothing);
    let mut members = NodeMembers::of(node, "device", problems)?;
    let before = problems.count();
    let rules = rules(&mut members, problems);
    let name = members.parsed::<DeviceName>("name", problems);
    let described = described(&mut members, problems);
    members.end("device", problems);
    if problems.count() > before {
        return None;
    }
    let setup = described.setup(problems);
    let checks = described.checks(places);
    let DescribedDevice { platform, os_version, .. } = described;
    Some((GivenDevice { platform, os_version, name, rules, setup }, checks))
}

fn rules(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> EmulationSettings {
    let mut rules = members.take("rules").and_then(|node| by_settings(node, problems)).unwrap_or_default();
    if let Some(documentation) = members.parsed::<DocumentationYear>("documentation", problems) {
        rules.documentation = documentation;
    }
    if let Some(emulate) = members.truth("pushService", problems) {
        rules.push_service.emulate = emulate;
    }
    if let Some(actions) = members.take("actions") {
        let read = list(actions).into_iter().filter_map(|node| parsed::<ActionKind>(node, "an action", problems));
        rules.allowed_actions = read.collect();
    }
    rules
}

/// The sections of the settings that say what a device does.
const SECTIONS: [&str; 4] = ["push_service", "enrollment", "app", "notifier"];

/// `rules`: settings by their names, as in `config/default.toml`: `push_service.android_priority: high`.
fn by_settings(node: &YamlNode, problems: &mut ProblemList) -> Option<EmulationSettings> {
    let mut settings = Vec::new();
    for (key, value) in NodeMembers::of(node, "rules", problems)?.take_rest() {
        let section = key.name.split('.').next().unwrap_or_default();
        if !SECTIONS.contains(&section) {
            let message = format!("rules has no {:?}", key.name);
            problems.add(
                key.place,
                message,
                format!("a setting of {}, as in push_service.emulate", SECTIONS.join(", ")),
            );
        }
        settings.push((key.name.clone(), setting(value, problems)?));
    }
    let rules = rules_by_settings(settings);
    rules.map_err(|error| problems.add(node.place, error, "config/default.toml says what each may be")).ok()
}

/// A setting's value as the command line takes it: of a list its members, with commas between them.
fn setting(node: &YamlNode, problems: &mut ProblemList) -> Option<String> {
    let texts: Option<Vec<&str>> = list(node).into_iter().map(|member| text(member, "a setting", problems)).collect();
    texts.map(|texts| texts.join(","))
}

/// What settings by their names say of a device's rules; the defaults for the rest.
///
/// # Errors
/// A sentence: there is no such setting, or its value is not right.
pub fn rules_by_settings(settings: Vec<(String, String)>) -> Result<EmulationSettings, String> {
    let sources = SettingsSources { command_line: settings, ..SettingsSources::default() };
    let loaded = Settings::load(&sources).map_err(ConfigurationError::from);
    loaded.and_then(|loaded| daemon::rules(&loaded.settings)).map_err(|error| error.to_string())
}

fn described(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> DescribedDevice {
    let platform = members.take("platform").and_then(|node| platform(node, problems)).unwrap_or(OperatingSystem::Ios);
    let os_version = members.parsed("osVersion", problems).unwrap_or_else(|| OsVersion::newest(platform));
    let app = app(members, problems);
    let permission = members.take("permission").and_then(|node| permission(node, problems));
    let enrollment = enrollment(members, problems);
    let mut conditions = Vec::new();
    for switch in &SWITCHES {
        if let Some(on) = members.truth(switch.name, problems) {
            conditions.push((switch.on, switch.member, on));
        }
    }
    let foreground = members.truth("foreground", problems).unwrap_or(false);
    let play_services = members.truth("playServices", problems);
    let settings = members.take("settings").map(|node| settings(node, problems)).unwrap_or_default();
    DescribedDevice {
        place: members.place,
        platform,
        os_version,
        app,
        permission,
        enrollment,
        conditions,
        settings,
        foreground,
        play_services,
    }
}

fn platform(node: &YamlNode, problems: &mut ProblemList) -> Option<OperatingSystem> {
    use OperatingSystem::{Android, Ios, IpadOs};
    word(node, "platform", &[("ios", Ios), ("ipados", IpadOs), ("android", Android)], problems)
}

/// `app`: `installed` (the default), `missing`, or the members of its install command.
fn app(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> Option<Value> {
    match members.take("app") {
        None => Some(json!({})),
        Some(node) if matches!(node.kind, YamlNodeKind::Map(_)) => changes::body("app/install", node, problems),
        Some(node) => {
            word(node, "app", &[("installed", true), ("missing", false)], problems).unwrap_or(true).then(|| json!({}))
        }
    }
}

fn permission(node: &YamlNode, problems: &mut ProblemList) -> Option<NotificationPermission> {
    use NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};
    let words = [NotDetermined, Denied, Authorized, Provisional].map(|permission| (permission.word(), permission));
    word(node, "permission", &words, problems)
}

/// `enrollment`: `none`, a user, or the members of the enroll command; by default the device is enrolled.
fn enrollment(members: &mut NodeMembers<'_>, problems: &mut ProblemList) -> Option<Value> {
    let Some(node) = members.take("enrollment") else { return Some(json!({ "user": USER })) };
    match &node.kind {
        YamlNodeKind::Map(_) => {
            let mut body = changes::body("enroll", node, problems)?;
            if let Some(body) = body.as_object_mut() {
                body.entry("user").or_insert_with(|| USER.into());
            }
            Some(body)
        }
        YamlNodeKind::Scalar(scalar) if scalar.text == "none" => None,
        YamlNodeKind::Scalar(scalar) if scalar.text == "enrolled" => Some(json!({ "user": USER })),
        YamlNodeKind::Scalar(scalar) if scalar.text.contains('@') => Some(json!({ "user": scalar.text })),
        _ => {
            let hint = "enrolled, none, the user who enrolled it, or the members of enroll";
            problems.add(node.place, format!("enrollment is {}", shown(node)), hint);
            None
        }
    }
}

fn settings(node: &YamlNode, problems: &mut ProblemList) -> Vec<(String, String)> {
    let Some(mut members) = NodeMembers::of(node, "settings", problems) else { return Vec::new() };
    let value = |node: &YamlNode| match node.text() {
        // YAML's truth values are a switch's positions.
        Some("true") => "on".to_owned(),
        Some("false") => "off".to_owned(),
        text => text.unwrap_or_default().to_owned(),
    };
    members.take_rest().into_iter().map(|(key, node)| (key.name.clone(), value(node))).collect()
}

impl DescribedDevice {
    /// The state changes that make it so, in order.
    fn setup(&self, problems: &mut ProblemList) -> Vec<StateChange> {
        let mut wanted: Vec<(&str, Value)> = Vec::new();
        if self.play_services == Some(false) {
            wanted.push(("play-services/remove", json!({})));
        }
        wanted.extend(self.app_and_permission());
        wanted.extend(self.enrollment.iter().map(|body| ("enroll", body.clone())));
        for (name, value) in &self.settings {
            wanted.push(("settings", json!({ "name": name, "value": value })));
        }
        if self.foreground {
            wanted.push(("app/open", json!({})));
        }
        wanted.extend(self.conditions.iter().filter(|(_, _, on)| *on).map(|(path, _, _)| (*path, json!({}))));
        let change = |(path, body): (&str, Value)| {
            changes::change(path, body)
                .map_err(|sentence| problems.add(self.place, format!("the device cannot be so: {sentence}"), ""))
                .ok()
        };
        wanted.into_iter().filter_map(change).collect()
    }

    /// Whether the platform asks for the permission when the app is installed (facts 4.1, 4.2).
    fn asks_at_install(&self) -> bool {
        self.platform.is_apple() || self.os_version.major() >= 13
    }

    fn app_and_permission(&self) -> Vec<(&'static str, Value)> {
        use NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};
        // The permission of an app that is not there is one that was answered before it was removed.
        let remembered = self.app.is_none() && self.permission.is_some_and(|permission| permission != NotDetermined);
        let Some(install) = self.app.clone().or_else(|| remembered.then(|| json!({}))) else { return Vec::new() };
        let mut changes = vec![("app/install", install)];
        match self.permission.unwrap_or(Authorized) {
            Authorized if !self.asks_at_install() => {}
            Authorized => changes.push(("permission/allow", json!({}))),
            Denied => changes.push(("permission/deny", json!({}))),
            NotDetermined => changes.push(("permission/reset", json!({}))),
            // The app asks quietly: there is no prompt, so what the install asked is taken back first.
            Provisional => {
                let quietly = json!({ "provisional": true });
                changes.extend([("permission/reset", json!({})), ("permission/prompt", quietly)]);
            }
        }
        if self.app.is_none() {
            changes.push(("app/uninstall", json!({})));
        }
        changes
    }

    /// What is proved of it.
    fn checks(&self, places: &SourceFile) -> Vec<StatusCheck> {
        let mut wanted: Vec<(&[&str], Value)> = vec![
            (&["operatingSystem"], self.platform.name().into()),
            (&["osVersion"], self.os_version.to_string().into()),
            (&["app", "installed"], self.app.is_some().into()),
            (&["app", "foreground"], (self.foreground && self.app.is_some()).into()),
            (&["prompt"], Value::Null),
        ];
        let user = self.enrollment.as_ref().and_then(|body| body.get("user")).cloned().unwrap_or_default();
        wanted.push((&["userPrincipalName"], lower(user)));
        let permission = self.permission.or(self.app.is_some().then_some(NotificationPermission::Authorized));
        wanted.extend(permission.map(|permission| (&["notificationPermission"][..], permission.word().into())));
        if !self.platform.is_apple() {
            wanted.push((&["condition", "playServices"], self.play_services.unwrap_or(true).into()));
        }
        let at = places.at(self.place);
        let check = |(path, value): (&[&str], Value)| StatusCheck {
            at: at.clone(),
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            value,
        };
        let conditions = self.conditions.iter().map(|(_, member, on)| StatusCheck {
            at: at.clone(),
            path: vec!["condition".to_owned(), (*member).to_owned()],
            value: (*on).into(),
        });
        wanted.into_iter().map(check).chain(conditions).collect()
    }
}

/// A user principal name is lower-cased on entry (contract 2).
fn lower(user: Value) -> Value {
    user.as_str().map_or(Value::Null, |user| user.to_lowercase().into())
}

/// Reads `given`: checks of `status`.
pub fn given(node: Option<&YamlNode>, places: &SourceFile, problems: &mut ProblemList) -> Vec<StatusCheck> {
    node.map(|node| status::read(node, places, problems)).unwrap_or_default()
}

/// For the schema: the switches' names.
pub fn switch_names() -> impl Iterator<Item = &'static str> {
    SWITCHES.iter().map(|switch| switch.name)
}
