//! Text that is meant to mislead, on notification servers as desktops bring them: dunst, Xfce's, GNOME's, MATE's.
//!
//! Lives here: what each is told, and what its screen shows. Does not live here: every character there is (`hostile_text`).

use std::path::Path;

use anyhow::{Context, Result, ensure};
use portal_tests::card_server::{CardServer, CardServerKind, MonitoredCalls, NotifyArguments, Screenshot};
use portal_tests::test_rig::{RigSetup, TestRig, custom_notification_with};
use serde_json::json;

const TITLE: &str = "<b>Title</b> &amp; <i>x</i>";
/// Every server here obeys this where it is not escaped.
const MARKUP: &str = "<b>bold</b> <i>italic</i> <u>underlined</u>";
/// And this is what a body can hold besides.
const MORE: &str =
    "<a href=\"https://evil.example\">click</a> <img src=\"file:///etc/hosts\" alt=\"i\"/> &lt;u&gt; a < b & c";

/// Where pictures go that somebody wants to look at: a folder, by this variable.
fn keep(picture: &Screenshot, name: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("PORTAL_TESTS_PICTURES") {
        std::fs::copy(&picture.file, Path::new(&folder).join(format!("{name}.png")))?;
    }
    Ok(())
}

/// A card with another body, otherwise the same.
fn with_body(notify: &NotifyArguments, body: &str) -> NotifyArguments {
    let (app, replaces, icon, title, _, actions, hints, timeout) = notify;
    let hints = hints.iter().filter_map(|(name, value)| Some((name.clone(), value.try_clone().ok()?))).collect();
    (app.clone(), *replaces, icon.clone(), title.clone(), body.to_owned(), actions.clone(), hints, *timeout)
}

/// A device that would show a push, and this server on its bus.
async fn desktop(kind: CardServerKind) -> Result<(TestRig, CardServer)> {
    let rig = TestRig::ready(&RigSetup { profile: None, ..RigSetup::default() }).await?;
    let server = CardServer::start(kind, &rig.bus.address()).await?;
    rig.agent.wait(&["desktop.problem=null"])?;
    Ok((rig, server))
}

async fn markup_is_literal(kind: CardServerKind) -> Result<()> {
    let (rig, server) = desktop(kind).await?;
    let mut asked = MonitoredCalls::on(&rig.bus.address()).await?;
    let members = json!({"notificationTitle": TITLE, "notificationBody": MARKUP});
    let receipt = rig.settle(custom_notification_with("markup", &members)).await?;
    ensure!(receipt["outcome"] == "presented", "{receipt}");
    let told = asked.next().await?;
    ensure!(server.capabilities().await?.iter().any(|one| one == "body-markup"), "it reads markup");
    let literal = MARKUP.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    ensure!(told.3 == TITLE && told.4 == literal, "it was told {told:?}");
    let ours = server.picture("ours", true).await?;
    keep(&ours, &format!("{kind:?}-markup"))?;

    // The same card on a server of its own, had its text been passed on as it was sent: that one obeys it.
    drop(server);
    let server = CardServer::start(kind, &rig.bus.address()).await?;
    server.notify(&with_body(&told, MARKUP)).await?;
    let obeyed = server.picture("obeyed", true).await?;
    keep(&obeyed, &format!("{kind:?}-obeyed"))?;
    ensure!(ours.pixels != obeyed.pixels, "the markup makes no difference to it, so nothing was shown by this");
    Ok(())
}

/// What a body of 500 code units can hold of the rest; the server must outlive it, and show each.
async fn nothing_brings_it_down(kind: CardServerKind) -> Result<()> {
    let (rig, server) = desktop(kind).await?;
    let marks = format!("e{}", "\u{301}\u{489}".repeat(249));
    for (name, title, body) in [
        ("links", TITLE, MORE),
        ("marks", "Zalgo", marks.as_str()),
        ("bidi", "\u{202E}evil\u{2066}", "\u{202E}exe.cod\u{200F} \u{7}\u{1b}[31mred\u{0}\r\nsecond line"),
        ("scripts", "\u{1F469}\u{200D}\u{1F467} שלום", "مرحبا بالعالم — 日本語 — \u{1F600}\u{1F3FD} — e\u{301}"),
    ] {
        let members = json!({"notificationTitle": title, "notificationBody": body});
        let receipt = rig.settle(custom_notification_with(name, &members)).await?;
        ensure!(receipt["outcome"] == "presented", "{name}: {receipt}");
        keep(&server.picture(name, true).await?, &format!("{kind:?}-{name}"))?;
        server.capabilities().await.with_context(|| format!("{name} brought it down"))?;
    }
    // 4 KiB of marks are over every limit, and reach no server.
    let members = json!({"notificationBody": format!("e{}", "\u{301}".repeat(2048))});
    let receipt = rig.settle(custom_notification_with("too-long", &members)).await?;
    ensure!(receipt["outcome"] == "rejected", "{receipt}");
    Ok(())
}

/// Runs a check on each server that is installed; `tests/run` installs three at least.
macro_rules! on_each {
    ($($name:ident: $kind:expr),* $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() -> Result<()> {
            if !$kind.is_installed() {
                eprintln!("{:?} is not installed here", $kind);
                return Ok(());
            }
            markup_is_literal($kind).await.context("markup")?;
            nothing_brings_it_down($kind).await
        }
    )* };
}

on_each!(
    dunst_shows_it_literally: CardServerKind::Dunst,
    xfces_server_shows_it_literally: CardServerKind::Xfce,
    gnomes_server_shows_it_literally: CardServerKind::Gnome,
    mates_server_shows_it_literally: CardServerKind::Mate,
);

#[test]
fn three_servers_at_least_are_tried() {
    let installed: Vec<CardServerKind> = CardServerKind::ALL.into_iter().filter(|kind| kind.is_installed()).collect();
    assert!(installed.len() >= 3, "only {installed:?}; tests/run installs them");
}
