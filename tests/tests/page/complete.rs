//! That the page lacks nothing: each command of the table by its control, each entry of the history as a step, the same in each
//! tab, and every outcome that there is.

use anyhow::{Context, Result, ensure};
use portal_contract::OperatingSystem;
use portal_contract::command::{COMMANDS, CommandRow};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;
use portal_tests::http::ControlApi;
use serde_json::{Value, json};

use super::{agent, opened};

/// Fills the form of a command as its example has it, sends it, and gives the line that the page shows, and its answer's status.
fn send(browser: &Browser, row: &CommandRow, example: &str) -> Result<(String, u64)> {
    let words: Vec<&str> = example[row.name.len()..].split_whitespace().collect();
    let filling = json!({ "name": row.name, "words": words });
    browser.run(&format!(
        "const {{ name, words }} = {filling};
         window.answered = 0;
         const form = document.querySelector(`#do form[data-line='${{name}}']`);
         form.reset();
         const fields = [...form.elements].filter((one) => one.dataset.member);
         while (words.length) {{
           const word = words.shift();
           const field = fields.find((one) => word.startsWith('--') ? one.dataset.long === word.slice(2) : !one.dataset.long && !one.value);
           if (field.type === 'checkbox') field.checked = true;
           else if (!word.startsWith('--')) field.value = word;
           else if (field.tagName === 'SELECT') field.value = [...field.options].find((one) => one.textContent === words[0]).value, words.shift();
           else field.value = words.shift();
         }}
         form.requestSubmit();"
    ))?;
    browser.until("window.answered && document.getElementById('echo-answer').textContent !== '…'")?;
    let found = browser.run("return [document.getElementById('echo-line').textContent, window.answered]")?;
    Ok(serde_json::from_value(found)?)
}

/// The ids of the steps that the page has, and those that the journal's entries should have there.
fn steps_and_entries(agent: &Agent, browser: &Browser) -> Result<(Value, Value)> {
    let device = agent.json(&["status"])?["deviceId"].as_str().context("an id")?.to_owned();
    let api = ControlApi::of(agent.state_dir())?;
    let answer = api.authorised("GET", &format!("/v1/devices/{device}/history?limit=60"), "")?.json()?;
    let entries = answer["history"].as_array().context("a list")?;
    let key = |entry: &Value| format!("step-{}-{}", entry["event"], entry["receipt"]["sequence"].as_u64().unwrap_or(0));
    let entries = Value::from(entries.iter().map(key).collect::<Vec<_>>());
    let steps = browser.run("return [...document.querySelectorAll('#line .ev')].map((one) => one.id)")?;
    Ok((steps, entries))
}

fn each_command_is_sent_by_its_control_as_it_is_typed(platform: &str, system: OperatingSystem) -> Result<()> {
    let agent = agent(platform)?;
    agent.command(&["device", "set-up"])?;
    let browser = opened(&agent, 1280, 800)?;
    browser.run(
        "const asked = window.fetch;
         window.fetch = async (...what) => { const answer = await asked(...what); window.answered = answer.status; return answer; }",
    )?;
    browser.until("document.querySelector('#do form.form')")?;
    let mut done = 0;
    for row in COMMANDS.iter().filter(|row| row.platforms.has(system)) {
        for example in row.examples {
            let (line, status) = send(&browser, row, example.line)?;
            assert_eq!(line, format!("portal-agent {}", example.line));
            let answer = browser.run("return document.getElementById('echo-answer').textContent")?;
            // A refusal is the device's answer, to a switch of the other platform, too; what could not be read, or leads nowhere, is the
            // page's mistake.
            let expected: &[u64] = match row.name {
                "settings set" => &[200, 400],
                _ => &[200, 409],
            };
            ensure!(expected.contains(&status), "{line}: {status}, {answer}");
            ensure!(status == 200 || answer.to_string().contains("hint: "), "{line}: {answer}");
            ensure!(!answer.to_string().contains("facts "), "documents are cited by title on the page: {answer}");
            done += usize::from(status == 200);
        }
    }
    ensure!(done > 30, "{done} were done");
    agent.command(&["push", "--here", "--wait", "20s", "--title", "The end", "--body", "b"])?;
    browser.until("document.querySelector('#line li:last-child .n')?.textContent === 'The end'")?;
    let text = browser.run("return document.body.textContent")?;
    ensure!(!text.to_string().contains("(facts "), "{text}");
    let (steps, entries) = steps_and_entries(&agent, &browser)?;
    assert_eq!(steps, entries);
    ensure!(steps.as_array().is_some_and(|steps| steps.len() > 20), "{steps}");
    Ok(())
}

#[test]
fn each_command_of_ios_is_sent_by_its_control_and_each_entry_is_a_step() -> Result<()> {
    each_command_is_sent_by_its_control_as_it_is_typed("ios", OperatingSystem::Ios)
}

#[test]
fn each_command_of_android_is_sent_by_its_control_and_each_entry_is_a_step() -> Result<()> {
    each_command_is_sent_by_its_control_as_it_is_typed("android", OperatingSystem::Android)
}

#[test]
fn two_tabs_agree() -> Result<()> {
    let agent = agent("android")?;
    let browser = opened(&agent, 1280, 800)?;
    let page = browser.run("return location.href")?;
    let first = browser.tab()?;
    browser.new_tab()?;
    browser.open(page.as_str().context("an address")?)?;
    browser.until("document.getElementById('live').textContent === 'Live'")?;
    let second = browser.tab()?;
    let shown = |tab: &str| -> Result<Value> {
        browser.look_at(tab)?;
        browser.until("document.getElementById('live').textContent === 'Live'")?;
        browser.until("document.querySelector('#line li:last-child .n')?.textContent === 'To both'")?;
        browser.run("return ['why', 'edge', 'see-screen', 'see-list', 'see-settings', 'facts', 'line', 'past', 'who'].map((id) => document.getElementById(id).innerHTML)")
    };
    agent.command(&["device", "set-up", "--permission", "denied"])?;
    agent.command(&["push", "--here", "--wait", "20s", "--title", "To both", "--body", "b"])?;
    assert_eq!(shown(&first)?, shown(&second)?);
    Ok(())
}

#[test]
fn every_outcome_of_the_devices_platform_and_documentation_opens() -> Result<()> {
    let agent = agent("android")?;
    let browser = opened(&agent, 1280, 800)?;
    browser.until("document.querySelector('#who a')")?;
    let first = browser.tab()?;
    browser.run("document.querySelector('#who a').click()")?;
    let other = browser.tabs()?.into_iter().find(|tab| *tab != first).context("a tab for it")?;
    browser.look_at(&other)?;
    browser.until("document.getElementById('counts')?.textContent.includes(' combinations: ')")?;
    let systems = "[...document.querySelector('#filters select').options].map((one) => one.value).join()";
    assert_eq!(browser.run(&format!("return {systems}"))?, "(any),Android 12L,Android 13,Android 16");
    let counts = browser.run("return document.getElementById('counts').textContent")?;
    browser.run(
        "const select = [...document.querySelectorAll('#filters label')].find((one) => one.firstChild.textContent === 'outcome').querySelector('select');
         select.value = 'presented'; select.dispatchEvent(new Event('change'))",
    )?;
    browser.until("[...document.querySelectorAll('#rows .presented')].length === 300")?;
    ensure!(counts != browser.run("return document.getElementById('counts').textContent")?, "{counts}");
    assert_eq!(browser.complaints()?, Vec::<Value>::new());
    Ok(())
}
