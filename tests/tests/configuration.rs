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
fn the_log_goes_to_standard_error_in_the_form_that_is_asked_for() -> Result<()> {
    let agent = Agent::new("")?;
    let mut command = agent.prepare(&["--log-format", "json", "run", "--quiet", "--notifier", "console"])?;
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

#[test]
fn check_reports_every_mistake_and_a_start_the_first() -> Result<()> {
    let (agent, file) = with_file("[broker]\nkeep_alive = 20\n[notifier]\nkind = \"loud\"\n")?;
    let agent = agent.with("PORTAL_AGENT_BROKER__KEEP_ALIVE", "20s");
    let said = agent.failure(2, &["--config", &file, "config", "check"])?;
    assert_eq!(said.lines().count(), 3, "{said}");
    for word in ["line 2", "line 4", "PORTAL_AGENT__BROKER__KEEP_ALIVE"] {
        ensure!(said.contains(word), "{word} in {said}");
    }
    let said = agent.failure(2, &["--json", "--config", &file, "config", "check"])?;
    for line in said.lines() {
        ensure!(serde_json::from_str::<Value>(line)?["error"]["message"].is_string(), "{line}");
    }
    let started = agent.failure(2, &["--config", &file, "run", "--embedded-broker"])?;
    assert_eq!(started.lines().count(), 1, "{started}");
    // What is wrong only together is not hidden by the first of its kind either.
    let agent = Agent::new("")?
        .with("PORTAL_AGENT__BROKER__URLS", "mqtts://far.example")
        .with("PORTAL_AGENT__BROKER__CA_FILE", "/nonexistent/ca.pem")
        .with("PORTAL_AGENT__SENDER__URLS", "mqtts://far.example")
        .with("PORTAL_AGENT__SENDER__CA_FILE", "/nonexistent/sender.pem");
    let said = agent.failure(2, &["config", "check"])?;
    ensure!(said.contains("/nonexistent/ca.pem") && said.contains("/nonexistent/sender.pem"), "{said}");
    Ok(())
}

#[test]
fn a_variable_with_the_wrong_separator_is_noticed_by_check_and_at_a_start() -> Result<()> {
    let agent = Agent::new("")?.with("PORTAL_AGENT_BROKER__KEEP_ALIVE", "20s");
    for command in [&["config", "check"][..], &["config", "show"], &["run", "--embedded-broker"]] {
        let line = agent.failure(2, command)?;
        ensure!(line.contains("PORTAL_AGENT_BROKER__KEEP_ALIVE") && line.lines().count() == 1, "{line}");
        ensure!(line.contains("its right spelling is PORTAL_AGENT__BROKER__KEEP_ALIVE"), "{line}");
    }
    // Kubernetes makes such variables for a service that is called portal-agent: said, and no reason not to start.
    let agent = Agent::new("")?.with("PORTAL_AGENT_SERVICE_HOST", "10.0.0.1");
    let page = agent.command(&["config", "check"])?;
    ensure!(page.contains("make sense") && page.contains("PORTAL_AGENT_SERVICE_HOST"), "{page}");
    let mut agent = agent;
    agent.start(&["--notifier", "console", "--embedded-broker"])?;
    ensure!(agent.log().contains("PORTAL_AGENT_SERVICE_HOST"), "{}", agent.log());
    Ok(())
}

#[test]
fn the_state_directory_and_the_settings_file_are_named_by_variables_too() -> Result<()> {
    let (agent, file) = with_file("[notifier]\npatience = \"7s\"\n")?;
    let agent = agent.with("PORTAL_AGENT_CONFIG", &file);
    assert_eq!(shown(&agent, &[], "notifier.patience")?.0, "7s");
    // An option is stronger, and an empty variable is none.
    let other = format!("{file}.other");
    std::fs::write(&other, "[notifier]\npatience = \"8s\"\n")?;
    assert_eq!(shown(&agent, &["--config", &other], "notifier.patience")?.0, "8s");
    let agent = agent.with("PORTAL_AGENT_CONFIG", "");
    assert_eq!(shown(&agent, &[], "notifier.patience")?.0, "20s");
    let missing = agent.with("PORTAL_AGENT_CONFIG", "/nonexistent/file.toml").failure(2, &["config", "check"])?;
    ensure!(missing.contains("/nonexistent/file.toml"), "{missing}");

    let daemon = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    let status = std::process::Command::new(portal_tests::agent::binary()?)
        .args(["--json", "status"])
        .env("PORTAL_AGENT_STATE_DIR", daemon.state_dir())
        .output()?;
    let status: Value = serde_json::from_slice(&status.stdout)?;
    ensure!(status["daemon"]["pid"].is_number(), "{status}");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn the_users_own_settings_file_is_read_where_it_exists() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let agent = Agent::new("")?.with("XDG_CONFIG_HOME", &folder.path().to_string_lossy());
    assert_eq!(shown(&agent, &[], "notifier.patience")?.1, "default");
    let file = folder.path().join("portal-agent").join("config.toml");
    std::fs::create_dir_all(file.parent().context("a folder")?)?;
    std::fs::write(&file, "[notifier]\npatience = \"7s\"\n")?;
    let (value, origin) = shown(&agent, &[], "notifier.patience")?;
    ensure!(value == "7s" && origin.contains(&*file.to_string_lossy()), "{value} {origin}");
    Ok(())
}

#[test]
fn what_windows_tools_leave_behind_is_read_or_named() -> Result<()> {
    let (agent, file) = with_file("\u{feff}[notifier]\r\npatience = \"7s\"\r\n")?;
    assert_eq!(shown(&agent, &["--config", &file], "notifier.patience")?.0, "7s");
    let utf16: Vec<u8> = "\u{feff}[notifier]\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&file, utf16)?;
    let line = agent.failure(2, &["--config", &file, "config", "check"])?;
    ensure!(line.contains(&file) && line.contains("UTF-16") && line.contains("UTF-8"), "{line}");
    std::fs::write(&file, "[device]\nos_version = 26\n")?;
    agent.command(&["--config", &file, "config", "check"])?;
    assert_eq!(shown(&agent, &["--config", &file], "device.os_version")?.0, "26");
    Ok(())
}

#[test]
fn a_running_daemon_says_what_it_was_started_with() -> Result<()> {
    let mut agent = Agent::new("")?;
    let name = |agent: &Agent| -> Result<Value> {
        let shown = agent.json(&["config", "show"])?;
        let settings = shown["settings"].as_array().context("settings")?.clone();
        let name = settings.into_iter().find(|setting| setting["key"] == "device.name").context("the name")?;
        Ok(serde_json::json!({ "running": shown["running"], "value": name["value"], "origin": name["origin"] }))
    };
    ensure!(name(&agent)? == serde_json::json!({ "running": false, "value": null, "origin": "default" }));
    agent.start(&["--notifier", "console", "--embedded-broker", "127.0.0.1:0", "--device-name", "Adele's phone"])?;
    let running = name(&agent)?;
    ensure!(running["running"] == true && running["value"] == "Adele's phone", "{running}");
    ensure!(running["origin"] == "the command line", "{running}");
    agent.stop()?;
    ensure!(name(&agent)?["running"] == false);
    Ok(())
}
