//! `app install|update|uninstall|open|close|force-stop|sign-in|sign-out`, and pulling its Notifications section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::plain_calls;
use super::{Call, Fault};
use portal_device::{AppCommand, DeviceCommand};

/// Installs Company Portal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Install {
    /// The version; the platform's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The API level that it targets (Android); the setting's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_sdk: Option<u32>,
}

impl Call for Install {
    const PATH: &'static str = "app/install";
    const SUMMARY: &'static str =
        "Install Company Portal: first launch, the permission prompt where the platform asks, home screen";

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::App(AppCommand::Install { version: self.version, target_sdk: self.target_sdk }))
    }
}

/// Updates Company Portal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Update {
    /// The version; the next one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The API level that it targets (Android); the one of before where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_sdk: Option<u32>,
}

impl Call for Update {
    const PATH: &'static str = "app/update";
    const SUMMARY: &'static str = "Update Company Portal, with what an install brings";

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::App(AppCommand::Update { version: self.version, target_sdk: self.target_sdk }))
    }
}

plain_calls! {
    Uninstall: "app/uninstall", "Remove Company Portal" => DeviceCommand::App(AppCommand::Uninstall);
    Open: "app/open", "Bring Company Portal to the screen" => DeviceCommand::App(AppCommand::Open);
    Close: "app/close", "Back to the home screen" => DeviceCommand::App(AppCommand::Close);
    ForceStop: "app/force-stop", "Android's Force stop" => DeviceCommand::App(AppCommand::ForceStop);
    SignIn: "app/sign-in", "Sign its user in; a push does not need it" => DeviceCommand::App(AppCommand::SignIn);
    SignOut: "app/sign-out", "Sign its user out; a push arrives all the same" => DeviceCommand::App(AppCommand::SignOut);
    Refresh: "app/refresh", "Pull Company Portal's Notifications section to refresh" => DeviceCommand::App(AppCommand::Refresh);
}
