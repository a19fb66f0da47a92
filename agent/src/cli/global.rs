//! The options that every command has.
//!
//! Lives here: their declaration, and the state directory that they name. Does not live here: the settings file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::CommandFailure;
use super::color::ColorOption;
use super::logging::{self, LogFormatOption};
use crate::settings;
use crate::state_dir::StateDir;

/// The options that every command has.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Settings file; PORTAL_AGENT__SECTION__KEY variables and the command line are stronger [default: that of the
    /// variable PORTAL_AGENT_CONFIG, or config.toml in this user's configuration directory where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where device, journal and control.json are kept [default: that of the variable PORTAL_AGENT_STATE_DIR, or this
    /// user's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// The device that is meant, by name or id, where the daemon hosts several [default: that of the variable
    /// PORTAL_AGENT_DEVICE]
    #[arg(long, global = true, value_name = "NAME|UUID")]
    pub device: Option<String>,

    /// Results as JSON on standard output, errors as JSON on standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// Whether there are colours: auto is on a terminal only, and follows NO_COLOR
    #[arg(long, global = true, value_name = "auto|always|never", value_enum, hide_possible_values = true)]
    pub color: Option<ColorOption>,

    /// What is logged, on standard error: error, warn, info, debug, trace, off, or TARGET=LEVEL,…
    #[arg(long, global = true, value_name = "LEVEL", value_parser = logging::check_level)]
    pub log_level: Option<String>,

    /// How it is logged
    #[arg(long, global = true, value_name = "text|json", value_enum, hide_possible_values = true)]
    pub log_format: Option<LogFormatOption>,
}

impl GlobalOptions {
    /// The state directory in force.
    ///
    /// # Errors
    /// None is named, and the system names no place for a user's data.
    pub fn state_dir(&self) -> Result<PathBuf, CommandFailure> {
        match named(self.state_dir.as_deref(), std::env::var_os("PORTAL_AGENT_STATE_DIR")) {
            Some(named) => Ok(named),
            None => Ok(StateDir::default_path()?),
        }
    }

    /// The device that is meant, where one is named.
    pub fn device(&self) -> Option<String> {
        // The device's name is text; a variable that is not even Unicode can name none.
        let variable = std::env::var_os("PORTAL_AGENT_DEVICE").and_then(|value| value.into_string().ok());
        let variable = variable.map(|text| settings::variable_value(&text).to_owned());
        self.device.clone().or_else(|| variable.filter(|name| !name.is_empty()))
    }

    /// The settings file that is named.
    pub fn named_settings_file(&self) -> Option<PathBuf> {
        named(self.config.as_deref(), std::env::var_os("PORTAL_AGENT_CONFIG"))
    }

    /// The settings file in force: the one that is named, else this user's own where there is one.
    pub fn settings_file(&self) -> Option<PathBuf> {
        self.named_settings_file().or_else(settings::users_file)
    }
}

/// What the option names, else the variable; one that is empty names nothing, as for every other variable. What a file
/// that it was read from left around it is dropped.
fn named(option: Option<&Path>, variable: Option<OsString>) -> Option<PathBuf> {
    let value = variable.map(|value| match value.to_str() {
        Some(text) => settings::variable_value(text).into(),
        None => value,
    });
    option.map(Path::to_owned).or_else(|| value.filter(|value| !value.is_empty()).map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_stronger_than_its_variable_and_an_empty_variable_is_none() {
        let (option, variable) = (Some(Path::new("option")), Some(OsString::from("variable")));
        assert_eq!(named(option, variable.clone()), Some("option".into()));
        assert_eq!(named(None, variable), Some("variable".into()));
        assert_eq!(named(None, Some(OsString::new())), None);
        assert_eq!(named(None, Some("state dir\r\n".into())), Some("state dir".into()));
        assert_eq!(named(None, Some("\r\n".into())), None);
        assert_eq!(named(None, None), None);
    }
}
