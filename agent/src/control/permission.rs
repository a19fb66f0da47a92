//! `permission prompt|allow|deny|reset`: the notification permission. What it is stands in `status`.

use super::call::plain_calls;
use crate::device::{Command, PermissionCommand};

plain_calls! {
    Prompt: "permission/prompt", "Have the app ask for the permission" => Command::Permission(PermissionCommand::Prompt);
    Allow: "permission/allow", "Answer the prompt, or turn the platform's switch on" => Command::Permission(PermissionCommand::Allow);
    Deny: "permission/deny", "Answer the prompt, or turn the platform's switch off" => Command::Permission(PermissionCommand::Deny);
    Reset: "permission/reset", "Back to never asked" => Command::Permission(PermissionCommand::Reset);
}
