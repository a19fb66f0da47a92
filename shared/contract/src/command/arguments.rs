//! What may be typed behind the commands' names, where it is more than a line of the table.
//!
//! Lives here: the arguments that several commands share, and reading a value as a body has it. Does not live here: which
//! command has which (`table`), the order in which they may be typed (`typed`).

use serde_json::Value;

use super::ArgumentKind::{Flag, Option};
use super::row::parsed;
use super::{Argument, ArgumentKind, Times};
use crate::{
    DeviceEnrollmentType, GroupId, ManagedDeviceOwnerType, NotificationPermission, OperatingSystem, UserPrincipalName,
    duration,
};

const fn option(
    (long, member): (&'static str, &'static str),
    value_name: &'static str,
    times: Times,
    bare_in_scenarios: bool,
    read: fn(&str) -> Result<Value, String>,
    help: &'static str,
) -> Argument {
    Argument { kind: Option { long, value_name, times, bare_in_scenarios }, member, help, read }
}

const fn target_sdk(help: &'static str) -> Argument {
    option(("target-sdk", "targetSdk"), "N", Times::Optional, false, number, help)
}

pub(super) const fn flag(
    (long, member): (&'static str, &'static str),
    read: fn(&str) -> Result<Value, String>,
    help: &'static str,
) -> Argument {
    Argument { kind: Flag { long }, member, help, read }
}

pub(super) const fn name_and_value(help: &'static str) -> Argument {
    Argument { kind: ArgumentKind::NameAndValue, member: "name", help, read: text }
}

fn text(text: &str) -> Result<Value, String> {
    Ok(Value::from(text))
}

pub(super) fn yes(_: &str) -> Result<Value, String> {
    Ok(Value::Bool(true))
}

fn number(text: &str) -> Result<Value, String> {
    text.parse::<u32>().map(Value::from).map_err(|_| format!("{text:?} is no number from 0 to {}", u32::MAX))
}

pub(super) fn event_number(text: &str) -> Result<Value, String> {
    text.parse::<u64>().map(Value::from).map_err(|_| format!("{text:?} is no number of an event"))
}

pub(super) fn span(text: &str) -> Result<Value, String> {
    // Read only to be refused early: the body has it as it was typed.
    duration::parse(text).map(|_| Value::from(text))
}

pub(super) const PACKAGE_OF_INSTALL: &[Argument] = &[
    option(
        ("version", "version"),
        "V",
        Times::Optional,
        true,
        text,
        "The version [default: the oldest that the documentation supports]",
    ),
    target_sdk("The API level that it targets (Android) [default: the setting app.android_target_sdk]"),
];

pub(super) const PACKAGE_OF_UPDATE: &[Argument] = &[
    option(("version", "version"), "V", Times::Optional, true, text, "The version [default: the next one]"),
    target_sdk("The API level that it targets (Android) [default: the one of before]"),
];

pub(super) const ENROLLMENT: &[Argument] = &[
    option(("user", "user"), "UPN", Times::Required, true, parsed::<UserPrincipalName>, "Who enrolls the device"),
    option(
        ("group", "groups"),
        "UUID",
        Times::Many,
        false,
        parsed::<GroupId>,
        "A group of the user, until the broker's list says otherwise; repeated: all of them",
    ),
    option(
        ("type", "deviceEnrollmentType"),
        "TYPE",
        Times::Optional,
        false,
        parsed::<DeviceEnrollmentType>,
        "How, in Graph's word (deviceEnrollmentType) [default: userEnrollment]",
    ),
    option(
        ("owner", "managedDeviceOwnerType"),
        "OWNER",
        Times::Optional,
        false,
        parsed::<ManagedDeviceOwnerType>,
        "Who owns the device: company or personal [default: what fits the type]",
    ),
    flag(("supervised", "supervised"), yes, "The device is supervised (iOS, iPadOS)"),
];

pub(super) const SET_UP: &[Argument] = &[
    option(
        ("platform", "platform"),
        "ios|ipados|android",
        Times::Optional,
        false,
        parsed::<OperatingSystem>,
        "The platform that the device has; another one is refused",
    ),
    option(
        ("permission", "permission"),
        "STATE",
        Times::Optional,
        false,
        parsed::<NotificationPermission>,
        "authorized, denied, notDetermined (the prompt is showing) or provisional [default: authorized]",
    ),
    option(
        ("user", "user"),
        "UPN",
        Times::Optional,
        false,
        parsed::<UserPrincipalName>,
        "Who enrolls the device [default: adele@contoso.example]",
    ),
];

pub(super) const PENDING: Argument = flag(("pending", "stage"), text, "Wait for the device to check in");
pub(super) const ISSUED: Argument =
    flag(("issued", "stage"), text, "It was handed to the device, which carries it out at its next check-in");
