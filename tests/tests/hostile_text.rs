//! Title and body show literally, and cannot forge another notification's look.
//!
//! Lives here: what reaches the notification server of text that is meant to mislead. Does not live here: real servers (`desktop_session`).

use anyhow::{Result, ensure};
use portal_tests::notification_server::ServerProfile;
use portal_tests::test_rig::{RigSetup, TestRig, custom_notification_with};
use serde_json::json;

const HOSTILE: &str = "<b>x</b> <a href=\"https://evil.example\">y</a> & <img src=\"file:///etc/hosts\"/> a < b";

/// Pushes a title and a body to a desktop with these habits, and gives what its server was told.
async fn told(profile: ServerProfile, texts: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
    let rig = TestRig::ready(&RigSetup { profile: Some(profile), ..RigSetup::default() }).await?;
    for (number, (title, body)) in texts.iter().enumerate() {
        let members = json!({"notificationTitle": title, "notificationBody": body});
        let receipt = rig.settle(custom_notification_with(&number.to_string(), &members)).await?;
        ensure!(receipt["outcome"] == "presented", "{receipt}");
    }
    let shown = rig.wait_for_shown(texts.len()).await?;
    Ok(shown.into_iter().map(|card| (card.title, card.body)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_is_escaped_for_a_server_that_reads_it() -> Result<()> {
    let told = told(ServerProfile::xfce(), &[("<b>T</b> &amp; & <i>", HOSTILE)]).await?;
    // A title is plain text on every server (decisions/0010).
    assert_eq!(told[0].0, "<b>T</b> &amp; & <i>");
    let escaped = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    assert_eq!(told[0].1, escaped);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_goes_as_it_is_to_a_server_that_reads_none() -> Result<()> {
    let told = told(ServerProfile::plain(), &[("<b>T</b> &amp;", HOSTILE)]).await?;
    assert_eq!(told[0], ("<b>T</b> &amp;".to_owned(), HOSTILE.to_owned()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn control_and_bidi_characters_are_taken_out_and_what_people_write_stays() -> Result<()> {
    let texts = [
        ("Pay \u{202E}drow\u{2066}s\u{0}\u{1b}[31m", "one\ntwo\u{7}\u{200F}\u{61C}\u{9f}"),
        ("line\nbreak\ttab", "a\r\nb"),
        ("שלום 👩\u{200D}👧 e\u{301}", "مرحبا بالعالم 日本語"),
    ];
    let told = told(ServerProfile::plain(), &texts).await?;
    assert_eq!(told[0], ("Pay drows[31m".to_owned(), "one\ntwo".to_owned()));
    assert_eq!(told[1], ("line break tab".to_owned(), "a\nb".to_owned()));
    assert_eq!(told[2], (texts[2].0.to_owned(), texts[2].1.to_owned()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_push_becomes_a_second_line_of_the_log() -> Result<()> {
    let rig = TestRig::ready(&RigSetup::default()).await?;
    let members = json!({"notificationTitle": "t\n2026-01-01 ERROR forged", "notificationBody": "\u{1b}[2Jgone"});
    rig.settle(custom_notification_with("a", &members)).await?;
    for printed in [rig.agent.command(&["log"])?, rig.agent.command(&["explain"])?, rig.agent.log()] {
        ensure!(!printed.contains('\u{1b}'), "an escape sequence reaches the terminal: {printed:?}");
        ensure!(!printed.lines().any(|line| line.starts_with("2026-01-01 ERROR")), "{printed}");
    }
    Ok(())
}
