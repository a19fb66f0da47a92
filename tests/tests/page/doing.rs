//! What is done from the page: the named states, and pushes to a device, to a group, of any bytes, many at once.
//!
//! Lives here: the browser's side, held against the device. Does not live here: the API's own answers (`sending`).

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{agent, opened, press};

const DONE: &str = "document.getElementById('echo-answer').textContent.startsWith('✓')";

#[test]
fn each_named_state_is_one_click_away_and_a_push_to_it_ends_as_it_says() -> Result<()> {
    for platform in ["ios", "android"] {
        let agent = agent(platform)?;
        let browser = opened(&agent, 1280, 800)?;
        let tiles =
            browser.run("return [...document.querySelectorAll('.tileb')].map((tile) => tile.dataset.outcome)")?;
        let tiles = tiles.as_array().context("tiles")?;
        ensure!(tiles.len() > 12, "{platform}: {tiles:?}");
        for (index, outcome) in tiles.iter().enumerate() {
            let name = browser.run(&format!(
                "const tile = document.querySelectorAll('.tileb')[{index}]; tile.click(); return tile.querySelector('.n').textContent"
            ))?;
            browser.until("document.getElementById('echo').ariaBusy === 'false'")?;
            ensure!(browser.run(&format!("return {DONE}"))? == true, "{platform}, {name}");
            if *outcome == "" {
                continue;
            }
            agent.wait(&["online"])?;
            let sent = agent.output(&[
                "--json",
                "push",
                "--here",
                "--expect",
                outcome.as_str().unwrap_or_default(),
                "--title",
                "T",
                "--body",
                "B",
            ])?;
            ensure!(sent.status.success(), "{platform}, {name}: {}", String::from_utf8_lossy(&sent.stdout));
        }
        assert_eq!(browser.complaints()?, Vec::<Value>::new());
    }
    Ok(())
}

#[test]
fn many_to_a_group_and_any_bytes_are_sent_from_the_page_with_their_lines() -> Result<()> {
    let group = "11111111-2222-4333-8444-555555555555";
    let agent = agent("ios")?;
    agent.command(&["device", "add", "--platform", "android", "--name", "Pixel"])?;
    for device in ["iPhone", "Pixel"] {
        agent.command(&["--device", device, "enroll", "--user", "adele@contoso.example", "--group", group])?;
        agent.command(&["--device", device, "wait", "online"])?;
    }
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('#groups option')?.value === '11111111-2222-4333-8444-555555555555'")?;
    let count = |device: &str| Ok::<_, anyhow::Error>(agent.receipts(&["--device", device])?.len());
    let arrived = |device: &str, expected: usize| {
        let started = std::time::Instant::now();
        while count(device)? != expected {
            ensure!(
                started.elapsed() < portal_tests::agent::ANSWER_TIMEOUT,
                "{} of {expected} at {device}",
                count(device)?
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(())
    };
    browser.run(&format!(
        "document.getElementById('push-group').value = '{group}'; document.getElementById('push-count').value = '3'"
    ))?;
    press(&browser, "Send")?;
    browser.until("document.getElementById('echo-answer').textContent === '✓ 3 sent'")?;
    let line = browser.run("return document.getElementById('echo-line').textContent")?;
    assert_eq!(
        line,
        format!(
            "portal-agent push --title 'Office closed' --body 'Work from home on Friday.' --group {group} --count 3"
        )
    );
    arrived("iPhone", 3)?;
    arrived("Pixel", 3)?;
    // To this device alone, and the line says which.
    browser.run("document.getElementById('push-group').value = ''")?;
    press(&browser, "Send")?;
    arrived("iPhone", 6)?;
    let line = browser.run("return document.getElementById('echo-line').textContent")?;
    let line = line.as_str().context("a line")?;
    ensure!(line.starts_with("portal-agent --device iPhone push --here --title"), "{line}");
    // The line that is shown is one that runs.
    let words = shell_words(line)?;
    agent.command(&words.iter().skip(1).map(String::as_str).collect::<Vec<_>>())?;
    arrived("iPhone", 9)?;
    browser.run("document.getElementById('raw-text').value = 'no JSON at all'")?;
    press(&browser, "Send the bytes")?;
    arrived("iPhone", 10)?;
    assert_eq!(agent.receipts(&["--device", "iPhone"])?.last().context("a receipt")?["outcome"], "rejected");
    assert_eq!(count("Pixel")?, 3);
    // What is wrong is told, and nothing is sent.
    browser.run("document.getElementById('push-count').value = '10001'")?;
    press(&browser, "Send")?;
    browser.until("document.getElementById('echo').classList.contains('refused')")?;
    browser.until("document.getElementById('echo-answer').textContent.includes('10000')")?;
    Ok(())
}

/// The words of a line with single quotes, as a shell has them.
fn shell_words(line: &str) -> Result<Vec<String>> {
    let printed = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output()?;
    Ok(String::from_utf8(printed.stdout)?.lines().map(str::to_owned).collect())
}
