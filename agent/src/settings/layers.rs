//! One layer of settings: its values, checked, each with where it stands.
//!
//! Lives here: reading the file, the variables, the command line. Does not live here: which layer wins (crate config).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use config::{ConfigError, Map, Source, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use super::error::SettingsError;
use super::keys::{self, Key, Kind};
use crate::secret::REDACTED;

const PREFIX: &str = "PORTAL_AGENT__";

/// Values by key; every one is what its key takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    values: BTreeMap<&'static str, Value>,
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }
}

impl Layer {
    /// The built-in defaults.
    pub(super) fn defaults(text: &str) -> Result<Self, SettingsError> {
        Self::toml(text, &|_| "default".to_owned(), Path::new(""))
    }

    /// The file that the user names. Paths in it are relative to it.
    pub(super) fn file(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |reason| SettingsError::Unreadable { path: path.to_owned(), reason };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let directory = std::path::absolute(path).map_err(unreadable)?.parent().map(Path::to_owned);
        Self::toml(&text, &|line| format!("{}, line {line}", path.display()), &directory.unwrap_or_default())
    }

    /// The variables that begin with `PORTAL_AGENT__`.
    pub(super) fn variables(variables: &[(String, String)]) -> Result<Self, SettingsError> {
        let mut layer = Self::default();
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let path = rest.to_lowercase().replace("__", ".");
            let Some(key) = keys::find(&path) else {
                let nearest = format!("{PREFIX}{}", keys::nearest(&path).to_uppercase().replace('.', "__"));
                let origin = "the environment".to_owned();
                return Err(SettingsError::UnknownKey { key: name.clone(), origin, nearest });
            };
            layer.set(key, ValueKind::from(text.as_str()), format!("variable {name}"))?;
        }
        Ok(layer)
    }

    /// What the command line says; a list is what its key is given each time.
    pub(super) fn command_line(values: &[(String, String)]) -> Result<Self, SettingsError> {
        let origin = || "the command line".to_owned();
        let mut layer = Self::default();
        for (path, text) in values {
            let key = keys::find(path).ok_or_else(|| unknown(path, origin()))?;
            let earlier = layer.values.get(key.path).map(|value| value.kind.clone());
            let value = match (key.kind, earlier) {
                (Kind::List(_), Some(ValueKind::Array(mut items))) => {
                    items.push(Value::new(None, ValueKind::from(text.as_str())));
                    ValueKind::Array(items)
                }
                _ => ValueKind::from(text.as_str()),
            };
            layer.set(key, value, origin())?;
        }
        Ok(layer)
    }

    fn toml(text: &str, origin: &dyn Fn(usize) -> String, directory: &Path) -> Result<Self, SettingsError> {
        let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let table = DeTable::parse(text).map_err(|error| SettingsError::Syntax {
            origin: origin(line(error.span().unwrap_or_default().start)),
            reason: error.message().to_owned(),
        })?;
        let mut layer = Self::default();
        layer.table(table.get_ref(), "", &|at| origin(line(at)), directory)?;
        Ok(layer)
    }

    fn table(
        &mut self,
        table: &DeTable<'_>,
        above: &str,
        origin: &dyn Fn(usize) -> String,
        directory: &Path,
    ) -> Result<(), SettingsError> {
        for (name, value) in table {
            let path =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            let origin_here = origin(name.span().start);
            match (keys::find(&path), value.get_ref()) {
                (Some(key), value) => self.set(key, in_directory(key, plain(value), directory), origin_here)?,
                // A section that does not exist is named by its first key, so that the nearest can be told.
                (None, DeValue::Table(inner)) if !inner.is_empty() || is_section(&path) => {
                    self.table(inner, &path, origin, directory)?;
                }
                (None, _) => return Err(unknown(&path, origin_here)),
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &'static Key, value: ValueKind, origin: String) -> Result<(), SettingsError> {
        let shown = shown(key, &value);
        let Some(value) = key.accept(value) else {
            return Err(SettingsError::WrongValue {
                key: key.path.to_owned(),
                value: shown,
                right: key.right(),
                origin,
            });
        };
        self.values.insert(key.path, Value::new(Some(&origin), value));
        Ok(())
    }
}

fn unknown(path: &str, origin: String) -> SettingsError {
    SettingsError::UnknownKey { key: path.to_owned(), origin, nearest: keys::nearest(path).to_owned() }
}

fn is_section(path: &str) -> bool {
    keys::KEYS.iter().any(|key| key.path.split_once('.').is_some_and(|(section, _)| section == path))
}

/// A value of the file in the crate's own terms; what no key takes becomes a table, which no key takes either.
fn plain(value: &DeValue<'_>) -> ValueKind {
    match value {
        DeValue::String(text) => ValueKind::from(text.as_ref()),
        DeValue::Boolean(value) => ValueKind::from(*value),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => ValueKind::I64(number),
            Err(_) => ValueKind::Float(f64::INFINITY),
        },
        DeValue::Float(number) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Array(items) => {
            ValueKind::Array(items.iter().map(|item| Value::new(None, plain(item.get_ref()))).collect())
        }
        DeValue::Datetime(_) | DeValue::Table(_) => ValueKind::Table(Map::new()),
    }
}

/// A relative path in a file is relative to that file.
fn in_directory(key: &Key, value: ValueKind, directory: &Path) -> ValueKind {
    match value {
        ValueKind::String(text) if key.kind == Kind::File && !text.is_empty() => {
            let path: PathBuf = directory.join(&text);
            path.to_str().map_or(ValueKind::String(text), ValueKind::from)
        }
        value => value,
    }
}

/// The value as an error may show it: nothing that could be a password.
fn shown(key: &Key, value: &ValueKind) -> String {
    let text = match value {
        ValueKind::Table(_) => "a table or a date".to_owned(),
        ValueKind::String(text) => format!("{text:?}"),
        value => value.to_string(),
    };
    let could_be_secret = key.kind == Kind::Secret || text.contains('@');
    if could_be_secret { REDACTED.to_owned() } else { text.chars().take(100).collect() }
}
