//! `screen`: the phone as its owner sees it, drawn in the terminal.
//!
//! Lives here: what is printed around the drawing. Does not live here: what is on the screen, and its drawing (`portal_screen`).

use portal_contract::Timestamp;
use portal_screen::{PhoneScreen, lines};

use super::local_time::local;
use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};
use crate::control::HistoryPlace;

/// Arguments of `screen`.
#[derive(Debug, clap::Args)]
pub struct ScreenArgs {
    /// Notification Center (Android: the shade) too
    #[arg(long)]
    list: bool,
    /// The platform's settings of the app too, each choice with its command
    #[arg(long)]
    settings: bool,
    /// As of then: behind this event of the device's history
    #[arg(long, value_name = "NUMBER")]
    event: Option<u64>,
    /// With --event: behind the push of this sequence
    #[arg(long, value_name = "NUMBER", requires = "event")]
    sequence: Option<u64>,
}

/// Runs `screen`.
pub fn run(context: &mut CommandContext, args: &ScreenArgs) -> Result<(), CommandFailure> {
    let place = args.event.map(|event| HistoryPlace { event, sequence: args.sequence });
    let answer = context.client()?.screen(place)?;
    context.show(&answer, |screen| page(screen, args))
}

fn page(screen: &PhoneScreen, args: &ScreenArgs) -> TextPage {
    let mut page = TextPage::new();
    let title = format!("{}  {} {}", screen.device_name, screen.operating_system, screen.os_version);
    page.push(PageLine::new().strong(title).dim(format!("  {}", local(screen.at))));
    for line in lines(screen, &clock(screen.at)) {
        page.push(PageLine::new().plain(line));
    }
    page.push(PageLine::new().dim(screen.facts.join(" \u{b7} ")));
    if let Some(prompt) = &screen.prompt {
        page.push(PageLine::new().plain(&prompt.cost));
        for button in &prompt.buttons {
            page.push(PageLine::named(&button.label).plain(format!("portal-agent {}", button.command)));
        }
    }
    if args.list {
        list(screen, &mut page);
    }
    if args.settings {
        settings(screen, &mut page);
    }
    page
}

fn list(screen: &PhoneScreen, page: &mut TextPage) {
    page.push(PageLine::new().strong(&screen.list.title));
    if screen.list.cards.is_empty() {
        page.push(PageLine::new().plain("  ").plain(&screen.list.empty));
    }
    for card in &screen.list.cards {
        let silent = if card.silent { "  silent" } else { "" };
        page.push(PageLine::new().plain("  ").strong(&card.title).dim(format!("  {}{silent}", local(card.at))));
        for line in card.body.lines() {
            page.push(PageLine::new().plain("  ").plain(line));
        }
        for button in &card.buttons {
            page.push(
                PageLine::new().plain("  ").plain(&button.label).dim(format!("  portal-agent {}", button.command)),
            );
        }
    }
}

fn settings(screen: &PhoneScreen, page: &mut TextPage) {
    page.push(PageLine::new().strong(&screen.settings.title));
    for row in &screen.settings.rows {
        page.push(PageLine::new().plain("  ").plain(&row.label).plain(": ").strong(&row.value));
        for choice in &row.choices {
            page.push(
                PageLine::new().plain("    ").plain(&choice.label).dim(format!("  portal-agent {}", choice.command)),
            );
        }
    }
    if !screen.settings.note.is_empty() {
        page.push(PageLine::new().plain("  ").plain(&screen.settings.note));
    }
}

/// Hours and minutes in this computer's time zone, as a status bar has them.
fn clock(moment: Timestamp) -> String {
    local(moment).get(11..16).unwrap_or_default().to_owned()
}
