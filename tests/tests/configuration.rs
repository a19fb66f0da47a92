//! Settings from outside: which layer wins, what is named where a value is wrong, and that secrets stay secret.
//!
//! Lives here: `config show`, `config check`, and starts that are refused for a setting. Does not live here: what a setting does.

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use serde_json::{Value, json};

/// The agent, and a settings file with this text.
fn with_file(text: &str) -> Result<(Agent, String)> {
    let agent = Agent::new("")?;
    let folder = agent.state_dir().parent().context("a folder")?.to_owned();
    let file = folder.join("settings.toml");
    std::fs::write(&file, text)?;
    Ok((agent, file.to_string_lossy().into_owned()))
}

/// Value and origin of a key, as `config show --json` has them.
fn shown(agent: &Agent, arguments: &[&str], key: &str) -> Result<(Value, String)> {
    let printed = agent.command(&[&["--json"], arguments, &["config", "show"]].concat())?;
    let answer: Value = serde_json::from_str(&printed).with_context(|| printed.clone())?;
    let list = answer["settings"].as_array().or(answer.as_array()).with_context(|| format!("a list: {answer}"))?;
    let entry = list.iter().find(|entry| entry["key"] == key).with_context(|| format!("{key} in {answer}"))?;
    Ok((entry["value"].clone(), entry["origin"].as_str().context("an origin")?.to_owned()))
}

#[test]
fn a_stronger_layer_wins_and_each_value_says_where_it_comes_from() -> Result<()> {
    let (agent, file) = with_file("[notifier]\npatience = \"7s\"\npace_per_second = 50\n")?;
    let (value, origin) = shown(&agent, &[], "notifier.patience")?;
    assert_eq!((value, origin.as_str()), (json!("20s"), "default"));
    let (value, origin) = shown(&agent, &["--config", &file], "notifier.patience")?;
    ensure!(value == "7s" && origin.contains("settings.toml") && origin.contains("line 2"), "{value} {origin}");
    let agent = agent.with("PORTAL_AGENT__NOTIFIER__PATIENCE", "9s");
    let (value, origin) = shown(&agent, &["--config", &file], "notifier.patience")?;
    ensure!(value == "9s" && origin.contains("PORTAL_AGENT__NOTIFIER__PATIENCE"), "{value} {origin}");
    assert_eq!(shown(&agent, &["--config", &file], "notifier.pace_per_second")?.0, 50);
    let page = agent.command(&["--config", &file, "config", "show"])?;
    for word in ["notifier.patience", "9s", "PORTAL_AGENT__NOTIFIER__PATIENCE", "default"] {
        ensure!(page.contains(word), "{word} in {page}");
    }
    Ok(())
}

#[test]
fn secrets_are_redacted() -> Result<()> {
    let (agent, file) = with_file("[broker]\nusername = \"agent\"\npassword = \"hunter2\"\n")?;
    let agent = agent.with("PORTAL_AGENT__SENDER__PASSWORD", "hunter3");
    let page = agent.command(&["--config", &file, "config", "show"])?;
    let printed = agent.command(&["--json", "--config", &file, "config", "show"])?;
    ensure!(!page.contains("hunter") && !printed.contains("hunter"), "{page}{printed}");
    ensure!(page.contains("agent"));
    Ok(())
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_one() -> Result<()> {
    let cases = [
        ("[notifier]\npatiense = \"7s\"\n", "notifier.patiense", "notifier.patience", "line 2"),
        ("[brokers]\nurls = []\n", "brokers.urls", "broker.urls", "line 2"),
    ];
    for (text, unknown, nearest, place) in cases {
        let (agent, file) = with_file(text)?;
        for command in [&["config", "check"][..], &["run", "--embedded-broker"]] {
            let line = agent.failure(2, &[&["--config", &file], command].concat())?;
            for word in [unknown, nearest, place, "settings.toml"] {
                ensure!(line.contains(word), "{word} in {line}");
            }
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }
    let agent = Agent::new("")?.with("PORTAL_AGENT__NOTIFIER__PATIENSE", "7s");
    let line = agent.failure(2, &["config", "check"])?;
    ensure!(
        line.contains("PORTAL_AGENT__NOTIFIER__PATIENSE") && line.contains("PORTAL_AGENT__NOTIFIER__PATIENCE"),
        "{line}"
    );
    Ok(())
}

#[test]
fn a_wrong_value_is_named_with_what_would_be_right() -> Result<()> {
    for (text, words) in [
        ("[notifier]\npatience = \"soon\"\n", &["notifier.patience", "soon", "20s"][..]),
        ("[notifier]\nkind = \"loud\"\n", &["notifier.kind", "native", "console"]),
        ("[device]\ntenant = \"a/b\"\n", &["device.tenant", "a/b"]),
        ("[broker]\nkeep_alive = \"1s\"\n", &["broker.keep_alive", "5"]),
        ("[broker]\nreceive_maximum = 0\n", &["broker.receive_maximum", "1"]),
        ("[control]\nlisten = \"0.0.0.0:80\"\n", &["control.listen", "loopback"]),
        ("notifier = 7\n", &["notifier"]),
        ("[notifier\n", &["line 1", "TOML"]),
    ] {
        let (agent, file) = with_file(text)?;
        let line = agent.failure(2, &["--config", &file, "config", "check"])?;
        for word in words {
            ensure!(line.contains(word), "{word} in {line}");
        }
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    let (agent, _) = with_file("")?;
    ensure!(
        agent
            .failure(2, &["--config", "/nonexistent/file.toml", "config", "check"])?
            .contains("/nonexistent/file.toml")
    );
    Ok(())
}

#[test]
fn the_example_files_are_right() -> Result<()> {
    let agent = Agent::new("")?;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            agent.command(&["--config", &path.to_string_lossy(), "config", "check"])?;
            seen += 1;
        }
    }
    ensure!(seen >= 3, "{seen} example files");
    Ok(())
}

#[test]
fn a_daemon_without_a_broker_says_what_to_name() -> Result<()> {
    let line = Agent::new("")?.failure(2, &["run"])?;
    ensure!(line.contains("--broker") && line.contains("--embedded-broker") && line.lines().count() == 1, "{line}");
    Ok(())
}

#[test]
fn the_log_goes_to_standard_error_in_the_form_that_is_asked_for() -> Result<()> {
    let agent = Agent::new("")?;
    let mut command = agent.prepare(&["--log-format", "json", "run", "--notifier", "console", "--embedded-broker"])?;
    let mut daemon = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn()?;
    agent.command(&["status", "--wait", "20s"])?;
    agent.command(&["stop"])?;
    let output = daemon.wait().map(|_| ());
    let logged = std::io::read_to_string(daemon.stderr.take().context("its log")?)?;
    let printed = std::io::read_to_string(daemon.stdout.take().context("its output")?)?;
    output?;
    ensure!(!logged.is_empty() && printed.is_empty(), "{logged}{printed}");
    for line in logged.lines() {
        ensure!(serde_json::from_str::<Value>(line).is_ok(), "not JSON: {line}");
    }
    Ok(())
}

#[test]
fn check_finds_what_a_start_would_refuse() -> Result<()> {
    for (name, value, found) in [
        ("PORTAL_AGENT__EMBEDDED_BROKER__LISTEN", "0.0.0.0:0", "password"),
        ("PORTAL_AGENT__BROKER__CA_FILE", "/nonexistent.pem", "/nonexistent.pem"),
    ] {
        let agent = Agent::new("")?.with(name, value).with("PORTAL_AGENT__BROKER__URLS", "mqtts://far.example");
        let printed = agent.output(&["config", "check"])?;
        let said = String::from_utf8_lossy(&printed.stderr).into_owned();
        assert!(!printed.status.success() && said.contains(found), "{name}: {said}");
    }
    Ok(())
}
