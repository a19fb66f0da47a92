//! `--version --verbose`: which build this is, for whoever reports something.
//!
//! Lives here: what is said. Commit and date are given by whoever builds a package (`tests/release`): a build script that asked
//! git would build the program anew at each commit. Does not live here: `--version` alone, which is clap's.

use std::ffi::OsString;

use serde_json::json;

use crate::control::{API_VERSION, VERSION};

const COMMIT: Option<&str> = option_env!("PORTAL_AGENT_COMMIT");
const BUILT: Option<&str> = option_env!("PORTAL_AGENT_BUILD_DATE");
const UNKNOWN: &str = "unknown (built from a working copy)";

/// What is asked for with these arguments, where it is just that.
pub(super) fn asked(args: &[OsString]) -> Option<String> {
    let words: Vec<&str> = args.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let has = |names: [&str; 2]| words.iter().any(|word| names.contains(word));
    let is_known = |word: &&str| ["--version", "-V", "--verbose", "-v", "--json"].contains(word);
    let is_asked = words.len() + 1 == args.len() && words.iter().all(is_known);
    if !is_asked || !has(["--version", "-V"]) || !has(["--verbose", "-v"]) {
        return None;
    }
    Some(if words.contains(&"--json") { json() + "\n" } else { text() })
}

/// A line for each part.
pub(super) fn text() -> String {
    format!(
        "portal-agent {VERSION}\ncommit       {}\nbuilt        {}\nfor          {}-{}\ncontrol API  {API_VERSION}\n",
        COMMIT.unwrap_or(UNKNOWN),
        BUILT.unwrap_or(UNKNOWN),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}

fn json() -> String {
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    json!({ "version": VERSION, "commit": COMMIT, "built": BUILT, "target": target, "apiVersion": API_VERSION })
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_by(line: &str) -> Option<String> {
        asked(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn only_both_options_and_nothing_else_ask_for_it() {
        assert!(asked_by("portal-agent --version --verbose").is_some_and(|text| text.lines().count() == 5));
        assert!(asked_by("portal-agent -v -V").is_some());
        let json = asked_by("portal-agent --json --version --verbose").unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["version"], VERSION);
        for line in ["portal-agent --version", "portal-agent --verbose", "portal-agent status --version --verbose"] {
            assert_eq!(asked_by(line), None, "{line}");
        }
    }
}
