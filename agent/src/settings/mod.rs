//! Settings: built-in defaults, a file, variables and the command line, weakest first (contract 5).
//!
//! Lives here: reading the layers, checking every value where it stands, saying where each comes from. Does not live
//! here: what a setting does. `keys` is the one list of what may be set; `config/default.toml` says it in words.

mod connection;
mod error;
mod gateway;
mod keys;
mod layers;
mod period;
mod sections;
#[cfg(test)]
mod tests;
mod time_of_day;
mod toml_error;
mod variables;

pub use error::{PasswordError, SettingsError};
pub use gateway::GatewaySettings;
pub use sections::{
    ActionsSettings, AppSettings, BrokerSettings, ControlSettings, DeviceSettings, EmbeddedBrokerSettings,
    EnrollmentSettings, JournalSettings, LogFormat, LogLevel, LogSettings, NotifierKind, NotifierSettings,
    PushServiceSettings, SenderSettings, Settings,
};

use std::path::PathBuf;

use config::{Config, ValueKind};
use directories::ProjectDirs;

use crate::secret::REDACTED;
use keys::{KEYS, KeyKind};
use layers::{Findings, SettingsLayer};
pub(crate) use variables::value as variable_value;
use variables::{Variable, variable};

/// The built-in defaults, commented: every key with its meaning, unit and default.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// This user's own settings file, where there is one: `config.toml` in the platform's configuration directory.
pub fn users_file() -> Option<PathBuf> {
    let path = ProjectDirs::from("", "", "portal-agent")?.config_dir().join("config.toml");
    path.exists().then_some(path)
}

/// Where settings come from besides the built-in defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsSources {
    /// The settings file.
    pub file: Option<PathBuf>,
    /// Name and value of each `PORTAL_AGENT__SECTION__KEY` variable; one that is spelled otherwise is an error, others
    /// are passed over.
    pub variables: Vec<(String, String)>,
    /// The names of those whose value is no Unicode text.
    pub not_unicode: Vec<String>,
    /// What the command line says: key (`broker.urls`) and value. A list's key may stand more than once.
    pub command_line: Vec<(String, String)>,
}

impl SettingsSources {
    /// The file and the command line as given, and this process's variables.
    pub fn of_process(file: Option<PathBuf>, command_line: Vec<(String, String)>) -> Self {
        let mut sources = Self { file, command_line, ..Self::default() };
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => sources.variables.push((name, value)),
                Err(_) => sources.not_unicode.push(name),
            }
        }
        sources
    }
}

pub use portal_contract::KeyOrigin;

/// The settings in force.
#[derive(Debug, Clone)]
pub struct LoadedSettings {
    /// Checked and typed.
    pub settings: Settings,
    /// Every key in the order of `config/default.toml`, and where its value comes from.
    pub origins: Vec<KeyOrigin>,
    /// What is not wrong, and worth a word: said by `config check` and logged at a start.
    pub notices: Vec<String>,
}

impl Settings {
    /// Reads all layers.
    ///
    /// # Errors
    /// The first of [`Settings::read`]'s.
    pub fn load(sources: &SettingsSources) -> Result<LoadedSettings, SettingsError> {
        Self::read(sources).map_err(|errors| *errors.first)
    }

    /// Reads all layers to their ends, whatever is wrong in them.
    ///
    /// # Errors
    /// Everything that is wrong: the file cannot be read, a key is not known, a value is not what its key takes; each is
    /// named with its origin.
    pub fn read(sources: &SettingsSources) -> Result<LoadedSettings, Errors> {
        let mut findings = Findings::default();
        let mut layers = vec![SettingsLayer::defaults(DEFAULTS, &mut findings)];
        layers.extend(sources.file.as_ref().map(|path| SettingsLayer::file(path, &mut findings)));
        // Only of names that are ours: other programs' variables may hold what they like.
        let not_unicode = sources.not_unicode.iter().filter(|name| !matches!(variable(name), Variable::Foreign));
        findings.errors.extend(not_unicode.map(|name| SettingsError::NotUnicode { name: name.clone() }));
        layers.push(SettingsLayer::variables(&sources.variables, &mut findings));
        layers.push(SettingsLayer::command_line(&sources.command_line, &mut findings));
        // Only now, with every layer read to its end: a person puts everything right in one go.
        let mut errors = findings.errors.into_iter();
        if let Some(first) = errors.next() {
            return Err(Errors { first: Box::new(first), rest: errors.collect() });
        }
        let together = |error: config::ConfigError| Errors { first: Box::new(error.into()), rest: Vec::new() };
        let builder = layers.into_iter().fold(Config::builder(), |builder, layer| builder.add_source(layer));
        let config = builder.build().map_err(together)?;
        let origins = KEYS.iter().map(|key| origin(&config, key)).collect();
        let settings = config.try_deserialize().map_err(together)?;
        Ok(LoadedSettings { settings, origins, notices: findings.notices })
    }
}

/// Everything that is wrong with settings: at least one thing.
#[derive(Debug)]
pub struct Errors {
    /// The first, from the weakest layer on.
    pub first: Box<SettingsError>,
    /// The others.
    pub rest: Vec<SettingsError>,
}

fn origin(config: &Config, key: &keys::SettingKey) -> KeyOrigin {
    // Not `get`: it makes the value anew, without its origin.
    let mut steps = key.path.split('.');
    let value = steps.try_fold(&config.cache, |value, step| match &value.kind {
        ValueKind::Table(table) => table.get(step),
        _ => None,
    });
    let value = value.cloned().unwrap_or_default();
    let origin = value.origin().unwrap_or("default").to_owned();
    let value = if key.kind == KeyKind::Secret && value.kind != ValueKind::Nil {
        serde_json::Value::from(REDACTED)
    } else {
        json(value.kind)
    };
    KeyOrigin { key: key.path.to_owned(), value, origin }
}

fn json(kind: ValueKind) -> serde_json::Value {
    match kind {
        ValueKind::Boolean(value) => value.into(),
        ValueKind::I64(value) => value.into(),
        ValueKind::String(value) => value.into(),
        ValueKind::Array(values) => values.into_iter().map(|value| json(value.kind)).collect(),
        // No key takes any other kind (`keys`).
        _ => serde_json::Value::Null,
    }
}
