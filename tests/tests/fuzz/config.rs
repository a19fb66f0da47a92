//! Settings: a file, and variables.

use std::fmt::Write as _;

use portal_agent::settings::{Settings, Sources};

const SECRET: &str = "correct horse battery staple";

fn check(sources: &Sources) {
    match Settings::load(sources) {
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
        check(&Sources { file: Some(path.clone()), ..Sources::default() });
    });
}

#[test]
fn settings_variables() {
    bolero::check!().with_max_len(1024).for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let variables = pairs.map(|(name, value)| (format!("PORTAL_AGENT__{name}"), value.to_owned())).collect();
        check(&Sources { variables, ..Sources::default() });
    });
}
