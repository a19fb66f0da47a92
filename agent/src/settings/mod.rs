//! Settings: built-in defaults, a file, variables and the command line, weakest first (contract 5).
//!
//! Lives here: reading the layers, checking every value where it stands, saying where each comes from. Does not live
//! here: what a setting does. `keys` is the one list of what may be set; `config/default.toml` says it in words.

mod error;
mod keys;
mod layers;
mod period;
mod sections;
#[cfg(test)]
mod tests;

pub use error::SettingsError;
pub use sections::{
    ActionsSettings, AppSettings, AppleRequest, BrokerSettings, ControlSettings, DeviceSettings,
    EmbeddedBrokerSettings, EnrollmentSettings, FcmMessage, JournalSettings, LogFormat, LogLevel, LogSettings,
    NotifierKind, NotifierSettings, Priority, PushServiceSettings, SenderSettings, Settings,
};

use std::path::PathBuf;

use config::{Config, ValueKind};

use crate::secret::REDACTED;
use keys::{KEYS, Kind};
use layers::Layer;

/// The built-in defaults, commented: every key with its meaning, unit and default.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// Where settings come from besides the built-in defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The file that `--config` names.
    pub file: Option<PathBuf>,
    /// Name and value of each `PORTAL_AGENT__SECTION__KEY` variable; others are passed over.
    pub variables: Vec<(String, String)>,
    /// What the command line says: key (`broker.urls`) and value. A list's key may stand more than once.
    pub command_line: Vec<(String, String)>,
}

impl Sources {
    /// The file and the command line as given, and this process's variables.
    pub fn of_process(file: Option<PathBuf>, command_line: Vec<(String, String)>) -> Self {
        // What is no Unicode is shown with marks in its place, and refused where its key does not take it.
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        Self { file, variables, command_line }
    }
}

/// One key, for `config show`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeyOrigin {
    /// The key, as in `broker.keep_alive`.
    pub key: String,
    /// Its value in force, null where it has none; a secret shows as `***`.
    pub value: serde_json::Value,
    /// Where it comes from: `default`, the file with the line, the variable, the command line.
    pub origin: String,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Checked and typed.
    pub settings: Settings,
    /// Every key in the order of `config/default.toml`, and where its value comes from.
    pub origins: Vec<KeyOrigin>,
}

impl Settings {
    /// Reads all layers.
    ///
    /// # Errors
    /// The file cannot be read, a key is not known, a value is not what its key takes: named with its origin.
    pub fn load(sources: &Sources) -> Result<Loaded, SettingsError> {
        let mut layers = vec![Layer::defaults(DEFAULTS)?];
        if let Some(path) = &sources.file {
            layers.push(Layer::file(path)?);
        }
        layers.push(Layer::variables(&sources.variables)?);
        layers.push(Layer::command_line(&sources.command_line)?);
        let builder = layers.into_iter().fold(Config::builder(), |builder, layer| builder.add_source(layer));
        let config = builder.build()?;
        let origins = KEYS.iter().map(|key| origin(&config, key)).collect();
        Ok(Loaded { settings: config.try_deserialize()?, origins })
    }
}

fn origin(config: &Config, key: &keys::Key) -> KeyOrigin {
    // Not `get`: it makes the value anew, without its origin.
    let mut steps = key.path.split('.');
    let value = steps.try_fold(&config.cache, |value, step| match &value.kind {
        ValueKind::Table(table) => table.get(step),
        _ => None,
    });
    let value = value.cloned().unwrap_or_default();
    let origin = value.origin().unwrap_or("default").to_owned();
    let value = if key.kind == Kind::Secret && value.kind != ValueKind::Nil {
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
