//! The device block of a recorded scenario: the device as it stood when the watching began.
//!
//! Lives here: what of a status a device block says. Pure.

use portal_contract::{NotificationPermission, StatusReport};
use serde_json::{Map, Value, json};

use super::line::flow;
use portal_device::NotificationSwitches;

/// The device block, in flow form.
pub(super) fn block(status: &StatusReport) -> String {
    let device = &status.device;
    let mut block = Map::new();
    let mut say = |name: &str, value: Value| block.insert(name.to_owned(), value);
    say("platform", device.operating_system.name().to_lowercase().into());
    say("osVersion", device.os_version.clone().into());
    say("documentation", status.documentation.clone().into());
    say("app", app(status));
    say("permission", permission(status).into());
    say("enrollment", enrollment(status));
    for (name, on) in conditions(status) {
        if on {
            say(name, true.into());
        }
    }
    if status.condition.play_services == Some(false) {
        say("playServices", false.into());
    }
    let settings = settings(status);
    if !settings.is_empty() {
        say("settings", Value::Object(settings));
    }
    flow(&Value::Object(block))
}

/// What of the device is not in the block, for who reads the file.
pub(super) fn comments(status: &StatusReport) -> Vec<String> {
    let mut comments = Vec::new();
    if status.held > 0 {
        let held = status.held;
        comments.push(format!("{held} held on the device when the recording began; what became of them is left out."));
    }
    comments
}

fn app(status: &StatusReport) -> Value {
    match (&status.app.version, status.app.installed) {
        (_, false) => "missing".into(),
        (Some(version), true) => json!({ "version": version }),
        (None, true) => "installed".into(),
    }
}

/// With the prompt showing, the scenario begins before it and asks first.
fn permission(status: &StatusReport) -> &'static str {
    let asked = status.prompt.is_some();
    let permission = status.device.notification_permission;
    if asked { NotificationPermission::NotDetermined.word() } else { permission.word() }
}

fn enrollment(status: &StatusReport) -> Value {
    match &status.device.user_principal_name {
        None => "none".into(),
        Some(user) if status.groups.is_empty() => json!({ "user": user }),
        Some(user) => json!({ "user": user, "groups": status.groups }),
    }
}

fn conditions(status: &StatusReport) -> [(&'static str, bool); 8] {
    let condition = &status.condition;
    [
        ("focus", condition.focus),
        ("batteryExempt", condition.battery_optimisation_exempt),
        ("locked", condition.locked),
        ("doze", condition.doze),
        ("charging", condition.charging),
        ("workProfilePaused", condition.work_profile_paused),
        ("offline", condition.offline),
        ("foreground", status.app.foreground),
    ]
}

/// The platform's switches that are not as they come.
fn settings(status: &StatusReport) -> Map<String, Value> {
    let fresh = NotificationSwitches::out_of_the_box(status.device.operating_system).list();
    let differs = status.settings.iter().filter(|(name, value)| fresh.get(*name) != Some(*value));
    differs.map(|(name, value)| (name.clone(), value.clone().into())).collect()
}
