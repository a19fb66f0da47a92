//! The commands: one table that the command line, the control API, scenarios and the help pages read.
//!
//! Lives here: what a command is called, how it is sent, what its body holds, and what it means to the device, each said
//! once. Does not live here: what a command does (`portal_device`), HTTP, argument parsing of the command line, YAML.
//!
//! A command that is added is a row of [`COMMANDS`], a variant of [`DeviceCommand`], and the function of the device that carries
//! it out. Everything else follows from the row.

mod arguments;
mod body;
mod body_check;
mod group;
pub mod hosting;
mod meaning;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod typed;
pub mod views;

pub use body::{AppPackage, ClockAdvance, KeepDelivery, NameAndValue, NoMembers, OsUpdate, PromptRequest};
pub use body::{RemovalProgress, ResetRequest, ReturnRequest, SetUpRequest, StandbyChoice};
pub use body_check::{check_body, read_body};
pub use group::{CommandGroup, GROUPS, group};
pub use meaning::{
    AppCommand, ConditionCommand, DeviceCommand, EnrollCommand, PermissionCommand, Removal, RemovalStage,
};
pub use row::{
    Argument, ArgumentKind, CommandEffect, CommandExample, CommandRow, CommandScope, HttpMethod, PlatformSet,
    RequestBody, SchemaOf, Times,
};
pub use table::{COMMANDS, all_rows, request};
pub use typed::{name_and_value, read_line};
