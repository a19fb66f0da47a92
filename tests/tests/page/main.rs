//! The page in a real browser: a control changes the device, a change shows on the page, and the words are right.
//!
//! Lives here: the way through the browser. Does not live here: who is let in (the control API's own tests), the phone's
//! states (`portal_screen`).

mod accessible;
mod compared;
mod complete;
mod doing;
mod hostile;
mod lost;
mod pictures;
mod record;
mod runs;
mod script;
mod sends;
mod several;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;

const BODY: &str = "document.body.innerText";

fn opened(agent: &Agent, width: u32, height: u32) -> Result<Browser> {
    open_in(Browser::start(width, height)?, agent)
}

/// Opens the page in this browser.
fn open_in(browser: Browser, agent: &Agent) -> Result<Browser> {
    let link = agent.command(&["panel"])?;
    browser.open(link.split_whitespace().last().context("a link")?)?;
    browser.until("document.getElementById('live').textContent === 'Live'")?;
    Ok(browser)
}

fn agent(platform: &str) -> Result<Agent> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console", "--platform", platform])?;
    agent.wait(&["online"])?;
    Ok(agent)
}

/// Presses the button that is called so: the one that is seen, where several are.
fn press(browser: &Browser, label: &str) -> Result<()> {
    let script = format!(
        "const all = [...document.querySelectorAll('button')].filter((one) => one.textContent.trim() === '{label}');
         (all.find((one) => one.offsetParent) || all[0]).click()"
    );
    browser.run(&script).map(drop)
}

#[test]
fn a_control_changes_the_device_and_a_command_shows_on_the_page() -> Result<()> {
    let agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "notDetermined"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until(&format!("{BODY}.includes('“Company Portal” Would Like to Send You Notifications')"))?;
    ensure!(browser.run("return location.hash")? == "", "the code is out of the address");
    press(&browser, "Don’t Allow")?;
    browser.until("document.getElementById('echo-answer').textContent === '✓ done'")?;
    assert_eq!(agent.json(&["status"])?["notificationPermission"], "denied");
    assert_eq!(browser.run("return document.getElementById('echo-line').textContent")?, "portal-agent permission deny");

    press(&browser, "Send")?;
    browser.until("document.querySelector('#why h2').textContent === 'Nothing appears'")?;
    browser.until("document.querySelector('#edge .ghost .cap').textContent === 'Notifications are not allowed'")?;
    ensure!(browser.run("return document.querySelector('.over .note') === null")? == true, "the phone stays empty");

    agent.command(&["permission", "allow"])?;
    browser.until("document.querySelector('#why .now')?.textContent === 'met now'")?;
    agent.command(&["push", "--here", "--wait", "20s", "--title", "<b>Open</b>", "--body", "&lt; as sent"])?;
    browser.until("document.querySelector('.over .note b')?.textContent === '<b>Open</b>'")?;
    browser.until("document.querySelector('.over .nb').textContent === '&lt; as sent'")?;
    // A change by the command line is on the page within 200 ms of its being durable; the command answers then.
    agent.command(&["device", "lock"])?;
    let took =
        browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'true'")?;
    ensure!(took.as_millis() < 1000, "{took:?}, on a computer that may be busy");
    // What somebody writes and stands on stays through changes of the device.
    browser.run(
        "document.getElementById('push-title').value = 'a draft'; document.getElementById('push-title').focus()",
    )?;
    agent.command(&["device", "unlock"])?;
    browser.until("document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'false'")?;
    let kept = browser.run("return document.activeElement.id + ': ' + document.activeElement.value")?;
    assert_eq!(kept, "push-title: a draft");
    agent.command(&["device", "offline"])?;
    browser.until("document.querySelector('[data-switch=offline]').getAttribute('aria-checked') === 'true'")?;
    press(&browser, "Send")?;
    browser.until("document.querySelector('#sent .gt')?.textContent === 'a draft'")?;
    agent.command(&["device", "online"])?;
    browser.until("!document.querySelector('#sent .gt') && document.querySelectorAll('#edge .shown').length === 2")?;
    assert_eq!(browser.complaints()?, Vec::<serde_json::Value>::new());
    Ok(())
}

#[test]
fn a_step_of_the_past_is_returned_to_and_the_last_command_is_undone() -> Result<()> {
    let agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "authorized"])?;
    agent.command(&["device", "lock"])?;
    agent.command(&["permission", "deny"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.getElementById('past').textContent.includes('Undo permission deny')")?;
    press(&browser, "Undo permission deny")?;
    browser.until("document.getElementById('past').textContent.includes('Undo return ')")?;
    let status = agent.json(&["status"])?;
    assert_eq!(
        (&status["notificationPermission"], &status["condition"]["locked"]),
        (&"authorized".into(), &true.into())
    );

    let set_up = "[...document.querySelectorAll('#line .ev')].find(b => b.textContent.includes('device set-up'))";
    browser.run(&format!("{set_up}.click()"))?;
    browser.until("document.getElementById('past').textContent.includes('Controls are off')")?;
    let event = browser.run(&format!("return {set_up}.dataset.event"))?;
    press(&browser, "Return to this step")?;
    browser.until("document.getElementById('live').textContent === 'Live' && document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === 'false'")?;
    let line = browser.run("return document.getElementById('echo-line').textContent")?;
    assert_eq!(line, format!("portal-agent return {}", event.as_str().context("a number")?));
    assert_eq!(agent.json(&["status"])?["condition"]["locked"], false);
    browser.until("!document.getElementById('past').textContent.includes('Controls are off')")?;
    assert_eq!(browser.complaints()?, Vec::<serde_json::Value>::new());
    Ok(())
}

#[test]
fn the_past_is_looked_at_and_left_again() -> Result<()> {
    let agent = agent("android")?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    agent.output(&["push", "--here", "--wait", "20s", "--title", "first", "--body", "b"])?;
    agent.command(&["permission", "allow"])?;
    agent.command(&["push", "--here", "--wait", "20s", "--title", "second", "--body", "b"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('.over .note b')?.textContent === 'second'")?;
    browser.run("[...document.querySelectorAll('#line .push')].find(b => b.textContent.includes('first')).click()")?;
    browser.until("document.getElementById('past').textContent.includes('Controls are off')")?;
    browser.until(
        "document.querySelector('#why .meta').textContent.includes('first') && !document.querySelector('.over .note')",
    )?;
    ensure!(browser.run("return document.getElementById('do').inert")? == true);
    browser.run("document.getElementById('now').click()")?;
    browser.until("document.querySelector('.over .note b')?.textContent === 'second'")?;
    Ok(())
}

#[test]
fn ten_states_fit_from_360_pixels_on() -> Result<()> {
    for (platform, states) in [
        (
            "ios",
            &[
                "device reset",
                "device set-up --permission notDetermined",
                "device set-up --permission denied",
                "device set-up --permission authorized",
                "device set-up --permission provisional",
                "device lock",
            ][..],
        ),
        (
            "android",
            &[
                "device set-up --permission notDetermined",
                "device set-up --permission authorized",
                "device doze on",
                "device doze off",
                "device work-profile pause",
            ][..],
        ),
    ] {
        let agent = agent(platform)?;
        let browser = opened(&agent, 360, 800)?;
        for line in states {
            agent.command(&line.split(' ').collect::<Vec<_>>())?;
            agent.output(&["push", "--here", "--wait", "5s", "--title", line, "--body", &"long words ".repeat(40)])?;
            for (width, height) in [(360, 800), (1280, 800)] {
                browser.size(width, height)?;
                let over = browser.run("return document.documentElement.scrollWidth - innerWidth")?;
                ensure!(over.as_i64().is_some_and(|over| over <= 0), "{platform}, {line}, {width}: {over} too wide");
            }
        }
        assert_eq!(browser.complaints()?, Vec::<serde_json::Value>::new());
    }
    Ok(())
}

/// What the daemon sends for one push behind sixty others, in bytes. A patch that grows with the device's life would in the end
/// be slower than the eye.
#[test]
fn a_push_behind_sixty_others_is_a_small_patch() -> Result<()> {
    let agent = agent("android")?;
    agent.command(&["device", "set-up", "--permission", "authorized"])?;
    let push = |title: &str| {
        agent.command(&["push", "--here", "--wait", "20s", "--title", title, "--body", "Work from home on Friday."])
    };
    for number in 0..60 {
        push(&format!("Push number {number}"))?;
    }
    let browser = opened(&agent, 1280, 800)?;
    let wire = browser.run(
        "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
           .filter((one) => !one.name.includes('live')).reduce((sum, one) => sum + one.transferSize, 0)",
    )?;
    ensure!(
        wire.as_u64().is_some_and(|bytes| bytes > 10_000 && bytes <= 60 * 1024),
        "the page without its data: {wire}"
    );
    let foreign = browser.run(
        "return performance.getEntriesByType('resource').filter((one) => !one.name.startsWith(location.origin)).length",
    )?;
    assert_eq!(foreign, 0, "requests to elsewhere");
    // A second stream of the same page, of which each event's bytes are kept.
    browser.run(
        "window.sizes = [];
         const device = document.querySelector('#devices [aria-pressed=true]').dataset.device;
         fetch('live?device=' + device).then(async (answer) => {
           const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
           for (let text = '';;) {
             const { value, done } = await reader.read();
             if (done) return;
             const events = (text + value).split('\\n\\n');
             text = events.pop();
             sizes.push(...events.filter((one) => one.startsWith('event: regions')).map((one) => one.length + 2));
           }
         })",
    )?;
    browser.until("window.sizes.length === 1")?;
    for title in ["<b>Office</b> closed", "Office open"] {
        push(title)?;
        browser.until(&format!("document.querySelector('.over .nb') && {BODY}.includes('{title}')"))?;
    }
    agent.command(&["permission", "deny"])?;
    agent.output(&["push", "--here", "--wait", "20s", "--title", "Nobody sees it", "--body", "b"])?;
    browser.until("document.querySelector('#why h2').textContent === 'Nothing appears'")?;
    let sizes = browser.run("return window.sizes")?;
    let sizes: Vec<u64> = sizes.as_array().context("sizes")?.iter().filter_map(serde_json::Value::as_u64).collect();
    println!("bytes of the whole picture, then of each change: {sizes:?}");
    ensure!(sizes[1..].iter().all(|bytes| *bytes <= 10 * 1024), "{sizes:?}");
    Ok(())
}
