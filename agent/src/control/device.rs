//! `device …`: the device's own condition.

use portal_contract::StandbyBucket;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::plain_calls;
use super::{Call, Fault};
use portal_device::{Command, ConditionCommand};

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

    fn command(self) -> Result<Command, Fault> {
        Ok(Command::Standby { bucket: self.bucket })
    }
}

plain_calls! {
    Lock: "lock", "Lock the device" => Command::Condition(ConditionCommand::Locked(true));
    Unlock: "unlock", "Unlock the device" => Command::Condition(ConditionCommand::Locked(false));
    Offline: "offline", "Take the device offline; the session stays" => Command::Condition(ConditionCommand::Offline(true));
    Online: "online", "Bring the device back online" => Command::Condition(ConditionCommand::Offline(false));
    FocusOn: "focus/on", "Turn Focus or Do Not Disturb on" => Command::Condition(ConditionCommand::Focus(true));
    FocusOff: "focus/off", "Turn Focus or Do Not Disturb off" => Command::Condition(ConditionCommand::Focus(false));
    DozeOn: "doze/on", "Let the device doze (Android)" => Command::Condition(ConditionCommand::Doze(true));
    DozeOff: "doze/off", "Wake the device from Doze (Android)" => Command::Condition(ConditionCommand::Doze(false));
    BatteryExempt: "battery/exempt", "Exempt Company Portal from battery optimisation (Android)" => Command::Condition(ConditionCommand::BatteryOptimisationExempt(true));
    BatteryOptimise: "battery/optimise", "Let Android optimise Company Portal's battery use" => Command::Condition(ConditionCommand::BatteryOptimisationExempt(false));
    WorkProfilePause: "work-profile/pause", "Pause the work profile (Android)" => Command::Condition(ConditionCommand::WorkProfilePaused(true));
    WorkProfileResume: "work-profile/resume", "Resume the work profile (Android)" => Command::Condition(ConditionCommand::WorkProfilePaused(false));
    Restore: "restore", "Set the device up anew from a backup (iOS, iPadOS)" => Command::Restore;
    Reset: "reset", "Out of its box again" => Command::Reset;
}
