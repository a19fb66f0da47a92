//! A recording on the page: begun by its button, seen as it grows, ended, and a scenario that passes.
//!
//! Lives here: the way through the browser and the API. Does not live here: how each event is written (`scenario_record`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::binary;
use portal_tests::http::ControlApi;

use super::{agent, opened, press};

#[test]
fn what_happens_is_recorded_as_it_happens_and_passes_as_a_scenario() -> Result<()> {
    let agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let control = ControlApi::of(agent.state_dir())?;
    let path = format!("/v1/devices/{device}/recording");
    let missing = control.authorised("GET", &path, "")?;
    assert_eq!((missing.status, &missing.json()?["error"]["code"]), (404, &"noRecording".into()));

    let browser = opened(&agent, 1280, 800)?;
    press(&browser, "Record")?;
    let has =
        |words: &str| browser.until(&format!("document.getElementById('recorded')?.textContent.includes('{words}')"));
    has("name: \"As recorded\"")?;
    let again = control.authorised("POST", &path, "{}")?;
    assert_eq!((again.status, &again.json()?["error"]["code"]), (409, &"alreadyRecording".into()));
    press(&browser, "Send")?;
    has("push: {")?;
    has("withheld")?;
    press(&browser, "Allow")?;
    has("permission: allow")?;
    agent.command(&["push", "--here", "--wait", "20s", "--title", "</pre><b>x</b>", "--body", "b"])?;
    has("</pre><b>x</b>")?;
    press(&browser, "End the recording")?;
    browser.until("document.querySelector('#recording .then').textContent === 'Ended: it was ended.'")?;
    assert_eq!(browser.complaints()?, Vec::<serde_json::Value>::new());

    let file = control.authorised("GET", &format!("{path}/file"), "")?;
    assert_eq!(file.status, 200);
    let kept = control.authorised("GET", &path, "")?.json()?;
    assert_eq!(kept["file"].as_str(), Some(file.body.as_str()));
    let folder = tempfile::tempdir()?;
    let saved = folder.path().join("recorded.yaml");
    std::fs::write(&saved, &file.body)?;
    let ran = std::process::Command::new(binary()?).args(["scenario", "run"]).arg(&saved).output()?;
    ensure!(ran.status.success(), "{}\n{}", file.body, String::from_utf8_lossy(&ran.stdout));
    ensure!(String::from_utf8_lossy(&ran.stdout).contains("1 passed"));
    agent.command(&["device", "lock"])?;
    assert_eq!(
        control.authorised("GET", &path, "")?.json()?["file"],
        kept["file"],
        "what comes later is no part of it"
    );
    press(&browser, "Record anew")?;
    browser.until("document.querySelector('#recording .then').textContent.startsWith('Recording')")?;
    Ok(())
}
