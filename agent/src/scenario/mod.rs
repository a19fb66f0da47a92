//! Scenarios: permission-denied testing as files. A device, what happens to it, and what must follow.
//!
//! Lives here: the file's form and its checks, cases and matrices, the verdict, and the reports of a run.
//! Does not live here: the device's rules (`device`), the daemon's loop that a scenario runs through (`daemon`).

pub mod attached_device;
mod case_runner;
pub mod coverage;
pub mod files;
pub mod hosted_device;
pub mod model;
mod read;
pub mod report;
mod reporter;
pub mod result;
pub mod runner;
mod schema;
pub mod script_player;
pub mod select;
mod test_device;
mod watched_host;
pub mod watched_run;
mod watcher;

pub use read::{InvalidFile, MAX_FILE_BYTES, ReportedProblem, devices, nearest, read, read_script, rules_by_settings};
pub use schema::{schema, script_schema};

#[cfg(test)]
mod tests;
