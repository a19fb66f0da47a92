//! Every command from the binary through the server to `portal_device`, and back.

use serde_json::Value;

use super::running::{RunningServer, binary, texts};

/// Runs a line with `--json` and gives its one object.
fn json(running: &RunningServer, line: &str) -> Value {
    let (code, out, err) = running.cli(&format!("--json {line}"));
    assert_eq!((code, err.as_str()), (0, ""), "{line}: {out}");
    assert_eq!(out.lines().count(), 1, "{line}: one object in one line");
    serde_json::from_str(&out).unwrap()
}

/// Each line with the member of `status` that it changes and the value it has after.
fn changes_all(running: &RunningServer, steps: &[(&str, &str, &str)]) {
    for (line, member, value) in steps {
        let state = json(running, line);
        assert_eq!(state["deviceId"], super::fake::DEVICE, "{line} answers with the device state");
        assert!(state.get("note").is_none(), "{line} changed something");
        let status = json(running, "status");
        let present = status.pointer(member).cloned().unwrap_or_default();
        assert_eq!(present, serde_json::from_str::<Value>(value).unwrap(), "{member} after {line}");
    }
}

#[test]
fn every_command_changes_what_status_shows() {
    let group = "11111111-2222-4333-8444-555555555555";
    let enroll = format!("enroll --user Adele@contoso.example --group {group}");
    let groups = format!("[\"{group}\"]");
    changes_all(
        &RunningServer::android(),
        &[
            ("app install --version 5.0.6000.0", "/app/version", "\"5.0.6000.0\""),
            ("permission deny", "/notificationPermission", "\"denied\""),
            ("permission prompt", "/promptsShown", "2"),
            ("permission allow", "/notificationPermission", "\"authorized\""),
            ("permission reset", "/notificationPermission", "\"notDetermined\""),
            ("app update", "/app/version", "\"5.0.6000.1\""),
            ("app update --version 5.1", "/app/version", "\"5.1\""),
            ("app open", "/app/foreground", "true"),
            ("app close", "/app/foreground", "false"),
            ("app force-stop", "/app/forceStopped", "true"),
            (&enroll, "/groups", &groups),
            ("play-services remove", "/prerequisites/googlePlayServicesInstalled", "false"),
            ("play-services install", "/condition/playServices", "true"),
            ("device lock", "/condition/locked", "true"),
            ("device unlock", "/condition/locked", "false"),
            ("device offline", "/connection", "\"offline\""),
            ("device online", "/connection", "\"online\""),
            ("device focus on", "/condition/focus", "true"),
            ("device focus off", "/condition/focus", "false"),
            ("device doze on", "/condition/doze", "true"),
            ("device doze off", "/condition/doze", "false"),
            ("device charging on", "/condition/charging", "true"),
            ("device battery unrestricted", "/condition/batteryOptimisationExempt", "true"),
            ("device battery optimized", "/condition/batteryOptimisationExempt", "false"),
            ("device battery exempt", "/condition/batteryOptimisationExempt", "true"),
            ("device battery optimised", "/condition/batteryOptimisationExempt", "false"),
            ("device work-profile pause", "/condition/workProfilePaused", "true"),
            ("device work-profile resume", "/condition/workProfilePaused", "false"),
            ("os update 17", "/osVersion", "\"17\""),
            ("settings set channelImportance=LOW", "/settings/channelImportance", "\"LOW\""),
            ("clock advance 1h30m", "/condition/clockAheadMillis", "5400000"),
            ("app uninstall", "/app/installed", "false"),
            ("retire", "/prerequisites/deviceEnrolled", "false"),
            ("device reset", "/promptsShown", "0"),
        ],
    );
}

#[test]
fn a_command_that_changes_nothing_says_so() {
    let running = RunningServer::ios();
    for line in ["app install", "permission deny", "enroll --user adele@contoso.example", "device lock"] {
        running.cli(line);
        let (code, out, err) = running.cli(line);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.starts_with("already "), "{line}: {out}");
        assert!(json(&running, line)["note"].as_str().unwrap().starts_with("already "));
    }
}

#[test]
fn the_views_are_views_of_status() {
    let running = RunningServer::ios();
    running.cli("app install");
    for line in ["permission show", "settings show", "status"] {
        let status = json(&running, line);
        assert_eq!(status["prompt"]["actions"], serde_json::json!(["Don't Allow", "Allow"]), "{line}");
        assert_eq!(status["settings"]["alert"], "on");
    }
}

#[test]
fn a_refusal_says_why_and_what_to_do() {
    let running = RunningServer::ios();
    let (code, out, err) = running.cli("play-services remove");
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "error: Google Play Services is Android's; this device runs iOS; \
         hint: start a device with --platform android in another --state-dir\n"
    );
    let (_, _, err) = running.cli("--json app open");
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(error["error"]["code"], "companyPortalNotInstalled");
    assert_eq!(error["error"]["hint"], "app install");
}

#[test]
fn status_and_explain_give_the_same_hint_and_it_can_be_followed() {
    let running = RunningServer::ios();
    for line in ["app install", "permission allow", "enroll --user adele@contoso.example"] {
        running.cli(line);
    }
    running.cli("enrollment set deviceRegistrationState=revoked");
    running.fake.push("one", "Office closed");
    let explained = json(&running, "explain");
    let unmet = explained["prerequisites"].as_array().unwrap().iter().filter(|entry| entry["met"] == false);
    let hints: serde_json::Map<String, Value> =
        unmet.map(|entry| (entry["code"].as_str().unwrap().to_owned(), entry["hint"].clone())).collect();
    let status = json(&running, "status");
    assert_eq!((&status["hints"], hints.is_empty()), (&Value::Object(hints.clone()), false));
    let hint = hints["deviceEnrolled"].as_str().unwrap();
    let (_, page, _) = running.cli("status");
    assert!(page.contains(hint) && !page.contains("enroll --user"), "{page}");
    json(&running, hint);
    assert_eq!(json(&running, "status")["hints"], serde_json::json!({}));
}

#[test]
fn arguments_that_make_no_sense_are_usage_errors() {
    let running = RunningServer::ios();
    for line in [
        "settings set alert=maybe",
        "settings set nonsense=on",
        "os update tomorrow",
        "enroll --user adele",
        "enroll --user adele@contoso.example --group 1",
        "clock advance yesterday",
        "wait prerequisites.deviceEnroled=true",
        "wait",
        "log --outcome shown",
        "explain --what",
        "device focus maybe",
        "push --here --title x",
        "run --broker http://x",
        "--log-level loud status",
        "nonsense",
    ] {
        let (code, out, err) = running.cli(line);
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        assert_eq!(err.lines().count(), 1, "{line}: {err}");
        assert!(err.starts_with("error: "), "{err}");
        let (code, _, err) = running.cli(&format!("{line} --json"));
        assert_eq!(code, 2);
        assert!(serde_json::from_str::<Value>(&err).unwrap()["error"]["message"].is_string(), "{err}");
    }
}

#[test]
fn without_a_daemon_the_exit_code_is_three() {
    let mut running = RunningServer::ios();
    let (code, ..) = running.cli("status");
    assert_eq!(code, 0);
    let mut nowhere = binary();
    nowhere.args(["--state-dir", "/nonexistent/state", "app", "install"]);
    let (code, out, err) = texts(&nowhere.output().unwrap());
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("no daemon is running") && err.contains("portal-agent run"), "{err}");

    // A daemon that was killed leaves its control.json.
    running.stop_server();
    for line in ["status", "log", "log --follow", "wait online", "explain", "doctor", "stop", "status --wait 50ms"] {
        assert_eq!(running.cli(line).0, 3, "{line}");
    }
}

#[test]
fn a_control_file_that_leads_to_another_daemon_means_that_none_is_running_here() {
    let (running, other) = (RunningServer::ios(), RunningServer::ios());
    let mut file = other.file().clone();
    file.url = format!("http://{}", running.authority());
    other.write_control_file(&file.to_json());
    assert_eq!(other.cli("status").0, 3);
}

#[cfg(unix)]
#[test]
fn a_control_file_that_others_may_read_is_refused_with_the_hint() {
    use std::os::unix::fs::PermissionsExt;
    let running = RunningServer::ios();
    let path = running.state_dir.path().join("control.json");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    let (code, _, err) = running.cli("status");
    assert_eq!(code, 1);
    assert!(err.contains("may be read by others") && err.contains("hint: "), "{err}");
}

#[test]
fn a_daemon_of_another_api_is_named_in_one_line() {
    let running = RunningServer::ios();
    let mut file = running.file().clone();
    file.api_version = 2;
    running.write_control_file(&file.to_json());
    let (code, _, err) = running.cli("status");
    assert_eq!((code, err.lines().count()), (1, 1));
    assert!(err.contains("speaks control API 2") && err.contains("hint: "), "{err}");
}

#[test]
fn in_app_messages_are_listed_and_a_pull_that_is_not_needed_says_so() {
    let running = RunningServer::ios();
    for line in ["app install", "permission allow", "enroll --user adele@contoso.example", "app open"] {
        running.cli(line);
    }
    assert_eq!(json(&running, "app notifications")["notifications"], serde_json::json!([]));
    running.fake.push("one", "In the app");
    let listed = json(&running, "app notifications");
    assert_eq!(listed["notifications"][0]["notificationTitle"], "In the app");
    assert_eq!(json(&running, "app notifications --refresh"), listed, "2019 names no pull (facts 1.6)");
}

#[test]
fn doctor_fails_where_a_check_does() {
    let running = RunningServer::ios();
    assert_eq!(running.cli("doctor").0, 0);
    running.fake.set_notification_server(false);
    let (code, out, err) = running.cli("--json doctor");
    assert_eq!((code, err.as_str()), (1, ""), "what is wrong is in the result");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["checks"][1]["hint"], "start one");
}

#[test]
fn explain_takes_an_id_of_any_characters() {
    let running = RunningServer::ios();
    let id = "a/b?c&d=e#f%20ü";
    running.fake.push(id, "x");
    running.fake.push("latest", "x");
    let explained = |id: &str| running.command("--json explain").arg(id).output().unwrap();
    let (code, out, _) = texts(&explained(id));
    assert_eq!(code, 0);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["notificationId"], id);
    assert_eq!(json(&running, "explain")["notificationId"], "latest");
    let (code, _, err) = texts(&explained("absent"));
    assert_eq!(code, 1);
    assert!(err.contains("noReceipt") && err.contains("absent"), "{err}");
}

#[test]
fn stop_returns_when_the_daemon_has_let_its_lock_go() {
    let running = RunningServer::ios();
    let lock = std::fs::File::create(running.state_dir.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let child = running.command("stop").stdout(std::process::Stdio::piped()).spawn().unwrap();
    running.until(&running.fake.stopped, |stopped| *stopped);
    drop(lock);
    let (code, out, _) = texts(&child.wait_with_output().unwrap());
    assert_eq!((code, out.as_str()), (0, "the daemon has ended\n"));
}

#[test]
fn colours_are_for_terminals() {
    let running = RunningServer::ios();
    let out = |name: &str| texts(&running.command("status").env(name, "1").output().unwrap()).1;
    assert!(!out("NO_COLOR").contains('\u{1b}'));
    assert!(out("CLICOLOR_FORCE").contains('\u{1b}'));
}

#[test]
fn nothing_that_was_sent_controls_the_terminal() {
    let running = RunningServer::ios();
    for line in ["app install", "permission allow", "enroll --user adele@contoso.example", "app open"] {
        running.cli(line);
    }
    running.fake.push("id\u{202e}", "\u{1b}[2J\u{9b}31mforged\u{202e}");
    for line in ["app notifications --refresh", "log", "explain", "--json app notifications", "--json log"] {
        let (code, out, _) = running.cli(line);
        assert_eq!(code, 0);
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!out.chars().any(harmful), "{line}: {out:?}");
        assert!(out.contains("202e"), "{line} shows that something was there: {out}");
    }
}
