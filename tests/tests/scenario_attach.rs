//! `scenario run --attach`: the same files and verdicts on a daemon that runs already, on its own clock.

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use serde_json::Value;
use tempfile::TempDir;

/// What both ways of running must agree on: a device, a prompt, a card, a held push and its expiry, groups, an action.
const FILE: &str = "name: The whole of it
device: {platform: ios, app: missing, enrollment: none}
steps:
  - enroll: {user: adele@contoso.example, groups: [11111111-2222-4333-8444-555555555555]}
  - app: install
  - expect: {prompt: showing, status: {promptsShown: 1}}
  - answer: deny
  - expect: {prompt: notShowing, status: {notificationPermission: denied}}
  - push: {id: a}
  - expect: {of: a, unmet: [notificationsPermitted], card: none}
  - permission: allow
  - push: {id: b, group: 11111111-2222-4333-8444-555555555555, title: To the group}
  - expect: {of: b, outcome: presented, card: {title: To the group}}
  - card: click
  - expect: {of: b, outcome: presented, interaction: clicked}
  - push: {id: b}
  - expect: {of: b, outcome: duplicate}
  - device: offline
  - push: {id: c, expiresIn: 1h}
  - push: {id: d}
  - expect: {of: c, held: true}
  - advance: 4h
  - device: online
  - expect: [{of: c, outcome: expired}, {of: d, outcome: presented}]
  - groups: []
  - action: retire
  - expect: {status: {lastAction.action: retire, prerequisites.deviceEnrolled: false}}
---
name: Wrong
device: {platform: ios}
steps:
  - permission: deny
  - push: {id: w}
  - expect: presented
---
name: Of another platform
device: {platform: android}
steps: [push: , expect: presented]
---
name: Kept by the broker
device: {enrollment: {groups: [11111111-2222-4333-8444-555555555555]}}
steps:
  - push: {group: 11111111-2222-4333-8444-555555555555, retain: true}
  - expect: presented
---
name: With a restart
steps: [restart: , push: , expect: presented]
";

fn standings(agent: &Agent, arguments: &[&str]) -> Result<Vec<Value>> {
    let output = agent.output(&[&["--json", "scenario", "run"], arguments].concat())?;
    let text = String::from_utf8(output.stdout)?;
    let mut lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    lines.pop().with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    // Hosted by the run they go side by side, and the report is in the order in which they ended.
    lines.sort_by_key(|case| case["at"]["line"].as_u64());
    Ok(lines)
}

#[test]
fn one_file_serves_a_hosted_device_and_the_running_daemon() -> Result<()> {
    let folder = TempDir::with_prefix("scenario-attach-")?;
    let file = folder.path().join("whole.yaml");
    std::fs::write(&file, FILE)?;
    let file = file.to_string_lossy();
    let mut agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let staged = standings(&agent, &[&file])?;
    // Twice: the device is left so that the next run may begin.
    let attached =
        [standings(&agent, &["--attach", "--yes", &file])?, standings(&agent, &["--attach", "--yes", &file])?];
    let words = |cases: &[Value]| -> Vec<String> {
        cases.iter().filter_map(|case| case["standing"].as_str()).map(str::to_owned).collect()
    };
    ensure!(words(&staged) == ["passed", "failed", "passed", "passed", "passed"], "{staged:#?}");
    for cases in &attached {
        ensure!(words(cases) == ["passed", "failed", "skipped", "passed", "skipped"], "{cases:#?}");
        ensure!(cases[2]["skipped"].as_str().is_some_and(|why| why.contains("iOS 27")), "{}", cases[2]);
        let told = |case: &Value| case["failures"][0]["text"].as_str().map(str::to_owned);
        ensure!(told(&staged[1]) == told(&cases[1]), "{:?}\n{:?}", told(&staged[1]), told(&cases[1]));
    }
    // What a case left on the broker was taken back, and none of that came to the device as a push.
    let rejected = agent.json_lines(&["log", "--outcome", "rejected"])?;
    ensure!(rejected.is_empty(), "{rejected:?}");
    agent.stop()
}

#[test]
fn without_a_daemon_it_ends_with_3() -> Result<()> {
    let folder = TempDir::with_prefix("scenario-attach-")?;
    let file = folder.path().join("whole.yaml");
    std::fs::write(&file, FILE)?;
    let told = Agent::new("")?.failure(3, &["scenario", "run", "--attach", &file.to_string_lossy()])?;
    ensure!(told.contains("no daemon is running"), "{told}");
    Ok(())
}

#[test]
fn nobody_loses_a_device_without_being_asked() -> Result<()> {
    let folder = TempDir::with_prefix("scenario-attach-")?;
    let file = folder.path().join("whole.yaml");
    std::fs::write(&file, FILE)?;
    let agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.make_ready()?;
    let told = agent.failure(2, &["scenario", "run", "--attach", &file.to_string_lossy()])?;
    ensure!(told.contains("--yes") && told.lines().count() == 1, "{told}");
    ensure!(agent.json(&["status"])?["notificationPermission"] == "authorized", "it is as it was");
    Ok(())
}

#[test]
fn a_run_in_which_no_case_had_a_turn_is_no_success() -> Result<()> {
    let folder = TempDir::with_prefix("scenario-attach-")?;
    let file = folder.path().join("android.yaml");
    std::fs::write(&file, "name: only there\ndevice: {platform: android}\nsteps: [{push: }, {expect: presented}]\n")?;
    let agent = Agent::running("", &["--notifier", "console", "--embedded-broker"])?;
    agent.wait(&["online"])?;
    let output = agent.output(&["scenario", "run", "--attach", "--yes", &file.to_string_lossy()])?;
    let told = String::from_utf8(output.stdout)?;
    ensure!(output.status.code() == Some(1) && told.contains("1 skipped"), "{told}");
    Ok(())
}
