//! Texts that are meant to mislead, on the page: as title and body, as a device's name, as the title of a send through the gateway.
//!
//! Lives here: that each is text and nothing else, stays within its card, and leaves what stands beside it where it is. Does not live
//! here: the texts (`portal_tests::hostile`), what a desktop shows of them (`hostile_text`, `hostile_screens`).

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use portal_contract::harmful::is_harmful;
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;
use portal_tests::hostile::TEXTS;
use portal_tests::http::ControlApi;
use serde_json::{Value, json};

use super::{agent, open_in, press};

/// What would have run, or asked to, by now.
const NOTICED: &str = "window.noticed = []; window.alert = (text) => { window.noticed.push(text); };";

/// The names of the elements in some parts of the page: text adds none.
const ELEMENTS: &str = "return ['#see-screen', '#edge .shown, #edge .ghost', '#why-verdict', '#line > :last-child', '.sends li']
  .map((part) => { const found = document.querySelector(part); return found && part + ': ' + [...found.querySelectorAll('*')].map((one) => one.tagName).join(' '); })";

/// What of the page's text lies beyond its card, or beside other text without a direction of its own. What a card clips itself, with
/// an ellipsis or as the phone's screen does below its last line, is within it.
const MISPLACED: &str = r"
  const wrong = [], sent = SENT;
  if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page is ' + document.documentElement.scrollWidth + ' wide');
  const cards = '.screen, .screen .note, .screen .rows, #edge > *, #sent > *, #why, .ev, .tabs button, .who, .besides h3, .besides .edge > *, .cell, .sends li, .notice, #beside-head';
  for (const card of document.querySelectorAll(cards)) {
    const box = card.getBoundingClientRect();
    if (!box.width) continue;
    const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());) {
      if (text.parentElement.closest('.sr, script, datalist')) continue;
      let clipped = false;
      for (let at = text.parentElement; at && at !== card.parentElement && !at.matches('.screen, #why'); at = at.parentElement) {
        const style = getComputedStyle(at);
        // A letter with many marks cannot be broken, so it may be cut; everything else is to be read.
        clipped ||= style.overflowX === 'hidden' && (style.textOverflow === 'ellipsis' || /\p{M}{9}/u.test(text.data));
      }
      if (clipped) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const part of range.getClientRects()) {
        if (part.width && (part.left < box.left - 1 || part.right > box.right + 1)) { wrong.push(card.className + ' ' + card.tagName + ': ' + [...text.data].slice(0, 60).join('') + ' from ' + part.left + ' to ' + part.right + ', not within ' + box.left + ' to ' + box.right); break; }
      }
    }
  }
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = all.nextNode());) {
    const parent = text.parentElement;
    if (sent && text.data.includes(sent) && parent.textContent !== sent && !parent.closest('bdi, [dir=auto], .sr, .do')) wrong.push('without a direction of its own: ' + [...parent.outerHTML].slice(0, 300).join(''));
  }
  // Long text makes no part of the page so high that it covers or pushes out another.
  const top = document.querySelector('.top').getBoundingClientRect();
  for (const one of document.querySelectorAll('.top *')) if (one.offsetParent && one.getBoundingClientRect().bottom > top.bottom + 1) wrong.push('below the header: ' + [...one.outerHTML].slice(0, 300).join(''));
  const [phone, when] = ['#see .phone', '#when'].map((one) => [...document.querySelectorAll(one)].find((one) => one.offsetParent)?.getBoundingClientRect());
  if (phone && when && innerWidth > 1180 && phone.bottom > when.top) wrong.push('the phone ends at ' + phone.bottom + ', and what came when begins at ' + when.top);
  for (const name of document.querySelectorAll('bdi')) {
    const behind = name.nextSibling;
    // Letters without a width have their places anywhere.
    if (/^[\p{Cf}\u3164]*$/u.test(name.textContent)) continue;
    if (!name.offsetParent || !behind || behind.nodeType !== Node.TEXT_NODE) continue;
    const range = document.createRange();
    range.selectNodeContents(behind);
    const [last, first] = [[...name.getClientRects()].at(-1), range.getClientRects()[0]];
    if (last && first && Math.abs(last.top - first.top) < 3 && first.left < last.right - 1) wrong.push('what stands behind it lies before it: ' + [...name.parentElement.outerHTML].slice(0, 300).join('') + JSON.stringify([last, first]));
  }
  return wrong.concat(window.noticed)";

/// What the page writes outside the phone for what was sent: as the terminal writes it, but for line breaks and tabs, which HTML has.
fn written(sent: &str) -> String {
    let letter =
        |c: char| if is_harmful(c) && !matches!(c, '\n' | '\t') { c.escape_unicode().to_string() } else { c.into() };
    sent.chars().map(letter).collect()
}

/// A text as the page's scripts have it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn opened(agent: &Agent) -> Result<Browser> {
    let browser = Browser::start(1280, 800)?;
    browser.before_each_page(NOTICED)?;
    open_in(browser, agent)
}

/// Adds what is out of its place at both widths.
fn misplaced(browser: &Browser, sent: &str, found: &mut BTreeSet<String>) -> Result<()> {
    for (width, height) in [(360, 1800), (1280, 800)] {
        browser.size(width, height)?;
        let wrong = browser.run(&MISPLACED.replace("SENT", &quoted(&written(sent))))?;
        let wrong = wrong.as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(wrong.map(|wrong| format!("{width} pixels: {wrong}")));
    }
    Ok(())
}

/// Keeps a picture to look at.
fn keep(browser: &Browser, name: &str) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(format!("hostile-{name}.png")), browser.picture()?)?)
}

/// As much of a text as a body takes; of marks all on one letter, too.
fn body_of(text: &str) -> String {
    let longer = format!("{text} e{}\n", "\u{301}\u{489}".repeat(60));
    longer.repeat(490 / longer.encode_utf16().count())
}

fn sends_a_push(agent: &Agent, title: &str, body: &str) -> Result<()> {
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let api = ControlApi::of(agent.state_dir())?;
    let push = json!({ "notificationTitle": title, "notificationBody": body }).to_string();
    let answer = api.authorised("POST", &format!("/v1/devices/{device}/push"), &push)?;
    ensure!(answer.status < 300, "{title:?}: {} {}", answer.status, answer.body);
    Ok(())
}

#[test]
fn every_hostile_title_and_body_is_text_in_its_place() -> Result<()> {
    let mut wrong = BTreeSet::new();
    for platform in ["ios", "android"] {
        let agent = agent(platform)?;
        let mut count = 0;
        let browser = opened(&agent)?;
        for (permission, card) in [("authorized", ".shown"), ("denied", ".ghost")] {
            agent.command(&["device", "set-up", "--permission", permission])?;
            agent.wait(&["online"])?;
            let mut harmless = None;
            // Each on one platform shown and on the other not; under --full on both both.
            let is_full = std::env::var_os("PORTAL_TESTS_FULL").is_some();
            let half = usize::from((platform == "ios") == (permission == "denied"));
            let chosen = TEXTS.iter().enumerate().filter(|(place, _)| is_full || place % 2 == half);
            for text in std::iter::once("Office closed").chain(chosen.map(|(_, one)| one.text)) {
                sends_a_push(&agent, text, &body_of(text))?;
                count += 1;
                let (sent, last) =
                    (quoted(&written(text)), "[...document.querySelectorAll('#line .ev.push .n')].at(-1)?.textContent");
                browser.until(&format!(
                    "document.querySelector('#edge .shown, #edge .ghost')?.matches('{card}') && document.querySelector('#edge .gt').textContent === {sent}
                     && {last} === {sent} && document.querySelector('#why .meta bdi')?.textContent === {sent}"
                ))
                .with_context(|| format!("{platform}, {permission}, {text:?}"))?;
                if permission == "authorized" {
                    let banner = agent.json(&["screen"])?["banner"].take();
                    let (title, body) = (
                        quoted(banner["title"].as_str().context("a title")?),
                        quoted(banner["body"].as_str().context("a body")?),
                    );
                    browser.until(&format!(
                        "document.querySelector('.over .note b')?.textContent === {title} && document.querySelector('.over .nb').textContent === {body}"
                    ))
                    .with_context(|| format!("{platform}, {text:?}"))?;
                }
                let elements = browser.run(ELEMENTS)?;
                assert_eq!(
                    &elements,
                    harmless.get_or_insert_with(|| elements.clone()),
                    "{platform}, {permission}, {text:?}"
                );
                misplaced(&browser, text, &mut wrong)?;
                if ["marks", "a long word", "Hebrew with a number", "a turned direction"]
                    .iter()
                    .any(|what| TEXTS.iter().any(|one| one.what == *what && one.text == text))
                {
                    keep(&browser, &format!("{platform}-{permission}-{count}"))?;
                }
            }
            if permission == "authorized" {
                for look in ["list", "settings"] {
                    browser.run(&format!("document.body.dataset.look = '{look}'; looks()"))?;
                    misplaced(&browser, "", &mut wrong)?;
                }
                keep(&browser, &format!("{platform}-list"))?;
                browser.run("document.body.dataset.look = 'screen'; looks()")?;
            }
        }
        assert_eq!(browser.complaints()?, Vec::<Value>::new());
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[test]
fn every_hostile_name_of_a_device_is_text_in_its_place() -> Result<()> {
    let mut wrong = BTreeSet::new();
    let agent = agent("ios")?;
    // A name has no control characters and something to see.
    let names: Vec<&str> = TEXTS.iter().map(|one| one.text).filter(|text| !text.contains(char::is_control)).collect();
    for name in &names {
        agent.command(&["device", "add", "--platform", "android", "--name", name])?;
        agent.command(&["--device", name, "wait", "online"])?;
        agent.output(&["--device", name, "push", "--here", "--wait", "20s", "--title", name, "--body", name])?;
    }
    let browser = opened(&agent)?;
    press(&browser, &format!("All {}", names.len() + 1))?;
    browser.until(&format!("document.querySelectorAll('#grid .cell').length === {}", names.len() + 1))?;
    let seen = browser.run("return [...document.querySelectorAll('#grid .cell .n')].map((one) => one.textContent)")?;
    for name in &names {
        ensure!(seen.as_array().context("names")?.contains(&written(name).into()), "{name:?}: {seen:#}");
        misplaced(&browser, name, &mut wrong)?;
    }
    let kinds = browser.run("return [...new Set([...document.querySelectorAll('#grid .cell[data-outcome=withheld]')].map((cell) => [...cell.querySelectorAll('*')].map((one) => one.tagName).join(' ')))].length")?;
    assert_eq!(kinds, 1, "text made elements");
    keep(&browser, "grid")?;
    for (number, some) in names.chunks(7).enumerate() {
        let chosen = serde_json::to_string(&some.iter().map(|name| written(name)).collect::<Vec<_>>())?;
        browser.run(&format!(
            "const some = {chosen};
             for (const cell of document.querySelectorAll('#grid .cell')) {{
               const box = cell.querySelector('input');
               if (box.checked !== some.includes(cell.querySelector('.n').textContent)) box.click();
             }}"
        ))?;
        press(&browser, "Chosen side by side")?;
        browser.until(&format!("document.querySelectorAll('.besides .phone').length === {}", some.len()))?;
        for name in some {
            misplaced(&browser, name, &mut wrong)?;
        }
        keep(&browser, &format!("beside-{number}"))?;
        browser.run("document.getElementById('view-grid').click()")?;
        browser.until(
            "!document.querySelector('.several').hidden && document.querySelector('.several').dataset.of === 'grid'",
        )?;
    }
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[test]
fn every_hostile_title_of_a_send_through_the_gateway_is_text_in_its_place() -> Result<()> {
    let mut wrong = BTreeSet::new();
    // More than Graph lets an hour have.
    let mut agent = Agent::new("")?.with("PORTAL_AGENT__GATEWAY__DEVICE_MESSAGES", "1000");
    agent.start(&["--embedded-broker", "--notifier", "console", "--gateway"])?;
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    agent.wait(&["online"])?;
    let browser = opened(&agent)?;
    let mut harmless = None;
    // No argument of a command has the character 0.
    for text in
        std::iter::once("Office closed").chain(TEXTS.iter().map(|one| one.text)).filter(|text| !text.contains('\0'))
    {
        agent.output(&["push", text, text, "--via-gateway", "--here", "--wait", "20s"])?;
        browser.until(&format!(
            "document.querySelector('#sends .link')?.textContent === {} && document.querySelector('#sends li').textContent.includes('1 withheld')",
            quoted(&written(text))
        ))
        .with_context(|| format!("{text:?}"))?;
        let elements = browser.run(ELEMENTS)?;
        assert_eq!(&elements, harmless.get_or_insert_with(|| elements.clone()), "{text:?}");
        misplaced(&browser, text, &mut wrong)?;
    }
    keep(&browser, "sends")?;
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
