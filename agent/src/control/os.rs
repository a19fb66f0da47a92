//! `os update`: the platform's own update.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Fault};
use portal_device::DeviceCommand;

/// Moves the device to a newer OS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The newer version, such as `26.1` or `16`.
    pub version: String,
}

impl Call for Update {
    const PATH: &'static str = "os/update";
    const SUMMARY: &'static str = "Move the device to a newer OS, with the documented effect on the permission";

    fn command(self) -> Result<DeviceCommand, Fault> {
        let version = self
            .version
            .parse()
            .map_err(|sentence: String| Fault::bad_request(sentence, "portal-agent os update 26.1 is an example"))?;
        Ok(DeviceCommand::OsUpdate { version })
    }
}
