//! What was sent through the daemon's gateway, on the page: counts, and the way to the push.
//!
//! Lives here: the browser's side. Does not live here: the gateway's own lists (`gateway`).

use anyhow::{Result, ensure};
use portal_tests::agent::Agent;
use serde_json::Value;

use super::opened;

#[test]
fn a_send_through_the_gateway_shows_with_its_counts_and_leads_to_its_push() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console", "--gateway"])?;
    agent.wait(&["online"])?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    let browser = opened(&agent, 1280, 800)?;
    ensure!(browser.run("return document.getElementById('sends').innerHTML")? == "", "nothing was sent");
    agent.command(&["push", "<b>Office</b>", "closed", "--via-gateway", "--here", "--wait"])?;
    let text = "document.getElementById('sends').textContent";
    browser.until(&format!("{text}.includes('1 of 1 answered') && {text}.includes('1 withheld')"))?;
    browser.until(&format!("{text}.includes('1 notificationsPermitted') && {text}.includes('<b>Office</b>')"))?;
    agent.command(&["permission", "allow"])?;
    agent.command(&["push", "Open", "again", "--via-gateway", "--here", "--wait"])?;
    browser.until("document.querySelectorAll('#sends li').length === 2")?;
    browser.until("document.querySelector('#sends li').textContent.includes('1 presented')")?;
    // The earlier one is looked at as it was.
    browser.run("[...document.querySelectorAll('#sends .link')].at(-1).click()")?;
    browser.until("document.querySelector('#why .meta').textContent.includes('<b>Office</b>')")?;
    browser.until("document.getElementById('past').textContent.includes('Controls are off')")?;
    for width in [360, 1280] {
        browser.size(width, 800)?;
        let over = browser.run("return document.documentElement.scrollWidth - innerWidth")?;
        ensure!(over.as_i64().is_some_and(|over| over <= 0), "{width}: {over} too wide");
    }
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    Ok(())
}
