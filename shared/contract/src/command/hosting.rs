//! The commands that concern the daemon and not one of its devices: which devices it hosts.
//!
//! Lives here: their rows. Does not live here: what a device does (`table`), the devices themselves (`portal_agent`).

use serde_json::Value;

use super::ArgumentKind::{Option, Positional};
use super::row::{example, parsed, schema_of};
use super::{Argument, ArgumentKind, CommandEffect, CommandRow, CommandScope, HttpMethod, PlatformSet, Times};
use crate::{DeviceId, DeviceName, NewDevice, OperatingSystem, OsVersion, Tenant};

/// `device add`
pub static ADD: CommandRow = CommandRow {
    name: "device add",
    method: HttpMethod::Post,
    scope: CommandScope::Daemon,
    path: "devices",
    platforms: PlatformSet::All,
    summary: "Host one more device: a phone out of its box",
    examples: &[example("device add --platform android --name Pixel"), example("--device Pixel app install")],
    arguments: &[
        open(
            "platform",
            "platform",
            "ios|ipados|android",
            parsed::<OperatingSystem>,
            "The device's platform [default: ios]",
        ),
        open("os-version", "osVersion", "V", parsed::<OsVersion>, "The platform's version [default: the newest]"),
        open(
            "name",
            "deviceName",
            "NAME",
            parsed::<DeviceName>,
            "The device's name, which no other device of the daemon has [default: that of its kind]",
        ),
        open("tenant", "tenant", "NAME", parsed::<Tenant>, "The tenant that its topics name [default: contoso]"),
        open("device-id", "deviceId", "UUID", parsed::<DeviceId>, "The device's id [default: a new one]"),
    ],
    effect: CommandEffect::ChangesDaemon { body: Some(schema_of::<NewDevice>) },
};

/// `device list`
pub static LIST: CommandRow = CommandRow {
    name: "device list",
    method: HttpMethod::Get,
    scope: CommandScope::Daemon,
    path: "devices",
    platforms: PlatformSet::All,
    summary: "The devices that the daemon hosts",
    examples: &[example("device list")],
    arguments: &[],
    effect: CommandEffect::Shows,
};

/// `device remove`
pub static REMOVE: CommandRow = CommandRow {
    name: "device remove",
    method: HttpMethod::Delete,
    // The path is the device's own, and nothing is sent to it: what is typed says which device that is.
    scope: CommandScope::Device,
    path: "",
    platforms: PlatformSet::All,
    summary: "Remove a device, with its journal, its session and what the broker retains of it",
    examples: &[example("device remove Pixel")],
    arguments: &[Argument { kind: Positional { value_name: "NAME|UUID" }, member: REMOVED, help: "Which", read: text }],
    effect: CommandEffect::ChangesDaemon { body: None },
};

/// What [`REMOVE`] calls the device that is typed. Not `device`: that is the option which every command has.
pub const REMOVED: &str = "removed";

/// All of them.
pub static HOSTING: [&CommandRow; 3] = [&ADD, &LIST, &REMOVE];

/// An option that may be left out.
const fn open(
    long: &'static str,
    member: &'static str,
    value_name: &'static str,
    read: fn(&str) -> Result<Value, String>,
    help: &'static str,
) -> Argument {
    let kind: ArgumentKind = Option { long, value_name, times: Times::Optional, bare_in_scenarios: false };
    Argument { kind, member, help, read }
}

fn text(text: &str) -> Result<Value, String> {
    Ok(Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_new_device() {
        let words = ["--platform", "android", "--name", "Pixel", "--os-version", "16", "--tenant", "fabrikam"];
        let new: NewDevice = serde_json::from_value(ADD.body_of_words(&words).unwrap()).unwrap();
        assert_eq!((new.platform, new.device_name), (Some(OperatingSystem::Android), "Pixel".parse().ok()));
        assert_eq!((new.os_version, new.tenant), ("16".parse().ok(), "fabrikam".parse().ok()));
        assert_eq!(serde_json::from_value::<NewDevice>(ADD.body_of_words(&[]).unwrap()).unwrap(), NewDevice::default());
        assert!(ADD.body_of_words(&["--platform", "windows"]).unwrap_err().contains("choose ios"));
        assert!(REMOVE.body_of_words(&[]).is_err());
    }

    #[test]
    fn the_paths_are_those_of_the_devices() {
        assert_eq!(HOSTING.map(CommandRow::path_template), ["/v1/devices", "/v1/devices", "/v1/devices/{device}"]);
    }
}
