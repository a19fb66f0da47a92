//! Several devices on one page: side by side, and all of them as a grid.
//!
//! Lives here: what is shown of them together. Does not live here: one device's page.

use anyhow::{Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;
use serde_json::{Value, json};

use super::{agent, opened, press};

fn three() -> Result<Agent> {
    let agent = agent("ios")?;
    for (platform, name) in [("android", "Pixel"), ("ipados", "Tablet")] {
        agent.command(&["device", "add", "--platform", platform, "--name", name])?;
        agent.command(&["--device", name, "wait", "online"])?;
    }
    for (device, permission) in [("iPhone", "authorized"), ("Pixel", "denied")] {
        agent.command(&["--device", device, "device", "set-up", "--permission", permission])?;
    }
    Ok(agent)
}

fn text(browser: &Browser, element: &str) -> Result<Value> {
    browser.run(&format!("return document.querySelector('{element}').textContent"))
}

#[test]
fn one_push_to_several_is_shown_at_all_of_them_side_by_side() -> Result<()> {
    let agent = three()?;
    let browser = opened(&agent, 1280, 800)?;
    press(&browser, "Side by side")?;
    browser.until("document.querySelectorAll('.besides .phone').length === 2")?;
    press(&browser, "Send")?;
    browser.until("document.querySelector('#beside-head h2').textContent === 'One push, two outcomes'")?;
    assert_eq!(text(&browser, "#beside-head .meta")?, "“Town hall at three”: shown on iPhone, not shown on Pixel");
    ensure!(
        browser.run("return document.querySelector('.besides .over .note b').textContent")? == "Town hall at three"
    );
    browser.until("document.querySelectorAll('.besides .ghost').length === 1")?;
    let lines = text(&browser, "#echo-line")?;
    let lines: Vec<&str> = lines.as_str().unwrap_or_default().lines().collect();
    ensure!(lines.len() == 2 && lines[0].starts_with("portal-agent --device iPhone push --here --id "), "{lines:?}");
    ensure!(lines[1].starts_with("portal-agent --device Pixel push"), "{lines:?}");
    // A third one, by its tab; and what happens to one of them shows.
    press(&browser, "Tablet · iPadOS")?;
    browser.until("document.querySelectorAll('.besides .phone').length === 3")?;
    agent.command(&["--device", "Pixel", "permission", "allow"])?;
    agent.command(&["--device", "Pixel", "push", "--here", "--wait", "20s", "--title", "Alone", "--body", "b"])?;
    browser.until("[...document.querySelectorAll('.besides .over b')].some((one) => one.textContent === 'Alone')")?;
    for (width, height) in [(360, 800), (1280, 800)] {
        browser.size(width, height)?;
        let over = browser.run("return document.documentElement.scrollWidth - innerWidth")?;
        ensure!(over.as_i64().is_some_and(|over| over <= 0), "{width}: {over} too wide");
    }
    // What is looked at stands in the address.
    browser.run("location.reload()")?;
    browser.until("document.querySelectorAll('.besides .phone').length === 3")?;
    agent.command(&["device", "remove", "Tablet"])?;
    browser.until("document.querySelectorAll('.besides .phone').length === 2")?;
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn the_grid_has_every_device_by_its_latest_outcome_and_opens_one() -> Result<()> {
    let agent = three()?;
    let browser = opened(&agent, 1280, 800)?;
    press(&browser, "All 3")?;
    browser.until("document.querySelectorAll('#grid .cell').length === 3")?;
    let outcomes = "return [...document.querySelectorAll('#grid .cell')].map((cell) => cell.dataset.outcome)";
    assert_eq!(browser.run(outcomes)?, json!(["none", "none", "none"]));
    agent.command(&["--device", "iPhone", "push", "--here", "--wait", "20s", "--title", "Seen", "--body", "b"])?;
    agent.output(&["--device", "Pixel", "push", "--here", "--wait", "20s", "--title", "Unseen", "--body", "b"])?;
    browser
        .until("document.getElementById('grid-head').textContent.replaceAll(/\\s+/g, ' ').includes('1 not shown')")?;
    let mut shown = browser.run(outcomes)?;
    if let Some(shown) = shown.as_array_mut() {
        shown.sort_by_key(ToString::to_string);
    }
    assert_eq!(shown, json!(["none", "presented", "withheld"]));
    browser.run("document.getElementById('only-withheld').click()")?;
    browser.until("[...document.querySelectorAll('#grid .cell')].filter((cell) => !cell.hidden).length === 1")?;
    browser.run("document.getElementById('only-all').click(); const find = document.getElementById('grid-find'); find.value = 'tablet'; find.dispatchEvent(new Event('input', { bubbles: true }))")?;
    browser.until("document.getElementById('grid-left').textContent === '1 of them'")?;
    browser.run("[...document.querySelectorAll('#grid .cell button')].find((cell) => cell.textContent.includes('Pixel')).click()")?;
    browser
        .until("document.querySelector('#see-screen .phone.android') && !document.getElementById('board').hidden")?;
    Ok(())
}

#[test]
fn a_device_is_added_and_removed_from_the_page() -> Result<()> {
    let agent = agent("ios")?;
    let browser = opened(&agent, 1280, 800)?;
    browser.run("document.getElementById('all-daemon').open = true; document.getElementById('device-add-name').value = 'Second phone'; document.getElementById('device-add-platform').selectedIndex = 3")?;
    press(&browser, "device add")?;
    browser.until(
        "[...document.querySelectorAll('#devices button')].some((tab) => tab.textContent === 'Second phone · Android')",
    )?;
    assert_eq!(text(&browser, "#echo-line")?, "portal-agent device add --platform android --name 'Second phone'");
    press(&browser, "Second phone · Android")?;
    browser.until("document.querySelector('#see-screen .phone.android')")?;
    press(&browser, "device remove")?;
    browser.until("document.querySelectorAll('#devices button').length === 1")?;
    assert_eq!(text(&browser, "#echo-line")?, "portal-agent device remove 'Second phone'");
    browser.until("document.getElementById('notice').textContent.startsWith('Second phone is no longer hosted')")?;
    assert_eq!(agent.json(&["device", "list"])?["devices"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[test]
fn the_seventh_tab_works_and_a_tab_that_is_seen_again_has_the_whole_picture() -> Result<()> {
    let agent = agent("ios")?;
    let browser = opened(&agent, 1280, 800)?;
    let page = browser.run("return location.href")?;
    let first = browser.tab()?;
    for _ in 0..7 {
        browser.new_tab()?;
        browser.open(page.as_str().unwrap_or_default())?;
        browser.until("document.getElementById('live').textContent === 'Live'")?;
    }
    browser.run("document.querySelector('[data-switch=locked]').click()")?;
    browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'true'")?;
    browser.look_at(&first)?;
    browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'true'")?;
    browser.until("document.getElementById('live').textContent === 'Live'")?;
    Ok(())
}

#[test]
fn a_burst_of_a_thousand_leaves_the_page_usable() -> Result<()> {
    // The burst's size under --full; a tenth of it goes the same way.
    let count = if std::env::var_os("PORTAL_TESTS_FULL").is_some() { 1000 } else { 100 };
    let agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.run(&format!("document.getElementById('push-count').value = '{count}'"))?;
    press(&browser, "Send")?;
    browser.run("document.querySelector('[data-switch=locked]').click()")?;
    let took =
        browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'true'")?;
    println!("a click while {count} pushes came in: {took:?}");
    ensure!(took.as_secs() < 3, "{took:?}");
    browser
        .until(&format!("document.querySelector('#edge h2').textContent.includes('+ not shown') || {count} < 60"))?;
    agent.wait(&[&format!("lastSequence={count}")])?;
    browser.until("document.querySelectorAll('#line .ev').length === 60")?;
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    Ok(())
}
