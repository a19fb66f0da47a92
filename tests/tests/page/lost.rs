//! What a page says, and does by itself, where the daemon, its access, its device or its moment is gone.
//!
//! Lives here: what is lost. Does not live here: which request is let in (the control API's own tests).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;

use super::{agent, opened, press};

const LIVE: &str = "document.getElementById('live').textContent === 'Live'";
const LOST: &str = "document.getElementById('live').textContent === 'Not connected'";
const GATE: &str = "document.getElementById('gate-title').textContent === 'This page has no access'";
const EMBEDDED: [&str; 3] = ["--embedded-broker", "--notifier", "console"];

fn notice(text: &str) -> String {
    format!("document.getElementById('notice').textContent === '{text}'")
}

#[test]
fn a_daemon_that_is_started_anew_has_its_page_back_with_the_whole_picture() -> Result<()> {
    let mut agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "authorized"])?;
    let browser = opened(&agent, 1280, 800)?;
    for end in ["stop", "kill"] {
        if end == "stop" {
            agent.stop()?
        } else {
            agent.kill()?
        }
        let took = browser.until(LOST)?;
        ensure!(took.as_secs() < 5, "{took:?} after {end}");
        ensure!(browser.run("return document.getElementById('lost').hidden")? == false);
        browser.until("!document.getElementById('lost-long').hidden")?;
        agent.start(&EMBEDDED)?;
        browser.until(LIVE)?;
        agent.wait(&["online"])?;
        // What happened while it was away is there, and what is pressed arrives.
        agent.command(&["device", "lock"])?;
        browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'true'")?;
        browser.run("document.querySelector('[data-switch=locked]').click()")?;
        browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'false'")?;
        assert_eq!(agent.json(&["status"])?["condition"]["locked"], false);
    }
    agent.freeze()?;
    let took = browser.until(LOST)?;
    ensure!(took.as_secs() < 6, "a daemon that hangs: {took:?}");
    agent.thaw()?;
    browser.until(LIVE)?;
    // Closed means closed, also after the next start: its host name is another, and its port as a rule.
    agent.command(&["panel", "close"])?;
    browser.until(GATE)?;
    let kept = agent.state_dir().join("panel.json");
    ensure!(!kept.exists(), "{}", kept.display());
    agent.stop()?;
    agent.start(&EMBEDDED)?;
    browser.run("location.reload()")?;
    browser.until("document.getElementById('board') === null")?;
    Ok(())
}

#[test]
fn a_lost_cookie_is_replaced_and_a_used_link_is_told() -> Result<()> {
    let agent = agent("android")?;
    let link = agent.command(&["panel"])?;
    let link = link.split_whitespace().last().context("a link")?;
    let browser = Browser::start(1280, 800)?;
    browser.open(link)?;
    browser.until(LIVE)?;
    browser.forget_cookies()?;
    browser.run("document.querySelector('[data-switch=locked]').click()")?;
    browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'true'")?;
    // Without the page's key, which is in its tab alone, a new link is needed, and said.
    browser.forget_cookies()?;
    browser.run("location.reload()")?;
    browser.until(GATE)?;
    let other = Browser::start(1280, 800)?;
    other.open(link)?;
    other.until(GATE)?;
    other.until("document.getElementById('gate-text').textContent.includes('Its link was used')")?;
    Ok(())
}

#[test]
fn a_device_that_is_removed_while_it_is_shown_is_told() -> Result<()> {
    let agent = agent("ios")?;
    agent.command(&["device", "add", "--platform", "android", "--name", "Pixel"])?;
    let browser = opened(&agent, 1280, 800)?;
    press(&browser, "Pixel · Android")?;
    browser.until("document.querySelector('.phone.android')")?;
    agent.command(&["device", "remove", "Pixel"])?;
    browser.until(&notice("Pixel is no longer hosted by this daemon. This is iPhone."))?;
    browser.until("document.querySelector('.phone') && !document.querySelector('.phone.android')")?;
    assert_eq!(browser.run("return document.querySelectorAll('#devices button').length")?, 1);
    Ok(())
}

#[test]
fn a_moment_that_is_pruned_while_it_is_looked_at_is_told() -> Result<()> {
    let mut agent = Agent::running("", &[&EMBEDDED[..], &["--platform", "ios"]].concat())?;
    agent.wait(&["online"])?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    for title in ["first", "second", "third"] {
        agent.output(&["push", "--here", "--wait", "20s", "--title", title, "--body", "b"])?;
    }
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelectorAll('#line .push').length === 3")?;
    browser.run("[...document.querySelectorAll('#line .push')].find(b => b.textContent.includes('first')).click()")?;
    browser.until("document.getElementById('past').textContent.includes('Controls are off')")?;
    agent.stop()?;
    agent = agent.with("PORTAL_AGENT__JOURNAL__KEEP_RECEIPTS", "1");
    agent.start(&EMBEDDED)?;
    browser.until(&notice("That moment is no longer in the journal. This is now."))?;
    browser.until(LIVE)?;
    browser.until("document.getElementById('past').textContent.includes('Choose a step')")?;
    Ok(())
}
