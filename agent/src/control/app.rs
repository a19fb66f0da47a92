//! `app install|update|uninstall|open|close|force-stop`, and pulling its Notifications section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::plain_calls;
use super::{Call, Fault};
use crate::device::{AppCommand, Command};

/// Installs Company Portal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Install {
    /// The version; the platform's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Call for Install {
    const PATH: &'static str = "app/install";
    const SUMMARY: &'static str =
        "Install Company Portal: first launch, the permission prompt where the platform asks, home screen";

    fn command(self) -> Result<Command, Fault> {
        Ok(Command::App(AppCommand::Install { version: self.version }))
    }
}

/// Updates Company Portal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The version; the next one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Call for Update {
    const PATH: &'static str = "app/update";
    const SUMMARY: &'static str = "Update Company Portal, with what an install brings";

    fn command(self) -> Result<Command, Fault> {
        Ok(Command::App(AppCommand::Update { version: self.version }))
    }
}

plain_calls! {
    Uninstall: "app/uninstall", "Remove Company Portal" => Command::App(AppCommand::Uninstall);
    Open: "app/open", "Bring Company Portal to the screen" => Command::App(AppCommand::Open);
    Close: "app/close", "Back to the home screen" => Command::App(AppCommand::Close);
    ForceStop: "app/force-stop", "Android's Force stop" => Command::App(AppCommand::ForceStop);
    Refresh: "app/refresh", "Pull Company Portal's Notifications section to refresh" => Command::App(AppCommand::Refresh);
}
