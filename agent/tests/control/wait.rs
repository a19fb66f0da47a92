//! `wait`: driven by the device's changes, and honest about what did not hold.

use std::process::{Child, Stdio};
use std::time::Duration;

use super::running::{RunningServer, texts};

/// Starts a `wait` and returns once the server has looked at the device for it.
fn waiting(running: &RunningServer, line: &str) -> Child {
    let before = *running.fake.asked.borrow();
    let child = running.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.until(&running.fake.asked, |asked| *asked > before);
    child
}

fn ended(child: Child) -> (i32, String, String) {
    texts(&child.wait_with_output().unwrap())
}

#[test]
fn it_returns_when_all_conditions_hold() {
    let running = RunningServer::ios();
    let child = waiting(&running, "wait prompt-showing prerequisites.deviceEnrolled=true permission=notDetermined");
    running.cli("enroll --user adele@contoso.example");
    running.cli("app install");
    let (code, out, _) = ended(child);
    assert_eq!(code, 0);
    assert_eq!(out, "✓ prompt-showing, prerequisites.deviceEnrolled=true, permission=notDetermined\n");
    let (code, out, _) = running.cli("--json wait online");
    assert_eq!(code, 0);
    assert!(out.contains("\"deviceId\""), "the device state: {out}");
}

#[test]
fn it_names_what_did_not_hold_in_time() {
    let running = RunningServer::ios();
    let (code, out, err) = running.cli("wait online prompt-showing app.installed=true --timeout 50ms");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains(
            "did not hold within 0.05 s: prompt-showing (no prompt is showing), app.installed=true (it is false)"
        ),
        "{err}"
    );
    running.fake.set_connected(false);
    let (code, _, err) = running.cli("wait online --timeout 0s");
    assert_eq!(code, 1);
    assert!(err.contains("the broker refused the connection"), "{err}");
}

#[test]
fn the_next_receipt_is_one_that_comes_after() {
    let running = RunningServer::ios();
    running.fake.push("before", "x");
    let child = waiting(&running, "wait outcome=withheld");
    running.fake.push("after", "x");
    assert_eq!(ended(child).0, 0);

    let child = waiting(&running, "wait outcome=presented");
    running.fake.push("again", "x");
    let (code, _, err) = ended(child);
    assert_eq!(code, 1, "it can never hold, so it does not wait for ever");
    assert!(err.contains("cannot hold any more: outcome=presented (the next receipt, 3, is withheld)"), "{err}");
}

#[test]
fn the_outcome_of_a_notification_may_be_there_already() {
    let running = RunningServer::ios();
    running.fake.push("one", "x");
    running.fake.push("one", "x");
    for outcome in ["withheld", "duplicate"] {
        assert_eq!(running.cli(&format!("wait outcome={outcome} --notification one")).0, 0, "{outcome}");
    }
    let (code, _, err) = running.cli("wait outcome=presented --notification one");
    assert_eq!(code, 1);
    assert!(err.contains("its outcome is withheld"), "{err}");
    let child = waiting(&running, "wait outcome=withheld --notification two");
    running.fake.push("three", "x");
    running.fake.push("two", "x");
    assert_eq!(ended(child).0, 0);
}

#[test]
fn it_ends_with_the_daemon() {
    let mut running = RunningServer::ios();
    let child = waiting(&running, "wait prompt-showing");
    running.stop_server();
    let (code, _, err) = ended(child);
    assert_eq!(code, 3);
    assert!(err.contains("the daemon ended"), "{err}");
}

#[test]
fn status_waits_for_a_daemon_that_is_still_starting() {
    let running = RunningServer::ios();
    running.fake.set_connected(false);
    let path = running.state_dir.path().join("control.json");
    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let child = running.command("status --wait 20s").stdout(Stdio::piped()).spawn().unwrap();
    running.write_control_file(&kept);
    running.until(&running.fake.asked, |asked| *asked > 0);
    running.fake.set_connected(true);
    let (code, out, _) = ended(child);
    assert_eq!(code, 0);
    assert!(out.contains("✓ online"), "{out}");
}

#[test]
fn status_wait_says_why_the_device_is_not_online() {
    let running = RunningServer::ios();
    running.fake.set_connected(false);
    let (code, _, err) = running.cli("status --wait 50ms");
    assert_eq!(code, 1);
    assert!(err.contains("online (it is offline: the broker refused the connection)"), "{err}");
}

#[test]
fn a_client_that_leaves_is_not_waited_for() {
    let mut running = RunningServer::ios();
    let mut child = waiting(&running, "wait prompt-showing");
    child.kill().unwrap();
    child.wait().unwrap();
    let begun = std::time::Instant::now();
    running.stop_server();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
