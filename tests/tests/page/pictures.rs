//! The pictures of the page in the documents, and more of them to look at where its looks changed.
//!
//! `tests/regenerate --pictures` writes them: those of the documents into `agent/assets/screenshots`, the others into
//! `target/pictures`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;

use super::{agent, opened, press};

fn folder(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn take(browser: &Browser, name: &str, is_for_documents: bool) -> Result<()> {
    let picture = browser.picture()?;
    let into = if is_for_documents { "agent/assets/screenshots" } else { "target/pictures" };
    Ok(std::fs::write(folder(into)?.join(format!("{name}.png")), picture)?)
}

fn push(agent: &Agent, title: &str, body: &str) -> Result<()> {
    agent.output(&["--device", "iPhone", "push", "--here", "--wait", "20s", "--title", title, "--body", body]).map(drop)
}

#[test]
#[ignore = "writes files of the repository: tests/regenerate --pictures runs it where the page's looks changed"]
fn the_pictures_of_the_page() -> Result<()> {
    let agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "authorized"])?;
    push(&agent, "Welcome", "Your phone is set up.")?;
    agent.command(&["permission", "deny"])?;
    push(&agent, "Office closed", "Work from home on Friday.")?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('#why h2').textContent === 'Nothing appears'")?;
    take(&browser, "page", true)?;
    let theme = "document.getElementById('theme').click()";
    browser.run(theme)?;
    take(&browser, "dark", false)?;
    press(&browser, "Stage")?;
    browser.size(1280, 720)?;
    take(&browser, "stage-dark", false)?;
    browser.run(theme)?;
    take(&browser, "page-stage", true)?;
    browser.run("document.getElementById('stage').click()")?;
    browser.run("document.getElementById('all-states').open = true; document.querySelector('#do').parentElement.scrollTop = 470")?;
    browser.size(1280, 800)?;
    take(&browser, "gallery", false)?;
    browser.size(360, 2600)?;
    take(&browser, "360", false)?;

    agent.command(&["device", "add", "--platform", "android", "--name", "Pixel"])?;
    agent.command(&["--device", "Pixel", "device", "set-up", "--permission", "denied"])?;
    agent.command(&["--device", "iPhone", "permission", "allow"])?;
    agent.command(&["--device", "Pixel", "wait", "online"])?;
    let browser = opened(&agent, 1280, 800)?;
    press(&browser, "Side by side")?;
    browser.until("document.querySelectorAll('.besides .phone').length === 2")?;
    press(&browser, "Send")?;
    browser.until("document.querySelector('#beside-head h2').textContent === 'One push, two outcomes'")?;
    take(&browser, "page-two-devices", true)?;
    press(&browser, "Stage")?;
    take(&browser, "two-devices-stage", false)?;
    browser.run("document.getElementById('stage').click()")?;
    browser.size(360, 1800)?;
    take(&browser, "two-devices-360", false)?;
    for number in 1..=40 {
        agent.command(&[
            "device",
            "add",
            "--platform",
            ["ios", "android"][number % 2],
            "--name",
            &format!("Phone {number}"),
        ])?;
    }
    browser.run("location.reload()")?;
    browser.size(1280, 800)?;
    browser.until("document.getElementById('view-grid').textContent === 'All 42'")?;
    browser.run("document.getElementById('view-grid').click()")?;
    browser.until("document.querySelectorAll('#grid .cell').length === 42")?;
    take(&browser, "grid", false)
}
