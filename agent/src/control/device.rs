//! `device …`: the device's own condition.

use super::call::plain_calls;
use crate::device::{Command, ConditionCommand};

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
    Reset: "reset", "Out of its box again" => Command::Reset;
}
