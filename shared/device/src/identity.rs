//! Which device it is: id, name, platform and version.
//!
//! Lives here: what the first start fixes. Does not live here: what `os update` does to the permission (`permission`).

use portal_contract::{DeviceId, OperatingSystem, OsVersion, Tenant};
use serde::{Deserialize, Serialize};

use super::{Device, DeviceEffect, Refusal};

/// Which device it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceIdentity {
    /// Its id, and its MQTT client id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Its tenant.
    pub tenant: Tenant,
    /// Its platform.
    pub operating_system: OperatingSystem,
    /// Its platform's version.
    pub os_version: OsVersion,
    /// The version that it was made with.
    pub first_os_version: OsVersion,
}

impl DeviceIdentity {
    /// Whether Android asks at run time (13 and later; facts 4.2).
    pub fn asks_at_run_time(&self) -> bool {
        !self.operating_system.is_apple() && self.os_version.major() >= 13
    }
}

impl Device {
    pub(super) fn os_update(&mut self, version: OsVersion, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        let identity = &self.state.identity;
        let is_older = identity.os_version.is_newer_than(&version);
        if !is_older && !version.is_newer_than(&identity.os_version) {
            let note = format!("already on {} {}", identity.operating_system, identity.os_version);
            effects.push(DeviceEffect::Unchanged(note));
            return Ok(());
        }
        if is_older {
            let message = format!(
                "an OS update goes forward; the device runs {} {}, and {version} is older",
                identity.operating_system, identity.os_version
            );
            return Err(Refusal::new(
                "olderVersion",
                message,
                "start a device with --os-version in another --state-dir",
            ));
        }
        let asked_before = identity.asks_at_run_time();
        self.state.identity.os_version = version;
        if !asked_before && self.state.identity.asks_at_run_time() {
            let app = &self.state.app;
            self.state.permission.upgrade_to_run_time_permission(app.is_installed() && app.has_channel);
        }
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }
}
