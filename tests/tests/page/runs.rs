//! Scenarios on the page: their steps as they run, and the buttons that have them pause, step, go on and stop.
//!
//! Lives here: a run that is watched, and one beside a daemon. Does not live here: what a report may say (`control`).

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::{Agent, binary};
use portal_tests::browser::Browser;
use portal_tests::http::ControlApi;

use super::{agent, press};

const CASES: &str = "\
name: Denied, and allowed again
device: {platform: ios, permission: denied}
steps:
  - push: {title: Office closed}
  - expect: {outcome: withheld, unmet: [notificationsPermitted]}
  - permission: allow
---
name: Expects the wrong thing
device: {platform: android, permission: denied}
steps:
  - push: {title: Office closed}
  - expect: presented
  - permission: allow
";

/// A run that is watched, and the link that it prints.
struct WatchedRun {
    child: Child,
    link: String,
    folder: tempfile::TempDir,
}

impl WatchedRun {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("cases.yaml");
        std::fs::write(&file, CASES)?;
        let mut child = Command::new(binary()?)
            .args(["scenario", "run", "--watch"])
            .arg(file)
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("its output")?).lines();
        let link = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("watch it here: ")?.1.to_owned()));
        // What comes behind it is read, so that the run never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, link: link.context("a link")?, folder })
    }

    /// Its end: the exit code and what it printed.
    fn end(mut self) -> Result<(Option<i32>, String)> {
        let mut printed = String::new();
        self.child.stdout.take().context("its output")?.read_to_string(&mut printed)?;
        let code = self.child.wait()?.code();
        drop(self.folder);
        Ok((code, printed))
    }
}

#[test]
fn a_watched_run_pauses_before_each_step_and_stays_where_one_failed() -> Result<()> {
    let run = WatchedRun::start()?;
    let browser = Browser::start(1280, 800)?;
    browser.open(&run.link)?;
    let says =
        |words: &str| browser.until(&format!("document.querySelector('#run .then')?.textContent.includes('{words}')"));
    let present = |words: &str| {
        browser.until(&format!("document.querySelector('#run .present .t')?.textContent.includes('{words}')"))
    };
    says("Paused")?;
    present("device")?;
    ensure!(browser.run("return document.getElementById('do').hidden")? == true, "it stands in the controls' place");
    press(&browser, "Step")?;
    present("Office closed")?;
    press(&browser, "Step")?;
    present("expect")?;
    browser.until("document.querySelector('#edge .ghost .gt')?.textContent === 'Office closed'")?;
    press(&browser, "Go on")?;
    browser.until("document.querySelector('#run h2')?.textContent.includes('case 2 of 2')")?;
    says("as the failed step left it")?;
    browser.until("document.querySelector('#run .bad .d').textContent.includes('expected: presented')")?;
    browser.until("document.querySelector('#edge .ghost .gt')?.textContent === 'Office closed'")?;
    assert_eq!(browser.complaints()?, Vec::<serde_json::Value>::new());
    press(&browser, "Go on")?;
    let (code, printed) = run.end()?;
    assert_eq!(code, Some(1), "{printed}");
    ensure!(printed.contains("2 cases: 1 passed, 1 failed"), "{printed}");
    Ok(())
}

#[test]
fn a_watched_run_ends_where_the_page_says_so() -> Result<()> {
    let run = WatchedRun::start()?;
    let browser = Browser::start(1280, 800)?;
    browser.open(&run.link)?;
    browser.until("document.querySelector('#run .then')?.textContent.includes('Paused')")?;
    press(&browser, "Stop")?;
    let (code, printed) = run.end()?;
    assert_eq!(code, Some(1), "{printed}");
    ensure!(printed.contains("it was stopped by who watched it"), "{printed}");
    ensure!(printed.contains("2 cases: 2 skipped"), "{printed}");
    Ok(())
}

fn scenario(agent: &Agent) -> Result<serde_json::Value> {
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let control = ControlApi::of(agent.state_dir())?;
    control.authorised("GET", &format!("/v1/devices/{device}/scenario"), "")?.json()
}

#[test]
fn a_run_beside_a_daemon_is_reported_to_it_and_its_end_is_said() -> Result<()> {
    let agent = agent("ios")?;
    assert_eq!(scenario(&agent)?["error"]["code"], "noScenario");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cases.yaml");
    std::fs::write(&file, CASES)?;
    let file = file.to_string_lossy();
    let ran = agent.output(&["scenario", "run", "--attach", "--yes", &file])?;
    // The case for Android has no turn on this device.
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stdout));
    let told = scenario(&agent)?;
    assert_eq!(
        (&told["name"], &told["case"], &told["paused"]),
        (&"Denied, and allowed again".into(), &1.into(), &false.into())
    );
    ensure!(told["ended"].as_str().is_some_and(|said| said.contains("1 passed, 1 skipped")), "{told}");
    let done = |step: &serde_json::Value| step["state"] == "done";
    ensure!(told["steps"].as_array().is_some_and(|steps| steps.len() == 4 && steps.iter().all(done)), "{told}");
    let browser = super::opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('#run .then')?.textContent.includes('1 passed')")?;
    ensure!(
        browser.run("return document.getElementById('do').hidden")? == false,
        "a run that has ended leaves the controls"
    );
    press(&browser, "Close")?;
    browser.until("!document.querySelector('#run .run')")?;
    assert_eq!(scenario(&agent)?["error"]["code"], "noScenario");
    Ok(())
}
