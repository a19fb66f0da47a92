//! The options that every command has.
//!
//! Lives here: their declaration, and the state directory that they name. Does not live here: the settings file.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{Failure, logging};
use crate::state_dir::StateDir;

/// The options that every command has.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Settings file; PORTAL_AGENT__SECTION__KEY variables and the command line are stronger
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where device, journal and control.json are kept [default: this user's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// Results as JSON on standard output, errors as JSON on standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// What is logged, on standard error: error, warn, info, debug, trace, off, or TARGET=LEVEL,…
    #[arg(long, global = true, value_name = "LEVEL", value_parser = logging::check_level)]
    pub log_level: Option<String>,

    /// How it is logged
    #[arg(long, global = true, value_name = "text|json", value_enum, hide_possible_values = true)]
    pub log_format: Option<LogFormat>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Global {
    /// The state directory in force.
    ///
    /// # Errors
    /// None is named, and the system names no place for a user's data.
    pub fn state_dir(&self) -> Result<PathBuf, Failure> {
        if let Some(named) = &self.state_dir {
            return Ok(named.clone());
        }
        Ok(StateDir::default_path()?)
    }
}
