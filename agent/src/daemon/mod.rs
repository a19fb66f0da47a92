//! The daemon: a host of devices with its files, its broker and its control API, started and ended in order.
//!
//! Lives here: starting and ending, from settings to what is started. Does not live here: the devices (`host`), rules
//! (`portal_device`), settings files (`settings`).

mod examination;
mod from_settings;
mod interrupt;
mod open_files;
mod panel_pages;
mod readiness;
mod service_manager;
mod sleep;
mod start;

pub use from_settings::{ConfigurationError, rules, sender_settings};
pub use interrupt::interrupted;
pub use readiness::ReadyNotice;
pub use start::{Daemon, Options, StartError};
