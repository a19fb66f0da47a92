//! `permission prompt|allow|deny|dismiss|keep|turn-off|reset`: the notification permission. What it is stands in `status`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::plain_calls;
use super::{Call, Fault};
use portal_device::{DeviceCommand, PermissionCommand};

/// Has the app ask for the permission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// For provisional authorization, which needs no prompt (iOS, iPadOS).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

impl Call for Prompt {
    const PATH: &'static str = "permission/prompt";
    const SUMMARY: &'static str = "Have the app ask for the permission";

    fn command(self) -> Result<DeviceCommand, Fault> {
        let provisional = self.provisional;
        let command = if provisional { PermissionCommand::PromptProvisional } else { PermissionCommand::Prompt };
        Ok(DeviceCommand::Permission(command))
    }
}

/// Keep on a quiet notification (iOS, iPadOS).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Deliver in the scheduled summary, instead of immediately.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scheduled: bool,
}

impl Call for Keep {
    const PATH: &'static str = "permission/keep";
    const SUMMARY: &'static str = "Keep on a quiet notification (iOS, iPadOS)";

    fn command(self) -> Result<DeviceCommand, Fault> {
        Ok(DeviceCommand::Permission(PermissionCommand::Keep { in_summary: self.scheduled }))
    }
}

plain_calls! {
    Allow: "permission/allow", "Answer the prompt, or turn the platform's switch on" => DeviceCommand::Permission(PermissionCommand::Allow);
    Deny: "permission/deny", "Answer the prompt, or turn the platform's switch off" => DeviceCommand::Permission(PermissionCommand::Deny);
    Dismiss: "permission/dismiss", "Swipe the prompt away (Android)" => DeviceCommand::Permission(PermissionCommand::Dismiss);
    TurnOff: "permission/turn-off", "Turn Off on a quiet notification (iOS, iPadOS)" => DeviceCommand::Permission(PermissionCommand::TurnOff);
    Reset: "permission/reset", "Back to never asked" => DeviceCommand::Permission(PermissionCommand::Reset);
}
