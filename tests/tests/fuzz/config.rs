//! Settings: a file, and variables.

use std::fmt::Write as _;

use portal_agent::settings::{Settings, SettingsSources};

const SECRET: &str = "correct horse battery staple";

/// The secret stands where one belongs; an input that puts it anywhere else shows nothing by showing it.
fn check(mut sources: SettingsSources) {
    sources.variables.push(("PORTAL_AGENT__BROKER__PASSWORD".to_owned(), SECRET.to_owned()));
    match Settings::load(&sources) {
        Ok(loaded) => {
            let mut shown = format!("{:?}", loaded.settings);
            for origin in loaded.origins {
                write!(shown, "{origin:?}{}", origin.value).unwrap();
            }
            assert!(!shown.contains(SECRET), "{shown}");
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(error.to_string().lines().count() == 1 && shown.len() < 4096, "{error}");
        }
    }
}

#[test]
fn settings_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    bolero::check!().with_max_len(4096).for_each(|bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        check(SettingsSources { file: Some(path.clone()), ..SettingsSources::default() });
    });
}

#[test]
fn settings_variables() {
    bolero::check!().with_max_len(1024).for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let variables = pairs.map(|(name, value)| (format!("PORTAL_AGENT__{name}"), value.to_owned())).collect();
        check(SettingsSources { variables, ..SettingsSources::default() });
    });
}
