//! The devices of one daemon: which there are, and what is said of a new one.
//!
//! Lives here: the words of `device add` and `device list`. Does not live here: the devices themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DeviceId, DeviceName, OperatingSystem, OsVersion, Tenant};

/// What is asked of a new device; each part may be left open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NewDevice {
    /// Its platform; iOS where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<OperatingSystem>,
    /// The platform's version; the newest where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<OsVersion>,
    /// Its id; a random one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// Its name; that of its kind where absent (`iPhone`, or `iPhone 2` where there is one).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<DeviceName>,
    /// Its tenant; `contoso` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
}

impl NewDevice {
    /// What a device of this platform is called unless it is named.
    pub fn kind(&self) -> &'static str {
        match self.platform.unwrap_or(OperatingSystem::Ios) {
            OperatingSystem::Ios => "iPhone",
            OperatingSystem::IpadOs => "iPad",
            OperatingSystem::Android => "Android phone",
        }
    }
}

/// One device of a daemon, as `device list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSummary {
    /// Its id.
    pub device_id: DeviceId,
    /// Its name; no other device of the daemon has it.
    pub device_name: String,
    /// Its platform.
    pub operating_system: OperatingSystem,
    /// The version that it had when this daemon began to host it.
    pub os_version: String,
    /// Its tenant.
    pub tenant: Tenant,
}

/// The devices of a daemon, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceList {
    /// Their ids.
    pub devices: Vec<DeviceId>,
    /// What is known of each, in the same order.
    pub hosted: Vec<DeviceSummary>,
}
