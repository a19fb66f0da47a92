//! The command line as a contract: exit codes, what is printed, what `--json` has, what is refused and why.
//!
//! Lives here: each command of the contract's table up to `config`, one statement each. Does not live here: what a push
//! does (`outcomes`), sending and following (`sending`), settings (`configuration`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::test_rig::USER;
use serde_json::{Value, json};

/// A daemon with an embedded broker and no desktop.
fn running(arguments: &[&str]) -> Result<Agent> {
    let agent = Agent::running("", &[&["--notifier", "console", "--embedded-broker"], arguments].concat())?;
    agent.wait(&["online"])?;
    Ok(agent)
}

/// Every command that asks a daemon, with arguments that are right.
const COMMANDS: &[&[&str]] = &[
    &["stop"],
    &["status"],
    &["app", "install"],
    &["app", "update"],
    &["app", "uninstall"],
    &["app", "open"],
    &["app", "close"],
    &["app", "force-stop"],
    &["app", "sign-in"],
    &["app", "sign-out"],
    &["app", "notifications"],
    &["enroll", "--user", USER],
    &["enrollment", "show"],
    &["enrollment", "set", "managementState=managed"],
    &["retire"],
    &["wipe"],
    &["delete"],
    &["policy", "show"],
    &["policy", "set", "NotificationsEnabled=false"],
    &["policy", "clear"],
    &["permission", "show"],
    &["permission", "prompt"],
    &["permission", "allow"],
    &["permission", "deny"],
    &["permission", "dismiss"],
    &["permission", "keep"],
    &["permission", "turn-off"],
    &["permission", "reset"],
    &["play-services", "install"],
    &["play-services", "remove"],
    &["device", "lock"],
    &["device", "unlock"],
    &["device", "offline"],
    &["device", "online"],
    &["device", "focus", "on"],
    &["device", "doze", "on"],
    &["device", "battery", "exempt"],
    &["device", "work-profile", "pause"],
    &["device", "standby", "rare"],
    &["device", "restore"],
    &["device", "reset"],
    &["os", "update", "27"],
    &["settings", "show"],
    &["settings", "set", "alert=off"],
    &["clock", "advance", "1h"],
    &["push", "--here", "--title", "t", "--body", "b"],
    &["log"],
    &["wait", "online"],
    &["explain"],
    &["doctor"],
];

#[test]
fn without_a_daemon_every_command_ends_with_3_and_one_line() -> Result<()> {
    let agent = Agent::new("")?;
    for command in COMMANDS {
        let line = agent.failure(3, command)?;
        ensure!(line.lines().count() == 1 && line.contains("no daemon"), "{command:?}: {line}");
        ensure!(line.contains("portal-agent run"), "what to do about it: {line}");
        let error: Value = serde_json::from_str(&agent.failure(3, &[&["--json"], *command].concat())?)?;
        for member in ["code", "message", "hint"] {
            ensure!(error["error"][member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {error}");
        }
    }
    ensure!(!agent.state_dir().exists(), "asking makes no state directory");
    Ok(())
}

#[test]
fn every_help_page_has_an_example_of_its_command() -> Result<()> {
    let agent = Agent::new("")?;
    let others: [&[&str]; 7] =
        [&[], &["demo"], &["run"], &["config"], &["config", "show"], &["config", "check"], &["app"]];
    let words =
        |command: &[&str]| command.iter().take_while(|word| is_word(word)).map(|&word| word.to_owned()).collect();
    let mut pages: Vec<Vec<String>> = COMMANDS.iter().map(|command| words(command)).collect();
    pages.extend(others.iter().map(|command| words(command)));
    for mut page in pages {
        // `settings set alert=off`, `os update 27`, `device focus on`: the last word is an argument.
        let mut help = agent.output(&[page.clone(), vec!["--help".to_owned()]].concat())?;
        if !help.status.success() {
            page.pop();
            help = agent.output(&[page.clone(), vec!["--help".to_owned()]].concat())?;
        }
        let text = String::from_utf8(help.stdout)?;
        ensure!(help.status.success() && text.contains("Example"), "{page:?}: {text}");
        let example = text.split("Example").nth(1).context("an example")?;
        // A global option may stand before the command.
        let names_it = example.lines().any(|line| line.contains("portal-agent ") && line.contains(&page.join(" ")));
        ensure!(names_it, "{page:?}: {text}");
    }
    Ok(())
}

fn is_word(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
}

#[test]
fn what_is_no_command_is_a_usage_error_in_one_line() -> Result<()> {
    let agent = Agent::new("")?;
    for wrong in [
        &["statsu"][..],
        &["enroll"],
        &["enroll", "--user", "adele"],
        &["app", "instal"],
        &["run", "--broker", "http://localhost"],
        &["run", "--platform", "windows"],
        &["run", "--tenant", "a/b"],
        &["run", "--device-id", "a/b"],
        &["push", "--here"],
        &["push", "--title", "t", "--body", "b"],
        &["wait"],
        &["wait", "nonsense"],
        &["wait", "prerequisites.nonsense=true"],
        &["clock", "advance", "tomorrow"],
        &["log", "--outcome", "nonsense"],
        &["status", "--log-level", "loud"],
    ] {
        let line = agent.failure(2, wrong)?;
        assert_eq!(line.lines().count(), 1, "{wrong:?}: {line}");
        let error: Value = serde_json::from_str(&agent.failure(2, &[&["--json"], wrong].concat())?)?;
        ensure!(error["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    }
    for (wrong, hint) in [
        ("statsu", "did you mean status?"),
        ("perm", "did you mean permission?"),
        ("nonsense", "portal-agent --help lists what there is"),
    ] {
        ensure!(agent.failure(2, &[wrong])?.trim_end().ends_with(hint), "{wrong}: {}", agent.failure(2, &[wrong])?);
    }
    Ok(())
}

#[test]
fn help_has_a_page_for_each_command_and_says_the_same_as_its_option() -> Result<()> {
    let agent = Agent::new("")?;
    for command in [&[][..], &["push"], &["device"], &["device", "lock"], &["scenario", "run"]] {
        let page = agent.command(&[&["help"], command].concat())?;
        ensure!(page == agent.command(&[command, &["--help"]].concat())?, "{command:?}: {page}");
    }
    ensure!(agent.failure(2, &["help", "nonsense"])?.lines().count() == 1);
    Ok(())
}

#[test]
fn colours_are_as_color_says_and_lines_are_wrapped_where_there_is_little_room() -> Result<()> {
    let agent = running(&[])?;
    agent.command(&["app", "install"])?;
    let page = |arguments: &[&str]| -> Result<String> {
        let output = agent.prepare(arguments)?.env("COLUMNS", "60").output()?;
        ensure!(output.status.success(), "{arguments:?}");
        Ok(String::from_utf8(output.stdout)?)
    };
    ensure!(page(&["--color", "always", "status"])?.contains('\u{1b}'));
    ensure!(!page(&["--color", "never", "status"])?.contains('\u{1b}'));
    let status = page(&["status"])?;
    ensure!(!status.contains('\u{1b}') && status.contains("prompt is showing"), "{status}");
    ensure!(status.lines().all(|line| line.chars().count() <= 60), "{status}");
    Ok(())
}

#[test]
fn each_change_answers_with_the_state_after_it_and_says_when_nothing_changed() -> Result<()> {
    let agent = running(&["--platform", "android"])?;
    for (command, path, value) in [
        (&["app", "install"][..], "/prerequisites/companyPortalInstalled", json!(true)),
        (&["permission", "allow"], "/notificationPermission", json!("authorized")),
        (&["enroll", "--user", "Adele@contoso.example"], "/userPrincipalName", json!(USER)),
        (&["permission", "deny"], "/prerequisites/notificationsPermitted", json!(false)),
        (&["play-services", "remove"], "/prerequisites/googlePlayServicesInstalled", json!(false)),
        (&["play-services", "install"], "/prerequisites/googlePlayServicesInstalled", json!(true)),
        (&["device", "work-profile", "pause"], "/deviceId", Value::Null),
        (&["device", "lock"], "/deviceId", Value::Null),
        (&["device", "unlock"], "/deviceId", Value::Null),
        (&["device", "focus", "on"], "/deviceId", Value::Null),
        (&["device", "doze", "on"], "/deviceId", Value::Null),
        (&["device", "battery", "exempt"], "/deviceId", Value::Null),
        (&["device", "charging", "on"], "/deviceId", Value::Null),
        (&["settings", "set", "channelImportance=LOW"], "/deviceId", Value::Null),
        (&["app", "open"], "/deviceId", Value::Null),
        (&["app", "close"], "/deviceId", Value::Null),
        (&["app", "force-stop"], "/deviceId", Value::Null),
        (&["app", "uninstall"], "/prerequisites/companyPortalInstalled", json!(false)),
        (&["permission", "reset"], "/notificationPermission", json!("notDetermined")),
        // It takes Company Portal with it, so it comes last.
        (&["retire"], "/prerequisites/deviceEnrolled", json!(false)),
    ] {
        let first = agent.json(command)?;
        let found = first.pointer(path).with_context(|| format!("{path} in {first}"))?;
        ensure!(value.is_null() || *found == value, "{command:?}: {path} is {found}");
        let again = agent.command(command)?;
        ensure!(again.contains("already"), "{command:?} again: {again}");
    }
    Ok(())
}

#[test]
fn what_the_platform_cannot_do_is_refused_with_reason_and_source() -> Result<()> {
    let agent = running(&[])?;
    for command in [
        &["app", "force-stop"][..],
        &["play-services", "remove"],
        &["device", "doze", "on"],
        &["device", "battery", "exempt"],
        &["device", "work-profile", "pause"],
    ] {
        let line = agent.failure(1, command)?;
        ensure!(line.lines().count() == 1 && line.contains("Android"), "{command:?}: {line}");
    }
    for command in [
        &["app", "update"][..],
        &["app", "open"],
        &["permission", "allow"],
        &["permission", "prompt"],
        &["app", "notifications", "--refresh"],
    ] {
        let line = agent.failure(1, command)?;
        ensure!(line.contains("not installed") && line.contains("app install"), "{command:?}: {line}");
    }
    // facts 4.1: Settings has no switch until the app has asked once.
    agent.command(&["app", "install"])?;
    agent.command(&["permission", "reset"])?;
    let line = agent.failure(1, &["permission", "allow"])?;
    ensure!(line.contains("facts 4.1") && line.contains("permission prompt"), "{line}");

    agent.command(&["enroll", "--user", USER])?;
    let line = agent.failure(1, &["enroll", "--user", "megan@contoso.example"])?;
    ensure!(line.contains(USER) && line.contains("retire"), "{line}");
    let line = agent.failure(2, &["settings", "set", "nonsense=on"])?;
    ensure!(line.contains("showPreviews"), "the switches are listed: {line}");
    ensure!(agent.failure(2, &["settings", "set", "showPreviews=maybe"])?.contains("whenAuthenticated"));
    agent.command(&["app", "uninstall"])?;
    ensure!(agent.failure(2, &["app", "install", "--version", "newest"])?.contains("5.2311.1"));
    Ok(())
}

#[test]
fn an_older_system_is_refused_and_a_newer_one_kept() -> Result<()> {
    let agent = running(&["--platform", "android", "--os-version", "12"])?;
    agent.command(&["app", "install"])?;
    assert_eq!(agent.json(&["os", "update", "13"])?["osVersion"], "13");
    // facts 4.2: pre-granted on an upgrade from 12L or earlier.
    assert_eq!(agent.json(&["status"])?["notificationPermission"], "authorized");
    let line = agent.failure(1, &["os", "update", "12"])?;
    ensure!(line.contains("13"), "{line}");
    ensure!(agent.command(&["os", "update", "13"])?.contains("already"));
    Ok(())
}

#[test]
fn status_is_one_object_with_every_member_of_the_contract() -> Result<()> {
    let agent = running(&["--device-name", "Adele's iPhone"])?;
    let status = agent.json(&["status"])?;
    for path in [
        "/deviceId",
        "/deviceName",
        "/operatingSystem",
        "/osVersion",
        "/managedDeviceOwnerType",
        "/prerequisites",
        "/notificationPermission",
        "/promptsShown",
        "/updatedAt",
        "/connection",
        "/app/installed",
        "/app/foreground",
        "/condition/locked",
        "/condition/offline",
        "/condition/focus",
        "/prompt",
        "/groups",
        "/held",
        "/redelivered",
        "/broker/url",
        "/broker/connected",
        "/broker/refusedSubscriptions",
        "/broker/embedded/url",
        "/control/url",
        "/desktop/notificationServer",
        "/daemon/pid",
        "/daemon/version",
        "/daemon/startedAt",
    ] {
        ensure!(status.pointer(path).is_some(), "{path} is missing in {status}");
    }
    assert_eq!((&status["deviceName"], &status["osVersion"]), (&json!("Adele's iPhone"), &json!("27")));
    assert_eq!((&status["connection"], &status["prompt"]), (&json!("online"), &Value::Null));
    assert_eq!(status["daemon"]["pid"].as_u64(), agent.pid().map(u64::from));
    let order: Vec<&String> = status["prerequisites"].as_object().context("prerequisites")?.keys().collect();
    assert_eq!(order.len(), 4, "{order:?}");
    let page = agent.command(&["status"])?;
    for word in ["Adele's iPhone", "online", "companyPortalInstalled", "app install"] {
        ensure!(page.contains(word), "{word} in {page}");
    }
    Ok(())
}

#[test]
fn wait_returns_when_all_holds_or_says_what_did_not() -> Result<()> {
    let agent = running(&[])?;
    agent.wait(&["online", "permission=notDetermined", "prerequisites.deviceEnrolled=false", "prompt=null"])?;
    let line = agent.failure(1, &["wait", "online", "prompt-showing", "--timeout", "50ms"])?;
    ensure!(line.contains("prompt-showing") && !line.contains("online"), "only what did not hold: {line}");
    // Begun before the change, it returns with it.
    let mut waiting = agent.prepare(&["wait", "prompt-showing", "--timeout", "30s"])?.spawn()?;
    agent.command(&["app", "install"])?;
    ensure!(waiting.wait()?.success());
    agent.command(&["push", "--here", "--title", "t", "--body", "b", "--id", "one"])?;
    agent.command(&["wait", "outcome=withheld", "--notification", "one", "--timeout", "30s"])?;
    let line = agent.failure(1, &["wait", "outcome=presented", "--notification", "one", "--timeout", "30s"])?;
    ensure!(line.contains("withheld"), "{line}");
    Ok(())
}

#[test]
fn a_daemon_in_the_background_is_waited_for_by_status() -> Result<()> {
    let agent = Agent::new("")?;
    let line = agent.failure(3, &["status", "--wait", "50ms"])?;
    ensure!(line.contains("no daemon"), "{line}");
    let mut waiting = agent.prepare(&["--json", "status", "--wait"])?.stdout(std::process::Stdio::piped()).spawn()?;
    let mut daemon = agent.prepare(&["run", "--notifier", "console", "--embedded-broker"])?;
    let mut daemon = daemon.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn()?;
    let ended = waiting.wait();
    let output = std::io::read_to_string(waiting.stdout.take().context("its output")?)?;
    agent.command(&["stop"])?;
    ensure!(daemon.wait()?.success(), "the daemon ends with 0");
    ensure!(ended?.success());
    assert_eq!(serde_json::from_str::<Value>(&output)?["connection"], "online");
    // The lock is free at once, and nothing is left that names a daemon.
    agent.failure(3, &["wait", "online"]).map(drop)
}

#[test]
fn a_signal_ends_the_daemon_cleanly() -> Result<()> {
    for signal in ["-INT", "-TERM"] {
        let agent = Agent::new("")?;
        let mut daemon = agent.prepare(&["run", "--notifier", "console", "--embedded-broker"])?;
        let mut daemon = daemon.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn()?;
        agent.command(&["status", "--wait", "20s"])?;
        std::process::Command::new("kill").args([signal, &daemon.id().to_string()]).status()?;
        ensure!(daemon.wait()?.success(), "{signal}");
        ensure!(!agent.state_dir().join("control.json").exists(), "{signal}");
    }
    Ok(())
}

#[test]
fn a_later_start_keeps_the_device_and_refuses_a_contradiction() -> Result<()> {
    let mut agent = running(&["--platform", "ipados", "--os-version", "18", "--tenant", "fabrikam"])?;
    let first = agent.json(&["status"])?;
    agent.stop()?;
    for contradiction in [
        &["--platform", "android"][..],
        &["--os-version", "17"],
        &["--tenant", "contoso"],
        &["--device-id", "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10"],
    ] {
        let line = agent.failure(2, &[&["run", "--embedded-broker"], contradiction].concat())?;
        ensure!(line.contains("--state-dir") && line.lines().count() == 1, "{contradiction:?}: {line}");
    }
    agent.start(&["--notifier", "console", "--embedded-broker", "--device-name", "Renamed"])?;
    let second = agent.json(&["status"])?;
    assert_eq!((&first["deviceId"], &first["operatingSystem"]), (&second["deviceId"], &second["operatingSystem"]));
    assert_eq!((&second["deviceName"], &second["osVersion"]), (&json!("Renamed"), &json!("18")));
    Ok(())
}
