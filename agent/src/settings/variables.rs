//! Environment variables: which are settings, which are meant to be, and what tools leave around their values.
//!
//! Lives here: names and values as text. Does not live here: what a value means (`keys`).

use std::fmt;

use super::keys::{KEYS, SettingKey};

/// What every setting's variable begins with; two underscores stand where the key has a dot.
pub(super) const PREFIX: &str = "PORTAL_AGENT__";

/// The only variables of this program with single underscores (contract 5).
const OWN: [&str; 4] =
    ["PORTAL_AGENT_STATE_DIR", "PORTAL_AGENT_CONFIG", "PORTAL_AGENT_DEVICE", "PORTAL_AGENT_COMPLETE"];

/// How like one of ours a name must be to be taken for it. What Kubernetes makes is not half as like.
const LIKENESS: f64 = 0.8;

/// What a variable is to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable<'a> {
    Setting(&'static SettingKey),
    /// Has our prefix, and is no setting: the path that it names.
    NoSetting(&'a str),
    /// Meant to be one of ours, by its letters.
    Misspelled(Right),
    /// Begins like ours and is not: Kubernetes makes such names for a service called `portal-agent`.
    Unknown,
    /// Somebody else's.
    Foreign,
}

/// A name as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// One of the four with single underscores.
    Own(&'static str),
    /// A setting's.
    Setting(&'static SettingKey),
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(name) => f.write_str(name),
            Self::Setting(key) => f.write_str(&variable_of(key.path)),
        }
    }
}

/// The variable that sets the key with this path.
pub(super) fn variable_of(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "__").to_uppercase())
}

/// What the variable with this name is. Windows takes any case of a name.
pub(super) fn variable(name: &str) -> Variable<'_> {
    let is = |right: &str| if cfg!(windows) { name.eq_ignore_ascii_case(right) } else { name == right };
    if let Some(key) = KEYS.iter().find(|key| is(&variable_of(key.path))) {
        return Variable::Setting(key);
    }
    let letters = letters_of(name);
    let ours = letters_of(PREFIX);
    if OWN.iter().any(|own| is(own)) || letters == ours || !letters.starts_with(&ours) {
        return Variable::Foreign;
    }
    let own = OWN.iter().map(|own| (letters_of(own), Right::Own(own)));
    let settings = KEYS.iter().map(|key| (letters_of(&variable_of(key.path)), Right::Setting(key)));
    let mut candidates = own.chain(settings);
    if let Some((_, right)) = candidates.clone().find(|(right, _)| *right == letters) {
        return Variable::Misspelled(right);
    }
    if let Some(path) = name.strip_prefix(PREFIX) {
        return Variable::NoSetting(path);
    }
    // Without what all of ours begin with, which would make any two of them alike.
    let rest = |letters: &str| letters.get(ours.len()..).unwrap_or_default().to_owned();
    let alike = |right: &str| strsim::normalized_damerau_levenshtein(&rest(right), &rest(&letters)) >= LIKENESS;
    match candidates.find(|(right, _)| alike(right)) {
        Some((_, right)) => Variable::Misspelled(right),
        None if name.starts_with("PORTAL_AGENT_") => Variable::Unknown,
        None => Variable::Foreign,
    }
}

/// A name without what people get wrong: the case and the separators.
fn letters_of(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '.' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// A value without what a file brings along that a tool read it from: the line end, the mark of UTF-8.
pub(crate) fn value(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::super::keys::is_quoted;
    use super::*;

    fn right(name: &str) -> Option<String> {
        match variable(name) {
            Variable::Misspelled(right) => Some(right.to_string()),
            _ => None,
        }
    }

    #[test]
    fn a_wrong_separator_is_told_with_the_right_spelling() {
        for name in [
            "PORTAL_AGENT_BROKER__KEEP_ALIVE",
            "PORTAL_AGENT_BROKER_KEEP_ALIVE",
            "PORTAL_AGENT__BROKER_KEEP_ALIVE",
            "PORTAL_AGENT___BROKER__KEEP_ALIVE",
            "PORTAL_AGENT_BROKER_KEEPALIVE",
            "PORTAL_AGENT.BROKER.KEEP_ALIVE",
            "PORTAL-AGENT-BROKER-KEEP-ALIVE",
            "PORTALAGENT__BROKER__KEEP_ALIVE",
            "PORTAL_AGENT_BROKER__KEEPALIFE",
        ] {
            assert_eq!(right(name).as_deref(), Some("PORTAL_AGENT__BROKER__KEEP_ALIVE"), "{name}");
        }
        for (name, own) in [
            ("PORTAL_AGENT_STATEDIR", "PORTAL_AGENT_STATE_DIR"),
            ("PORTAL_AGENT__STATE_DIR", "PORTAL_AGENT_STATE_DIR"),
            ("PORTAL_AGENT__CONFIG", "PORTAL_AGENT_CONFIG"),
        ] {
            assert_eq!(right(name).as_deref(), Some(own), "{name}");
        }
        assert_eq!(variable("PORTAL_AGENT__BROKER__NOTHING"), Variable::NoSetting("BROKER__NOTHING"));
    }

    #[cfg(windows)]
    #[test]
    fn windows_takes_any_case() {
        assert!(matches!(variable("portal_agent__broker__keep_alive"), Variable::Setting(_)));
    }

    #[cfg(not(windows))]
    #[test]
    fn another_case_is_noticed() {
        assert!(right("portal_agent__broker__keep_alive").is_some());
    }

    #[test]
    fn every_key_has_its_variable() {
        for key in KEYS {
            assert_eq!(variable(&variable_of(key.path)), Variable::Setting(key));
        }
    }

    #[test]
    fn the_four_of_ours_and_other_programs_are_left_alone() {
        for name in OWN.into_iter().chain(["PORTAL_AGENT", "PATH", "PORTAL", "", "PORTALS_AGENT_X", "PORTAL_AGENTS"]) {
            assert_eq!(variable(name), Variable::Foreign, "{name}");
        }
        for name in ["PORTAL_AGENT_SERVICE_HOST", "PORTAL_AGENT_PORT_1883_TCP"] {
            assert_eq!(variable(name), Variable::Unknown, "{name}");
        }
    }

    #[test]
    fn what_a_file_leaves_around_a_value_is_dropped() {
        assert_eq!(value("\u{feff}20s\r\n"), "20s");
        assert_eq!(value("20s\r"), "20s");
        assert_eq!(value(" a b "), " a b ");
        assert!(is_quoted("\"20s\"") && is_quoted("'20s'") && !is_quoted("\"") && !is_quoted("20s\""));
    }
}
