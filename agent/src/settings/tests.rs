//! The settings' tests: layers, origins, and every sentence about what is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use portal_contract::{DeviceName, OperatingSystem};

use super::*;
use crate::mqtt::MqttVersion;

mod files;

fn with_file(text: &str) -> Result<LoadedSettings, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    fs::write(&path, text).unwrap();
    Settings::load(&SettingsSources { file: Some(path), ..SettingsSources::default() })
}

fn with_variables(variables: &[(&str, &str)]) -> Result<LoadedSettings, SettingsError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::load(&SettingsSources { variables, ..SettingsSources::default() })
}

fn with_command_line(values: &[(&str, &str)]) -> Result<LoadedSettings, SettingsError> {
    let command_line = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Settings::load(&SettingsSources { command_line, ..SettingsSources::default() })
}

fn origin_of<'a>(loaded: &'a LoadedSettings, key: &str) -> &'a KeyOrigin {
    loaded.origins.iter().find(|origin| origin.key == key).unwrap()
}

#[test]
fn every_config_file_loads() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let toml: Vec<_> = files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    assert!(toml.len() >= 4);
    for path in toml {
        let sources = SettingsSources { file: Some(path.clone()), ..SettingsSources::default() };
        Settings::load(&sources).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// A file of settings, with the keys that stand behind a # set, too.
fn uncommented(text: &str) -> String {
    text.lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => setting,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A person's file outlives versions. One that names every key of an earlier schema is kept for each of them; a key that goes or
/// is renamed is still to be taken, or refused with a hint, and that is said here then.
#[test]
fn a_file_of_every_earlier_schema_loads() {
    const OLD: &[&str] = &[include_str!("../../tests/data/settings-v1.toml")];
    for old in OLD {
        let loaded = with_file(&uncommented(old)).unwrap();
        let from_file = loaded.origins.iter().filter(|key| key.origin.contains("line ")).count();
        let keys = uncommented(old).lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count();
        assert_eq!(from_file, keys, "each of its keys is in force");
    }
}

/// Each key stands in default.toml, in order; one without a value stands behind a #, with a value that it takes.
#[test]
fn the_default_file_names_every_key_and_no_other() {
    let loaded = with_file(&uncommented(DEFAULTS)).unwrap();
    let without_place: Vec<_> = loaded.origins.iter().filter(|key| !key.origin.contains("line ")).collect();
    let (empty, missing): (Vec<_>, Vec<_>) = without_place.into_iter().partition(|key| key.key.ends_with(".password"));
    assert_eq!(missing, Vec::<&KeyOrigin>::new());
    assert_eq!(empty.len(), 0, "an empty text has a place too");
    let line = |key: &KeyOrigin| key.origin.rsplit("line ").next().unwrap().parse::<u32>().unwrap();
    assert!(loaded.origins.is_sorted_by_key(line), "in the order of the file");
    let optional: BTreeSet<&str> = keys::KEYS.iter().filter(|key| key.optional).map(|key| key.path).collect();
    let defaults = Settings::load(&SettingsSources::default()).unwrap();
    let unset = defaults.origins.iter().filter(|key| key.value.is_null()).map(|key| key.key.as_str()).collect();
    assert_eq!(optional, unset);
}

#[test]
fn the_defaults_are_the_contracts() {
    let settings = Settings::load(&SettingsSources::default()).unwrap().settings;
    assert_eq!(settings.broker.session_expiry.as_secs(), 30 * 24 * 3600);
    assert_eq!((settings.broker.receive_maximum, settings.broker.maximum_packet_size), (1000, 64 * 1024));
    assert_eq!(settings.broker.fence_patience.as_secs(), 10);
    assert_eq!((settings.broker.answer_timeout.as_secs(), settings.broker.filters_per_subscribe), (20, 8));
    assert_eq!((settings.notifier.pace_per_second, settings.notifier.open_cards), (100, 20));
    assert_eq!(settings.notifier.patience.as_secs(), 20);
    assert_eq!((settings.journal.keep_receipts, settings.journal.ids_count), (200_000, 1_000_000));
    assert_eq!(settings.actions.allow, portal_contract::ActionKind::ALLOWED_BY_DEFAULT);
    assert_eq!(settings.embedded_broker.listen, None);
    assert!(settings.push_service.emulate && settings.control.listen.ip().is_loopback());
}

#[test]
fn each_layer_is_stronger_than_the_one_before_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    fs::write(&path, "[broker]\nkeep_alive = \"20s\"\nprotocol = \"3.1.1\"\n\n[device]\nplatform = \"iPadOS\"\n")
        .unwrap();
    let loaded = Settings::load(&SettingsSources {
        file: Some(path.clone()),
        variables: vec![
            ("PORTAL_AGENT__BROKER__KEEP_ALIVE".to_owned(), "25s".to_owned()),
            ("PORTAL_AGENT__DEVICE__PLATFORM".to_owned(), "ios".to_owned()),
            ("PORTAL_AGENT_SERVICE_HOST".to_owned(), "x".to_owned()),
        ],
        command_line: vec![
            ("device.platform".to_owned(), "android".to_owned()),
            ("broker.urls".to_owned(), "mqtt://a".to_owned()),
            ("broker.urls".to_owned(), "mqtts://b:1234".to_owned()),
        ],
        ..SettingsSources::default()
    })
    .unwrap();
    assert_eq!(loaded.settings.device.platform, Some(OperatingSystem::Android));
    assert_eq!(loaded.settings.broker.protocol, MqttVersion::Mqtt311);
    assert_eq!(loaded.settings.broker.urls, ["mqtt://a", "mqtts://b:1234"]);
    let shown = |key: &str| (origin_of(&loaded, key).value.to_string(), origin_of(&loaded, key).origin.clone());
    assert_eq!(shown("broker.protocol"), ("\"3.1.1\"".to_owned(), format!("{}, line 3", path.display())));
    assert_eq!(
        shown("broker.keep_alive"),
        ("\"25s\"".to_owned(), "variable PORTAL_AGENT__BROKER__KEEP_ALIVE".to_owned())
    );
    assert_eq!(shown("device.platform"), ("\"Android\"".to_owned(), "the command line".to_owned()));
    assert_eq!(shown("notifier.patience"), ("\"20s\"".to_owned(), "default".to_owned()));
    assert_eq!(shown("device.name"), ("null".to_owned(), "default".to_owned()));
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest() {
    let sentence = |text| with_file(text).unwrap_err().to_string();
    let typo = sentence("# a comment\n[broker]\nkeepalive = \"20s\"\n");
    assert!(typo.starts_with("unknown setting broker.keepalive in ") && typo.contains("agent.toml, line 3"), "{typo}");
    assert!(typo.ends_with("the nearest is broker.keep_alive"), "{typo}");
    assert!(sentence("[brokr]\nurls = []\n").ends_with("the nearest is broker.urls"));
    assert!(sentence("urls = []\n").ends_with("the nearest is broker.urls"));
    assert!(sentence("[journal]\nkeep_days = 3\n").ends_with("the nearest is journal.keep_age"));
    assert!(sentence("broker.tls.ca_file = \"x\"\n").ends_with("the nearest is broker.ca_file"));
    assert!(sentence("[zzz]\nqqq = 3\n").ends_with("config show lists them all"));
    let variable = with_variables(&[("PORTAL_AGENT__BROKER__URL", "mqtt://x")]).unwrap_err().to_string();
    assert_eq!(
        variable,
        "unknown setting PORTAL_AGENT__BROKER__URL in the environment; the nearest is PORTAL_AGENT__BROKER__URLS"
    );
}

#[test]
fn a_wrong_value_is_named_with_what_would_be_right() {
    let cases = [
        ("[broker]\nkeep_alive = 20", "broker.keep_alive = 20", "a duration from 5s to 65535s"),
        ("[broker]\nkeep_alive = \"2s\"", "broker.keep_alive = \"2s\"", "a duration from 5s to 65535s"),
        ("[broker]\nreceive_maximum = 0", "broker.receive_maximum = 0", "a whole number from 1 to 65535"),
        ("[broker]\nreceive_maximum = 1.5", "broker.receive_maximum = 1.5", "a whole number"),
        ("[broker]\nreceive_maximum = true", "broker.receive_maximum = true", "a whole number"),
        ("[broker]\nurls = [\"http://x\"]", "broker.urls = ", "a list, each mqtt://HOST[:PORT]"),
        ("[broker]\nurls = 3", "broker.urls = 3", "a list, each mqtt://HOST[:PORT]"),
        ("[broker]\nallow_password_in_clear = \"maybe\"", "= \"maybe\"", "true or false"),
        ("[broker]\nallow_password_in_clear = 1", "= 1", "true or false"),
        ("[broker.urls]\na = 1", "broker.urls = a table", "a list"),
        ("[device]\nplatform = \"windows\"", "device.platform = \"windows\"", "one of ios, ipados, android"),
        ("[device]\nid = \"7\"", "device.id = \"7\"", "a UUID"),
        ("[device]\ndocumentation = 2020", "device.documentation = 2020", "one of 2019, 2023, 2025, 2026"),
        ("[actions]\nallow = [\"rebootNow\"]", "actions.allow", "a list, each one of retire, syncDevice, wipe, delete"),
        ("[control]\nlisten = \"0.0.0.0:0\"", "control.listen = \"0.0.0.0:0\"", "a loopback ADDRESS:PORT"),
        ("[notifier]\nkind = \"loud\"", "notifier.kind = \"loud\"", "one of native, console"),
        ("[log]\nlevel = \"\"", "log.level = \"\"", "one of error, warn"),
    ];
    for (text, value, right) in cases {
        let sentence = with_file(text).unwrap_err().to_string();
        assert!(sentence.contains(value) && sentence.contains(right), "{text}: {sentence}");
        assert!(sentence.contains("agent.toml, line "), "{sentence}");
    }
    let sentence = with_variables(&[("PORTAL_AGENT__NOTIFIER__OPEN_CARDS", "many")]).unwrap_err().to_string();
    assert!(
        sentence.contains("notifier.open_cards = \"many\" in variable PORTAL_AGENT__NOTIFIER__OPEN_CARDS"),
        "{sentence}"
    );
    let sentence = with_command_line(&[("embedded_broker.listen", "here")]).unwrap_err().to_string();
    assert!(sentence.contains("in the command line") && sentence.contains("ADDRESS:PORT"), "{sentence}");
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_named() {
    let sentence = with_file("[broker]\nurls = [\n").unwrap_err().to_string();
    assert!(sentence.contains("agent.toml, line ") && sentence.contains("is not TOML"), "{sentence}");
    let missing = SettingsSources { file: Some("/nonexistent/agent.toml".into()), ..SettingsSources::default() };
    let sentence = Settings::load(&missing).unwrap_err().to_string();
    assert!(sentence.contains("/nonexistent/agent.toml") && sentence.contains("does not exist"), "{sentence}");
}

#[test]
fn variables_are_read_as_their_key_takes_them() {
    let loaded = with_variables(&[
        ("PORTAL_AGENT__BROKER__URLS", "mqtt://a, mqtt://b"),
        ("PORTAL_AGENT__BROKER__PASSWORD", "0042"),
        ("PORTAL_AGENT__PUSH_SERVICE__EMULATE", "false"),
        ("PORTAL_AGENT__JOURNAL__KEEP_RECEIPTS", "7"),
        ("PORTAL_AGENT__EMBEDDED_BROKER__LISTEN", "localhost:0"),
        ("PORTAL_AGENT__DEVICE__ID", "6F0C1B9E-2F5A-4C0E-9A52-0D6F3A3B7A10"),
        ("PORTAL_AGENT__DEVICE__NAME", ""),
    ])
    .unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.broker.urls, ["mqtt://a", "mqtt://b"]);
    assert_eq!(settings.broker.password().unwrap().unwrap().expose(), "0042");
    assert!(!settings.push_service.emulate);
    assert_eq!(settings.journal.keep_receipts, 7);
    assert_eq!(settings.embedded_broker.listen, Some("127.0.0.1:0".parse().unwrap()));
    assert_eq!(settings.device.id.unwrap().to_string(), "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10");
    assert_eq!(settings.device.name, None);
}

#[test]
fn no_password_is_shown_anywhere() {
    let loaded = with_file("[broker]\npassword = \"hunter2\"\n").unwrap();
    assert_eq!(origin_of(&loaded, "broker.password").value, "***");
    assert!(!format!("{loaded:?}").contains("hunter2"));
    for text in ["[broker]\npassword = [\"hunter2\"]\n", "[broker]\nurls = [\"mqtt://me:hunter2@host\"]\n"] {
        let error = with_file(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn a_password_file_is_relative_to_the_file_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    fs::write(&path, "[broker]\npassword_file = \"secret\"\n[sender]\nurls = [\"mqtt://other\"]\n").unwrap();
    let settings =
        Settings::load(&SettingsSources { file: Some(path), ..SettingsSources::default() }).unwrap().settings;
    let error = settings.broker.password().unwrap_err().to_string();
    assert!(error.contains(directory.path().join("secret").to_str().unwrap()), "{error}");
    fs::write(directory.path().join("secret"), "hunter2\n").unwrap();
    assert_eq!(settings.broker.password().unwrap().unwrap().expose(), "hunter2");
    assert_eq!(settings.sender_connection().password().unwrap(), None, "it is not for another broker");
    fs::write(directory.path().join("secret"), "\n").unwrap();
    assert!(settings.broker.password().unwrap_err().to_string().contains("is empty"));
}

#[test]
fn the_senders_connection_is_the_daemons_but_for_what_it_says() {
    let broker = "[broker]\nurls = [\"mqtt://a\"]\nusername = \"agent\"\npassword = \"x\"\nkeep_alive = \"7s\"\n";
    let of = |sender: &str| with_file(&format!("{broker}[sender]\n{sender}")).unwrap().settings.sender_connection();
    assert_eq!(of(""), with_file(broker).unwrap().settings.broker);
    let own_user = of("username = \"me\"\n");
    assert_eq!((own_user.username.as_deref(), own_user.password), (Some("me"), None));
    let own_broker = of("urls = [\"mqtt://b\"]\n");
    assert_eq!((own_broker.urls, own_broker.username), (vec!["mqtt://b".to_owned()], None));
    assert_eq!(own_broker.keep_alive.as_secs(), 7);
}
