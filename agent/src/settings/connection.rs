//! What a connection to a broker is made of: the sender's own over the daemon's, and a password from its file.
//!
//! Lives here: which section's value counts, reading a password's file. Does not live here: the sections (`sections`).

use std::path::PathBuf;

use super::error::{PasswordError, SettingsError};
use super::{BrokerSettings, EmbeddedBrokerSettings, Settings};
use crate::input_file;
use crate::secret::Secret;

impl BrokerSettings {
    /// The password, from the setting or else from its file. Reads the file.
    ///
    /// # Errors
    /// The file cannot be read or is empty.
    pub fn password(&self) -> Result<Option<Secret>, SettingsError> {
        password(self.password.as_ref(), self.password_file.as_ref())
    }
}

impl EmbeddedBrokerSettings {
    /// The password, from the setting or else from its file. Reads the file.
    ///
    /// # Errors
    /// The file cannot be read or is empty.
    pub fn password(&self) -> Result<Option<Secret>, SettingsError> {
        password(self.password.as_ref(), self.password_file.as_ref())
    }
}

impl Settings {
    /// The sender's connection: `[sender]` over `[broker]`. A sender with a broker of its own takes no user name,
    /// password or client certificate from `[broker]`, since they were not meant for that broker.
    pub fn sender_connection(&self) -> BrokerSettings {
        let (sender, mut connection) = (self.sender.clone(), self.broker.clone());
        if let Some(urls) = sender.urls {
            connection.urls = urls;
            (connection.username, connection.password, connection.password_file) = (None, None, None);
            (connection.ca_file, connection.client_certificate_file, connection.client_key_file) = (None, None, None);
            connection.allow_password_in_clear = false;
        }
        if sender.username.is_some() || sender.password.is_some() || sender.password_file.is_some() {
            (connection.password, connection.password_file) = (sender.password, sender.password_file);
        }
        if sender.client_certificate_file.is_some() || sender.client_key_file.is_some() {
            connection.client_certificate_file = sender.client_certificate_file;
            connection.client_key_file = sender.client_key_file;
        }
        connection.username = sender.username.or(connection.username);
        connection.ca_file = sender.ca_file.or(connection.ca_file);
        connection.protocol = sender.protocol.unwrap_or(connection.protocol);
        connection.allow_password_in_clear =
            sender.allow_password_in_clear.unwrap_or(connection.allow_password_in_clear);
        connection.connect_timeout = sender.connect_timeout.unwrap_or(connection.connect_timeout);
        connection
    }
}

fn password(password: Option<&Secret>, file: Option<&PathBuf>) -> Result<Option<Secret>, SettingsError> {
    // A password that stands in the settings themselves goes before a file of it, which is then not even read.
    let (None, Some(path)) = (password, file) else { return Ok(password.cloned()) };
    let unusable = |reason| SettingsError::PasswordFile { path: path.clone(), reason };
    let text = input_file::read_text(path).map_err(|error| unusable(error.into()))?;
    password_in(&text).map(|password| Some(Secret::new(password))).map_err(unusable)
}

/// The password in a file's text: its one line, whatever ends it.
fn password_in(text: &str) -> Result<&str, PasswordError> {
    if text.contains("-----BEGIN ") {
        return Err(PasswordError::Pem);
    }
    let password = text.trim_end_matches(['\r', '\n']);
    match password.split(['\r', '\n']).filter(|line| !line.is_empty()).count() {
        0 => Err(PasswordError::Empty),
        1 if !password.starts_with(['\r', '\n']) => Ok(password),
        lines => Err(PasswordError::Lines(lines.max(2))),
    }
}
