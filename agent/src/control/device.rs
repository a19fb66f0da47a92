//! `device …`: the device's own condition.

use portal_contract::StandbyBucket;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::plain_calls;
use super::{Call, Fault};
use portal_device::{ConditionCommand, DeviceCommand};

/// Puts the app into a standby bucket (Android).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standby {
    /// The bucket.
    pub bucket: StandbyBucket,
}

impl Call for Standby {
    const PATH: &'static str = "standby";
    const SUMMARY: &'static str = "Put the app into a standby bucket (Android)";

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::Standby { bucket: self.bucket })
    }
}

plain_calls! {
    Lock: "lock", "Lock the device" => DeviceCommand::Condition(ConditionCommand::Locked(true));
    Unlock: "unlock", "Unlock the device" => DeviceCommand::Condition(ConditionCommand::Locked(false));
    Offline: "offline", "Take the device offline; the session stays" => DeviceCommand::Condition(ConditionCommand::Offline(true));
    Online: "online", "Bring the device back online" => DeviceCommand::Condition(ConditionCommand::Offline(false));
    FocusOn: "focus/on", "Turn Focus or Do Not Disturb on" => DeviceCommand::Condition(ConditionCommand::Focus(true));
    FocusOff: "focus/off", "Turn Focus or Do Not Disturb off" => DeviceCommand::Condition(ConditionCommand::Focus(false));
    DozeOn: "doze/on", "Let the device doze (Android)" => DeviceCommand::Condition(ConditionCommand::Doze(true));
    DozeOff: "doze/off", "Wake the device from Doze (Android)" => DeviceCommand::Condition(ConditionCommand::Doze(false));
    BatteryExempt: "battery/exempt", "Exempt Company Portal from battery optimisation (Android)" => DeviceCommand::Condition(ConditionCommand::BatteryOptimisationExempt(true));
    BatteryOptimise: "battery/optimise", "Let Android optimise Company Portal's battery use" => DeviceCommand::Condition(ConditionCommand::BatteryOptimisationExempt(false));
    WorkProfilePause: "work-profile/pause", "Pause the work profile (Android)" => DeviceCommand::Condition(ConditionCommand::WorkProfilePaused(true));
    WorkProfileResume: "work-profile/resume", "Resume the work profile (Android)" => DeviceCommand::Condition(ConditionCommand::WorkProfilePaused(false));
    Restore: "restore", "Set the device up anew from a backup (iOS, iPadOS)" => DeviceCommand::Restore;
    Reset: "reset", "Out of its box again" => DeviceCommand::Reset;
}
