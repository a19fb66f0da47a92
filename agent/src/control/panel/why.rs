//! Why: the verdict on the chosen push with its way through the prerequisites; and what stopped at the device's edge.
//!
//! Lives here: how outcomes look outside the phone. Does not live here: the reasons, which are the agent's own sentences.

use maud::{Markup, html};
use portal_contract::{ChecklistEntry, DeviceId, HeldNotification, ListedReceipt, Outcome};

use super::isolated::{isolated, sentence_html};
use super::page::icon;
use super::phone::press;
use super::picture::PanelPicture;
use super::sections::without_sections;
use super::times::seconds;
use super::words::words;
use crate::control::HistoryEntry;

/// How an outcome looks: its class, its icon, and what it is called outside the phone.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutcomeLook {
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) title: &'static str,
}

const fn look(class: &'static str, icon: &'static str, title: &'static str) -> OutcomeLook {
    OutcomeLook { class, icon, title }
}

/// The look of an outcome's word; `held` is one too.
pub(super) fn look_of(outcome: &str) -> OutcomeLook {
    let words = &words().outcomes;
    match outcome {
        "presented" => look("ok", "check", words.presented),
        "withheld" => look("stop", "nobell", words.withheld),
        "held" => look("wait", "pause", words.held),
        "expired" => look("off", "clock", words.expired),
        "dropped" => look("off", "cut", words.dropped),
        "duplicate" => look("off", "copy", words.duplicate),
        "rejected" => look("bad", "cross", words.rejected),
        _ => look("bad", "bolt", words.failed),
    }
}

/// The verdict, the checklist, and what is folded below it: apart, since of two pushes often only one of them differs.
pub(super) struct WhyParts {
    pub(super) verdict: Markup,
    pub(super) steps: Markup,
    pub(super) more: Markup,
}

/// Why the chosen push, or the next one, shows or not.
pub(super) fn why(picture: &PanelPicture) -> WhyParts {
    let device = picture.screen.device_id;
    let (words, unreadable) = (&words().why, words().unreadable_push);
    if let (Some(prompt), true) = (&picture.screen.prompt, picture.place.is_none_or(|place| place.sequence.is_none())) {
        return WhyParts {
            verdict: html! {
                (verdict(look("wait", "bell", ""), words.asks, &prompt.question))
                p class="because" { (prompt.cost) "." }
            },
            steps: html! {
                p class="then" { span { (words.stands) }}
                (steps(&picture.checklist(), picture, device, words.screen, false))
            },
            more: html! {},
        };
    }
    match &picture.explanation {
        Some(explained) => {
            let outcome = explained.receipt.get("outcome").and_then(|word| word.as_str()).unwrap_or_default();
            let look = look_of(outcome);
            let title = match outcome {
                "presented" => words.shown,
                "held" => words.waits,
                _ => words.nothing,
            };
            let at = explained.receipt.get("decidedAt").or_else(|| explained.receipt.get("since"));
            let at = at.and_then(|at| at.as_str()?.parse().ok()).map(seconds).unwrap_or_default();
            let name = explained.notification_title.as_deref().unwrap_or(unreadable);
            let end = if outcome == "presented" { words.on_screen } else { words.not_on_screen };
            let verdict = html! {
                (verdict(look, title, &(words.push)(&isolated(name), &at, outcome)))
                p class="because" { (without_sections(&explained.summary)) }
                @if let Some(detail) = &explained.desktop_detail { p class="meta quiet" { ((words.this_computer)(detail)) } }
                @for lesser in &explained.lesser_showing { p class="held-note" { (without_sections(&lesser.detail)) } }
            };
            let steps = html! {
                p class="then" { span { (words.stood) }}
                (steps(&explained.prerequisites, picture, device, end, outcome == "presented"))
            };
            let more = html! {
                @if !explained.ways_to_show.is_empty() && picture.place.is_none() { (ways(explained, device)) }
                details class="receipt" id="receipt" {
                    summary { (words.receipt) }
                    pre { (serde_json::to_string_pretty(&explained.receipt).unwrap_or_default()) }
                }
            };
            WhyParts { verdict, steps, more }
        }
        None => {
            let entries = picture.checklist();
            let unmet = entries.iter().filter(|entry| !entry.met).count();
            let past = picture.place.is_some();
            let (look, title) = match (unmet, past) {
                (0, false) => (look("ok", "check", ""), words.would_show),
                (0, true) => (look("ok", "check", ""), words.would_have_shown),
                (_, false) => (look("stop", "nobell", ""), words.would_not_show),
                (_, true) => (look("stop", "nobell", ""), words.would_not_have_shown),
            };
            let verdict = html! {
                (verdict(look, title, words.no_push))
                p class="because" {
                    @if unmet == 0 { (words.all_met) } @else { ((words.some_unmet)(unmet, entries.len())) }
                }
            };
            let steps = html! {
                p class="then" { span { (words.stands) }}
                (steps(&entries, picture, device, words.screen, unmet == 0))
            };
            WhyParts { verdict, steps, more: html! {} }
        }
    }
}

fn verdict(look: OutcomeLook, title: &str, meta: &str) -> Markup {
    html! {
        div class={ "verdict " (look.class) } {
            span class="seal" { (icon(look.icon)) }
            div { h2 { (title) } p class="meta" { (sentence_html(meta)) } }
        }
    }
}

/// A push's way: the track breaks at the first prerequisite that is unmet, and all that are unmet are marked.
fn steps(entries: &[ChecklistEntry], picture: &PanelPicture, device: DeviceId, end: &str, arrives: bool) -> Markup {
    let words = &words().why;
    let first_unmet = entries.iter().position(|entry| !entry.met).unwrap_or(entries.len());
    html! {
        ol class="steps" {
            @for (place, entry) in entries.iter().enumerate() {
                @let class = if entry.met { "ok" } else { "stop unmet" };
                li class={ (class) @if place >= first_unmet { " cut" } } {
                    span class="dot" { b { (icon(if entry.met { "check" } else { "cross" })) } }
                    div {
                        p class="t" {
                            span class="sr" { (if entry.met { words.met } else { words.unmet }) }
                            (sentence(&entry.detail))
                            @if !entry.met && picture.is_met_now(entry.code) { span class="now" { (icon("check")) (words.met_now) } }
                        }
                        p class="d" { span class="d code" { (entry.code.code()) " \u{b7} " } (source(entry)) }
                        @if !entry.hint.is_empty() && picture.place.is_none() { p class="mend" { (hint(&entry.hint, device)) } }
                    }
                }
            }
            li class={ (if arrives { "ok" } else { "stop" }) @if !arrives { " cut" } } {
                span class="dot" { b { (icon(if arrives { "check" } else { "phone" })) } }
                div { p class="t" { (end) } }
            }
        }
    }
}

/// The commands of a hint as buttons, as far as they are whole; the line beside them.
fn hint(hint: &str, device: DeviceId) -> Markup {
    html! {
        @for line in hint.split(", then ") {
            @if super::line::request_of(line, device).is_some() { (press("b", line, line, device)) } @else { code { (line) } }
        }
    }
}

/// A reason as a line of its own; an address that it begins with stays as it is.
fn sentence(detail: &str) -> String {
    let detail = without_sections(detail);
    let mut letters = detail.chars();
    let is_address = detail.split(' ').next().is_some_and(|word| word.contains('@'));
    match letters.next() {
        Some(first) if !is_address => first.to_uppercase().chain(letters).collect(),
        _ => detail.into_owned(),
    }
}

fn source(entry: &ChecklistEntry) -> Markup {
    html! {
        @match entry.sources.first() {
            Some(source) => {
                @let title = source.quote.as_deref().unwrap_or(&source.title);
                @match &source.url {
                    Some(url) => { a class="src" href=(url) target="_blank" rel="noopener noreferrer" title=(title) { (source.publisher) ": " (short(&source.title)) } }
                    None => { span class="src mute" title=(title) { (source.publisher) ": " (short(&source.title)) } }
                }
            }
            None => { span class="src mute" { (entry.source) } }
        }
    }
}

fn short(title: &str) -> String {
    match title.char_indices().nth(28) {
        Some((end, _)) => format!("{}\u{2026}", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

fn ways(explained: &portal_contract::Explanation, device: DeviceId) -> Markup {
    html! {
        details class="receipt" id="ways" {
            summary { ((words().why.ways)(explained.ways_to_show.len())) }
            @for way in explained.ways_to_show.iter().take(6) {
                ul class="ways way" {
                    @for step in &way.steps {
                        li { (without_sections(&step.detail)) " " @if let Some(line) = &step.command { (hint(line, device)) } }
                    }
                }
            }
        }
    }
}

/// What stopped at the device's edge, and what went in, `most` of it: the newest large, more of them small, a count.
pub(super) fn edge(picture: &PanelPicture, most: usize) -> Markup {
    let settled: Vec<&ListedReceipt> = picture.history().iter().rev().filter_map(HistoryEntry::receipt).collect();
    let count = settled.iter().filter(|listed| !matches!(listed.receipt.outcome, Outcome::Presented(_))).count();
    // The timeline has an end: what came before it is not counted, and that is said.
    let held = if picture.place.is_none() { picture.status.held_pushes.as_slice() } else { &[] };
    let waiting = held.iter().rev().take(most.min(2));
    let room = most.saturating_sub(waiting.len());
    let words = &words().edge;
    html! {
        h2 { span { (words.title) } span { ((words.counts)(count, picture.is_cut(), held.len())) } }
        @if settled.is_empty() && held.is_empty() {
            p class="empty" { (words.empty) }
        }
        @for waiting in waiting { (waits(waiting, picture.screen.device_id)) }
        @for (place, listed) in settled.iter().take(room).enumerate() { (stopped(listed, place > 0 || !held.is_empty())) }
    }
}

fn waits(held: &HeldNotification, device: DeviceId) -> Markup {
    let look = look_of("held");
    html! {
        div class={ "ghost " (look.class) } {
            p class="k" { (icon(look.icon)) (look.title) }
            p class="gt" dir="auto" { (held.notification_title) }
            p class="cap" { (without_sections(&held.released_by)) }
            @if let Some(line) = &held.command { (press("b", line, line, device)) }
        }
    }
}

fn stopped(listed: &ListedReceipt, small: bool) -> Markup {
    let outcome = &listed.receipt.outcome;
    let look = look_of(outcome.kind().word());
    let words = words();
    let title = listed.notification_title.as_deref().unwrap_or(words.unreadable);
    let reasons: Vec<String> = match outcome {
        Outcome::Withheld { unmet } => unmet.iter().map(|code| (words.edge.unmet)(code).to_owned()).collect(),
        Outcome::Rejected { detail, .. } | Outcome::Failed { detail, .. } => vec![detail.clone()],
        Outcome::Presented(presentation) => vec![(words.edge.shown)(presentation.surface, presentation.sound)],
        Outcome::Duplicate => vec![words.edge.duplicate.to_owned()],
        Outcome::Expired => vec![words.edge.expired.to_owned()],
        Outcome::Dropped { problem } => vec![
            serde_json::to_value(problem).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default(),
        ],
    };
    html! {
        @if let Outcome::Presented(_) = outcome {
            div class="shown" {
                p class="k" { (icon(look.icon)) (look.title) }
                p class="gt" dir="auto" { (title) }
                p class="gb" { (reasons.join(", ")) }
                span class="go" { (icon("arrow")) }
            }
        } @else {
            div class={ "ghost " (look.class) @if small { " small" } } {
                p class="k" { (icon(look.icon)) (look.title) }
                p class="gt" dir="auto" { (title) }
                p class="cap" { (reasons.join("; ")) }
            }
        }
    }
}
