//! All devices as a grid by their latest outcome, from which one opens.
//!
//! Lives here: a tile, and how many there are of each kind. Does not live here: choosing among them, which the page's script does by
//! the tiles' words and classes.

use maud::{Markup, html};
use portal_contract::{DeviceSummary, HeldNotification, ListedReceipt};

use super::page::icon;
use super::times::seconds;
use super::why::{OutcomeLook, look_of};
use super::words::words;

/// A device's tile.
pub(super) struct DeviceTile {
    pub(super) html: String,
    /// The outcome of its latest push; none: no push came yet.
    outcome: Option<&'static str>,
}

/// The words of the latest push's outcomes, in the order in which the page has them.
const OUTCOMES: [&str; 8] = ["presented", "withheld", "held", "expired", "dropped", "duplicate", "rejected", "failed"];

/// A tile. What waits counts where it came after everything that has an outcome.
pub(super) fn tile(
    summary: &DeviceSummary,
    latest: Option<&ListedReceipt>,
    held: Option<&HeldNotification>,
) -> DeviceTile {
    let held = held.filter(|held| latest.is_none_or(|listed| listed.receipt.received_at <= held.since));
    let (outcome, title, at) = match (held, latest) {
        (Some(held), _) => (Some("held"), Some(held.notification_title.as_str()), Some(held.since)),
        (None, Some(listed)) => {
            let word = listed.receipt.outcome.kind().word();
            (Some(word), listed.notification_title.as_deref(), Some(listed.receipt.decided_at))
        }
        (None, None) => (None, None, None),
    };
    let look = outcome.map(look_of);
    let words = words();
    let html = html! {
        li class={ "cell " (look.map_or("none", |look| look.class)) } data-outcome=(outcome.unwrap_or("none")) {
            button type="button" data-device=(summary.device_id) {
                span class="n" { (summary.device_name) }
                small { (summary.operating_system.name()) " " (summary.os_version) }
                span class="o" {
                    @match look {
                        Some(OutcomeLook { icon: sign, title, .. }) => { (icon(sign)) (title) }
                        None => { (words.several.no_push) }
                    }
                }
                @if let Some(at) = at { small { bdi { (title.unwrap_or(words.unreadable)) } " \u{b7} " (seconds(at)) } }
            }
            label { input type="checkbox" data-beside=(summary.device_id); span class="sr" { (summary.device_name) " " } (words.several.beside) }
        }
    };
    DeviceTile { html: html.into_string(), outcome }
}

/// How many devices there are of each outcome, each number a filter.
pub(super) fn head<'a>(tiles: impl Iterator<Item = &'a DeviceTile>) -> Markup {
    let words = &words().several;
    let tiles: Vec<&DeviceTile> = tiles.collect();
    let count = |outcome: Option<&str>| tiles.iter().filter(|tile| tile.outcome == outcome).count();
    html! {
        button class="b" type="button" id="only-all" data-only="" {
            ((words.devices)(tiles.len()))
        }
        @for outcome in OUTCOMES {
            @let look = look_of(outcome);
            @let number = count(Some(outcome));
            @if number > 0 {
                button class={ "b only " (look.class) } type="button" id={ "only-" (outcome) } data-only=(outcome) {
                    (icon(look.icon)) ((words.with_outcome)(number, look.title))
                }
            }
        }
        @if count(None) > 0 {
            button class="b" type="button" id="only-none" data-only="none" { ((words.with_none)(count(None))) }
        }
    }
}
