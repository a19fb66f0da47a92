//! The page for those who do not see it, do not use a mouse, or see it their own way.
//!
//! Lives here: keys, focus, colours, motion, and axe-core's findings. Does not live here: axe-core itself (`tests/axe`).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;
use serde_json::{Value, json};

use super::{agent, opened, press};

/// Applies each named state of the gallery in turn, with a push behind it.
pub fn each_state(platform: &str, width: u32, mut look: impl FnMut(&Browser, &str) -> Result<()>) -> Result<()> {
    let agent = agent(platform)?;
    let browser = opened(&agent, width, 800)?;
    let count = browser.run("return document.querySelectorAll('.tileb').length")?;
    for index in 0..count.as_u64().context("a number")? {
        let name = browser.run(&format!(
            "const tile = document.querySelectorAll('.tileb')[{index}]; tile.click(); return tile.querySelector('.n').textContent"
        ))?;
        browser.until("document.getElementById('echo').ariaBusy === 'false'")?;
        agent.output(&[
            "push",
            "--here",
            "--wait",
            "2s",
            "--title",
            "Office closed",
            "--body",
            "Work from home on Friday.",
        ])?;
        look(&browser, name.as_str().unwrap_or_default())?;
    }
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    Ok(())
}

/// What axe-core finds, each with the elements that it is about.
fn found(browser: &Browser) -> Result<Value> {
    browser.run(
        "window.found = null;
         axe.run(document, { resultTypes: ['violations'] }).then((result) => {
           window.found = result.violations.map((one) => one.id + ': ' + one.nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join(' | '));
         })",
    )?;
    browser.until("window.found !== null")?;
    browser.run("return window.found")
}

#[test]
fn axe_finds_nothing_in_any_state_theme_or_width() -> Result<()> {
    let Some(axe) = std::env::var_os("PORTAL_TESTS_AXE") else {
        println!("PORTAL_TESTS_AXE is not set: tests/run --full looks the page over with axe-core");
        return Ok(());
    };
    let axe = std::fs::read_to_string(axe)?;
    let mut findings = std::collections::BTreeMap::<String, Vec<String>>::new();
    for platform in ["ios", "android"] {
        let mut is_first = true;
        each_state(platform, 1280, |browser, state| {
            browser.run(&axe)?;
            // What is folded is the same in each state, and most of the page: looked over once.
            browser
                .run(&format!("for (const one of document.querySelectorAll('#do details')) one.open = {is_first}"))?;
            let mut looks = vec![
                ("light", "false", "screen", 1280),
                ("dark", "false", "screen", 1280),
                ("light", "true", "screen", 1280),
                ("dark", "true", "screen", 1280),
                ("light", "false", "screen", 360),
                ("dark", "false", "screen", 360),
                ("dark", "true", "screen", 360),
                ("light", "false", "list", 1280),
            ];
            if std::mem::take(&mut is_first) {
                looks.extend([("light", "false", "settings", 1280), ("dark", "false", "settings", 360)]);
            }
            for (theme, stage, look, width) in looks {
                browser.run(&format!(
                    "document.documentElement.dataset.theme = '{theme}'; stage({stage}); document.body.dataset.look = '{look}'; looks()"
                ))?;
                browser.size(width, 800)?;
                for finding in found(browser)?.as_array().context("a list")? {
                    let at = format!("{platform} {state} {theme} stage={stage} {look} {width}");
                    findings.entry(finding.as_str().unwrap_or_default().to_owned()).or_default().push(at);
                }
            }
            browser.run("stage(false); document.body.dataset.look = 'screen'; looks()")?;
            browser.size(1280, 800)
        })?;
    }
    let agent = agent("ios")?;
    agent.command(&["device", "add", "--platform", "android", "--name", "Pixel"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.run(&axe)?;
    for view in ["Side by side", "All 2"] {
        press(&browser, view)?;
        browser.until("document.querySelectorAll('#several [data-device]').length >= 2")?;
        for (theme, width) in [("light", 1280), ("dark", 360)] {
            browser.run(&format!("document.documentElement.dataset.theme = '{theme}'"))?;
            browser.size(width, 800)?;
            for finding in found(&browser)?.as_array().context("a list")? {
                let finding = finding.as_str().unwrap_or_default().to_owned();
                findings.entry(finding).or_default().push(format!("{view} {theme} {width}"));
            }
        }
        browser.size(1280, 800)?;
    }
    // What nothing is found by has looked: a picture without words is found.
    browser.run("document.querySelector('#several').append(document.createElement('img'))")?;
    let planted = found(&browser)?;
    ensure!(planted.to_string().contains("image-alt"), "{planted}");
    ensure!(findings.is_empty(), "{findings:#?}");
    Ok(())
}

#[test]
fn the_html_reports_have_one_main_landmark_and_axe_finds_nothing_in_them() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console", "--gateway"])?;
    agent.wait(&["online"])?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(
        path("cases.yaml"),
        "name: Denied\nsteps:\n- permission: deny\n- push:\n- expect: presented\n---\nname: Allowed\nsteps:\n- push:\n- expect: presented\n",
    )?;
    agent.output(&["scenario", "run", &path("cases.yaml"), "--html", &path("scenarios.html")])?;
    std::fs::write(path("outcomes.html"), agent.command(&["outcomes", "--format", "html"])?)?;
    agent.output(&["push", "Office closed", "Work from home.", "--via-gateway", "--here", "--wait"])?;
    agent.command(&["gateway", "report", "--html", &path("gateway.html")])?;
    let axe = std::env::var_os("PORTAL_TESTS_AXE").map(std::fs::read_to_string).transpose()?;
    let browser = Browser::start(1280, 800)?;
    let mut findings = Vec::new();
    for report in ["scenarios", "outcomes", "gateway"] {
        browser.open(&format!("file://{}", path(&format!("{report}.html"))))?;
        browser.until("document.querySelector('main h1')")?;
        assert_eq!(browser.run("return document.querySelectorAll('main').length")?, 1, "{report}");
        let Some(axe) = &axe else { continue };
        browser.run(axe)?;
        browser.run("for (const one of document.querySelectorAll('details')) one.open = true")?;
        for colours in ["light", "dark"] {
            browser.media(&[("prefers-color-scheme", colours)])?;
            for finding in found(&browser)?.as_array().context("a list")? {
                findings.push(format!("{report}, {colours}: {finding}"));
            }
        }
        browser.media(&[])?;
    }
    ensure!(findings.is_empty(), "{findings:#?}");
    Ok(())
}

/// The region that the focus is in.
const PLACE: &str = "const at = document.activeElement;
    return at.closest('.do') ? 'do' : at.closest('#why') ? 'why' : at.closest('.edge') ? 'edge' : at.closest('.device') ? 'see'
      : at.closest('#when') ? 'when' : at.closest('.top') ? 'top' : at.className === 'skip' ? 'skip' : 'none'";

#[test]
fn the_keyboard_alone_goes_from_what_is_done_to_what_is_seen() -> Result<()> {
    let agent = agent("android")?;
    agent.command(&["device", "set-up", "--permission", "authorized"])?;
    agent.command(&["device", "doze", "on"])?;
    agent.output(&["push", "--here", "--wait", "2s", "--title", "It waits", "--body", "b"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('#edge .b') && document.querySelectorAll('#line .ev').length > 2")?;
    let mut places: Vec<String> = Vec::new();
    for _ in 0..250 {
        browser.key("Tab")?;
        let place = browser.run(PLACE)?.as_str().unwrap_or_default().to_owned();
        ensure!(
            place == "none" || browser.run("const box = document.activeElement.getBoundingClientRect(); const seen = getComputedStyle(document.activeElement); return (seen.outlineStyle !== 'none' && seen.outlineWidth !== '0px') || box.width === 0")? == true,
            "the focus is not seen: {}", browser.run("return document.activeElement.outerHTML")?
        );
        if places.last() != Some(&place) {
            places.push(place);
        }
        if places.len() > 2 && places.last().is_some_and(|place| place == "none" || place == "skip") {
            break;
        }
    }
    places.retain(|place| place != "none");
    places.dedup();
    if places.last().is_some_and(|place| place == "skip") {
        places.pop();
    }
    assert_eq!(places, ["skip", "top", "do", "why", "edge", "see", "when"]);
    // A step by the keyboard, and the focus is still on it when the past is shown.
    browser.run("document.querySelector('#line .ev').focus()")?;
    let step = browser.run("return document.activeElement.id")?;
    browser.key("Enter")?;
    browser.until("document.getElementById('past').textContent.includes('Controls are off')")?;
    assert_eq!(browser.run("return document.activeElement.id")?, step);
    browser.run("document.getElementById('now').click()")?;
    browser.until("document.getElementById('past').textContent.includes('Choose a step')")?;
    // The keys of the stage do nothing elsewhere, and nothing in a field.
    browser.run("document.getElementById('push-title').focus()")?;
    browser.key("ArrowLeft")?;
    ensure!(browser.run("return document.getElementById('past').textContent.includes('Choose a step')")? == true);
    press(&browser, "Stage")?;
    browser.key("ArrowLeft")?;
    browser.until("document.getElementById('past').textContent.includes('Controls are off')")?;
    browser.key("Escape")?;
    browser.until("!document.documentElement.classList.contains('stage')")?;
    Ok(())
}

#[test]
fn colours_and_motion_are_the_readers_own() -> Result<()> {
    let agent = agent("ios")?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    agent.output(&["push", "--here", "--wait", "20s", "--title", "T", "--body", "b"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('#edge .ghost')")?;
    let colour = "return getComputedStyle(document.documentElement).backgroundColor";
    let light = browser.run(colour)?;
    browser.media(&[("prefers-color-scheme", "dark")])?;
    ensure!(browser.run(colour)? != light, "the system's wish for dark is not followed");
    // Nothing that only colours or shadows tell: what is on, where one is, what stopped.
    browser.media(&[("forced-colors", "active")])?;
    let seen = browser.run(
        "const style = (one) => getComputedStyle(document.querySelector(one));
         return [style('#edge .ghost').borderTopStyle, style('.ev[aria-current=true]').outlineStyle, style('.verdict .seal').borderTopStyle, style('.switch i').borderTopStyle]",
    )?;
    assert_eq!(seen, json!(["dashed", "solid", "solid", "solid"]));
    // The stopped card and the banner move only for those who want it.
    browser.media(&[("prefers-reduced-motion", "reduce")])?;
    agent.command(&["permission", "allow"])?;
    agent.command(&["push", "--here", "--wait", "20s", "--title", "T", "--body", "b"])?;
    browser.until("document.querySelector('.over .note')")?;
    assert_eq!(browser.run("return getComputedStyle(document.querySelector('.over .note')).animationName")?, "none");
    browser.media(&[("prefers-reduced-motion", "no-preference")])?;
    assert_eq!(browser.run("return getComputedStyle(document.querySelector('.over .note')).animationName")?, "down");
    Ok(())
}
