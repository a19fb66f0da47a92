//! One layer of settings: its values, checked, each with where it stands.
//!
//! Lives here: reading the file, the variables, the command line. Does not live here: which layer wins (crate config).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{ConfigError, Map, Source, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use super::error::SettingsError;
use super::keys::{self, KeyKind, SettingKey};
use super::toml_error::toml_reason;
use super::variables::{self, Variable, variable, variable_of};
use crate::input_file::{self, FileReadError};
use crate::mqtt::may_hold_password;
use crate::secret::REDACTED;

/// Values by key; every one is what its key takes.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingsLayer {
    values: BTreeMap<&'static str, Value>,
}

impl Source for SettingsLayer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }
}

/// What is wrong and what is worth a word, of all layers: a person mends every mistake at once.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<SettingsError>,
    pub(super) notices: Vec<String>,
}

impl SettingsLayer {
    /// The built-in defaults.
    pub(super) fn defaults(text: &str, findings: &mut Findings) -> Self {
        let place = LayerPlace { text, origin: &|_| "default".to_owned(), directory: Path::new("") };
        Self::toml(&place, findings)
    }

    /// The file that the user names. Paths in it are relative to it.
    pub(super) fn file(path: &Path, findings: &mut Findings) -> Self {
        let unread = |reason| SettingsError::File { path: path.to_owned(), reason };
        let text = input_file::read_text(path);
        let directory = std::path::absolute(path).map_err(|error| FileReadError::of(&error));
        match text.and_then(|text| Ok((text, directory?))) {
            Ok((text, absolute)) => {
                let origin = |line| format!("{}, line {line}", path.display());
                let directory = absolute.parent().unwrap_or(Path::new(""));
                Self::toml(&LayerPlace { text: &text, origin: &origin, directory }, findings)
            }
            Err(error) => {
                findings.errors.push(unread(error));
                Self::default()
            }
        }
    }

    /// The variables that begin with `PORTAL_AGENT__`; those that mean to are noticed.
    pub(super) fn variables(variables: &[(String, String)], findings: &mut Findings) -> Self {
        let mut layer = Self::default();
        for (name, text) in variables {
            match variable(name) {
                Variable::Setting(key) => {
                    let text = variables::value(text);
                    if keys::is_quoted(text) && matches!(key.kind, KeyKind::Text | KeyKind::Secret) {
                        let notice = "stands in quotation marks, which are part of it; leave them out if they are not";
                        findings.notices.push(format!("the value of the variable {name} {notice}"));
                    }
                    layer.set(key, ValueKind::from(text), format!("variable {name}"), findings);
                }
                Variable::NoSetting(rest) => {
                    let nearest = keys::nearest(&rest.to_lowercase().replace("__", ".")).map(variable_of);
                    let (key, origin) = (name.clone(), "the environment".to_owned());
                    findings.errors.push(SettingsError::UnknownKey { key, origin, nearest });
                }
                Variable::Misspelled(right) => {
                    let (name, right) = (name.clone(), right.to_string());
                    findings.errors.push(SettingsError::Misspelled { name, right });
                }
                Variable::Unknown => {
                    findings.notices.push(format!(
                        "the variable {name} begins like this program's and is none of them; \
                         settings are named {}SECTION__KEY",
                        variables::PREFIX
                    ));
                }
                Variable::Foreign => {}
            }
        }
        layer
    }

    /// What the command line says; a list is what its key is given each time.
    pub(super) fn command_line(values: &[(String, String)], findings: &mut Findings) -> Self {
        let origin = || "the command line".to_owned();
        let mut layer = Self::default();
        for (path, text) in values {
            let Some(key) = keys::find(path) else {
                findings.errors.push(unknown(path, origin()));
                continue;
            };
            let earlier = layer.values.get(key.path).map(|value| value.kind.clone());
            let value = match (key.kind, earlier) {
                (KeyKind::List(_), Some(ValueKind::Array(mut items))) => {
                    items.push(Value::new(None, ValueKind::from(text.as_str())));
                    ValueKind::Array(items)
                }
                _ => ValueKind::from(text.as_str()),
            };
            layer.set(key, value, origin(), findings);
        }
        layer
    }

    fn toml(place: &LayerPlace<'_>, findings: &mut Findings) -> Self {
        let mut layer = Self::default();
        // Read to the form that keeps the place of each key: crate config's own reading of a file knows none, and a
        // mistake is told with its line.
        match DeTable::parse(place.text) {
            Ok(table) => layer.table(table.get_ref(), "", place, findings),
            Err(error) => {
                let at = error.span().unwrap_or_default().start;
                let reason = toml_reason(place.text, at, error.message());
                findings.errors.push(SettingsError::Syntax { origin: place.of(at), reason });
            }
        }
        layer
    }

    fn table(&mut self, table: &DeTable<'_>, above: &str, place: &LayerPlace<'_>, findings: &mut Findings) {
        for (name, value) in table {
            let path =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            let origin = place.of(name.span().start);
            match (keys::find(&path), value.get_ref()) {
                (Some(key), DeValue::Integer(_) | DeValue::Float(_)) if key.takes_numbers_as_written() => {
                    // As it stands in the file and not as a number: `os_version = 26.10` would be read as 26.1.
                    let as_written = place.text.get(value.span()).unwrap_or_default();
                    self.set(key, ValueKind::from(as_written), origin, findings);
                }
                (Some(key), value) => {
                    self.set(key, in_directory(key, plain(value), place.directory), origin, findings);
                }
                // A section that does not exist is named by its first key, so that the nearest can be told.
                (None, DeValue::Table(inner)) if !inner.is_empty() || is_section(&path) => {
                    self.table(inner, &path, place, findings);
                }
                (None, _) => findings.errors.push(unknown(&path, origin)),
            }
        }
    }

    fn set(&mut self, key: &'static SettingKey, value: ValueKind, origin: String, findings: &mut Findings) {
        let (shown, right) = (shown(key, &value), key.right(&value));
        match key.accept(value) {
            Some(value) => {
                self.values.insert(key.path, Value::new(Some(&origin), value));
            }
            None => {
                let key = key.path.to_owned();
                findings.errors.push(SettingsError::WrongValue { key, value: shown, right, origin });
            }
        }
    }
}

/// A text of TOML, and where it stands.
struct LayerPlace<'a> {
    text: &'a str,
    /// By the line, from 1.
    origin: &'a dyn Fn(usize) -> String,
    /// What its relative paths are relative to.
    directory: &'a Path,
}

impl LayerPlace<'_> {
    fn of(&self, at: usize) -> String {
        (self.origin)(self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1)
    }
}

fn unknown(path: &str, origin: String) -> SettingsError {
    SettingsError::UnknownKey { key: path.to_owned(), origin, nearest: keys::nearest(path).map(str::to_owned) }
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
fn in_directory(key: &SettingKey, value: ValueKind, directory: &Path) -> ValueKind {
    match value {
        ValueKind::String(text) if key.kind == KeyKind::File && !text.is_empty() => {
            let path: PathBuf = directory.join(&text);
            path.to_str().map_or(ValueKind::String(text), ValueKind::from)
        }
        value => value,
    }
}

/// The value as an error may show it: nothing that could be a password.
fn shown(key: &SettingKey, value: &ValueKind) -> String {
    let text = match value {
        ValueKind::Table(_) => "a table or a date".to_owned(),
        ValueKind::String(text) => format!("{text:?}"),
        value => value.to_string(),
    };
    // Whatever the key: a password is pasted behind the wrong one, and a key's content given where its path belongs.
    let could_be_secret = key.kind == KeyKind::Secret || may_hold_password(&text) || keys::holds_pem(&text);
    if could_be_secret { REDACTED.to_owned() } else { text.chars().take(100).collect() }
}
