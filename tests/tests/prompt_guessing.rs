//! Another process of the same session, which would like to press Allow: it may send any signal, and does not know the keys.
//!
//! Lives here: guessed answers to the permission prompt. Does not live here: forged clicks of cards (`desktop`).

use anyhow::{Context, Result, ensure};
use portal_tests::notification_server::ServerProfile;
use portal_tests::test_rig::{LIMIT, RigSetup, TestRig};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Keys that a program might try: words, numbers, and the real one with its random part changed.
fn guesses(real: &str) -> Vec<String> {
    let changed = real.chars().map(|c| match c {
        '0' => '1',
        c if c.is_ascii_digit() => '0',
        c => c,
    });
    let words =
        ["allow", "Allow", "deny", "Don't Allow", "Don't allow", "summary", "default", "yes", "ok", "0", "1", ""];
    let mut guesses: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    guesses.extend([
        changed.collect(),
        real[..real.len() - 1].to_owned(),
        real.to_uppercase() + "x",
        format!("{real}0"),
    ]);
    guesses.retain(|guess| guess != real);
    guesses
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_the_prompt_by_guessing_its_keys() -> Result<()> {
    for unicast in [false, true] {
        let profile = ServerProfile { unicast, ..ServerProfile::xfce() };
        let rig = TestRig::start(&RigSetup { profile: Some(profile), ..RigSetup::default() }).await?;
        rig.agent.command(&["app", "install"])?;
        let shown = rig.server()?.wait_for(1, LIMIT).await?;
        let prompt = shown.first().context("the prompt's card")?;
        let allow = prompt.actions.iter().find(|(_, label)| label == "Allow");
        let real = allow.context("its action")?.0.clone();

        let stranger = zbus::connection::Builder::address(rig.bus.address().as_str()).build().await?;
        let everybody = zbus::fdo::DBusProxy::new(&stranger).await?.list_names().await?;
        for id in prompt.id.saturating_sub(1)..=prompt.id + 1 {
            for key in guesses(&real) {
                stranger.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &(id, key.as_str())).await?;
                for one in everybody.iter().filter(|name| name.as_str().starts_with(':')) {
                    stranger.emit_signal(Some(one.as_str()), PATH, NAME, "ActionInvoked", &(id, key.as_str())).await?;
                }
                // And as the server itself would say it: even then only the key decides.
                if id == prompt.id {
                    rig.server()?.invoke(id, &key, unicast).await?;
                }
            }
        }
        // Behind all of these comes the real answer; had one been taken, it would have come too late.
        let status = rig.agent.json(&["status"])?;
        ensure!(status["notificationPermission"] == "notDetermined", "{status}");
        rig.server()?.invoke(prompt.id, &real, unicast).await?;
        rig.agent.wait(&["permission=authorized"])?;
    }
    Ok(())
}
