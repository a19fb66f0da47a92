//! `what-if` and `outcomes`: answers about phones that are not there, through the real binary, with no daemon and no state
//! directory.
//!
//! Lives here: one walk a subject. Does not live here: what a push comes to (beside the device's code).

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;

#[test]
fn a_phone_in_words_answers_with_everything_and_without_a_daemon() -> Result<()> {
    let agent = Agent::new("")?;
    let words = "android 14, work profile, denied twice, app open";
    let answer = agent.json(&["what-if", words])?;
    ensure!(answer["outcome"] == "withheld" && answer["unmet"][0] == "notificationsPermitted", "{answer}");
    let checklist = answer["prerequisites"].as_array().context("a checklist")?;
    ensure!(checklist.iter().all(|entry| entry["sources"][0]["title"].is_string()), "{answer}");
    ensure!(answer["waysToShow"][0]["steps"][0]["command"] == "permission allow", "{answer}");
    let text = agent.command(&["what-if", words])?;
    ensure!(text.contains("would be withheld") && text.contains("What would make it show"), "{text}");
    let shown = agent.json(&["what-if", "iphone, locked, 2023"])?;
    ensure!(shown["surface"] == "lockScreen" && shown["sound"] == true, "{shown}");
    ensure!(agent.failure(2, &["what-if", "android 14, denid twice"])?.contains("denied twice"));
    ensure!(agent.failure(2, &["what-if", "ios, doze"])?.contains("Android"));
    ensure!(agent.failure(2, &["what-if", "ios", "--title", ""])?.contains("1 to 50"));
    Ok(())
}

#[test]
fn a_scenarios_device_and_a_saved_status_are_phones_too() -> Result<()> {
    let agent = Agent::new("")?;
    let folder = agent.state_dir().with_file_name("files");
    std::fs::create_dir_all(&folder)?;
    let scenario = folder.join("scenario.yaml");
    std::fs::write(
        &scenario,
        "name: x\nmatrix: {os: [ios, android]}\ndevice: {platform: \"${os}\", permission: denied}\n",
    )?;
    let answers = agent.json_lines(&["what-if", &scenario.to_string_lossy()])?;
    ensure!(answers.len() == 2 && answers.iter().all(|answer| answer["outcome"] == "withheld"), "{answers:?}");
    let status = folder.join("status.json");
    std::fs::write(
        &status,
        r#"{"operatingSystem":"iOS","osVersion":"26","app":{"installed":true},"notificationPermission":"authorized",
            "userPrincipalName":"adele@contoso.example","condition":{"focus":true}}"#,
    )?;
    let answer = agent.json(&["what-if", &status.to_string_lossy()])?;
    ensure!(
        answer["surface"] == "notificationCenter" && answer["lesserShowing"][0]["detail"] == "Focus is on",
        "{answer}"
    );
    let wrong = folder.join("wrong.yaml");
    std::fs::write(&wrong, "name: x\ndevice: {platform: symbian}\n")?;
    ensure!(agent.failure(2, &["what-if", &wrong.to_string_lossy()])?.contains("symbian"));
    Ok(())
}

#[test]
fn the_grid_is_printed_in_three_forms_and_can_be_narrowed() -> Result<()> {
    let agent = Agent::new("")?;
    let csv = agent.command(&["outcomes", "--platform", "ios", "--documentation", "2025", "--format", "csv"])?;
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().context("a head")?.split(',').collect();
    for column in ["system", "documentation", "permission", "sent to", "outcome", "rules", "sources", "scenarios"] {
        ensure!(head.contains(&column), "{head:?}");
    }
    ensure!(lines.count() > 1_000);
    let narrow =
        ["--platform", "ios", "--documentation", "2023", "--where", "permission=denied", "--where", "sent to=device"];
    let rows = agent.json_lines(&[&["outcomes"][..], &narrow].concat())?;
    ensure!(!rows.is_empty());
    for row in &rows {
        ensure!(row["outcome"] == "withheld" && row["phone"]["permission"] == "denied", "{row}");
        ensure!(row["rules"][0].is_string() && row["sources"][0]["title"].is_string(), "{row}");
    }
    ensure!(
        agent
            .failure(2, &["outcomes", "--platform", "ios", "--documentation", "2019", "--where", "permission=maybe"])?
            .contains("allowed")
    );
    ensure!(
        agent
            .failure(2, &["outcomes", "--platform", "ios", "--documentation", "2019", "--where", "weather=fine"])?
            .contains("permission")
    );
    let page = agent.command(&["outcomes", "--platform", "ios", "--documentation", "2019", "--format", "html"])?;
    ensure!(page.contains("<select") || page.contains("id=\"filters\""), "a page with filters");
    ensure!(page.contains("rule-notifications-permitted") && page.contains("config/scenarios/"), "rules and scenarios");
    ensure!(!page.contains("src=\"http"), "the page needs nothing else");
    Ok(())
}
