//! `retire`, `wipe` and `delete`: the end of the enrollment, at once or once the device checks in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Fault};
use portal_device::{DeviceCommand, Removal, RemovalStage};

/// How far a removal has come; carried out where absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// It waits for the device to check in.
    Pending,
    /// It was handed to the device, which carries it out at its next check-in.
    Issued,
}

macro_rules! removals {
    ($($name:ident: $path:literal, $summary:literal;)+) => {$(
        #[doc = $summary]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// How far it has come; carried out where absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub stage: Option<Stage>,
        }

        impl Call for $name {
            const PATH: &'static str = $path;
            const SUMMARY: &'static str = $summary;

            fn command(self) -> Result<DeviceCommand, Fault> {
                Ok(command(Removal::$name, self.stage))
            }
        }
    )+};
}

removals! {
    Retire: "retire", "End the enrollment; app and permission stay";
    Wipe: "wipe", "Back to the factory state";
    Delete: "delete", "End the enrollment, and Intune forgets the device";
}

fn command(removal: Removal, stage: Option<Stage>) -> DeviceCommand {
    let stage = match stage {
        None => RemovalStage::Done,
        Some(Stage::Pending) => RemovalStage::Pending,
        Some(Stage::Issued) => RemovalStage::Issued,
    };
    DeviceCommand::Removal { removal, stage }
}
