//! `clock advance`: the device's clock, not the computer's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Fault};
use portal_contract::duration;
use portal_device::DeviceCommand;

/// Moves the device's clock forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// By how much: `90s`, `4h`, `1h30m`, `2d`.
    pub duration: String,
}

impl Call for Advance {
    const PATH: &'static str = "clock/advance";
    const SUMMARY: &'static str = "Move the device's clock forward; the computer's stays";

    fn command(self) -> Result<DeviceCommand, Fault> {
        let hint = "portal-agent clock advance 4h is an example";
        let span = duration::parse(&self.duration).map_err(|sentence| Fault::bad_request(sentence, hint))?;
        // What is over a u64 of milliseconds is over any limit that the device has.
        Ok(DeviceCommand::ClockAdvance { millis: u64::try_from(span.as_millis()).unwrap_or(u64::MAX) })
    }
}
