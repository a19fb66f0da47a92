//! What a tester asks of the device's fidelity, through the real binary: commands, settings, what survives a
//! restart, what `facts` prints.
//!
//! Lives here: one walk a subject. Does not live here: each rule's own table (beside the device's code).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::test_rig::USER;
use serde_json::{Value, json};

const GROUP: &str = "11111111-2222-4333-8444-555555555555";

/// A daemon with an embedded broker and no desktop, under these settings.
fn running(settings: &str, arguments: &[&str]) -> Result<Agent> {
    let mut agent = Agent::new("")?;
    let file = agent.state_dir().with_file_name("settings.toml");
    std::fs::write(&file, settings)?;
    let file = file.to_string_lossy().into_owned();
    let start = ["--config", &file, "--notifier", "console", "--embedded-broker"];
    agent.start(&[&start[..], arguments].concat())?;
    agent.wait(&["online"])?;
    Ok(agent)
}

fn push(agent: &Agent, id: &str, target: &[&str]) -> Result<Value> {
    let command = ["push", "--title", "t", "--body", "b", "--id", id, "--wait", "20s"];
    let lines = agent.json_lines(&[&command[..], target].concat())?;
    lines.into_iter().find(|line| line["outcome"].is_string()).context("a receipt")
}

#[test]
fn facts_lists_every_rule_with_its_source_without_a_daemon() -> Result<()> {
    let agent = Agent::new("")?;
    let rules = agent.json_lines(&["facts"])?;
    ensure!(rules.len() > 50, "{}", rules.len());
    for rule in &rules {
        ensure!(rule["source"].as_str().is_some_and(|source| source.starts_with("facts ")), "{rule}");
        let sources = rule["sources"].as_array().context("sources")?;
        ensure!(!sources.is_empty(), "{rule}");
        for source in sources {
            let members: Vec<&String> = source.as_object().into_iter().flat_map(|source| source.keys()).collect();
            ensure!(members == ["dated", "publisher", "quote", "status", "title", "url"], "{source}");
        }
        ensure!(rule["documentation"].as_array().is_some_and(|years| !years.is_empty()), "{rule}");
    }
    let of_2025 = agent.json_lines(&["facts", "--documentation", "2025"])?;
    let names = |rules: &[Value], name: &str| rules.iter().any(|rule| rule["name"] == name);
    ensure!(names(&rules, "google-play-services-installed") && !names(&of_2025, "google-play-services-installed"));
    ensure!(agent.command(&["facts", "--undocumented"])?.contains("undocumented:"));
    ensure!(agent.failure(2, &["facts", "--documentation", "2024"])?.contains("2019, 2023, 2025 or 2026"));
    Ok(())
}

#[test]
fn facts_looks_one_up_by_name_section_prerequisite_document_and_quote() -> Result<()> {
    let agent = Agent::new("")?;
    let names = |arguments: &[&str]| -> Result<Vec<String>> {
        let rows = agent.json_lines(&[&["facts"], arguments].concat())?;
        Ok(rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect())
    };
    ensure!(names(&["apple-prompts-once"])? == ["apple-prompts-once"]);
    ensure!(names(&["notificationsPermitted"])? == ["notifications-permitted"]);
    ensure!(names(&["1.3"])? == ["1.3.1", "1.3.2"]);
    ensure!(names(&["C19.3"])? == ["prompt-on-install-and-update", "1.1.2", "1.1.3"]);
    ensure!(!names(&["--platform", "ios"])?.contains(&"doze".to_owned()));
    let derived = names(&["--status", "derived", "--platform", "android", "--documentation", "2023"])?;
    ensure!(derived.contains(&"android-opt-out".to_owned()) && !derived.contains(&"doze".to_owned()), "{derived:?}");
    // Focus is derived from Apple's words, and nobody documents it of Android.
    let focus = agent.json_lines(&["facts", "focus-is-quiet", "--platform", "android"])?;
    ensure!(focus[0]["sources"][0]["publisher"] == "portal-agent", "{focus:?}");
    ensure!(focus[0]["sources"][0]["status"] == "undocumented", "{focus:?}");
    let shown = agent.command(&["facts", "C23.6"])?;
    ensure!(shown.contains("the device must have been enrolled by the targeted user"), "{shown}");
    ensure!(shown.contains("2023-10-18") && shown.contains("enrolled-by-targeted-user"), "{shown}");
    ensure!(agent.failure(2, &["facts", "apple-prompt-once"])?.contains("did you mean apple-prompts-once?"));
    Ok(())
}

#[test]
fn an_enrollment_is_kept_in_graphs_words_and_over_a_restart() -> Result<()> {
    let mut agent = running("", &["--platform", "ios"])?;
    let enroll = ["enroll", "--user", USER, "--type", "appleBulkWithUser", "--supervised"];
    let state = agent.json(&enroll)?;
    ensure!(state["deviceEnrollmentType"] == "appleBulkWithUser" && state["managedDeviceOwnerType"] == "company");
    ensure!(state["managementState"] == "managed" && state["deviceRegistrationState"] == "registered", "{state}");
    ensure!(state["isSupervised"] == true, "{state}");
    agent.command(&["app", "install"])?;
    agent.command(&["app", "sign-in"])?;
    agent.command(&["policy", "set", "NotificationsEnabled=true"])?;
    agent.command(&["enrollment", "set", "managementState=unhealthy"])?;
    agent.stop()?;
    agent.start(&["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let status = agent.json(&["status"])?;
    ensure!(status["managementState"] == "unhealthy" && status["app"]["signedIn"] == true, "{status}");
    ensure!(status["policy"] == json!({ "NotificationsEnabled": "true" }), "{status}");
    ensure!(status["notificationPermission"] == "authorized" && status["promptsShown"] == 1, "{status}");
    agent.command(&["retire", "--pending"])?;
    agent.command(&["device", "offline"])?;
    agent.command(&["device", "online"])?;
    agent.wait(&["deviceRegistrationState=revoked"])?;
    ensure!(agent.failure(1, &["policy", "set", "AlertType=1"])?.contains("not enrolled"));
    Ok(())
}

#[test]
fn what_lingers_of_a_group_shows_until_its_grace_ends() -> Result<()> {
    let agent = running("[enrollment]\ngrace = \"1h\"\n", &["--platform", "ios"])?;
    agent.make_ready()?;
    let list = ["--group", GROUP];
    agent.command(&["retire"])?;
    agent.command(&[&["enroll", "--user", USER], &list[..]].concat())?;
    agent.command(&["retire"])?;
    let status = agent.json(&["status"])?;
    ensure!(status["grace"]["groups"] == json!([GROUP]), "{status}");
    let receipt = push(&agent, "in-grace", &list)?;
    ensure!(receipt["outcome"] == "presented", "{receipt}");
    let explained = agent.command(&["explain"])?;
    ensure!(explained.contains("counts as met") && explained.contains("facts 1.6"), "{explained}");
    agent.command(&["clock", "advance", "1h"])?;
    agent.wait(&["grace=null"])?;
    Ok(())
}

#[test]
fn a_late_joiner_gets_the_retained_message_of_a_group_once() -> Result<()> {
    let agent = running("[enrollment]\nlate_joiner = true\n", &["--platform", "ios"])?;
    agent.make_ready()?;
    let payload = json!({ "id": "earlier", "notificationTitle": "t", "notificationBody": "b" }).to_string();
    retain(&agent, &payload)?;
    agent.command(&["retire"])?;
    agent.command(&["enroll", "--user", USER, "--group", GROUP])?;
    agent.wait_for_receipt("earlier")?;
    let receipts = agent.json_lines(&["log", "--id", "earlier"])?;
    ensure!(receipts.len() == 1 && receipts[0]["outcome"] == "presented", "{receipts:?}");
    // Each connect subscribes again, and the broker sends what it keeps again.
    agent.command(&["device", "offline"])?;
    agent.command(&["device", "online"])?;
    agent.wait(&["redelivered=1"])?;
    ensure!(agent.json_lines(&["log", "--id", "earlier"])?.len() == 1);
    Ok(())
}

/// Publishes a group's message retained, with a real client.
fn retain(agent: &Agent, payload: &str) -> Result<()> {
    let status = agent.json(&["status"])?;
    let port = portal_tests::test_rig::embedded_port(&status)?;
    let (user, password) = portal_tests::test_rig::embedded_credentials(agent)?;
    let topic = format!("portal/v1/contoso/groups/{GROUP}/notifications");
    let done = std::process::Command::new("mosquitto_pub")
        .args(["-u", &user, "-P", &password])
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-r", "-t", &topic, "-m", payload])
        .status()?;
    ensure!(done.success(), "mosquitto_pub: {done}");
    Ok(())
}

#[test]
fn a_provisional_app_is_quiet_and_its_receipt_says_so() -> Result<()> {
    let agent = running("[app]\nios_request = \"provisional\"\n", &["--platform", "ios"])?;
    agent.command(&["enroll", "--user", USER])?;
    agent.command(&["app", "install"])?;
    let receipt = push(&agent, "quiet", &["--here"])?;
    ensure!(receipt["surface"] == "notificationCenter" && receipt["sound"] == false, "{receipt}");
    ensure!(receipt["badge"] == false, "{receipt}");
    let state = agent.json(&["permission", "keep", "--scheduled"])?;
    ensure!(state["notificationPermission"] == "authorized" && state["promptsShown"] == 0, "{state}");
    let settings = agent.command(&["settings", "show"])?;
    for line in ["alert=off", "scheduledDelivery=on", "criticalAlert=notSupported"] {
        ensure!(settings.contains(line), "{line}: {settings}");
    }
    ensure!(agent.failure(1, &["permission", "turn-off"])?.contains("quiet notification"));
    Ok(())
}

#[test]
fn an_outdated_app_shows_a_substitute_and_lists_the_message_once_updated() -> Result<()> {
    let agent = running("[device]\ndocumentation = \"2023\"\n", &["--platform", "android"])?;
    agent.command(&["enroll", "--user", USER])?;
    agent.command(&["app", "install", "--version", "5.0.5000.0"])?;
    agent.command(&["permission", "allow"])?;
    let receipt = push(&agent, "gated", &["--here"])?;
    ensure!(receipt["outcome"] == "presented" && receipt["substituted"] == true, "{receipt}");
    let list = || agent.json(&["app", "notifications", "--refresh"]);
    ensure!(list()?["notifications"] == json!([]));
    agent.command(&["app", "update", "--version", "5.0.5291.0"])?;
    ensure!(list()?["notifications"][0]["id"] == "gated", "{}", list()?);
    Ok(())
}

#[test]
fn time_to_live_priority_and_kind_are_settings() -> Result<()> {
    let settings = "[push_service]\nandroid_priority = \"high\"\ntime_to_live = \"1h\"\n";
    let agent = running(settings, &["--platform", "android"])?;
    agent.make_ready()?;
    agent.command(&["device", "doze", "on"])?;
    ensure!(push(&agent, "urgent", &["--here"])?["outcome"] == "presented");
    agent.command(&["device", "work-profile", "pause"])?;
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--id", "waits"])?;
    agent.wait(&["held=1"])?;
    agent.command(&["clock", "advance", "2h"])?;
    agent.wait_for_receipt("waits")?;
    let receipt = &agent.json_lines(&["log", "--id", "waits"])?[0];
    ensure!(receipt["problem"] == "droppedTtlExpired" && receipt["delay"] == "delayedUserStopped", "{receipt}");
    for (wrong, right) in
        [("android_priority = \"urgent\"", "normal"), ("time_to_live = \"-1s\"", "push_service.time_to_live")]
    {
        let agent = Agent::new("")?;
        let file = agent.state_dir().with_file_name("wrong.toml");
        std::fs::write(&file, format!("[push_service]\n{wrong}\n"))?;
        let error = agent.failure(2, &["--config", &file.to_string_lossy(), "config", "check"])?;
        ensure!(error.contains(right), "{wrong}: {error}");
    }
    Ok(())
}
