//! A presenter's script on the stage: the next beat by Space or a clicker, captions, and back at the start.
//!
//! Lives here: the shipped script, played through. Does not live here: how a script is read (`scenario`).

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;

use super::agent;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/scripts/denied-walk.yaml");
const CAPTION: &str = "document.getElementById('caption').textContent";

/// The command that plays it; ended when it is dropped.
struct Player(Child);

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn playing(agent: &Agent) -> Result<(Player, String)> {
    let mut child =
        agent.prepare(&["panel", "--script", SCRIPT])?.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
    let link = lines.by_ref().map_while(Result::ok).next().context("a link")?;
    std::thread::spawn(move || lines.for_each(drop));
    Ok((Player(child), link))
}

#[test]
fn the_shipped_script_plays_beat_by_beat_and_is_back_at_the_start_within_a_second() -> Result<()> {
    let agent = agent("ios")?;
    let before = agent.json(&["status"])?;
    let (_player, link) = playing(&agent)?;
    let browser = Browser::start(1280, 800)?;
    browser.open(&link)?;
    let says = |words: &str| browser.until(&format!("{CAPTION}.includes('{words}')"));
    says("Why a denied notification does not show")?;
    ensure!(browser.run("return document.documentElement.classList.contains('stage')")? == true);
    for (key, caption) in
        [(" ", "has asked for notifications"), ("\u{e00f}", "Don\\'t Allow"), (" ", "nothing appears")]
    {
        browser.key(key)?;
        says(caption)?;
    }
    browser.until("document.querySelector('#edge .ghost .gt')?.textContent === 'Office closed'")?;
    let shown = browser.run("return document.body.innerText")?;
    let shown = shown.as_str().context("the page's text")?;
    ensure!(!shown.contains("denied-walk.yaml") && !shown.contains('/'), "an audience sees no path: {shown}");
    for caption in ["Asking again", "Only Settings", "next message shows"] {
        browser.key(" ")?;
        says(caption)?;
    }
    browser.until("document.querySelector('.over .note b')?.textContent === 'Office open again'")?;
    assert_eq!(agent.json_lines(&["log"])?.len(), 2);
    browser.key("r")?;
    let took = says("Why a denied notification does not show")?;
    ensure!(took.as_millis() < 1000, "{took:?}");
    browser.until("!document.querySelector('.over .note') && !document.querySelector('#edge .ghost')")?;
    let after = agent.json(&["status"])?;
    for member in ["app", "condition", "notificationPermission", "managementState"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    for caption in ["has asked", "taps", "nothing appears"] {
        browser.key(" ")?;
        says(caption)?;
    }
    browser.until("document.querySelector('#edge .ghost .gt')?.textContent === 'Office closed'")?;
    let words: Vec<_> = agent.json_lines(&["log"])?.iter().map(|line| line["outcome"].to_string()).collect();
    assert_eq!(
        words,
        ["\"withheld\"", "\"presented\"", "\"withheld\""],
        "played again its pushes have ids of their own"
    );
    assert_eq!(browser.complaints()?, Vec::<serde_json::Value>::new());
    Ok(())
}

#[test]
fn a_script_that_is_not_right_is_refused_with_its_place() -> Result<()> {
    let agent = agent("ios")?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("wrong.yaml");
    std::fs::write(&file, "name: n\nbeats:\n- caption: c\n  steps:\n  - pusch:\n")?;
    let file = file.to_string_lossy();
    let told = agent.output(&["panel", "--script", &file])?;
    assert_eq!(told.status.code(), Some(2));
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    ensure!(told.contains("wrong.yaml:5") && told.contains("push"), "{told}");
    let line = agent.failure(2, &["panel", "--script", "/nowhere/script.yaml"])?;
    ensure!(line.contains("/nowhere/script.yaml"), "{line}");
    Ok(())
}
