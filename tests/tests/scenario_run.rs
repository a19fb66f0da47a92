//! `scenario run` as a person or a CI job uses it: exit codes, what a failure says, order, brokers, and no flake.
//!
//! Does not live here: what files may say (`scenario::read`), the reports' forms (`scenario::report`), the library's own page.

use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::subscribe::TestSubscriber;
use serde_json::Value;
use tempfile::TempDir;

const DENIED: &str = "name: Denied, nothing shows
facts: [\"4.1.3\"]
steps:
  - push: {id: before}
  - expect: {of: before, outcome: presented, card: {title: Office closed}}
  - permission: deny
  - push: {id: after}
  - expect: {of: after, unmet: [notificationsPermitted], card: none}
";

const WRONG: &str = "name: Denied, and wrongly expected to show
steps:
  - permission: deny
  - push: {id: after}
  - expect: presented
  - push: {id: never}
";

/// A folder of scenario files, and the binary.
struct ScenarioFolder {
    agent: Agent,
    folder: TempDir,
}

impl ScenarioFolder {
    fn new(files: &[(&str, &str)]) -> Result<Self> {
        let folder = TempDir::with_prefix("scenarios-")?;
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text)?;
        }
        Ok(Self { agent: Agent::new("")?, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.agent.prepare(&["scenario", "run"])?;
        Ok(command.arg(self.folder.path()).args(arguments).output()?)
    }

    /// The cases' lines of `--json`, and the summary.
    fn json(&self, arguments: &[&str]) -> Result<(Vec<Value>, Value)> {
        let mut command = self.agent.prepare(&["--json", "scenario", "run"])?;
        let output = command.arg(self.folder.path()).args(arguments).output()?;
        let text = String::from_utf8(output.stdout)?;
        let mut lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let summary = lines.pop().with_context(|| format!("nothing: {:?}", output.stderr))?;
        Ok((lines, summary["summary"].clone()))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_holds_ends_with_0_and_a_line_a_case() -> Result<()> {
    let bench = ScenarioFolder::new(&[("denied.yaml", DENIED)])?;
    let output = bench.run(&[])?;
    let printed = text(&output.stdout);
    ensure!(output.status.code() == Some(0), "{printed}{}", text(&output.stderr));
    ensure!(printed.contains("✓ passed  Denied, nothing shows"), "{printed}");
    ensure!(printed.contains("1 case: 1 passed"), "{printed}");
    Ok(())
}

#[test]
fn what_does_not_hold_ends_with_1_and_says_where_what_and_why() -> Result<()> {
    let bench = ScenarioFolder::new(&[("denied.yaml", DENIED), ("wrong.yaml", WRONG)])?;
    let output = bench.run(&[])?;
    let printed = text(&output.stdout);
    ensure!(output.status.code() == Some(1), "{}: {printed}", output.status);
    let place = format!("{}:5:", bench.path("wrong.yaml").display());
    for part in [
        "✗ failed  Denied, and wrongly expected to show",
        &place,
        "expected: presented",
        "happened: withheld, unmet [\"notificationsPermitted\"]",
        "explain after: Nothing was shown",
        "✗ notificationsPermitted",
        "hint: permission allow",
        "1 passed, 1 failed",
    ] {
        ensure!(printed.contains(part), "{part:?} is missing in:\n{printed}");
    }
    Ok(())
}

#[test]
fn a_file_that_is_not_right_ends_with_2_and_nothing_is_run() -> Result<()> {
    let bench = ScenarioFolder::new(&[("denied.yaml", DENIED), ("bad.yaml", "name: x\nsteps:\n- ap: install\n")])?;
    let output = bench.run(&[])?;
    ensure!(output.status.code() == Some(2), "{}", output.status);
    let told = text(&output.stderr);
    ensure!(told.contains("bad.yaml:3:3") && told.contains("did you mean app: install?"), "{told}");
    ensure!(output.stdout.is_empty(), "{}", text(&output.stdout));
    Ok(())
}

#[test]
fn what_rests_on_an_undocumented_choice_warns_and_fails_only_when_strict() -> Result<()> {
    let choice =
        "name: A choice\nundocumented: it is our own\nsteps:\n- permission: deny\n- push:\n- expect: presented\n";
    let bench = ScenarioFolder::new(&[("choice.yaml", choice)])?;
    for (arguments, code, word) in [(&[][..], 0, "! warned"), (&["--strict"][..], 1, "✗ failed")] {
        let output = bench.run(arguments)?;
        let printed = text(&output.stdout);
        ensure!(output.status.code() == Some(code) && printed.contains(word), "{}: {printed}", output.status);
        ensure!(printed.contains("undocumented: it is our own"), "{printed}");
    }
    Ok(())
}

#[test]
fn cases_are_chosen_listed_repeated_and_ended_early() -> Result<()> {
    let bench = ScenarioFolder::new(&[("denied.yaml", DENIED), ("wrong.yaml", WRONG)])?;
    let (cases, _) = bench.json(&["--filter", "nothing shows", "--repeat", "3", "--shuffle", "5"])?;
    ensure!(cases.len() == 3 && cases.iter().all(|case| case["standing"] == "passed"), "{cases:?}");
    let listed = text(&bench.run(&["--list"])?.stdout);
    ensure!(listed.contains("Denied, nothing shows") && listed.contains("wrongly expected"), "{listed}");
    let (_, summary) = bench.json(&["--repeat", "20", "--fail-fast", "--jobs", "1"])?;
    ensure!(summary["failed"] == 1 && summary["skipped"].as_u64() > Some(30), "{summary}");
    Ok(())
}

#[test]
fn days_on_the_device_take_no_time_here() -> Result<()> {
    let waits = "name: A push that waits for days
device: {platform: android, rules: {push_service.doze_window: 0s}}
steps:
  - device: doze on
  - push: {id: short, expiresIn: 36h}
  - push: {id: long, expiresIn: 30d}
  - advance: 20d
  - expect: [{of: short, outcome: expired}, {of: long, held: true}]
  - device: doze off
  - expect: {of: long, outcome: presented, delay: delayedDeviceDoze}
";
    let bench = ScenarioFolder::new(&[("waits.yaml", waits)])?;
    let begun = Instant::now();
    let (cases, _) = bench.json(&[])?;
    ensure!(cases[0]["standing"] == "passed" && cases[0]["deviceTime"]["secs"] == 20 * 24 * 3600, "{}", cases[0]);
    // Generous: it is days that would show.
    ensure!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn several_reports_come_from_one_run_and_say_the_same() -> Result<()> {
    let bench = ScenarioFolder::new(&[("wrong.yaml", WRONG)])?;
    let (junit, html) = (bench.path("report.xml"), bench.path("report.html"));
    let (junit_path, html_path) = (junit.to_string_lossy(), html.to_string_lossy());
    let output = bench.run(&["--junit", &junit_path, "--html", &html_path])?;
    ensure!(output.status.code() == Some(1), "{}", output.status);
    for report in [text(&output.stdout), std::fs::read_to_string(&junit)?, std::fs::read_to_string(&html)?] {
        ensure!(report.contains("Denied, and wrongly expected to show"), "{report}");
        ensure!(report.contains("happened: withheld") || report.contains("happened"), "{report}");
    }
    ensure!(std::fs::read_to_string(&html)?.contains("class=\"phone\""), "the page draws the phone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_of_ones_own_is_left_as_it_was() -> Result<()> {
    let restarts = "name: Groups, a restart, and a push meanwhile
device: {enrollment: {groups: [11111111-2222-4333-8444-555555555555]}}
steps:
  - groups: [11111111-2222-4333-8444-666666666666]
  - push: {id: g, group: 11111111-2222-4333-8444-666666666666}
  - expect: {of: g, outcome: presented}
  - device: offline
  - push: {id: away}
  - restart:
  - device: online
  - expect: {of: away, outcome: presented}
";
    let bench = ScenarioFolder::new(&[("denied.yaml", DENIED), ("restarts.yaml", restarts)])?;
    let broker = Mosquitto::start(&MosquittoSetup::default())?;
    let output = bench.run(&["--broker", &broker.url()])?;
    ensure!(output.status.code() == Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    // What is retained comes before the answer to a subscription that follows.
    let kept = TestSubscriber::to(broker.port(), "portal/#").await?;
    let _behind = TestSubscriber::to(broker.port(), "other").await?;
    ensure!(kept.messages().is_empty(), "{:?}", kept.messages());
    Ok(())
}

#[test]
fn a_broker_that_is_not_there_is_named() -> Result<()> {
    let bench = ScenarioFolder::new(&[("denied.yaml", DENIED)])?;
    let output = bench.run(&["--broker", "mqtt://127.0.0.1:1"])?;
    let told = text(&output.stderr);
    ensure!(output.status.code() == Some(1) && told.contains("127.0.0.1:1"), "{}: {told}", output.status);
    Ok(())
}

const TWO: &str = "name: Holds
steps:
  - push:
  - expect: presented
---
name: Does not
matrix: {platform: [ios, android]}
device: {platform: \"${platform}\", permission: denied}
steps:
  - push:
  - expect: {outcome: \"presented\"}
";

#[test]
fn a_scenario_is_run_alone_by_its_line_and_a_failed_case_names_the_command() -> Result<()> {
    let folder = ScenarioFolder::new(&[("two.yaml", TWO)])?;
    let file = folder.path("two.yaml").display().to_string();
    let holds = folder.agent.command(&["scenario", "run", &format!("{file}:3")])?;
    ensure!(holds.contains("1 case: 1 passed"), "{holds}");
    let output = folder.run(&[])?;
    let told = text(&output.stdout);
    let again: Vec<&str> = told.lines().filter_map(|line| line.trim().strip_prefix("portal-agent ")).collect();
    ensure!(output.status.code() == Some(1) && again.len() == 2, "{told}");
    for (line, platform) in again.iter().zip(["ios", "android"]).chain(again.iter().rev().zip(["android", "ios"])) {
        // As a shell reads it: the only quotation marks are around what stands in brackets.
        ensure!(line.contains(":6 ") && line.contains("--filter") && line.contains("platform="), "{platform}: {line}");
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("\"$0\" {line}")])
            .arg(portal_tests::agent::binary()?)
            .output()?;
        let told = text(&output.stdout);
        ensure!(output.status.code() == Some(1) && told.contains("[1/1]"), "{line}: {told}{}", text(&output.stderr));
    }
    let line = folder.agent.failure(2, &["scenario", "run", &format!("{file}:0")])?;
    ensure!(line.contains("no scenario in line 0"), "{line}");
    Ok(())
}

#[test]
fn standard_input_is_a_file_too() -> Result<()> {
    use std::io::Write;
    let agent = Agent::new("")?;
    for (verb, code) in [("run", 0), ("check", 0)] {
        let mut command = agent.prepare(&["scenario", verb, "-"])?;
        let mut child = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn()?;
        child.stdin.take().context("its input")?.write_all(DENIED.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.code() == Some(code), "{verb}: {}", text(&output.stdout));
    }
    Ok(())
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_run() -> Result<()> {
    let folder = ScenarioFolder::new(&[("denied.yaml", DENIED)])?;
    for option in ["--junit", "--html"] {
        for place in [folder.path("nowhere/report"), folder.folder.path().to_owned()] {
            let output = folder.run(&[option, &place.to_string_lossy()])?;
            ensure!(output.status.code() == Some(2) && output.stdout.is_empty(), "{}", text(&output.stdout));
            ensure!(text(&output.stderr).lines().count() == 1, "{}", text(&output.stderr));
        }
    }
    Ok(())
}

#[test]
fn check_finds_what_can_never_hold() -> Result<()> {
    for (steps, told) in [
        ("- expect: withheld\n  - push:", "before any push"),
        ("- push: {titel: x}", "did you mean title?"),
        ("- push: {qqqqqqqqq: x}", "members"),
        ("- device: doze on\n  - push:", "Android"),
    ] {
        let text = format!("name: wrong\nsteps:\n  {steps}\n");
        let folder = ScenarioFolder::new(&[("wrong.yaml", &text)])?;
        let line = folder.agent.failure(2, &["scenario", "check", &folder.path("wrong.yaml").to_string_lossy()])?;
        ensure!(line.contains(told), "{steps}: {line}");
    }
    for right in
        ["- device: doze on\n    refused: true\n  - push:", "- push: {members: {titel: x}}\n  - expect: presented"]
    {
        let text = format!("name: right\nsteps:\n  {right}\n");
        let folder = ScenarioFolder::new(&[("right.yaml", &text)])?;
        folder.agent.command(&["scenario", "run", &folder.path("right.yaml").to_string_lossy()])?;
    }
    Ok(())
}

#[test]
fn check_reads_presenters_scripts_and_run_passes_them_over() -> Result<()> {
    let script = "name: walk\nbeats:\n- caption: c\n  steps:\n  - push:\n";
    let scenario = "name: right\nsteps:\n- push:\n";
    let folder = ScenarioFolder::new(&[("walk.yaml", script), ("case.yaml", scenario)])?;
    let both = folder.folder.path().to_string_lossy().into_owned();
    let told = folder.agent.command(&["scenario", "check", &both])?;
    ensure!(told.contains("2 files are right: 1 case, 1 script"), "{told}");
    let counts = folder.agent.json(&["scenario", "check", &both])?;
    assert_eq!(counts, serde_json::json!({ "files": 2, "cases": 1, "scripts": 1 }));
    let ran = folder.agent.command(&["scenario", "run", &both])?;
    ensure!(ran.contains("1 case"), "{ran}");
    let walk = folder.path("walk.yaml").to_string_lossy().into_owned();
    let line = folder.agent.failure(2, &["scenario", "run", &walk])?;
    ensure!(line.contains("is a presenter's script") && line.contains("panel --script"), "{line}");

    std::fs::write(folder.path("walk.yaml"), "name: walk\nbeats:\n- caption: c\n  steps:\n  - pusch:\n")?;
    let line = folder.agent.failure(2, &["scenario", "check", &both])?;
    ensure!(line.contains("walk.yaml:5") && line.contains("did you mean push"), "{line}");
    let schema = folder.agent.json(&["scenario", "schema", "--script"])?;
    ensure!(schema["required"] == serde_json::json!(["name", "beats"]), "{schema}");
    Ok(())
}
