//! A phone as `status --json`, or the state on its topic, tells of it.
//!
//! Lives here: which of its members say how a phone is. Does not live here: what is done to a phone until it is so.
//!
//! A state says how the permission stands, and not how it came to it: a denial counts as the first.

use portal_contract::{NotificationPermission, OperatingSystem, OsVersion};
use portal_device::EmulationSettings;
use serde_json::Value;

use super::{DescribedPhone, DescribedPush, DescriptionError};

/// The phone that a state tells of; none where the bytes are no state of a device.
pub(super) fn read(bytes: &[u8]) -> Option<Result<DescribedPhone, DescriptionError>> {
    let state: Value = serde_json::from_slice(bytes).ok()?;
    let platform = state.get("operatingSystem")?.as_str()?.to_owned();
    Some(phone(&state, &platform))
}

fn phone(state: &Value, platform: &str) -> Result<DescribedPhone, DescriptionError> {
    let text = |path: &str| state.pointer(path).and_then(Value::as_str);
    let wrong = |message: String| DescriptionError::new(message, "the file is to be what status --json prints");
    let operating_system: OperatingSystem = serde_json::from_value(platform.into())
        .map_err(|_| wrong(format!("operatingSystem is {platform:?}, and not iOS, iPadOS or Android")))?;
    let os_version = match text("/osVersion") {
        Some(version) => version.parse().map_err(wrong)?,
        None => OsVersion::newest(operating_system),
    };
    let mut rules = EmulationSettings::default();
    if let Some(year) = text("/documentation") {
        rules.documentation = year.parse().map_err(wrong)?;
    }
    if let Some(emulated) = state.pointer("/pushServiceEmulated").and_then(Value::as_bool) {
        rules.push_service.emulate = emulated;
    }
    let name = text("/deviceName").unwrap_or_default().to_owned();
    let push = DescribedPush::default();
    let mut phone = DescribedPhone { name, operating_system, os_version, rules, setup: Vec::new(), push };
    for line in lines(state, &phone) {
        phone.change(&line)?;
    }
    Ok(phone)
}

fn lines(state: &Value, phone: &DescribedPhone) -> Vec<String> {
    let text = |path: &str| state.pointer(path).and_then(Value::as_str);
    let is = |path: &str| state.pointer(path).and_then(Value::as_bool) == Some(true);
    let mut lines: Vec<String> = Vec::new();
    if state.pointer("/condition/playServices") == Some(&Value::Bool(false)) {
        lines.push("play-services remove".to_owned());
    }
    // The state on the topic has no `app`, but its prerequisite.
    let installed = is("/app/installed") || is("/prerequisites/companyPortalInstalled");
    if installed {
        let version = text("/app/version").map(|version| format!(" --version {version}")).unwrap_or_default();
        let target = state.pointer("/app/targetSdk").and_then(Value::as_u64);
        let target = target.map(|target| format!(" --target-sdk {target}")).unwrap_or_default();
        lines.push(format!("app install{version}{target}"));
        lines.extend(permission(state, phone).iter().map(|line| (*line).to_owned()));
    }
    lines.extend(enrollment(state));
    lines.extend(pairs(state, "/settings", "settings set"));
    lines.extend(pairs(state, "/policy", "policy set"));
    for (path, line) in CONDITIONS {
        if is(path) {
            lines.push((*line).to_owned());
        }
    }
    lines.extend(text("/condition/standbyBucket").map(|bucket| format!("device standby {bucket}")));
    lines
}

/// What is true of a phone, with the command that makes it so; the last takes it off the network.
const CONDITIONS: &[(&str, &str)] = &[
    ("/app/foreground", "app open"),
    ("/app/forceStopped", "app force-stop"),
    ("/condition/focus", "device focus on"),
    ("/condition/batteryOptimisationExempt", "device battery exempt"),
    ("/condition/locked", "device lock"),
    ("/condition/doze", "device doze on"),
    ("/condition/workProfilePaused", "device work-profile pause"),
    ("/condition/offline", "device offline"),
];

fn permission(state: &Value, phone: &DescribedPhone) -> &'static [&'static str] {
    let prompt_is_showing = state.get("prompt").is_some_and(|prompt| !prompt.is_null());
    let word = state.get("notificationPermission").cloned().unwrap_or_default();
    let asks = phone.operating_system.is_apple() || phone.os_version.major() >= 13;
    match serde_json::from_value::<NotificationPermission>(word) {
        _ if prompt_is_showing => &[],
        Ok(NotificationPermission::Denied) => &["permission deny"],
        Ok(NotificationPermission::NotDetermined) => &["permission reset"],
        Ok(NotificationPermission::Provisional) => &["permission reset", "permission prompt --provisional"],
        Ok(NotificationPermission::Authorized) | Err(_) if asks => &["permission allow"],
        Ok(NotificationPermission::Authorized) | Err(_) => &[],
    }
}

fn enrollment(state: &Value) -> Vec<String> {
    let text = |path: &str| state.pointer(path).and_then(Value::as_str);
    let Some(user) = text("/userPrincipalName") else { return Vec::new() };
    let mut line = format!("enroll --user {user}");
    for (path, option) in [("/deviceEnrollmentType", "type"), ("/managedDeviceOwnerType", "owner")] {
        line.extend(text(path).map(|word| format!(" --{option} {word}")));
    }
    if state.pointer("/isSupervised") == Some(&Value::Bool(true)) {
        line.push_str(" --supervised");
    }
    let groups = state.get("groups").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    line.extend(groups.map(|group| format!(" --group {group}")));
    let states = [("/managementState", "managementState"), ("/deviceRegistrationState", "deviceRegistrationState")];
    let set = states.into_iter().filter_map(|(path, name)| Some(format!("enrollment set {name}={}", text(path)?)));
    std::iter::once(line).chain(set).collect()
}

fn pairs(state: &Value, path: &str, command: &str) -> Vec<String> {
    let members = state.pointer(path).and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(name, value)| Some(format!("{command} {name}={}", value.as_str()?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(state: &Value) -> Value {
        let phone = read(state.to_string().as_bytes()).unwrap().unwrap();
        serde_json::to_value(phone.explain("T", "B").unwrap()).unwrap()
    }

    #[test]
    fn a_saved_status_is_a_phone() {
        let mut state = json!({
            "operatingSystem": "Android", "osVersion": "14", "documentation": "2023", "deviceName": "Pixel",
            "app": {"installed": true, "version": "5.0.5291.0", "targetSdk": 33, "foreground": false},
            "notificationPermission": "authorized", "userPrincipalName": "adele@contoso.example",
            "deviceEnrollmentType": "userEnrollment", "managedDeviceOwnerType": "personal",
            "managementState": "managed", "settings": {"channelImportance": "LOW"},
            "condition": {"doze": false, "playServices": true, "standbyBucket": "active"}, "prompt": null,
        });
        assert_eq!(outcome(&state)["surface"], "notificationCenter");
        state["notificationPermission"] = "denied".into();
        assert_eq!(outcome(&state)["unmet"], json!(["notificationsPermitted"]));
        state["userPrincipalName"] = serde_json::Value::Null;
        assert_eq!(outcome(&state)["unmet"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_state_is_none_and_a_wrong_word_is_named() {
        assert!(read(b"name: a scenario").is_none());
        assert!(read(b"{}").is_none());
        let error = read(br#"{"operatingSystem":"Symbian"}"#).unwrap().unwrap_err();
        assert!(error.message.contains("Symbian"), "{error:?}");
    }
}
