//! Snapshots that were ever written load for ever (`data/`), and hold what they held.
//!
//! A member that is added needs a default, and a new pair of files beside the old ones:
//! `tests/regenerate` writes those of `NEWEST` once.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use portal_contract::status::PromptChoice;
use portal_contract::{GroupList, NotificationPermission, RemoteAction, StandbyBucket};
use serde_json::Value;

use super::rig::{ANDROID, DeviceRig, IPHONE};
use super::sent::{group, sent, user};
use crate::{
    AppCommand, ConditionCommand, Device, DeviceCommand, DeviceInput, DeviceSnapshot, EmulationSettings, HeldPush,
    ResumePoint,
};

/// The newest files' number; one more whenever a member is added.
const NEWEST: u32 = 6;

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/tests/data")
}

fn files(kind: &str) -> Vec<(String, Value)> {
    let entries = fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().contains(kind)).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    };
    paths.into_iter().map(read).collect()
}

/// A device on which every member holds something, and a push that it holds.
fn full(apple: bool) -> (DeviceSnapshot, HeldPush) {
    let mut rig = DeviceRig::ready(if apple { IPHONE } else { ANDROID });
    let groups = [group(1), group(2)].into();
    rig.happens(DeviceInput::GroupsHeard(GroupList { user_principal_name: Some(user("adele")), groups }));
    let action = RemoteAction { id: "1".to_owned(), action: "wipe".to_owned(), sent_at: None };
    rig.action_arrives(action);
    rig.app(AppCommand::SignIn);
    rig.condition(ConditionCommand::Locked(true));
    rig.command(DeviceCommand::ClockAdvance { millis: 60_000 });
    rig.set("lockScreen", if apple { "off" } else { "PRIVATE" });
    if apple {
        rig.go_offline();
        rig.come_back();
    } else {
        rig.command(DeviceCommand::Standby { bucket: StandbyBucket::Rare });
        rig.condition(ConditionCommand::Doze(true));
    }
    let expires_at = rig.now.plus_seconds(3_600);
    rig.push(sent("held").for_group(1).for_user("adele").sent_at(rig.now).expires_at(expires_at).collapsing("news"));
    rig.uninstall();
    if apple {
        // After two days the status is forgotten, and the prompt shows.
        rig.now = rig.now.plus_seconds(2 * 24 * 3_600);
        let held = rig.held.values().next().unwrap().clone();
        let snapshot = {
            rig.install();
            rig.snapshot().clone()
        };
        return (snapshot, held);
    }
    let held = rig.held.values().next().unwrap().clone();
    (rig.snapshot().clone(), held)
}

/// The paths of all members, such as `app.version`.
fn members(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Value::Object(members_of_it) = value {
        for (name, member) in members_of_it {
            let path = format!("{path}.{name}");
            found.insert(path.clone());
            members(member, &path, found);
        }
    }
}

fn today() -> [(String, Value); 4] {
    let (iphone, held_by_iphone) = full(true);
    let (android, held_by_android) = full(false);
    [
        (format!("snapshot-{NEWEST}-iphone.json"), serde_json::to_value(iphone).unwrap()),
        (format!("snapshot-{NEWEST}-android.json"), serde_json::to_value(android).unwrap()),
        (format!("held-push-{NEWEST}-iphone.json"), serde_json::to_value(held_by_iphone).unwrap()),
        (format!("held-push-{NEWEST}-android.json"), serde_json::to_value(held_by_android).unwrap()),
    ]
}

#[test]
fn the_newest_files_hold_every_member_of_today() {
    for (name, value) in today() {
        let path = data().join(&name);
        if std::env::var_os("PORTAL_REGENERATE").is_some() && !path.exists() {
            fs::write(&path, serde_json::to_string_pretty(&value).unwrap() + "\n").unwrap();
        }
        let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let (mut now, mut then) = (BTreeSet::new(), BTreeSet::new());
        members(&value, "", &mut now);
        members(&written, "", &mut then);
        assert_eq!(now, then, "{name}: a member was added or renamed; see this module's head");
    }
}

#[test]
fn every_snapshot_ever_written_loads_and_goes_on() {
    let files = files("snapshot-");
    assert!(files.len() >= 2);
    for (name, json) in files {
        let snapshot: DeviceSnapshot = serde_json::from_value(json).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(snapshot.enrollment.enrolled.as_ref().unwrap().user, user("adele"), "{name}");
        assert_eq!(snapshot.enrollment.groups, [group(1), group(2)].into(), "{name}");
        assert_eq!(snapshot.app.is_installed(), name.contains("iphone"), "{name}");
        assert_eq!(snapshot.permission.prompt.is_some(), name.contains("iphone"), "{name}");
        let mut device = Device::resume(snapshot, ResumePoint::default(), EmulationSettings::default());
        let now = device.snapshot().updated_at;
        for command in [
            AppCommand::Update { version: None, target_sdk: None },
            AppCommand::Install { version: None, target_sdk: None },
        ] {
            drop(device.apply(DeviceInput::Command(DeviceCommand::App(command)), now));
        }
        let number = device.snapshot().permission.prompt.unwrap().number;
        device.apply(DeviceInput::PromptAnswered { number, choice: PromptChoice::Allow }, now).unwrap();
        let state = device.snapshot().device_state();
        assert_eq!(state.notification_permission, NotificationPermission::Authorized, "{name}");
        assert!(state.prerequisites.values().all(|met| *met), "{name}");
    }
}

#[test]
fn every_held_push_ever_written_loads() {
    let files = files("held-push-");
    assert!(files.len() >= 2);
    for (name, json) in files {
        let held: HeldPush = serde_json::from_value(json).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(held.push.notification.id.as_str(), "held");
    }
}

/// A snapshot of before a member was added lacks it: what may grow has a default for each of its members.
#[test]
fn what_may_grow_loads_without_any_one_member() {
    for (name, json) in files("snapshot-") {
        for part in ["/app", "/condition", "/enrollment", "/actions", "/switches/apple", "/switches/android"] {
            let Some(Value::Object(members)) = json.pointer(part) else { continue };
            for member in members.keys() {
                let mut older = json.clone();
                older.pointer_mut(part).unwrap().as_object_mut().unwrap().remove(member);
                let loaded: Result<DeviceSnapshot, _> = serde_json::from_value(older);
                assert!(loaded.is_ok(), "{name} without {part}/{member}: {loaded:?}");
            }
        }
    }
}

#[test]
fn a_member_of_a_later_version_is_passed_over() {
    for (_, mut json) in files("snapshot-") {
        json.as_object_mut().unwrap().insert("later".to_owned(), Value::Bool(true));
        json["app"].as_object_mut().unwrap().insert("later".to_owned(), Value::Bool(true));
        serde_json::from_value::<DeviceSnapshot>(json).unwrap();
    }
}
