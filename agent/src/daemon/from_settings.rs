//! From settings, which are words, to what the daemon and the sender are started with.
//!
//! Lives here: putting each setting where it acts, and what settings cannot say. Does not live here: files and layers (`settings`).

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use portal_contract::timestamp::millis;
use portal_contract::{DeviceId, NewDevice, SettingsInForce, StatusReport};

use super::start::Options;
use crate::broker::{
    BrokerCredentials, BrokerUrl, BrokerUrlError, EmbeddedAccess, EmbeddedLimits, EmbeddedOptions, SessionSettings,
    TlsSettings, kept_credentials,
};
use crate::invocation;
use crate::journal::Retention;
use crate::secret::Secret;
use crate::sender::SenderOptions;
use crate::settings::{self, BrokerSettings, Settings, SettingsError};
use crate::state_dir::{StateDir, StateDirError};
use portal_device::{EmulationSettings, PushServiceEmulation};

/// Settings that are well-formed each by itself, but cannot be started with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A setting.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A broker's URL.
    #[error("{0}")]
    BrokerUrl(#[from] BrokerUrlError),
    /// A setting with words of its own.
    #[error("{key}: {why}")]
    Word {
        /// The setting.
        key: &'static str,
        /// What is wrong and what would be right.
        why: String,
    },
    /// A password without a user name.
    #[error("a password for the broker is set, but no user name; set username beside it")]
    PasswordWithoutUser,
    /// A user name for the embedded broker, without a password.
    #[error(
        "embedded_broker.username is set, but no password; set embedded_broker.password_file beside it, or leave the user name out: a password is drawn then"
    )]
    UserWithoutPassword,
    /// A certificate for the embedded broker without its key, or the other way round.
    #[error("embedded_broker.certificate_file and embedded_broker.key_file belong together; give both, or neither")]
    HalfAPair,
    /// A file of the state directory.
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    /// No broker at all.
    #[error("no broker is named; give --broker URL, --embedded-broker, or broker.urls in a settings file")]
    NoBroker,
}

impl Options {
    /// What `settings` ask for, with the state in `state_dir`.
    ///
    /// # Errors
    /// What a person has to put right in the settings.
    pub fn from_settings(settings: &Settings, state_dir: PathBuf) -> Result<Self, ConfigurationError> {
        let embedded = embedded(settings)?;
        let default = StateDir::default_path().ok();
        let called_by = invocation::program_for(&state_dir, default.as_deref());
        let label = match state_dir.file_name() {
            Some(name) if default.as_deref() != Some(&state_dir) => name.to_string_lossy().into_owned(),
            _ => String::new(),
        };
        Ok(Self {
            state_dir,
            asked: asked(settings)?,
            rules: rules(settings)?,
            // Of one start, and no setting: whoever sets a journal aside has looked at it.
            set_damaged_journal_aside: false,
            retention: Retention {
                keep_age: settings.journal.keep_age,
                keep_receipts: settings.journal.keep_receipts,
                ids_age: settings.journal.ids_age,
                ids_count: settings.journal.ids_count,
            },
            session: SessionSettings {
                retained_group_messages: settings.enrollment.late_joiner,
                ..session(&settings.broker)?
            },
            embedded,
            notifier: settings.notifier.kind,
            withdraw_cards: false,
            control_listen: settings.control.listen,
            settings_in_force: SettingsInForce::default(),
            called_by,
            label,
        })
    }
}

fn asked(settings: &Settings) -> Result<NewDevice, ConfigurationError> {
    let device = &settings.device;
    let os_version = device.os_version.as_deref().map(str::parse).transpose();
    Ok(NewDevice {
        platform: device.platform,
        os_version: os_version.map_err(|why| ConfigurationError::Word { key: "device.os_version", why })?,
        device_id: device.id,
        device_name: device.name.clone(),
        tenant: device.tenant.clone(),
    })
}

/// What the settings say of the device's rules.
///
/// # Errors
/// A documentation profile that there is not.
pub fn rules(settings: &Settings) -> Result<EmulationSettings, ConfigurationError> {
    let documentation = settings.device.documentation.parse();
    Ok(EmulationSettings {
        documentation: documentation.map_err(|why| ConfigurationError::Word { key: "device.documentation", why })?,
        push_service: push_service(&settings.push_service),
        grace_millis: millis(settings.enrollment.grace),
        late_joiner: settings.enrollment.late_joiner,
        apple_request: settings.app.ios_request,
        provisional_may_prompt: settings.app.ios_provisional_may_prompt,
        apple_summary_button: settings.app.ios_summary_button,
        apple_summary_times: settings.app.ios_summary_times.clone(),
        android_target_sdk: settings.app.android_target_sdk,
        android_channel: settings.app.android_channel,
        android_receiver: settings.app.android_receiver,
        pace_per_second: settings.notifier.pace_per_second,
        open_cards: settings.notifier.open_cards as usize,
        server_timeout_millis: millis(settings.notifier.patience),
        ids_age_millis: millis(settings.journal.ids_age),
        allowed_actions: settings.actions.allow.clone(),
    })
}

fn push_service(settings: &settings::PushServiceSettings) -> PushServiceEmulation {
    PushServiceEmulation {
        emulate: settings.emulate,
        android_priority: settings.android_priority,
        android_message: settings.android_message,
        time_to_live_millis: settings.time_to_live.map(millis),
        lower_priority_after: settings.lower_priority_after,
        pending_limit: settings.pending_limit as usize,
        inactive_after_millis: millis(settings.inactive_after),
        doze_window_millis: millis(settings.doze_window),
        restricted_after_millis: millis(settings.restricted_after),
    }
}

fn embedded(settings: &Settings) -> Result<Option<EmbeddedOptions>, ConfigurationError> {
    // Where no broker is named the daemon brings its own, on loopback and a free port: whoever only types `run` has
    // something to push to. Rejected: a refusal that names the flags, which is what everybody met first.
    let by_default = settings.broker.urls.is_empty().then(|| (Ipv4Addr::LOCALHOST, 0).into());
    let settings = &settings.embedded_broker;
    let Some(listen) = settings.listen.or(by_default) else { return Ok(None) };
    Ok(Some(EmbeddedOptions {
        listen,
        access: match (settings.anonymous, &settings.username, settings.password()?) {
            (true, ..) => EmbeddedAccess::Anyone,
            (false, None, None) => EmbeddedAccess::Drawn,
            (false, Some(user), Some(password)) => {
                EmbeddedAccess::Given(BrokerCredentials::new(user.clone(), password))
            }
            (false, Some(_), None) => return Err(ConfigurationError::UserWithoutPassword),
            (false, None, Some(_)) => return Err(ConfigurationError::PasswordWithoutUser),
        },
        limits: EmbeddedLimits {
            clients: settings.clients,
            sessions: settings.sessions,
            subscriptions: settings.subscriptions,
            queued_messages: settings.queued_messages,
            retained_messages: settings.retained_messages,
            retained_bytes: settings.retained_bytes,
            memory: settings.memory,
            packet_size: settings.packet_size,
            connect_timeout: settings.connect_timeout,
            write_timeout: settings.write_timeout,
        },
        certificate: match (&settings.certificate_file, &settings.key_file) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            _ => return Err(ConfigurationError::HalfAPair),
        },
    }))
}

fn credentials(
    user: Option<&String>,
    password: Option<Secret>,
) -> Result<Option<BrokerCredentials>, ConfigurationError> {
    match (user, password) {
        (Some(user), password) => {
            Ok(Some(BrokerCredentials::new(user.clone(), password.unwrap_or_else(|| Secret::new("")))))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ConfigurationError::PasswordWithoutUser),
    }
}

fn tls(settings: &BrokerSettings) -> TlsSettings {
    TlsSettings {
        ca_file: settings.ca_file.clone(),
        client_cert_file: settings.client_certificate_file.clone(),
        client_key_file: settings.client_key_file.clone(),
    }
}

/// The session's settings; device and tenant are put in once the state directory has told them.
fn session(settings: &BrokerSettings) -> Result<SessionSettings, ConfigurationError> {
    let brokers = settings.urls.iter().map(|url| url.parse()).collect::<Result<Vec<BrokerUrl>, _>>()?;
    let not_yet_known = DeviceId::from_random(0);
    Ok(SessionSettings {
        protocol: settings.protocol,
        credentials: credentials(settings.username.as_ref(), settings.password()?)?,
        tls: tls(settings),
        receive_maximum: settings.receive_maximum,
        maximum_packet_size: settings.maximum_packet_size,
        keep_alive: settings.keep_alive,
        session_expiry: settings.session_expiry,
        connect_timeout: settings.connect_timeout,
        answer_timeout: settings.answer_timeout,
        filters_per_subscribe: settings.filters_per_subscribe,
        fence_timeout: settings.fence_patience,
        allow_password_in_clear: settings.allow_password_in_clear,
        ..SessionSettings::new(brokers, not_yet_known)
    })
}

/// What `push` connects with: the broker of `[sender]`, else the one that the running `daemon` is on, else `[broker]`'s
/// first (contract 5). The password of the daemon's embedded broker stands in its state directory (contract 7).
///
/// # Errors
/// What a person has to put right in the settings.
pub fn sender_settings(
    settings: &Settings,
    daemon: Option<&StatusReport>,
    state_dir: &Path,
) -> Result<SenderOptions, ConfigurationError> {
    let connection = settings.sender_connection();
    let daemon = daemon.filter(|_| settings.sender.urls.is_none());
    let on_embedded = daemon.is_some_and(|daemon| daemon.broker.embedded.is_some());
    let url = match (daemon, connection.urls.first()) {
        (Some(daemon), _) => daemon.broker.url.parse()?,
        (None, Some(url)) => url.parse()?,
        (None, None) => return Err(ConfigurationError::NoBroker),
    };
    // That broker's password was drawn, and stands in no settings.
    let credentials = if on_embedded && settings.sender.username.is_none() {
        kept_credentials(state_dir)?
    } else {
        credentials(connection.username.as_ref(), connection.password()?)?
    };
    let daemons_tenant = daemon.map(|daemon| daemon.tenant.clone());
    Ok(SenderOptions {
        protocol: connection.protocol,
        tenant: daemons_tenant.or_else(|| settings.device.tenant.clone()).unwrap_or_default(),
        credentials,
        tls: tls(&connection),
        allow_password_in_clear: connection.allow_password_in_clear,
        connect_timeout: connection.connect_timeout,
        answer_timeout: connection.answer_timeout,
        ..SenderOptions::new(url)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsSources;

    /// `config/default.toml` says them to people, the broker's own crate to programs that embed it.
    #[test]
    fn the_embedded_brokers_limits_are_the_same_in_both_places() {
        let mut settings = Settings::load(&SettingsSources::default()).unwrap().settings;
        settings.embedded_broker.listen = Some(([127, 0, 0, 1], 0).into());
        assert_eq!(embedded(&settings).unwrap().unwrap().limits, EmbeddedLimits::default());
    }
}
